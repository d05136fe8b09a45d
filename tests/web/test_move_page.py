"""The page that moves an appointment: what suits, one key, and back to the request."""

from dispatcher.services.house import House
from tests.builders import Town
from tests.houses import keep_promises
from tests.web.pages import Browser


def test_a_regulator_moves_an_appointment(house: House, town: Town, desk: Browser) -> None:
    town.slot(hours=4)
    asked = town.request()
    keep_promises(house)
    other = town.slot(hours=6)
    page = desk.get(f"/demandes/{asked}")
    assert f"/demandes/{asked}/deplacer" in page.html

    choices = desk.get(f"/demandes/{asked}/deplacer")
    assert choices.h1 == "Déplacer le rendez-vous"
    after = desk.submit(choices.form(f"/demandes/{asked}/deplacer"), {})

    assert "Rendez-vous déplacé : les SMS partent." in after.text
    appointment = town.the_appointment(asked)
    assert appointment is not None
    assert appointment.slot_id == other
    assert "déplacé" in after.text


def test_without_another_slot_the_page_says_so(house: House, town: Town, desk: Browser) -> None:
    town.slot(hours=4)
    asked = town.request()
    keep_promises(house)

    assert "Aucun autre créneau ne convient" in desk.get(f"/demandes/{asked}/deplacer").text


def test_the_period_that_the_appointment_has_is_not_proposed_again(
    house: House, town: Town, desk: Browser
) -> None:
    town.slot(hours=4, minutes=240, places=5)
    asked = town.request()
    keep_promises(house)
    page = desk.get(f"/demandes/{asked}/deplacer")

    assert "Aucun autre créneau ne convient" in page.text
    assert "Déplacer ici" not in page.text


def test_what_is_not_booked_has_no_such_page(town: Town, desk: Browser) -> None:
    asked = town.request()

    response = desk.client.get(f"/demandes/{asked}/deplacer")

    assert (response.status_code, response.location) == (303, f"/demandes/{asked}")
