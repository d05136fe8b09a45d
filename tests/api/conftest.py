"""The application with the API in it, and somebody who calls it."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dispatcher.api.room import room
from dispatcher.services.house import House
from dispatcher.web.application import create_app
from tests.api.caller import Caller
from tests.builders import LONS, Town


@pytest.fixture
def app(house: House) -> Flask:
    return create_app(house, guests=[room])


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def regulator(client: FlaskClient, town: Town) -> Caller:
    return Caller.of(client, town, town.regulator)


@pytest.fixture
def asked(town: Town) -> dict[str, Any]:
    """The body of DESIGN's `POST /api/v1/requests`, for this town."""
    return {
        "territory": town.code,
        "patient": {
            "last_name": "Essai",
            "first_name": "Camille",
            "birth_date": "1950-02-03",
            "phone": "06 39 98 00 01",
            "commune": LONS,
            "has_gp": False,
            "gp": None,
        },
        "need": {
            "profession": "10",
            "specialty": None,
            "modalities": ["AMB"],
            "motive": None,
            "note": "fièvre depuis hier",
            "delay_hours": 24,
            "earliest": None,
        },
        "origin": "SAS",
        "regulated": {"by": None, "at": None},
    }
