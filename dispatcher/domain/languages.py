"""The languages that patients are written to in: how each says a day, an hour and the answers.

Names of days and months are CLDR's, by Babel; French has its own wording in `calendar`. Hours are
those of French clocks and doors, from 0 to 24, whatever the language's habit: « 2 » that might be
the night's would send somebody to a closed door.
"""

# ruff: noqa: RUF001 - letters of other alphabets are what this file is about

from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date

from dispatcher.domain import calendar


class Language(StrEnum):
    """ISO 639-1, of a patient's SMS and page; French when nobody said otherwise."""

    FRENCH = "fr"
    ENGLISH = "en"
    ARABIC = "ar"
    PORTUGUESE = "pt"
    TURKISH = "tr"
    UKRAINIAN = "uk"

    @property
    def is_right_to_left(self) -> bool:
        """Whether it is written from right to left."""
        return self is Language.ARABIC


YES_WORDS: Final = {
    Language.FRENCH: "OUI",
    Language.ENGLISH: "YES",
    Language.ARABIC: "نعم",
    Language.PORTUGUESE: "SIM",
    Language.TURKISH: "EVET",
    Language.UKRAINIAN: "ТАК",
}
"""What the texts ask for to confirm. STOP and START are the operators' and the same for all."""

CANCEL_WORDS: Final = {
    Language.FRENCH: "ANNULER",
    # CANCEL is one of Twilio's own words for STOP: whoever sends from a single number cannot take
    # it out, and the patient would be silenced instead of giving the place back.
    Language.ENGLISH: "ANNULER",
    Language.ARABIC: "إلغاء",
    Language.PORTUGUESE: "ANULAR",
    Language.TURKISH: "İPTAL",
    Language.UKRAINIAN: "СКАСУВАТИ",
}
"""What they ask for to cancel."""

_DATES: Final[dict[Language, tuple[str, str]]] = {
    Language.ENGLISH: ("en_GB", "EEEE d MMMM"),
    # The names of the months differ from Morocco to Iraq; day and month in figures do not.
    Language.ARABIC: ("ar", "EEEE d/M"),
    Language.PORTUGUESE: ("pt_PT", "EEEE, d 'de' MMMM"),
    Language.TURKISH: ("tr", "d MMMM EEEE"),
    Language.UKRAINIAN: ("uk", "EEEE, d MMMM"),
}
"""Babel's locale, and the pattern of UTS 35, as each language writes a day in a sentence."""

_AT_HOME: Final = {
    Language.FRENCH: "à domicile",
    Language.ENGLISH: "at your home",
    Language.ARABIC: "في منزلكم",
    Language.PORTUGUESE: "ao domicílio",
    Language.TURKISH: "evinizde",
    Language.UKRAINIAN: "у вас удома",
}
_REMOTELY: Final = {
    Language.FRENCH: "à distance",
    Language.ENGLISH: "remotely",
    Language.ARABIC: "عن بعد",
    Language.PORTUGUESE: "à distância",
    Language.TURKISH: "uzaktan",
    Language.UKRAINIAN: "дистанційно",
}
_LEFT_TO_RIGHT_MARK: Final = "\N{LEFT-TO-RIGHT MARK}"


def language_of(code: str | None) -> Language | None:
    """The language of that code; None for one that patients are not written to in."""
    return Language(code) if code in set(Language) else None


def day(instant: datetime, zone: ZoneInfo, language: Language) -> str:
    """« mardi 24 novembre », "Tuesday 24 November", « terça-feira, 24 de novembro »."""
    if language is Language.FRENCH:
        return calendar.day(instant, zone)
    locale, pattern = _DATES[language]
    return format_date(instant.astimezone(zone).date(), pattern, locale=locale)


def hour(instant: datetime, zone: ZoneInfo, language: Language) -> str:
    """« 14 h 30 » in French, « 14h30 » in Portuguese, 14:30 in the others."""
    if language is Language.FRENCH:
        return calendar.hour(instant, zone)
    local = instant.astimezone(zone)
    separator = "h" if language is Language.PORTUGUESE else ":"
    return f"{local.hour}{separator}{local:%M}"


def at(instant: datetime, zone: ZoneInfo, language: Language) -> str:
    """« à 14 h 30 », "at 14:30", « às 14h30 », after a day."""
    said, local = hour(instant, zone, language), instant.astimezone(zone)
    match language:
        case Language.FRENCH:
            return f"à {said}"
        case Language.ENGLISH:
            return f"at {said}"
        case Language.ARABIC:
            return f"الساعة {said}"
        case Language.PORTUGUESE:
            return f"{'à' if local.hour == 1 else 'às'} {said}"
        case Language.TURKISH:
            return f"saat {said}"
        case Language.UKRAINIAN:
            return f"{'об' if local.hour == 11 else 'о'} {said}"  # noqa: PLR2004 - « одинадцятій »


def between(start: datetime, end: datetime, zone: ZoneInfo, language: Language) -> str:
    """« entre 14 h et 18 h », "between 14:00 and 18:00", after a day: both on the same one."""
    first, last = hour(start, zone, language), hour(end, zone, language)
    match language:
        case Language.FRENCH:
            return f"entre {first} et {last}"
        case Language.ENGLISH:
            return f"between {first} and {last}"
        case Language.ARABIC:
            return f"بين الساعة {first} و{last}"
        case Language.PORTUGUESE:
            return f"entre {_the(start, zone)} {first} e {_the(end, zone)} {last}"
        case Language.TURKISH:
            return f"saat {first}-{last} arası"
        case Language.UKRAINIAN:
            return f"з {first} до {last}"


def day_and_hour(instant: datetime, zone: ZoneInfo, language: Language) -> str:
    """« mardi 24 novembre à 14 h 30 », "Tuesday 24 November at 14:30"."""
    comma = "," if language in {Language.PORTUGUESE, Language.UKRAINIAN} else ""
    return f"{day(instant, zone, language)}{comma} {at(instant, zone, language)}"


def at_home(language: Language) -> str:
    """Where an appointment at the patient's own home is."""
    return _AT_HOME[language]


def remotely(language: Language) -> str:
    """Where an appointment by video is."""
    return _REMOTELY[language]


def address(text: str, language: Language) -> str:
    """A French address as it goes into a text of that language.

    Among Arabic words its number would be drawn on the wrong side of its street: marks keep it
    together (Unicode Bidirectional Algorithm, rule W2).
    """
    if language.is_right_to_left:
        return f"{_LEFT_TO_RIGHT_MARK}{text}{_LEFT_TO_RIGHT_MARK}"
    return text


def listed(several: list[str], language: Language) -> str:
    """One after the other, with the comma of the language."""
    return ("، " if language is Language.ARABIC else ", ").join(several)


def _the(instant: datetime, zone: ZoneInfo) -> str:
    """The Portuguese article of an hour: one o'clock is singular."""
    return "a" if instant.astimezone(zone).hour == 1 else "as"
