"""What an import of the national directory chose, and whom the territory knows already."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from dispatcher.domain.directory.extract import Entry
from dispatcher.domain.directory.people import PERSON_FIELDS, PLACE_FIELDS, Known, KnownPlace, plain
from dispatcher.storage.directory import DirectoryImport, DirectoryLine
from dispatcher.storage.practitioners import Place, Practitioner


def chosen(found: DirectoryImport, which: "Select[Any]") -> "Select[Any]":
    """A query over lines, of what the import chose alone."""
    which = which.where(
        DirectoryLine.import_id == found.id,
        DirectoryLine.commune.in_(found.choice["communes"]),
        DirectoryLine.profession.in_(found.choice["professions"]),
    )
    return which if found.choice["employed"] else which.where(DirectoryLine.employed.is_(False))


def chosen_entries(
    session: Session, found: DirectoryImport, numbers: Sequence[str] | None = None
) -> list[Entry]:
    """The chosen lines, of these RPPS numbers or of all, by person."""
    which = chosen(found, select(DirectoryLine))
    if numbers is not None:
        which = which.where(DirectoryLine.rpps.in_(numbers))
    rows = session.scalars(which.order_by(DirectoryLine.rpps, DirectoryLine.number))
    return [Entry(**row.entry) for row in rows]


def absent(session: Session, found: DirectoryImport) -> list[Practitioner]:
    """Active people of the chosen professions and communes whose number no line of it has.

    Any line counts, chosen or not: who has moved within what was read, or is employed now, is not
    absent.
    """
    somewhere = select(DirectoryLine.rpps).where(DirectoryLine.import_id == found.id)
    there = select(Place.practitioner_id).where(
        Place.territory_id == found.territory_id,
        Place.closed_at.is_(None),
        Place.commune.in_(found.choice["communes"]),
    )
    rows = session.scalars(
        select(Practitioner)
        .where(
            Practitioner.territory_id == found.territory_id,
            Practitioner.active,
            Practitioner.profession.in_(found.choice["professions"]),
            Practitioner.id.in_(there),
            Practitioner.rpps.not_in(somewhere),
        )
        .order_by(Practitioner.last_name, Practitioner.first_name, Practitioner.id)
    )
    return list(rows)


def known_by_number(
    session: Session, territory_id: UUID, numbers: Sequence[str] | None = None
) -> dict[str, Known]:
    """Those of the territory who have an RPPS number: all, or these, whose rows are then locked."""
    which = select(Practitioner).where(
        Practitioner.territory_id == territory_id, Practitioner.rpps.is_not(None)
    )
    if numbers is not None:
        which = which.where(Practitioner.rpps.in_(numbers)).with_for_update()
    rows = session.scalars(which.order_by(Practitioner.id)).all()
    places: dict[UUID, list[KnownPlace]] = {row.id: [] for row in rows}
    theirs = select(Place).where(Place.territory_id == territory_id)
    if numbers is not None:
        theirs = theirs.where(Place.practitioner_id.in_(places))
    for place in session.scalars(theirs.order_by(Place.label, Place.id)):
        if place.practitioner_id in places:
            places[place.practitioner_id].append(
                KnownPlace(place.id, _values(place, PLACE_FIELDS), place.imported)
            )
    return {
        row.rpps or "": Known(row.id, _values(row, PERSON_FIELDS), row.imported, places[row.id])
        for row in rows
    }


def without_number(session: Session, territory_id: UUID) -> dict[tuple[str, str, str], Known]:
    """Those of the territory without an RPPS number, by profession and plain name."""
    rows = session.scalars(
        select(Practitioner).where(
            Practitioner.territory_id == territory_id, Practitioner.rpps.is_(None)
        )
    )
    return {
        (row.profession, plain(row.last_name), plain(row.first_name)): Known(
            row.id, _values(row, PERSON_FIELDS), row.imported, ()
        )
        for row in rows
    }


def _values(row: Practitioner | Place, names: Iterable[str]) -> dict[str, str]:
    return {name: getattr(row, name) or "" for name in names}
