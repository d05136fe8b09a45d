"""What happened to care requests."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dispatcher.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOpened(Event):
    """A request was entered. `commune` is an INSEE code, `age_band` ten years wide.

    `motive_group` is the catalogue's, coarser than a motive; None where none was given.
    `to_validate` is whether a regulator has to say yes before it is searched.
    """

    request_id: UUID
    profession: str
    specialty: str | None
    modalities: list[str]
    delay_hours: int
    due_at: datetime
    origin: str
    regulated: bool
    has_gp: bool
    commune: str
    age_band: str
    duplicate_confirmed: bool
    motive_group: str | None = None
    regulated_for_sas: bool | None = None
    """Whether the doctor who regulated it did so for the SAS; None where none did."""
    to_validate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestValidated(Event):
    """A regulator had what a requester asked for searched."""

    request_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class GpSearchMoved(Event):
    """The search for a patient's médecin traitant went on: see `domain.gp_searches`.

    `practitioner_id` is the doctor it is about, if one; `priorities` why the patient comes first.
    """

    request_id: UUID
    practitioner_id: UUID | None
    search_id: UUID
    status: str
    priorities: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFoundNothing(Event):
    """No published slot fitted; `refused` counts the slots by reason."""

    request_id: UUID
    refused: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEscalated(Event):
    """The request was put in front of the regulator; `attention` says why."""

    request_id: UUID
    attention: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAttended(Event):
    """A regulator dealt with what `attention` had put the request in front of them for."""

    request_id: UUID
    attention: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestReopened(Event):
    """A booked request lost its appointment and lives again."""

    request_id: UUID
    status: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSearched(Event):
    """A regulator asked for the search to start again."""

    request_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCancelled(Event):
    """The request was given up."""

    request_id: UUID
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRedirected(Event):
    """The request was answered elsewhere: advice, 15, emergency department, other."""

    request_id: UUID
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestUnfilled(Event):
    """Nobody could take the request."""

    request_id: UUID
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingLost(Event):
    """A place that had been proposed for the request was gone when it was to be booked."""

    request_id: UUID
    slot_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectNoted(Event):
    """A regulator wrote down what the request led to, or took it back: then it no longer `holds`.

    `effect` is one of the catalogue's.
    """

    request_id: UUID
    effect: str
    holds: bool
