"""Queues and agendas of any size, by chance that is the same every time."""

import math
import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from dispatcher.domain.matching.needs import Need, OpenSlot
from dispatcher.domain.policy import DELAYS

NOW = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
LONGITUDE, LATITUDE = 5.55, 46.67
KM_PER_DEGREE = 111.2
TERRITORY_KM = 35.0
"""Half the width of the square that patients and volunteers live in."""
SLOTS_PER_VOLUNTEER = 50
DAYS = 3


@dataclass(frozen=True, slots=True)
class Kind:
    """What a market is like."""

    name: str
    radius_km: float = 30.0
    enlarged_km: float | None = 45.0
    professions: tuple[str, ...] = ("10", "10", "10", "60", "70")
    daily_cap: int | None = None
    weekly_cap: int | None = None


TERRITORY = Kind("a territory")
CROWDED = Kind("all fits all", radius_km=math.inf, enlarged_km=None, professions=("10",))
CAPPED = Kind("caps", daily_cap=3, weekly_cap=6, professions=("10",))


def market(kind: Kind, needs: int, slots: int, seed: int = 1) -> tuple[list[Need], list[OpenSlot]]:
    """That many needs that wait at NOW, and slots of the three days after it."""
    chance = random.Random(seed)
    return [_need(chance, kind) for _ in range(needs)], _slots(chance, kind, slots)


def _id(chance: random.Random) -> UUID:
    return UUID(int=chance.getrandbits(128))


def _point(chance: random.Random) -> tuple[float, float]:
    east, north = (chance.uniform(-TERRITORY_KM, TERRITORY_KM) for _ in range(2))
    turn = KM_PER_DEGREE * math.cos(math.radians(LATITUDE))
    return LONGITUDE + east / turn, LATITUDE + north / KM_PER_DEGREE


def _need(chance: random.Random, kind: Kind) -> Need:
    longitude, latitude = _point(chance)
    asked_at = NOW - timedelta(minutes=chance.randrange(30))
    return Need(
        request_id=_id(chance),
        profession=chance.choice(kind.professions),
        specialty=None,
        modalities=frozenset({"AMB"}),
        age=chance.randrange(100),
        longitude=longitude,
        latitude=latitude,
        asked_at=asked_at,
        due_at=asked_at + timedelta(hours=chance.choice(DELAYS)),
        earliest=None,
        gp_id=None,
        excluded_practitioners=frozenset(),
        sees=frozenset({"PUBLIC", "PRO", "SNP", "CPTS"}),
        radius_km=kind.radius_km,
        enlarged_km=kind.enlarged_km,
        sex=chance.choice(["female", "male"]),
    )


def _slots(chance: random.Random, kind: Kind, count: int) -> list[OpenSlot]:
    volunteers = [
        (
            _id(chance),
            _id(chance),
            chance.choice(kind.professions),
            *_point(chance),
            chance.random(),
        )
        for _ in range(max(1, count // SLOTS_PER_VOLUNTEER))
    ]
    slots = []
    for number in range(count):
        practitioner, place, profession, longitude, latitude, load = volunteers[
            number % len(volunteers)
        ]
        start = NOW + timedelta(minutes=15 * chance.randrange(2, 4 * 24 * DAYS))
        slots.append(
            OpenSlot(
                slot_id=_id(chance),
                practitioner_id=practitioner,
                place_id=place,
                profession=profession,
                specialty="SM54" if profession == "10" else None,
                modality="AMB",
                visibility=frozenset({"SNP", "CPTS"}),
                start=start,
                end=start + timedelta(minutes=15),
                places=1,
                taken=0,
                longitude=longitude,
                latitude=latitude,
                min_age=None,
                max_age=None,
                day=_day(start),
                daily_cap=kind.daily_cap,
                booked_that_day=0,
                load=load,
                minimum_notice=timedelta(minutes=30),
                weekly_cap=kind.weekly_cap,
                price=chance.uniform(0, 20),
            )
        )
    return slots


def _day(start: datetime) -> date:
    return (start + timedelta(hours=1)).date()
