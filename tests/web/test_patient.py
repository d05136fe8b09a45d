"""The page behind the link of an SMS: what it shows, what it hides, and that only a POST acts."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import func, select

from dispatcher.reads.patient_page import LINK_LIFE
from dispatcher.reads.sessions import own_sessions
from dispatcher.services import appointments
from dispatcher.services.commands import BookSlot
from dispatcher.services.house import House
from dispatcher.services.moving import move_appointment
from dispatcher.storage.log import LoggedEvent
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.web.pages import Browser

SAINT_DENIS = "97411"


def link_to_page(sms: FakeSms) -> str:
    """The address in the latest confirmation, as the patient taps it."""
    bodies = [taken.message.body for taken in sms.taken if "/r/" in taken.message.body]
    found = re.search(r"/r/[\w-]+", bodies[-1])
    assert found is not None
    return found[0]


def booked(town: Town, sms: FakeSms, **slot: object) -> str:
    """A request that found its appointment; the address of the patient's page."""
    town.slot(**slot)  # type: ignore[arg-type]  # the builder's own arguments
    town.request()
    keep_promises(town.house)
    return link_to_page(sms)


def calendar_file(browser: Browser, address: str) -> Any:
    """The file as a calendar reads it."""
    answer = browser.client.get(f"{address}/rendez-vous.ics")
    assert answer.mimetype == "text/calendar"
    assert "attachment" in answer.headers["Content-Disposition"]
    return Calendar.from_ical(answer.get_data())


def events(house: House) -> int:
    with house.db.reading() as session:
        return session.scalar(select(func.count(LoggedEvent.id))) or 0


def test_the_page_says_when_where_and_with_whom(
    somebody: Browser, town: Town, sms: FakeSms
) -> None:
    volunteer = town.volunteer(last_name="Vuillet")
    page = somebody.get(booked(town, sms, volunteer=volunteer, hours=5.5))

    assert page.h1 == "Votre rendez-vous"
    assert "Aujourd’hui, lundi 23 novembre 14 h 30" in page.text
    assert "Dr Anne Vuillet" in page.text
    assert "39000 Lons-le-Saunier" in page.text
    assert page.text.index("Appelez le 15") > page.text.index("Je ne peux pas venir")
    assert "tel:+33353010001" in page.links()


def test_the_route_opens_a_map_that_learns_the_address_and_nothing_else(
    somebody: Browser, town: Town, sms: FakeSms
) -> None:
    page = somebody.get(booked(town, sms))

    route = next(link for link in page.links() if "openstreetmap" in link)
    (destination,) = parse_qs(urlsplit(route).query)["to"]
    assert re.fullmatch(r"\d+ rue de l’Essai, 39000 Lons-le-Saunier", destination)
    assert 'rel="noreferrer"' in page.html


@pytest.mark.parametrize("modality", ["HH", "VR"])
def test_no_route_leads_to_a_visit_or_a_teleconsultation(
    somebody: Browser, town: Town, sms: FakeSms, modality: str
) -> None:
    town.slot(modality=modality)
    town.request(need={"modalities": [modality]})
    keep_promises(town.house)

    page = somebody.get(link_to_page(sms))

    assert not any("openstreetmap" in link for link in page.links())
    assert "rue de l’Essai" not in page.text


def test_a_walk_in_patient_reads_from_when_to_when(
    somebody: Browser, town: Town, sms: FakeSms
) -> None:
    page = somebody.get(booked(town, sms, hours=5, minutes=240, places=5))
    assert "entre 14 h et 18 h" in page.text


def test_nothing_tells_why_care_is_needed_or_who_needs_it(
    somebody: Browser, town: Town, sms: FakeSms
) -> None:
    motive = next(iter(town.house.catalogue.motives.values()))
    town.slot()
    town.request(
        patient={"last_name": "Secret", "first_name": "Prudence"},
        need={"motive": motive.code, "note": "une note confidentielle"},
    )
    keep_promises(town.house)
    address = link_to_page(sms)

    for path in (address, f"{address}/annuler"):
        html = somebody.get(path).html
        for secret in ("Secret", "Prudence", motive.label, "confidentielle", "Médecin", "1950"):
            assert secret not in html
    file = somebody.client.get(f"{address}/rendez-vous.ics").get_data(as_text=True)
    for secret in ("Secret", "Prudence", motive.label, "confidentielle", "Dr", "CPTS", "/r/"):
        assert secret not in file


def test_no_page_sets_a_cookie_is_indexed_or_passes_its_address_on(
    somebody: Browser, town: Town, sms: FakeSms
) -> None:
    address = booked(town, sms)
    answers = [
        somebody.client.get(address),
        somebody.client.get(f"{address}/annuler"),
        somebody.client.get(f"{address}/rendez-vous.ics"),
        somebody.client.get("/r/inconnu"),
        somebody.client.post(f"{address}/confirmer"),
        somebody.client.post(f"{address}/annuler"),
    ]
    for answer in answers:
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"


def test_even_the_browser_of_somebody_signed_in_is_not_looked_at(
    desk: Browser, town: Town, sms: FakeSms
) -> None:
    address = booked(town, sms)

    def seen_at() -> datetime:
        (session,) = own_sessions(town.house.db, town.regulator.user_id, town.clock())
        return session.seen_at

    before = seen_at()
    town.clock.advance(minutes=2)
    assert "Set-Cookie" not in desk.client.get(address).headers
    assert seen_at() == before
    desk.get("/guide")  # any other page prolongs the session
    assert seen_at() == town.clock()


def test_looking_changes_nothing(somebody: Browser, house: House, town: Town, sms: FakeSms) -> None:
    address = booked(town, sms)
    before = events(house)

    for path in (address, f"{address}/annuler"):
        somebody.get(path)
    assert somebody.client.get(f"{address}/rendez-vous.ics").status_code == 200
    assert somebody.client.get(f"{address}/confirmer").status_code == 405

    assert events(house) == before


def test_the_patient_confirms(somebody: Browser, town: Town, sms: FakeSms) -> None:
    town.slot()
    request = town.request()
    keep_promises(town.house)
    page = somebody.get(link_to_page(sms))

    after = somebody.submit(page.form(f"{page.path}/confirmer"))

    assert "Votre venue est confirmée." in after.text
    assert not after.has_form(f"{page.path}/confirmer")
    appointment = town.the_appointment(request)
    assert appointment is not None
    assert appointment.status == "confirmed"


def test_cancelling_is_asked_first_then_frees_the_place_and_tells_the_practitioner(
    somebody: Browser, house: House, town: Town, sms: FakeSms
) -> None:
    volunteer = town.volunteer()
    slot = town.slot(volunteer)
    request = town.request()
    keep_promises(house)
    address = link_to_page(sms)

    question = somebody.get(f"{address}/annuler")
    assert question.h1 == "Annuler votre rendez-vous ?"
    assert town.the_appointment(request) is not None
    after = somebody.submit(question.form(f"{address}/annuler"))

    assert after.path == address
    assert after.h1 == "Votre rendez-vous est annulé"
    assert town.the_appointment(request) is None
    assert (town.the_slot(slot).taken, town.the_slot(slot).status) == (0, "open")
    assert town.the_request(request).attention == "patient_cancelled"
    keep_promises(house)
    told = sms.bodies_to("+33" + volunteer.phone[1:])
    assert "annulé" in told[-1]


def test_the_link_of_an_appointment_that_was_moved_says_so(
    somebody: Browser, house: House, town: Town, sms: FakeSms
) -> None:
    town.slot(hours=4)
    request = town.request()
    keep_promises(house)
    address = link_to_page(sms)
    move_appointment(house, town.regulator, request, BookSlot(slot=town.slot(hours=6)))
    keep_promises(house)

    page = somebody.get(address)
    assert "Ce rendez-vous a été déplacé" in page.text
    assert "est annulé" not in page.text
    assert "Ce rendez-vous a été déplacé" not in somebody.get(link_to_page(sms)).text


def test_cancelling_twice_is_cancelling_once(
    somebody: Browser, house: House, town: Town, sms: FakeSms
) -> None:
    address = booked(town, sms)
    question = somebody.get(f"{address}/annuler")
    somebody.submit(question.form(f"{address}/annuler"))
    before = events(house)

    again = somebody.submit(question.form(f"{address}/annuler"))

    assert again.h1 == "Votre rendez-vous est annulé"
    assert events(house) == before


def test_a_patient_whose_practitioner_cancelled_is_told_to_stay(
    somebody: Browser, house: House, town: Town, sms: FakeSms
) -> None:
    town.slot()
    request = town.request()
    keep_promises(house)
    address = link_to_page(sms)
    appointment = town.the_appointment(request)
    assert appointment is not None
    appointments.cancel_by_practitioner(house, town.regulator, appointment.id)

    page = somebody.get(address)

    assert "Ne vous déplacez pas" in page.text
    assert page.forms() == []
    assert somebody.get(f"{address}/annuler").path == address


def test_a_past_appointment_is_shown_as_past_and_cannot_be_changed(
    somebody: Browser, house: House, town: Town, sms: FakeSms, clock: FakeClock
) -> None:
    town.slot(hours=2, minutes=20)
    request = town.request()
    keep_promises(house)
    address = link_to_page(sms)
    question = somebody.get(f"{address}/annuler")
    clock.advance(hours=2, minutes=20)

    page = somebody.get(address)
    assert "Ce rendez-vous est passé." in page.text
    assert page.forms() == []
    assert f"{address}/annuler" not in page.links()
    somebody.submit(question.form(f"{address}/annuler"))
    somebody.client.post(f"{address}/confirmer")

    appointment = town.the_appointment(request)
    assert appointment is not None
    assert appointment.status == "booked"


def test_until_its_last_minute_it_can_be_cancelled(
    somebody: Browser, town: Town, sms: FakeSms, clock: FakeClock
) -> None:
    address = booked(town, sms, hours=2, minutes=20)
    clock.advance(hours=2, minutes=19)
    question = somebody.get(f"{address}/annuler")
    assert somebody.submit(question.form(f"{address}/annuler")).h1.endswith("est annulé")


@pytest.mark.parametrize("token", ["inconnu", "x" * 300, "%C3%A9", "..", "a b"])
def test_an_unknown_link_says_so_kindly(somebody: Browser, token: str) -> None:
    page = somebody.get(f"/r/{token}/annuler", status=404)
    assert page.h1 == "Ce lien n’est plus valable"


def test_a_link_is_used_up_a_week_after_its_appointment(
    somebody: Browser, town: Town, sms: FakeSms, clock: FakeClock, app: Flask
) -> None:
    address = booked(town, sms, hours=2, minutes=20)
    clock.advance(hours=2, minutes=20, seconds=LINK_LIFE.total_seconds() - 1)
    assert somebody.get(address).h1 == "Votre rendez-vous"

    clock.advance(seconds=1)

    assert somebody.get(address, status=404).h1 == "Ce lien n’est plus valable"
    for method, path in (
        ("GET", "/annuler"),
        ("POST", "/annuler"),
        ("POST", "/confirmer"),
        ("GET", "/rendez-vous.ics"),
    ):
        answer = app.test_client().open(address + path, method=method)
        assert answer.status_code == 404


def test_the_calendar_file_has_the_hour_in_the_territory_s_own_zone(
    somebody: Browser, house: House, clock: FakeClock, sms: FakeSms
) -> None:
    reunion = Town.found(house, clock, "reunion", "Indian/Reunion", "974", "03 53 01 00 02")
    reunion.slot(reunion.volunteer(commune=SAINT_DENIS), hours=2.5, minutes=20)
    reunion.request(patient={"commune": SAINT_DENIS})
    keep_promises(house)

    file = calendar_file(somebody, link_to_page(sms))

    (event,) = file.walk("VEVENT")
    # 08:00 UTC and two and a half hours, four hours ahead of UTC
    assert event["DTSTART"].dt == datetime(2026, 11, 23, 14, 30, tzinfo=ZoneInfo("Indian/Reunion"))
    assert event["DTSTART"].params["TZID"] == "Indian/Reunion"
    assert event["DTEND"].dt == datetime(2026, 11, 23, 10, 50, tzinfo=UTC)
    assert [zone["TZID"] for zone in file.walk("VTIMEZONE")] == ["Indian/Reunion"]
    assert str(event["SUMMARY"]) == "Rendez-vous"
    assert str(event["STATUS"]) == "CONFIRMED"


def test_the_calendar_file_of_a_cancelled_appointment_takes_the_entry_back(
    somebody: Browser, town: Town, sms: FakeSms
) -> None:
    address = booked(town, sms)
    before = calendar_file(somebody, address)
    somebody.submit(somebody.get(f"{address}/annuler").form(f"{address}/annuler"))

    after = calendar_file(somebody, address)

    assert (str(before["METHOD"]), str(after["METHOD"])) == ("PUBLISH", "CANCEL")
    (entry,), (taken_back,) = before.walk("VEVENT"), after.walk("VEVENT")
    assert entry["UID"] == taken_back["UID"]
    assert int(taken_back["SEQUENCE"]) > int(entry["SEQUENCE"])
    assert str(taken_back["STATUS"]) == "CANCELLED"


def test_the_link_of_one_appointment_opens_no_other(
    somebody: Browser, town: Town, sms: FakeSms
) -> None:
    first = booked(town, sms, hours=3)
    second = booked(town, sms, hours=6)
    somebody.submit(somebody.get(f"{first}/annuler").form(f"{first}/annuler"))
    assert somebody.get(second).h1 == "Votre rendez-vous"


def test_whoever_is_signed_in_is_not_noticed(desk: Browser, town: Town, sms: FakeSms) -> None:
    assert "Se déconnecter" not in desk.get(booked(town, sms)).text
