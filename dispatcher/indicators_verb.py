"""`./snp indicators`: the activity of a period, and every day counted again from the log alone.

As every verb, it imports what it needs when it is used.
"""

import argparse
import json
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dispatcher.reads.territories import TerritoryFacts
    from dispatcher.services.house import House

NBSP = "\N{NO-BREAK SPACE}"
THIS_CENTURY = range(2000, 2101)
MISSING = "Indiquez la période, de --from à --to."


def declare(parser: argparse.ArgumentParser) -> None:
    """Its arguments; the period is not asked for when days are counted again."""
    parser.add_argument(
        "action",
        nargs="?",
        choices=("rebuild",),
        help="recompte tous les jours d’après le seul journal",
    )
    parser.add_argument("--territory", required=True, help="code du territoire")
    parser.add_argument("--from", dest="first", type=day, help="AAAA-MM-JJ")
    parser.add_argument("--to", dest="last", type=day, help="AAAA-MM-JJ, compris")
    parser.add_argument(
        "--compare",
        choices=("previous", "year"),
        help="avec autant de jours juste avant, ou les mêmes un an plus tôt",
    )
    parser.add_argument("--data", type=Path, help="dossier d’une démonstration à lire")
    parser.add_argument("--json", action="store_true")


def day(text: str) -> date:
    """A calendar day of this century as an argument."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.year not in THIS_CENTURY:
        raise argparse.ArgumentTypeError(f"une date s’écrit 2026-11-23, pas «{NBSP}{text}{NBSP}»")
    return found


def run(arguments: argparse.Namespace, house: "House") -> int:
    """Print the figures of a period, in local days of the territory. Raises InvalidError."""
    from dispatcher.domain.errors import InvalidError
    from dispatcher.reads.territories import territory_of

    territory = territory_of(house.db, arguments.territory)
    if territory is None:
        raise InvalidError({"territory": "Ce territoire n’existe pas."})
    if arguments.action == "rebuild":
        return _rebuild(house, territory, as_json=arguments.json)
    if arguments.first is None or arguments.last is None:
        raise InvalidError({"to" if arguments.first else "from": MISSING})
    return _tell(house, territory, arguments)


def _tell(house: "House", territory: "TerritoryFacts", arguments: argparse.Namespace) -> int:
    from dispatcher.domain.calendar import time_zone
    from dispatcher.domain.indicators.comparison import Comparison
    from dispatcher.reads.overview import overview_as_json

    how = None if arguments.compare is None else Comparison(arguments.compare)
    zone = time_zone(territory.timezone)
    found = overview_as_json(house.db, territory.id, arguments.first, arguments.last, zone, how)
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False))
        return 0
    before = {each["code"]: each for each in (found["compared"] or {"figures": []})["figures"]}
    for figure in found["figures"]:
        other = f"{_said(before[figure['code']]['value']):>14}" if before else ""
        print(f"{figure['code']:36}{_said(figure['value']):<14}{other}".rstrip())
    for typed in found["typed"]:
        print(f"{typed['code']:36}{typed['value']:<14} {typed['origin']}, {typed['on']}")
    return 0


def _said(value: float | None) -> str:
    return "-" if value is None else str(value)


def _rebuild(house: "House", territory: "TerritoryFacts", *, as_json: bool) -> int:
    from dispatcher.services.day_counts import recount_all_days

    started = time.monotonic()
    days = recount_all_days(house, territory.id)
    seconds = round(time.monotonic() - started, 1)
    if as_json:
        print(json.dumps({"territory": territory.code, "days": days, "seconds": seconds}))
    else:
        print(f"{territory.code}{NBSP}: {days} jours recomptés en {seconds}{NBSP}s")
    return 0
