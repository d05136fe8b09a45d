"""Who leaves the directory offers nothing any more, and no patient is lost by it."""

import pytest

from dispatcher.domain.errors import NotFoundError, RefusedError
from dispatcher.domain.events import OPERATOR
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Role
from dispatcher.services import appointments
from dispatcher.services.accounts import account_of
from dispatcher.services.departures import deactivate_practitioner, reactivate_practitioner
from dispatcher.services.house import House
from dispatcher.services.schedules import set_up_schedule
from dispatcher.storage.practitioners import Practitioner
from tests.builders import Town
from tests.fakes.agendas import FakeAgendas
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.services.own_agendas import linked
from tests.services.tables import events, promises
from tests.services.timetables import mondays


def test_what_was_free_goes_and_who_is_expected_is_not_lost(house: House, town: Town) -> None:
    volunteer = town.volunteer()
    own, coordinator = town.account(Role.PRACTITIONER, volunteer), town.account(Role.COORDINATOR)
    town.slot(volunteer)
    free = town.slot(volunteer, hours=5)
    request_id = town.request()
    keep_promises(house)
    code = town.the_request(request_id).code

    with pytest.raises(RefusedError, match="patients-expected") as refused:
        deactivate_practitioner(house, coordinator, volunteer.id)
    assert f"n°\u00a0{code}" in refused.value.sentence
    assert (town.the_slot(free).status, town.the_appointment(request_id) is None) == ("open", False)

    appointment = town.the_appointment(request_id)
    assert appointment is not None
    appointments.cancel_by_practitioner(house, own, appointment.id)
    deactivate_practitioner(house, coordinator, volunteer.id)
    deactivate_practitioner(house, coordinator, volunteer.id)

    assert {slot.status for slot in town.slots_of(volunteer)} == {"closed"}
    assert account_of(house, own.user_id) is None
    said = [data for kind, data in events(house) if kind == "practitioner_activity_changed"]
    assert said == [{"active": False}]


def test_a_template_rests_meanwhile_and_publishes_again_afterwards(
    house: House, town: Town, clock: FakeClock
) -> None:
    volunteer = town.volunteer()
    coordinator = town.account(Role.COORDINATOR)
    own = town.account(Role.PRACTITIONER, volunteer)
    set_up_schedule(house, own, mondays(volunteer, first_day=clock.now.date()))
    published = len(town.slots_of(volunteer))
    assert published

    deactivate_practitioner(house, coordinator, volunteer.id)
    assert {slot.status for slot in town.slots_of(volunteer)} == {"closed"}

    reactivate_practitioner(house, coordinator, volunteer.id)
    still = [slot for slot in town.slots_of(volunteer) if slot.status == "open"]
    assert len(still) == published
    with house.db.reading() as session:
        assert session.get_one(Practitioner, volunteer.id).active


def test_an_agenda_of_somebody_who_left_is_not_read(
    house: House, town: Town, agendas: FakeAgendas
) -> None:
    volunteer = town.volunteer()
    feed_id = linked(house, town.account(Role.PRACTITIONER, volunteer))
    asked = len(agendas.asked)
    deactivate_practitioner(house, town.account(Role.COORDINATOR), volunteer.id)

    town.clock.advance(hours=12)
    with house.db.transaction(town.territory_id, OPERATOR) as unit:
        unit.promise(Job.READ_AGENDAS, {})
        unit.promise(Job.READ_AGENDA, {"feed_id": feed_id})  # one that was promised before
    keep_promises(house)

    assert len(agendas.asked) == asked
    assert promises(house, "read_agenda") == []


def test_another_territory_s_is_not_ours_to_take_out(house: House, town: Town) -> None:
    other = Town.found(house, town.clock, code="ailleurs")

    with pytest.raises(NotFoundError):
        deactivate_practitioner(house, other.account(Role.COORDINATOR), town.volunteer().id)
