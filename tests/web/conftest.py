"""The site over a town, and people in front of it."""

from collections.abc import Callable

import pytest
from flask import Flask

from dispatcher.domain.roles import Account
from dispatcher.services.house import House
from dispatcher.web.application import create_app
from tests.builders import Town
from tests.web.pages import Browser


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
        browser.sign_in(account)
        return browser

    return open_browser


@pytest.fixture
def desk(town: Town, signed_in: Callable[[Account], Browser]) -> Browser:
    """The town's regulator at work."""
    return signed_in(town.regulator)
