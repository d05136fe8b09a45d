"""The activity of a period, folded from the log and from nothing else.

Requests are counted in the period in which they were opened, whenever their story ended; places are
counted in the period in which their slot starts. What cannot be known is None, which is not zero: a
share of nothing, the median of nothing.

Of a request that a neighbouring territory saw, the request is its own territory's and the place is
the neighbour's: each is counted once, and a sum over territories counts nothing twice.
"""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from statistics import median
from typing import Any
from uuid import UUID

from dispatcher.domain.calendar import Period, local_day


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Counts of requests.

    `requests` is the sum of `booked`, `cancelled`, `redirected`, `unfilled` and `live`; `honoured`,
    `no_show` and `within_delay` are parts of `booked`.
    """

    requests: int
    booked: int
    """With an appointment that was not cancelled: to come, honoured or missed."""
    honoured: int
    no_show: int
    cancelled: int
    redirected: int
    unfilled: int
    live: int
    within_delay: int
    """Booked, the patient being seen within the delay that was asked for."""

    @property
    def within_delay_share(self) -> float | None:
        """`within_delay` over `booked`, 0 to 1; None when nothing was booked."""
        return self.within_delay / self.booked if self.booked else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigures(Outcomes):
    """One local day: the requests opened on it, and the places of slots that start on it."""

    day: date
    slots_opened: int
    slots_used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicators(Outcomes):
    """The activity of a period."""

    median_time_to_appointment_minutes: float | None
    """From asking to being seen, over `booked`."""
    median_time_to_booking_s: float | None
    """From asking to the first appointment given, over the requests that ever got one."""
    volunteers_active: int
    """Practitioners with a place open, or an appointment that stands, in the period."""
    slots_opened: int
    """Places published and not withdrawn."""
    slots_used: int
    """Of these places, those with an appointment that was not cancelled; a no-show used one."""
    satisfaction_answers: int
    """Patients of these requests who gave a mark from 0 to 10, each by their last one."""
    satisfaction_mean: float | None
    satisfaction_nps: float | None
    """Net promoter score: the share of 9 and 10 less that of 0 to 6, from -100 to 100."""
    by_day: Sequence[DayFigures]
    """Every day of the period, in order."""
    by_profession: Mapping[str, Outcomes]
    by_origin: Mapping[str, Outcomes]

    def as_json(self) -> dict[str, Any]:
        """The figures as the API and the command line print them."""
        return _with_share(self) | {
            "median_time_to_appointment_minutes": _rounded(
                self.median_time_to_appointment_minutes, 1
            ),
            "median_time_to_booking_s": _rounded(self.median_time_to_booking_s, 1),
            "satisfaction_mean": _rounded(self.satisfaction_mean, 2),
            "satisfaction_nps": _rounded(self.satisfaction_nps, 1),
            "by_day": [
                _with_share(figures) | {"day": figures.day.isoformat()} for figures in self.by_day
            ],
            "by_profession": {code: _with_share(each) for code, each in self.by_profession.items()},
            "by_origin": {code: _with_share(each) for code, each in self.by_origin.items()},
        }


@dataclass(slots=True)
class _Request:
    opened_at: datetime
    profession: str
    origin: str
    outcome: Outcome = Outcome.LIVE
    first_booked_at: datetime | None = None
    appointment_id: UUID | None = None
    marks: dict[UUID | None, int] = field(default_factory=dict)
    """By appointment, from 0 to 10."""


@dataclass(slots=True)
class _Appointment:
    practitioner_id: UUID | None
    slot_id: UUID | None
    start: datetime
    within_delay: bool = False
    is_ours: bool = True
    """Whether the place is the territory's own: a neighbour's is not ours to count as used."""
    stands: bool = True


@dataclass(slots=True)
class _Slot:
    practitioner_id: UUID | None
    start: datetime
    places: int


_SECONDS_PER_MINUTE = 60
_PROMOTER, _DETRACTOR = 9, 6
"""From this mark up, and up to that one: the net promoter score's own bounds."""

_OUTCOME_AFTER = {
    "request_reopened": Outcome.LIVE,
    "request_cancelled": Outcome.CANCELLED,
    "request_redirected": Outcome.REDIRECTED,
    "request_unfilled": Outcome.UNFILLED,
    "appointment_cancelled": Outcome.LIVE,
    "appointment_fulfilled": Outcome.HONOURED,
    "appointment_missed": Outcome.NO_SHOW,
}

_WITH_APPOINTMENT = frozenset({Outcome.BOOKED, Outcome.HONOURED, Outcome.NO_SHOW})


def fold(events: Iterable[LoggedEvent], period: Period) -> Indicators:
    """The indicators of a period, from a territory's events in the order of the log.

    Give it the events from before the period too: a slot may have been published, and a request
    may be answered, on another day. Kinds that do not count are passed over.
    """
    ledger = Ledger()
    for event in events:
        ledger.add(event)
    return ledger.indicators(period)


class Ledger:
    """Where requests, appointments and slots stand after the events added so far."""

    def __init__(self) -> None:
        self._requests: dict[UUID | None, _Request] = {}
        self._appointments: dict[UUID | None, _Appointment] = {}
        self._slots: dict[UUID | None, _Slot] = {}
        self._lent: dict[UUID | None, _Appointment] = {}
        """Places of ours that stand taken by requests of neighbours."""

    def add(self, event: LoggedEvent) -> None:
        """Take the next event of the log into account."""
        match event.kind:
            case "request_opened":
                self._requests[event.request_id] = _Request(
                    event.at, event.data["profession"], event.data["origin"]
                )
            case "appointment_booked":
                self._book(event)
            case "neighbour_place_taken":
                self._lent[event.appointment_id] = _Appointment(
                    event.practitioner_id, event.slot_id, _instant(event.data["start"])
                )
            case "neighbour_place_freed":
                self._lent.pop(event.appointment_id, None)
            case "slot_published" | "slot_withdrawn":
                self._slots[event.slot_id] = _Slot(
                    event.practitioner_id, _instant(event.data["start"]), event.data["places"]
                )
            case "satisfaction_answered" if event.request_id in self._requests:
                self._requests[event.request_id].marks[event.appointment_id] = event.data["score"]
            case kind if kind in _OUTCOME_AFTER:
                self._set(event, _OUTCOME_AFTER[kind])

    def _book(self, event: LoggedEvent) -> None:
        self._appointments[event.appointment_id] = _Appointment(
            event.practitioner_id,
            event.slot_id,
            _instant(event.data["start"]),
            within_delay=event.data["within_delay"],
            is_ours=not event.data.get("neighbour", False),
        )
        request = self._requests.get(event.request_id)
        if request is not None:
            request.outcome = Outcome.BOOKED
            request.appointment_id = event.appointment_id
            request.first_booked_at = request.first_booked_at or event.at

    def _set(self, event: LoggedEvent, outcome: Outcome) -> None:
        """Give the request its new standing; the last mark of an outcome is the one that counts."""
        request = self._requests.get(event.request_id)
        ended = event.appointment_id or (request.appointment_id if request else None)
        if outcome not in _WITH_APPOINTMENT and ended in self._appointments:
            self._appointments[ended].stands = False
        # A late word about an appointment that was replaced says nothing about the request.
        is_current = event.appointment_id in {None, request.appointment_id if request else None}
        if request is not None and is_current:
            request.outcome = outcome
            if outcome not in _WITH_APPOINTMENT:
                request.appointment_id = None

    def indicators(self, period: Period) -> Indicators:
        """The figures of a period as things stand."""
        cohort = [each for each in self._requests.values() if each.opened_at in period]
        slots = [each for each in self._slots.values() if each.start in period]
        standing = [each for each in self._appointments.values() if each.stands and each.is_ours]
        standing += self._lent.values()
        used = [start for each in standing if (start := self._slot_start(each)) in period]
        booked = [each for each in cohort if each.outcome in _WITH_APPOINTMENT]
        marks = [mark for each in cohort for mark in each.marks.values()]
        return Indicators(
            **self._counts(cohort),
            median_time_to_appointment_minutes=_median(
                (self._appointments[each.appointment_id].start - each.opened_at).total_seconds()
                / _SECONDS_PER_MINUTE
                for each in booked
            ),
            median_time_to_booking_s=_median(
                (each.first_booked_at - each.opened_at).total_seconds()
                for each in cohort
                if each.first_booked_at is not None
            ),
            volunteers_active=len(
                {each.practitioner_id for each in slots if each.places > 0}
                | {each.practitioner_id for each in standing if each.start in period}
            ),
            slots_opened=sum(each.places for each in slots),
            slots_used=len(used),
            satisfaction_answers=len(marks),
            satisfaction_mean=sum(marks) / len(marks) if marks else None,
            satisfaction_nps=_net_promoter_score(marks),
            by_day=self._by_day(cohort, slots, used, period),
            by_profession=self._grouped(cohort, lambda each: each.profession),
            by_origin=self._grouped(cohort, lambda each: each.origin),
        )

    def _slot_start(self, appointment: _Appointment) -> datetime:
        """A walk-in patient uses a place of the period that the slot starts in."""
        slot = self._slots.get(appointment.slot_id)
        return appointment.start if slot is None else slot.start

    def _counts(self, requests: Sequence[_Request]) -> dict[str, int]:
        by_outcome = Counter(each.outcome for each in requests)
        booked = [each for each in requests if each.outcome in _WITH_APPOINTMENT]
        return {
            "requests": len(requests),
            "booked": len(booked),
            "honoured": by_outcome[Outcome.HONOURED],
            "no_show": by_outcome[Outcome.NO_SHOW],
            "cancelled": by_outcome[Outcome.CANCELLED],
            "redirected": by_outcome[Outcome.REDIRECTED],
            "unfilled": by_outcome[Outcome.UNFILLED],
            "live": by_outcome[Outcome.LIVE],
            "within_delay": sum(
                self._appointments[each.appointment_id].within_delay for each in booked
            ),
        }

    def _by_day(
        self,
        requests: Iterable[_Request],
        slots: Iterable[_Slot],
        used: Iterable[datetime],
        period: Period,
    ) -> tuple[DayFigures, ...]:
        opened: defaultdict[date, list[_Request]] = defaultdict(list)
        for request in requests:
            opened[local_day(request.opened_at, period.zone)].append(request)
        places: Counter[date] = Counter()
        for slot in slots:
            places[local_day(slot.start, period.zone)] += slot.places
        taken = Counter(local_day(start, period.zone) for start in used)
        return tuple(
            DayFigures(
                **self._counts(opened[day]),
                day=day,
                slots_opened=places[day],
                slots_used=taken[day],
            )
            for day in period.days()
        )

    def _grouped(
        self, requests: Sequence[_Request], group_of: Callable[[_Request], str]
    ) -> dict[str, Outcomes]:
        groups: defaultdict[str, list[_Request]] = defaultdict(list)
        for request in requests:
            groups[group_of(request)].append(request)
        return {code: Outcomes(**self._counts(groups[code])) for code in sorted(groups)}


def _instant(value: str | datetime) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _median(values: Iterable[float]) -> float | None:
    known = list(values)
    return median(known) if known else None


def _net_promoter_score(marks: Sequence[int]) -> float | None:
    if not marks:
        return None
    promoters = sum(mark >= _PROMOTER for mark in marks)
    detractors = sum(mark <= _DETRACTOR for mark in marks)
    return 100 * (promoters - detractors) / len(marks)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _with_share(outcomes: Outcomes) -> dict[str, Any]:
    share = _rounded(outcomes.within_delay_share, 4)
    return dataclasses.asdict(outcomes) | {"within_delay_share": share}
