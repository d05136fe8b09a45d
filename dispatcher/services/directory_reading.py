"""Reading an extract of the national directory for a territory: its lines are kept until chosen."""

import uuid
from collections.abc import Callable, Collection
from dataclasses import asdict
from itertools import islice
from typing import BinaryIO, Final
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.directory.extract import Entry, Tally, Wanted, read_extract
from dispatcher.domain.directory.header import HeaderError
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.events import Actor
from dispatcher.services.directory_files import NotAnExtractError, opened_extract
from dispatcher.services.house import House
from dispatcher.storage.columns import table_of
from dispatcher.storage.directory import DirectoryImport, DirectoryLine

READING, READ, WAITING, RUNNING, DONE, FAILED = (
    "reading",
    "read",
    "waiting",
    "running",
    "done",
    "failed",
)
LINES_AT_ONCE: Final = 1000
"""Lines of one transaction: some 30 ms, in which other writers wait."""
MOST_LINES: Final = 200_000
"""Whoever wants more has not chosen: the largest département has half of that."""
LONGEST_FILE_NAME: Final = 120
_LINES = table_of(DirectoryLine)
Teller = Callable[[float], None]
"""Told the share that is done, 0 to 1."""


def read_directory(
    house: House,
    territory_id: UUID,
    actor: Actor,
    file: BinaryIO,
    file_name: str,
    communes: Collection[str],
    tell: Teller = lambda _: None,
) -> UUID:
    """Keep the lines of an extract, text or archive, that are about these communes (INSEE codes).

    Returns the import's id; nothing is changed of the territory yet. Memory is bounded, whatever
    the file's size. What was read before and not imported is forgotten. Raises NotAnExtractError,
    and RefusedError (`no-line`) where no line is about them: nothing is kept then.
    """
    import_id = _begun(house, territory_id, actor, file_name)
    wanted = Wanted(
        frozenset(communes),
        frozenset(house.catalogue.professions),
        frozenset(commune.insee for commune in house.communes),
    )
    tally = Tally()
    try:
        _take(house, import_id, file, wanted, tally, tell)
    except HeaderError as error:
        forget_import(house, import_id)
        raise NotAnExtractError(_no_header(error)) from error
    except BaseException:
        forget_import(house, import_id)
        raise
    with house.db.writing() as session:
        session.execute(
            update(DirectoryImport)
            .where(DirectoryImport.id == import_id)
            .values(
                status=READ,
                tally={
                    "read": tally.read,
                    "kept": tally.kept,
                    "no_commune": tally.no_commune,
                    "students": tally.students,
                    "faults": {fault.value: count for fault, count in tally.faults.items()},
                },
                findings=[asdict(finding) for finding in tally.findings],
            )
        )
    return import_id


def _take(
    house: House, import_id: UUID, file: BinaryIO, wanted: Wanted, tally: Tally, tell: Teller
) -> None:
    """Write the wished lines down. Raises HeaderError, NotAnExtractError."""
    with opened_extract(file) as opened:
        size = max(opened.size, 1)
        entries = read_extract(
            opened.stream, wanted, tally, lambda count: tell(min(count / size, 1.0))
        )
        while some := list(islice(entries, LINES_AT_ONCE)):
            _keep(house, import_id, some)
            if tally.kept > MOST_LINES:
                raise NotAnExtractError(
                    f"Ce choix garde trop de lignes{NBSP}: choisissez moins de départements.",
                )
    if not tally.kept:
        raise NotAnExtractError(_nothing(tally))


def communes_of(house: House, departments: Collection[str]) -> list[str]:
    """The INSEE codes of whole départements. Raises InvalidError for one that does not exist."""
    found: dict[str, list[str]] = {department: [] for department in departments}
    for commune in house.communes:
        if commune.department in found:
            found[commune.department].append(commune.insee)
    if unknown := sorted(department for department, codes in found.items() if not codes):
        told = f"Département inconnu{NBSP}: {', '.join(unknown)} (exemples{NBSP}: 39, 2A, 974)."
        raise InvalidError({"departments": told})
    if not found:
        raise InvalidError({"departments": "Choisissez au moins un département."})
    return [code for codes in found.values() for code in codes]


def _begun(house: House, territory_id: UUID, actor: Actor, file_name: str) -> UUID:
    """A new import; of what was only read before, the lines go."""
    import_id = uuid.uuid4()
    with house.db.transaction(territory_id, actor) as unit:
        left = select(DirectoryImport.id).where(
            DirectoryImport.territory_id == territory_id,
            DirectoryImport.status.in_([READING, READ]),
        )
        unit.session.execute(delete(DirectoryLine).where(DirectoryLine.import_id.in_(left)))
        unit.session.execute(
            delete(DirectoryImport).where(
                DirectoryImport.territory_id == territory_id,
                DirectoryImport.status.in_([READING, READ]),
            )
        )
        unit.session.add(
            DirectoryImport(
                id=import_id,
                territory_id=territory_id,
                asked_by=actor.id,
                asked_as=actor.kind.value,
                asked_at=unit.now,
                file_name=file_name[:LONGEST_FILE_NAME],
                status=READING,
            )
        )
    return import_id


def _keep(house: House, import_id: UUID, entries: list[Entry]) -> None:
    rows = [
        {
            "import_id": import_id,
            "number": entry.number,
            "rpps": entry.rpps,
            "commune": entry.commune,
            "profession": entry.profession,
            "employed": entry.employed,
            "entry": entry.as_json(),
        }
        for entry in entries
    ]
    with house.db.writing() as session:
        session.execute(insert(_LINES), rows)


def forget_import(house: House, import_id: UUID) -> None:
    """What was read for nothing goes; an import that was carried out is not to be forgotten."""
    with house.db.writing() as session:
        session.execute(delete(DirectoryLine).where(DirectoryLine.import_id == import_id))
        session.execute(delete(DirectoryImport).where(DirectoryImport.id == import_id))


def _no_header(error: HeaderError) -> str:
    if not error.missing:
        return (
            f"Ce fichier n’est pas l’extraction de l’annuaire{NBSP}: sa première ligne devrait"
            " nommer ses colonnes, séparées par des barres verticales."
        )
    names = ", ".join(f"«{NBSP}{name}{NBSP}»" for name in error.missing)
    one = len(error.missing) == 1
    return (
        f"Il manque {'une colonne' if one else 'des colonnes'} à ce fichier{NBSP}: {names}."
        " Rien n’a été changé."
    )


def _nothing(tally: Tally) -> str:
    faults = sum(tally.faults.values())
    told = f", dont {faults} illisibles" if faults else ""
    return (
        f"Aucune des {tally.read} lignes de ce fichier{told} ne concerne ces communes et ces"
        " professions."
    )
