"""What the placeholders of an SMS hold in an example: what a coordinator sees while writing."""

# ruff: noqa: RUF001 - letters of other alphabets are what this file is about

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dispatcher.domain import languages
from dispatcher.domain.languages import YES_WORDS, Language

_CODES = ("4821", "5930")
_LENGTH = timedelta(hours=3)
_REASON = "elle est passée"
_COUNT = "2"
_DELAY = "environ 15 minutes"
_ADDRESS = "12 rue du Commerce, Lons-le-Saunier"
_WORDS = {
    Language.FRENCH: "Oui, vous pouvez venir accompagné.",
    Language.ENGLISH: "Yes, you may bring somebody with you.",
    Language.ARABIC: "نعم، يمكنكم الحضور مع مرافق.",
    Language.PORTUGUESE: "Sim, pode vir acompanhado.",
    Language.TURKISH: "Evet, yanınızda biriyle gelebilirsiniz.",
    Language.UKRAINIAN: "Так, ви можете прийти із супроводом.",
}


def example(
    language: Language, *, sender: str, phone: str, site: str, start: datetime, zone: ZoneInfo
) -> dict[str, str]:
    """A value for every placeholder, in the language: an appointment of that territory at `start`.

    `phone` is as the territory's SMS show it, `site` the public address of the house.
    """
    choices = [
        f"{code} ({languages.day_and_hour(start + number * _LENGTH, zone, language)})"
        for number, code in enumerate(_CODES)
    ]
    return {
        "sender": sender,
        "day": languages.day(start, zone, language),
        "time": languages.at(start, zone, language),
        "address": languages.address(_ADDRESS, language),
        "phone": phone,
        "link": f"{site}/r/A1b2C3d4E5f6G7h8",
        "code": _CODES[0],
        "choices": languages.listed(choices, language),
        "answer": YES_WORDS[language],
        "reason": _REASON,
        "count": _COUNT,
        "delay": _DELAY,
        "words": _WORDS[language],
    }
