"""Rules of the house that no linter knows, read from its syntax; each is shown to bite."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("config", "dispatcher", "workers")
LONGEST_FILE = 400
FORBIDDEN_NAMES = {"manager", "helper", "helpers", "base", "common", "util", "utils", "misc"}
Rule = Callable[[ast.Module], Iterator[int]]


def sources(*rooms: str) -> dict[str, str]:
    """Every module of these rooms, by its path."""
    paths = [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]
    paths += [ROOT / "wsgi.py"] if "workers" in rooms else []
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths}


def violations(rule: Rule, modules: dict[str, str]) -> list[str]:
    return [
        f"{name}:{line}" for name, source in modules.items() for line in rule(ast.parse(source))
    ]


def called(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """Every call of an attribute, with the attribute's name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node, node.func.attr


def commits(tree: ast.Module) -> Iterator[int]:
    """A transaction ends where `db.transaction`, `db.writing` end, and nowhere else."""
    for call, name in called(tree):
        if name in {"commit", "rollback"}:
            yield call.lineno


def swallows(tree: ast.Module) -> Iterator[int]:
    """`except Exception: pass`, and its cousin `suppress(Exception)`."""
    broad = {"Exception", "BaseException"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            kinds = {name.id for name in ast.walk(node.type or node) if isinstance(name, ast.Name)}
            silent = all(isinstance(each, ast.Pass | ast.Continue) for each in node.body)
            if silent and (node.type is None or kinds & broad):
                yield node.lineno
    for call, name in called(tree):
        if name == "suppress" and any(isinstance(a, ast.Name) and a.id in broad for a in call.args):
            yield call.lineno


def looks_at_the_wall(tree: ast.Module) -> Iterator[int]:
    """Services and reads get their hour from the house's clock, the domain as an argument."""
    for call, name in called(tree):
        if name in {"now", "utcnow", "today"} and isinstance(call.func, ast.Attribute):
            owner = call.func.value
            if isinstance(owner, ast.Name) and owner.id in {"datetime", "date"}:
                yield call.lineno


def reads_the_environment(tree: ast.Module) -> Iterator[int]:
    """`os.environ[…]`, `os.environ.get`, `os.getenv`: handing it on to Settings is no reading."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and _is_environ(node.value):
            yield node.lineno
    for call, name in called(tree):
        if name == "getenv" or (
            isinstance(call.func, ast.Attribute) and _is_environ(call.func.value)
        ):
            yield call.lineno


def _is_environ(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "environ"


def sends_inside_a_transaction(tree: ast.Module) -> Iterator[int]:
    """Nothing goes over the network while a transaction is open."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.With):
            continue
        opens = {
            name
            for item in node.items
            for _, name in called(ast.Module([ast.Expr(item.context_expr)], []))
        }
        if opens & {"transaction", "writing"}:
            for call, name in called(ast.Module(node.body, [])):
                if name in {"send", "find"} and "sms" in ast.unparse(call.func):
                    yield call.lineno


RULES: list[tuple[Rule, tuple[str, ...], str]] = [
    (commits, ROOMS, "def f(session):\n    session.commit()"),
    (swallows, ROOMS, "try:\n    f()\nexcept Exception:\n    pass"),
    (swallows, ROOMS, "import contextlib\nwith contextlib.suppress(Exception):\n    f()"),
    (
        looks_at_the_wall,
        ("dispatcher/domain", "dispatcher/services", "dispatcher/reads", "dispatcher/storage"),
        "from datetime import datetime\nnow = datetime.now(None)",
    ),
    (reads_the_environment, ("dispatcher", "workers"), "import os\nx = os.environ['X']"),
    (reads_the_environment, ("dispatcher", "workers"), "import os\nx = os.environ.get('X')"),
    (
        sends_inside_a_transaction,
        ("dispatcher/services", "workers"),
        "with house.db.transaction(t, a) as unit:\n    house.sms.send(m)",
    ),
]
TOLD_ELSEWHERE = {
    "dispatcher/storage/migrations/env.py": "a migration's own connection",
    "dispatcher/demo": "the demonstration makes its processes' environment",
    "dispatcher/cli.py": "the same, for the command line",
}


def tolerated(violation: str) -> bool:
    return any(violation.startswith(place) for place in TOLD_ELSEWHERE)


@pytest.mark.parametrize(("rule", "rooms", "planted"), RULES)
def test_the_house_keeps_the_rule_and_the_rule_bites(
    rule: Rule, rooms: tuple[str, ...], planted: str
) -> None:
    kept = [found for found in violations(rule, sources(*rooms)) if not tolerated(found)]
    assert kept == [], rule.__doc__

    assert violations(rule, {"planted": planted}) != [], "the companion: it must be able to fail"


def too_long(modules: dict[str, str]) -> list[str]:
    return [
        name
        for name, source in modules.items()
        if source.count("\n") > LONGEST_FILE and "migrations/versions" not in name
    ]


def test_no_file_is_longer_than_can_be_read() -> None:
    assert too_long(sources(*ROOMS, "tests", "bench")) == []
    assert too_long({"planted": "x\n" * 401}) == ["planted"]


def badly_named(names: list[str]) -> list[str]:
    return [name for name in names if FORBIDDEN_NAMES & set(re.split(r"[/_.]", name))]


def test_no_file_is_named_for_nothing() -> None:
    assert badly_named(list(sources(*ROOMS, "tests", "bench"))) == []
    assert badly_named(["tests/db_helpers.py"]) == ["tests/db_helpers.py"]


def open_doors(modules: dict[str, str]) -> list[str]:
    """Functions of a service that write without a word on what they refuse."""
    return [
        f"{name}:{node.name}"
        for name, source in modules.items()
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
    ]


def test_every_service_says_what_it_promises() -> None:
    assert open_doors(sources("dispatcher/services", "dispatcher/reads")) == []
    assert open_doors({"planted": "def cancel(house):\n    house.db"}) == ["planted:cancel"]


def sleeps(tree: ast.Module) -> Iterator[int]:
    """A pause outside a loop that looks at a condition."""
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.While | ast.For)]
    in_loops = {id(call) for loop in loops for call, _ in called(ast.Module(loop.body, []))}
    for call, name in called(tree):
        if name == "sleep" and id(call) not in in_loops:
            yield call.lineno


def test_tests_wait_for_conditions_and_not_for_time() -> None:
    assert violations(sleeps, sources("tests")) == []
    assert violations(sleeps, {"planted": "import time\ntime.sleep(2)"}) == ["planted:2"]
