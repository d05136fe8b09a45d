"""What came of an « Et si … », in French: a sentence, three figures and a table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.matching.explain import REASON_IN_WORDS
from dispatcher.domain.matching.feasibility import Reason
from dispatcher.domain.simulation.replay import NO_SLOT

MINUS = "\N{MINUS SIGN}"
NO_CHANGE = "="
Result = Mapping[str, Any]
Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `better` tells which way is better, None where neither is."""

    label: str
    value: Callable[[Figures], float]
    shown: Callable[[float], str]
    better: int | None
    least: float
    """What is less than this is no difference."""


def _percent(value: float) -> str:
    return f"{_number(value, 1)}{NBSP}%"


def _minutes(hours: float) -> float:
    """Whole minutes, so that what is shown adds up."""
    return round(60 * hours)


def _duration(minutes: float) -> str:
    return calendar.duration(timedelta(minutes=minutes)) if minutes else f"0{NBSP}min"


def _km(value: float) -> str:
    return f"{_number(value, 1)}{NBSP}km"


def _count(value: float) -> str:
    return _number(value, 0)


def _ratio(value: float) -> str:
    return _number(value, 2)


def _number(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}".replace(",", NBSP).replace(".", ",")


ROWS = (
    Row("Demandes", lambda f: f["requests"], _count, None, 0.5),
    Row("Places offertes", lambda f: f["places"], _count, None, 0.5),
    Row("Patients avec un rendez-vous", lambda f: f["served_pct"], _percent, 1, 0.05),
    Row("Dans le délai demandé", lambda f: f["served_in_delay_pct"], _percent, 1, 0.05),
    Row("Demandes sans solution", lambda f: sum(f["unfilled"].values()), _count, -1, 0.5),
    Row("Attente médiane", lambda f: _minutes(f["wait_h"]["median"]), _duration, -1, 0.5),
    Row(
        "Neuf patients sur dix vus en moins de",
        lambda f: _minutes(f["wait_h"]["p90"]),
        _duration,
        -1,
        0.5,
    ),
    Row("Trajet moyen par la route", lambda f: f["km"], _km, -1, 0.05),
    Row("Places utilisées", lambda f: f["places_used_pct"], _percent, None, 0.05),
    Row("Inégalité de charge entre praticiens", lambda f: f["gini"], _ratio, -1, 0.005),
)
SERVED, WAIT, WAY = ROWS[2], ROWS[5], ROWS[7]
"""The rows that matter most."""


def rows(result: Result) -> list[dict[str, str]]:
    """The table: each figure as it was, with the change, and the difference."""
    return [_line(row, result) for row in ROWS]


def cards(result: Result) -> list[dict[str, str]]:
    """The figures that are shown large."""
    return [_line(row, result) for row in (SERVED, WAIT, WAY)]


def reasons(result: Result) -> list[dict[str, str]]:
    """Why requests found nothing, before and after, the most frequent first."""
    before, after = result["before"]["unfilled"], result["after"]["unfilled"]
    codes = sorted({*before, *after}, key=lambda code: (-before.get(code, 0), code))
    return [
        {
            "label": _reason(code).capitalize(),
            "before": _count(before.get(code, 0)),
            "after": _count(after.get(code, 0)),
        }
        for code in codes
    ]


def served_in_words(result: Result) -> str:
    """« 92,1 % → 95,0 % »."""
    before, after = (_percent(result[side]["served_pct"]) for side in ("before", "after"))
    return f"{before} → {after}"


def sentence(result: Result) -> str:
    """What the change would have done, in one sentence."""
    before, after = result["before"], result["after"]
    served = (after["served_pct"] - before["served_pct"]) * before["requests"] / 100
    people = round(abs(served))
    if people:
        patients = f"{people}{NBSP}patient{'s' if people > 1 else ''}"
        verb = "auraient" if people > 1 else "aurait"
        sign = "de plus" if served > 0 else "de moins"
        first = (
            f"{patients} {sign} {verb} eu un rendez-vous"
            f" ({_percent(after['served_pct'])} au lieu de {_percent(before['served_pct'])})"
        )
    else:
        first = (
            f"Le même nombre de patients aurait eu un rendez-vous ({_percent(after['served_pct'])})"
        )
    wait, way = _change(WAIT, result, "l’attente médiane"), _change(WAY, result, "le trajet moyen")
    return f"{first}{NBSP}; {wait}, et {way}."


def _change(row: Row, result: Result, name: str) -> str:
    before, after = (row.value(result[side]) for side in ("before", "after"))
    if abs(after - before) < row.least:
        return f"{name} resterait de {row.shown(before)}"
    return f"{name} passerait de {row.shown(before)} à {row.shown(after)}"


def _line(row: Row, result: Result) -> dict[str, str]:
    before, after = (row.value(result[side]) for side in ("before", "after"))
    difference = after - before
    if abs(difference) < row.least:
        said, tone = NO_CHANGE, ""
    else:
        said = f"{'+' if difference > 0 else MINUS}{NBSP}{row.shown(abs(difference))}"
        if row.shown is _percent:
            said = said.replace("%", "pt")
        tone = "" if row.better is None else ("good" if difference * row.better > 0 else "bad")
    return {
        "label": row.label,
        "before": row.shown(before),
        "after": row.shown(after),
        "difference": said,
        "tone": tone,
    }


def _reason(code: str) -> str:
    if code == NO_SLOT:
        return "aucun créneau publié"
    return REASON_IN_WORDS[Reason(code)]
