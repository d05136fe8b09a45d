"""Sentences written in Python keep French typography: no colon alone at the beginning of a line.

Pages and SMS texts have guards of their own; what a service refuses, a verb prints or an event
says is written here and there in the code, where a plain space is easily typed.
"""

import ast
import re
from collections.abc import Iterator

from tests.house.test_guards import ROOMS, sources

NBSP = "\u00a0"
BREAKABLE = re.compile(r"[\w)»’.] [:;?!»€%](?=[\s.,)»]|$)|« |\d h \d")
"""After a word: regular expressions and formats hold such signs too."""
_SQL = re.compile(r"\s*(?:INSERT|SELECT|UPDATE|DELETE)\b")
WITH_PLAIN_SPACES = {
    ("dispatcher/demo/supervisor.py", "Prêt : "): "programs wait for this line, letter by letter",
    ("dispatcher/web/strangers.py", "Votre numéro"): "an SMS: its alphabet has no other space",
}


def literals(source: str) -> Iterator[tuple[int, str]]:
    """Every string that is no docstring: an f-string in one piece, « 0 » for what it inserts."""
    tree = ast.parse(source)
    passed: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            passed.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            passed.update(id(part) for part in node.values)
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            passed.update(id(part) for part in ast.walk(node.format_spec))
    for node in ast.walk(tree):
        if id(node) in passed:
            continue
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(map(_part, node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def _part(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    is_space = isinstance(part, ast.FormattedValue) and ast.unparse(part.value).endswith("NBSP")
    return NBSP if is_space else "0"


def breakable(modules: dict[str, str]) -> list[str]:
    """Literals that a line may be cut in where French has a non-breaking space."""
    return [
        f"{name}:{line} {text}"
        for name, source in modules.items()
        for line, text in literals(source)
        if BREAKABLE.search(text)
        and not _SQL.match(text)
        and not any(name == file and text.startswith(begins) for file, begins in WITH_PLAIN_SPACES)
    ]


def test_no_sentence_in_the_code_breaks_where_french_does_not() -> None:
    assert breakable(sources(*ROOMS)) == []


def test_the_guard_sees_what_it_is_there_for() -> None:
    def is_seen(source: str) -> bool:
        return breakable({"planted": source}) != []

    assert is_seen('x = "Choisissez parmi : {expected}."')
    assert is_seen('x = f"{amount} €"')
    assert is_seen('x = f"plus de {share} %."')
    assert is_seen('x = f"L’accord « {code}" f" » n’existe pas."')
    assert is_seen('x = "Vraiment ?"')
    assert is_seen('x = "vers 14 h 30"')
    assert is_seen('x = f"{where}" " : déjà pris"')
    assert not is_seen('x = f"Choisissez parmi{NBSP}: {calendar.NBSP}!"')
    assert not is_seen('"""A docstring : English has no such rule ?"""')
    assert not is_seen('x = f"{width:>18} fois"')
    assert not is_seen('x = "SELECT a FROM b WHERE c = d AND e LIMIT ?"')


def test_what_is_excused_is_still_there() -> None:
    for file, begins in WITH_PLAIN_SPACES:
        assert any(text.startswith(begins) for _, text in literals(sources(*ROOMS)[file]))
