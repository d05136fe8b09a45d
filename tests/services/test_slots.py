"""Publishing places and taking them back: no overlap, nobody else's, and nothing of the past."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError, TransitionError
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Account, Role
from dispatcher.services import slots
from dispatcher.services.appointments import cancel_appointment, lock_appointment
from dispatcher.services.commands import PublishSlot, RegisterPlace
from dispatcher.services.house import House
from dispatcher.storage import keeping
from dispatcher.storage.practitioners import Place
from tests.builders import LONS, Town, Volunteer
from tests.fakes.bell import RecordingBell
from tests.fakes.clock import MONDAY_MORNING, FakeClock
from tests.houses import keep_promises
from tests.invariants import check
from tests.services.tables import events, kinds, promises, row_counts
from tests.threads import at_once

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def command(volunteer: Volunteer, start: float, end: float, **changes: Any) -> PublishSlot:
    """A publication from `start` to `end` hours after Monday 09:00."""
    values: dict[str, Any] = {
        "practitioner": volunteer.id,
        "place": volunteer.place,
        "start": MONDAY_MORNING + start * HOUR,
        "end": MONDAY_MORNING + end * HOUR,
    }
    return PublishSlot(**(values | changes))


def faults(town: Town, asked: PublishSlot, account: Account | None = None) -> dict[str, str]:
    before = row_counts(town.house)
    with pytest.raises(InvalidError) as refused:
        slots.publish_slot(town.house, account or town.regulator, asked)
    assert row_counts(town.house) == before
    return refused.value.fields


def test_a_slot_is_published_logged_and_has_the_queue_matched(
    house: House, town: Town, bell: RecordingBell
) -> None:
    volunteer = town.volunteer()
    rung = len(bell.rung)
    slot_id = slots.publish_slot(
        house, town.regulator, command(volunteer, 2, 5, places=4, visibility=["SNP", "CPTS", "SNP"])
    )

    slot = town.the_slot(slot_id)
    assert (slot.status, slot.places, slot.taken, slot.visibility) == (
        "open",
        4,
        0,
        ["SNP", "CPTS"],
    )
    assert events(house)[-1] == (
        "slot_published",
        {
            "start": "2026-11-23T10:00:00+00:00",
            "end": "2026-11-23T13:00:00+00:00",
            "places": 4,
            "modality": "AMB",
            "visibility": ["SNP", "CPTS"],
            "profession": "10",
        },
    )
    (match,) = promises(house, "match_waiting")
    assert match.ids == {"territory_id": str(town.territory_id)}
    assert [ring.promise_id for ring in bell.rung[rung:]] == [match.id]


def test_a_slot_s_own_notice_counts_instead_of_the_practitioner_s(house: House, town: Town) -> None:
    """At 09:00; the first starts in one hour and asks for two, the second in three."""
    volunteer = town.volunteer()
    soon = command(volunteer, 1, 1.5, minimum_notice_minutes=120)
    slots.publish_slots(house, town.regulator, [soon, command(volunteer, 3, 3.5)])
    request = town.request()
    keep_promises(house)
    appointment = town.the_appointment(request)
    assert appointment is not None
    assert appointment.start_at == MONDAY_MORNING + 3 * HOUR

    patient_volunteer = town.volunteer(minimum_notice_minutes=600)
    slots.publish_slot(
        house, town.regulator, command(patient_volunteer, 1, 1.5, minimum_notice_minutes=0)
    )
    second = town.request()
    keep_promises(house)
    appointment = town.the_appointment(second)
    assert appointment is not None
    assert appointment.start_at == MONDAY_MORNING + HOUR


def test_a_note_is_sealed_and_in_no_event(house: House, town: Town) -> None:
    slot_id = slots.publish_slot(
        house, town.regulator, command(town.volunteer(), 2, 3, note="Sonnez deux fois")
    )
    note = town.the_slot(slot_id).note
    assert note is not None
    assert "Sonnez" not in note
    assert house.db.cipher.open("slots.note", slot_id, note) == "Sonnez deux fois"
    assert "Sonnez" not in str(events(house))


def test_an_hour_that_a_patient_kept_in_a_closed_slot_is_not_given_again(
    house: House, town: Town
) -> None:
    volunteer = town.volunteer()
    slot = slots.publish_slot(house, town.regulator, command(volunteer, 2, 3))
    town.request()
    keep_promises(house)
    slots.withdraw_slot(house, town.regulator, slot)

    told = faults(town, command(volunteer, 2.5, 3.5))

    assert "chevauche" in told["start"]
    slots.publish_slot(house, town.regulator, command(volunteer, 3, 4))


def test_what_is_wrong_with_a_publication_is_told_at_its_field(town: Town) -> None:
    volunteer, other = town.volunteer(), town.volunteer()
    cases: list[tuple[PublishSlot, str, str]] = [
        (command(volunteer, 2, 2), "end", "après le début"),
        (command(volunteer, 3, 2), "end", "après le début"),
        (command(volunteer, 2, 14.01), "end", "douze heures"),
        (command(volunteer, -0.01, 1), "start", "déjà passé"),
        (command(volunteer, -3, -1, places=5), "start", "déjà passé"),
        (command(volunteer, 367 * 24, 367 * 24 + 1), "start", "un an"),
        (command(volunteer, 2, 3, place=other.place), "place", "pas un lieu d’exercice"),
        (command(volunteer, 2, 3, place=uuid4()), "place", "pas un lieu d’exercice"),
        (command(volunteer, 2, 3, modality="XX"), "modality", "inconnue"),
        (command(volunteer, 2, 3, visibility=["SNP", "NSA"]), "visibility", "PUBLIC, PRO"),
    ]
    for asked, field, words in cases:
        told = faults(town, asked)
        assert set(told) == {field}
        assert words in told[field]


def test_what_is_just_right_passes(house: House, town: Town) -> None:
    """The companion: each frontier from its good side."""
    for asked in (
        command(town.volunteer(), 0, 12),
        command(town.volunteer(), -2, 1, places=5),  # a walk-in period that has begun
        command(town.volunteer(), 366 * 24, 366 * 24 + 1),
        command(town.volunteer(), 2, 3, visibility=["PUBLIC", "PRO", "SNP", "CPTS"], modality="VR"),
    ):
        slots.publish_slot(house, town.regulator, asked)


@pytest.mark.parametrize(
    ("start", "end", "overlaps"),
    [
        (9, 10, False),  # ends when the other starts
        (12, 13, False),  # starts when the other ends
        (9, 10.01, True),
        (11.99, 13, True),
        (10.5, 11, True),
        (9, 13, True),
        (10, 12, True),
    ],
)
def test_a_practitioner_is_not_twice_at_one_place(
    town: Town,
    start: float,
    end: float,
    overlaps: bool,  # noqa: FBT001
) -> None:
    """One slot stands from 10 to 12 o'clock after Monday 09:00, that is 19 h to 21 h in Paris."""
    volunteer = town.volunteer()
    slots.publish_slot(town.house, town.regulator, command(volunteer, 10, 12, places=6))

    if overlaps:
        told = faults(town, command(volunteer, start, end))
        assert "chevauche un autre au même lieu" in told["start"]
        assert "lundi\u00a023\u00a0novembre de\u00a019\u00a0h à\u00a021\u00a0h" in told["start"]
    else:
        slots.publish_slot(town.house, town.regulator, command(volunteer, start, end))


def test_what_does_not_hinder_is_no_overlap(house: House, town: Town) -> None:
    """Another practitioner, another place of the same one, a slot that was taken back."""
    number: dict[str, Any] = {"label": "Annexe", "postcode": "39300", "commune": LONS}
    two_places = [RegisterPlace(address=f"{each} rue Haute", **number) for each in (1, 2)]
    volunteer, other = town.volunteer(places=two_places), town.volunteer()
    with house.db.reading() as session:
        places = session.scalars(
            select(Place.id).where(Place.practitioner_id == volunteer.id)
        ).all()
    second_place = next(place for place in places if place != volunteer.place)
    first = slots.publish_slot(house, town.regulator, command(volunteer, 2, 3))

    slots.publish_slot(house, town.regulator, command(other, 2, 3))
    slots.publish_slot(house, town.regulator, command(volunteer, 2, 3, place=second_place))
    slots.withdraw_slot(house, town.regulator, first)
    slots.publish_slot(house, town.regulator, command(volunteer, 2, 3))


def test_of_eight_overlapping_publications_at_once_one_is_kept(house: House, town: Town) -> None:
    volunteer = town.volunteer()
    asked = [command(volunteer, 2 + number / 10, 3 + number / 10) for number in range(8)]

    def publish(each: PublishSlot) -> str:
        try:
            slots.publish_slot(house, town.regulator, each)
        except RefusedError as refused:
            return refused.code
        return "kept"

    results = at_once([partial(publish, each) for each in asked])

    assert sorted(results) == ["invalid"] * 7 + ["kept"]
    assert row_counts(house)["slots"] == 1


def test_several_slots_are_published_all_or_none(house: House, town: Town) -> None:
    volunteer = town.volunteer()
    row = [command(volunteer, start, start + 1) for start in (2, 3, 4)]
    before = row_counts(house)

    with pytest.raises(InvalidError, match="invalid"):
        slots.publish_slots(house, town.regulator, [*row, command(volunteer, 3.5, 4.5)])
    assert row_counts(house) == before

    assert len(slots.publish_slots(house, town.regulator, row)) == 3
    assert len(promises(house, "match_waiting")) == 1  # one match for all of them
    assert slots.publish_slots(house, town.regulator, []) == []


def test_a_practitioner_publishes_for_themself_and_for_nobody_else(
    house: House, town: Town
) -> None:
    volunteer, other = town.volunteer(), town.volunteer()
    account = town.account(Role.PRACTITIONER, volunteer)

    slots.publish_slot(house, account, command(volunteer, 2, 3))

    with pytest.raises(NotFoundError):
        slots.publish_slot(house, account, command(other, 2, 3))


def test_a_practitioner_of_another_territory_does_not_exist(
    house: House, town: Town, clock: FakeClock
) -> None:
    foreigner = Town.found(house, clock, "ain", department="01").volunteer()
    before = row_counts(house)

    with pytest.raises(NotFoundError):
        slots.publish_slot(house, town.regulator, command(foreigner, 2, 3))
    assert row_counts(house) == before


# Taking back


def test_what_is_free_of_a_slot_is_taken_back_and_what_is_booked_stays(
    house: House, town: Town
) -> None:
    slot_id = town.slot(places=3, minutes=120)
    request_id = town.request()
    keep_promises(house)

    slots.withdraw_slot(house, town.regulator, slot_id)

    slot = town.the_slot(slot_id)
    assert (slot.status, slot.taken, slot.closed_at) == ("closed", 1, house.clock())
    assert events(house)[-1] == (
        "slot_withdrawn",
        {"start": "2026-11-23T10:00:00+00:00", "places": 1, "closed": True},
    )
    assert town.the_request(request_id).status == "booked"
    late = town.request()
    keep_promises(house)
    assert town.the_request(late).status == "searching"
    check(house.db.engine, house.clock())


def test_a_place_that_is_freed_in_a_slot_taken_back_is_not_offered_again(
    house: House, town: Town
) -> None:
    slot_id = town.slot()
    request_id = town.request()
    keep_promises(house)
    slots.withdraw_slot(house, town.regulator, slot_id)
    appointment = town.the_appointment(request_id)
    assert appointment is not None

    with house.db.transaction(town.territory_id, town.regulator.actor) as unit:
        cancel_appointment(house, unit, lock_appointment(unit, appointment.id), "patient")

    slot = town.the_slot(slot_id)
    assert (slot.status, slot.taken) == ("closed", 0)
    check(house.db.engine, house.clock())


def test_a_slot_is_taken_back_once_and_only_by_its_own(
    house: House, town: Town, clock: FakeClock
) -> None:
    volunteer = town.volunteer()
    slot_id = town.slot(volunteer)
    stranger = town.account(Role.PRACTITIONER, town.volunteer())
    neighbour = Town.found(house, clock, "ain", department="01").regulator

    for account, unknown in ((stranger, slot_id), (neighbour, slot_id), (town.regulator, uuid4())):
        with pytest.raises(NotFoundError):
            slots.withdraw_slot(house, account, unknown)
    slots.withdraw_slot(house, town.account(Role.PRACTITIONER, volunteer), slot_id)
    with pytest.raises(TransitionError) as refused:
        slots.withdraw_slot(house, town.regulator, slot_id)
    assert "fermé" in refused.value.sentence


# Past


def run(house: House) -> int:
    """Do what the clock promises every five minutes."""
    with house.db.writing() as session:
        keeping.promise_once(
            session, Job.CLOSE_PAST_SLOTS, str(uuid4()), house.clock(), house.clock()
        )
    (promise,) = promises(house, "close_past_slots")
    claim = keeping.claim(house.db, promise.id, 20)
    assert claim is not None
    return slots.close_past_slots(house, claim)


def test_slots_whose_end_went_by_are_closed_with_what_was_used_of_them(
    house: House, town: Town, clock: FakeClock
) -> None:
    over = town.slot(places=3, minutes=60, hours=1)
    full = town.slot(minutes=20, hours=1.5)
    running = town.slot(places=2, minutes=61, hours=1.1)
    for _ in range(2):
        town.request()
    keep_promises(house)
    clock.advance(hours=2)  # to the very end of the first

    assert run(house) == 2
    assert run(house) == 0

    assert [town.the_slot(each).status for each in (over, full, running)] == [
        "closed",
        "closed",
        "open",
    ]
    passed = [data for kind, data in events(house) if kind == "slot_passed"]
    assert sorted((data["places"], data["taken"]) for data in passed) == [
        (town.the_slot(each).places, town.the_slot(each).taken) for each in (full, over)
    ]
    check(house.db.engine, clock.now)


def test_each_territory_closes_its_own(house: House, town: Town, clock: FakeClock) -> None:
    neighbours = Town.found(house, clock, "ain", department="01")
    town.slot()
    neighbours.slot(neighbours.volunteer(commune="01053"))
    clock.now = datetime.fromisoformat("2026-11-24T08:00:00+00:00")

    assert run(house) == 2
    assert kinds(house).count("slot_passed") == 2
