"""What belongs to another territory is not there, whatever one may do in one's own."""

import uuid
from collections.abc import Callable

from dispatcher.domain.roles import Account, Role
from dispatcher.services.house import House
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.web.pages import Browser


def test_a_request_of_another_territory_is_not_there(
    house: House,
    clock: FakeClock,
    town: Town,
    desk: Browser,
    signed_in: Callable[[Account], Browser],
) -> None:
    elsewhere = Town.found(house, clock, code="doubs", department="25")
    foreign, own = elsewhere.request(), town.request()
    neighbour = signed_in(elsewhere.regulator)
    assert neighbour.get(f"/demandes/{foreign}").status == 200
    assert desk.get(f"/demandes/{foreign}", status=404).h1 == "Page introuvable"
    desk.part(f"/demandes/{foreign}/suivi", status=404)
    token = desk.get(f"/demandes/{own}").form("/deconnexion").values["csrf_token"]
    posts = {
        "reserver": {"slot": str(uuid.uuid4())},
        "deplacer": {"slot": str(uuid.uuid4())},
        "annuler": {"by": "regulator"},
        "reorienter": {"to": "15"},
        "sans-solution": {"reason": "OTHER"},
        "issue": {"status": "fulfilled"},
        "relancer": {},
        "elargir": {"radius_km": "50"},
        "solliciter": {},
        "reprendre": {},
        "appele": {},
    }
    for verb, fields in posts.items():
        response = desk.client.post(
            f"/demandes/{foreign}/{verb}", data={"csrf_token": token, **fields}
        )
        assert response.status_code == 404, verb
    assert elsewhere.the_request(foreign).status == "searching"


def test_accounts_of_another_territory_are_not_there(
    house: House, clock: FakeClock, town: Town, signed_in: Callable[[Account], Browser]
) -> None:
    elsewhere = Town.found(house, clock, code="doubs", department="25")
    browser = signed_in(town.account(Role.ADMINISTRATOR))
    page = browser.get("/administration")
    assert elsewhere.regulator.login not in page.text
    token = page.form("/deconnexion").values["csrf_token"]
    for verb in ("acces", "mot-de-passe"):
        response = browser.client.post(
            f"/administration/comptes/{elsewhere.regulator.user_id}/{verb}",
            data={"csrf_token": token, "active": "0"},
        )
        assert response.status_code == 404, verb
    assert elsewhere.user(elsewhere.regulator).active
