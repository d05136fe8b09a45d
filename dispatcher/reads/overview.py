"""A period's figures with those they are compared with and those that somebody typed in."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from dispatcher.domain.calendar import period
from dispatcher.domain.indicators.comparison import Comparison, compared_with
from dispatcher.domain.indicators.outside import OUTSIDE
from dispatcher.reads.activity import activity
from dispatcher.reads.typed_figures import Typed, latest, typed_figures
from dispatcher.storage.unit import Database


def overview_as_json(
    db: Database,
    territory_id: UUID,
    first: date,
    last: date,
    zone: ZoneInfo,
    how: Comparison | None,
) -> dict[str, Any]:
    """As the API and the command line print it. Days are local and both included."""
    found = activity(db, territory_id, period(first, last, zone))
    compared = None
    if how is not None:
        earlier = compared_with(first, last, how)
        other = activity(db, territory_id, period(*earlier, zone)).figures
        compared = {
            "first": str(earlier[0]),
            "last": str(earlier[1]),
            "figures": [
                {name: figure.as_json()[name] for name in ("code", "value", "p90")}
                for figure in other.values()
            ],
        }
    typed = typed_up_to(db, territory_id, last)
    return found.as_json() | {"compared": compared, "typed": [_as_json(each) for each in typed]}


def typed_up_to(db: Database, territory_id: UUID, last: date) -> Sequence[Typed]:
    """The latest of each figure of the CPAM and the ARS up to a day, in the list's order."""
    found = latest(typed_figures(db, territory_id), None, last)
    return [found[code] for code in OUTSIDE if code in found]


def _as_json(typed: Typed) -> dict[str, Any]:
    what = OUTSIDE[typed.code]
    return {
        "code": typed.code,
        "label": what.label,
        "formula": what.formula,
        "giver": what.giver,
        "unit": what.unit.value,
        "value": typed.figure,
        "on": str(typed.on),
        "origin": typed.origin,
    }
