"""« Et si … »: asked by a coordinator, answered by a job that may be run again."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from dispatcher.domain.errors import InvalidError, RefusedError
from dispatcher.domain.roles import Account, Role
from dispatcher.services import what_if
from dispatcher.services.house import House
from dispatcher.services.what_if import AskWhatIf, ask_what_if
from dispatcher.storage import keeping
from dispatcher.storage.promises import Promise
from dispatcher.storage.simulations import Simulation
from dispatcher.storage.unit import Claim, LeaseLostError
from tests.builders import LONS, Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises

LEASE = 20.0
MORE: dict[str, Any] = {
    "profession": "10",
    "places_per_day": 1,
    "commune": LONS,
    "weekdays": (0, 1, 2, 3, 4),
    "first_hour": 14,
    "last_hour": 16,
}


@pytest.fixture
def coordinator(town: Town) -> Account:
    return town.account(Role.COORDINATOR)


@pytest.fixture
def doctor(town: Town, clock: FakeClock) -> Volunteer:
    """Last Tuesday at 9 h two asked for care within 24 h, and there was one place, at 11 h."""
    doctor = town.volunteer()
    clock.advance(days=-6)
    town.slot(doctor, hours=2)
    town.request()
    town.request()
    clock.advance(days=6)
    return doctor


def simulation(house: House, simulation_id: UUID) -> Simulation:
    with house.db.reading() as session:
        return session.get_one(Simulation, simulation_id)


def claim_of(house: House, simulation_id: UUID) -> Claim:
    with house.db.reading() as session:
        promises = session.scalars(select(Promise).where(Promise.done_at.is_(None))).all()
    (promise,) = [each for each in promises if each.ids.get("simulation_id") == str(simulation_id)]
    found = keeping.claim(house.db, promise.id, LEASE)
    assert found is not None
    return found


def refused(house: House, account: Account, **changes: Any) -> dict[str, str]:
    with pytest.raises(InvalidError) as refusal:
        ask_what_if(house, account, AskWhatIf(**(MORE | changes)))
    return {name: text.replace("\u00a0", " ") for name, text in refusal.value.fields.items()}


def test_one_place_more_a_day_would_have_served_the_second_patient(
    house: House, coordinator: Account, doctor: Volunteer
) -> None:
    asked = ask_what_if(house, coordinator, AskWhatIf(**MORE))
    assert simulation(house, asked).status == "waiting"

    keep_promises(house)

    done = simulation(house, asked)
    assert (done.status, done.progress) == ("done", 1.0)
    assert done.result is not None
    before, after = done.result["before"], done.result["after"]
    assert (before["requests"], before["served_pct"]) == (2, 50.0)
    assert before["unfilled"] == {"full": 1}
    assert (after["requests"], after["served_pct"], after["unfilled"]) == (2, 100.0, {})
    # 2 h, and 5 h for the place at 14 h
    assert before["wait_h"]["mean"] == 2.0
    assert after["wait_h"]["mean"] == 3.5
    assert done.result["last_day"] == "2026-11-22"


def test_without_its_only_practitioner_nobody_would_have_been_served(
    house: House, coordinator: Account, doctor: Volunteer
) -> None:
    asked = ask_what_if(
        house, coordinator, AskWhatIf(profession="10", places_per_day=0, without=doctor.id)
    )
    keep_promises(house)
    result = simulation(house, asked).result
    assert result is not None
    assert (result["before"]["served_pct"], result["after"]["served_pct"]) == (50.0, 0.0)


def test_a_longer_delay_is_tried_on_every_request(
    house: House, coordinator: Account, town: Town, doctor: Volunteer, clock: FakeClock
) -> None:
    clock.advance(days=-6)
    town.slot(doctor, hours=30)
    clock.advance(days=6)
    asked = ask_what_if(house, coordinator, AskWhatIf(profession="10", delay_hours=48))
    keep_promises(house)
    result = simulation(house, asked).result
    assert result is not None
    assert (result["before"]["served_pct"], result["after"]["served_pct"]) == (50.0, 100.0)


def test_answering_again_changes_nothing(
    house: House, coordinator: Account, doctor: Volunteer, clock: FakeClock
) -> None:
    asked = ask_what_if(house, coordinator, AskWhatIf(**MORE))
    claim = claim_of(house, asked)
    clock.advance(seconds=LEASE + 1)  # the first worker hangs; another takes over
    again = keeping.claim(house.db, claim.promise_id, LEASE)
    assert again is not None
    what_if.run_simulation(house, again)
    first = simulation(house, asked)
    with pytest.raises(LeaseLostError):
        what_if.run_simulation(house, claim)
    second = simulation(house, asked)
    assert (second.result, second.finished_at) == (first.result, first.finished_at)


def test_progress_is_written_and_the_promise_held_on_to(
    house: House,
    coordinator: Account,
    doctor: Volunteer,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(what_if, "TELL_EVERY_SECONDS", -1.0)
    asked = ask_what_if(house, coordinator, AskWhatIf(**MORE))
    claim = claim_of(house, asked)
    seen: list[tuple[str, float]] = []
    prolong = keeping.prolong

    def look(*arguments: Any) -> None:
        prolong(*arguments)
        found = simulation(house, asked)
        seen.append((found.status, found.progress))
        clock.advance(seconds=LEASE - 1)  # longer together than one lease

    monkeypatch.setattr(keeping, "prolong", look)
    what_if.run_simulation(house, claim)
    assert [status for status, _ in seen] == ["waiting", *["running"] * (len(seen) - 1)]
    progress = [share for _, share in seen]
    assert progress == sorted(progress)
    assert len(seen) > 4
    assert simulation(house, asked).status == "done"


def test_who_asked_is_told_when_no_answer_will_come(
    house: House, coordinator: Account, doctor: Volunteer
) -> None:
    asked = ask_what_if(house, coordinator, AskWhatIf(**MORE))
    what_if.give_up(house, claim_of(house, asked))
    assert simulation(house, asked).status == "failed"


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"profession": "99"}, "profession", "Choisissez un professionnel de la liste."),
        ({"profession": "60"}, "profession", "Aucune demande pour ce professionnel"),
        ({"places_per_day": 0}, "places_per_day", "Changez au moins une chose"),
        ({"commune": None}, "commune", "Choisissez une commune de la liste."),
        ({"commune": "00000"}, "commune", "Choisissez une commune de la liste."),
        ({"weekdays": ()}, "weekdays", "Choisissez au moins un jour de la semaine."),
        ({"first_hour": 16, "last_hour": 16}, "last_hour", "La fin précède le début."),
        ({"places_per_day": 25}, "places_per_day", "C’est trop pour ces heures"),
        ({"without": uuid4()}, "without", "Choisissez un praticien de cette profession."),
    ],
)
def test_what_cannot_be_asked_is_told_beside_its_field(
    house: House,
    coordinator: Account,
    doctor: Volunteer,
    changes: dict[str, Any],
    field: str,
    sentence: str,
) -> None:
    faults = refused(house, coordinator, **changes)
    assert list(faults) == [field]
    assert faults[field].startswith(sentence)


def test_a_practitioner_of_another_territory_cannot_be_left_out(
    house: House, coordinator: Account, doctor: Volunteer, clock: FakeClock
) -> None:
    foreigner = Town.found(house, clock, code="doubs", department="25").volunteer()
    assert list(refused(house, coordinator, without=foreigner.id)) == ["without"]


def test_no_more_than_three_questions_wait_at_a_time(
    house: House, coordinator: Account, doctor: Volunteer
) -> None:
    for _ in range(3):
        ask_what_if(house, coordinator, AskWhatIf(**MORE))
    with pytest.raises(RefusedError) as refusal:
        ask_what_if(house, coordinator, AskWhatIf(**MORE))
    assert refusal.value.code == "simulations-waiting"
    keep_promises(house)
    ask_what_if(house, coordinator, AskWhatIf(**MORE))
