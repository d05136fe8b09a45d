"""What happened to e-mails."""

from dataclasses import dataclass
from uuid import UUID

from dispatcher.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailQueued(Event):
    """An e-mail was written down to be sent."""

    email_id: UUID
    email_kind: str
    practitioner_id: UUID | None
    request_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailProgressed(Event):
    """It left, or was given up; `error_code` tells why."""

    email_id: UUID
    practitioner_id: UUID | None
    status: str
    error_code: str | None
    request_id: UUID | None = None
