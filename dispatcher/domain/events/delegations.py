"""Who may act for whom."""

from dataclasses import dataclass
from uuid import UUID

from dispatcher.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationGranted(Event):
    """An account may act for the practitioner from now on."""

    user_id: UUID
    practitioner_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationEnded(Event):
    """It may no longer."""

    user_id: UUID
    practitioner_id: UUID
