"""What happened to weekly templates and absences."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dispatcher.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSetUp(Event):
    """A practitioner offers slots week by week; `replaces` is the template that it goes on from.

    Days are ISO dates, `weekdays` digits from 0, Monday.
    """

    schedule_id: UUID
    practitioner_id: UUID
    weekdays: str
    first_day: str
    last_day: str | None
    replaces: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleEnded(Event):
    """A template makes no slot from `from_day` on."""

    schedule_id: UUID
    practitioner_id: UUID
    from_day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleDaySkipped(Event):
    """A template does not take place on `day`."""

    schedule_id: UUID
    practitioner_id: UUID
    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleDayRestored(Event):
    """A template takes place on `day` again."""

    schedule_id: UUID
    practitioner_id: UUID
    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceDeclared(Event):
    """A practitioner offers nothing between two instants; what was open is closed."""

    absence_id: UUID
    practitioner_id: UUID
    start: datetime
    end: datetime
    kept: int
    cancelled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceCancelled(Event):
    """The practitioner is there after all; templates offer their slots again."""

    absence_id: UUID
    practitioner_id: UUID
