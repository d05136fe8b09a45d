"""What people did about work that the machines had given up."""

from dataclasses import dataclass
from uuid import UUID

from dispatcher.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseRetried(Event):
    """Work that was given up is owed again, from now on."""

    promise_id: UUID
    job: str
