"""The site over a town, and people in front of it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from dispatcher.domain import sessions
from dispatcher.domain.roles import Account, Role
from dispatcher.services.house import House
from dispatcher.web.application import create_app
from tests.builders import Town, Volunteer
from tests.web.pages import Browser


@pytest.fixture(autouse=True)
def sessions_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is signed out, or asked again, because a test's clock goes on to another day."""
    for limit in ("IDLE", "LONGEST", "PROVED_FOR"):
        monkeypatch.setattr(sessions, limit, timedelta(days=400))


@pytest.fixture
def app(house: House) -> Flask:
    """The site, form tokens and sign-in limits in force."""
    return create_app(house)


@pytest.fixture
def somebody(app: Flask) -> Browser:
    """Who has not signed in."""
    return Browser(app)


@pytest.fixture
def signed_in(app: Flask) -> Callable[[Account], Browser]:
    """A browser of its own for each account."""

    def open_browser(account: Account) -> Browser:
        browser = Browser(app)
        browser.be_signed_in(account)
        return browser

    return open_browser


@pytest.fixture
def desk(town: Town, signed_in: Callable[[Account], Browser]) -> Browser:
    """The town's regulator at work."""
    return signed_in(town.regulator)


@pytest.fixture
def doctor(town: Town) -> Volunteer:
    """Dr Anne Vuillet, volunteer in Lons-le-Saunier."""
    return town.volunteer(last_name="Vuillet")


@pytest.fixture
def telephone(town: Town, doctor: Volunteer, signed_in: Callable[[Account], Browser]) -> Browser:
    """Her telephone."""
    return signed_in(town.account(Role.PRACTITIONER, doctor))
