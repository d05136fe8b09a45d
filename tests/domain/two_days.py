"""A log to count: Monday 23 and Tuesday 24 November 2026 by the clocks of Paris."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from dispatcher.domain import calendar
from dispatcher.domain.indicators import LoggedEvent

PARIS = calendar.time_zone("Europe/Paris")
PERIOD = calendar.period(date(2026, 11, 23), date(2026, 11, 24), PARIS)

DOCTOR, NURSE = UUID(int=0xD0C), UUID(int=0x605)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of November 2026 by the clocks of Paris."""
    return datetime(2026, 11, day, hour, minute, tzinfo=PARIS).astimezone(UTC)


def ids(kind: int, number: int) -> UUID:
    return UUID(int=kind * 1000 + number)


def request_id(number: int) -> UUID:
    return ids(1, number)


def appointment_id(number: int) -> UUID:
    return ids(2, number)


def slot_id(number: int) -> UUID:
    return ids(3, number)


def opened(
    number: int, instant: datetime, profession: str = "10", origin: str = "SAS"
) -> LoggedEvent:
    data = {"profession": profession, "origin": origin, "delay_hours": 24}
    return LoggedEvent("request_opened", instant, request_id(number), data=data)


def booked(  # what an appointment is made of
    number: int,
    instant: datetime,
    start: datetime,
    *,
    request: int | None = None,
    slot: int = 1,
    by: UUID = DOCTOR,
    within: bool = True,
    neighbour: bool = False,
) -> LoggedEvent:
    return LoggedEvent(
        "appointment_booked",
        instant,
        request_id(number if request is None else request),
        appointment_id(number),
        slot_id(slot),
        by,
        {
            "start": start.isoformat(),
            "within_delay": within,
            "decided_by": "engine",
            "neighbour": neighbour,
        },
    )


def about_appointment(kind: str, number: int, instant: datetime) -> LoggedEvent:
    return LoggedEvent(
        kind, instant, request_id(number), appointment_id(number), slot_id(1), DOCTOR
    )


def about_request(kind: str, number: int, instant: datetime, **data: str) -> LoggedEvent:
    return LoggedEvent(kind, instant, request_id(number), data=data)


def offered(
    number: int, start: datetime, places: int, *, by: UUID = DOCTOR, kind: str = "slot_published"
) -> LoggedEvent:
    data: dict[str, Any] = {"start": start.isoformat(), "places": places}
    return LoggedEvent(kind, at(20, 8), None, None, slot_id(number), by, data)
