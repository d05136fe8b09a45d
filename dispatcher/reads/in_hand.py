"""Who works on a request: whoever has it in hand, who looks at it now, and what they noted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from dispatcher.domain.desk import in_hand
from dispatcher.domain.events import RequestHanded
from dispatcher.domain.roles import Role
from dispatcher.reads.request_history import Step
from dispatcher.storage.accounts import User
from dispatcher.storage.desk import RequestNote, RequestViewer
from dispatcher.storage.encryption import Cipher
from dispatcher.storage.requests import CareRequest

LOOKING_FOR = timedelta(seconds=30)
"""Whose page has not asked again for this long does not look at it any more."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """A regulator."""

    id: UUID
    display_name: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a request in hand, and since when."""

    id: UUID
    display_name: str
    since: datetime


@dataclass(frozen=True, slots=True)
class NoteFacts:
    """What a regulator left beside a request for colleagues."""

    text: str
    author: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Viewing:
    """Somebody whose browser shows a request."""

    id: UUID
    display_name: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Work:
    """Which regulators are at a request."""

    holder: Holder | None
    """Who has it in hand."""
    viewers: tuple[Viewing, ...]
    notes: tuple[NoteFacts, ...]
    """The last one first."""
    colleagues: tuple[Colleague, ...]
    """The territory's regulators."""
    names: Mapping[UUID, str]
    """Of those to whom it was handed."""


def regulators(session: Session, territory_id: UUID) -> tuple[Colleague, ...]:
    """Those whom a request may be handed to, by name."""
    rows = session.execute(
        select(User.id, User.display_name)
        .where(User.territory_id == territory_id, User.role == Role.REGULATOR.value, User.active)
        .order_by(User.display_name, User.id)
    )
    return tuple(Colleague(row.id, row.display_name) for row in rows)


def holder_of(
    user_id: UUID | None, display_name: str | None, since: datetime | None, now: datetime
) -> Holder | None:
    """Who has it in hand, of the columns of a row; the name comes by an outer join."""
    found = in_hand(user_id, since, now)
    if found is None or since is None:
        return None
    return Holder(found, display_name or "", since)


def notes_of(
    session: Session, cipher: Cipher, *requests: ColumnElement[bool]
) -> dict[UUID, list[NoteFacts]]:
    """By request, of those: the notes, the last one first."""
    rows = session.execute(
        select(RequestNote, User.display_name)
        .join(CareRequest, CareRequest.id == RequestNote.request_id)
        .join(User, User.id == RequestNote.author_id)
        .where(*requests)
        .order_by(RequestNote.written_at.desc(), RequestNote.id)
    )
    found: dict[UUID, list[NoteFacts]] = {}
    for note, author in rows:
        text = cipher.open("request_notes.text", note.id, note.text)
        found.setdefault(note.request_id, []).append(NoteFacts(text, author, note.written_at))
    return found


def viewers_of(session: Session, request_id: UUID, now: datetime) -> tuple[Viewing, ...]:
    """Who looks at the request at this moment, by name."""
    rows = session.execute(
        select(User.id, User.display_name, RequestViewer.seen_at)
        .join(User, User.id == RequestViewer.user_id)
        .where(RequestViewer.request_id == request_id, RequestViewer.seen_at > now - LOOKING_FOR)
        .order_by(User.display_name, User.id)
    )
    return tuple(Viewing(row.id, row.display_name, row.seen_at) for row in rows)


def work_on(
    session: Session, cipher: Cipher, request: CareRequest, steps: Iterable[Step], now: datetime
) -> Work:
    """Which regulators are at the request, of its row and its steps."""
    handed = {step.event.user_id for step in steps if isinstance(step.event, RequestHanded)}
    named = handed.union({request.in_hand_of}) - {None}
    rows = session.execute(select(User.id, User.display_name).where(User.id.in_(named)))
    names = {row.id: row.display_name for row in rows}
    name = names.get(request.in_hand_of) if request.in_hand_of else None
    return Work(
        holder=holder_of(request.in_hand_of, name, request.in_hand_since, now),
        viewers=viewers_of(session, request.id, now),
        notes=tuple(notes_of(session, cipher, CareRequest.id == request.id).get(request.id, ())),
        colleagues=regulators(session, request.territory_id),
        names=names,
    )
