"""Every form of the site, sent with another territory's row wherever it names one of ours.

The forms are those that the pages show: a new field that holds an id is walked by itself. The
answer is that for an id which nobody has, and no row of ours names one of theirs afterwards.
"""

import ast
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID
from xml.etree.ElementTree import Element

import pytest
from flask import request
from sqlalchemy import select

from dispatcher.domain.roles import Role
from dispatcher.services.commands import Shape
from dispatcher.storage.columns import Record
from dispatcher.storage.requests import CareRequest
from dispatcher.web.posted import id_in
from tests.web.pages import parse
from tests.web.walking import Walk, Walker, pages_of, told

WEB = Path(__file__).parents[2] / "dispatcher" / "web"
OF_NO_ROW = {
    "call": "made up by the page of a new request: a hold is kept under it",
    "in_hand": "only compared with who has the request in hand",
}
"""Ids that are posted and name nothing that is read."""
NEED = {
    "patient.last_name": "Essai",
    "patient.first_name": "Camille",
    "patient.birth_date": "03/02/1950",
    "patient.phone": "06 39 98 99 01",
    "patient.commune": "39300",
    "patient.commune_text": "Lons-le-Saunier",
    "patient.gp_choice": "none",
    "need.delay_hours": "48",
    "origin": "SAS",
}
TYPED: Mapping[str, Mapping[str, str]] = {
    "desk.enter_request": NEED,
    "beside.beside": NEED,
    "requesters.ask": NEED,
    "payments.note": {"hours": "2", "on": "2026-11-20"},
}
"""What a form wants typed before it looks at the rows that it names."""
ORDERS = {
    "/demandes/nouvelle/en-direct: patient.gp_choice (practitioners)": "whose slots come first",
}
"""Fields whose row changes nothing that a town of two slots could show."""
SHOWN_AS = {"gp": "patient.gp_choice", "excluded_practitioners": "need.excluded_practitioners"}
"""Fields of commands under the names that forms have for them."""
READ_OTHERWISE = {
    "access.py": "the session and the practitioner acted for, out of the signed cookie",
    "concerned.py": "fate-… of appointments: `clear` heeds those that it asked about alone",
    "desk.py": "requests that a refusal names, all of the caller's territory",
    "posted.py": "what reads the others",
    "requesters.py": "requests that a refusal names, shown where they are the practice's own",
    "second_factor.py": "who is halfway in, out of the signed cookie",
}
"""Files of the site that make an id of a text, and of which."""
BEHIND_LINKS = {"dispatcher.web.linked": "dispatcher.web.agenda"}
"""Modules whose pages need a link instead of an account; tests/services/test_linked_acts.py says
that what they post belongs to the link."""
FILLED_IN = {
    "desk.enter_request": {"slot": "slot_id", "lost_slot": "slot_id"},
    "practitioner.close_slot": {"slot": "slot_id"},
    "ways_out.book": {"slot": "slot_id"},
}
"""Fields that a script fills in when a button is pressed."""
NEW_REQUEST = "/demandes/nouvelle"
_IDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


Controls = list[tuple[str, str, bool]]


@dataclass(frozen=True)
class Field:
    """A field of a form that names a row of ours."""

    page: str
    action: str
    values: dict[str, list[str]]
    """What the form sends as it stands."""
    name: str
    row: UUID
    table: str

    def __str__(self) -> str:
        return f"{_IDS.sub('…', self.action)}: {self.name} ({self.table})"


def controls(root: Element, form: Element) -> Iterator[tuple[str, str, bool]]:
    """Name and value of all that can be sent, and whether it is as the page stands."""
    apart = [
        each for each in root.iter() if "id" in form.attrib and each.get("form") == form.get("id")
    ]
    for control in [*form.iter(), *apart]:
        name, kind = control.get("name", ""), control.get("type", "")
        if control.tag == "select":
            options = list(control.iter("option"))
            first = [each for each in options if "selected" in each.attrib] or options[:1]
            for option in options:
                yield name, option.get("value", option.text or ""), option in first
        elif control.tag == "textarea":
            yield name, control.text or "", True
        elif control.tag in {"input", "button"} and name:
            is_sent = kind not in {"radio", "checkbox"} or "checked" in control.attrib
            yield name, control.get("value", "on"), is_sent and control.tag == "input"


def forms_of(walk: Walk, walker: Walker) -> Iterator[tuple[str, str, Controls]]:
    """The page, the address and the controls of every form that posts."""
    for page in pages_of(walk, walker):
        response = walker.open("GET", page)
        if response.mimetype != "text/html":
            continue
        root, _ = parse(response.get_data(as_text=True))
        for form in root.iter("form"):
            if form.get("method", "get").lower() == "post":
                yield page, form.get("action", ""), list(controls(root, form))


def fields_of(walk: Walk, walker: Walker, tables: Mapping[UUID, str]) -> list[Field]:
    """One of each address, name and table, the row that the town tells of where there is one."""
    assert walker.town is not None
    told_of = set(walker.town.rows.values())
    found: dict[str, Field] = {}
    for page, action, known in forms_of(walk, walker):
        sent: dict[str, list[str]] = {}
        for name, value, is_sent in known:
            if is_sent:
                sent.setdefault(name, []).append(value)
        for name, row in FILLED_IN.get(endpoint_of(walk, action), {}).items():
            known.append((name, str(walker.town.rows[row]), False))
        actions = [action]
        if action == NEW_REQUEST:  # what is typed goes elsewhere too
            actions.append(f"{NEW_REQUEST}/en-direct")
        for name, value, _ in known:
            named = id_in(value)
            for to in actions if named in tables else []:
                assert named is not None
                field = Field(page, to, sent, name, named, tables[named])
                if str(field) not in found or named in told_of:
                    found[str(field)] = field
    return list(found.values())


def tables_of(walk: Walk) -> dict[UUID, str]:
    """Which table has a row of that id."""
    with walk.house.db.reading() as session:
        return {
            found: table.name
            for table in Record.metadata.sorted_tables
            if "id" in table.c
            for found in session.scalars(select(table.c.id))
            if isinstance(found, UUID)
        }


def endpoint_of(walk: Walk, action: str) -> str:
    """The name of the route that a form goes to."""
    endpoint: str = walk.app.url_map.bind("localhost").match(action, method="POST")[0]
    return endpoint


def rows_in(kept: str) -> int:
    return kept.count("INSERT INTO")


def times_named(walk: Walk, row: UUID) -> int:
    """How often the database holds an id, whatever for."""
    kept = walk.kept()
    return kept.count(row.hex) + kept.count(str(row))


def faults_of(walk: Walk, walker: Walker, field: Field, foreign: UUID) -> list[str]:
    """What is wrong with how a form is answered that names `foreign`, a row of theirs."""
    typed = {
        name: [value] for name, value in TYPED.get(endpoint_of(walk, field.action), {}).items()
    }
    answers, before = {}, times_named(walk, foreign)
    for whose, row in (("ours", field.row), ("nobody's", uuid.uuid4()), ("theirs", foreign)):
        values = field.values | typed | {"csrf_token": [walker.token], field.name: [str(row)]}
        with walk.undone():
            kept = walk.kept()
            answer = told(walker.open("POST", field.action, values), {"": row})
            answers[whose] = (*answer, rows_in(walk.kept()) - rows_in(kept), walk.kept() == kept)
            if times_named(walk, foreign) > before:
                return [f"{walker.name}, {field}: theirs is written down"]
    if answers["theirs"] != answers["nobody's"]:
        return [f"{walker.name}, {field}: theirs can be told from nobody's"]
    if answers["ours"] == answers["nobody's"] and str(field) not in ORDERS:
        return [f"{walker.name}, {field}: is not looked at, so nothing is shown"]
    return []


def test_no_form_takes_a_row_of_another_territory(walk: Walk) -> None:
    tables = tables_of(walk)
    theirs = {tables[row]: row for row in walk.theirs.rows.values()}
    faults, met = [], set()
    for walker in walk.outsiders[1:]:
        for field in fields_of(walk, walker, tables):
            view = walk.app.view_functions[endpoint_of(walk, field.action)]
            met |= {(view.__module__, field.name), ("", field.name)}
            faults += faults_of(walk, walker, field, theirs[field.table])
    assert not faults, "\n".join(faults)
    assert {each for each in read_as_ids() if each[1] not in OF_NO_ROW} - met == set()


def read_as_ids() -> set[tuple[str, str]]:
    """The fields that the code reads as ids, with its module; those of commands with none."""
    posted = {
        (BEHIND_LINKS.get(module, module), call.args[0].value)
        for file in WEB.glob("*.py")
        for module in [f"dispatcher.web.{file.stem}"]
        for call in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in {"posted_id", "the_posted_id"}
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }
    return posted | {
        ("", SHOWN_AS.get(name, name))
        for shape in shapes(Shape)
        if shape.__module__.startswith("dispatcher.services")
        for name, field in shape.model_fields.items()
        if "UUID" in str(field.annotation)
    }


def shapes(of: type[Shape]) -> Iterator[type[Shape]]:
    for shape in of.__subclasses__():
        yield shape
        yield from shapes(shape)


def test_ids_are_read_out_of_forms_in_one_way() -> None:
    """So that the walk knows of all of them."""
    found = {
        file.name
        for file in WEB.glob("*.py")
        if re.search(r"(?<!\w)UUID\(", file.read_text("utf-8"))
    }
    assert found == set(READ_OTHERWISE)


def test_the_walk_finds_a_form_that_does_not_ask_whose_a_row_is(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (walker,) = [each for each in walk.outsiders if each.role == Role.REGULATOR]
    tables, foreign = tables_of(walk), walk.theirs.rows["request_id"]
    assert walker.town is not None
    own = walker.town.rows["request_id"]
    (field,) = [
        each
        for each in fields_of(walk, walker, tables)
        if each.action == "/demandes/prendre" and each.name == "request"
    ]
    assert faults_of(walk, walker, field, foreign) == []

    def talkative() -> str:
        return "de la CPTS voisine" if request.form["request"] == str(foreign) else "inconnue"

    def careless() -> str:
        with walk.house.db.writing() as session:
            session.get_one(CareRequest, own).excluded_practitioners = [request.form["request"]]
        return "enregistré"

    def deaf() -> str:
        return "enregistré"

    for hole, fault in (
        (talkative, "theirs can be told from nobody's"),
        (deaf, "is not looked at, so nothing is shown"),
        (careless, "theirs is written down"),
    ):
        hole.__dict__.update(walk.app.view_functions["in_hand.take"].__dict__)
        monkeypatch.setitem(walk.app.view_functions, "in_hand.take", hole)
        assert faults_of(walk, walker, field, foreign) == [f"our regulator, {field}: {fault}"]
