"""Who gives up, what becomes of the place, who is told, and where the request goes."""

import re
from uuid import UUID

import pytest

from dispatcher.domain.errors import NotFoundError, TransitionError
from dispatcher.domain.roles import Role
from dispatcher.services import appointments
from dispatcher.services.commands import CancelRequest
from dispatcher.services.house import House
from dispatcher.services.receiving import receive_message
from dispatcher.services.slots import withdraw_slot
from dispatcher.storage.requests import Appointment
from tests.builders import Town, Volunteer, mobile
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.invariants import check
from tests.services.tables import events, messages, promises, row_counts

PATIENT = "+33639980042"


@pytest.fixture
def volunteer(town: Town) -> Volunteer:
    return town.volunteer()


@pytest.fixture
def slot_id(town: Town, volunteer: Volunteer) -> UUID:
    return town.slot(volunteer)


@pytest.fixture
def request_id(house: House, town: Town, slot_id: UUID) -> UUID:
    """A booked request; both sides were told."""
    asked = town.request(patient={"phone": mobile(42)})
    keep_promises(house)
    assert town.the_request(asked).status == "booked"
    return asked


def appointment_of(town: Town, request_id: UUID) -> Appointment:
    appointment = town.the_appointment(request_id)
    assert appointment is not None
    return appointment


def link_in(sms: FakeSms) -> str:
    """The secret of the link that the patient got."""
    (body,) = sms.bodies_to(PATIENT)
    found = re.search(r"/r/([\w-]+)", body)
    assert found is not None
    return found.group(1)


def test_the_patients_cancellation_frees_the_place_and_stands_before_the_regulator(
    house: House, town: Town, sms: FakeSms, slot_id: UUID, request_id: UUID
) -> None:
    appointments.cancel_by_link(house, link_in(sms))

    request, slot = town.the_request(request_id), town.the_slot(slot_id)
    assert (request.status, request.attention) == ("open", "patient_cancelled")
    assert (slot.status, slot.taken, slot.places) == ("open", 0, 1)
    happened = dict(events(house, request_id))
    assert happened["appointment_cancelled"] == {
        "start": "2026-11-23T10:00:00+00:00",
        "by": "patient",
    }
    assert happened["request_reopened"] == {"status": "open", "cause": "patient_cancelled"}
    assert [message.to_role for message in messages(house, "cancelled_by_patient")] == [
        "practitioner"
    ]
    assert len(promises(house, "match_waiting")) == 1  # somebody else may be waiting for the place
    keep_promises(house)
    assert town.the_request(request_id).status == "open"  # and not booked again by itself
    check(house.db.engine, house.clock(), settled=True)


def test_the_practitioners_cancellation_closes_the_place_and_has_the_patient_matched_at_once(
    house: House, town: Town, sms: FakeSms, volunteer: Volunteer, slot_id: UUID, request_id: UUID
) -> None:
    other = town.slot(hours=6)
    appointments.cancel_by_practitioner(
        house, town.account(Role.PRACTITIONER, volunteer), appointment_of(town, request_id).id
    )
    slot, request = town.the_slot(slot_id), town.the_request(request_id)
    assert (slot.status, slot.taken) == ("closed", 0)
    assert request.status == "searching"
    assert request.excluded_practitioners == [str(volunteer.id)]

    keep_promises(house)

    assert appointment_of(town, request_id).slot_id == other
    assert len(sms.bodies_to(PATIENT)) == 3  # booked, cancelled, booked elsewhere
    assert "est annulé" in sms.bodies_to(PATIENT)[1]
    check(house.db.engine, house.clock(), settled=True)


def test_one_of_two_places_given_up_by_the_practitioner_leaves_the_other_patient_theirs(
    house: House, town: Town
) -> None:
    """A walk-in period of two, both taken: one place goes, the other stays taken and booked."""
    slot = town.slot(places=2, minutes=120)
    first, second = town.request(), town.request()
    keep_promises(house)

    appointments.cancel_by_practitioner(house, town.regulator, appointment_of(town, first).id)

    held = town.the_slot(slot)
    assert (held.places, held.taken, held.status) == (1, 1, "full")
    assert appointment_of(town, second).status == "booked"
    check(house.db.engine, house.clock())


def test_a_place_given_up_of_a_period_with_room_leaves_the_room(house: House, town: Town) -> None:
    slot = town.slot(places=3, minutes=120)
    request_id = town.request()
    keep_promises(house)

    appointments.cancel_by_practitioner(house, town.regulator, appointment_of(town, request_id).id)

    held = town.the_slot(slot)
    assert (held.places, held.taken, held.status) == (2, 0, "open")


def test_the_regulators_cancellation_ends_the_request_and_tells_both(
    house: House, town: Town, slot_id: UUID, request_id: UUID
) -> None:
    command = CancelRequest(by="regulator", reason="Le patient va mieux.")
    appointments.cancel_request(house, town.regulator, request_id, command)

    request = town.the_request(request_id)
    assert (request.status, request.attention) == ("cancelled", None)
    assert town.the_slot(slot_id).status == "open"
    assert len(messages(house, "cancelled_by_regulator_patient")) == 1
    assert len(messages(house, "cancelled_by_regulator_practitioner")) == 1
    assert request.closing_note is not None
    note = house.db.cipher.open("care_requests.closing_note", request_id, request.closing_note)
    assert note == "Le patient va mieux."
    assert "va mieux" not in str(events(house))
    keep_promises(house)
    check(house.db.engine, house.clock(), settled=True)


@pytest.mark.parametrize("by", ["patient", "regulator"])
def test_a_request_without_appointment_is_given_up_and_nobody_is_told(
    house: House, town: Town, by: str
) -> None:
    request_id = town.request()
    command = CancelRequest.model_validate({"by": by})

    appointments.cancel_request(house, town.regulator, request_id, command)

    assert town.the_request(request_id).status == "cancelled"
    assert messages(house) == []
    assert events(house, request_id)[-1] == ("request_cancelled", {"by": by})
    check(house.db.engine, house.clock())


def test_what_is_over_cannot_be_cancelled(house: House, town: Town, request_id: UUID) -> None:
    command = CancelRequest(by="regulator")
    appointments.record_attendance(
        house, town.regulator, appointment_of(town, request_id).id, came=True
    )
    before = row_counts(house)

    with pytest.raises(TransitionError) as refused:
        appointments.cancel_request(house, town.regulator, request_id, command)
    assert "honorée" in refused.value.sentence
    assert row_counts(house) == before


def test_cancelling_twice_is_told_and_changes_nothing(
    house: House, town: Town, sms: FakeSms, request_id: UUID
) -> None:
    link = link_in(sms)
    appointments.cancel_by_link(house, link)
    before = row_counts(house)

    with pytest.raises(TransitionError) as refused:
        appointments.cancel_by_link(house, link)

    assert "annulé" in refused.value.sentence
    assert row_counts(house) == before


def test_a_link_is_worth_nothing_once_the_appointment_is_over(
    house: House, town: Town, sms: FakeSms, clock: FakeClock, request_id: UUID
) -> None:
    link = link_in(sms)
    clock.advance(hours=2, minutes=19)
    appointments.confirm_by_link(house, link)  # the companion: a minute before the end
    clock.advance(minutes=1)

    for late in (appointments.cancel_by_link, appointments.confirm_by_link):
        with pytest.raises(TransitionError, match="transition-refused"):
            late(house, link)


def test_confirming_is_kept_and_saying_it_twice_changes_nothing(
    house: House, town: Town, sms: FakeSms, request_id: UUID
) -> None:
    link = link_in(sms)
    appointments.confirm_by_link(house, link)
    before = row_counts(house)
    appointments.confirm_by_link(house, link)

    assert appointment_of(town, request_id).status == "confirmed"
    assert row_counts(house) == before
    assert town.the_request(request_id).status == "booked"
    appointments.cancel_by_link(house, link)
    assert town.the_request(request_id).status == "open"
    check(house.db.engine, house.clock())


@pytest.mark.parametrize("token", ["", "x", "A" * 16, "é" * 16])
def test_a_link_that_was_never_given_opens_nothing(
    house: House, town: Town, request_id: UUID, token: str
) -> None:
    with pytest.raises(NotFoundError) as refused:
        appointments.cancel_by_link(house, token)
    assert "lien" in refused.value.sentence


def test_nobody_touches_what_is_not_theirs(
    house: House, town: Town, clock: FakeClock, request_id: UUID
) -> None:
    appointment_id = appointment_of(town, request_id).id
    stranger = town.account(Role.PRACTITIONER, town.volunteer())
    neighbour = Town.found(house, clock, "ain", department="01").regulator
    before = row_counts(house)

    for account in (stranger, neighbour):
        with pytest.raises(NotFoundError):
            appointments.cancel_by_practitioner(house, account, appointment_id)
        with pytest.raises(NotFoundError):
            appointments.record_attendance(house, account, appointment_id, came=True)
    with pytest.raises(NotFoundError):
        appointments.cancel_request(house, neighbour, request_id, CancelRequest(by="regulator"))
    assert row_counts(house) == before


def test_a_place_freed_in_a_slot_that_was_taken_back_stays_closed(
    house: House, town: Town, sms: FakeSms, slot_id: UUID, request_id: UUID
) -> None:
    withdraw_slot(house, town.regulator, slot_id)

    appointments.cancel_by_link(house, link_in(sms))

    slot = town.the_slot(slot_id)
    assert (slot.status, slot.taken) == ("closed", 0)
    check(house.db.engine, house.clock())


def test_a_patient_who_said_stop_is_called_when_the_practitioner_cancels(
    house: House, town: Town, request_id: UUID
) -> None:
    assert receive_message(house, PATIENT, "STOP", "SM1")
    appointments.cancel_by_practitioner(house, town.regulator, appointment_of(town, request_id).id)

    (told,) = messages(house, "cancelled_by_practitioner")
    assert (told.status, told.error_code) == ("refused", "opted_out")
    assert town.the_request(request_id).status == "searching"
    assert town.to_call(request_id) == ["patient"]


def test_a_patient_who_cancels_twice_is_still_waiting_for_the_regulator(
    house: House, town: Town
) -> None:
    town.slot()
    request = town.request()
    keep_promises(house)
    for _ in range(2):
        appointments.cancel_request(house, town.regulator, request, CancelRequest(by="patient"))
    assert town.the_request(request).status == "open"


def test_nobody_cancels_for_a_practitioner_what_has_no_appointment(
    house: House, town: Town
) -> None:
    request = town.request()
    with pytest.raises(TransitionError):
        appointments.cancel_request(
            house, town.regulator, request, CancelRequest(by="practitioner")
        )
    assert town.the_request(request).status == "searching"


def test_a_practitioner_gives_up_only_what_is_theirs(house: House, town: Town) -> None:
    holder, other = town.volunteer(), town.volunteer()
    town.slot(holder)
    request = town.request()
    keep_promises(house)
    with pytest.raises(NotFoundError):
        appointments.cancel_request(
            house,
            town.account(Role.PRACTITIONER, other),
            request,
            CancelRequest(by="practitioner"),
        )
    appointments.cancel_request(
        house, town.account(Role.PRACTITIONER, holder), request, CancelRequest(by="practitioner")
    )
    assert town.the_request(request).status == "searching"


def test_a_practitioner_gives_up_their_own_appointment_and_nothing_else(
    house: House, town: Town, volunteer: Volunteer, request_id: UUID
) -> None:
    own = town.account(Role.PRACTITIONER, volunteer)
    stranger = town.account(Role.PRACTITIONER, town.volunteer())
    waiting = town.request()
    before = row_counts(house)

    for account, asked, by in (
        (stranger, request_id, "practitioner"),
        (own, request_id, "regulator"),
        (own, request_id, "patient"),
        (own, waiting, "practitioner"),
    ):
        with pytest.raises(NotFoundError):
            appointments.cancel_request(
                house, account, asked, CancelRequest.model_validate({"by": by})
            )
    assert row_counts(house) == before

    appointments.cancel_request(house, own, request_id, CancelRequest(by="practitioner"))
    assert town.the_request(request_id).status == "searching"
    check(house.db.engine, house.clock())


def test_where_there_is_no_appointment_no_practitioner_gives_one_up(
    house: House, town: Town
) -> None:
    request_id = town.request()

    with pytest.raises(TransitionError) as refused:
        appointments.cancel_request(
            house, town.regulator, request_id, CancelRequest(by="practitioner")
        )

    assert "pas de rendez-vous" in refused.value.sentence
    assert town.the_request(request_id).status == "searching"


def test_a_patient_who_cancels_twice_does_not_end_the_request(
    house: House, town: Town, request_id: UUID
) -> None:
    """The second time says what is known already: the regulator decides what becomes of it."""
    for _ in range(2):
        appointments.cancel_request(house, town.regulator, request_id, CancelRequest(by="patient"))

    assert town.the_request(request_id).status == "open"
    check(house.db.engine, house.clock())
