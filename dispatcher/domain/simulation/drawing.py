"""Draws what happens in a scenario, the same from the same seed."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import numpy as np

from dispatcher.domain.geography import Floats
from dispatcher.domain.matching.needs import Need, OpenSlot
from dispatcher.domain.simulation.demand import Call, Demand, Publication, Volunteer
from dispatcher.domain.simulation.scenario import Scenario, Shape, Territory

KM_PER_DEGREE = 111.2
AMBULATORY = "AMB"
EVERYBODY = frozenset({"CPTS"})
HOME_SCATTER_KM = 1.0
"""How far from the middle of their commune people live: the spread in each direction."""
KNOWN_FROM_THE_OUTSET = timedelta(days=7)
"""A slot that is not published late is published this long before the first day."""
SECONDS = 3600
SATURDAY = 5
_LAYOUT, _PAST, _PRESENT = 0, 1, 2
"""What a seed is for: the map, the weeks before, the weeks simulated."""
_REQUESTS, _SLOTS, _PRACTITIONERS = 1 << 96, 2 << 96, 3 << 96


@dataclass(frozen=True, slots=True)
class _Town:
    """The map of a territory: what stays the same from week to week."""

    commune_longitudes: Floats
    commune_latitudes: Floats
    people: Floats
    """Share of the population of each commune."""
    practitioners: tuple[Volunteer, ...]
    generosity: Floats
    """Share of its profession's places that each practitioner offers."""


def draw_weeks(scenario: Scenario) -> list[Demand]:
    """The stretches to simulate, each with days and a seed of its own."""
    town = _town(scenario)
    return [
        _draw(
            scenario, town, scenario.first_day + timedelta(days=7 * number), scenario.days,
            (scenario.seed, _PRESENT, number),
        )
        for number in range(scenario.weeks)
    ]  # fmt: skip


def draw_past(scenario: Scenario) -> Iterator[Demand]:
    """The weeks before, drawn like those to simulate."""
    town = _town(scenario)
    for number in range(1, scenario.past_weeks + 1):
        first = scenario.first_day - timedelta(days=7 * number)
        yield _draw(scenario, town, first, scenario.days, (scenario.seed, _PAST, number))


def _town(scenario: Scenario) -> _Town:
    chance = np.random.default_rng((scenario.territory.seed, _LAYOUT))
    x, y, people = _communes(scenario.territory, chance)
    longitudes, latitudes = _degrees(scenario.territory, x, y)
    count = scenario.supply.practitioners
    # Practices follow the population a little more than evenly: they gather in towns.
    lives_by = people**1.2 / np.sum(people**1.2)
    homes = chance.choice(len(people), size=count, p=lives_by)
    professions = _shared_out(scenario.asking.professions, count)
    practitioners = tuple(
        Volunteer(
            UUID(int=_PRACTITIONERS + number),
            professions[number],
            float(longitudes[home]),
            float(latitudes[home]),
        )
        for number, home in enumerate(homes.tolist())
    )
    generosity = np.exp(chance.normal(0.0, scenario.supply.unevenness, size=count))
    for profession in set(professions):
        of_it = np.array([each == profession for each in professions])
        generosity[of_it] /= generosity[of_it].sum()
    return _Town(longitudes, latitudes, people, practitioners, generosity)


def _communes(territory: Territory, chance: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Kilometres east and north of the middle, and the share of the people, of each commune."""
    count, half = territory.communes, territory.width_km / 2
    x, y = chance.uniform(-half, half, size=(2, count))
    ranks = np.arange(1, count + 1)
    match territory.shape:
        case Shape.TOWN:
            x[0] = y[0] = 0.0
            people = 1 / (1 + np.hypot(x, y) / half) ** 2 * chance.uniform(0.3, 1.0, size=count)
            people[0] = people[1:].sum() if count > 1 else 1.0
        case Shape.VALLEY:
            y *= np.where(ranks % 3 == 0, 0.6, 0.12)
            people = ranks**-0.9
        case _:
            people = chance.uniform(0.4, 1.0, size=count)
            people[:3] *= 5
    return x, y, people / people.sum()


def _degrees(territory: Territory, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    latitudes = territory.latitude + y / KM_PER_DEGREE
    shrink = math.cos(math.radians(territory.latitude))
    return territory.longitude + x / (KM_PER_DEGREE * shrink), latitudes


def _shared_out(shares: Mapping[str, float], count: int) -> list[str]:
    """`count` professions in these shares, one of each at least where there is room."""
    names = sorted(shares, key=lambda name: (-shares[name], name))
    given = dict.fromkeys(names[:count], 1)
    for _ in range(count - len(given)):
        poorest = max(given, key=lambda name: (shares[name] / given[name], name))
        given[poorest] += 1
    return [name for name in names for _ in range(given.get(name, 0))]


def _draw(scenario: Scenario, town: _Town, first: date, days: int, seed: tuple[int, ...]) -> Demand:
    chance = np.random.default_rng(seed)
    calls = _calls(scenario, town, first, days, chance)
    # The last requests are served after the last day.
    beyond = math.ceil(max(scenario.asking.delays) / 24)
    publications = _publications(scenario, town, first, days + beyond, chance)
    volunteers = tuple(
        each
        for each, draw in zip(
            town.practitioners, chance.random(len(town.practitioners)).tolist(), strict=True
        )
        if draw < scenario.volunteering.share
    )
    return Demand(tuple(calls), tuple(publications), volunteers)


def _calls(
    scenario: Scenario, town: _Town, first: date, days: int, chance: np.random.Generator
) -> Iterator[Call]:
    asking = scenario.asking
    by_day = _by_weekday(asking.weekdays, first, days) * asking.per_day
    counts = chance.poisson(by_day)
    total = int(counts.sum())
    days_of = np.repeat(np.arange(days), counts)
    seconds = chance.choice(24, size=total, p=_normal(asking.hours)) * SECONDS
    seconds = seconds + chance.integers(0, SECONDS, size=total)
    homes = chance.choice(len(town.people), size=total, p=town.people)
    scatter = chance.normal(0.0, HOME_SCATTER_KM, size=(2, total)) / KM_PER_DEGREE
    longitudes = town.commune_longitudes[homes] + scatter[0]
    latitudes = town.commune_latitudes[homes] + scatter[1]
    delays = chance.choice(list(asking.delays), size=total, p=list(asking.delays.values()))
    professions = chance.choice(
        list(asking.professions), size=total, p=list(asking.professions.values())
    )
    ages = chance.integers(0, 95, size=total)
    has_gp = chance.random(total) < asking.with_gp
    gps = chance.integers(0, len(town.practitioners), size=total)
    comes = chance.random(total) >= asking.no_show
    salt = int(chance.integers(0, 1 << 63))
    midnights = [_midnight(first + timedelta(days=day), scenario) for day in range(days)]
    policy = scenario.policy
    radius = math.inf if policy.radius_km is None else policy.radius_km
    enlarged = policy.limit_km(radius, 0.0)
    for number in range(total):
        asked_at = midnights[days_of[number]] + timedelta(seconds=int(seconds[number]))
        gp = town.practitioners[gps[number]]
        is_his = has_gp[number] and gp.profession == professions[number]
        need = Need(
            request_id=UUID(int=_REQUESTS + (salt << 24) + number),
            profession=str(professions[number]),
            specialty=None,
            modalities=frozenset({AMBULATORY}),
            age=int(ages[number]),
            longitude=float(longitudes[number]),
            latitude=float(latitudes[number]),
            asked_at=asked_at,
            due_at=asked_at + timedelta(hours=int(delays[number])),
            earliest=None,
            gp_id=gp.practitioner_id if is_his else None,
            excluded_practitioners=frozenset(),
            sees=EVERYBODY,
            radius_km=radius,
            enlarged_km=enlarged,
        )
        yield Call(need, comes=bool(comes[number]))


def _publications(
    scenario: Scenario, town: _Town, first: date, days: int, chance: np.random.Generator
) -> Iterator[Publication]:
    supply, asking = scenario.supply, scenario.asking
    wanted = asking.per_day * supply.ratio / supply.places
    by_day = _by_weekday(supply.weekdays, first, days) * wanted
    share = town.generosity * [asking.professions[p.profession] for p in town.practitioners]
    counts = chance.poisson(np.outer(by_day, share))
    total = int(counts.sum())
    days_of, givers = np.divmod(np.repeat(np.arange(counts.size), counts.ravel()), counts.shape[1])
    hours = chance.choice(24, size=total, p=_normal(supply.hours))
    mornings = np.where(np.arange(24) < supply.saturday_until, supply.hours, 0.0)
    is_saturday = np.array(
        [(first + timedelta(days=day)).weekday() == SATURDAY for day in range(days)]
    )
    if mornings.sum() > 0:
        on_saturday = is_saturday[days_of]
        hours[on_saturday] = chance.choice(
            24, size=int(on_saturday.sum()), p=mornings / mornings.sum()
        )
    minutes = chance.integers(0, max(1, 60 // supply.minutes), size=total) * supply.minutes
    is_late = chance.random(total) < supply.late_share
    late_by = chance.uniform(*supply.late_hours, size=total)
    salt = int(chance.integers(0, 1 << 63))
    midnights = [_midnight(first + timedelta(days=day), scenario) for day in range(days)]
    outset = midnights[0] - KNOWN_FROM_THE_OUTSET
    snp_hours = scenario.hours
    for number in range(total):
        start = midnights[days_of[number]] + timedelta(
            hours=int(hours[number]), minutes=int(minutes[number])
        )
        giver = town.practitioners[givers[number]]
        slot = OpenSlot(
            slot_id=UUID(int=_SLOTS + (salt << 24) + number),
            practitioner_id=giver.practitioner_id,
            place_id=None,
            profession=giver.profession,
            specialty=None,
            modality=AMBULATORY,
            visibility=EVERYBODY,
            start=start,
            end=start + timedelta(minutes=supply.minutes),
            places=supply.places,
            taken=0,
            longitude=giver.longitude,
            latitude=giver.latitude,
            min_age=None,
            max_age=None,
            day=first + timedelta(days=int(days_of[number])),
            daily_cap=None,
            booked_that_day=0,
            load=0.0,
            minimum_notice=timedelta(minutes=supply.notice_minutes),
            outside_hours=not (scenario.policy.outside_hours or snp_hours.is_snp(start)),
        )
        at = start - timedelta(hours=float(late_by[number])) if is_late[number] else outset
        yield Publication(slot, at)


def _by_weekday(shares: tuple[float, ...], first: date, days: int) -> Floats:
    """Each day against an average one, by its weekday."""
    weekdays = [(first + timedelta(days=day)).weekday() for day in range(days)]
    return np.array([shares[weekday] for weekday in weekdays]) * (len(shares) / sum(shares))


def _normal(shares: tuple[float, ...]) -> Floats:
    parts = np.array(shares)
    normal: Floats = parts / parts.sum()
    return normal


def _midnight(day: date, scenario: Scenario) -> datetime:
    return datetime.combine(day, time(), tzinfo=scenario.zone).astimezone(UTC)
