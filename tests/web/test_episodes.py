"""A crisis in the administrator's browser, and the call on a doctor's telephone."""

from collections.abc import Callable

from dispatcher.domain.roles import Account, Role
from tests.builders import Town, Volunteer
from tests.services.tables import messages, text_of
from tests.web.pages import Browser

CRISIS = "/crise"


def test_from_opening_to_the_report(
    town: Town,
    doctor: Volunteer,
    desk: Browser,
    somebody: Browser,
    signed_in: Callable[[Account], Browser],
) -> None:
    boss = signed_in(town.account(Role.ADMINISTRATOR))
    form = boss.get(CRISIS).form(CRISIS)
    page = boss.submit(form, {"name": "Grippe", "radius_km": "loin"}, status=422)
    assert page.field_error("radius_km")
    assert page.form(CRISIS).values["name"] == "Grippe"
    page = boss.submit(form, {"name": "Grippe", "radius_km": "80"})
    assert page.h1 == "Grippe"
    assert "Personne n’a été appelé" in page.text
    again = boss.submit(form, {"name": "Grippe", "radius_km": "80"})
    assert "Un plan de crise est déjà ouvert" in again.text
    assert "Plan de crise en cours : Grippe" in desk.get("/demandes").text

    page = boss.submit(page.form(f"{page.path}/renforts"), {"professions": ["10"]})
    assert "Un professionnel appelé" in page.text
    assert "Sans réponse" in page.text
    (sms,) = messages(town.house, "reinforcement_call")
    link = "/renfort/" + text_of(town.house, sms).rpartition("/renfort/")[2]
    call = somebody.get(link)
    wrong = {"from": "14:00", "until": "9 h", "places": "beaucoup"}
    call = somebody.submit(call.form(link), wrong, status=422)
    assert call.field_error("until")
    assert call.field_error("places")
    assert call.form(link).values["from"] == "14:00"
    hours = {"from": "14:00", "until": "17:00", "places": "6"}
    assert "C’est publié" in somebody.submit(call.form(link), hours).text
    part = boss.part(f"{page.path}/suivi")
    assert "Vient" in part.text
    assert "de 14 h à 17 h, 6 places" in part.text
    boss.part(f"{page.path}/suivi", part.etag, status=304)
    assert "Vient" in desk.get(page.path).text
    assert not desk.get(page.path).has_form(f"{page.path}/fermer")

    page = boss.submit(page.form(f"{page.path}/fermer"))
    assert "Rapport de l’épisode" in page.text
    assert "Renforts appelés 1" in page.text
    assert "Plan de crise en cours" not in desk.get("/demandes").text
    assert "L’appel est terminé" in somebody.get(link).text
    somebody.get("/renfort/inconnu", status=404)
