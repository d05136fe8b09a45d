"""« Libre maintenant »: from now on, until it ends by itself or is stopped, and never twice."""

from datetime import timedelta

import pytest

from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Account, Role
from dispatcher.services import slots
from dispatcher.services.commands import AnnounceFree
from dispatcher.services.house import House
from dispatcher.storage import keeping
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.services.tables import row_counts


@pytest.fixture
def doctor(town: Town) -> Volunteer:
    return town.volunteer()


@pytest.fixture
def account(town: Town, doctor: Volunteer) -> Account:
    return town.account(Role.PRACTITIONER, doctor)


def test_it_is_a_period_from_now_on_and_the_queue_is_matched_with_it(
    house: House, town: Town, doctor: Volunteer, account: Account, clock: FakeClock
) -> None:
    request = town.request()
    keep_promises(house)

    slot_id = slots.announce_free(house, account, AnnounceFree(place=doctor.place, minutes=120))
    keep_promises(house)

    slot = town.the_slot(slot_id)
    assert (slot.start_at, slot.ends_at) == (clock.now, clock.now + timedelta(hours=2))
    assert (slot.free_now, slot.places, slot.taken, slot.modality) == (True, 4, 1, "AMB")
    appointment = town.the_appointment(request)
    assert appointment is not None
    assert appointment.slot_id == slot_id


def test_it_stops_where_the_next_slot_begins(
    house: House, town: Town, doctor: Volunteer, account: Account
) -> None:
    town.slot(doctor, hours=1.5)

    slot_id = slots.announce_free(house, account, AnnounceFree(place=doctor.place, minutes=180))

    assert town.the_slot(slot_id).ends_at == town.in_hours(1.5)


@pytest.mark.parametrize(
    ("hours", "minutes", "sentence"),
    [
        (-0.5, 90, "Un créneau est déjà en cours, jusqu’à 10 h."),
        (0.5, 20, "Votre prochain créneau commence à 9 h 30 : il reste trop peu."),
    ],
)
def test_who_is_taken_now_or_soon_cannot_announce_it(
    house: House,
    town: Town,
    doctor: Volunteer,
    account: Account,
    hours: float,
    minutes: float,
    sentence: str,
) -> None:
    town.slot(doctor, hours=hours, minutes=minutes, places=3)
    before = row_counts(house)

    with pytest.raises(InvalidError) as refused:
        slots.announce_free(house, account, AnnounceFree(place=doctor.place))

    assert refused.value.fields["start"].replace("\u00a0", " ") == sentence
    assert row_counts(house) == before


def test_a_patient_who_kept_the_hour_of_a_closed_slot_is_in_the_way(
    house: House, town: Town, doctor: Volunteer, account: Account
) -> None:
    slot = town.slot(doctor, hours=0.5)
    town.request()
    keep_promises(house)
    slots.withdraw_slot(house, account, slot)

    with pytest.raises(InvalidError):
        slots.announce_free(house, account, AnnounceFree(place=doctor.place))


def test_it_ends_by_itself(
    house: House, town: Town, doctor: Volunteer, account: Account, clock: FakeClock
) -> None:
    slot_id = slots.announce_free(house, account, AnnounceFree(place=doctor.place, minutes=60))
    clock.advance(minutes=61)
    with house.db.writing() as session:
        keeping.promise_once(session, Job.CLOSE_PAST_SLOTS, "now", clock.now, clock.now)
    keep_promises(house)
    assert town.the_slot(slot_id).status == "closed"


def test_only_a_practitioner_is_free(house: House, town: Town, doctor: Volunteer) -> None:
    with pytest.raises(NotFoundError):
        slots.announce_free(house, town.regulator, AnnounceFree(place=doctor.place))
    other = town.account(Role.PRACTITIONER, town.volunteer())
    with pytest.raises(InvalidError) as refused:
        slots.announce_free(house, other, AnnounceFree(place=doctor.place))
    assert "place" in refused.value.fields
