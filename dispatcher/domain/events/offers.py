"""What happened between a request and the volunteers who were asked to take it."""

from dataclasses import dataclass
from uuid import UUID

from dispatcher.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class VolunteersAsked(Event):
    """A wave of volunteers was asked; `unreachable` could not be for want of a mobile or by STOP.

    `asked_by` is `engine`, or the role of whoever did not want to wait.
    """

    request_id: UUID
    wave: int
    asked: int
    unreachable: int
    asked_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferMade(Event):
    """A volunteer was asked whether they take the request."""

    offer_id: UUID
    request_id: UUID
    practitioner_id: UUID
    wave: int
    distance_km: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAccepted(Event):
    """The first yes. `hour` tells whether it came with an hour that could be taken."""

    offer_id: UUID
    request_id: UUID
    practitioner_id: UUID
    hour: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDeclined(Event):
    """A no, or a yes taken back."""

    offer_id: UUID
    request_id: UUID
    practitioner_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEnded(Event):
    """An offer was over without its answer: `status` is `expired` or `too_late`."""

    offer_id: UUID
    request_id: UUID
    practitioner_id: UUID
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAnsweredLate(Event):
    """A yes or a no to an offer that was over."""

    offer_id: UUID
    request_id: UUID
    practitioner_id: UUID
    intent: str
