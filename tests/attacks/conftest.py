"""The whole site with its API in it."""

from collections.abc import Callable

import pytest
from flask import Flask

from dispatcher.api.room import room as api
from dispatcher.domain.roles import Account
from dispatcher.services.house import House
from dispatcher.web.application import create_app
from tests.web.pages import Browser


@pytest.fixture
def app(house: House) -> Flask:
    return create_app(house, guests=[api])


@pytest.fixture
def signed_in(app: Flask) -> Callable[[Account], Browser]:
    def open_browser(account: Account) -> Browser:
        browser = Browser(app)
        browser.be_signed_in(account)
        return browser

    return open_browser
