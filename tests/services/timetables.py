"""Templates for tests: Monday mornings from 23 November 2026, unless told otherwise."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from dispatcher.domain.roles import Account, Role
from dispatcher.services.commands import ChangeSlot, SetUpSchedule, WallHours
from dispatcher.storage.requests import Appointment
from tests.builders import Town, Volunteer
from tests.houses import keep_promises


def hours(*edges: int) -> list[WallHours]:
    """Pieces of whole hours: `hours(9, 12, 14, 17)`."""
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return [WallHours(start=time(start), end=time(end)) for start, end in pairs]


def mondays(volunteer: Volunteer, **changes: Any) -> SetUpSchedule:
    values: dict[str, Any] = {
        "place": volunteer.place,
        "weekdays": [0],
        "hours": hours(14, 17),
        "places": 4,
        "first_day": date(2026, 11, 23),
    }
    return SetUpSchedule(**(values | changes))


def utc(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def to_be(volunteer: Volunteer, start: datetime, end: datetime, **changes: Any) -> ChangeSlot:
    """What a slot is to be: one patient at the practice, unless told otherwise."""
    values: dict[str, Any] = {
        "place": volunteer.place,
        "start": start,
        "end": end,
        "places": 1,
        "modality": "AMB",
        "visibility": ["SNP", "CPTS"],
    }
    return ChangeSlot(**(values | changes))


def booked(town: Town, **asking: Any) -> Appointment:
    """A request that the engine books at once."""
    request = town.request(**asking)
    keep_promises(town.house)
    appointment = town.the_appointment(request)
    assert appointment is not None
    return appointment


@pytest.fixture
def doctor(town: Town) -> Volunteer:
    return town.volunteer()


@pytest.fixture
def account(town: Town, doctor: Volunteer) -> Account:
    return town.account(Role.PRACTITIONER, doctor)
