"""What happened, past tense. Events hold ids and codes, never a name, a telephone or free text.

Each class declares its keys; the log stores them under the class's `kind` and reads them back
into the same class, so a key that is missing or unknown is an error and not a gap in the record.
"""

import dataclasses
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

JsonData = dict[str, Any]


class ActorKind(StrEnum):
    """Who did it."""

    REGULATOR = "regulator"
    PRACTITIONER = "practitioner"
    COORDINATOR = "coordinator"
    ADMINISTRATOR = "administrator"
    PATIENT = "patient"
    ENGINE = "engine"
    CLOCK = "clock"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Actor:
    """The author of a change. `id` is a user's or practitioner's id where there is one."""

    kind: ActorKind
    id: UUID | None = None


ENGINE = Actor(ActorKind.ENGINE)
CLOCK = Actor(ActorKind.CLOCK)
OPERATOR = Actor(ActorKind.OPERATOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The parent of all events. `occurs_at` is the instant the event speaks of, if any."""

    REFERENCES: ClassVar[tuple[str, ...]] = (
        "request_id",
        "appointment_id",
        "slot_id",
        "practitioner_id",
    )

    @classmethod
    def kind(cls) -> str:
        """The stable name under which the log keeps this class (`appointment_booked`)."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def references(self) -> dict[str, UUID]:
        """The ids that have a column of their own in the log."""
        found = {name: getattr(self, name, None) for name in self.REFERENCES}
        return {name: value for name, value in found.items() if value is not None}

    def occurs_at(self) -> datetime | None:
        """The hour of the slot or appointment the event speaks of; None for other events."""
        return getattr(self, "start", None)

    def data(self) -> JsonData:
        """The remaining keys, as JSON values."""
        names = [f.name for f in dataclasses.fields(self) if f.name not in self.REFERENCES]
        return {name: _to_json(getattr(self, name)) for name in names}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOpened(Event):
    """A request was entered. `commune` is an INSEE code, `age_band` ten years wide."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentConfirmed(Event):
    """The patient said they will come."""

    request_id: UUID
    appointment_id: UUID
    slot_id: UUID
    practitioner_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentCancelled(Event):
    """A live appointment was cancelled, `by` patient, practitioner or regulator."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotPublished(Event):
    """A practitioner offered places."""

    slot_id: UUID
    practitioner_id: UUID
    start: datetime
    end: datetime
    places: int
    modality: str
    visibility: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotWithdrawn(Event):
    """Free places were taken back by the practitioner; `places` is what remains offered."""

    slot_id: UUID
    practitioner_id: UUID
    start: datetime
    places: int
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotPassed(Event):
    """The slot's end went by."""

    slot_id: UUID
    practitioner_id: UUID
    start: datetime
    places: int
    taken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageQueued(Event):
    """An SMS was written down to be sent."""

    message_id: UUID
    message_kind: str
    to_role: str
    request_id: UUID | None
    appointment_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageProgressed(Event):
    """An SMS reached a new state at the provider."""

    message_id: UUID
    request_id: UUID | None
    status: str
    error_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived(Event):
    """An SMS arrived; `intent` is what it was understood to say."""

    message_id: UUID
    request_id: UUID | None
    intent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageHandled(Event):
    """A regulator dealt with an SMS that was not understood by itself."""

    message_id: UUID
    request_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneOptedOut(Event):
    """A number said STOP to this territory."""

    message_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneOptedIn(Event):
    """A number said START to this territory."""

    message_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCreated(Event):
    """An account was made."""

    user_id: UUID
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSignedIn(Event):
    """An account opened a session."""

    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAccessChanged(Event):
    """An account was closed, or opened again."""

    user_id: UUID
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordReplaced(Event):
    """An account was given a new password, which ended its sessions."""

    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssued(Event):
    """An API token was made for an account."""

    user_id: UUID
    token_id: UUID


def _all_events() -> dict[str, type[Event]]:
    return {cls.kind(): cls for cls in Event.__subclasses__()}


EVENTS: Mapping[str, type[Event]] = _all_events()


def read_event(kind: str, references: Mapping[str, UUID | None], data: Mapping[str, Any]) -> Event:
    """Rebuild the event that the log holds.

    Raises KeyError on an unknown kind, TypeError on keys that are missing or not declared.
    """
    cls = EVENTS[kind]
    hints = get_type_hints(cls)
    values: dict[str, Any] = {
        name: value for name, value in references.items() if name in hints and value is not None
    }
    values |= {name: _from_json(hints.get(name), value) for name, value in data.items()}
    for field in dataclasses.fields(cls):
        if field.name in cls.REFERENCES and field.name not in values and _optional(hints, field):
            values[field.name] = None
    return cls(**values)


def _optional(hints: Mapping[str, Any], field: "dataclasses.Field[Any]") -> bool:
    return type(None) in get_args(hints[field.name])


def _to_json(value: object) -> object:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def _from_json(hint: object, value: object) -> object:
    if get_origin(hint) in {Union, types.UnionType}:
        hint = next((part for part in get_args(hint) if part is not type(None)), None)
    if isinstance(value, str) and hint is UUID:
        return UUID(value)
    if isinstance(value, str) and hint is datetime:
        return datetime.fromisoformat(value)
    return value
