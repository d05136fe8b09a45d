"""« Et si trois créneaux de plus par jour à Champagnole ? »: a past week, changed in one way."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from dispatcher.domain.calendar import wall_instant
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.geography import Roads
from dispatcher.domain.matching.needs import OpenSlot, monday_of
from dispatcher.domain.matching.prices import learn_prices
from dispatcher.domain.policy import Policy
from dispatcher.domain.simulation.demand import Call, Demand, Publication
from dispatcher.domain.simulation.drawing import AMBULATORY
from dispatcher.domain.simulation.policies import by_engine, limits_of
from dispatcher.domain.simulation.replay import Progress, replay
from dispatcher.domain.simulation.tally import Tally
from dispatcher.domain.snp_hours import SnpHours

VISIBLE = frozenset({"PUBLIC", "PRO", "SNP", "CPTS"})
NEW_PRACTITIONER = UUID(int=0xE751)
"""Who holds the places that are only imagined."""
IN_ADVANCE = timedelta(days=7)
"""How long before its day an imagined place is published."""
LONGEST_SLOT = timedelta(minutes=15)
MINUTES_PER_HOUR = 60
LEARNING = 0.3
"""Share of the time that learning takes."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is changed. Hours are the territory's, weekdays from 0 for Monday."""

    profession: str
    """TRE_G15: only its requests and slots are lived through."""
    places_per_day: int = 0
    commune: str | None = None
    """INSEE code of where the places are added; None when none are."""
    longitude: float | None = None
    latitude: float | None = None
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    first_hour: int = 9
    last_hour: int = 12
    """The places lie evenly between the two."""
    without: UUID | None = None
    """A practitioner who would offer nothing."""
    delay_hours: int | None = None
    """Every request would have to be served within this; None for what was asked."""

    def as_json(self) -> dict[str, Any]:
        """The form that is stored with a simulation."""
        return {
            "profession": self.profession,
            "places_per_day": self.places_per_day,
            "commune": self.commune,
            "longitude": self.longitude,
            "latitude": self.latitude,
            "weekdays": list(self.weekdays),
            "first_hour": self.first_hour,
            "last_hour": self.last_hour,
            "without": str(self.without) if self.without else None,
            "delay_hours": self.delay_hours,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read back what `as_json` gave."""
        without = stored["without"]
        return cls(
            **{name: stored[name] for name in stored if name not in {"without", "weekdays"}},
            weekdays=tuple(stored["weekdays"]),
            without=UUID(without) if without else None,
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """The same weeks twice, decided by the engine both times."""

    before: Tally
    after: Tally

    def as_json(self) -> dict[str, Any]:
        """The form that is stored with a simulation."""
        return {"before": self.before.as_json(), "after": self.after.as_json()}


def answer(
    past: Demand,
    question: Question,
    days: Sequence[date],
    hours: SnpHours,
    policy: Policy,
    progress: Progress = lambda _: None,
) -> Answer:
    """Live through these days as they were, and with the change; `progress` from 0 to 1.

    `hours` are the territory's. Places added outside them serve nobody, unless the policy has it
    that such slots are used: as with those that practitioners publish.

    Prices are learned from each of the two: what a slot is worth would settle within weeks.
    Nobody is asked by SMS: how people would answer is not known beforehand.
    """
    before = of_profession(past, question.profession)
    after = changed(before, question, days, hours, policy)
    return Answer(
        before=_live(before, policy, hours.zone, lambda share: progress(share / 2)),
        after=_live(after, policy, hours.zone, lambda share: progress((1 + share) / 2)),
    )


def of_profession(past: Demand, profession: str) -> Demand:
    """What concerns one profession."""
    return Demand(
        tuple(call for call in past.calls if call.need.profession == profession),
        tuple(each for each in past.publications if each.slot.profession == profession),
    )


def changed(
    past: Demand, question: Question, days: Sequence[date], hours: SnpHours, policy: Policy
) -> Demand:
    """The past as it would have been."""
    kept = [each for each in past.publications if each.slot.practitioner_id != question.without]
    return Demand(
        tuple(_within(call, question.delay_hours) for call in past.calls),
        (*kept, *_added(question, days, hours, policy)),
    )


def _within(call: Call, delay_hours: int | None) -> Call:
    if delay_hours is None:
        return call
    return replace(
        call,
        need=replace(call.need, due_at=call.need.asked_at + timedelta(hours=delay_hours)),
    )


def _added(
    question: Question, days: Sequence[date], hours: SnpHours, policy: Policy
) -> Iterator[Publication]:
    count = question.places_per_day
    if count == 0:
        return
    minutes = (question.last_hour - question.first_hour) * MINUTES_PER_HOUR // count
    length = min(LONGEST_SLOT, timedelta(minutes=max(1, minutes)))
    number = 0
    for day in days:
        if day.weekday() not in question.weekdays:
            continue
        for place in range(count):
            number += 1
            at = question.first_hour * MINUTES_PER_HOUR + place * minutes
            try:
                start = wall_instant(day, time(*divmod(at, MINUTES_PER_HOUR)), hours.zone)
            except InvalidError:  # the hour that summer time skips
                continue
            slot = _slot(question, number, day, (start, start + length))
            outside = not (policy.outside_hours or hours.is_snp(start))
            yield Publication(replace(slot, outside_hours=outside), start - IN_ADVANCE)


def _slot(question: Question, number: int, day: date, span: tuple[datetime, datetime]) -> OpenSlot:
    return OpenSlot(
        slot_id=UUID(int=(NEW_PRACTITIONER.int << 32) + number),
        practitioner_id=NEW_PRACTITIONER,
        place_id=None,
        profession=question.profession,
        specialty=None,
        modality=AMBULATORY,
        visibility=VISIBLE,
        start=span[0],
        end=span[1],
        places=1,
        taken=0,
        longitude=question.longitude,
        latitude=question.latitude,
        min_age=None,
        max_age=None,
        day=day,
        daily_cap=None,
        booked_that_day=0,
        load=0.0,
        minimum_notice=timedelta(),
        step_free=True,
    )


def _live(demand: Demand, policy: Policy, zone: ZoneInfo, progress: Progress) -> Tally:
    weeks = max(1, len({monday_of(each.slot.day) for each in demand.publications}))
    learned = itertools.count(1)
    prices = learn_prices(
        [(demand.needs, demand.slots)],
        zone,
        policy.weights,
        limits_of(policy),
        Roads(policy.road_factor),
        between_weeks=lambda: progress(LEARNING * min(1.0, next(learned) / weeks)),
    )
    tally = Tally(policy.road_factor)
    tally.add(
        replay(
            demand,
            by_engine(policy),
            policy,
            prices,
            progress=lambda share: progress(LEARNING + (1 - LEARNING) * share),
        )
    )
    return tally
