"""What happened in crises: a territory that searches further, and calls for more hands."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dispatcher.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeOpened(Event):
    """An administrator opened a crisis: searches go at least so far, as the crow flies."""

    episode_id: UUID
    radius_km: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeClosed(Event):
    """The crisis is over: the territory's own rules hold again."""

    episode_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReinforcementsCalled(Event):
    """Professionals were asked to open places; `unreachable` have no mobile and no e-mail."""

    episode_id: UUID
    called: int
    unreachable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReinforcementAnswered(Event):
    """A professional said that they come, from `start` on, or that they do not."""

    episode_id: UUID
    practitioner_id: UUID
    comes: bool
    start: datetime | None
