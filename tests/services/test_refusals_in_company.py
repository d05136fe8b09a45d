"""What stands in the way of a request is counted alike, whoever else is waiting."""

from uuid import UUID

from dispatcher.domain.matching.candidates import Candidates
from dispatcher.reads.candidates import candidates_of
from dispatcher.services.house import House
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.services.tables import kinds

DENTIST, NURSE = "40", "60"


def publish(town: Town, profession: str, *hours: float) -> None:
    """Slots at these hours from now, for nobody under eighty: the patients of tests are 76."""
    specialty = "SM54" if profession == "10" else None
    volunteer = town.volunteer(profession=profession, specialty=specialty, min_age=80)
    for each in hours:
        town.slot(volunteer, hours=each)


def seen(town: Town, request_id: UUID) -> Candidates:
    """What a regulator who opens the request's page is shown."""
    house = town.house
    found = candidates_of(house.db, town.territory_id, request_id, house.communes, house.clock())
    assert found is not None
    return found


def assert_stored_as_seen(town: Town, request_id: UUID) -> None:
    stored, found = town.the_request(request_id).refused, seen(town, request_id)
    assert stored["refused"] == found.refused
    assert stored["near_misses"] == [near.as_json() for near in found.near_misses]


def test_what_is_stored_with_a_request_is_what_its_page_counts(
    house: House, town: Town, clock: FakeClock
) -> None:
    """Due in 4 h, slots within 28 h are looked at; in 24 h, within 48 h; in 72 h, within 96 h."""
    publish(town, "10", 2, 27, 30, 47, 60)
    publish(town, DENTIST, 27.5, 30, 80)
    publish(town, NURSE, 3, 29, 60)
    urgent = town.request(need={"delay_hours": 4})
    keep_promises(house)
    alone, told = town.the_request(urgent), kinds(house, urgent)
    assert alone.refused["refused"] == {"age": 2, "too_late": 1, "profession": 2}
    assert_stored_as_seen(town, urgent)

    clock.advance(minutes=1)
    usual = town.request(need={"delay_hours": 24})
    dental = town.request(need={"delay_hours": 72, "profession": DENTIST, "specialty": None})
    keep_promises(house)

    assert town.the_request(usual).refused["refused"] == {
        "age": 4,
        "too_late": 3,
        "profession": 4,
    }
    assert town.the_request(dental).refused["refused"] == {
        "age": 3,
        "too_late": 1,
        "profession": 8,
    }
    for request_id in (urgent, usual, dental):
        assert_stored_as_seen(town, request_id)
    # whoever waited already is not written again because others came
    in_company = town.the_request(urgent)
    assert in_company.refused == alone.refused
    assert in_company.updated_at == alone.updated_at
    assert kinds(house, urgent) == told


def test_a_booking_s_reasons_leave_out_what_was_only_read_for_somebody_else(
    house: House, town: Town
) -> None:
    publish(town, "10", 3, 40)
    publish(town, DENTIST, 3, 40)
    publish(town, NURSE, 3, 40)
    dental = town.request(need={"delay_hours": 72, "profession": DENTIST, "specialty": None})
    town.slot(hours=2)
    request_id = town.request(need={"delay_hours": 4})
    keep_promises(house)

    appointment = town.the_appointment(request_id)
    assert appointment is not None
    assert appointment.refused["refused"] == {"profession": 2, "age": 1}
    assert len(appointment.refused["near_misses"]) == 1
    assert town.the_request(dental).refused["refused"] == {"profession": 5, "age": 2}
