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
    from dispatcher.domain.calendar import period, time_zone
    from dispatcher.reads.activity import activity

    days = period(arguments.first, arguments.last, time_zone(territory.timezone))
    found = activity(house.db, territory.id, days)
    if arguments.json:
        print(json.dumps(found.as_json(), ensure_ascii=False))
        return 0
    for code, figure in found.figures.items():
        value = figure.as_json()["value"]
        print(f"{code:36}{'-' if value is None else value}")
    return 0


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
