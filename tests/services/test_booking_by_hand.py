"""A regulator's own choice: the same guard, over the rules with a reason, never over room."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from dispatcher.domain.errors import (
    BookedAlreadyError,
    NotFeasibleError,
    NotFoundError,
    RefusedError,
    SlotFullError,
)
from dispatcher.domain.matching.candidates import Pair, weigh
from dispatcher.domain.matching.feasibility import Reason
from dispatcher.services import booking
from dispatcher.services.appointments import close_request
from dispatcher.services.booking import book_by_hand
from dispatcher.services.commands import BookSlot, CloseRequest
from dispatcher.services.house import House
from dispatcher.services.slots import withdraw_slot
from dispatcher.storage.requests import CareRequest
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.invariants import check
from tests.services.tables import events, row_counts

DOLE = "39198"
WHY = "Le patient préfère attendre son médecin."


def refusal(
    town: Town, request_id: UUID, slot_id: UUID, override: str | None = None
) -> RefusedError:
    """The booking is refused, and nothing was written, but that a place was lost."""
    before = row_counts(town.house)
    with pytest.raises(RefusedError) as refused:
        book_by_hand(
            town.house, town.regulator, request_id, BookSlot(slot=slot_id, override=override)
        )
    lost = isinstance(refused.value, SlotFullError)
    assert row_counts(town.house) == before | {"event_log": before["event_log"] + lost}
    assert (("booking_lost", {}) in events(town.house, request_id)) == lost
    return refused.value


def test_the_slot_that_was_chosen_is_booked_though_a_better_one_is_free(
    house: House, town: Town
) -> None:
    better, chosen = town.slot(hours=2), town.slot(hours=5)
    request_id = town.request()

    appointment_id = book_by_hand(house, town.regulator, request_id, BookSlot(slot=chosen))

    appointment = town.the_appointment(request_id)
    assert appointment is not None
    assert (appointment.id, appointment.slot_id) == (appointment_id, chosen)
    assert (appointment.decided_by, appointment.override_note) == ("regulator", None)
    terms = {term["term"]: term["value"] for term in appointment.terms}
    assert terms["wait"] == 2.5  # 5 h at half a point
    assert town.the_slot(better).taken == 0
    keep_promises(house)  # the engine finds it done
    check(house.db.engine, house.clock(), settled=True)


def test_a_rule_stands_against_a_booking_with_its_reasons_in_words(
    house: House, town: Town
) -> None:
    slot_id = town.slot(town.volunteer(commune=DOLE, min_age=80), hours=30)
    request_id = town.request(need={"delay_hours": 24})

    refused = refusal(town, request_id, slot_id)

    assert isinstance(refused, NotFeasibleError)
    assert set(refused.reasons) >= {"age", "too_late"}
    assert refused.sentence.startswith("Ce créneau ne convient pas")


def test_a_rule_is_passed_over_with_a_reason_which_is_kept_sealed_and_counted(
    house: House, town: Town
) -> None:
    slot_id = town.slot(town.volunteer(min_age=80), hours=30)
    request_id = town.request(need={"delay_hours": 24})

    book_by_hand(house, town.regulator, request_id, BookSlot(slot=slot_id, override=WHY))

    appointment = town.the_appointment(request_id)
    assert appointment is not None
    assert appointment.override_note is not None
    assert WHY not in appointment.override_note
    opened = house.db.cipher.open(
        "appointments.override_note", appointment.id, appointment.override_note
    )
    assert opened == WHY
    ((_, data),) = [each for each in events(house, request_id) if each[0] == "appointment_booked"]
    assert sorted(data["overridden"]) == ["age", "too_late"]
    assert data["within_delay"] is False
    assert WHY not in str(data)


@pytest.mark.parametrize("override", [None, WHY])
def test_no_reason_makes_room_in_a_full_slot(
    house: House, town: Town, override: str | None
) -> None:
    slot_id = town.slot()
    town.request()
    keep_promises(house)
    late = town.request()

    assert isinstance(refusal(town, late, slot_id, override), SlotFullError)


def test_no_reason_gives_a_patient_two_appointments(house: House, town: Town) -> None:
    town.slot()
    request_id = town.request()
    keep_promises(house)
    other = town.slot(hours=4)

    assert isinstance(refusal(town, request_id, other, WHY), BookedAlreadyError)


def test_no_reason_turns_back_the_clock(house: House, town: Town, clock: FakeClock) -> None:
    """A slot of one place is past at its start, a walk-in period at its end."""
    begun, over = town.slot(hours=1), town.slot(hours=1, minutes=60, places=5)
    request_id = town.request()
    clock.advance(hours=1, minutes=10)
    assert isinstance(refusal(town, request_id, begun, WHY), NotFeasibleError | SlotFullError)

    clock.advance(hours=1)
    assert isinstance(refusal(town, request_id, over, WHY), SlotFullError)


def test_a_request_that_is_over_gets_no_appointment(house: House, town: Town) -> None:
    slot_id = town.slot()
    request_id = town.request()
    close_request(house, town.regulator, request_id, CloseRequest(status="unfilled"))

    assert isinstance(refusal(town, request_id, slot_id, WHY), BookedAlreadyError)


def test_a_slot_that_was_taken_back_cannot_be_booked(house: House, town: Town) -> None:
    slot_id = town.slot()
    request_id = town.request()
    withdraw_slot(house, town.regulator, slot_id)

    assert isinstance(refusal(town, request_id, slot_id), SlotFullError)


def test_what_belongs_to_another_territory_does_not_exist(
    house: House, town: Town, clock: FakeClock
) -> None:
    neighbours = Town.found(house, clock, "ain", department="01")
    theirs, ours = neighbours.slot(), town.slot()
    request_id, foreign = town.request(), neighbours.request()

    for request, slot in (
        (request_id, theirs),
        (foreign, ours),
        (request_id, uuid4()),
        (uuid4(), ours),
    ):
        assert isinstance(refusal(town, request, slot), NotFoundError)


def test_an_open_request_that_waits_for_nobody_can_be_booked_by_hand(
    house: House, town: Town
) -> None:
    """After the patient's own cancellation it stands in front of the regulator, in no queue."""
    slot_id = town.slot()
    request_id = town.request()
    with house.db.writing() as session:
        session.execute(
            update(CareRequest).where(CareRequest.id == request_id).values(status="open")
        )

    book_by_hand(house, town.regulator, request_id, BookSlot(slot=slot_id))

    assert town.the_request(request_id).status == "booked"


def test_a_place_taken_between_the_look_and_the_booking_is_told(
    house: House, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two regulators on one slot: one wins, the other is told what to do."""
    slot_id = town.slot()
    first, second = town.request(), town.request()

    def slow(*arguments: Any) -> tuple[tuple[Reason, ...], Pair]:
        result = weigh(*arguments)
        with monkeypatch.context() as patched:
            patched.setattr(booking, "weigh", weigh)
            book_by_hand(house, town.regulator, first, BookSlot(slot=slot_id))
        return result

    with monkeypatch.context() as patched:
        patched.setattr(booking, "weigh", slow)
        with pytest.raises(SlotFullError) as refused:
            book_by_hand(house, town.regulator, second, BookSlot(slot=slot_id))

    assert "Choisissez-en un autre" in refused.value.sentence
    assert town.the_request(second).status == "searching"
    check(house.db.engine, house.clock())


def test_a_choice_by_hand_keeps_what_the_search_found_and_the_rules_it_passed_over(
    house: House, town: Town
) -> None:
    far = town.slot(town.volunteer(commune=DOLE))
    request_id = town.request()
    keep_promises(house)
    book_by_hand(house, town.regulator, request_id, BookSlot(slot=far, override=WHY))

    appointment = town.the_appointment(request_id)
    assert appointment is not None
    assert appointment.refused["refused"] == {"too_far": 1}
    assert [near["slot"] for near in appointment.refused["near_misses"]] == [str(far)]
    assert appointment.refused["overridden"] == ["too_far"]


def test_a_shared_slot_whose_agreement_just_ended_is_gone_and_not_unknown(
    house: House, town: Town, clock: FakeClock
) -> None:
    """Its page was open: the regulator keeps it, and what they typed."""
    next_door = Town.found(house, clock, code="plaine", phone="03 84 00 00 01")
    lent = next_door.slot(next_door.volunteer(commune=DOLE), shared=True)
    own = next_door.slot(next_door.volunteer(commune=DOLE))
    request_id = town.request()

    with pytest.raises(SlotFullError):
        book_by_hand(house, town.regulator, request_id, BookSlot(slot=lent, override=WHY))
    with pytest.raises(NotFoundError):
        book_by_hand(house, town.regulator, request_id, BookSlot(slot=own, override=WHY))
