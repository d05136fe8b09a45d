"""What a practitioner sees and does behind the link of an SMS, on any telephone."""

from datetime import timedelta

import pytest
from icalendar import Calendar

from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.services.own_links import ask_practitioners_now, latest_secret
from tests.services.tables import row_counts
from tests.web.pages import Browser


@pytest.fixture
def address(town: Town, doctor: Volunteer, sms: FakeSms) -> str:
    """Where the notice of an appointment at 14 h 30 leads."""
    motive = next(iter(town.house.catalogue.motives.values()))
    town.slot(doctor, hours=5.5)
    town.request(
        patient={"last_name": "Secret", "first_name": "Prudence"},
        need={"motive": motive.code, "note": "une note"},
    )
    keep_promises(town.house)
    return f"/p/{latest_secret(sms, doctor)}"


@pytest.fixture
def closing(town: Town, doctor: Volunteer, sms: FakeSms, clock: FakeClock, address: str) -> str:
    """Where the question of the next morning leads."""
    del address
    clock.advance(hours=23)
    ask_practitioners_now(town.house, clock)
    return f"/p/{latest_secret(sms, doctor)}"


def test_the_notice_leads_to_who_comes_and_when(somebody: Browser, address: str) -> None:
    page = somebody.get(address)
    for said in ("14 h 30", "Prudence SECRET", "Dr Anne Vuillet", "une note", "CPTS jura"):
        assert said in page.text, said
    assert "Venu" not in page.text


def test_looking_changes_nothing_and_no_get_acts(
    somebody: Browser, town: Town, address: str
) -> None:
    before = row_counts(town.house)
    somebody.get(address)
    somebody.get(f"{address}/annuler")
    assert somebody.client.get(f"{address}/presence").status_code == 405
    # but that the patient's file was opened, once in this hour
    assert row_counts(town.house) == before | {"file_openings": 1}


def test_cancelling_asks_first_and_then_hides_the_patient(
    somebody: Browser, town: Town, address: str
) -> None:
    page = somebody.get(f"{address}/annuler")
    assert page.h1 == "Annuler ce rendez-vous ?"
    page = somebody.submit(page.form(f"{address}/annuler"))
    assert page.h1 == "Rendez-vous annulé"
    assert "Vous avez annulé" in page.text
    for hidden in ("Prudence", "SECRET", "une note", "06 39"):
        assert hidden not in page.text, hidden
    again = somebody.client.post(f"{address}/annuler")
    assert again.status_code == 303
    assert somebody.get(f"{address}/annuler").path == address  # nothing is left to cancel


def test_from_its_hour_on_the_page_asks_who_came(
    somebody: Browser, clock: FakeClock, address: str
) -> None:
    clock.advance(hours=6)
    page = somebody.get(address)
    assert "Je ne peux pas recevoir" not in page.text
    came, _ = (form for form in page.forms() if form.action.endswith("/presence"))
    page = somebody.submit(came)
    assert "Venu" in page.text
    assert [form.values["status"] for form in page.forms()] == ["no_show"]  # corrects a slip
    assert somebody.client.post(f"{address}/presence", data={"status": "x"}).status_code == 400


def test_the_calendar_file_names_nobody(somebody: Browser, town: Town, address: str) -> None:
    answer = somebody.client.get(f"{address}/rendez-vous.ics")
    (event,) = Calendar.from_ical(answer.get_data()).walk("VEVENT")
    assert event.decoded("dtstart").isoformat() == "2026-11-23T14:30:00+01:00"
    assert str(event["summary"]).startswith("SNP n°")
    motive = next(iter(town.house.catalogue.motives.values()))
    for secret in ("Secret", "Prudence", "SECRET", "une note", motive.label, "06 39", "/p/"):
        assert secret not in answer.get_data(as_text=True), secret


def test_the_next_morning_is_answered_line_by_line(
    somebody: Browser, town: Town, closing: str
) -> None:
    page = somebody.get(closing)
    assert page.h1 == "Venu ou non venu ?"
    assert "Un rendez-vous reste à noter" in page.text
    assert "P. S." in page.text
    for hidden in ("Prudence", "Secret", "SECRET", "une note", "06 39"):
        assert hidden not in page.text, hidden
    _, missed = (form for form in page.forms() if form.action.endswith("/presence"))
    page = somebody.submit(missed)
    assert "Tout est noté, merci." in page.text
    assert "Non venu" in page.text
    assert somebody.client.get(f"{closing}/annuler").status_code == 404
    assert somebody.client.get(f"{closing}/rendez-vous.ics").status_code == 404
    forged = {"status": "fulfilled", "appointment": "x"}
    assert somebody.client.post(f"{closing}/presence", data=forged).status_code == 404


def test_a_link_that_is_wrong_or_too_old_says_the_same(
    somebody: Browser, clock: FakeClock, closing: str
) -> None:
    wrong = somebody.get("/p/inconnu", status=404)
    assert wrong.h1 == "Ce lien n’est plus valable"
    clock.advance(seconds=timedelta(days=3).total_seconds())
    assert somebody.get(closing, status=404).text == wrong.text
    posted = somebody.client.post(f"{closing}/presence", data={"status": "fulfilled"})
    assert posted.status_code == 404


def test_no_page_sets_a_cookie_is_indexed_or_passes_its_address_on(
    somebody: Browser, address: str
) -> None:
    for path in (address, f"{address}/annuler", f"{address}/rendez-vous.ics", "/p/inconnu"):
        answer = somebody.client.get(path)
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"


def test_tomorrow_s_hours_are_published_with_one_tap(
    somebody: Browser,
    telephone: Browser,
    town: Town,
    doctor: Volunteer,
    sms: FakeSms,
    clock: FakeClock,
) -> None:
    own = "/agenda/modeles"
    form = telephone.get(f"{own}/nouveau").form(f"{own}/nouveau")
    typed = {"weekdays": ["1", "2"], "start_1": "14:00", "end_1": "15:00", "asks_first": "1"}
    page = telephone.submit(form, typed)
    assert "à confirmer chaque veille" in page.text
    assert "aucun nouveau créneau" in page.text

    clock.advance(hours=9)
    ask_practitioners_now(town.house, clock)
    address = f"/p/{latest_secret(sms, doctor)}"
    before = row_counts(town.house)
    page = somebody.get(address)
    assert row_counts(town.house) == before
    assert page.h1 == "Publier vos créneaux ?"
    assert "mardi 24 novembre" in page.text
    assert "3 créneaux" in page.text
    page = somebody.submit(page.form(f"{address}/publier"))
    assert "C’est publié : 3 créneaux." in page.text
    for verb in ("presence", "annuler"):
        posted = somebody.client.post(f"{address}/{verb}", data={"status": "fulfilled"})
        assert posted.status_code == 404

    template = next(
        link
        for link in telephone.get(own).links()
        if link.startswith(f"{own}/") and "nouveau" not in link
    )
    page = telephone.get(template)
    assert "Mardi 24 novembre 3 créneaux" in page.text
    assert "Mercredi 25 novembre à confirmer" in page.text
    page = telephone.submit(page.form(f"{template}/publier"))
    assert "Mercredi 25 novembre : 3 créneaux publiés." in page.text
