"""`./snp audit`: the weaknesses that the package index knows of the versions in the locks.

The index is the one that pip is set to ask; its JSON interface names them per version. Where it
does not answer, or has no such interface (a mirror), nothing is checked, and that is said.
"""

import argparse
import json
import re
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

NBSP = "\N{NO-BREAK SPACE}"
ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements-dev.txt"
"""Holds what runs as well, in the same versions."""
EXCUSES = ROOT / "config" / "excused_weaknesses.toml"
PATIENCE: Final = 10.0
"""Seconds for one answer."""
AT_ONCE: Final = 4
LARGEST_ANSWER: Final = 32 << 20
FOUND, MISUSED = 1, 2
_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)
_DEFAULT_INDEX = re.compile(r"--index-url.*?\(default\s+(\S+?)\)", re.DOTALL)
_PIPS = ((sys.executable, "-m", "pip"), ("pip3",), ("pip",))


class UnansweredError(Exception):
    """The index did not say what it knows; the message says why, without its address."""


@dataclass(frozen=True, slots=True)
class Weakness:
    """One that is known of one version."""

    id: str
    package: str
    version: str
    fixed_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Excuse:
    """Why a weakness may stay, and until which day."""

    id: str
    reason: str
    until: date


def declare(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """1 if a version has a weakness that no excuse covers; 0 if none has, or nobody answered."""
    try:
        found = weaknesses(pins(LOCK.read_text(encoding="utf-8")), configured_index())
    except UnansweredError as reason:
        print(f"Non vérifié{NBSP}: {reason}", file=sys.stderr)
        return 0
    today = datetime.now(UTC).date()
    excuses = read_excuses(EXCUSES.read_text(encoding="utf-8"))
    standing = [each for each in found if not is_excused(each, excuses, today)]
    if arguments.json:
        print(json.dumps([_as_json(each, standing) for each in found]))
        return FOUND if standing else 0
    for each in standing:
        mended = f", corrigée dans {', '.join(each.fixed_in)}" if each.fixed_in else ""
        print(f"{each.package} {each.version}{NBSP}: {each.id}{mended}")
    excused = len(found) - len(standing)
    print(f"Failles connues{NBSP}: {len(standing)}{NBSP}; excusées{NBSP}: {excused}.")
    return FOUND if standing else 0


def pins(lock: str) -> list[tuple[str, str]]:
    """Every package of a lock with its version."""
    return _PIN.findall(lock)


def configured_index() -> str:
    """The index that pip asks, by its own word. Raises UnansweredError."""
    for pip in _PIPS:
        try:
            told = subprocess.run(
                [*pip, "install", "--help"], capture_output=True, text=True, check=False, timeout=60
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if index := _DEFAULT_INDEX.search(told.stdout):
            return index[1]
    raise UnansweredError("pip est introuvable, et avec lui l’index à interroger.")


def weaknesses(locked: Iterable[tuple[str, str]], index: str) -> list[Weakness]:
    """What the index knows of these versions. Raises UnansweredError."""
    if not index.startswith(("https://", "http://")):
        raise UnansweredError("l’index de pip n’est pas un serveur.")
    base = index.rstrip("/").removesuffix("/simple")
    ask = _asker(base)
    first, *others = locked
    found = [*ask(first)]  # before all others: most mirrors have no such interface
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for each in pool.map(ask, others):
            found += each
    return sorted(found, key=lambda each: (each.package, each.id))


def read_excuses(text: str) -> list[Excuse]:
    """`[[excuse]]` with `id`, `reason` and `until`. Raises KeyError where one lacks something."""
    listed = tomllib.loads(text).get("excuse", [])
    return [Excuse(each["id"], each["reason"], each["until"]) for each in listed]


def is_excused(weakness: Weakness, excuses: Iterable[Excuse], today: date) -> bool:
    """Whether it may stay today."""
    return any(each.id == weakness.id and today <= each.until for each in excuses)


def _asker(base: str) -> Callable[[tuple[str, str]], list[Weakness]]:
    def ask(pin: tuple[str, str]) -> list[Weakness]:
        name, version = pin
        told = _answer(f"{base}/pypi/{name}/{version}/json")
        return list(_told(name, version, told))

    return ask


def _answer(url: str) -> Mapping[str, Any]:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310 - pip's own index
            told = json.loads(answer.read(LARGEST_ANSWER))
    except (OSError, ValueError) as error:
        raise UnansweredError("l’index n’a pas répondu.") from error
    if not isinstance(told, dict) or "vulnerabilities" not in told:
        raise UnansweredError("l’index ne dit rien des failles.")
    return told


def _told(name: str, version: str, told: Mapping[str, Any]) -> Iterator[Weakness]:
    for each in told["vulnerabilities"]:
        if not each.get("withdrawn"):
            yield Weakness(each["id"], name, version, tuple(each.get("fixed_in", ())))


def _as_json(weakness: Weakness, standing: Iterable[Weakness]) -> dict[str, Any]:
    return {
        "id": weakness.id,
        "package": weakness.package,
        "version": weakness.version,
        "fixed_in": list(weakness.fixed_in),
        "excused": weakness not in standing,
    }
