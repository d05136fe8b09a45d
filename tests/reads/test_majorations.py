"""Majorations of a doctor, from what the database holds."""

from datetime import date
from zoneinfo import ZoneInfo

from dispatcher.domain import calendar
from dispatcher.domain.indicators.stories import OPENED
from dispatcher.reads.majorations import weeks_of_majorations
from dispatcher.services.appointments import close_request
from dispatcher.services.commands import CloseRequest
from dispatcher.services.house import House
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.services.tables import events

MONDAY = date(2026, 11, 23)


def test_only_visits_that_took_place_after_a_doctors_regulation_count(
    house: House, town: Town, clock: FakeClock
) -> None:
    doctor, other = town.volunteer(), town.volunteer()
    town.slot(doctor, hours=2, minutes=120, places=6)
    regulated = {"by": "Dr Régulateur"}
    came = town.request(regulated=regulated)
    unregulated = town.request()
    # the CPTS's own regulation, said so or told by the origin; and the SAS's through a pharmacy
    elsewhere_seen = town.request(regulated=regulated | {"sas": False})
    practice_seen = town.request(regulated=regulated, origin="PRACTICE")
    sent_on = town.request(regulated=regulated | {"sas": True}, origin="PHARMACY")
    own = town.request(regulated=regulated, patient={"has_gp": True, "gp": doctor.id})
    keep_promises(house)
    town.slot(other, hours=2)
    missed = town.request(regulated=regulated)
    keep_promises(house)
    clock.advance(hours=5)
    for request in (came, unregulated, elsewhere_seen, practice_seen, sent_on, own):
        close_request(house, town.regulator, request, CloseRequest(status="fulfilled"))
    close_request(house, town.regulator, missed, CloseRequest(status="no_show"))

    # a Wednesday alone: the week is counted whole
    wednesday = calendar.period(date(2026, 11, 25), date(2026, 11, 25), ZoneInfo("Europe/Paris"))
    (week,) = weeks_of_majorations(house.db, town.territory_id, wednesday)
    due = [town.the_appointment(request) for request in (came, sent_on)]
    assert (week.practitioner_id, week.monday) == (doctor.id, MONDAY)
    assert set(week.due) == {each.id for each in due if each is not None}
    said = [data.get("regulated_for_sas") for kind, data in events(house) if kind == OPENED]
    assert said == [True, None, False, False, True, True, True]
    assert weeks_of_majorations(house.db, town.territory_id, wednesday, other.id) == []
    elsewhere = Town.found(house, clock, code="ain")
    assert weeks_of_majorations(house.db, elsewhere.territory_id, wednesday) == []
