"""What happens: who asks for care and when, and which slots are published and when.

Drawn from a scenario and a seed by `drawing`; read from a territory's own past by
`dispatcher.reads.past_weeks`.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dispatcher.domain.matching.needs import Need, OpenSlot


@dataclass(frozen=True, slots=True)
class Call:
    """A request, and what its patient will do."""

    need: Need
    comes: bool = True
    """Keeps the appointment."""


@dataclass(frozen=True, slots=True)
class Publication:
    """A slot, known from `at` on."""

    slot: OpenSlot
    at: datetime


@dataclass(frozen=True, slots=True)
class Volunteer:
    """Somebody who may be asked by SMS when nothing fits."""

    practitioner_id: UUID
    profession: str
    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class Demand:
    """A stretch of time in a territory, in no particular order."""

    calls: tuple[Call, ...]
    publications: tuple[Publication, ...]
    volunteers: tuple[Volunteer, ...] = ()

    @property
    def needs(self) -> list[Need]:
        return [call.need for call in self.calls]

    @property
    def slots(self) -> list[OpenSlot]:
        return [publication.slot for publication in self.publications]
