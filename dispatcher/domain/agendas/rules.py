"""Which recurrences are read, and how titles are compared."""

import unicodedata
from collections.abc import Mapping, Sequence
from math import prod

_BY_DAY = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
MOST_A_DAY = 48
"""Occurrences of one event in a day: every half hour. Nobody's agenda has more."""


def is_bounded(rule: Mapping[str, Sequence[object]]) -> bool:
    """Whether a recurrence has at most MOST_A_DAY occurrences a day.

    One without end is: only the weeks that are asked for are unrolled.
    """
    frequency = str(next(iter(rule.get("FREQ", ["DAILY"])), "DAILY")).upper()
    a_day = prod(max(len(rule.get(name, [])), 1) for name in ("BYHOUR", "BYMINUTE", "BYSECOND"))
    if frequency == "HOURLY":
        interval = int(str(next(iter(rule.get("INTERVAL", [1])), 1)))
        return a_day * 24 <= MOST_A_DAY * max(interval, 1)
    return frequency in _BY_DAY and a_day <= MOST_A_DAY


def plain(text: str) -> str:
    """Lower case, without accents, one space between words."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(each for each in letters if not unicodedata.combining(each)).split())
