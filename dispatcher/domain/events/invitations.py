"""What happened to invitations of practitioners."""

from dataclasses import dataclass
from uuid import UUID

from dispatcher.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerInvited(Event):
    """A coordinator sent a practitioner a link; `channel` is `email` or `sms`."""

    practitioner_id: UUID
    invitation_id: UUID
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRevoked(Event):
    """Its link opens nothing any more."""

    practitioner_id: UUID
    invitation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationAccepted(Event):
    """The practitioner has an account now; `changed` names what they corrected about themself."""

    practitioner_id: UUID
    invitation_id: UUID
    changed: list[str]
