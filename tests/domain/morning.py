"""A Tuesday morning in the Jura, 24 November 2026 at 8 h: one need and one slot to vary.

The need is for a general practitioner within 24 h and 30 km; the slot is a general practitioner's,
in 3 h and next door.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from dispatcher.domain.matching.needs import Need, OpenSlot

NOW = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)

LONGITUDE, LATITUDE = 5.5, 46.7
DEGREE_KM = 111.195
"""One degree of latitude: 6371.0088 km × π / 180."""

DOCTOR, COLLEAGUE = UUID(int=0xD0C), UUID(int=0xC011)


def hours(number: float) -> datetime:
    """So many hours after 8 h."""
    return NOW + timedelta(hours=number)


def north(kilometres: float) -> float:
    """The latitude that many kilometres north of the patient."""
    return LATITUDE + kilometres / DEGREE_KM


NEED = Need(
    request_id=UUID(int=0x4E0),
    profession="10",
    specialty=None,
    modalities=frozenset({"AMB"}),
    age=40,
    longitude=LONGITUDE,
    latitude=LATITUDE,
    asked_at=NOW,
    due_at=hours(24),
    earliest=None,
    gp_id=None,
    excluded_practitioners=frozenset(),
    sees=frozenset({"SNP", "CPTS"}),
    radius_km=30.0,
)

SLOT = OpenSlot(
    slot_id=UUID(int=0x510),
    practitioner_id=DOCTOR,
    place_id=UUID(int=0x91A),
    profession="10",
    specialty="SM54",
    modality="AMB",
    visibility=frozenset({"SNP"}),
    start=hours(3),
    end=hours(3.25),
    places=1,
    taken=0,
    longitude=LONGITUDE,
    latitude=LATITUDE,
    min_age=None,
    max_age=None,
    day=TODAY,
    daily_cap=None,
    booked_that_day=0,
    load=0.0,
    minimum_notice=timedelta(minutes=30),
)


def need(number: int) -> Need:
    """The same need of another patient."""
    return replace(NEED, request_id=UUID(int=0x4E0 + number))


def slot(number: int) -> OpenSlot:
    """The same hour at the same door, as another slot."""
    return replace(SLOT, slot_id=UUID(int=0x510 + number))


def walk_in(start: float, end: float, places: int = 4) -> OpenSlot:
    """A walk-in period from so many hours after 8 h to so many."""
    return replace(SLOT, start=hours(start), end=hours(end), places=places)
