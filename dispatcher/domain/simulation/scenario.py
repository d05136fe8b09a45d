"""A scenario: a territory, who asks for care in it, and who offers some. Read from TOML."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from dispatcher.domain.errors import InvalidError
from dispatcher.domain.policy import DELAYS, Policy
from dispatcher.domain.simulation.reading import Table
from dispatcher.domain.snp_hours import SnpHours

DAYTIME = (0, 0, 0, 0, 0, 0, 0, 1, 8, 12, 12, 9, 5, 6, 9, 9, 9, 8, 7, 5, 0, 0, 0, 0)
"""Calls by hour of the day: a peak when practices open, a lesser one in the afternoon."""
OFFICE = (0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0)
WEEK = (1.25, 1.1, 1.05, 1.05, 1.15, 0.9, 0.5)
WORKING_WEEK = (1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.0)
RADIUS_KM = 30.0
"""Search radius of a scenario that sets none, as the crow flies."""

WITHOUT_EFFECT = (
    "Une simulation n’a pas de régulateur à prévenir, ce réglage n’y change rien. Retirez-le."
)


class Shape(StrEnum):
    """How a territory's communes lie."""

    TOWN = "town"
    """One town, and villages around it: the nearer, the larger."""
    VALLEY = "valley"
    """Small towns along a line, villages beside it."""
    VILLAGES = "villages"
    """Villages everywhere, three of them a little larger."""


@dataclass(frozen=True, slots=True)
class Territory:
    """Where people live. `width_km` is that of the square around it, as the crow flies."""

    shape: Shape = Shape.TOWN
    width_km: float = 40.0
    communes: int = 60
    longitude: float = 5.55
    latitude: float = 46.67
    seed: int = 1
    """Draws the map and the practitioners, which stay the same from week to week."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, when, and for what. Shares are between 0 and 1."""

    per_day: float = 400.0
    hours: tuple[float, ...] = DAYTIME
    weekdays: tuple[float, ...] = WEEK
    delays: Mapping[int, float] = field(default_factory=lambda: {24: 0.5, 48: 0.5})
    """Share of the requests by asked delay, in hours."""
    professions: Mapping[str, float] = field(default_factory=lambda: {"10": 1.0})
    """Share of the requests by profession (TRE_G15); volunteers are shared out alike."""
    with_gp: float = 0.0
    """Share of the patients whose médecin traitant is one of the volunteers."""
    no_show: float = 0.05
    """Share of those with an appointment who do not come."""


@dataclass(frozen=True, slots=True)
class Supply:
    """What volunteers offer."""

    practitioners: int = 60
    ratio: float = 1.1
    """Places offered for each request, over a week."""
    hours: tuple[float, ...] = OFFICE
    weekdays: tuple[float, ...] = WORKING_WEEK
    saturday_until: int = 12
    """Local hour at which the last slot of a Saturday has to begin before."""
    minutes: int = 15
    places: int = 1
    """Of a slot: more than one is a walk-in period."""
    unevenness: float = 0.5
    """How differently volunteers give: 0 for all alike; the spread of a log-normal."""
    late_share: float = 0.3
    """Share of the slots that are published late."""
    late_hours: tuple[float, float] = (1.0, 12.0)
    """How long before its start a late slot is published; the others are known from the outset."""
    notice_minutes: float = 30.0


@dataclass(frozen=True, slots=True)
class Volunteering:
    """What comes of asking volunteers by SMS when nothing fits."""

    share: float = 0.0
    """Of the practitioners: those who may be asked. None of them, nobody is asked."""
    yes: float = 0.15
    """How probable a yes is, for each SMS."""
    answer_minutes: float = 15.0
    """Mean time to the yes."""
    hours_until_seen: tuple[float, float] = (0.5, 4.0)
    """From the yes to the appointment."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """All of it. The default is the *base* scenario of the house's benchmarks."""

    name: str = "base"
    seed: int = 1
    first_day: date = date(2026, 11, 2)
    days: int = 7
    """Length of a stretch; a week unless told otherwise."""
    weeks: int = 1
    """How many stretches are simulated, each on its own: 52 make a year."""
    past_weeks: int = 6
    """Weeks before, from which prices are learned; 0 for a territory with no past."""
    timezone: str = "Europe/Paris"
    department: str = "39"
    """INSEE: whose public holidays count."""
    territory: Territory = field(default_factory=Territory)
    asking: Asking = field(default_factory=Asking)
    supply: Supply = field(default_factory=Supply)
    volunteering: Volunteering = field(default_factory=Volunteering)
    policy: Policy = field(default_factory=lambda: _policy({}))

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def hours(self) -> SnpHours:
        """The hours of unscheduled care, by the policy's rules."""
        rules = self.policy
        return SnpHours(self.zone, self.department, rules.saturday_until, rules.bridge_days)

    @property
    def start(self) -> datetime:
        """Midnight of the first day, in UTC."""
        return datetime.combine(self.first_day, time(), tzinfo=self.zone).astimezone(UTC)


def read_scenario(stored: Mapping[str, Any]) -> Scenario:
    """A scenario from the content of a TOML file; what is absent keeps its default.

    Raises InvalidError with a French sentence by key (`demand.per_day`).
    """
    top, default = Table(stored), Scenario()
    scenario = Scenario(
        name=top.text("name", default.name),
        seed=top.whole("seed", default.seed, 0, 2**31),
        first_day=top.day("first_day", default.first_day),
        days=top.whole("days", default.days, 1, 28),
        weeks=top.whole("weeks", default.weeks, 1, 53),
        past_weeks=top.whole("past_weeks", default.past_weeks, 0, 53),
        timezone=top.zone("timezone", default.timezone),
        department=top.department("department", default.department),
        territory=_territory(top.table("territory")),
        asking=_asking(top.table("demand")),
        supply=_supply(top.table("supply")),
        volunteering=_volunteering(top.table("volunteers")),
        policy=top.read("policy", _policy, default.policy),
    )
    top.finish()
    return scenario


def _policy(given: Mapping[str, Any]) -> Policy:
    """A territory's settings. A scenario has no national table to look a radius up in.

    Raises InvalidError also for settings about what no scenario has: a regulator to be told.
    """
    offers = given.get("offers")
    faults = {"escalate_share": WITHOUT_EFFECT} if "escalate_share" in given else {}
    if isinstance(offers, Mapping) and "hour_minutes" in offers:
        faults["offers.hour_minutes"] = WITHOUT_EFFECT
    try:
        policy = Policy.from_mapping({"radius_km": RADIUS_KM, **given})
    except InvalidError as error:
        raise InvalidError(faults | error.fields) from None
    if faults:
        raise InvalidError(faults)
    return policy


def _territory(given: Table) -> Territory:
    default = Territory()
    return Territory(
        shape=given.choice("shape", default.shape, Shape),
        width_km=given.number("width_km", default.width_km, 1, 300),
        communes=given.whole("communes", default.communes, 1, 2000),
        longitude=given.number("longitude", default.longitude, -180, 180),
        latitude=given.number("latitude", default.latitude, -80, 80),
        seed=given.whole("seed", default.seed, 0, 2**31),
    )


def _asking(given: Table) -> Asking:
    default = Asking()
    return Asking(
        per_day=given.number("per_day", default.per_day, 1, 20_000),
        hours=given.shares("hours", default.hours, 24),
        weekdays=given.shares("weekdays", default.weekdays, 7),
        delays={
            int(hours): share
            for hours, share in given.parts(
                "delays", {str(h): s for h, s in default.delays.items()}, map(str, DELAYS)
            ).items()
        },
        professions=given.parts("professions", default.professions),
        with_gp=given.number("with_gp", default.with_gp, 0, 1),
        no_show=given.number("no_show", default.no_show, 0, 1),
    )


def _supply(given: Table) -> Supply:
    default = Supply()
    return Supply(
        practitioners=given.whole("practitioners", default.practitioners, 1, 5000),
        ratio=given.number("ratio", default.ratio, 0, 10),
        hours=given.shares("hours", default.hours, 24),
        weekdays=given.shares("weekdays", default.weekdays, 7),
        saturday_until=given.whole("saturday_until", default.saturday_until, 1, 24),
        minutes=given.whole("minutes", default.minutes, 5, 720),
        places=given.whole("places", default.places, 1, 50),
        unevenness=given.number("unevenness", default.unevenness, 0, 3),
        late_share=given.number("late_share", default.late_share, 0, 1),
        late_hours=given.span("late_hours", default.late_hours, 0, 240),
        notice_minutes=given.number("notice_minutes", default.notice_minutes, 0, 2880),
    )


def _volunteering(given: Table) -> Volunteering:
    default = Volunteering()
    return Volunteering(
        share=given.number("share", default.share, 0, 1),
        yes=given.number("yes", default.yes, 0, 1),
        answer_minutes=given.number("answer_minutes", default.answer_minutes, 0, 1440),
        hours_until_seen=given.span("hours_until_seen", default.hours_until_seen, 0, 72),
    )
