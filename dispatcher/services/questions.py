"""What practitioners are asked by SMS at their hour, each with a link that is enough to answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatcher.domain import calendar, languages
from dispatcher.domain.events import CLOCK
from dispatcher.domain.languages import Language
from dispatcher.domain.links import (
    CLOSING_HOURS,
    CLOSING_LIFE,
    LinkPurpose,
    closing_span,
)
from dispatcher.domain.messages import MessageKind
from dispatcher.domain.policy import Policy
from dispatcher.domain.states import LIVE_APPOINTMENTS
from dispatcher.services.house import House
from dispatcher.services.notices import Sms, queue_sms
from dispatcher.services.practitioner_links import forget_links, link_about_day
from dispatcher.storage.messages import Message
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.requests import Appointment
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Claim, Unit

NOON = 12


@dataclass(frozen=True, slots=True)
class _Asked:
    """One practitioner to be asked about a local day, and how many appointments it is about."""

    practitioner_id: UUID
    phone: str
    count: int


def ask_practitioners(house: House, claim: Claim) -> int:
    """Ask each practitioner in the morning about what nobody closed; how many were asked.

    Run every hour: each territory has its own morning. Nobody is asked twice about one day.
    """
    now, asked = house.clock(), 0
    with house.db.reading() as session:
        territories = session.scalars(select(Territory).order_by(Territory.id)).all()
    for territory in territories:
        zone = ZoneInfo(territory.timezone)
        local = now.astimezone(zone)
        if local.hour in CLOSING_HOURS and Policy.in_force(territory.settings).sms.closing:
            asked += _ask_about(house, territory, local.date() - timedelta(days=1), zone)
    forget_links(house)
    house.db.keep(claim)
    return asked


def _ask_about(house: House, territory: Territory, day: date, zone: ZoneInfo) -> int:
    """Ask the territory's practitioners who left an appointment of `day` open."""
    with house.db.reading() as session:
        owed = _left_open(session, territory.id, day, zone)
    asked = 0
    for each in owed:
        with house.db.transaction(territory.id, CLOCK) as unit:
            asked += _write(house, unit, territory, each, day, zone)
    return asked


def _left_open(session: Session, territory_id: UUID, day: date, zone: ZoneInfo) -> list[_Asked]:
    """Who has open appointments of that day and was not asked about it yet.

    What was left open on the days before counts in, once there is something of the day itself.
    """
    first, end = closing_span(day, zone)
    start, _ = calendar.local_day_bounds(day, zone)
    rows = session.execute(
        select(Practitioner.id, Practitioner.phone, func.count())
        .join(Appointment, Appointment.practitioner_id == Practitioner.id)
        .where(
            Practitioner.territory_id == territory_id,
            Practitioner.active,
            Practitioner.phone.is_not(None),
            Appointment.status.in_(LIVE_APPOINTMENTS),
            Appointment.start_at >= first,
            Appointment.start_at < end,
        )
        .group_by(Practitioner.id, Practitioner.phone)
        .having(func.max(Appointment.start_at) >= start)
        .order_by(Practitioner.id)
    ).all()
    known = _written(session, [_purpose(practitioner, day) for practitioner, *_ in rows])
    return [
        _Asked(practitioner_id, phone, count)
        for practitioner_id, phone, count in rows
        if phone is not None and _purpose(practitioner_id, day) not in known
    ]


def _written(session: Session, purposes: Sequence[str]) -> set[str | None]:
    return set(session.scalars(select(Message.purpose).where(Message.purpose.in_(purposes))))


def _purpose(practitioner_id: UUID, day: date) -> str:
    return f"{MessageKind.CLOSING_QUESTION.value}:{practitioner_id}:{day.isoformat()}"


def _write(
    house: House, unit: Unit, territory: Territory, asked: _Asked, day: date, zone: ZoneInfo
) -> bool:
    link = link_about_day(
        house, unit, LinkPurpose.CLOSING, asked.practitioner_id, day, unit.now + CLOSING_LIFE
    )
    at_noon = datetime(day.year, day.month, day.day, NOON, tzinfo=zone)
    written = queue_sms(
        house,
        unit,
        Sms(
            kind=MessageKind.CLOSING_QUESTION,
            to_role="practitioner",
            phone=asked.phone,
            purpose=_purpose(asked.practitioner_id, day),
            values={
                "sender": territory.name,
                "day": languages.day(at_noon, zone, Language.FRENCH),
                "count": str(asked.count),
                "link": link,
            },
            practitioner_id=asked.practitioner_id,
            expires_at=calendar.local_day_bounds(calendar.local_day(unit.now, zone), zone)[1],
        ),
    )
    return written is not None
