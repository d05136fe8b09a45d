"""A route that says nothing of who may open it is not served."""

import pytest
from flask import Blueprint, Flask

from dispatcher.services.house import House
from dispatcher.web import access, rooms
from dispatcher.web.application import create_app
from tests.web.pages import Browser


def test_a_room_whose_route_has_no_rule_is_not_served(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Blueprint("forgotten", __name__)
    room.add_url_rule("/oubliee", "page", lambda: "secret")
    known = rooms.of(house)
    monkeypatch.setattr(rooms, "of", lambda _house: [*known, room])
    with pytest.raises(access.UnruledRouteError, match=r"forgotten\.page"):
        create_app(house)


def test_a_route_without_a_rule_refuses_even_if_it_slips_in(app: Flask, desk: Browser) -> None:
    app.view_functions["desk.board"] = lambda: "secret"
    assert desk.client.get("/demandes").status_code == 403


def test_a_rule_must_name_somebody_or_say_why() -> None:
    with pytest.raises(ValueError, match="role"):
        access.allow()
    with pytest.raises(ValueError, match="why"):
        access.open_to_everybody("")
