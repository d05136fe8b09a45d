"""What happened to published slots."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dispatcher.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotPublished(Event):
    """A practitioner offered places. `profession` is theirs (TRE_G15)."""

    slot_id: UUID
    practitioner_id: UUID
    start: datetime
    end: datetime
    places: int
    modality: str
    visibility: list[str]
    profession: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotWithdrawn(Event):
    """Free places were taken back by the practitioner; `places` is what remains offered."""

    slot_id: UUID
    practitioner_id: UUID
    start: datetime
    places: int
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotHeld(Event):
    """A regulator keeps a place for the patient on the telephone, for a moment."""

    slot_id: UUID
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotLetGo(Event):
    """A place that was kept is free again before its time."""

    slot_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotPassed(Event):
    """The slot's end went by."""

    slot_id: UUID
    practitioner_id: UUID
    start: datetime
    places: int
    taken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotChanged(Event):
    """A slot that keeps its patients was given other hours, places or conditions."""

    slot_id: UUID
    practitioner_id: UUID
    start: datetime
    end: datetime
    places: int
    visibility: list[str]
    changed: list[str]
