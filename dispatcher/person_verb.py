"""`./snp person`: all that is kept of one person, handed over or erased.

As every verb, it imports what it needs when it is used.
"""

import argparse
import json
import sys
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dispatcher.services.house import House

NBSP = "\N{NO-BREAK SPACE}"
UNKNOWN = 1


def declare(parser: argparse.ArgumentParser) -> None:
    """Its actions and their arguments."""
    actions = parser.add_subparsers(dest="action", required=True)
    export = actions.add_parser("export", help="tout ce qui est gardé d’une personne, en JSON")
    erase = actions.add_parser(
        "erase",
        help="efface une personne\u00a0; l’historique et les chiffres restent",
        description="À blanc, sauf avec --apply.",
    )
    erase.add_argument("--apply", action="store_true", help="efface")
    for action in (export, erase):
        action.add_argument("--territory", required=True, help="code du territoire")
        action.add_argument("--phone", required=True, help="son numéro de téléphone")
        action.add_argument("--born", required=True, type=_day, help="AAAA-MM-JJ")


def run(arguments: argparse.Namespace, house: "House") -> int:
    """1 if nobody of that telephone and birth date is known. Raises InvalidError."""
    from dispatcher.services.persons import erase_person, export_person, persons_of

    found = persons_of(house, arguments.territory, arguments.phone, arguments.born)
    if not found:
        print("Personne n’est connu avec ce téléphone et cette date de naissance.", file=sys.stderr)
        return UNKNOWN
    if arguments.action == "export":
        print(json.dumps(export_person(house, found), ensure_ascii=False, indent=2))
    elif arguments.apply:
        print(f"Fiches effacées{NBSP}: {erase_person(house, found)}.")
    else:
        print(f"Fiches à effacer{NBSP}: {len(found)}. Rien n’a été effacé{NBSP}: ajoutez --apply.")
    return 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"une date s’écrit 1950-02-03, pas «{NBSP}{text}{NBSP}»"
        ) from None
