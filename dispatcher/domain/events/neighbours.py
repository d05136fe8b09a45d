"""What happened between two territories that share slots."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dispatcher.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourAgreed(Event):
    """The territory agreed to share marked slots with `neighbour_id`.

    `in_force` says whether both now do.
    """

    neighbour_id: UUID
    in_force: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourAgreementEnded(Event):
    """One of the two ended the agreement, `ended_here` or there; written in both logs."""

    neighbour_id: UUID
    ended_here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourPlaceTaken(Event):
    """In the log of the slot's territory: a request of `neighbour_id` took a place of it."""

    appointment_id: UUID
    slot_id: UUID
    practitioner_id: UUID
    start: datetime
    neighbour_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourPlaceFreed(Event):
    """In the log of the slot's territory: that place was given back."""

    appointment_id: UUID
    slot_id: UUID
    practitioner_id: UUID
    start: datetime
    neighbour_id: UUID
