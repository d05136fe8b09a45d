"""The acts behind a figure, told by codes alone: the log again, never the person.

Whatever the log counts has its list: requests of a count, a duration or a ratio, slots of a count
of places, practitioners of a count of people. What the rows of a list count for makes the figure.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatcher.domain.calendar import Period, local_day
from dispatcher.domain.calendar import period as days_between
from dispatcher.domain.indicators import DayFacts, Figure, Ledger, LoggedEvent, added_up
from dispatcher.domain.indicators.definition import (
    Indicator,
    People,
    PlaceCount,
    Ratio,
    RequestCount,
    RequestDurations,
)
from dispatcher.domain.indicators.openings import Opening, openings
from dispatcher.domain.indicators.registry import INDICATORS
from dispatcher.domain.indicators.stories import UNKNOWN, Request
from dispatcher.reads.day_counts import BATCH, events_about, facts_of_days, runs
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.unit import Database

ENOUGH = 200
"""A page shows whole days until it has so many acts."""


@dataclass(frozen=True, slots=True)
class Act:
    """One request that counts; codes are the catalogue's."""

    request_id: UUID
    code: str
    """What the regulators call it; empty where nobody asked, or when it is no longer there."""
    opened_at: datetime
    profession: str
    origin: str
    outcome: str
    cause: str
    seen_at: datetime | None
    within_delay: bool
    counts: float
    """How much it adds to the figure; of a duration the seconds, of a ratio what is above."""
    over: int | None = None
    """Of a ratio, how much it adds to what is below."""


@dataclass(frozen=True, slots=True)
class PlaceAct:
    """A slot whose places count, or an appointment of a slot that the log does not know."""

    opening: Opening
    counts: int
    name: str = ""
    """The practitioner's, where a page asked for it."""


@dataclass(frozen=True, slots=True)
class PersonAct:
    """A practitioner who counts, once, however many days they were there."""

    practitioner_id: UUID
    profession: str
    days: int
    name: str = ""
    """Where a page asked for it."""


@dataclass(frozen=True, slots=True)
class Acts:
    """Acts of the last days of a period, newest first; `before` is the day to go on from.

    One of the three lists is filled, after the kind of the indicator.
    """

    figure: Figure
    """That of the whole period."""
    before: date | None
    acts: Sequence[Act] = ()
    places: Sequence[PlaceAct] = ()
    people: Sequence[PersonAct] = ()
    """Of the whole period, by name."""


def acts_behind(db: Database, territory_id: UUID, period: Period, indicator: Indicator) -> Acts:
    """What makes up a figure of a period, day by day from its end."""
    with db.reading() as session:
        facts = facts_of_days(session, territory_id, period)
        figure = added_up(facts, list(period.days())).figures[indicator.code]
        if isinstance(indicator, People):
            return Acts(figure, None, people=_people(session, facts.values(), indicator.code))
        left = sorted((day for day in facts if _has_acts(facts[day], indicator)), reverse=True)
        acts: list[Act] = []
        places: list[PlaceAct] = []
        while left and len(acts) + len(places) < ENOUGH:
            day = left.pop(0)
            one = days_between(day, day, period.zone)
            ledger = Ledger.of(events_about(session, territory_id, one))
            if isinstance(indicator, PlaceCount):
                places += _named(session, _places(ledger, one, indicator))
            else:
                acts += _coded(session, territory_id, _acts(ledger, one, indicator))
    return Acts(figure, left[0] if left else None, acts, places)


@dataclass(frozen=True, slots=True)
class Behind:
    """All that stands behind some indicators of a period, by indicator, in the order of the log."""

    acts: Mapping[str, Sequence[Act]]
    places: Mapping[str, Sequence[PlaceAct]]
    people: Mapping[str, Sequence[PersonAct]]


def nothing_behind(codes: Iterable[str]) -> Behind:
    """Of a period that has not begun."""
    return Gathered(codes).behind()


def everything_behind(
    db: Database,
    territory_id: UUID,
    period: Period,
    codes: Collection[str],
    breathe: Callable[[], None],
) -> Behind:
    """What stands behind indicators of the registry, read once, a month at a time.

    `breathe` is called time and again, so that whoever does this can say that they live.
    """
    gathered = Gathered(codes)
    for first, last in runs(period.days()):
        part = days_between(first, last, period.zone)
        with db.reading() as session:
            events = _breathing(events_about(session, territory_id, part), breathe)
            gathered.add(Ledger.of(events), part)
    return gathered.behind()


def _breathing(events: Iterator[LoggedEvent], breathe: Callable[[], None]) -> Iterator[LoggedEvent]:
    for number, event in enumerate(events):
        if number % BATCH == 0:
            breathe()
        yield event


class Gathered:
    """What stands behind some indicators, from one ledger after the other."""

    def __init__(self, codes: Iterable[str]) -> None:
        known = [INDICATORS[code] for code in dict.fromkeys(codes)]
        self._acts: dict[str, list[Act]] = {
            what.code: [] for what in known if not isinstance(what, PlaceCount | People)
        }
        self._places: dict[str, list[PlaceAct]] = {
            what.code: [] for what in known if isinstance(what, PlaceCount)
        }
        self._people: dict[str, _Crowd] = {
            what.code: _Crowd(what) for what in known if isinstance(what, People)
        }

    def add(self, ledger: Ledger, part: Period) -> None:
        """Take what a part of the period holds; parts come in order."""
        for code, acts in self._acts.items():
            acts.extend(_acts(ledger, part, INDICATORS[code]))
        for code, places in self._places.items():
            what = INDICATORS[code]
            if isinstance(what, PlaceCount):
                places.extend(_places(ledger, part, what))
        for crowd in self._people.values():
            crowd.add(ledger, part)

    def behind(self) -> Behind:
        """All that was found."""
        people = {code: crowd.people() for code, crowd in self._people.items()}
        return Behind(self._acts, self._places, people)


class _Crowd:
    """The practitioners who count, each once."""

    def __init__(self, what: People) -> None:
        self._what = what
        self._professions: dict[UUID, str] = {}
        self._days: defaultdict[UUID, set[date]] = defaultdict(set)

    def add(self, ledger: Ledger, part: Period) -> None:
        for opening in openings(ledger):
            who = opening.practitioner_id
            if who is not None and opening.start in part and self._what.counts(opening):
                self._professions.setdefault(who, opening.profession)
                self._days[who].add(local_day(opening.start, part.zone))

    def people(self) -> list[PersonAct]:
        return [
            PersonAct(who, profession, len(self._days[who]))
            for who, profession in self._professions.items()
        ]


def _acts(ledger: Ledger, part: Period, indicator: Indicator) -> list[Act]:
    """The requests opened in a period that count for an indicator, in the order of the log."""
    return [
        _act(request.id, request, counts, over)
        for request in ledger.requests
        if request.id is not None and request.opened_at in part
        for counts, over in _counted(indicator, request)
    ]


def _counted(what: Indicator, request: Request) -> Iterator[tuple[float, int | None]]:
    """What a request adds to an indicator, and below it for a ratio; each duration by itself."""
    if isinstance(what, RequestDurations):
        yield from ((span.total_seconds(), None) for span in what.durations(request))
    elif isinstance(what, Ratio):
        part, whole = (_times(INDICATORS[code], request) for code in what.over)
        if whole:
            yield part, whole
    elif times := _times(what, request):
        yield times, None


def _times(what: Indicator, request: Request) -> int:
    return int(what.count(request)) if isinstance(what, RequestCount) else 0


def _has_acts(facts: DayFacts, indicator: Indicator) -> bool:
    if isinstance(indicator, RequestDurations):
        return facts.duration(indicator.code).size > 0
    code = indicator.over[1] if isinstance(indicator, Ratio) else indicator.code
    return facts.counts[_SIGNED.get(code, code)] != 0


_SIGNED = {"satisfaction_net": "satisfaction_answers"}
"""What may come to nothing on a day with acts, and what never does."""


def _places(ledger: Ledger, part: Period, what: PlaceCount) -> list[PlaceAct]:
    return [
        PlaceAct(opening, counts)
        for opening in openings(ledger)
        if opening.start in part and (counts := what.count(opening))
    ]


def _people(session: Session, facts: Iterable[DayFacts], code: str) -> list[PersonAct]:
    days = Counter(UUID(who) for each in facts for who in each.there(code))
    people = [
        PersonAct(row.id, row.profession, days[row.id], row.display_name)
        for row in _practitioners(session, days)
    ]
    gone = days.keys() - {each.practitioner_id for each in people}
    return people + [PersonAct(who, UNKNOWN, days[who]) for who in sorted(gone)]


def _named(session: Session, places: Sequence[PlaceAct]) -> list[PlaceAct]:
    ids = {each.opening.practitioner_id for each in places}
    names: dict[UUID | None, str] = {
        row.id: row.display_name for row in _practitioners(session, ids)
    }
    return [
        replace(each, name=names.get(each.opening.practitioner_id, ""))
        for each in sorted(places, key=lambda each: each.opening.start, reverse=True)
    ]


def _practitioners(session: Session, ids: Iterable[UUID | None]) -> Sequence[Practitioner]:
    """By name."""
    return session.scalars(
        select(Practitioner)
        .where(Practitioner.id.in_(list(ids)))
        .order_by(Practitioner.last_name, Practitioner.first_name, Practitioner.id)
    ).all()


def _coded(session: Session, territory_id: UUID, acts: Sequence[Act]) -> list[Act]:
    """Newest first, with the codes that the regulators call them by."""
    rows = session.execute(
        select(CareRequest.id, CareRequest.code).where(
            CareRequest.territory_id == territory_id,
            CareRequest.id.in_({act.request_id for act in acts}),
        )
    )
    codes = {row.id: row.code for row in rows}
    found = [replace(act, code=codes.get(act.request_id, "")) for act in acts]
    return sorted(found, key=lambda act: act.opened_at, reverse=True)


def _act(request_id: UUID, request: Request, counts: float, over: int | None) -> Act:
    stands = request.appointment
    return Act(
        request_id,
        "",
        request.opened_at,
        request.profession,
        request.origin,
        request.outcome.value,
        request.cause,
        None if stands is None else stands.start,
        stands is not None and stands.within_delay,
        counts,
        over,
    )
