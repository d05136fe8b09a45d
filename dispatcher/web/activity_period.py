"""The period whose figures are asked for, and the one that they are compared with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from flask import request

from dispatcher.domain.errors import InvalidError
from dispatcher.domain.indicators.comparison import Comparison, compared_with

EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
LONGEST = timedelta(days=3 * 366)
BAD_DATE = "Indiquez une date qui existe."
COMPARISONS: Mapping[str, str] = {
    "": "Sans comparaison",
    "precedente": "Période précédente",
    "annee": "Même période, un an avant",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The local days, both included, of which somebody wants the figures."""

    first: date
    last: date

    @classmethod
    def of(cls, first: str, last: str) -> "Asked":
        """Of two days as ISO 8601 has them. Raises ValueError."""
        return cls(date.fromisoformat(first), date.fromisoformat(last))


def typed(today: date) -> dict[str, str]:
    """What the address says; the month so far unless told otherwise."""
    return {
        "du": request.args.get("du", "") or today.replace(day=1).isoformat(),
        "au": request.args.get("au", "") or today.isoformat(),
        "comparer": request.args.get("comparer", ""),
    }


def asked(values: Mapping[str, str]) -> Asked:
    """Raises InvalidError on `du` or `au`."""
    faults: dict[str, str] = {}
    days: dict[str, date] = {}
    for name in ("du", "au"):
        try:
            days[name] = date.fromisoformat(values[name])
        except ValueError:
            faults[name] = BAD_DATE
            continue
        if not EARLIEST_YEAR <= days[name].year <= LATEST_YEAR:
            faults[name] = f"Indiquez une date entre {EARLIEST_YEAR} et {LATEST_YEAR}."
    if faults:
        raise InvalidError(faults)
    if days["au"] < days["du"]:
        raise InvalidError({"au": "La fin de la période précède son début."})
    if days["au"] - days["du"] > LONGEST:
        raise InvalidError({"au": "La période compte trois ans au plus."})
    return Asked(days["du"], days["au"])


def compared(period: Asked, how: str) -> Asked | None:
    """The period to compare with; None where none was asked for, or where none can be."""
    known = _COMPARED.get(how)
    return None if known is None else Asked(*compared_with(period.first, period.last, known))


_COMPARED = {"precedente": Comparison.PREVIOUS, "annee": Comparison.YEAR}


def presets(today: date) -> Iterator[tuple[str, Asked]]:
    """The usual periods, with what they are called."""
    this_month = today.replace(day=1)
    last_month = this_month - timedelta(days=1)
    yield "7 jours", Asked(today - timedelta(days=6), today)
    yield "Ce mois-ci", Asked(this_month, today)
    yield "Mois dernier", Asked(last_month.replace(day=1), last_month)
    yield "Cette année", Asked(today.replace(month=1, day=1), today)
