"""What happened to one request: its SMS both ways, and its steps in the log."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatcher.domain.events import Actor, ActorKind, Event, read_event
from dispatcher.storage.accounts import User
from dispatcher.storage.encryption import Cipher
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.messages import Message
from dispatcher.storage.practitioners import Practitioner


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """One SMS of the request, its text opened."""

    id: UUID
    is_out: bool
    kind: str
    to_role: str | None
    practitioner_name: str | None
    body: str
    status: str
    error_code: str | None
    created_at: datetime
    updated_at: datetime
    is_handled: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One event of the log, with its author's name where it is a person of the territory."""

    event: Event
    at: datetime
    actor: Actor
    actor_name: str | None


def messages_of(session: Session, cipher: Cipher, request_id: UUID) -> tuple[MessageFacts, ...]:
    """The request's SMS, the first one first."""
    rows = session.execute(
        select(Message, Practitioner)
        .outerjoin(Practitioner, Practitioner.id == Message.practitioner_id)
        .where(Message.request_id == request_id)
        .order_by(Message.created_at, Message.id)
    )
    return tuple(
        MessageFacts(
            id=message.id,
            is_out=message.direction == "out",
            kind=message.kind,
            to_role=message.to_role,
            practitioner_name=name_of(practitioner),
            body=cipher.open("messages.body", message.id, message.body),
            status=message.status,
            error_code=message.error_code,
            created_at=message.created_at,
            updated_at=message.updated_at,
            is_handled=message.handled_at is not None,
        )
        for message, practitioner in rows
    )


def steps_of(session: Session, request_id: UUID) -> tuple[Step, ...]:
    """The request's events in the order of the log."""
    rows = session.execute(
        select(LoggedEvent, User.display_name)
        .outerjoin(User, User.id == LoggedEvent.actor_id)
        .where(LoggedEvent.request_id == request_id)
        .order_by(LoggedEvent.id)
    )
    return tuple(
        Step(
            event=read_event(
                row.kind,
                {name: getattr(row, name) for name in Event.REFERENCES},
                row.data,
            ),
            at=row.at,
            actor=Actor(ActorKind(row.actor_kind), row.actor_id),
            actor_name=display_name,
        )
        for row, display_name in rows
    )


def name_of(practitioner: Practitioner | None) -> str | None:
    """The name of a practitioner who may not be there: what an outer join gives."""
    return None if practitioner is None else practitioner.display_name
