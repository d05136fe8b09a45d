"""What professionals are owed for a month: reckoned while it is open, kept once it is closed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatcher.domain import calendar
from dispatcher.domain.calendar import Period
from dispatcher.domain.indicators import Ledger
from dispatcher.domain.payments.statements import (
    Basis,
    Item,
    Rule,
    Statement,
    Work,
    last_day,
    statements_of,
)
from dispatcher.domain.roles import Account
from dispatcher.domain.states import AppointmentStatus
from dispatcher.reads.day_counts import events_about
from dispatcher.storage.payments import ClosedMonth, PaymentRule, RegulationHours
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.requests import Appointment
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True)
class KeptRule:
    """A rate with its id."""

    id: UUID
    rule: Rule


@dataclass(frozen=True, slots=True)
class KeptHours:
    """Hours of regulation that were noted."""

    id: UUID
    practitioner_id: UUID
    on: date
    minutes: int


@dataclass(frozen=True, slots=True)
class Payee:
    """Who is paid."""

    id: UUID
    name: str
    rpps: str
    profession: str


@dataclass(frozen=True, slots=True)
class MonthOfPayments:
    """A month with everybody's statement. `closed_at` is None while it may change."""

    month: date
    closed_at: datetime | None
    digest: str
    statements: Sequence[Statement]
    paid_before: Mapping[UUID, int]
    """Cents, by professional, of the closed months before it in the civil year."""


def month_of_payments(
    db: Database, territory_id: UUID, month: date, zone: ZoneInfo
) -> MonthOfPayments:
    """The statements of a month, given by its first day."""
    with db.reading() as session:
        return in_session(session, territory_id, month, zone)


def own_statement(
    db: Database, account: Account, month: date, zone: ZoneInfo
) -> tuple[Statement | None, bool]:
    """What the practitioner who is signed in is owed for a month, and whether it is closed.

    None where they earned nothing that a rule of the territory pays.
    """
    found = month_of_payments(db, account.territory_id, month, zone)
    own = (each for each in found.statements if each.practitioner_id == account.practitioner_id)
    return next(own, None), found.closed_at is not None


def in_session(
    session: Session, territory_id: UUID, month: date, zone: ZoneInfo
) -> MonthOfPayments:
    """The same within a transaction: what is closed is what was reckoned there."""
    paid = _paid_before(session, territory_id, month)
    kept = session.get(ClosedMonth, (territory_id, month))
    if kept is not None:
        statements = [_statement(each) for each in kept.statements]
        return MonthOfPayments(month, kept.closed_at, kept.digest, statements, paid)
    rules = [each.rule for each in _rules(session, territory_id)]
    period = calendar.period(month, last_day(month), zone)
    statements = statements_of(month, rules, _works(session, territory_id, period), paid)
    return MonthOfPayments(month, None, "", statements, paid)


def payment_rules(db: Database, territory_id: UUID) -> Sequence[KeptRule]:
    """The territory's rates, the oldest first."""
    with db.reading() as session:
        return _rules(session, territory_id)


def hours_noted(db: Database, territory_id: UUID, month: date) -> Sequence[KeptHours]:
    """The hours of regulation of a month, by day."""
    with db.reading() as session:
        rows = session.scalars(
            select(RegulationHours)
            .where(
                RegulationHours.territory_id == territory_id,
                RegulationHours.worked_on.between(month, last_day(month)),
                RegulationHours.ended_at.is_(None),
            )
            .order_by(RegulationHours.worked_on, RegulationHours.entered_at)
        )
        return [KeptHours(row.id, row.practitioner_id, row.worked_on, row.minutes) for row in rows]


def closed_months(db: Database, territory_id: UUID) -> Sequence[date]:
    """The months that no longer change, in order."""
    with db.reading() as session:
        return session.scalars(
            select(ClosedMonth.month)
            .where(ClosedMonth.territory_id == territory_id)
            .order_by(ClosedMonth.month)
        ).all()


def payees(db: Database, territory_id: UUID) -> Mapping[UUID, Payee]:
    """Every professional of the territory, by name."""
    with db.reading() as session:
        rows = session.scalars(
            select(Practitioner)
            .where(Practitioner.territory_id == territory_id)
            .order_by(Practitioner.last_name, Practitioner.first_name, Practitioner.id)
        )
        return {
            row.id: Payee(row.id, row.display_name, row.rpps or "", row.profession) for row in rows
        }


def statement_as_json(statement: Statement) -> dict[str, Any]:
    """As a closed month keeps it."""
    return {
        "practitioner": str(statement.practitioner_id),
        "held_back_cents": statement.held_back_cents,
        "items": [
            {
                "basis": item.basis.value,
                "quantity": str(item.quantity),
                "rate_cents": item.rate_cents,
                "cents": item.cents,
            }
            for item in statement.items
        ],
    }


def _statement(kept: Mapping[str, Any]) -> Statement:
    items = tuple(
        Item(Basis(item["basis"]), Decimal(item["quantity"]), item["rate_cents"], item["cents"])
        for item in kept["items"]
    )
    return Statement(UUID(kept["practitioner"]), items, kept["held_back_cents"])


def _paid_before(session: Session, territory_id: UUID, month: date) -> Mapping[UUID, int]:
    paid: Counter[UUID] = Counter()
    kept = session.scalars(
        select(ClosedMonth.statements).where(
            ClosedMonth.territory_id == territory_id,
            ClosedMonth.month >= month.replace(month=1),
            ClosedMonth.month < month,
        )
    )
    for statements in kept:
        for each in map(_statement, statements):
            paid[each.practitioner_id] += each.due_cents
    return paid


def _rules(session: Session, territory_id: UUID) -> Sequence[KeptRule]:
    rows = session.scalars(
        select(PaymentRule)
        .where(PaymentRule.territory_id == territory_id)
        .order_by(PaymentRule.first_month, PaymentRule.created_at, PaymentRule.id)
    )
    return [
        KeptRule(
            row.id,
            Rule(Basis(row.basis), row.profession, row.cents, row.first_month, row.last_month),
        )
        for row in rows
    ]


def _works(session: Session, territory_id: UUID, period: Period) -> Sequence[Work]:
    """What everybody of the territory did in a month, by name: places are the log's."""
    places: Counter[UUID] = Counter()
    for slot in Ledger.of(events_about(session, territory_id, period)).slots:
        if slot.practitioner_id is not None and slot.start in period:
            places[slot.practitioner_id] += max(slot.places, 0)
    acts = dict(
        session.execute(
            select(Appointment.practitioner_id, func.count())
            .join(Practitioner, Practitioner.id == Appointment.practitioner_id)
            .where(
                Practitioner.territory_id == territory_id,
                Appointment.status == AppointmentStatus.FULFILLED,
                Appointment.start_at >= period.start,
                Appointment.start_at < period.end,
            )
            .group_by(Appointment.practitioner_id)
        ).all()
    )
    days = list(period.days())
    minutes = dict(
        session.execute(
            select(RegulationHours.practitioner_id, func.sum(RegulationHours.minutes))
            .where(
                RegulationHours.territory_id == territory_id,
                RegulationHours.worked_on.between(days[0], days[-1]),
                RegulationHours.ended_at.is_(None),
            )
            .group_by(RegulationHours.practitioner_id)
        ).all()
    )
    rows = session.execute(
        select(Practitioner.id, Practitioner.profession)
        .where(Practitioner.territory_id == territory_id)
        .order_by(Practitioner.last_name, Practitioner.first_name, Practitioner.id)
    )
    return [
        Work(row.id, row.profession, places[row.id], acts.get(row.id, 0), minutes.get(row.id, 0))
        for row in rows
    ]
