"""The board's columns: which live request stands where, and what its card says."""

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.matching import explain
from dispatcher.domain.states import (
    LIVE_REQUESTS,
    WAITING_REQUESTS,
    AppointmentStatus,
    Attention,
    OfferStatus,
    RequestStatus,
    in_words,
)
from dispatcher.reads.board import BoardRequest, Today, Tried
from dispatcher.web import calls
from dispatcher.web.timeline import ATTENTION
from dispatcher.web.wording import TimeLeft, Wording, person, plain

TODO, SEARCHING, ASKING, CALLING = "todo", "searching", "asking", "calling"
BOOKED, CLOSING, CLOSED = "booked", "closing", "closed"
COLUMNS: Mapping[str, tuple[str, str]] = {
    TODO: ("À traiter", "Rien à traiter."),
    SEARCHING: ("En recherche", "Aucune recherche en cours."),
    ASKING: ("Sollicitations en cours", "Aucun volontaire sollicité."),
    CALLING: ("À appeler", "Personne à appeler."),
    BOOKED: ("Rendez-vous du jour", "Aucun rendez-vous aujourd’hui."),
    CLOSING: ("À clôturer", "Tous les rendez-vous passés sont clos."),
    CLOSED: ("Closes récemment", "Aucune demande close ne correspond."),
}
"""By key: the title, and the sentence where there is none."""
SHORTEST_NUMBER = 4
"""Digits from which a number is looked for in telephones."""


LONGEST_NOTE = 90
"""Characters of a note that its card shows."""


@dataclass(frozen=True, slots=True)
class Card:
    """One request on the board."""

    id: UUID
    code: str
    patient_name: str
    age: str
    commune: str
    profession_label: str
    motive_label: str
    modality_labels: list[str]
    status: RequestStatus
    attention: str
    is_urgent: bool
    """Its delay is in danger: it stands first, and says so."""
    appointment: str
    tried: str
    """What was tried beside the published slots, or empty."""
    holder: str
    """Who has it in hand, or empty."""
    note: str
    """The beginning of the last note, or empty."""
    delay_label: str
    opened: str
    time_left: TimeLeft


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the board."""

    key: str
    title: str
    empty: str
    cards: list[Card]
    later: list[Card]
    """Of the day's appointments: those of the days after."""

    @property
    def count(self) -> int:
        """How many requests stand in it."""
        return len(self.cards) + len(self.later)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the day."""

    label: str
    value: int
    endpoint: str = ""


def columns(
    live: Iterable[BoardRequest], wording: Wording, closed: Iterable[BoardRequest] | None = None
) -> list[Column]:
    """The columns in order; of a search, which looks at closed ones too, those with something."""
    placed: dict[str, list[BoardRequest]] = {key: [] for key in COLUMNS}
    for request in live:
        placed[column_of(request, wording.now)].append(request)
    placed[TODO].sort(key=_urgency)
    placed[CALLING].sort(key=_urgency)
    placed[BOOKED].sort(key=_appointment_start)
    placed[CLOSING].sort(key=_appointment_start)
    placed[CLOSED] = list(closed or ())
    return [
        _column(key, title, empty, placed[key], wording)
        for key, (title, empty) in COLUMNS.items()
        if (placed[key] if closed is not None else key != CLOSED)
    ]


def _column(
    key: str, title: str, empty: str, requests: Sequence[BoardRequest], wording: Wording
) -> Column:
    column = Column(key, title, empty, [], [])
    for request in requests:
        waits = key == BOOKED and _is_later(request, wording)
        (column.later if waits else column.cards).append(_card(request, key, wording))
    return column


def _is_later(request: BoardRequest, wording: Wording) -> bool:
    """Whether its appointment is on one of the days after today."""
    if request.appointment is None:
        return False
    day = calendar.local_day(request.appointment.start, wording.zone)
    return day > calendar.local_day(wording.now, wording.zone)


def column_of(request: BoardRequest, now: datetime) -> str:
    """Where a live request stands: what asks for a person comes before all else.

    A delay in danger comes before a call: the call stands on its card as well.
    """
    appointment = request.appointment
    if appointment is not None and appointment.end <= now:
        return CLOSING
    if not _is_urgent(request) and (request.to_call or request.attention == Attention.CALL_BACK):
        return CALLING
    if request.attention is not None or request.status == RequestStatus.OPEN:
        return TODO
    if appointment is not None:
        return BOOKED
    return ASKING if request.status == RequestStatus.OFFERING else SEARCHING


def matches(request: BoardRequest, query: str) -> bool:
    """Whether a search finds it: by its code, its telephone, or words of the patient's name."""
    digits = re.sub(r"\D", "", query)
    words = plain(query).split()
    if digits and not any(word.isalpha() for word in words):
        if digits == request.code:
            return True
        national = "0" + request.phone[-9:]
        return len(digits) >= SHORTEST_NUMBER and (digits in national or digits in request.phone)
    name = f" {plain(f'{request.first_name} {request.last_name}')}"
    return bool(words) and all(f" {word}" in name for word in words)


def announcement(shown: Sequence[Column]) -> str:
    """The board in one sentence, for screen readers."""
    return ", ".join(f"{column.title}{NBSP}: {column.count}" for column in shown)


def figures(day: Today) -> list[Figure]:
    """The day in figures."""
    return [
        Figure("Demandes du jour", day.opened),
        Figure("Rendez-vous pris", day.booked),
        Figure("SMS à lire", day.to_read, "inbox.messages"),
        Figure("À rappeler", day.to_call_back, "inbox.messages"),
    ]


def _appointment_start(request: BoardRequest) -> tuple[datetime, UUID]:
    start = request.asked_at if request.appointment is None else request.appointment.start
    return start, request.id


def _urgency(request: BoardRequest) -> tuple[bool, datetime, UUID]:
    start = request.due_at if request.appointment is None else request.appointment.start
    return not _is_urgent(request), start, request.id


def _is_urgent(request: BoardRequest) -> bool:
    return request.attention == Attention.DEADLINE


def is_alarming(request: BoardRequest, now: datetime) -> bool:
    """Whether it is about to be late, or is, and nobody has an hour for it yet."""
    waits = request.status in WAITING_REQUESTS and request.appointment is None
    return waits and (_is_urgent(request) or request.due_at <= now)


def _card(request: BoardRequest, column: str, wording: Wording) -> Card:
    return Card(
        id=request.id,
        code=request.code,
        patient_name=person(request.first_name, request.last_name),
        age=wording.age(request.birth_date),
        commune=wording.commune_name(request.commune),
        profession_label=wording.profession(request.profession),
        motive_label=wording.motive(request.motive),
        modality_labels=wording.modalities(request.modalities),
        status=request.status,
        attention=_attention(request),
        is_urgent=_is_urgent(request),
        appointment=_appointment(request, wording),
        tried=tried(request.tried),
        holder=request.holder.display_name if request.holder else "",
        note=textwrap.shorten(request.note, LONGEST_NOTE, placeholder="…"),
        delay_label=f"{request.delay_hours}{NBSP}h",
        opened=wording.moment(request.asked_at),
        time_left=_time_left(request, column, wording),
    )


def _attention(request: BoardRequest) -> str:
    """Who is to be called, then what else is asked."""
    asked = [f"À valider{NBSP}: demande de {request.practice}"] if request.to_validate else []
    asked += [call.text for call in calls.asked(request.to_call)]
    if request.attention is not None:
        asked.append(ATTENTION.get(request.attention, "À regarder"))
    return ". ".join(asked)


def tried(what: Tried) -> str:
    """« rayon 30 km · 2 vagues, 6 volontaires, 2 refus »; empty where nothing was."""
    said = []
    if what.radius_km is not None:
        said.append(f"rayon {explain.distance_in_words(what.radius_km)}")
    asked = sum(what.offers.values())
    if asked:
        text = f"{what.waves}{NBSP}vagues, " if what.waves > 1 else ""
        text += f"{asked}{NBSP}{'volontaires sollicités' if asked > 1 else 'volontaire sollicité'}"
        declined = what.offers.get(OfferStatus.DECLINED, 0)
        said.append(f"{text}, {declined}{NBSP}refus" if declined else text)
    elif what.waves:
        said.append("aucun volontaire joignable")
    if what.offers.get(OfferStatus.ACCEPTED):
        said.append("un a accepté")
    return " · ".join(said)


def _appointment(request: BoardRequest, wording: Wording) -> str:
    """« demain à 8 h avec Dr Vuillet », « confirmé par le patient » where that is so."""
    booked = request.appointment
    if booked is None:
        return ""
    when = wording.relative(booked.start)
    if booked.is_walk_in:
        when = f"{when}, sans heure fixe jusqu’à {calendar.hour(booked.end, wording.zone)}"
    text = f"{when[:1].upper()}{when[1:]}, {booked.practitioner_name}"
    if booked.status == AppointmentStatus.CONFIRMED:
        text += " (confirmé)"
    return text


def _time_left(request: BoardRequest, column: str, wording: Wording) -> TimeLeft:
    if column == CLOSED or request.status not in LIVE_REQUESTS:
        return TimeLeft(in_words(request.status), "past")
    if column == CLOSING:
        return TimeLeft(f"venu ou non venu{NBSP}?", "past")
    if request.appointment is None:
        return wording.time_left(request.due_at, request.delay_hours)
    left = request.appointment.start - wording.now
    if left.total_seconds() <= 0:
        return TimeLeft("en cours", "fine")
    return TimeLeft(f"dans {calendar.duration(left)}", "fine")
