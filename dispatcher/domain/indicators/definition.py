"""What an indicator is: a code, French words for who reads it, a unit and a rule."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from dispatcher.domain.indicators.openings import Opening
from dispatcher.domain.indicators.stories import Request


class Unit(StrEnum):
    """What a figure counts."""

    REQUESTS = "requests"
    APPOINTMENTS = "appointments"
    PLACES = "places"
    OFFERS = "offers"
    PEOPLE = "people"
    DURATION = "seconds"
    SHARE = "share"
    """0 to 1."""
    SCORE = "score"
    """0 to 10."""
    POINTS = "points"
    """-100 to 100."""


class Dimension(StrEnum):
    """Along what a figure is told apart; the parts of one always make the whole."""

    ORIGIN = "origin"
    PROFESSION = "profession"
    MOTIVE_GROUP = "motive_group"
    MODALITY = "modality"
    AGE_BAND = "age_band"
    COMMUNE = "commune"
    CAUSE = "cause"
    """Why unfilled, where to redirected."""


PART_OF: Mapping[Dimension, Callable[[Request], str]] = {
    Dimension.ORIGIN: lambda request: request.origin,
    Dimension.PROFESSION: lambda request: request.profession,
    Dimension.MOTIVE_GROUP: lambda request: request.motive_group,
    Dimension.MODALITY: lambda request: request.modality,
    Dimension.AGE_BAND: lambda request: request.age_band,
    Dimension.COMMUNE: lambda request: request.commune,
    Dimension.CAUSE: lambda request: request.cause,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """What is counted, in French words for who reads it, and whether days add up to periods."""

    code: str
    label: str
    formula: str
    events: Sequence[str]
    """Kinds of the log's events that it is computed from."""
    unit: Unit
    additive: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCount(Indicator):
    """Counted over the requests opened on a day."""

    count: Callable[[Request], int]
    by: Sequence[Dimension] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDurations(Indicator):
    """Durations of requests opened on a day: their median and their ninth decile."""

    durations: Callable[[Request], Iterable[timedelta]]
    unit: Unit = field(default=Unit.DURATION)
    additive: bool = field(default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceCount(Indicator):
    """Counted over the places that start on a day."""

    count: Callable[[Opening], int]
    unit: Unit = field(default=Unit.PLACES)


@dataclass(frozen=True, slots=True, kw_only=True)
class People(Indicator):
    """Different practitioners: who is there on two days is one person."""

    counts: Callable[[Opening], bool]
    """Whether a slot's places make its practitioner one of them."""
    by_profession: bool = False
    unit: Unit = field(default=Unit.PEOPLE)
    additive: bool = field(default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio(Indicator):
    """One figure over another, times the factor; unknown over nothing."""

    over: tuple[str, str]
    factor: int = 1
    additive: bool = field(default=False)
