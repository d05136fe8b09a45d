"""A slot that is changed: whoever still fits stays, the others are kept or cancelled by name."""

import pytest

from dispatcher.domain.errors import InvalidError, NotFoundError, TransitionError
from dispatcher.domain.roles import Account, Role
from dispatcher.services import slot_changes
from dispatcher.services.booking import book_by_hand
from dispatcher.services.clearing import Fate, PatientsConcernedError
from dispatcher.services.commands import BookSlot
from dispatcher.services.house import House
from dispatcher.services.neighbours import agree
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.services.tables import events, kinds, messages, row_counts
from tests.services.timetables import account, booked, doctor, to_be, utc

__all__ = ["account", "doctor"]
KEEP, CANCEL = Fate.KEEP, Fate.CANCEL


def test_a_free_slot_is_moved_within_its_day_where_it_stands(
    house: House, town: Town, doctor: Volunteer, account: Account
) -> None:
    slot = town.slot(doctor)
    asked = to_be(doctor, utc(23, 12), utc(23, 12, 30), note="Sonnez", minimum_notice_minutes=60)

    assert slot_changes.change_slot(house, account, slot, asked, {}) == slot

    changed = town.the_slot(slot)
    assert (changed.start_at, changed.ends_at) == (utc(23, 12), utc(23, 12, 30))
    kind, data = events(house)[-1]
    assert (kind, data["places"]) == ("slot_changed", 1)
    assert data["changed"] == ["start_at", "ends_at", "minimum_notice_minutes", "note"]
    assert "Sonnez" not in str(events(house))
    before = row_counts(house)["event_log"]
    slot_changes.change_slot(house, account, slot, asked, {})
    assert row_counts(house)["event_log"] == before  # nothing changed, nothing is written


def test_a_slot_that_goes_to_another_day_is_another_one(
    house: House, town: Town, doctor: Volunteer, account: Account
) -> None:
    """The activity counts places by the day on which they were offered."""
    slot = town.slot(doctor)
    moved = slot_changes.change_slot(
        house, account, slot, to_be(doctor, utc(24, 12), utc(24, 12, 30)), {}
    )
    assert moved != slot
    assert town.the_slot(slot).status == "closed"
    assert town.the_slot(moved).start_at == utc(24, 12)
    assert kinds(house)[-2:] == ["slot_withdrawn", "slot_published"]


def test_of_a_single_slot_that_moves_the_patient_is_decided(
    house: House, town: Town, doctor: Volunteer, account: Account
) -> None:
    slot = town.slot(doctor)
    patient = booked(town)
    later = to_be(doctor, utc(23, 12), utc(23, 12, 20))
    before = row_counts(house)
    with pytest.raises(PatientsConcernedError) as concerned:
        slot_changes.change_slot(house, account, slot, later, {})
    assert concerned.value.appointment_ids == (patient.id,)
    assert row_counts(house) == before

    moved = slot_changes.change_slot(house, account, slot, later, {patient.id: KEEP})

    appointment = town.the_appointment(patient.request_id)
    assert appointment is not None
    assert (appointment.slot_id, appointment.start_at) == (slot, utc(23, 10))
    assert (town.the_slot(slot).status, town.the_slot(slot).taken) == ("closed", 1)
    assert (town.the_slot(moved).status, town.the_slot(moved).taken) == ("open", 0)


def test_who_is_cancelled_is_told_and_matched_again(
    house: House, town: Town, doctor: Volunteer, account: Account
) -> None:
    slot = town.slot(doctor)
    patient = booked(town)
    elsewhere = town.slot(town.volunteer(), hours=4)

    later = to_be(doctor, utc(23, 12), utc(23, 12, 20))
    slot_changes.change_slot(house, account, slot, later, {patient.id: CANCEL})
    keep_promises(house)

    assert len(messages(house, "cancelled_by_practitioner")) == 1
    appointment = town.the_appointment(patient.request_id)
    assert appointment is not None
    assert appointment.slot_id == elsewhere


def test_of_a_period_that_moves_those_who_still_fit_go_along(
    house: House, town: Town, doctor: Volunteer, account: Account, clock: FakeClock
) -> None:
    """From 11:00 to 14:00 in Paris; one comes from 11:00 on, the other from 12:00 on."""
    slot = town.slot(doctor, hours=2, minutes=180, places=4)
    early = booked(town)
    late = booked(town, need={"earliest": utc(23, 11)})
    later = to_be(doctor, utc(23, 11), utc(23, 14), places=3)
    with pytest.raises(PatientsConcernedError) as concerned:
        slot_changes.change_slot(house, account, slot, later, {})
    assert concerned.value.appointment_ids == (early.id,)

    moved = slot_changes.change_slot(house, account, slot, later, {early.id: KEEP})

    assert (town.the_slot(slot).status, town.the_slot(slot).taken) == ("closed", 1)
    assert (town.the_slot(moved).places, town.the_slot(moved).taken) == (3, 1)
    appointment = town.the_appointment(late.request_id)
    assert appointment is not None
    assert (appointment.slot_id, appointment.ends_at) == (moved, utc(23, 14))


def test_a_period_keeps_places_for_those_who_stay(
    house: House, town: Town, doctor: Volunteer, account: Account
) -> None:
    slot = town.slot(doctor, hours=2, minutes=180, places=4)
    for _ in range(3):
        booked(town)
    shorter = to_be(doctor, utc(23, 10), utc(23, 12), places=2)
    with pytest.raises(InvalidError) as refused:
        slot_changes.change_slot(house, account, slot, shorter, {})
    assert "3 patients" in refused.value.fields["places"]

    three = to_be(doctor, utc(23, 10), utc(23, 12), places=3)
    assert slot_changes.change_slot(house, account, slot, three, {}) == slot
    assert town.the_slot(slot).status == "full"


def test_what_is_wrong_with_the_new_hours_is_said_and_nobody_is_cancelled(
    house: House, town: Town, doctor: Volunteer, account: Account
) -> None:
    slot = town.slot(doctor)
    patient = booked(town)
    town.slot(doctor, hours=4)
    before = row_counts(house)
    onto_another = to_be(doctor, utc(23, 12), utc(23, 12, 30))
    with pytest.raises(InvalidError) as refused:
        slot_changes.change_slot(house, account, slot, onto_another, {patient.id: CANCEL})
    assert "chevauche" in refused.value.fields["start"]
    assert row_counts(house) == before
    assert town.the_appointment(patient.request_id) is not None


def test_closing_a_slot_decides_about_each_patient(
    house: House, town: Town, doctor: Volunteer, account: Account
) -> None:
    slot = town.slot(doctor, hours=2, minutes=180, places=4)
    kept, cancelled = booked(town), booked(town)
    with pytest.raises(PatientsConcernedError):
        slot_changes.close_slot(house, account, slot, {kept.id: KEEP})

    cleared = slot_changes.close_slot(house, account, slot, {kept.id: KEEP, cancelled.id: CANCEL})

    assert (cleared.kept, cleared.cancelled) == (1, 1)
    assert (town.the_slot(slot).status, town.the_slot(slot).taken) == ("closed", 1)
    with pytest.raises(TransitionError):
        slot_changes.close_slot(house, account, slot, {})


def test_a_neighbour_s_patient_is_cancelled_in_their_own_territory(
    house: House, town: Town, doctor: Volunteer, account: Account, clock: FakeClock
) -> None:
    ain = Town.found(house, clock, "ain", department="01", phone="03 53 01 00 02")
    agree(house, town.account(Role.COORDINATOR), "ain")
    agree(house, ain.account(Role.COORDINATOR), "jura")
    slot = town.slot(doctor, shared=True)
    request = ain.request()
    book_by_hand(house, ain.regulator, request, BookSlot(slot=slot, override="Essai"))
    patient = ain.the_appointment(request)
    assert patient is not None

    slot_changes.close_slot(house, account, slot, {patient.id: CANCEL})

    assert ain.the_appointment(request) is None
    assert ain.the_request(request).status == "searching"
    assert kinds(house, request)[-1] == "request_reopened"
    assert "neighbour_place_freed" in kinds(house)


def test_the_slots_of_others_do_not_exist(
    house: House, town: Town, doctor: Volunteer, account: Account
) -> None:
    slot = town.slot(town.volunteer())
    before = row_counts(house)
    with pytest.raises(NotFoundError):
        slot_changes.close_slot(house, account, slot, {})
    with pytest.raises(NotFoundError):
        slot_changes.change_slot(house, account, slot, to_be(doctor, utc(23, 12), utc(23, 13)), {})
    assert row_counts(house) == before
