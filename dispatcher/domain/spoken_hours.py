"""The hour meant by words: « à 17h30 », « demain 9h », « 17:30 ».

Only what is certain is understood, as in `inbound`: « vers 17 h », « pas avant 17 h » or two hours
are nobody's promise, and whoever wrote them is asked to choose on the page.
"""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from dispatcher.domain import calendar
from dispatcher.domain.errors import InvalidError

NOON: Final = 12
_WEEKDAYS: Final = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            ("janvier", "janv"),
            ("fevrier", "fev"),
            ("mars",),
            ("avril", "avr"),
            ("mai",),
            ("juin",),
            ("juillet", "juil"),
            ("aout",),
            ("septembre", "sept"),
            ("octobre", "oct"),
            ("novembre", "nov"),
            ("decembre", "dec"),
        ),
        start=1,
    )
    for name in names
}
_DAYS_AHEAD: Final = {"apres demain": 2, "aujourd hui": 0, "aujourdhui": 0, "demain": 1}

# The « à » alone makes an hour of « à 17 »; where « h » or « : » follows, the first line reads it.
_HOUR = re.compile(
    r"\b(?P<hour>[01]?\d|2[0-3]) ?(?:h(?:eures?|rs?)?|:) ?(?P<minute>[0-5]\d)?(?: ?mn| ?min)?\b"
    r"|\b(?P<packed_hour>[01]\d|2[0-3])(?P<packed_minute>[0-5]\d)\b"
    r"|\ba (?P<alone>[01]?\d|2[0-3])\b(?! ?[/:\dh])"
    r"|\b(?P<noon>midi)(?P<half> et demie?)?\b"
)
_DATE = re.compile(
    r"\b(?P<day>0?[1-9]|[12]\d|3[01])(?:er)?"
    r"(?: ?/ ?(?P<number>0?[1-9]|1[0-2])\b| (?P<name>" + "|".join(_MONTHS) + r")\b)"
)
_WEEKDAY = re.compile(rf"\b({'|'.join(_WEEKDAYS)})(?: prochain)?\b")
_AHEAD = re.compile(rf"\b({'|'.join(_DAYS_AHEAD)})\b")
_PART = re.compile(
    r"\b(?:du |ce |cet |en |l |dans la )?(?P<part>matin|matinee|apres midi|aprem|soir|soiree)\b"
)
_POLITE = re.compile(
    r"\b(?:merci|svp|stp|ok|d accord|oui|bien|possible|parfait|cordialement|bonne journee"
    r"|bonjour|bonsoir|je|j|le|la|l|il|elle|peux|peut|prends|prend|vois|recois|propose|note|venir"
    r"|recevoir|voir|patient|patiente|personne|rdv|rendez vous|pour|a|de|des|du|ce|cet|cabinet"
    r"|au|mon|ici|pile|heure|est)\b"
)


def hour_meant(words: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The instant, in UTC, that the words name on the clocks of the zone; None if none for certain.

    Without a day, the next time that the clocks show the hour. Of an hour that comes twice in
    autumn, the first; one that spring skips is no hour.
    """
    text = _plain(words)
    text, day = _day_in(text, calendar.local_day(now, zone))
    part, text = _taken(_PART, text)
    found = list(_HOUR.finditer(text))
    if len(found) != 1 or _says_more(_HOUR.sub(" ", text)):
        return None
    at = _time_of(found[0], part["part"] if part else "")
    if at is None or isinstance(day, str):
        return None
    today = calendar.local_day(now, zone)
    try:
        instant = calendar.wall_instant(day or today, at, zone)
        if day is None and instant <= now:
            instant = calendar.wall_instant(today + timedelta(days=1), at, zone)
    except InvalidError:
        return None
    return instant


def _plain(words: str) -> str:
    """Lower case, no accents, one space between words; / and : are kept for dates and hours."""
    decomposed = unicodedata.normalize("NFKD", words.casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    spaced = re.sub(r"[^\w/:]|_", " ", bare)
    return " ".join(re.sub(r"(?<!\d)[:/]|[:/](?! ?\d)", " ", spaced).split())


def _day_in(text: str, today: date) -> tuple[str, date | str | None]:
    """What is left of the text, and its day: None if it names none, a word if it is not certain."""
    days: list[date] = []
    for match in _DATE.finditer(text):
        month = int(match["number"] or _MONTHS[match["name"]])
        named = _next_date(int(match["day"]), month, today)
        if named is None:
            return text, "unknown"
        days.append(named)
    text = _DATE.sub(" ", text)
    days += [today + timedelta(days=_DAYS_AHEAD[match[1]]) for match in _AHEAD.finditer(text)]
    text = _AHEAD.sub(" ", text)
    days += [
        today + timedelta(days=(_WEEKDAYS.index(match[1]) - today.weekday()) % 7)
        for match in _WEEKDAY.finditer(text)
    ]
    text = " ".join(_WEEKDAY.sub(" ", text).split())
    if len(set(days)) > 1:
        return text, "several"
    return text, days[0] if days else None


def _next_date(day: int, month: int, today: date) -> date | None:
    """The next such date, this year or the next; none for 31 February."""
    for year in (today.year, today.year + 1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= today:
            return found
    return None


def _taken(pattern: re.Pattern[str], text: str) -> tuple[re.Match[str] | None, str]:
    match = pattern.search(text)
    if match is None:
        return None, text
    return match, " ".join(f"{text[: match.start()]} {text[match.end() :]}".split())


def _time_of(match: re.Match[str], part: str) -> time | None:
    if match["noon"]:
        return time(NOON, 30 if match["half"] else 0)
    hour = int(match["hour"] or match["packed_hour"] or match["alone"])
    minute = int(match["minute"] or match["packed_minute"] or 0)
    if part in {"apres midi", "aprem", "soir", "soiree"} and hour < NOON:
        hour += NOON
    elif part in {"matin", "matinee"} and hour >= NOON:
        return None
    return time(hour, minute)


def _says_more(rest: str) -> bool:
    """Whether anything is left once politeness is taken away: then the hour is not certain."""
    return bool(_POLITE.sub(" ", rest).strip())
