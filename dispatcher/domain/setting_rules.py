"""How one setting of a territory is judged: rules that give the value, or say what is wrong."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from dispatcher.domain.errors import InvalidError

NOT_A_NUMBER = "Indiquez un nombre."
UNKNOWN = "Ce réglage n’existe pas."

Rule = Callable[[Any], Any]


class SettingError(ValueError):
    """A value that cannot be used; the message is what the person is told."""


def number(low: float, high: float, sentence: str, *, above: bool = False) -> Rule:
    """A number from `low` (or above it) to `high`; `sentence` says so."""

    def check(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise SettingError(NOT_A_NUMBER)
        if isinstance(value, float) and math.isnan(value):  # an int may be too large for the test
            raise SettingError(NOT_A_NUMBER)
        if not low <= value <= high or (above and value == low):
            raise SettingError(sentence)
        return float(value)

    return check


def whole(low: int, high: int, sentence: str) -> Rule:
    """A whole number from `low` to `high`."""

    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
            raise SettingError("Indiquez un nombre entier.")
        if not low <= value <= high:
            raise SettingError(sentence)
        return int(value)

    return check


def yes_or_no(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise SettingError("Répondez par oui ou par non.")
    return value


def optional(rule: Rule) -> Rule:
    """What a rule takes, or nothing."""
    return lambda value: None if value is None else rule(value)


def read(settings: Mapping[str, Any], rules: Mapping[str, Rule]) -> dict[str, Any]:
    """The values of settings, each under its rule. Raises InvalidError by name."""
    faults: dict[str, str] = {}
    values: dict[str, Any] = {}
    for name, value in settings.items():
        if name in rules:
            keep(name, value, rules[name], values, faults)
        else:
            faults[name] = UNKNOWN
    if faults:
        raise InvalidError(faults)
    return values


def keep(
    name: str, value: object, rule: Rule, values: dict[str, Any], faults: dict[str, str]
) -> None:
    """Judge one setting: into `values` if it can be used, into `faults` if not."""
    try:
        values[name] = rule(value)
    except SettingError as fault:
        faults[name] = str(fault)


def part(
    name: str,
    value: object,
    reading: Callable[[Mapping[str, Any]], Any],
    faults: dict[str, str],
    *,
    prefix: str,
) -> object:
    """Judge settings that are stored together; None, and their faults by name, if any is bad."""
    if not isinstance(value, Mapping):
        faults[name] = "Ce réglage est illisible."
        return None
    try:
        return reading(value)
    except InvalidError as error:
        faults.update({f"{prefix}{inner}": said for inner, said in error.fields.items()})
        return None
