"""What happened to appointments."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dispatcher.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentBooked(Event):
    """A place was taken for a request. `terms` are the reasons of the choice, codes and numbers."""

    request_id: UUID
    appointment_id: UUID
    slot_id: UUID
    practitioner_id: UUID
    start: datetime
    within_delay: bool
    decided_by: str
    distance_km: float | None
    overridden: list[str]
    neighbour: bool
    """Whether the place is one that a neighbouring territory shares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentConfirmed(Event):
    """The patient said they will come."""

    request_id: UUID
    appointment_id: UUID
    slot_id: UUID
    practitioner_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientLate(Event):
    """The patient said that they will be `minutes` late."""

    request_id: UUID
    appointment_id: UUID
    slot_id: UUID
    practitioner_id: UUID
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentCancelled(Event):
    """A live appointment was cancelled, `by` patient, practitioner or regulator.

    By `move` where nobody gave it up: what is booked in the same instant takes its place.
    """

    request_id: UUID
    appointment_id: UUID
    slot_id: UUID
    practitioner_id: UUID
    start: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentFulfilled(Event):
    """The patient came."""

    request_id: UUID
    appointment_id: UUID
    slot_id: UUID
    practitioner_id: UUID
    start: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentMissed(Event):
    """The patient did not come."""

    request_id: UUID
    appointment_id: UUID
    slot_id: UUID
    practitioner_id: UUID
    start: datetime
