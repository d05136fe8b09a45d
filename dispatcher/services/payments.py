"""Payments to professionals: rates, hours of regulation, and the closing of a month."""

import hashlib
import json
import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field
from sqlalchemy import Select, select

from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError
from dispatcher.domain.events import (
    PaymentRuleAdded,
    PaymentRuleEnded,
    PaymentsClosed,
    RegulationHoursNoted,
    RegulationHoursTakenBack,
)
from dispatcher.domain.payments.statements import Basis, Rule, month_of, next_month, overlaps
from dispatcher.domain.roles import Account
from dispatcher.reads.payments import in_session, statement_as_json
from dispatcher.services.commands import CodeText, Day, Shape
from dispatcher.services.house import House
from dispatcher.storage.payments import ClosedMonth, PaymentRule, RegulationHours
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit

HIGHEST_CENTS = 100_000
"""1 000 € for one place, visit or hour: more is a slip of the finger."""
LONGEST_MINUTES = 24 * 60


class AddRule(Shape):
    """A rate, from the month of a day on. `profession` (TRE_G15) is null for all others."""

    basis: Basis
    profession: CodeText | None = None
    cents: int = Field(ge=1, le=HIGHEST_CENTS)
    first_month: Day


class NoteHours(Shape):
    """Time given to regulation on a local day."""

    practitioner: UUID
    on: Day
    minutes: int = Field(ge=1, le=LONGEST_MINUTES)


class MonthNotClosableError(RefusedError):
    """The month cannot be closed yet; the sentence says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__("month-not-closable", sentence)


def add_rule(house: House, account: Account, command: AddRule) -> UUID:
    """Set a rate. Raises InvalidError by field: closed months do not get new rates."""
    month = month_of(command.first_month)
    with house.db.transaction(account.territory_id, account.actor) as unit:
        closed = _lock(unit)
        faults = {}
        known = house.catalogue.professions
        if command.profession is not None and command.profession not in known:
            faults["profession"] = "Choisissez une profession de la liste."
        if closed and month <= closed[-1]:
            faults["first_month"] = (
                f"Les mois jusqu’à {calendar.month(closed[-1])} sont clos{NBSP}: choisissez un mois"
                " plus tard."
            )
        rule = Rule(command.basis, command.profession, command.cents, month, None)
        for row in unit.session.scalars(_rules(unit.territory_id)):
            other = Rule(
                Basis(row.basis), row.profession, row.cents, row.first_month, row.last_month
            )
            if overlaps(rule, other):
                faults["basis"] = (
                    "Un tarif vaut déjà pour la même chose à partir de"
                    f" {calendar.month(row.first_month)}{NBSP}: mettez-y fin d’abord."
                )
        if faults:
            raise InvalidError(faults)
        rule_id = uuid.uuid4()
        unit.session.add(
            PaymentRule(
                id=rule_id,
                territory_id=unit.territory_id,
                basis=rule.basis.value,
                profession=rule.profession,
                cents=rule.cents,
                first_month=month,
                last_month=None,
                created_by=account.user_id,
                created_at=unit.now,
            )
        )
        unit.record(PaymentRuleAdded(rule_id=rule_id, basis=rule.basis.value, month=str(month)))
    return rule_id


def end_rule(house: House, account: Account, rule_id: UUID) -> date | None:
    """End a rate with the last month that is closed, or else with the month before this one.

    One that held in no month yet is taken away. Returns its last month. Raises NotFoundError.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        closed = _lock(unit)
        row = unit.session.scalars(
            _rules(unit.territory_id).where(PaymentRule.id == rule_id)
        ).one_or_none()
        if row is None:
            raise NotFoundError
        if row.last_month is not None:
            return row.last_month
        this = month_of(calendar.local_day(unit.now, ZoneInfo(account.timezone)))
        last = max([month_of(this - timedelta(days=1)), *closed[-1:]])
        if last < row.first_month:
            unit.session.delete(row)
            unit.record(PaymentRuleEnded(rule_id=rule_id, month=None))
            return None
        row.last_month = last
        unit.record(PaymentRuleEnded(rule_id=rule_id, month=str(last)))
        return last


def note_hours(house: House, account: Account, command: NoteHours) -> UUID:
    """Note hours of regulation. Raises InvalidError by field."""
    with house.db.transaction(account.territory_id, account.actor) as unit:
        closed = _lock(unit)
        faults = {}
        practitioner = unit.session.get(Practitioner, command.practitioner)
        if practitioner is None or practitioner.territory_id != unit.territory_id:
            faults["practitioner"] = "Choisissez un professionnel de la liste."
        if command.on > calendar.local_day(unit.now, ZoneInfo(account.timezone)):
            faults["on"] = "Cette date est dans le futur."
        elif month_of(command.on) in closed:
            faults["on"] = "Ce mois est clos."
        if faults:
            raise InvalidError(faults)
        hours_id = uuid.uuid4()
        unit.session.add(
            RegulationHours(
                id=hours_id,
                territory_id=unit.territory_id,
                practitioner_id=command.practitioner,
                worked_on=command.on,
                minutes=command.minutes,
                entered_by=account.user_id,
                entered_at=unit.now,
                ended_at=None,
            )
        )
        unit.record(
            RegulationHoursNoted(
                hours_id=hours_id, practitioner_id=command.practitioner, day=str(command.on)
            )
        )
    return hours_id


def take_back_hours(house: House, account: Account, hours_id: UUID) -> None:
    """Take back hours of a month that is open. Raises NotFoundError, MonthNotClosableError."""
    with house.db.transaction(account.territory_id, account.actor) as unit:
        closed = _lock(unit)
        row = unit.session.scalars(
            select(RegulationHours).where(
                RegulationHours.id == hours_id, RegulationHours.territory_id == unit.territory_id
            )
        ).one_or_none()
        if row is None:
            raise NotFoundError
        if month_of(row.worked_on) in closed:
            raise MonthNotClosableError(f"Ce mois est clos{NBSP}: ses heures ne changent plus.")
        if row.ended_at is None:
            row.ended_at = unit.now
            unit.record(
                RegulationHoursTakenBack(hours_id=hours_id, practitioner_id=row.practitioner_id)
            )


def close_month(house: House, account: Account, month: date) -> str:
    """Make the statements of a month final; the digest that the log keeps.

    A month that is closed stays as it is. Raises MonthNotClosableError for one that is not over, or
    that comes after another open one: the yearly ceiling is reckoned in the order of the months.
    """
    zone = ZoneInfo(account.timezone)
    with house.db.transaction(account.territory_id, account.actor) as unit:
        closed = _lock(unit)
        if month in closed:
            return unit.session.get_one(ClosedMonth, (unit.territory_id, month)).digest
        if next_month(month) > calendar.local_day(unit.now, zone):
            raise MonthNotClosableError("Ce mois n’est pas terminé.")
        due = _first_open(unit, closed)
        if due is None or month < due:
            raise MonthNotClosableError("Aucun tarif ne vaut pour ce mois.")
        if month > due:
            raise MonthNotClosableError(f"Clôturez d’abord {calendar.month(due)}.")
        found = in_session(unit.session, unit.territory_id, month, zone)
        statements = [statement_as_json(each) for each in found.statements]
        digest = hashlib.sha256(json.dumps(statements, sort_keys=True).encode()).hexdigest()
        unit.session.add(
            ClosedMonth(
                territory_id=unit.territory_id,
                month=month,
                statements=statements,
                digest=digest,
                closed_by=account.user_id,
                closed_at=unit.now,
            )
        )
        unit.record(PaymentsClosed(month=str(month), digest=digest))
    return digest


def _lock(unit: Unit) -> Sequence[date]:
    """The closed months in order; until the commit nobody else changes payments here."""
    unit.session.execute(
        select(Territory.id).where(Territory.id == unit.territory_id).with_for_update()
    )
    return unit.session.scalars(
        select(ClosedMonth.month)
        .where(ClosedMonth.territory_id == unit.territory_id)
        .order_by(ClosedMonth.month)
    ).all()


def _first_open(unit: Unit, closed: Sequence[date]) -> date | None:
    """The month that is to be closed next; None without any rate."""
    if closed:
        return next_month(closed[-1])
    return unit.session.scalars(
        _rules(unit.territory_id).with_only_columns(PaymentRule.first_month).limit(1)
    ).first()


def _rules(territory_id: UUID) -> Select[PaymentRule]:
    return (
        select(PaymentRule)
        .where(PaymentRule.territory_id == territory_id)
        .order_by(PaymentRule.first_month, PaymentRule.id)
    )
