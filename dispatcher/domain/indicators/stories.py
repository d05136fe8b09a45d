"""The log read into stories: what became of each request, and of each published place.

Give a ledger a territory's events in the order of the log. Kinds that do not count are passed over,
and so is what is known only by its end. An old row may lack a key that is written today: what it
would have said is « unknown », which is not « none ».

Of a request that a neighbouring territory saw, the request is its own territory's and the place is
the neighbour's: each is counted once, and a sum over territories counts nothing twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

UNKNOWN = "unknown"
"""The log's row is older than the key."""
UNSPECIFIED = "unspecified"
"""Nobody said."""
SEVERAL = "several"
"""More than one modality suits the patient."""


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """A row of the log, as far as it counts here. `data` holds the event's keys as JSON values."""

    kind: str
    at: datetime
    request_id: UUID | None = None
    appointment_id: UUID | None = None
    slot_id: UUID | None = None
    practitioner_id: UUID | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


class Outcome(StrEnum):
    """How a request stands at the end of the log; each request has exactly one."""

    LIVE = "live"
    """Waiting, with no appointment."""
    BOOKED = "booked"
    """With an appointment of which nobody has said yet whether the patient came."""
    HONOURED = "honoured"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    REDIRECTED = "redirected"
    UNFILLED = "unfilled"


WITH_APPOINTMENT = frozenset({Outcome.BOOKED, Outcome.HONOURED, Outcome.NO_SHOW})


@dataclass(slots=True)
class Appointment:
    """A place given to a request."""

    practitioner_id: UUID | None
    slot_id: UUID | None
    given_at: datetime
    start: datetime
    within_delay: bool = False
    is_ours: bool = True
    """Whether the place is the territory's own: a neighbour's is not ours to count as used."""
    stands: bool = True


@dataclass(slots=True)
class Offer:
    """A volunteer who was asked."""

    made_at: datetime
    accepted_at: datetime | None = None


@dataclass(slots=True)
class Request:
    """A request and all that happened to it; codes are the catalogue's."""

    id: UUID | None
    opened_at: datetime
    profession: str
    origin: str
    motive_group: str = UNKNOWN
    modality: str = UNKNOWN
    age_band: str = UNKNOWN
    commune: str = UNKNOWN
    has_gp: bool | None = None
    outcome: Outcome = Outcome.LIVE
    cause: str = UNKNOWN
    """Why it is unfilled, or where it was redirected to."""
    appointment: Appointment | None = None
    """The one that stands for the request: to come, honoured or missed."""
    appointments: list[Appointment] = field(default_factory=list)
    """All that were ever given, in order."""
    cancellers: list[str] = field(default_factory=list)
    """Who cancelled, once for each appointment that was."""
    offers: dict[str, Offer] = field(default_factory=dict)
    slotless: bool = False
    """Whether a search found no published slot that fits."""
    booking_lost: bool = False
    """Whether a place that was proposed was gone when it was to be booked."""
    effects: set[str] = field(default_factory=set)
    gp_found_for: frozenset[str] = frozenset()
    """Why the patient came first for whom a médecin traitant was found: `gp_searches.Priority`."""
    marks: dict[UUID | None, int] = field(default_factory=dict)
    """The patient's answers to the question of satisfaction, by appointment, from 0 to 10."""

    @property
    def is_booked(self) -> bool:
        """Whether it has an appointment that was not cancelled."""
        return self.outcome in WITH_APPOINTMENT

    def seen_after(self) -> timedelta | None:
        """From asking to the hour of the appointment that stands."""
        return None if self.appointment is None else self.appointment.start - self.opened_at


@dataclass(slots=True)
class Slot:
    """Published places of one practitioner."""

    practitioner_id: UUID | None
    start: datetime
    places: int
    """Published and not withdrawn."""
    profession: str = UNKNOWN
    to_regulation: bool = False
    """Whether the SAS's regulation may see them."""
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Seat:
    """A place of ours that an appointment holds."""

    start: datetime
    """When its slot starts: a walk-in patient uses a place of the day their slot starts on."""
    practitioner_id: UUID | None
    slot: Slot | None


_OUTCOME_AFTER = {
    "request_reopened": Outcome.LIVE,
    "request_cancelled": Outcome.CANCELLED,
    "request_redirected": Outcome.REDIRECTED,
    "request_unfilled": Outcome.UNFILLED,
    "appointment_cancelled": Outcome.LIVE,
    "appointment_fulfilled": Outcome.HONOURED,
    "appointment_missed": Outcome.NO_SHOW,
}
_CAUSE = {"request_redirected": "to", "request_unfilled": "cause"}

OPENED = "request_opened"
ABOUT_REQUESTS = (
    OPENED,
    *_OUTCOME_AFTER,
    "search_found_nothing",
    "booking_lost",
    "effect_noted",
    "gp_search_moved",
    "offer_made",
    "offer_accepted",
    "satisfaction_answered",
    "appointment_booked",
)
"""The kinds that say something about a request."""
ABOUT_PLACES = (
    "slot_published",
    "slot_changed",
    "slot_withdrawn",
    "slot_blocked",
    "slot_unblocked",
    "slot_passed",
    "appointment_booked",
    "appointment_cancelled",
    "neighbour_place_taken",
    "neighbour_place_freed",
)
"""The kinds that say something about a place; all carry the hour they speak of."""
_ABOUT_SLOTS = frozenset(kind for kind in ABOUT_PLACES if kind.startswith("slot_"))


class Ledger:
    """Where requests, appointments and slots stand after the events added so far."""

    def __init__(self) -> None:
        self._requests: dict[UUID | None, Request] = {}
        self._appointments: dict[UUID | None, Appointment] = {}
        self._slots: dict[UUID | None, Slot] = {}
        self._lent: dict[UUID | None, Appointment] = {}
        """Places of ours that stand taken by requests of neighbours."""

    @classmethod
    def of(cls, events: Iterable[LoggedEvent]) -> "Ledger":
        """The ledger after all these events."""
        ledger = cls()
        for event in events:
            ledger.add(event)
        return ledger

    @property
    def requests(self) -> Iterable[Request]:
        """Every request that was opened, in the order of the log."""
        return self._requests.values()

    @property
    def slots(self) -> Iterable[Slot]:
        """Every slot that was published."""
        return self._slots.values()

    def seats(self) -> Sequence[Seat]:
        """Every place of ours that an appointment holds, a neighbour's included."""
        standing = [each for each in self._appointments.values() if each.stands and each.is_ours]
        return [self._seat(each) for each in (*standing, *self._lent.values())]

    def _seat(self, appointment: Appointment) -> Seat:
        slot = self._slots.get(appointment.slot_id)
        return Seat(
            appointment.start if slot is None else slot.start, appointment.practitioner_id, slot
        )

    def add(self, event: LoggedEvent) -> None:
        """Take the next event of the log into account."""
        match event.kind:
            case "request_opened":
                self._requests[event.request_id] = _opened(event)
            case "appointment_booked":
                self._book(event)
            case kind if kind in _ABOUT_SLOTS:
                self._offer_places(event)
            case "neighbour_place_taken":
                self._lent[event.appointment_id] = _appointment(event)
            case "neighbour_place_freed":
                self._lent.pop(event.appointment_id, None)
            case kind if kind in _OUTCOME_AFTER:
                self._set(event, _OUTCOME_AFTER[kind])
            case _:
                request = self._requests.get(event.request_id)
                if request is not None:
                    _note(request, event)

    def _book(self, event: LoggedEvent) -> None:
        given = _appointment(event)
        self._appointments[event.appointment_id] = given
        request = self._requests.get(event.request_id)
        if request is not None:
            request.outcome = Outcome.BOOKED
            request.appointment = given
            request.appointments.append(given)

    def _offer_places(self, event: LoggedEvent) -> None:
        known = self._slots.get(event.slot_id)
        if event.kind == "slot_published" or known is None:
            known = Slot(event.practitioner_id, _instant(event.data["start"]), 0)
            self._slots[event.slot_id] = known
            if event.kind == "slot_passed":
                known.places = event.data["places"]
        if event.kind == "slot_published":
            known.profession = event.data.get("profession") or UNKNOWN
        if event.kind in {"slot_published", "slot_changed"}:
            known.start = _instant(event.data["start"])
            known.to_regulation = "SNP" in event.data.get("visibility", ())
        if event.kind == "slot_passed":
            known.is_over = True
        else:
            known.places = event.data["places"]

    def _set(self, event: LoggedEvent, outcome: Outcome) -> None:
        """Give the request its new standing; the last mark of an outcome is the one that counts."""
        about = self._appointments.get(event.appointment_id)
        request = self._requests.get(event.request_id)
        if event.kind == "appointment_cancelled" and about is not None:
            if about.stands and request is not None:
                request.cancellers.append(event.data.get("by", UNKNOWN))
            about.stands = False
        # A late word about an appointment that was replaced says nothing about the request.
        if request is None or not (event.appointment_id is None or about is request.appointment):
            return
        if about is None and event.appointment_id is not None:
            return
        request.outcome = outcome
        request.cause = str(event.data.get(_CAUSE.get(event.kind, ""), UNKNOWN))
        if outcome not in WITH_APPOINTMENT:
            request.appointment = None


def _opened(event: LoggedEvent) -> Request:
    said = event.data
    modalities = said.get("modalities", (UNKNOWN,))
    return Request(
        event.request_id,
        event.at,
        said["profession"],
        said["origin"],
        motive_group=said.get("motive_group", UNKNOWN) or UNSPECIFIED,
        modality=modalities[0] if len(modalities) == 1 else SEVERAL,
        age_band=said.get("age_band", UNKNOWN),
        commune=said.get("commune", UNKNOWN),
        has_gp=said.get("has_gp"),
    )


def _appointment(event: LoggedEvent) -> Appointment:
    said = event.data
    return Appointment(
        event.practitioner_id,
        event.slot_id,
        event.at,
        _instant(said["start"]),
        within_delay=said.get("within_delay", False),
        is_ours=not said.get("neighbour", False),
    )


def _note(request: Request, event: LoggedEvent) -> None:
    said = event.data
    match event.kind:
        case "search_found_nothing":
            request.slotless = True
        case "booking_lost":
            request.booking_lost = True
        case "offer_made":
            request.offers[said["offer_id"]] = Offer(event.at)
        case "offer_accepted" if (offer := request.offers.get(said["offer_id"])) is not None:
            offer.accepted_at = offer.accepted_at or event.at
        case "effect_noted" if said["holds"]:
            request.effects.add(said["effect"])
        case "effect_noted":
            request.effects.discard(said["effect"])
        case "gp_search_moved":
            is_found = said["status"] == "accepted"
            request.gp_found_for = frozenset(said["priorities"] if is_found else ())
        case "satisfaction_answered":
            request.marks[event.appointment_id] = said["score"]


def _instant(value: str | datetime) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value
