"""What people type comes back as text: in spreadsheets, pages, SMS, mail and headers."""

import ast
import csv
import io
import re
import uuid
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from config.settings import Smtp
from config.sms_texts import SHAPES, faults_of, fill
from dispatcher.domain.roles import Account, Role
from dispatcher.gateways.email import Attachment, OutgoingEmail, SmtpEmail
from dispatcher.papers.spreadsheets import FORMULA_SIGNS, Sheet, csv_of, workbook_of
from dispatcher.services.commands import FoundTerritory, RegisterPlace, RegisterPractitioner
from dispatcher.services.house import House
from dispatcher.services.receiving import receive_message
from dispatcher.web.paths import safe_path
from tests.builders import LONS, PASSWORD, Town
from tests.houses import keep_promises
from tests.web.pages import Browser

one_engine = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ROOT = Path(__file__).resolve().parents[2]
FORMULA = "=HYPERLINK(A1)"
SCRIPT = "<script>alert(1)</script>"
BREAKING_OUT = ('"><img src=x onerror=alert(1)>', "{{7*7}}", "{% raw %}", "${7*7}", "javascript:1")
SOME = settings(max_examples=60, deadline=None, derandomize=True)
EXPORTS = (
    "/activite.csv",
    "/activite/indicateurs.csv",
    "/activite.xlsx",
    "/paiements/export.csv?mois=2026-10",
    "/paiements/export.xlsx?mois=2026-10",
)


def cells_of(content: bytes) -> list[str]:
    """Every text of a CSV or a workbook."""
    if not content.startswith(b"PK"):
        return [
            c
            for row in csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";")
            for c in row
        ]
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        parts = [ET.fromstring(book.read(n)) for n in book.namelist() if n.endswith(".xml")]  # noqa: S314 - ours
    return [e.text or "" for part in parts for e in part.iter() if e.tag.endswith("}t")]


def formulas_in(content: bytes) -> list[str]:
    """What a spreadsheet would reckon."""
    if not content.startswith(b"PK"):
        figure = re.compile(r"-?\d+(,\d+)?")
        return [
            c for c in cells_of(content) if c.startswith(FORMULA_SIGNS) and not figure.fullmatch(c)
        ]
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheets = [book.read(name) for name in book.namelist() if "worksheets" in name]
    return [found.decode() for sheet in sheets for found in re.findall(rb"<f[ >].*?</f>", sheet)]


# Spreadsheets


@SOME
@given(
    st.sampled_from(FORMULA_SIGNS),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
)
def test_no_text_begins_as_a_formula(sign: str, rest: str) -> None:
    for content in (csv_of([[sign + rest]]), workbook_of([Sheet("F", ["T"], [[f"={rest}"]])])):
        assert formulas_in(content) == []


@one_engine
def test_every_export_tells_a_planted_formula_as_text(
    house: House, town: Town, signed_in: Callable[[Account], Browser]
) -> None:
    planted = town.volunteer(last_name=FORMULA, first_name=f"@{FORMULA}")
    town.slot(planted)
    town.request()
    keep_promises(house)
    office = signed_in(town.account(Role.COORDINATOR))
    page = office.get("/paiements")
    rate = page.form("/paiements/tarifs")
    office.submit(
        rate, {"basis": "regulation_hour", "rate": "90", "first_month": "2026-10"}, status=200
    )
    seen = 0
    for path in EXPORTS:
        content = office.client.get(path).get_data()
        assert cells_of(content), path
        assert formulas_in(content) == [], path
        seen += content.startswith(b"PK")
    assert seen == 2


def test_every_spreadsheet_of_the_house_is_written_in_one_place() -> None:
    """A second writer of CSV or workbooks would have to remember all of it."""
    writers = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "dispatcher").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr in {"writer", "DictWriter", "Workbook"})
        and isinstance(node.value, ast.Name)
        and node.value.id in {"csv", "xlsxwriter"}
    }
    assert writers == {"dispatcher/papers/spreadsheets.py"}


def test_the_check_finds_a_formula() -> None:
    assert formulas_in(f"a;{FORMULA}\r\n".encode()) == [FORMULA]


# Texts of one's own


@SOME
@given(st.text(max_size=60), st.sampled_from(sorted(SHAPES)))
def test_a_text_is_filled_once_and_runs_nothing(said: str, kind: str) -> None:
    """What stands in a value is never read as a placeholder."""
    names = sorted(SHAPES[kind].allowed)
    values = dict.fromkeys(names, f"{{{names[0]}}}{said}x")
    for name in names:
        assert fill(kind, f"{{{name}}}", values) == values[name].strip()


@pytest.mark.parametrize(
    "attack",
    [
        "{{7*7}}",
        "{day.__class__}",
        "{0}",
        "{day!r}",
        "{day:>99999999}",
        "{% if 1 %}",
        "{",
        "}",
        "{}",
    ],
)
def test_a_text_that_wants_more_than_its_placeholders_is_refused(attack: str) -> None:
    whole = "{sender} : venez {day} {time}, {address}. {phone} {link} Sinon, le 15. "
    assert faults_of("confirmation", "fr", whole) == []
    assert faults_of("confirmation", "fr", whole + attack) != []


# Pages


@one_engine
def test_what_people_write_is_text_on_every_page(
    house: House, town: Town, app: Flask, signed_in: Callable[[Account], Browser]
) -> None:
    names = [SCRIPT, *BREAKING_OUT]
    desk = signed_in(town.regulator)
    town.slot(hours=3)
    requests = [
        town.request(
            patient={"last_name": name, "first_name": name, "birth_date": date(1950, 1, day)},
            need={"note": name},
        )
        for day, name in enumerate(names, 1)
    ]
    keep_promises(house)
    for name in names:
        receive_message(house, "+33639980001", name, f"SM{uuid.uuid4().hex}")
    pages = ["/demandes", "/releve", "/messages", *(f"/demandes/{each}" for each in requests)]
    for path in pages:
        answer = desk.client.get(path)
        if answer.status_code == 404:
            continue
        html = answer.get_data(as_text=True)
        assert answer.status_code == 200, path
        assert SCRIPT not in html, path
        assert "<img src=x" not in html, path
        assert "49" not in re.findall(r"\b49\b", html) or "{{7*7}}" in html, path
        assert not re.search(r'href="javascript:', html), path
    last = desk.client.get(f"/demandes/{requests[0]}").get_data(as_text=True)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in last.lower()
    assert app.jinja_env.autoescape


def test_no_template_says_that_a_text_is_safe() -> None:
    """`|safe` would take a person's text for ours."""
    templates = (ROOT / "dispatcher" / "templates").rglob("*.html")
    found = {
        p.name
        for p in templates
        if re.search(r"\|\s*safe\b|autoescape false", p.read_text("utf-8"))
    }
    assert found == set()


# Headers


def an_email(**changes: object) -> OutgoingEmail:
    values: dict[str, object] = {
        "email_id": uuid.UUID(int=1),
        "to": "anne@exemple.fr",
        "subject": "Rapport",
        "body": "Bonjour.\n",
        "sender_name": "CPTS",
        "written_at": datetime(2026, 11, 23, tzinfo=UTC),
    }
    return OutgoingEmail(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("field", ["to", "subject", "sender_name", "attachment"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_no_name_adds_a_header_to_an_email(field: str, end: str) -> None:
    attack = f"x{end}Bcc: autre@exemple.fr{end}{end}corps"
    value: object = attack
    if field == "attachment":
        value = Attachment(attack, "text/plain", b"x")
    gateway = SmtpEmail(Smtp("127.0.0.1", 25, "none", None, "", "snp@example.org"))
    try:
        written = gateway._written(an_email(**{field: value})).as_bytes()
    except ValueError:
        return
    heads = re.findall(rb"(?im)^([a-z-]+):", written)
    assert b"bcc" not in {each.lower() for each in heads}


@pytest.mark.parametrize("sign", ["\r\nBcc: x", "\n", "\r", "\0", "\x1b[31m", "\u2028"])
def test_no_name_of_a_person_or_a_territory_holds_a_sign_of_control(sign: str) -> None:
    place = RegisterPlace(label="Cabinet", address="1 rue", postcode="39000", commune=LONS)
    with pytest.raises(ValidationError):
        FoundTerritory(
            code="jura", name=f"CPTS{sign}x", timezone="Europe/Paris", department="39", phone="15"
        )
    with pytest.raises(ValidationError):
        RegisterPractitioner(
            profession="10", last_name=f"A{sign}x", first_name="B", phone="0639980001",
            places=[place],
        )  # fmt: skip


ASTRAY = (
    "//ailleurs.example", "///ailleurs.example", "https://ailleurs.example", "/\\ailleurs.example",
    "\\\\ailleurs.example", "/\t/ailleurs.example", "javascript:alert(1)", "/\r\nSet-Cookie: a=b",
    " //ailleurs.example", "http:ailleurs.example", "/%0d%0aSet-Cookie:%20a=b",
    "/@ailleurs.example",
)  # fmt: skip


@one_engine
@pytest.mark.parametrize("wanted", ASTRAY)
def test_signing_in_leads_nowhere_else(app: Flask, town: Town, wanted: str) -> None:
    browser = Browser(app)
    form = browser.get("/connexion").form("/connexion")
    answer = browser.send(
        form, {"login": town.regulator.login, "password": PASSWORD, "next": wanted}
    )
    assert answer.status_code == 302
    there = urljoin("https://snp.example.org/connexion", answer.headers["Location"])
    assert urlsplit(there).netloc == "snp.example.org"
    assert "Set-Cookie: a=b" not in str(answer.headers)


@SOME
@given(st.text(st.sampled_from("/\\.:@?#ab \t\r\n%0"), max_size=12))
def test_a_safe_path_stays_here(wanted: str) -> None:
    if path := safe_path(wanted):
        there = urlsplit(urljoin("https://snp.example.org/connexion", path))
        assert (there.scheme, there.netloc) == ("https", "snp.example.org")
