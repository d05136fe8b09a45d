"""What happened to places of practice."""

from dataclasses import dataclass
from uuid import UUID

from dispatcher.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceAdded(Event):
    """A practitioner works at one more place. `commune` is an INSEE code."""

    place_id: UUID
    practitioner_id: UUID
    commune: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceChanged(Event):
    """A place was described anew; `changed` names what, `address` and so on."""

    place_id: UUID
    practitioner_id: UUID
    changed: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceClosed(Event):
    """Nothing is published at the place any more."""

    place_id: UUID
    practitioner_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceReopened(Event):
    """A closed place is one of the practitioner's again."""

    place_id: UUID
    practitioner_id: UUID
