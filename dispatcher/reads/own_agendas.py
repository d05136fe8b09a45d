"""The agendas that a practitioner keeps elsewhere, and how their last reading went."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from dispatcher.domain.errors import NotFoundError
from dispatcher.domain.roles import Account
from dispatcher.storage.agendas import AgendaFeed, BusyTime
from dispatcher.storage.practitioners import Place
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True)
class Finding:
    """What could not be read: a `Fault`, and the line of the file (from 1) where one is known."""

    fault: str
    line: int | None


@dataclass(frozen=True, slots=True)
class OwnAgenda:
    """One agenda. `busy` counts the busy hours to come; the address itself is not shown."""

    id: UUID
    host: str
    word: str
    place_label: str
    slot_minutes: int | None
    read_at: datetime | None
    problem: str | None
    findings: Sequence[Finding]
    next_at: datetime
    busy: int


def own_agendas(db: Database, account: Account) -> list[OwnAgenda]:
    """The agendas of the practitioner who is signed in, the oldest first.

    Raises NotFoundError for an account that is no practitioner's.
    """
    if account.practitioner_id is None:
        raise NotFoundError
    busy = (
        select(func.count())
        .where(BusyTime.feed_id == AgendaFeed.id, BusyTime.ends_at > db.clock())
        .scalar_subquery()
    )
    with db.reading() as session:
        rows = session.execute(
            select(AgendaFeed, Place.label, busy.label("busy"))
            .outerjoin(Place, Place.id == AgendaFeed.place_id)
            .where(
                AgendaFeed.territory_id == account.territory_id,
                AgendaFeed.practitioner_id == account.practitioner_id,
            )
            .order_by(AgendaFeed.created_at, AgendaFeed.id)
        ).all()
    return [
        OwnAgenda(
            id=feed.id,
            host=feed.host,
            word=feed.word,
            place_label=label or "",
            slot_minutes=feed.slot_minutes,
            read_at=feed.read_at,
            problem=feed.problem,
            findings=tuple(Finding(each["fault"], each["line"]) for each in feed.findings),
            next_at=feed.next_at,
            busy=count,
        )
        for feed, label, count in rows
    ]
