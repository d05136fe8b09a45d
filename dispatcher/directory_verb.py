"""`./snp directory import`: the national directory's extract, previewed or imported.

As every verb, it imports what it needs when it is used.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dispatcher.services.house import House

NBSP = "\N{NO-BREAK SPACE}"
MISUSED = 2
BAR = 30
DRAW_EVERY = 0.2
"""Seconds."""
TOLD = 20


def declare(parser: argparse.ArgumentParser) -> None:
    """Its action and its arguments."""
    action = parser.add_subparsers(dest="action", required=True).add_parser(
        "import",
        help="importe l’extraction de l’Annuaire Santé (RPPS)",
        description="À blanc, sauf avec --apply. Ce qui a été saisi ici n’est jamais remplacé.",
    )
    action.add_argument("file", type=Path, metavar="FICHIER", help="le .txt, ou l’archive .zip")
    action.add_argument("--territory", required=True, help="code du territoire")
    action.add_argument(
        "--commune", action="append", default=[], metavar="INSEE", help="plusieurs fois au besoin"
    )
    action.add_argument(
        "--department", action="append", default=[], help="toutes les communes d’un département"
    )
    action.add_argument(
        "--profession",
        action="append",
        default=[],
        metavar="CODE",
        help="10, 60 … (TRE_G15)\u00a0; toutes celles du catalogue sans cette option",
    )
    action.add_argument("--employed", action="store_true", help="les salariés aussi")
    action.add_argument("--apply", action="store_true", help="écrit dans la base")
    action.add_argument("--report", type=Path, metavar="CSV", help="le compte rendu, par ligne")
    action.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace, house: "House") -> int:
    """2 with a sentence where the file, a code or the territory cannot be used."""
    from dispatcher.domain.events import OPERATOR
    from dispatcher.services import directory
    from dispatcher.services.directory_reading import forget_import, read_directory

    territory_id, communes, professions = _wanted(arguments, house)
    try:
        file = arguments.file.open("rb")
    except OSError:
        print(f"{arguments.file}{NBSP}: ce fichier ne peut pas être lu.", file=sys.stderr)
        return MISUSED
    with file:
        import_id = read_directory(
            house,
            territory_id,
            OPERATOR,
            file,
            arguments.file.name,
            communes,
            progress_bar("Lecture"),
        )
    choice = directory.Choice(
        communes=list(communes), professions=list(professions), employed=arguments.employed
    )
    directory.choose(house, territory_id, OPERATOR, import_id, choice)
    if arguments.apply:
        directory.run_import(house, import_id, progress_bar("Import"))
    told = directory.report_of(house, territory_id, import_id)
    if not arguments.apply:
        forget_import(house, import_id)
    if arguments.report:
        _write(arguments.report, told)
    if arguments.json:
        print(json.dumps({"applied": arguments.apply, **told}, ensure_ascii=False))
    else:
        _tell(told, applied=arguments.apply)
    return 0


def _wanted(
    arguments: argparse.Namespace, house: "House"
) -> tuple[Any, Sequence[str], Sequence[str]]:
    """The territory's id, INSEE codes, professions. Raises InvalidError."""
    from dispatcher.domain.errors import InvalidError
    from dispatcher.reads.territories import territory_of
    from dispatcher.services.directory_reading import communes_of

    territory = territory_of(house.db, arguments.territory)
    if territory is None:
        raise InvalidError({"territory": "Ce territoire n’existe pas."})
    if unknown := [code for code in arguments.commune if house.communes.get(code) is None]:
        raise InvalidError({"commune": f"Code INSEE inconnu{NBSP}: {', '.join(unknown)}."})
    if unknown := sorted(set(arguments.profession) - set(house.catalogue.professions)):
        raise InvalidError({"profession": f"Code de profession inconnu{NBSP}: {unknown[0]}."})
    if not arguments.commune and not arguments.department:
        raise InvalidError({"commune": "Donnez au moins une commune ou un département."})
    whole = communes_of(house, arguments.department) if arguments.department else []
    communes = list(dict.fromkeys([*arguments.commune, *whole]))
    return territory.id, communes, arguments.profession or list(house.catalogue.professions)


def progress_bar(label: str) -> Callable[[float], None]:
    """Draws the share that is done, 0 to 1, on a terminal; elsewhere, nothing."""
    if not sys.stderr.isatty():
        return lambda _: None
    drawn = [0.0]

    def draw(share: float) -> None:
        now = time.monotonic()
        if share < 1.0 and now - drawn[0] < DRAW_EVERY:
            return
        drawn[0] = now
        full = round(share * BAR)
        end = "\n" if share >= 1.0 else ""
        print(
            f"\r{label} [{'█' * full}{'·' * (BAR - full)}] {share:4.0%}",
            end=end,
            file=sys.stderr,
            flush=True,
        )

    return draw


def _tell(told: Mapping[str, Any], *, applied: bool) -> None:
    from dispatcher.services.directory_words import FAULTS, VERDICTS

    tally, people = told["tally"], told["people"]
    print(f"{tally['read']} lignes lues, {tally['kept']} gardées.")
    for fault, count in tally["faults"].items():
        print(f"  {FAULTS[fault]}{NBSP}: {count}")
    verdicts = Counter(each["verdict"] for each in people)
    for verdict, label in VERDICTS.items():
        print(f"{label}{NBSP}: {verdicts[verdict]}")
    to_tell = [
        each for each in people if each["verdict"] in ("other_name", "without_number", "absent")
    ]
    for each in to_tell[:TOLD]:
        lines = ", ".join(map(str, each["lines"]))
        where = f"ligne {lines}{NBSP}: " if lines else ""
        print(f"  {where}{each['rpps']} {each['name']} — {VERDICTS[each['verdict']]}")
    if len(to_tell) > TOLD:
        print(f"  … et {len(to_tell) - TOLD} autres{NBSP}: ajoutez --report.")
    if not applied:
        print(f"Rien n’a été écrit{NBSP}: ajoutez --apply.")


def _write(path: Path, told: Mapping[str, Any]) -> None:
    from dispatcher.papers.spreadsheets import csv_of
    from dispatcher.services.directory_words import report_rows

    path.write_bytes(csv_of(report_rows(told)))
