"""What happened to SMS, and to the numbers that they go to."""

from dataclasses import dataclass
from uuid import UUID

from dispatcher.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageQueued(Event):
    """An SMS was written down to be sent."""

    message_id: UUID
    message_kind: str
    to_role: str
    request_id: UUID | None
    appointment_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageProgressed(Event):
    """An SMS reached a new state at the provider."""

    message_id: UUID
    request_id: UUID | None
    status: str
    error_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived(Event):
    """An SMS arrived; `intent` is what it was understood to say."""

    message_id: UUID
    request_id: UUID | None
    intent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageHandled(Event):
    """A regulator dealt with an SMS that was not understood by itself."""

    message_id: UUID
    request_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLinked(Event):
    """A regulator said of which request an SMS received is."""

    message_id: UUID
    request_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SatisfactionAnswered(Event):
    """A patient gave a mark, `score` 0 to 10. Of several marks the last one counts."""

    request_id: UUID
    appointment_id: UUID
    score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneOptedOut(Event):
    """A number said STOP to this territory."""

    message_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneOptedIn(Event):
    """A number said START to this territory."""

    message_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientReached(Event):
    """An SMS that had not reached its patient arrived after all: nobody has to telephone."""

    request_id: UUID
