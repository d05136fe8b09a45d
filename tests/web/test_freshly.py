"""Which routes ask for a fresh proof of who one is: every one that acts or gives a file decides."""

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from dispatcher.web import access
from tests.web.who_may import EVERYBODY, WHO_MAY

NOT_ASKED: Mapping[str, str] = {
    # whole rooms
    "desk": "the regulator's daily work, with a patient on the telephone",
    "beside": "a panel that follows what is typed; nothing is kept",
    "ways_out": "the regulator's daily work",
    "in_hand": "the regulator's daily work",
    "correcting": "the regulator's daily work",
    "inbox": "the regulator's daily work",
    "gp_searches": "daily work with patients who look for a médecin traitant",
    "requesters": "a requester's daily work, one patient at a time",
    "practitioner": "a practitioner's daily work, between two patients",
    "slots": "a practitioner's daily work",
    "schedules": "a practitioner's own hours, moved any day",
    "places": "a practitioner's own addresses",
    "limits": "a practitioner's own rules, turned on and off from day to day",
    "secretariat": "chooses among practitioners who gave their consent before",
    "what_if": "a calculation that changes nothing",
    "episodes": "a crisis does not wait for a password; who opened it stands in the log",
    # one route of a room
    "own_account.change_own_password": "asks for the present password itself, every time",
    "own_account.end": "takes access away, from oneself alone",
    "own_account.end_others": "takes access away, from oneself alone",
    "proving.check": "it is where the proof is given",
    "second_factor.begin": "asks for the present password itself, every time",
    "second_factor.confirm": "goes on from begin, and asks for a code",
    "second_factor.remove": "asks for the present password itself, every time",
    "passkeys.challenge_to_prove": "a random number for the proof itself",
    "passkeys.challenge_to_add": "a random number; adding the passkey asks",
    "own_agendas.add": "a practitioner's own agenda is read; nothing leaves",
    "own_agendas.read": "the same agenda, read a little earlier",
    "own_agendas.remove": "the same agenda, read no more",
    "directory_import.read": "takes a public file in; nothing changes until it is started",
    "directory_import.choose": "says which communes of that file; nothing changes yet",
    "openings.of_person": "looks somebody up; the list names no patient, and as a file it does ask",
    "texts.preview": "shows a text and keeps nothing",
    "payments.own_statement": "a practitioner's own figures, to themselves",
}
"""Hand-written: by room or by route, why an act or a file is given without a fresh proof."""


def decided(rule: Rule, view: Callable[..., Any]) -> bool:
    """Whether a route has to say if it asks: it acts, or what it answers is a file."""
    return "POST" in (rule.methods or ()) or gives_a_file(view)


def gives_a_file(view: Callable[..., Any]) -> bool:
    """Whether the view, or what it calls in its own module, names a file in a header."""
    module = sys.modules[inspect.unwrap(view).__module__]
    functions = {
        node.name: node
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.FunctionDef)
    }
    waiting, seen = [inspect.unwrap(view).__name__], set()
    while waiting:
        name = waiting.pop()
        if name in functions and name not in seen:
            seen.add(name)
            if any(names_a_file(node) for node in ast.walk(functions[name])):
                return True
            waiting += [each.id for each in ast.walk(functions[name]) if isinstance(each, ast.Name)]
    return False


def names_a_file(node: ast.AST) -> bool:
    """A constant that names a file for the browser."""
    return isinstance(node, ast.Constant) and str(node.value).startswith(
        ("Content-Disposition", "attachment;")
    )


def asking(app: Flask) -> Iterator[tuple[str, bool]]:
    """Every route of somebody signed in that has to decide, and whether it asks."""
    for rule in app.url_map.iter_rules():
        if WHO_MAY.get(rule.endpoint, EVERYBODY) != EVERYBODY:
            view = app.view_functions[rule.endpoint]
            if decided(rule, view):
                yield rule.endpoint, hasattr(inspect.unwrap(view), access.FRESHLY)


def reason(endpoint: str) -> str | None:
    return NOT_ASKED.get(endpoint) or NOT_ASKED.get(endpoint.partition(".")[0])


def test_every_act_and_every_file_asks_or_says_why_not(app: Flask) -> None:
    found = dict(asking(app))
    silent = {name for name, asks in found.items() if not asks and reason(name) is None}
    assert silent == set()
    doubled = {name for name, asks in found.items() if asks and reason(name) is not None}
    assert doubled == set()
    used = {name for each in found for name in (each, each.partition(".")[0])}
    assert set(NOT_ASKED) <= used
    # the mark does not get lost where tries are limited around the view
    assert {name for name, asks in found.items() if asks} >= {
        "administration.create_account",
        "contract.bundle",
        "coordinator.workbook",
        "directory_import.report",
        "payments.statement",
        "second_factor.renew",
        "settings.change",
    }


def test_this_check_finds_an_export_and_a_setting_that_do_not_ask(app: Flask) -> None:
    for endpoint in ("contract.export", "settings.change"):
        view = app.view_functions[endpoint]
        delattr(view, access.FRESHLY)
        try:
            assert dict(asking(app))[endpoint] is False
            assert reason(endpoint) is None
        finally:
            setattr(view, access.FRESHLY, True)
    assert not gives_a_file(app.view_functions["contract.overview"])
    assert all(re.fullmatch(r"[a-z].{15,}", said) for said in NOT_ASKED.values())
