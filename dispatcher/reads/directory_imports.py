"""The page of an import of the national directory: what was read, what is chosen, how far it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from dispatcher.storage.directory import DirectoryImport, DirectoryLine
from dispatcher.storage.practitioners import Place
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True)
class ImportFacts:
    """One import; `choice` is empty until somebody chose."""

    id: UUID
    file_name: str
    asked_at: datetime
    status: str
    tally: Mapping[str, Any]
    choice: Mapping[str, Any]
    progress: float
    result: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Readable:
    """What the lines that were kept can be chosen by: people by INSEE and TRE_G15 code."""

    communes: Mapping[str, int]
    professions: Mapping[str, int]
    employed: int
    """People who are employed somewhere."""


def imports_of(db: Database, territory_id: UUID, limit: int = 10) -> list[ImportFacts]:
    """The territory's imports, the latest first."""
    with db.reading() as session:
        rows = session.scalars(
            select(DirectoryImport)
            .where(DirectoryImport.territory_id == territory_id)
            .order_by(DirectoryImport.asked_at.desc(), DirectoryImport.id)
            .limit(limit)
        ).all()
    return [_facts(row) for row in rows]


def import_facts(db: Database, territory_id: UUID, import_id: UUID) -> ImportFacts | None:
    """One of the territory's imports."""
    with db.reading() as session:
        row = session.get(DirectoryImport, import_id)
    return _facts(row) if row is not None and row.territory_id == territory_id else None


def readable(db: Database, import_id: UUID) -> Readable:
    """How many people each commune and each profession has, of the lines that were kept."""
    people = func.count(DirectoryLine.rpps.distinct())
    of_import = DirectoryLine.import_id == import_id
    with db.reading() as session:
        communes, professions = (
            {
                row[0]: row[1]
                for row in session.execute(
                    select(column, people).where(of_import).group_by(column).order_by(column)
                )
            }
            for column in (DirectoryLine.commune, DirectoryLine.profession)
        )
        employed = session.scalar(select(people).where(of_import, DirectoryLine.employed)) or 0
    return Readable(communes, professions, employed)


def communes_in_use(db: Database, territory_id: UUID) -> Sequence[str]:
    """The communes that the territory's last import chose, else those of its places."""
    with db.reading() as session:
        last = session.scalars(
            select(DirectoryImport.choice)
            .where(DirectoryImport.territory_id == territory_id, DirectoryImport.status == "done")
            .order_by(DirectoryImport.asked_at.desc())
            .limit(1)
        ).first()
        if last:
            return list(last["communes"])
        return session.scalars(
            select(Place.commune).where(Place.territory_id == territory_id).distinct()
        ).all()


def _facts(row: DirectoryImport) -> ImportFacts:
    return ImportFacts(
        row.id,
        row.file_name,
        row.asked_at,
        row.status,
        row.tally,
        row.choice,
        row.progress,
        row.result,
    )
