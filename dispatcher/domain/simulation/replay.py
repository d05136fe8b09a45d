"""Replays a stretch of time, call by call, and tells how each request ended.

Decided at once, as the engine does: when a call comes in, and when a slot is published while
somebody waits. Between two of these nothing can begin to fit, so that whoever waits only has to be
shown what is new.
"""

import heapq
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from dispatcher.domain.geography import distance_km
from dispatcher.domain.matching.columns import NeedColumns, SlotColumns
from dispatcher.domain.matching.feasibility import BIT, Reason, compare
from dispatcher.domain.matching.needs import Need
from dispatcher.domain.matching.prices import Prices
from dispatcher.domain.policy import Policy
from dispatcher.domain.simulation.book import Book
from dispatcher.domain.simulation.demand import Call, Demand, Volunteer
from dispatcher.domain.simulation.policies import Decide, Given, limits_of
from dispatcher.domain.simulation.scenario import Volunteering

NO_SLOT = "no_slot"
"""Why a request found nothing where no slot at all was known."""
Progress = Callable[[float], None]
"""Told the share that is done, 0 to 1."""
STEPS = 100
_PUBLISHED, _CALLED, _ASKED, _SAID_YES = range(4)
"""What happens at the same instant happens in this order."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How one request ended."""

    call: Call
    given: Given | None = None
    by_volunteer: bool = False
    """The place was not published: somebody said yes when asked."""
    reason: str = ""
    """Of a request left unserved: what stood in the way when it came in."""
    asked: int = 0
    """Volunteers asked for it."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of a stretch. `taken` and `offered` are places of published slots."""

    endings: tuple[Ending, ...]
    taken: Mapping[UUID, int]
    offered: Mapping[UUID, int]


@dataclass(slots=True)
class _Waiting:
    call: Call
    reason: str
    asked: list[UUID] = field(default_factory=list)


class _Run:
    def __init__(
        self, demand: Demand, decide: Decide, book: Book, policy: Policy, asking: "Asking"
    ) -> None:
        self._decide = decide
        self._book = book
        self._policy = policy
        self._asking = asking
        self._order = itertools.count()
        self._agenda: list[tuple[datetime, int, int, object]] = [
            *((each.at, _PUBLISHED, next(self._order), each.slot.slot_id) for each in
              sorted(demand.publications, key=lambda each: (each.at, each.slot.slot_id))),
            *((call.need.asked_at, _CALLED, next(self._order), call) for call in
              sorted(demand.calls, key=lambda call: (call.need.asked_at, call.need.request_id))),
        ]  # fmt: skip
        heapq.heapify(self._agenda)
        self._waiting: dict[UUID, _Waiting] = {}
        self._ended: dict[UUID, Ending] = {}

    def run(self, total: int, progress: Progress) -> Sequence[Ending]:
        calls = 0
        while self._agenda:
            now, kind, _, what = heapq.heappop(self._agenda)
            if isinstance(what, Call):
                self._called(what, now)
                calls += 1
                if calls * STEPS // total != (calls - 1) * STEPS // total:
                    progress(calls / total)
            elif kind == _PUBLISHED and isinstance(what, UUID):
                self._published(what, now)
            elif kind == _ASKED and isinstance(what, UUID):
                self._ask(what, now)
            elif isinstance(what, _Yes):
                self._said_yes(what, now)
        for waiting in self._waiting.values():
            self._ended[waiting.call.need.request_id] = Ending(
                waiting.call, reason=waiting.reason, asked=len(waiting.asked)
            )
        return list(self._ended.values())

    def _called(self, call: Call, now: datetime) -> None:
        need = call.need
        given = self._decide([need], self._book.fitting(need, now), now)
        if given:
            self._take(given[0], call)
            return
        self._waiting[need.request_id] = _Waiting(call, self._why(need, now))
        if self._asking.anybody and self._policy.offers.automatic:
            after = timedelta(minutes=self._policy.offers.after_minutes)
            self._plan(now + after, _ASKED, need.request_id)

    def _published(self, slot_id: UUID, now: datetime) -> None:
        slot = self._book.publish(slot_id)
        needs = [
            waiting.call.need
            for waiting in self._waiting.values()
            if waiting.call.need.profession == slot.profession
            and waiting.call.need.due_at + limits_of(self._policy).grace >= slot.start
        ]
        if not needs or slot.end <= now:
            return
        for given in self._decide(needs, [slot], now):
            waiting = self._waiting.pop(given.request_id)
            self._take(given, waiting.call, asked=len(waiting.asked))

    def _take(self, given: Given, call: Call, asked: int = 0) -> None:
        self._book.take(given.slot_id)
        self._ended[given.request_id] = Ending(call, given, asked=asked)

    def _ask(self, request_id: UUID, now: datetime) -> None:
        waiting = self._waiting.get(request_id)
        if waiting is None or now >= waiting.call.need.due_at:
            return
        need = waiting.call.need
        wave = self._asking.next_wave(need, waiting.asked, self._policy.offers.wave_size)
        if not wave:
            return
        waiting.asked += [volunteer.practitioner_id for volunteer in wave]
        for yes in self._asking.answers(need, wave, now):
            self._plan(yes.at, _SAID_YES, yes)
        delay_hours = round((need.due_at - need.asked_at) / timedelta(hours=1))
        self._plan(now + self._policy.offers.widen_after(delay_hours), _ASKED, request_id)

    def _said_yes(self, yes: "_Yes", now: datetime) -> None:
        waiting = self._waiting.get(yes.given.request_id)
        if waiting is None or max(now, yes.given.seen_at) > waiting.call.need.due_at:
            return
        del self._waiting[yes.given.request_id]
        self._ended[yes.given.request_id] = Ending(
            waiting.call, yes.given, by_volunteer=True, asked=len(waiting.asked)
        )

    def _plan(self, at: datetime, kind: int, what: object) -> None:
        heapq.heappush(self._agenda, (at, kind, next(self._order), what))

    def _why(self, need: Need, now: datetime) -> str:
        """What stood in the way when it came in.

        The reason that alone kept back the most slots; failing one, that kept back the most.
        """
        slots = self._book.known(need, now)
        if not slots:
            return NO_SLOT
        columns = SlotColumns(slots, now, limits_of(self._policy))
        against = compare(NeedColumns([need]), columns).against[0]
        alone = {reason: int(np.sum(against == BIT[reason])) for reason in Reason}
        some = {reason: int(np.sum(against & BIT[reason] != 0)) for reason in Reason}
        return max(Reason, key=lambda reason: (alone[reason], some[reason])).value


@dataclass(frozen=True, slots=True)
class _Yes:
    at: datetime
    given: Given


class Asking:
    """Volunteers who may be asked when nothing fits, and what they answer."""

    def __init__(
        self, volunteers: Sequence[Volunteer], model: Volunteering, chance: np.random.Generator
    ) -> None:
        self._volunteers = volunteers
        self._model = model
        self._chance = chance

    @property
    def anybody(self) -> bool:
        return bool(self._volunteers)

    def next_wave(self, need: Need, asked: Sequence[UUID], size: int) -> list[Volunteer]:
        """The nearest within reach who were not asked yet."""
        near = sorted(
            (self._km(need, each), each.practitioner_id, each)
            for each in self._volunteers
            if each.profession == need.profession and each.practitioner_id not in asked
        )
        return [each for km, _, each in near if km <= need.limit_km][:size]

    def answers(self, need: Need, wave: Sequence[Volunteer], now: datetime) -> Iterator[_Yes]:
        for volunteer in wave:
            says_yes = self._chance.random() < self._model.yes
            minutes = self._chance.exponential(self._model.answer_minutes)
            hours = self._chance.uniform(*self._model.hours_until_seen)
            if says_yes:
                at = now + timedelta(minutes=minutes)
                given = Given(
                    need.request_id,
                    need.request_id,
                    volunteer.practitioner_id,
                    at + timedelta(hours=hours),
                    self._km(need, volunteer),
                )
                yield _Yes(at, given)

    @staticmethod
    def _km(need: Need, volunteer: Volunteer) -> float:
        if need.longitude is None or need.latitude is None:
            return 0.0
        return distance_km(need.longitude, need.latitude, volunteer.longitude, volunteer.latitude)


NOBODY = Asking((), Volunteering(), np.random.default_rng(0))


def replay(
    demand: Demand,
    decide: Decide,
    policy: Policy,
    prices: Prices,
    *,
    asking: Asking = NOBODY,
    progress: Progress = lambda _: None,
) -> Replay:
    """Live through a stretch of time with a way to decide.

    `progress` is told from time to time how far it is.
    """
    book = Book(demand.publications, prices)
    run = _Run(demand, decide, book, policy, asking)
    endings = run.run(max(1, len(demand.calls)), progress)
    return Replay(tuple(endings), book.taken, book.offered)
