"""`./snp backup` and `./snp restore`: a copy of the whole database, and putting it back.

As every verb, it imports what it needs when it is used.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.services.house import House

NBSP = "\N{NO-BREAK SPACE}"
DAMAGED, REFUSED = 1, 2


def declare_backup(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    parser.description = (
        "Copie toute la base dans un fichier neuf, pendant que le site tourne. "
        f"La clé DATA_KEY n’y est pas{NBSP}: gardez-la ailleurs, sans elle la copie est illisible."
    )
    parser.add_argument("file", type=Path, metavar="FICHIER")


def declare_restore(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    parser.description = (
        "Remet une sauvegarde en place, le site étant arrêté. À blanc, sauf avec --apply."
    )
    parser.add_argument("file", type=Path, metavar="FICHIER")
    parser.add_argument("--apply", action="store_true", help="remet en place")
    parser.add_argument(
        "--replace", action="store_true", help="met de côté les données qui s’y trouvent"
    )


def back_up(file: Path, url: str) -> int:
    """2 with a sentence where no copy was made."""
    from dispatcher.storage.backups import BackupError, back_up, revision_in

    try:
        back_up(url, file)
        revision = revision_in(url, file)  # read once to its end: it can be put back
    except BackupError as error:
        return _refuse(error)
    megabytes = f"{file.stat().st_size / 1e6:.1f}".replace(".", ",")
    print(f"{file}{NBSP}: {megabytes}{NBSP}Mo, schéma {revision}.")
    return 0


def restore(arguments: argparse.Namespace, url: str, open_house: "Callable[[], House]") -> int:
    """2 with a sentence where nothing was put back; 1 if its log or its identities are broken."""
    from dispatcher.bootstrap import utc_now
    from dispatcher.storage.backups import BackupError, restore, revision_in

    try:
        revision = revision_in(url, arguments.file)
        if not arguments.apply:
            print(f"Cette sauvegarde est entière (schéma {revision}).")
            print(f"Rien n’a été remis en place{NBSP}: ajoutez --apply.")
            return 0
        kept = restore(url, arguments.file, utc_now(), replace=arguments.replace)
    except BackupError as error:
        return _refuse(error)
    print("La sauvegarde est en place.")
    if kept:
        print(f"Ce qui s’y trouvait est gardé sous le nom {kept}.")
    return _verify(open_house())


def _verify(house: "House") -> int:
    from dispatcher.services.restored import look_at_restored

    try:
        found = look_at_restored(house)
    finally:
        house.db.dispose()
    print(f"{found.log.days} jours scellés, {found.log.events} événements.")
    for day in found.log.broken:
        print(f"Le journal du {day:%d/%m/%Y} a été modifié après avoir été scellé.")
    if found.unreadable:
        print("Une identité au moins ne s’ouvre avec aucune clé de DATA_KEY.")
    return 0 if found.is_whole else DAMAGED


def _refuse(error: Exception) -> int:
    print(error, file=sys.stderr)
    return REFUSED
