"""Figures that the CPAM or the ARS computed, typed in by a coordinator with date and source."""

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints
from sqlalchemy import select

from dispatcher.domain import calendar
from dispatcher.domain.aci.contract import Contract, Line
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.events import FigureTakenBack, FigureTyped
from dispatcher.domain.indicators.outside import OUTSIDE, OutsideUnit
from dispatcher.domain.roles import Account
from dispatcher.services.commands import CodeText, Day, Shape, Writable
from dispatcher.services.contract_years import contract_years, lines_to_fill
from dispatcher.services.house import House
from dispatcher.storage.contracts import TypedFigure
from dispatcher.storage.unit import Unit

LARGEST = 100_000_000
_WHOLE_PERCENT = 100


class TypeFigure(Shape):
    """What was given, the local day that it describes, and the document that it is from."""

    code: CodeText
    figure: float = Field(ge=0, le=LARGEST, allow_inf_nan=False)
    on: Day
    origin: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), Writable
    ]


def type_figure(house: House, account: Account, command: TypeFigure) -> UUID | None:
    """Keep a figure; one of the same code and day that stood until now is replaced.

    Returns its id, None where the same stood already. Raises InvalidError by field.
    """
    lines = lines_to_fill(contract_years(house.db, account.territory_id))
    with house.db.transaction(account.territory_id, account.actor) as unit:
        today = calendar.local_day(unit.now, ZoneInfo(account.timezone))
        if faults := _faults(command, today, lines):
            raise InvalidError(faults)
        return write_figure(unit, account, command)


def write_figure(unit: Unit, account: Account, command: TypeFigure) -> UUID | None:
    """The same within a transaction of the caller's, who has checked the figure."""
    before = unit.session.scalars(
        select(TypedFigure)
        .where(
            TypedFigure.territory_id == account.territory_id,
            TypedFigure.code == command.code,
            TypedFigure.figure_on == command.on,
            TypedFigure.ended_at.is_(None),
        )
        .with_for_update()
    ).one_or_none()
    if before is not None:
        if (before.figure, before.origin) == (command.figure, command.origin):
            return None
        before.ended_at = unit.now
        unit.session.flush()  # its place has to be free before the new one takes it
    figure_id = uuid.uuid4()
    unit.session.add(
        TypedFigure(
            id=figure_id,
            territory_id=account.territory_id,
            code=command.code,
            figure=command.figure,
            figure_on=command.on,
            origin=command.origin,
            entered_by=account.user_id,
            entered_at=unit.now,
        )
    )
    unit.record(FigureTyped(figure_id=figure_id, code=command.code, day=str(command.on)))
    return figure_id


def take_back_figure(house: House, account: Account, figure_id: UUID) -> None:
    """End a figure that was typed by mistake; one that has ended stays so. Raises NotFoundError."""
    with house.db.transaction(account.territory_id, account.actor) as unit:
        found = unit.session.scalars(
            select(TypedFigure)
            .where(TypedFigure.id == figure_id, TypedFigure.territory_id == account.territory_id)
            .with_for_update()
        ).one_or_none()
        if found is None:
            raise NotFoundError
        if found.ended_at is None:
            found.ended_at = unit.now
            unit.record(FigureTakenBack(figure_id=figure_id, code=found.code))


def _faults(
    command: TypeFigure, today: date, lines: Mapping[str, tuple[Line, Contract]]
) -> dict[str, str]:
    faults = {}
    known, line = OUTSIDE.get(command.code), lines.get(command.code)
    if known is None and line is None:
        faults["code"] = "Choisissez un indicateur de la liste."
    elif known is not None:
        if known.unit is OutsideUnit.PERCENT and command.figure > _WHOLE_PERCENT:
            faults["figure"] = f"Un pourcentage va de 0 à{NBSP}100."
    elif line is not None and not line[1].first <= command.on <= line[1].last:
        faults["on"] = "Cette date est en dehors de l’année du contrat."
    if command.on > today:
        faults["on"] = "Cette date est dans le futur."
    return faults
