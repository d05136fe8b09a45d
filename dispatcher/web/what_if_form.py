"""The form of « Et si … »: its choices, what was typed as a command, and the question in words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from config.communes import Communes
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.figures import whole_number
from dispatcher.domain.policy import DELAYS
from dispatcher.domain.simulation.question import Question
from dispatcher.reads.practitioners import PractitionerFacts
from dispatcher.services.parsing import parse
from dispatcher.services.what_if import AskWhatIf
from dispatcher.web.wording import Wording, plain

WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
FIRST_HOUR, LAST_HOUR = 7, 21
SEVERAL = ("weekdays",)

Typed = Mapping[str, Any]
Option = dict[str, str]


def typed(form: "MultiDict[str, str]") -> dict[str, Any]:
    """What was posted; several values where several may be chosen."""
    names = (
        "profession",
        "places_per_day",
        "commune",
        "commune_text",
        "first_hour",
        "last_hour",
        "without",
        "delay_hours",
    )
    single = {name: form.get(name, "").strip() for name in names}
    return single | {name: form.getlist(name) for name in SEVERAL}


def defaults(professions: Sequence[Option]) -> dict[str, Any]:
    """What the form shows first: three places more a day, in the morning, on working days."""
    return {
        "profession": professions[0]["value"] if professions else "",
        "places_per_day": "3",
        "weekdays": ["0", "1", "2", "3", "4"],
        "first_hour": "9",
        "last_hour": "12",
        "without": "",
        "delay_hours": "",
        "commune": "",
        "commune_text": "",
    }


def command(values: Typed, communes: Communes) -> AskWhatIf:
    """The command that was typed. Raises InvalidError under the names of the form's fields."""
    return parse(
        AskWhatIf,
        {
            "profession": values["profession"],
            "places_per_day": values["places_per_day"] or 0,
            "commune": _commune(values, communes),
            "weekdays": tuple(values["weekdays"]),
            "first_hour": values["first_hour"],
            "last_hour": values["last_hour"],
            "without": values["without"] or None,
            "delay_hours": _whole(values["delay_hours"]),
        },
    )


def choices(practitioners: Sequence[PractitionerFacts], wording: Wording) -> dict[str, Any]:
    """The lists that the form offers: professions of the territory, and who practises them."""
    present = {each.profession for each in practitioners}
    professions = [
        _option(code, entry.label)
        for code, entry in wording.catalogue.professions.items()
        if code in present
    ]
    return {
        "professions": professions,
        "weekdays": [_option(str(day), name[:3].capitalize()) for day, name in enumerate(WEEKDAYS)],
        "hours": [
            _option(str(hour), f"{hour}{NBSP}h") for hour in range(FIRST_HOUR, LAST_HOUR + 1)
        ],
        "practitioners": [
            {
                "label": wording.profession(profession["value"]),
                "key": profession["value"],
                "options": [
                    _option(str(each.id), each.display_name)
                    for each in practitioners
                    if each.profession == profession["value"]
                ],
            }
            for profession in professions
        ],
        "delays": [_option(str(hours), f"{hours}{NBSP}h pour toutes") for hours in DELAYS],
    }


def in_words(question: Question, without_name: str, wording: Wording) -> str:
    """« Médecin : 3 places de plus par jour à Champagnole, du lundi au vendredi de 9 h à 12 h »."""
    parts = []
    if question.places_per_day:
        places = (
            "une place"
            if question.places_per_day == 1
            else (f"{question.places_per_day}{NBSP}places")
        )
        commune = wording.communes.get(question.commune) if question.commune else None
        where = f" à {commune.name}" if commune else ""
        parts.append(
            f"{places} de plus par jour{where}, {days_in_words(question.weekdays)}"
            f" de {question.first_hour}{NBSP}h à {question.last_hour}{NBSP}h"
        )
    if question.without:
        parts.append(f"sans {without_name}" if without_name else "avec un praticien de moins")
    if question.delay_hours:
        parts.append(f"toutes les demandes à satisfaire en {question.delay_hours}{NBSP}h")
    return f"{wording.profession(question.profession)}{NBSP}: {', '.join(parts)}"


def days_in_words(weekdays: Sequence[int]) -> str:
    """« du lundi au vendredi », « le lundi et le jeudi », « tous les jours »."""
    days = sorted(weekdays)
    if len(days) == len(WEEKDAYS):
        return "tous les jours"
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:  # noqa: PLR2004 - two days are named
        return f"du {WEEKDAYS[days[0]]} au {WEEKDAYS[days[-1]]}"
    return _listed(f"le {WEEKDAYS[day]}" for day in days)


def _listed(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} et {last}" if others else last


def _commune(values: Typed, communes: Communes) -> str | None:
    """The INSEE code that was picked, else the only commune that what was typed can mean."""
    if values["commune"]:
        return str(values["commune"])
    text = values["commune_text"]
    found = communes.search(text) if text else []
    if len(found) > 1:
        found = [commune for commune in found if plain(commune.name) == plain(text)]
    return found[0].insee if len(found) == 1 else None


def _whole(text: str) -> int | str | None:
    """A number of the list as such: a literal is compared, never read."""
    number = whole_number(text)
    return (text or None) if number is None else number


def _option(value: str, label: str) -> Option:
    return {"value": value, "label": label}
