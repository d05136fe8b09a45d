"""What practitioners are asked at their hour, each with a link that is enough to answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from dispatcher.domain import calendar, languages
from dispatcher.domain.events import CLOCK
from dispatcher.domain.languages import Language
from dispatcher.domain.links import (
    CLOSING_HOURS,
    CLOSING_LIFE,
    PUBLICATION_HOURS,
    LinkPurpose,
    closing_span,
)
from dispatcher.domain.messages import MessageKind
from dispatcher.domain.policy import Policy
from dispatcher.domain.states import LIVE_APPOINTMENTS
from dispatcher.reads.occurrences import proposed_on
from dispatcher.services.house import House
from dispatcher.services.occurrences import absence_spans
from dispatcher.services.practitioner_links import forget_links, link_about_day
from dispatcher.services.practitioner_notices import BY_EMAIL, Notice, tell_practitioners
from dispatcher.storage.emails import Email
from dispatcher.storage.messages import Message
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.requests import Appointment
from dispatcher.storage.schedules import Schedule
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Claim

A_DAY = timedelta(days=1)
NOON = 12
_REACHED = or_(Practitioner.phone.is_not(None), BY_EMAIL)


@dataclass(frozen=True, slots=True)
class _Question:
    """What one practitioner is to be asked about a local day.

    `said` are the placeholders that the kind has of its own. The SMS is worth nothing after
    `until`, its link after `link_until`.
    """

    kind: MessageKind
    purpose: LinkPurpose
    practitioner_id: UUID
    phone: str | None
    day: date
    said: Mapping[str, str]
    until: datetime
    link_until: datetime

    @property
    def key(self) -> str:
        """The purpose of its SMS: nobody is asked twice about one day."""
        return _key(self.kind, self.practitioner_id, self.day)


def ask_practitioners(house: House, claim: Claim) -> int:
    """Ask in the morning about what nobody closed, in the evening about tomorrow's hours.

    Run every hour: each territory has its own mornings and evenings. Returns how many were asked.
    """
    now = house.clock()
    with house.db.reading() as session:
        territories = session.scalars(select(Territory).order_by(Territory.id)).all()
        owed = [
            (territory, question)
            for territory in territories
            for question in _questions(session, territory, now)
        ]
    for territory, question in owed:
        _ask(house, territory, question)
    forget_links(house)
    house.db.keep(claim)
    return len(owed)


def _questions(session: Session, territory: Territory, now: datetime) -> list[_Question]:
    """What is to be asked at this hour of the territory's day, and was not yet."""
    zone = ZoneInfo(territory.timezone)
    local = now.astimezone(zone)
    questions: list[_Question] = []
    if local.hour in CLOSING_HOURS and Policy.in_force(territory.settings).sms.closing:
        questions = _left_open(session, territory.id, local.date() - A_DAY, now, zone)
    if local.hour in PUBLICATION_HOURS:
        questions = _to_publish(session, territory, local.date() + A_DAY, now, zone)
    keys = [question.key for question in questions]
    known = {
        purpose
        for told in (Message, Email)
        for purpose in session.scalars(select(told.purpose).where(told.purpose.in_(keys)))
    }
    return [question for question in questions if question.key not in known]


def _left_open(
    session: Session, territory_id: UUID, day: date, now: datetime, zone: ZoneInfo
) -> list[_Question]:
    """Of whoever left an appointment of that day open; what is older counts in with it."""
    first, end = closing_span(day, zone)
    start, _ = calendar.local_day_bounds(day, zone)
    rows = session.execute(
        select(Practitioner.id, Practitioner.phone, func.count())
        .join(Appointment, Appointment.practitioner_id == Practitioner.id)
        .where(
            Practitioner.territory_id == territory_id,
            Practitioner.active,
            _REACHED,
            Appointment.status.in_(LIVE_APPOINTMENTS),
            Appointment.start_at >= first,
            Appointment.start_at < end,
        )
        .group_by(Practitioner.id, Practitioner.phone)
        .having(func.max(Appointment.start_at) >= start)
        .order_by(Practitioner.id)
    )
    return [
        _Question(
            kind=MessageKind.CLOSING_QUESTION,
            purpose=LinkPurpose.CLOSING,
            practitioner_id=practitioner_id,
            phone=phone,
            day=day,
            said={"count": str(count)},
            until=calendar.local_day_bounds(day + A_DAY, zone)[1],
            link_until=now + CLOSING_LIFE,
        )
        for practitioner_id, phone, count in rows
    ]


def _to_publish(
    session: Session, territory: Territory, day: date, now: datetime, zone: ZoneInfo
) -> list[_Question]:
    """Of whoever has a template that asks first and makes something of that day; not the absent."""
    rows = session.execute(
        select(Practitioner.id, Practitioner.phone)
        .join(Schedule, Schedule.practitioner_id == Practitioner.id)
        .where(
            Practitioner.territory_id == territory.id,
            Practitioner.active,
            _REACHED,
            Schedule.asks_first,
            Schedule.ended_at.is_(None),
        )
        .distinct()
        .order_by(Practitioner.id)
    ).all()
    end = calendar.local_day_bounds(day, zone)[1]
    questions = []
    for practitioner_id, phone in rows:
        hours = _hours_of(session, practitioner_id, day, now, zone, territory.department)
        if hours:
            questions.append(
                _Question(
                    kind=MessageKind.PUBLICATION_QUESTION,
                    purpose=LinkPurpose.PUBLICATION,
                    practitioner_id=practitioner_id,
                    phone=phone,
                    day=day,
                    said={"time": hours},
                    until=end,
                    link_until=end,
                )
            )
    return questions


def _hours_of(
    session: Session,
    practitioner_id: UUID,
    day: date,
    now: datetime,
    zone: ZoneInfo,
    department: str,
) -> str:
    """« entre 9 h et 12 h, entre 14 h et 17 h »; empty when nothing is to be published."""
    proposed = [
        each
        for each in proposed_on(session, practitioner_id, day, now, zone, department)
        if each.to_come
        and not any(
            away.start <= each.start and away.end >= each.end
            for away in absence_spans(session, practitioner_id, each.start, each.end)
        )
    ]
    said = [languages.between(each.start, each.end, zone, Language.FRENCH) for each in proposed]
    return ", ".join(said)


def _key(kind: MessageKind, practitioner_id: UUID, day: date) -> str:
    return f"{kind.value}:{practitioner_id}:{day.isoformat()}"


def _ask(house: House, territory: Territory, question: _Question) -> None:
    zone, day = ZoneInfo(territory.timezone), question.day
    at_noon = datetime(day.year, day.month, day.day, NOON, tzinfo=zone)
    with house.db.transaction(territory.id, CLOCK) as unit:
        link = link_about_day(
            house, unit, question.purpose, question.practitioner_id, day, question.link_until
        )
        notice = Notice(
            kind=question.kind,
            practitioner_id=question.practitioner_id,
            phone=question.phone,
            purpose=question.key,
            values={
                "sender": territory.name,
                "day": languages.day(at_noon, zone, Language.FRENCH),
                "link": link,
                **question.said,
            },
            expires_at=question.until,
        )
        tell_practitioners(house, unit, [notice])
