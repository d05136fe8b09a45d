"""`./snp keys rotate`: what stands under which data key, and bringing all of it under the first.

As every verb, it imports what it needs when it is used.
"""

import argparse
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dispatcher.services.house import House
    from dispatcher.services.rotating import Standing

NBSP = "\N{NO-BREAK SPACE}"
LEFT = 1


def declare(parser: argparse.ArgumentParser) -> None:
    """Its action and its arguments."""
    rotate = parser.add_subparsers(dest="action", required=True).add_parser(
        "rotate",
        help="compte ce qui tient à chaque clé, et le réécrit sous la première",
        description="À blanc, sauf avec --apply. Le site peut continuer de tourner\u00a0; "
        "interrompue, la commande se relance.",
    )
    rotate.add_argument("--apply", action="store_true", help="réécrit, page par page")
    rotate.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace, house: "House") -> int:
    """1 if, after --apply, something does not stand under the first key."""
    from dispatcher.services.rotating import rotate, survey

    found = rotate(house.db) if arguments.apply else survey(house.db)
    if arguments.json:
        print(
            json.dumps(
                {
                    "first": found.first,
                    "applied": arguments.apply,
                    "rows_written": found.written,
                    "values": found.values,
                    "left": found.left,
                },
                ensure_ascii=False,
            )
        )
    else:
        _tell(found, applied=arguments.apply)
    return LEFT if arguments.apply and found.left else 0


def _tell(found: "Standing", *, applied: bool) -> None:
    from dispatcher.services.rotating import UNKNOWN

    for name, counts in found.values.items():
        print(f"{name:32}{_counted(counts) or '—'}")
    print()
    if applied:
        print(f"Lignes réécrites{NBSP}: {found.written}.")
    if not found.left:
        print(f"Tout tient à la clé {found.first}{NBSP}: elle peut rester seule dans DATA_KEY.")
        return
    print(f"Hors de la clé {found.first}{NBSP}: {_counted(found.left)}.")
    if UNKNOWN in found.left:
        print(
            f"«{NBSP}{UNKNOWN}{NBSP}»{NBSP}: des empreintes dont le numéro ou le nom n’est plus "
            "lisible nulle part. Un STOP parmi elles n’est honoré que tant que sa clé reste listée."
        )
    if applied:
        print("Gardez les anciennes clés dans DATA_KEY et relancez la commande.")
    else:
        print(f"Rien n’a été réécrit{NBSP}: ajoutez --apply.")


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{key_id}{NBSP}: {counts[key_id]}" for key_id in sorted(counts))
