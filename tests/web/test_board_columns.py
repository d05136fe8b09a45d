"""Where a request stands on the board, what was tried for it, as rules without a database."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from dispatcher.domain.calling import Whom
from dispatcher.domain.states import AppointmentStatus, OfferStatus, RequestStatus
from dispatcher.reads.board import BoardRequest, BookedFor, Tried
from dispatcher.web.board_columns import column_of, is_alarming, tried

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
NOTHING = Tried(radius_km=None, waves=0, offers={})
PATIENT = (Whom.PATIENT,)


def request(
    status: str, attention: str | None, to_call: tuple[Whom, ...], ends_in: int | None
) -> BoardRequest:
    """`ends_in` hours its appointment of half an hour is over; None without one."""
    booked = None
    if ends_in is not None:
        end = NOW + timedelta(hours=ends_in)
        start = end - timedelta(minutes=30)
        booked = BookedFor(start, end, False, AppointmentStatus.BOOKED, "Dr Anne Vuillet")
    return BoardRequest(
        id=uuid.UUID(int=1),
        code="4821",
        status=RequestStatus(status),
        attention=attention,
        to_call=to_call,
        last_name="Baud",
        first_name="Jeanne",
        birth_date=date(1950, 2, 3),
        phone="+33639980001",
        commune="39300",
        profession="10",
        motive=None,
        modalities=("AMB",),
        delay_hours=24,
        asked_at=NOW,
        due_at=NOW + timedelta(hours=24),
        tried=NOTHING,
        holder=None,
        note="",
        appointment=booked,
    )


@pytest.mark.parametrize(
    ("status", "attention", "to_call", "ends_in", "column"),
    [
        ("open", None, (), None, "todo"),
        ("searching", None, (), None, "searching"),
        ("searching", "no_slot", (), None, "todo"),
        ("offering", None, (), None, "asking"),
        ("offering", "nobody_answered", (), None, "todo"),
        ("offering", "hour_missing", (), None, "todo"),
        ("booked", None, (), 3, "booked"),
        ("booked", "message", (), 3, "todo"),
        ("booked", "call_back", (), 3, "calling"),
        ("booked", None, PATIENT, 3, "calling"),
        ("booked", None, (Whom.PRACTITIONER,), 3, "calling"),
        ("booked", None, PATIENT, 0, "closing"),
        ("cancelled", None, PATIENT, None, "calling"),
        ("searching", None, PATIENT, None, "calling"),
        ("searching", "deadline", PATIENT, None, "todo"),
    ],
)
def test_a_request_stands_where_somebody_can_do_something_about_it(
    status: str,
    attention: str | None,
    to_call: tuple[Whom, ...],
    ends_in: int | None,
    column: str,
) -> None:
    assert column_of(request(status, attention, to_call, ends_in), NOW) == column


@pytest.mark.parametrize(
    ("radius_km", "waves", "offers", "said"),
    [
        (None, 0, {}, ""),
        (30.0, 0, {}, "rayon 30 km"),
        (None, 1, {}, "aucun volontaire joignable"),
        (None, 1, {"sent": 1}, "1 volontaire sollicité"),
        (None, 2, {"sent": 3, "declined": 2}, "2 vagues, 5 volontaires sollicités, 2 refus"),
        (12.5, 1, {"accepted": 1}, "rayon 12 km · 1 volontaire sollicité · un a accepté"),
    ],
)
def test_what_was_tried_is_told_in_few_words(
    radius_km: float | None, waves: int, offers: dict[str, int], said: str
) -> None:
    what = Tried(radius_km, waves, {OfferStatus(status): n for status, n in offers.items()})
    assert tried(what).replace("\u00a0", " ") == said


@pytest.mark.parametrize(
    ("status", "attention", "due_in", "alarming"),
    [
        ("searching", None, 1, False),
        ("searching", "no_slot", 1, False),
        ("searching", "deadline", 1, True),
        ("offering", None, 0, True),
        ("booked", None, -1, False),
        ("cancelled", None, -1, False),
    ],
)
def test_what_is_about_to_be_late_and_has_no_hour_alarms(
    status: str, attention: str | None, due_in: int, *, alarming: bool
) -> None:
    ends_in = 3 if status == "booked" else None
    known = replace(request(status, attention, (), ends_in), due_at=NOW + timedelta(hours=due_in))
    assert is_alarming(known, NOW) is alarming
