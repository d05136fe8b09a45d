"""The figures of each day, counted a second time: from rows of the log, by code of the tests' own.

For `tests/invariants.py`; shares nothing with the indicators of the house.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

Row = Mapping[str, Any]
FIGURES = (
    *("requests", "live", "booked", "honoured", "no_show", "cancelled", "redirected", "unfilled"),
    *("within_delay", "slots_opened", "slots_used", "slots_lost"),
)
STANDING_AFTER = {
    "request_opened": "live",
    "request_reopened": "live",
    "appointment_cancelled": "live",
    "appointment_booked": "booked",
    "appointment_fulfilled": "honoured",
    "appointment_missed": "no_show",
    "request_cancelled": "cancelled",
    "request_redirected": "redirected",
    "request_unfilled": "unfilled",
}
WITH_APPOINTMENT = {"booked", "honoured", "no_show"}
ABOUT_SLOTS = {
    *("slot_published", "slot_changed", "slot_withdrawn"),
    *("slot_blocked", "slot_unblocked", "slot_passed"),
}
TAKING = {"appointment_booked", "neighbour_place_taken"}
FREEING = {"appointment_cancelled", "neighbour_place_freed"}
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Day:
    """A local day: its requests are those opened on it, its places those of slots that start."""

    figures: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(FIGURES, 0)))
    heard_of_until: datetime = LONG_AGO
    """The last thing that the log says of it."""

    def hear(self, rows: Iterable[Row]) -> None:
        """These rows are about it."""
        self.heard_of_until = max([self.heard_of_until, *(instant_of(row["at"]) for row in rows)])


@dataclass
class _Slot:
    start: object
    places: int = 0
    used: int = 0
    is_over: bool = False
    rows: list[Row] = field(default_factory=list)


def recounted(log: Sequence[Row], zone: str) -> defaultdict[date, Day]:
    """The days of one territory, from its rows of `event_log` in order."""
    local, days = ZoneInfo(zone), defaultdict[date, Day](Day)
    histories: dict[str, list[Row]] = defaultdict(list)
    for row in log:
        if row["request_id"] is not None:
            histories[id_of(row["request_id"])].append(row)
    for history in histories.values():
        opened = [row for row in history if row["kind"] == "request_opened"]
        if opened:
            day = days[_day(opened[0]["at"], local)]
            day.hear(history)
            _count_request(history, day.figures)
    for slot in _slots(log).values():
        day = days[_day(slot.start, local)]
        day.hear(slot.rows)
        day.figures["slots_opened"] += slot.places
        day.figures["slots_used"] += slot.used
        day.figures["slots_lost"] += max(slot.places - slot.used, 0) if slot.is_over else 0
    return days


def _count_request(history: Sequence[Row], figures: Counter[str]) -> None:
    standing, appointment, in_time = "live", "", False
    for row in history:
        after = STANDING_AFTER.get(row["kind"])
        about = id_of(row["appointment_id"])
        if row["kind"] == "appointment_booked":
            appointment, in_time = about, bool(json_of(row["data"])["within_delay"])
        if after is None or (about and about != appointment):
            continue  # a late word about an appointment that was replaced
        standing = after
        if standing not in WITH_APPOINTMENT:
            appointment, in_time = "", False
    figures["requests"] += 1
    figures[standing] += 1
    figures["booked"] += standing in {"honoured", "no_show"}
    figures["within_delay"] += in_time


def _slots(log: Sequence[Row]) -> dict[str, _Slot]:
    """By id; a place that is taken in a slot the log does not know makes one without places."""
    slots: dict[str, _Slot] = {}
    seats: dict[str, str] = {}
    for row in log:
        slot_id, said = id_of(row["slot_id"]), json_of(row["data"])
        if row["kind"] not in ABOUT_SLOTS | TAKING | FREEING or said.get("neighbour"):
            continue
        if row["kind"] in FREEING and id_of(row["appointment_id"]) not in seats:
            continue  # a place of a neighbour's
        slot = slots.setdefault(slot_id, _Slot(said["start"]))
        slot.rows.append(row)
        if row["kind"] in {"slot_published", "slot_changed"}:
            slot.start = said["start"]
        if row["kind"] == "slot_passed":
            slot.is_over = True
        elif row["kind"] in ABOUT_SLOTS:
            slot.places = said["places"]
        elif row["kind"] in TAKING:
            seats[id_of(row["appointment_id"])] = slot_id
        else:
            seats.pop(id_of(row["appointment_id"]))
    for slot_id in seats.values():
        slots[slot_id].used += 1
    return slots


def _day(value: object, zone: ZoneInfo) -> date:
    return instant_of(value).astimezone(zone).date()


def id_of(value: object) -> str:
    """An id as hexadecimal digits, whichever way the engine gives it back; "" for none."""
    return "" if value is None else str(value).replace("-", "")


def json_of(value: object) -> dict[str, Any]:
    """A JSON column, whichever way the engine gives it back."""
    found: dict[str, Any] = json.loads(value) if isinstance(value, str) else value  # type: ignore[assignment]
    return found


def instant_of(value: object) -> datetime:
    """An instant, whichever way the engine gives it back."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)
