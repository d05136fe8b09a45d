"""What pages say when unscheduled care is not the CPTS's to answer.

The clock begins on Monday 23 November 2026 at 9 h.
"""

import re
from collections.abc import Callable

from dispatcher.domain.roles import Account, Role
from dispatcher.services.house import House
from dispatcher.services.settings import change_settings
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.web.pages import Browser

SAID = "Hors horaires SNP"


def test_by_day_nothing_is_said(desk: Browser) -> None:
    for path in ("/demandes", "/demandes/nouvelle"):
        assert SAID not in desk.get(path).text


def test_at_night_the_board_and_the_form_send_to_the_15_and_the_116_117(
    desk: Browser, clock: FakeClock
) -> None:
    clock.advance(hours=12)
    for path in ("/demandes", "/demandes/nouvelle"):
        page = desk.get(path)
        assert "Hors horaires SNP (nuit) : orientez vers le 15 ou le 116 117." in page.text
        assert "Les soins non programmés reprennent demain à 8 h." in page.text
        assert {"tel:15", "tel:116117"} <= set(page.links())


def test_the_board_says_so_by_itself_when_the_evening_comes(
    desk: Browser, clock: FakeClock
) -> None:
    etag = desk.get("/demandes").html.partition('data-live-etag="')[2].partition('"')[0]
    clock.advance(hours=12)
    assert SAID in desk.part("/demandes/tableau", etag.replace("&#34;", '"')).text


def test_each_reason_has_its_words_and_its_end(desk: Browser, clock: FakeClock) -> None:
    said = {}
    for days, name in ((5, "saturday"), (1, "sunday"), (26, "holiday")):
        clock.advance(days=days)  # Saturday 28th and Sunday 29th; then Christmas
        if name == "saturday":
            clock.advance(hours=6)
        text = desk.part("/demandes/tableau").text
        said[name] = text[text.index(SAID) : text.index("Ce territoire")]
    assert said["saturday"].startswith("Hors horaires SNP (samedi après-midi)")
    assert "reprennent après-demain à 8 h" in said["saturday"]
    assert said["sunday"].startswith("Hors horaires SNP (dimanche)")
    assert said["holiday"].startswith("Hors horaires SNP (jour férié)")
    assert "reprennent demain à 8 h" in said["holiday"]  # Saturday 26 December, in the morning


def test_the_banner_tells_whether_slots_outside_the_hours_are_used(
    house: House, town: Town, desk: Browser, clock: FakeClock
) -> None:
    clock.advance(hours=12)
    coordinator = town.account(Role.COORDINATOR)
    change_settings(house, coordinator, {"outside_hours": True})
    assert "utilise aussi les créneaux publiés hors horaires" in desk.get("/demandes").text
    change_settings(house, coordinator, {"outside_hours": False})
    assert "hors horaires ne sont pas utilisés" in desk.get("/demandes").text


def test_practitioners_see_it_where_they_publish(
    town: Town, clock: FakeClock, signed_in: Callable[[Account], Browser]
) -> None:
    browser = signed_in(town.account(Role.PRACTITIONER, town.volunteer()))
    assert SAID not in browser.get("/agenda/creneau").text
    clock.advance(hours=12)
    later = signed_in(town.account(Role.PRACTITIONER, town.volunteer()))
    assert SAID in later.get("/agenda/creneau").text


def test_patients_are_told_whom_to_call_in_their_own_words(
    town: Town, somebody: Browser, sms: FakeSms, clock: FakeClock
) -> None:
    town.slot(hours=30)
    town.request(need={"delay_hours": 48})
    keep_promises(town.house)
    link = next(
        found[0] for text in sms.taken if (found := re.search(r"/r/\S+", text.message.body))
    )
    assert "La régulation répond à nouveau" not in somebody.get(link).text
    clock.advance(hours=12)
    page = somebody.get(link)
    assert "La régulation répond à nouveau demain à 8 h. D’ici là" in page.text
    assert "appelez le 116 117" in page.text


def test_who_publishes_a_slot_that_the_territory_does_not_use_is_told(
    house: House, town: Town, signed_in: Callable[[Account], Browser]
) -> None:
    coordinator = town.account(Role.COORDINATOR)
    browser = signed_in(town.account(Role.PRACTITIONER, town.volunteer()))
    form = browser.get("/agenda/creneau").form("/agenda/creneau")
    evening = {"day": "2026-11-23", "start_time": "21:00"}
    change_settings(house, coordinator, {"outside_hours": False})
    page = browser.submit(form, evening)
    assert "hors horaires SNP (nuit) : votre territoire n’y adresse personne." in page.text
    change_settings(house, coordinator, {"outside_hours": True})
    page = browser.submit(form, evening | {"start_time": "22:00"})
    assert "n’y adresse personne" not in page.text
