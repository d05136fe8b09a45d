"""The indicators: defined once, computed from the log alone.

`stories` reads the log, `registry` has the definitions, `facts` counts a day, `period` adds up.
"""

from dispatcher.domain.indicators.facts import DEFINITIONS, DayFacts, facts_of
from dispatcher.domain.indicators.period import (
    DayFigures,
    Figure,
    Indicators,
    Outcomes,
    added_up,
    fold,
)
from dispatcher.domain.indicators.stories import Ledger, LoggedEvent

__all__ = [
    "DEFINITIONS",
    "DayFacts",
    "DayFigures",
    "Figure",
    "Indicators",
    "Ledger",
    "LoggedEvent",
    "Outcomes",
    "added_up",
    "facts_of",
    "fold",
]
