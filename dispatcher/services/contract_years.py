"""The years of contract that a territory keeps, as they were agreed."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Select, select

from dispatcher.domain.aci.contract import Contract, Line, Source
from dispatcher.domain.errors import NotFoundError
from dispatcher.services.contract_files import read_contract
from dispatcher.storage.contracts import SignedContract
from dispatcher.storage.unit import Database


def standing(territory_id: UUID) -> Select[SignedContract]:
    """The rows that hold, the earliest year first."""
    return (
        select(SignedContract)
        .where(SignedContract.territory_id == territory_id, SignedContract.ended_at.is_(None))
        .order_by(SignedContract.first_day)
    )


def contract_years(db: Database, territory_id: UUID) -> Sequence[Contract]:
    """The territory's years of contract, the latest first; no line has a value in them."""
    with db.reading() as session:
        rows = session.scalars(standing(territory_id)).all()
    return [read_contract(row.terms) for row in reversed(rows)]


def year_of(years: Sequence[Contract], first: date | None, today: date) -> Contract:
    """The year that begins on a day; without one the year of today, or else the latest.

    Raises NotFoundError.
    """
    for year in years:
        if year.first == first or (first is None and year.first <= today <= year.last):
            return year
    if first is not None or not years:
        raise NotFoundError
    return years[0]


def lines_to_fill(years: Sequence[Contract]) -> Mapping[str, tuple[Line, Contract]]:
    """By key, the lines whose value somebody types in, with their latest year."""
    return {
        line.key: (line, year)
        for year in reversed(years)
        for line in year.lines()
        if line.source is not Source.LOG
    }
