"""The form of a weekly template: its choices, and what was typed turned into a command."""

from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

from werkzeug.datastructures import MultiDict

from config.catalogue import Catalogue
from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.schedules import WEEKDAYS, Hours, weekdays_in_words
from dispatcher.reads.agenda import OwnPlace
from dispatcher.reads.timetable import OwnSchedule
from dispatcher.services.commands import SetUpSchedule
from dispatcher.services.parsing import parse
from dispatcher.web import slot_form

SEVERAL = ("weekdays", "visibility")
TEXTS = (
    "start_1", "end_1", "start_2", "end_2", "kind", "each_minutes", "places", "modality", "place",
    "note", "minimum_notice_minutes", "shared", "first_day", "last_day", "every_weeks",
    "on_holidays", "asks_first", "from_day",
)  # fmt: skip
PIECES = ("1", "2")
EACH = (10, 15, 20, 30, 45, 60)
"""Minutes of a slot for one patient."""
WEEKS = (("1", "Toutes les semaines"), ("2", "Une semaine sur deux"), ("3", "Une sur trois"))
CUT, PERIOD = "cut", "range"
Typed = dict[str, Any]


def typed(form: MultiDict[str, str]) -> Typed:
    """What was typed, by field, as the form shows it again."""
    values: Typed = {name: form.get(name, "").strip() for name in TEXTS}
    return values | {name: form.getlist(name) for name in SEVERAL}


def defaults(today: date, places: Sequence[OwnPlace]) -> Typed:
    """What the form shows first: weekday mornings without an end."""
    return dict.fromkeys(TEXTS, "") | {
        "weekdays": [],
        "start_1": "09:00",
        "end_1": "12:00",
        "kind": CUT,
        "each_minutes": "20",
        "places": "4",
        "modality": "AMB",
        "place": str(places[0].id) if places else "",
        "visibility": list(slot_form.USUAL_VISIBILITY),
        "first_day": today.isoformat(),
        "every_weeks": "1",
    }


def values_of(schedule: OwnSchedule, today: date) -> Typed:
    """A template as the form shows it."""
    notice = schedule.minimum_notice_minutes
    values = dict.fromkeys(TEXTS, "") | {
        "weekdays": [str(day) for day in schedule.weekdays],
        "kind": CUT if schedule.each_minutes else PERIOD,
        "each_minutes": str(schedule.each_minutes or 20),
        "places": str(schedule.places if schedule.places > 1 else 4),
        "modality": schedule.modality,
        "place": str(schedule.place_id),
        "visibility": list(schedule.visibility),
        "shared": "1" if schedule.shared else "",
        "note": schedule.note,
        "minimum_notice_minutes": "" if notice is None else str(notice),
        "first_day": schedule.first_day.isoformat(),
        "last_day": schedule.last_day.isoformat() if schedule.last_day else "",
        "every_weeks": str(schedule.every_weeks),
        "on_holidays": "1" if schedule.on_holidays else "",
        "asks_first": "1" if schedule.asks_first else "",
        "from_day": max(today, schedule.first_day).isoformat(),
    }
    for number, (start, end) in zip(PIECES, schedule.hours, strict=False):
        values |= {f"start_{number}": start, f"end_{number}": end}
    return values


def choices(values: Typed, places: Sequence[OwnPlace], catalogue: Catalogue) -> dict[str, Any]:
    """The lists that the template offers."""
    chosen = [values[f"{edge}_{number}"] for edge in ("start", "end") for number in PIECES]
    return {
        "weekdays": [
            {"value": str(number), "label": name[:3].capitalize()}
            for number, name in enumerate(WEEKDAYS)
        ],
        "times": slot_form.times(*[each for each in chosen if each]),
        "eaches": [
            {"value": str(minutes), "label": f"{minutes}{NBSP}min"}
            for minutes in sorted({*EACH, _whole(values["each_minutes"]) or EACH[0]})
        ],
        "weeks": [{"value": value, "label": label} for value, label in WEEKS],
        **slot_form.conditions(places, catalogue),
    }


def command(values: Typed, first_day: str = "") -> SetUpSchedule:
    """The command that was typed. Raises InvalidError under the names of the form's fields."""
    is_cut = values["kind"] != PERIOD
    asked = {
        "place": values["place"],
        "weekdays": values["weekdays"],
        "hours": [
            {"start": values[f"start_{number}"], "end": values[f"end_{number}"]}
            for number in PIECES
            if number == "1" or values[f"start_{number}"] or values[f"end_{number}"]
        ],
        "each_minutes": values["each_minutes"] if is_cut else None,
        "places": 1 if is_cut else values["places"],
        "modality": values["modality"],
        "visibility": values["visibility"],
        "shared": bool(values["shared"]),
        "minimum_notice_minutes": values["minimum_notice_minutes"] or None,
        "note": values["note"],
        "first_day": first_day or values["first_day"],
        "last_day": values["last_day"] or None,
        "every_weeks": values["every_weeks"] or 1,
        "on_holidays": bool(values["on_holidays"]),
        "asks_first": bool(values["asks_first"]),
    }
    return parse(SetUpSchedule, asked)


def by_field(faults: Mapping[str, str]) -> dict[str, str]:
    """The services' sentences under the names of the form's fields."""
    shown: dict[str, str] = {}
    for path, sentence in faults.items():
        parts = path.split(".")
        if parts[0] == "hours" and len(parts) > 1:
            number = int(parts[1]) + 1
            edge = parts[2] if len(parts) > 2 else "start"  # noqa: PLR2004 - hours.0.start
            shown[f"{edge}_{number}"] = (
                "Choisissez une heure." if "valeur" in sentence else sentence
            )
        elif path == "hours":
            shown["start_1"] = sentence
        else:
            shown[parts[0]] = sentence
    return shown


def day_of(text: str) -> date:
    """An ISO day of a form. Raises InvalidError on `day`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidError({"day": "Choisissez un jour."}) from None


def in_words(schedule: OwnSchedule) -> dict[str, str]:
    """A template as a sentence: its days, its hours, and when it takes place."""
    pieces = [
        Hours(time.fromisoformat(start), time.fromisoformat(end)).in_words()
        for start, end in schedule.hours
    ]
    offered = (
        f"un patient toutes les {schedule.each_minutes}{NBSP}minutes"
        if schedule.each_minutes
        else f"{schedule.places} patients par plage"
        if schedule.places > 1
        else "un patient par plage"
    )
    when = f"depuis le {_day(schedule.first_day)}"
    if schedule.last_day is not None:
        when = calendar.span(schedule.first_day, schedule.last_day)
    weeks = {1: "", 2: "une semaine sur deux", 3: "une semaine sur trois"}
    every = weeks.get(schedule.every_weeks, f"une semaine sur {schedule.every_weeks}")
    asked = "à confirmer chaque veille" if schedule.asks_first else ""
    holidays = "jours fériés compris" if schedule.on_holidays else "sauf jours fériés"
    return {
        "days": weekdays_in_words(schedule.weekdays).capitalize(),
        "hours": " et ".join(pieces),
        "offered": offered,
        "when": ", ".join(part for part in (every, when, holidays, asked) if part),
    }


def _day(day: date) -> str:
    return calendar.span(day, day).removeprefix(f"le{NBSP}")


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else None  # noqa: PLR2004
