"""The whole site with its API in it; every test of this folder belongs to the suite of attacks."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from dispatcher.api.room import room as api
from dispatcher.domain.roles import Account
from dispatcher.services.house import House
from dispatcher.web.application import create_app
from tests.web.pages import Browser

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Pytest hands over what it has collected everywhere."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("attacks")


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
