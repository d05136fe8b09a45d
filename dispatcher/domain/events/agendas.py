"""What practitioners' own agendas did to their slots."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dispatcher.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaAdded(Event):
    """A practitioner gave the address of an agenda that they keep elsewhere."""

    practitioner_id: UUID
    feed_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaRemoved(Event):
    """It is read no more."""

    practitioner_id: UUID
    feed_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaExportMade(Event):
    """A secret address was opened at which another calendar reads the practitioner's agenda."""

    practitioner_id: UUID
    export_id: UUID
    with_identity: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaExportRevoked(Event):
    """It was closed."""

    practitioner_id: UUID
    export_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotBlocked(Event):
    """The practitioner is busy then; `places` is what remains offered: those taken already."""

    slot_id: UUID
    practitioner_id: UUID
    start: datetime
    places: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotUnblocked(Event):
    """The practitioner is free again then; `places` is what is offered."""

    slot_id: UUID
    practitioner_id: UUID
    start: datetime
    places: int
