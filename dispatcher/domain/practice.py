"""What a practitioner gave and what came of it: hours opened week by week, places, patients."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from dispatcher.domain.calendar import local_day
from dispatcher.domain.states import AppointmentStatus

FORFAIT_HOURS: Final = timedelta(hours=2)
"""Opened each week by whom the forfait structure counts as taking part in the SAS (avenant 9)."""
HOME_VISIT: Final = "HH"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenSlot:
    """A slot that was published. `places` is what remained offered, once some were taken back."""

    start: datetime
    end: datetime
    places: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenVisit:
    """An appointment that was not cancelled. `patient` is any id; the same for the same person."""

    start: datetime
    status: AppointmentStatus
    patient: str
    modality: str
    distance_km: float | None
    """As the crow flies, from the practice to the patient's commune."""


@dataclass(frozen=True, slots=True)
class Given:
    """The figures of a period."""

    offered: int
    used: int
    honoured: int
    missed: int
    patients: int
    """Different people who were seen."""
    home_visits: int
    home_km: float
    """Of these: there, as the crow flies."""
    travelled_km: float | None
    """What patients who came to the practice travelled on average; None when nobody did."""


def given(slots: Iterable[GivenSlot], visits: Iterable[GivenVisit]) -> Given:
    """The sum of a period's slots and visits."""
    visits = list(visits)
    seen = [visit for visit in visits if visit.status == AppointmentStatus.FULFILLED]
    at_home = [visit for visit in seen if visit.modality == HOME_VISIT]
    ways = [
        visit.distance_km
        for visit in seen
        if visit.modality == "AMB" and visit.distance_km is not None
    ]
    return Given(
        offered=sum(slot.places for slot in slots),
        used=len(visits),
        honoured=len(seen),
        missed=sum(visit.status == AppointmentStatus.NO_SHOW for visit in visits),
        patients=len({visit.patient for visit in seen}),
        home_visits=len(at_home),
        home_km=sum(visit.distance_km or 0 for visit in at_home),
        travelled_km=sum(ways) / len(ways) if ways else None,
    )


def opened_by_week(slots: Iterable[GivenSlot], zone: ZoneInfo) -> Mapping[date, timedelta]:
    """How long something was offered in each week, by its Monday; what overlaps counts once.

    A slot belongs to the week in which it starts. One of which nothing remained offered was not
    opened.
    """
    opened: dict[date, timedelta] = defaultdict(timedelta)
    reached: datetime | None = None
    for slot in sorted(slots, key=lambda slot: (slot.start, slot.end)):
        if slot.places == 0:
            continue
        start = slot.start if reached is None else max(slot.start, reached)
        if start < slot.end:
            day = local_day(slot.start, zone)
            opened[day - timedelta(days=day.weekday())] += slot.end - start
            reached = slot.end
    return opened
