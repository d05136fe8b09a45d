"""The week as a grid: what is offered when, where to draw one more slot, and how to move one."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.roles import Role
from dispatcher.domain.snp_hours import is_holiday
from dispatcher.domain.states import SlotStatus
from dispatcher.reads.timetable import OwnAbsence, OwnSlot, own_absences, week_of
from dispatcher.web.access import allow, house, viewer
from dispatcher.web.wording import Wording

room = Blueprint("week", __name__, url_prefix="/agenda/semaine")
DAYS = 7
STEP = 5
"""Minutes of one row of the grid."""
FROM_HOUR, TO_HOUR = 8, 20
"""Local hours that are shown at least."""
HOUR = 60
DAY_MINUTES = 24 * HOUR
NOON = time(12)


@room.get("")
@allow(Role.PRACTITIONER)
def show() -> ResponseReturnValue:
    """The week around `jour`, an ISO day; this week without one."""
    account, now = viewer(), house().clock()
    zone = ZoneInfo(account.timezone)
    today = calendar.local_day(now, zone)
    monday = _monday(_asked(today))
    slots = week_of(house().db, account, monday)
    pieces = [piece for slot in slots for piece in _pieces(slot, monday, zone)]
    first = min([FROM_HOUR, *(begin // HOUR for _, _, begin, _ in pieces)])
    last = max([TO_HOUR, *(-(-end // HOUR) for _, _, _, end in pieces)])
    absences = own_absences(house().db, account)
    wording = Wording.of(house(), account)
    return render_template(
        "practitioner/week.html",
        title=calendar.span(monday, monday + timedelta(days=DAYS - 1)),
        earlier=url_for("week.show", jour=(monday - timedelta(days=DAYS)).isoformat()),
        later=url_for("week.show", jour=(monday + timedelta(days=DAYS)).isoformat()),
        is_this_week=monday == _monday(today),
        hours=[
            {"label": f"{hour}{NBSP}h", "row": _row(hour * HOUR, first)}
            for hour in range(first, last)
        ],
        rows=(last - first) * HOUR // STEP,
        first_hour=first,
        step=STEP,
        days=[
            _day(
                day,
                [piece for piece in pieces if piece[1] == day],
                absences,
                first,
                wording,
                is_today=day == today,
                is_past=day < today,
            )
            for day in (monday + timedelta(days=ahead) for ahead in range(DAYS))
        ],
    )


Piece = tuple[OwnSlot, date, int, int]
"""A slot on one local day, from and to so many minutes of its wall clock."""


def _asked(today: date) -> date:
    try:
        day = date.fromisoformat(request.args.get("jour", ""))
    except ValueError:
        return today
    return day if abs((day - today).days) <= 2 * 366 else today


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _pieces(slot: OwnSlot, monday: date, zone: ZoneInfo) -> list[Piece]:
    start, end = slot.start.astimezone(zone), slot.end.astimezone(zone)
    found = []
    for day in {start.date(), end.date()}:
        begin = _minute(start) if day == start.date() else 0
        until = _minute(end) if day == end.date() else DAY_MINUTES
        if begin < until and monday <= day < monday + timedelta(days=DAYS):
            found.append((slot, day, begin, until))
    return found


def _minute(local: datetime) -> int:
    return local.hour * HOUR + local.minute


def _row(minute: int, first_hour: int) -> int:
    """The row of the grid that a minute of the day begins in, from 0."""
    return (minute - first_hour * HOUR) // STEP


def _day(
    day: date,
    pieces: Sequence[Piece],
    absences: Sequence[OwnAbsence],
    first: int,
    wording: Wording,
    *,
    is_today: bool,
    is_past: bool,
) -> dict[str, Any]:
    zone = wording.zone
    start, end = calendar.local_day_bounds(day, zone)
    noon = datetime.combine(day, NOON, tzinfo=zone)
    boxes = [_box(piece, first, wording) for piece in pieces]
    for number, (_, _, begin, until) in enumerate(pieces):
        meets = [
            other
            for other, piece in enumerate(pieces)
            if other != number and piece[2] < until and piece[3] > begin
        ]
        side = "right" if min(meets, default=number) < number else "left"
        boxes[number] |= {"half": bool(meets), "side": side}
    return {
        "date": day.isoformat(),
        "label": calendar.short_day(noon, zone).capitalize(),
        "words": calendar.day(noon, zone),
        "is_today": is_today,
        "is_past": is_past,
        "holiday": is_holiday(day, viewer().department),
        "absent": any(each.start < end and each.end > start for each in absences),
        "new_url": url_for("practitioner.publish", day=day.isoformat()),
        "slots": boxes,
    }


def _box(piece: Piece, first: int, wording: Wording) -> dict[str, Any]:
    slot, day, begin, until = piece
    is_past = slot.end <= wording.now
    is_closed = slot.status == SlotStatus.CLOSED
    if slot.places == 1:
        state = "réservé" if slot.taken else "libre"
    else:
        state = f"{slot.taken} sur {slot.places}"
    if is_closed and not is_past:
        state = f"fermé, {slot.waiting} attendu{'s' if slot.waiting > 1 else ''}"
    can_change = not is_closed and not is_past
    return {
        "id": slot.id,
        "hours": calendar.hours(slot.start, slot.end, wording.zone),
        "start": calendar.hour(slot.start, wording.zone),
        "state": state,
        "place": slot.place_label,
        "modality": wording.modality(slot.modality),
        "row": _row(begin, first),
        "rows": max(1, -(-(until - begin) // STEP)),
        "tone": _tone(slot, is_past=is_past),
        "of_template": slot.schedule_id is not None,
        "url": url_for("slots.show", slot_id=slot.id) if can_change else "",
        "day": day.isoformat(),
    }


def _tone(slot: OwnSlot, *, is_past: bool) -> str:
    if is_past:
        return "past"
    if slot.status == SlotStatus.CLOSED:
        return "closed"
    return "full" if slot.taken >= slot.places else "open"
