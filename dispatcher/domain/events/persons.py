"""What was done with all that is known of one person."""

from dataclasses import dataclass
from uuid import UUID

from dispatcher.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonForgotten(Event):
    """Nothing says any more who a patient was; what happened stays."""

    patient_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonExported(Event):
    """All that is kept of a patient was handed over."""

    patient_id: UUID
