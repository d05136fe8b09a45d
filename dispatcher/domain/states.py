"""The states of DESIGN §5 and the table of allowed transitions."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from dispatcher.domain.errors import TransitionError


class RequestStatus(StrEnum):
    """A care request (FHIR ServiceRequest) from the call to its outcome."""

    OPEN = "open"
    SEARCHING = "searching"
    OFFERING = "offering"
    BOOKED = "booked"
    FULFILLED = "fulfilled"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    REDIRECTED = "redirected"
    UNFILLED = "unfilled"


class Attention(StrEnum):
    """Why a regulator should look at a live request."""

    NO_SLOT = "no_slot"
    DEADLINE = "deadline"
    PATIENT_CANCELLED = "patient_cancelled"
    UNDELIVERED = "undelivered"
    """No SMS told the patient what they must know; kept apart (`call_patient_since`)."""
    NOTICE_UNDELIVERED = "notice_undelivered"
    """The same of the practitioner (`call_practitioner_since`)."""
    MESSAGE = "message"
    CALL_BACK = "call_back"
    """The patient asked by SMS to be telephoned."""
    NOBODY_ANSWERED = "nobody_answered"
    """Every volunteer who could be asked was asked, and none said yes."""
    HOUR_MISSING = "hour_missing"
    """A volunteer said yes and did not choose the hour."""


_YIELDS = frozenset({Attention.MESSAGE, Attention.CALL_BACK})
"""What is asked only where nothing else is: it can also be read in the inbox."""


def pressing(asked: str | None, comes_up: Attention | None) -> str | None:
    """What is asked of the regulator, once something else comes up, or nothing any more (None).

    A delay in danger stays until there is an appointment, whatever is tried meanwhile.
    """
    if (asked, comes_up) == (Attention.MESSAGE, Attention.CALL_BACK):
        return comes_up  # both wait in the inbox; who asks for a call waits by the telephone
    if asked == Attention.DEADLINE or (asked is not None and comes_up in _YIELDS):
        return asked
    return comes_up


class SlotStatus(StrEnum):
    """A published slot (FHIR Slot)."""

    OPEN = "open"
    FULL = "full"
    CLOSED = "closed"


class AppointmentStatus(StrEnum):
    """An appointment (FHIR Appointment)."""

    BOOKED = "booked"
    CONFIRMED = "confirmed"
    FULFILLED = "fulfilled"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"


class OfferStatus(StrEnum):
    """A volunteer asked about a request (FHIR AppointmentResponse)."""

    PROMISED = "promised"
    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    TOO_LATE = "too_late"
    """Somebody else was faster, or the request ended."""


LIVE_REQUESTS = (
    RequestStatus.OPEN,
    RequestStatus.SEARCHING,
    RequestStatus.OFFERING,
    RequestStatus.BOOKED,
)
WAITING_REQUESTS = (RequestStatus.OPEN, RequestStatus.SEARCHING, RequestStatus.OFFERING)
LIVE_APPOINTMENTS = (AppointmentStatus.BOOKED, AppointmentStatus.CONFIRMED)

_WAYS_OUT = {RequestStatus.CANCELLED, RequestStatus.REDIRECTED, RequestStatus.UNFILLED}

REQUEST_TRANSITIONS: Mapping[RequestStatus, frozenset[RequestStatus]] = {
    RequestStatus.OPEN: frozenset({RequestStatus.SEARCHING, RequestStatus.BOOKED} | _WAYS_OUT),
    RequestStatus.SEARCHING: frozenset(
        {RequestStatus.OPEN, RequestStatus.OFFERING, RequestStatus.BOOKED} | _WAYS_OUT
    ),
    RequestStatus.OFFERING: frozenset(
        {RequestStatus.OPEN, RequestStatus.SEARCHING, RequestStatus.BOOKED} | _WAYS_OUT
    ),
    RequestStatus.BOOKED: frozenset(
        {
            RequestStatus.OPEN,
            RequestStatus.SEARCHING,
            RequestStatus.FULFILLED,
            RequestStatus.NO_SHOW,
        }
        | _WAYS_OUT
    ),
    # A wrong mark is corrected between the two outcomes, never undone into a live state.
    RequestStatus.FULFILLED: frozenset({RequestStatus.NO_SHOW}),
    RequestStatus.NO_SHOW: frozenset({RequestStatus.FULFILLED}),
    RequestStatus.CANCELLED: frozenset(),
    RequestStatus.REDIRECTED: frozenset(),
    RequestStatus.UNFILLED: frozenset(),
}

SLOT_TRANSITIONS: Mapping[SlotStatus, frozenset[SlotStatus]] = {
    SlotStatus.OPEN: frozenset({SlotStatus.FULL, SlotStatus.CLOSED}),
    SlotStatus.FULL: frozenset({SlotStatus.OPEN, SlotStatus.CLOSED}),
    SlotStatus.CLOSED: frozenset(),
}

APPOINTMENT_TRANSITIONS: Mapping[AppointmentStatus, frozenset[AppointmentStatus]] = {
    AppointmentStatus.BOOKED: frozenset(
        {
            AppointmentStatus.CONFIRMED,
            AppointmentStatus.FULFILLED,
            AppointmentStatus.NO_SHOW,
            AppointmentStatus.CANCELLED,
        }
    ),
    AppointmentStatus.CONFIRMED: frozenset(
        {AppointmentStatus.FULFILLED, AppointmentStatus.NO_SHOW, AppointmentStatus.CANCELLED}
    ),
    AppointmentStatus.FULFILLED: frozenset({AppointmentStatus.NO_SHOW}),
    AppointmentStatus.NO_SHOW: frozenset({AppointmentStatus.FULFILLED}),
    AppointmentStatus.CANCELLED: frozenset(),
}

LIVE_OFFERS = (OfferStatus.PROMISED, OfferStatus.SENT)
"""Offers that still wait for their answer."""

_UNANSWERED_ENDS = {OfferStatus.EXPIRED, OfferStatus.TOO_LATE}

OFFER_TRANSITIONS: Mapping[OfferStatus, frozenset[OfferStatus]] = {
    OfferStatus.PROMISED: frozenset(
        {OfferStatus.SENT, OfferStatus.ACCEPTED, OfferStatus.DECLINED} | _UNANSWERED_ENDS
    ),
    OfferStatus.SENT: frozenset({OfferStatus.ACCEPTED, OfferStatus.DECLINED} | _UNANSWERED_ENDS),
    # A volunteer may take their word back before the hour is chosen, and a no may become a yes.
    OfferStatus.ACCEPTED: frozenset({OfferStatus.DECLINED} | _UNANSWERED_ENDS),
    OfferStatus.DECLINED: frozenset({OfferStatus.ACCEPTED} | _UNANSWERED_ENDS),
    OfferStatus.EXPIRED: frozenset(),
    # Should the winner give up, they are asked again, unless they said no in the meantime.
    OfferStatus.TOO_LATE: frozenset({OfferStatus.PROMISED, OfferStatus.DECLINED}),
}

_IN_WORDS: Mapping[type[StrEnum], Mapping[str, str]] = {
    RequestStatus: {
        RequestStatus.OPEN: "à traiter",
        RequestStatus.SEARCHING: "en recherche",
        RequestStatus.OFFERING: "sollicitations en cours",
        RequestStatus.BOOKED: "rendez-vous pris",
        RequestStatus.FULFILLED: "honorée",
        RequestStatus.NO_SHOW: "patient non venu",
        RequestStatus.CANCELLED: "annulée",
        RequestStatus.REDIRECTED: "réorientée",
        RequestStatus.UNFILLED: "sans solution",
    },
    SlotStatus: {
        SlotStatus.OPEN: "ouvert",
        SlotStatus.FULL: "complet",
        SlotStatus.CLOSED: "fermé",
    },
    AppointmentStatus: {
        AppointmentStatus.BOOKED: "pris",
        AppointmentStatus.CONFIRMED: "confirmé",
        AppointmentStatus.FULFILLED: "honoré",
        AppointmentStatus.NO_SHOW: "non venu",
        AppointmentStatus.CANCELLED: "annulé",
    },
    OfferStatus: {
        OfferStatus.PROMISED: "à envoyer",
        OfferStatus.SENT: "envoyée",
        OfferStatus.ACCEPTED: "acceptée",
        OfferStatus.DECLINED: "déclinée",
        OfferStatus.EXPIRED: "sans réponse",
        OfferStatus.TOO_LATE: "déjà pourvue",
    },
}
"""By kind of thing: a request and an appointment that are `cancelled` are equal as strings."""

S = TypeVar("S", bound=StrEnum)


def in_words(status: StrEnum) -> str:
    """A status in French, agreeing with what it is the status of."""
    return _IN_WORDS[type(status)][status]


def check_transition(table: Mapping[S, frozenset[S]], before: S, after: S) -> None:
    """Raise TransitionError with its reason unless the table allows the step."""
    if after not in table[before]:
        raise TransitionError(
            f"L’état actuel est « {in_words(before)} » :"
            f" il ne peut pas devenir « {in_words(after)} »."
        )
