"""Reading tables of TOML so that whatever is wrong is told with its key, all of it at once."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from dispatcher.domain.calendar import NBSP, time_zone
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.phones import region_of

NO_SUCH_KEY = "Cette clé n’existe pas."
NOT_A_TABLE = "Indiquez une table de valeurs."
MOST_SHARE = 1_000_000
"""Of numbers that count by their proportions only."""

S = TypeVar("S", bound=StrEnum)
T = TypeVar("T")


class Table:
    """One table of a file. Each reader gives the key's value, or the default where it is absent.

    What is at fault is noted and reading goes on; `finish` raises.
    """

    def __init__(
        self, stored: Mapping[str, Any], path: str = "", faults: dict[str, str] | None = None
    ) -> None:
        self._stored = stored
        self._path = path
        self._faults: dict[str, str] = {} if faults is None else faults
        self._tables: list[Table] = []
        self._known: set[str] = set()

    def finish(self) -> None:
        """Raise InvalidError if anything was at fault, keys that nobody reads included."""
        self._note_unknown()
        if self._faults:
            raise InvalidError(self._faults)

    def table(self, key: str) -> "Table":
        found = self._get(key, {})
        if not isinstance(found, Mapping):
            self._fault(key, NOT_A_TABLE)
            found = {}
        inner = Table(found, f"{self._path}{key}.", self._faults)
        self._tables.append(inner)
        return inner

    def read(self, key: str, reader: Callable[[Mapping[str, Any]], T], default: T) -> T:
        """A table that somebody else reads; the faults they raise are told under this key."""
        found = self._get(key, None)
        if found is None:
            return default
        if not isinstance(found, Mapping):
            self._fault(key, NOT_A_TABLE)
            return default
        try:
            return reader(found)
        except InvalidError as error:
            for name, sentence in error.fields.items():
                self._fault(f"{key}.{name}", sentence)
            return default

    def text(self, key: str, default: str) -> str:
        found = self._get(key, default)
        if isinstance(found, str) and found:
            return found
        self._fault(key, "Indiquez un texte.")
        return default

    def number(self, key: str, default: float, low: float, high: float) -> float:
        found = self._get(key, default)
        if not _is_number(found):
            self._fault(key, "Indiquez un nombre.")
        elif not low <= found <= high:
            self._fault(key, f"Indiquez un nombre entre {_said(low)} et {_said(high)}.")
        else:
            return float(found)
        return default

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        found = self._get(key, default)
        if isinstance(found, bool) or not isinstance(found, int):
            self._fault(key, "Indiquez un nombre entier.")
        elif not low <= found <= high:
            self._fault(key, f"Indiquez un nombre entre {_said(low)} et {_said(high)}.")
        else:
            return found
        return default

    def day(self, key: str, default: date) -> date:
        found = self._get(key, default)
        if isinstance(found, date) and not isinstance(found, datetime):
            return found
        self._fault(key, "Indiquez une date, par exemple 2026-11-02, sans guillemets.")
        return default

    def zone(self, key: str, default: str) -> str:
        found = self.text(key, default)
        try:
            return time_zone(found).key
        except InvalidError as error:
            self._fault(key, error.fields["timezone"])
            return default

    def department(self, key: str, default: str) -> str:
        """The INSEE code of a département, a text: "01" is no number."""
        found = self._get(key, default)
        try:
            region_of(found if isinstance(found, str) else "")
        except ValueError:
            self._fault(key, 'Indiquez un département, par exemple "39", entre guillemets.')
            return default
        return str(found).strip().upper()

    def choice(self, key: str, default: S, choices: type[S]) -> S:
        found = self._get(key, default)
        if isinstance(found, str) and found in set(choices):
            return choices(found)
        self._fault(key, f"Choisissez parmi {', '.join(choices)}.")
        return default

    def shares(self, key: str, default: tuple[float, ...], count: int) -> tuple[float, ...]:
        """So many numbers from 0 to `MOST_SHARE`, of which one at least is not zero."""
        found = self._get(key, default)
        if not isinstance(found, Sequence) or len(found) != count or not _are_shares(found):
            self._fault(key, f"Indiquez {count} nombres de 0 à {_said(MOST_SHARE)}, non tous nuls.")
            return default
        return tuple(map(float, found))

    def parts(
        self, key: str, default: Mapping[str, float], names: Iterable[str] = ()
    ) -> dict[str, float]:
        """Shares by name; they need not add up to 1, and are made to."""
        found, allowed = self._get(key, default), list(names)
        if not isinstance(found, Mapping) or not _are_shares(list(found.values())):
            self._fault(key, f"Indiquez des parts, par exemple {{ 24{NBSP}= 0.5 }}.")
        elif allowed and not set(found) <= set(allowed):
            self._fault(key, f"Choisissez parmi {', '.join(allowed)}.")
        else:
            return {name: share / sum(found.values()) for name, share in found.items()}
        return dict(default)

    def span(
        self, key: str, default: tuple[float, float], low: float, high: float
    ) -> tuple[float, float]:
        """Two numbers in ascending order."""
        found = self._get(key, default)
        is_span = isinstance(found, Sequence) and len(found) == 2  # noqa: PLR2004 - from, to
        if is_span and all(map(_is_number, found)) and low <= found[0] <= found[1] <= high:
            return float(found[0]), float(found[1])
        self._fault(key, f"Indiquez deux nombres croissants de {_said(low)} à {_said(high)}.")
        return default

    def _get(self, key: str, default: Any) -> Any:  # noqa: ANN401 - whatever was written
        self._known.add(key)
        return self._stored.get(key, default)

    def _fault(self, key: str, sentence: str) -> None:
        self._faults.setdefault(f"{self._path}{key}", sentence)

    def _note_unknown(self) -> None:
        for key in self._stored:
            if key not in self._known:
                self._fault(key, NO_SUCH_KEY)
        for table in self._tables:
            table._note_unknown()  # noqa: SLF001 - the same class


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    # every int is finite, and one that is too large for a float cannot be asked
    return isinstance(value, int) or math.isfinite(value)


def _are_shares(values: Sequence[Any]) -> bool:
    return all(_is_number(each) and 0 <= each <= MOST_SHARE for each in values) and sum(values) > 0


def _said(value: float) -> str:
    return f"{value:,.10g}".replace(",", NBSP).replace(".", ",")
