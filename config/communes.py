"""The communes of France, by INSEE code, by postcode and by name, and how far to search in each.

The data and where they come from are in `config/geo/`.
"""

import heapq
import sys
import tomllib
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Self

GEO = Path(__file__).parent / "geo"

LIMIT = 12
"""How many communes fit in a picker."""

_SAINTS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
_SPACED = str.maketrans(dict.fromkeys("-'’()./,", " ") | {"œ": "oe", "æ": "ae"})
_INSEE_LENGTH = 5
_NAME, _DEPARTMENT, _POPULATION, _POSTCODES = 1, 2, 4, 5
"""Columns. No value has a comma in it, so that a line is split without a reader's care."""
_AFTER_ALL = "\U0010ffff"


class Commune(NamedTuple):
    """A commune. What is not known is None, never zero."""

    insee: str
    name: str
    department: str
    region: str
    population: int | None
    postcodes: tuple[str, ...]
    longitude: float | None
    """Degrees, WGS 84."""
    latitude: float | None

    @property
    def label(self) -> str:
        """« Champagnole (39300) »: what tells two communes of one name apart."""
        return f"{self.name} ({self.postcodes[0]})" if self.postcodes else self.name


class _Index:
    """Sorted keys with the rank of the commune that each belongs to."""

    def __init__(self, keys: Sequence[str], ranks: Sequence[int]) -> None:
        order = sorted(range(len(keys)), key=keys.__getitem__)
        self._keys = [keys[position] for position in order]
        self._ranks = [ranks[position] for position in order]

    def beginning(self, text: str) -> Sequence[int]:
        """The ranks whose key begins with the text."""
        first = bisect_left(self._keys, text)
        return self._ranks[first : bisect_left(self._keys, text + _AFTER_ALL, first)]

    def being(self, text: str) -> Sequence[int]:
        """The ranks whose key is the text."""
        first = bisect_left(self._keys, text)
        return self._ranks[first : bisect_left(self._keys, text + "\0", first)]


class Communes:
    """All communes. A commune's rank is its place in the order of population, the largest first.

    Thirty-five thousand objects would take longer to make than all the rest, and four times the
    memory: lines stay as they were read until somebody asks for one, and only a process in which
    somebody searches makes the index for it.
    """

    def __init__(
        self,
        lines: Iterable[str],
        radius_km: Mapping[str, float],
        enlarge_km: Mapping[str, float],
    ) -> None:
        """`lines` have the columns of `communes.csv`."""
        self._lines = sorted(lines, key=_by_population)
        self._rank = {line[:_INSEE_LENGTH]: rank for rank, line in enumerate(self._lines)}
        self.radius_km = radius_km
        """Default search radius by département, in kilometres; 0 stands for no limit."""
        self.enlarge_km = enlarge_km
        """What is added to it, by département, when nothing fits."""

    @classmethod
    def load(cls, directory: Path = GEO) -> Self:
        """Read `communes.csv` and `radius.toml`: less than 0.1 s, once for each process."""
        lines = (directory / "communes.csv").read_text(encoding="utf-8").splitlines()
        radii = tomllib.loads((directory / "radius.toml").read_text(encoding="utf-8"))
        return cls(
            lines[1:],
            _by_department(radii["radius"], "default_km"),
            _by_department(radii["radius"], "enlarge_km"),
        )

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[Commune]:
        return map(_commune, self._lines)

    def get(self, insee: str) -> Commune | None:
        """The commune of an INSEE code, which is not its postcode: 39300 is Lons-le-Saunier."""
        rank = self._rank.get(insee)
        return None if rank is None else _commune(self._lines[rank])

    def search(
        self, text: str, limit: int = LIMIT, near_departement: str | None = None
    ) -> list[Commune]:
        """Communes for what somebody is typing: the beginning of a postcode, or of a name.

        Accents, case, hyphens and apostrophes do not matter, « st » is « saint ». First come names
        that begin so in `near_departement`, then the commune of exactly that name, then all names
        that begin so, then names with a word that begins so (and the other words too, in any
        order); each time the most populous first. Where a number is given too, the communes of that
        postcode come before all others (« paris 15 » still finds Paris).
        """
        ranks = self._index.search(text, limit, near_departement)
        return [_commune(self._lines[rank]) for rank in ranks]

    @cached_property
    def _index(self) -> "_SearchIndex":
        return _SearchIndex(self._lines)


class _SearchIndex:
    """What a search looks in; 0.2 s to make. Communes are their ranks."""

    def __init__(self, lines: Sequence[str]) -> None:
        columns = list(zip(*(line.split(",") for line in lines), strict=True))
        ranks = range(len(lines))
        bare = _bare("\n".join(columns[_NAME])).split("\n")
        self._departments = [sys.intern(code) for code in columns[_DEPARTMENT]]
        self._keys = [" ".join(key.split()) for key in bare]
        self._names = _Index(self._keys, ranks)
        inner = [(word, rank) for rank in ranks for word in _inner_words(self._keys[rank])]
        self._inner_words = _Index([word for word, _ in inner], [rank for _, rank in inner])
        listed = [(code, rank) for rank in ranks for code in columns[_POSTCODES][rank].split()]
        self._postcodes = _Index([code for code, _ in listed], [rank for _, rank in listed])

    def search(self, text: str, limit: int, near_departement: str | None) -> list[int]:
        """See `Communes.search`."""
        words = search_key(text).split()
        postcode = "".join(word for word in words if word.isdigit())
        names = [word for word in words if not word.isdigit()]
        found: dict[int, None] = {}
        for ranks in self._tiers(postcode, names, near_departement):
            for rank in heapq.nsmallest(limit, set(ranks)):
                found.setdefault(rank)
            if len(found) >= limit:
                break
        return list(found)[:limit]

    def _tiers(
        self, postcode: str, names: Sequence[str], near_departement: str | None
    ) -> Iterator[Sequence[int]]:
        if postcode:
            matching = self._postcodes.beginning(postcode)
            if names:
                matching = [rank for rank in matching if self._has_words(rank, names)]
            yield self._near(matching, near_departement)
            yield matching
        if not names:
            return
        readings = _readings(names)
        beginning = [rank for reading in readings for rank in self._names.beginning(reading)]
        yield self._near(beginning, near_departement)
        for reading in readings:
            yield self._names.being(reading)
        yield beginning
        inner = [rank for reading in readings for rank in self._inner_words.beginning(reading)]
        yield self._near(inner, near_departement)
        yield inner
        if len(names) > 1:
            longest = max(names, key=len)
            ranks = [*self._names.beginning(longest), *self._inner_words.beginning(longest)]
            yield [rank for rank in ranks if self._has_words(rank, names)]

    def _near(self, ranks: Sequence[int], departement: str | None) -> Sequence[int]:
        if departement is None:
            return []
        return [rank for rank in ranks if self._departments[rank] == departement]

    def _has_words(self, rank: int, beginnings: Sequence[str]) -> bool:
        """Whether each of these begins some word of the commune's name."""
        key = f" {self._keys[rank]}"
        return all(f" {beginning}" in key for beginning in beginnings)


def search_key(text: str) -> str:
    """A name or what somebody typed, without what does not matter: « lons le saunier »."""
    return " ".join([_SAINTS.get(word, word) for word in _bare(text).split()])


def _bare(text: str) -> str:
    """The text in lower case, without accents, its hyphens and the like as spaces."""
    decomposed = unicodedata.normalize("NFKD", text.lower().translate(_SPACED))
    return decomposed.encode("ascii", "ignore").decode()


def _readings(words: Sequence[str]) -> list[str]:
    """What the words may be the beginning of: « saint » may also be a « st… » not yet typed out."""
    text = " ".join(words)
    short = {full: abbreviated for abbreviated, full in _SAINTS.items()}
    if words[-1] not in short:
        return [text]
    return [text, " ".join([*words[:-1], short[words[-1]]])]


def _inner_words(key: str) -> Iterator[str]:
    """The key from its second word on, from its third word on, and so forth."""
    start = key.find(" ")
    while start >= 0:
        yield key[start + 1 :]
        start = key.find(" ", start + 1)


def _by_population(line: str) -> int:
    return -int(line.split(",")[_POPULATION] or 0)


def _commune(line: str) -> Commune:
    insee, name, department, region, population, postcodes, longitude, latitude = line.split(",")
    return Commune(
        insee,
        name,
        department,
        region,
        int(population) if population else None,
        tuple(postcodes.split()),
        float(longitude) if longitude else None,
        float(latitude) if latitude else None,
    )


def _by_department(radii: Iterable[Mapping[str, object]], name: str) -> dict[str, float]:
    by_department: dict[str, float] = {}
    for radius in radii:
        kilometres, departments = radius[name], radius["departements"]
        if not isinstance(kilometres, int | float) or not isinstance(departments, list):
            raise TypeError(f"radius.toml: {radius}")
        by_department.update(dict.fromkeys(departments, float(kilometres)))
    return by_department
