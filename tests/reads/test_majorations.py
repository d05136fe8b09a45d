"""Majorations of a doctor, from what the database holds."""

from datetime import date
from zoneinfo import ZoneInfo

from dispatcher.domain import calendar
from dispatcher.reads.majorations import weeks_of_majorations
from dispatcher.services.appointments import close_request
from dispatcher.services.commands import CloseRequest
from dispatcher.services.house import House
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises

MONDAY = date(2026, 11, 23)


def test_only_visits_that_took_place_after_a_doctors_regulation_count(
    house: House, town: Town, clock: FakeClock
) -> None:
    doctor, other = town.volunteer(), town.volunteer()
    town.slot(doctor, hours=2, minutes=120, places=3)
    regulated = {"by": "Dr Régulateur"}
    came = town.request(regulated=regulated)
    unregulated = town.request()
    own = town.request(regulated=regulated, patient={"has_gp": True, "gp": doctor.id})
    keep_promises(house)
    town.slot(other, hours=2)
    missed = town.request(regulated=regulated)
    keep_promises(house)
    clock.advance(hours=5)
    for request in (came, unregulated, own):
        close_request(house, town.regulator, request, CloseRequest(status="fulfilled"))
    close_request(house, town.regulator, missed, CloseRequest(status="no_show"))

    # a Wednesday alone: the week is counted whole
    wednesday = calendar.period(date(2026, 11, 25), date(2026, 11, 25), ZoneInfo("Europe/Paris"))
    (week,) = weeks_of_majorations(house.db, town.territory_id, wednesday)
    booked = town.the_appointment(came)
    assert booked is not None
    assert (week.practitioner_id, week.monday, week.due) == (doctor.id, MONDAY, (booked.id,))
    assert weeks_of_majorations(house.db, town.territory_id, wednesday, other.id) == []
    elsewhere = Town.found(house, clock, code="ain")
    assert weeks_of_majorations(house.db, elsewhere.territory_id, wednesday) == []
