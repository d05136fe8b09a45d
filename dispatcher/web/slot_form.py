"""The form that publishes a slot: its choices, and what was typed turned into a command."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from config.catalogue import Catalogue
from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError
from dispatcher.reads.agenda import OwnPlace
from dispatcher.services.commands import PublishSlot
from dispatcher.services.parsing import parse

DAYS = 7
QUARTER = 15
DURATIONS = (10, 15, 20, 30, 45, 60, 90, 120, 180, 240)
"""Minutes: a consultation, or a period of several patients."""
USUAL_DURATION = "20"
USUAL_PLACES = "4"
LEAD = timedelta(minutes=45)
"""The hour proposed leaves the engine the usual notice of half an hour, and time to book."""
LAST_PROPOSED_HOUR = time(20)
NEXT_MORNING = time(8)
NOON = time(12)
PARTS_OF_DAY = (("Matin", 6, 12), ("Après-midi", 12, 18), ("Soir", 18, 24), ("Nuit", 0, 6))
MOST_DIGITS = 4
SINGLE, PERIOD = "single", "range"
USUAL_VISIBILITY = ("SNP", "CPTS")
NOTICES = (0, 15, 30, 60, 120, 240, 720, 1440)
"""Minutes."""
SEVERAL = frozenset({"visibility"})

Option = dict[str, str]
Typed = dict[str, Any]


def typed(form: MultiDict[str, str]) -> Typed:
    """What was typed, by field, as the form shows it again."""
    return {name: form.getlist(name) if name in SEVERAL else form[name] for name in form} | {
        name: form.getlist(name) for name in SEVERAL
    }


def defaults(now: datetime, zone: ZoneInfo, places: Sequence[OwnPlace]) -> Typed:
    """What the form shows first: the next quarter of an hour that can still be booked."""
    local = (now + LEAD).astimezone(zone)
    day, at = local.date(), time(local.hour, local.minute // QUARTER * QUARTER)
    if at >= LAST_PROPOSED_HOUR or day != calendar.local_day(now, zone):
        day, at = calendar.local_day(now, zone) + timedelta(days=1), NEXT_MORNING
    return {
        "day": day.isoformat(),
        "start_time": f"{at:%H:%M}",
        "duration_minutes": USUAL_DURATION,
        "kind": SINGLE,
        "places": USUAL_PLACES,
        "modality": "AMB",
        "place": str(places[0].id) if places else "",
        "visibility": list(USUAL_VISIBILITY),
        "minimum_notice_minutes": "",
        "note": "",
    }


def choices(
    now: datetime,
    zone: ZoneInfo,
    places: Sequence[OwnPlace],
    catalogue: Catalogue,
    values: Typed,
) -> dict[str, Any]:
    """The lists that the template offers; what `values` has beside them is among them."""
    today = calendar.local_day(now, zone)
    days = {today + timedelta(days=ahead) for ahead in range(DAYS)} | _days_of(values)
    minutes = _whole(values.get("duration_minutes", ""))
    return {
        "practitioners": [],
        "days": [_option(day.isoformat(), _day_label(day, today, zone)) for day in sorted(days)],
        "times": times(values.get("start_time", "")),
        "durations": [
            _option(str(each), calendar.duration(timedelta(minutes=each)))
            for each in sorted({*DURATIONS, minutes or DURATIONS[0]})
        ],
        **conditions(places, catalogue),
    }


def times(*chosen: str) -> list[dict[str, Any]]:
    """Hours by quarter, and in front of them those that were chosen elsewhere."""
    groups: list[dict[str, Any]] = [
        {"label": label, "key": "", "options": _quarters(first, last)}
        for label, first, last in PARTS_OF_DAY
    ]
    known = {option["value"] for group in groups for option in group["options"]}
    others = [at for text in chosen if text not in known and (at := _time(text)) is not None]
    if others:
        own = [_option(f"{at:%H:%M}", f"{at.hour}{NBSP}h{NBSP}{at:%M}") for at in others]
        groups.insert(0, {"label": "Heure actuelle", "key": "", "options": own})
    return groups


def conditions(places: Sequence[OwnPlace], catalogue: Catalogue) -> dict[str, Any]:
    """The lists of what a slot and a template have in common."""
    return {
        "modalities": [
            _option(code, f"{entry.label[0].upper()}{entry.label[1:]}")
            for code, entry in catalogue.modalities.items()
        ],
        "places": [
            _option(str(place.id), f"{place.label}, {place.commune_name}") for place in places
        ],
        "visibilities": [
            _option(code, entry.label) for code, entry in catalogue.visibilities.items()
        ],
        "notices": [_option("", "Celui de mes règles")]
        + [
            _option(
                str(minutes),
                calendar.duration(timedelta(minutes=minutes)) if minutes else "Aucun",
            )
            for minutes in NOTICES
        ],
    }


def command(typed: Mapping[str, Any], practitioner: UUID, zone: ZoneInfo) -> PublishSlot:
    """The command that was typed, its hour read on the territory's clocks.

    Raises InvalidError under the names of the form's own fields.
    """
    faults: dict[str, str] = {}
    start = _start(typed, zone, faults)
    minutes = _whole(typed.get("duration_minutes", ""))
    if minutes is None or minutes <= 0:
        faults["duration_minutes"] = "Choisissez une durée."
    places = 1 if typed.get("kind") != PERIOD else _whole(typed.get("places", ""))
    if places is None or (typed.get("kind") == PERIOD and places < 2):  # noqa: PLR2004 - one is no period
        faults["places"] = (
            f"Indiquez combien de patients la plage peut recevoir{NBSP}: deux au moins."
        )
    if faults or start is None or minutes is None:
        raise InvalidError(faults)
    return parse(
        PublishSlot,
        {
            "practitioner": practitioner,
            "place": typed.get("place", ""),
            "start": start,
            "end": start + timedelta(minutes=minutes),
            "places": places,
            "modality": typed.get("modality", ""),
            "shared": bool(typed.get("shared")),
            "visibility": typed.get("visibility", []),
            "minimum_notice_minutes": typed.get("minimum_notice_minutes") or None,
            "note": typed.get("note", ""),
        },
    )


def by_field(faults: Mapping[str, str]) -> dict[str, str]:
    """The services' sentences under the names of the form's fields, in the form's order.

    Nobody types an end: what is wrong with it is the duration's fault, unless the start has it too.
    """
    named = dict(faults)
    end = named.pop("end", None)
    if end is not None and end != named.get("start"):
        named["duration_minutes"] = end
    order = (
        "day", "start_time", "start", "duration_minutes", "places", "modality", "place",
        "visibility", "minimum_notice_minutes", "note",
    )  # fmt: skip
    return {name: named.pop(name) for name in order if name in named} | named


def _days_of(values: Typed) -> set[date]:
    try:
        return {date.fromisoformat(values.get("day", ""))}
    except ValueError:
        return set()


def _time(text: str) -> time | None:
    try:
        return time.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None


def _start(typed: Mapping[str, Any], zone: ZoneInfo, faults: dict[str, str]) -> datetime | None:
    day = None
    try:
        day = date.fromisoformat(typed.get("day", ""))
    except ValueError:
        faults["day"] = "Choisissez un jour."
    at = _time(typed.get("start_time", ""))
    if at is None:
        faults["start_time"] = "Choisissez une heure."
    if day is None or at is None:
        return None
    try:
        return calendar.wall_instant(day, at, zone)
    except InvalidError as skipped:
        faults.update(skipped.fields)
    except OverflowError:  # the first or the last day of the calendar
        faults["day"] = "Choisissez un jour."
    return None


def _whole(text: str) -> int | None:
    short = len(text) <= MOST_DIGITS
    return int(text) if short and text.isascii() and text.isdecimal() else None


def _quarters(first: int, last: int) -> list[Option]:
    return [
        _option(f"{hour:02d}:{minute:02d}", f"{hour}{NBSP}h{NBSP}{minute:02d}")
        for hour in range(first, last)
        for minute in range(0, 60, QUARTER)
    ]


def _day_label(day: date, today: date, zone: ZoneInfo) -> str:
    noon = datetime.combine(day, NOON, tzinfo=zone)
    if (day - today).days > 1:
        return calendar.short_day(noon, zone)
    return calendar.relative_day(
        noon, datetime.combine(today, NOON, tzinfo=zone), zone
    ).capitalize()


def _option(value: str, label: str) -> Option:
    return {"value": value, "label": label}
