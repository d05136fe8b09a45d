"""What templates name exists, and no template lies about unused."""

import dataclasses
import re
from pathlib import Path

import pytest
from flask import Flask

from dispatcher.domain.errors import UnavailableError
from dispatcher.services import sessions
from dispatcher.services.house import House
from dispatcher.web.application import create_app
from tests.houses import settings_for
from tests.web.pages import Browser

ROOT = Path(__file__).resolve().parents[2] / "dispatcher"
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
ENDPOINT = re.compile(r"""url_for\(\s*["']([\w.]+)["']""")
ASSET = re.compile(r"""url_for\(["']static["'],\s*filename=["']([^"']+)["']""")
NAMED = re.compile(r"""["']([\w/]+\.html)["']""")


def templates() -> dict[str, str]:
    return {
        str(path.relative_to(TEMPLATES)): path.read_text(encoding="utf-8")
        for path in sorted(TEMPLATES.rglob("*.html"))
    }


@pytest.fixture
def demonstration(house: House, tmp_path: Path) -> Flask:
    """The site with every room that there can be."""
    settings = settings_for(house.settings.database_url, demonstration_directory=tmp_path)
    return create_app(dataclasses.replace(house, settings=settings))


def test_every_address_that_a_template_names_is_served(demonstration: Flask) -> None:
    for name, text in templates().items():
        unknown = set(ENDPOINT.findall(text)) - set(demonstration.view_functions)
        assert not unknown, name


def test_every_asset_that_a_template_names_is_there() -> None:
    for name, text in templates().items():
        missing = [asset for asset in ASSET.findall(text) if not (STATIC / asset).is_file()]
        assert not missing, name


def test_every_template_is_used() -> None:
    code = [path.read_text(encoding="utf-8") for path in (ROOT / "web").glob("*.py")]
    named = {name for text in (*code, *templates().values()) for name in NAMED.findall(text)}
    assert set(templates()) <= named


def test_these_checks_find_what_is_missing() -> None:
    assert ENDPOINT.findall("{{ url_for('gone.page', x=1) }}") == ["gone.page"]
    assert ASSET.findall("url_for('static', filename='css/gone.css')") == ["css/gone.css"]
    assert NAMED.findall('{% include "gone/part.html" %}') == ["gone/part.html"]


def test_a_database_that_is_away_is_told_on_a_page(
    desk: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise UnavailableError

    monkeypatch.setattr(sessions, "session_of", away)
    page = desk.get("/demandes", status=503)
    assert page.h1 == "Service indisponible"
    assert page.response.headers["Retry-After"] == "5"


def test_a_mistake_of_ours_is_told_with_a_reference_and_without_its_cause(
    desk: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("le secret")

    monkeypatch.setattr("dispatcher.reads.board.board_requests", broken)
    page = desk.get("/demandes", status=500)
    assert page.h1 == "Une erreur est survenue"
    assert "le secret" not in page.html
    assert page.response.headers["X-Request-ID"] in page.text
