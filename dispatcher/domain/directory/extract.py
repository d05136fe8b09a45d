"""Reading the RPPS extract line by line: two million of them, of which a territory keeps some.

A line is looked at as bytes, and only those of the wished communes and professions are taken apart:
memory does not grow with the file.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, BinaryIO, Final

from dispatcher.domain.directory.header import SEPARATOR, Column, Header, HeaderError
from dispatcher.domain.directory.spelling import as_address, as_name
from dispatcher.domain.identifiers import (
    NotAnIdentifier,
    check_finess,
    check_rpps,
    check_siret,
)

LONGEST_LINE: Final = 16 << 10
"""Bytes; the longest seen has under two thousand."""
MOST_FINDINGS: Final = 2000
"""What is told line by line; everything is counted."""
STUDENT: Final = "E"
EMPLOYED: Final = "S"
RPPS_KIND: Final = "8"
TELL_EVERY: Final = 20_000
MOST_COMMUNES: Final = 50_000
"""More codes than there are communes are no codes: what is remembered of them is bounded."""
TITLES: Final = {"Docteur": "Dr", "Professeur": "Pr", "Madame": "Mme", "Monsieur": "M."}
LONGEST_NAME: Final = 80
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
# An arrondissement is part of a commune: Paris, Marseille, Lyon.
_ARRONDISSEMENTS = (("751", "75056"), ("132", "13055"), ("6938", "69123"))


class Fault(StrEnum):
    """What can be told about a line."""

    COLUMNS = "columns"
    """It has another number of columns than the header."""
    TOO_LONG = "too_long"
    NO_RPPS = "no_rpps"
    """A professional without RPPS number (ADELI), or with something that cannot be one."""
    RPPS_KEY = "rpps_key"
    """Its key does not fit: told, never refused."""
    NO_NAME = "no_name"
    ENCODING = "encoding"
    """Not UTF-8: read as Windows writes it."""
    UNKNOWN_COMMUNE = "unknown_commune"
    """Of a wished département, and not in the national list: mostly merged since. Told once."""
    SITE_KEY = "site_key"
    """A FINESS or SIRET that cannot be one is left out, one whose key does not fit is told."""


REFUSING: Final = frozenset(
    {Fault.COLUMNS, Fault.TOO_LONG, Fault.NO_RPPS, Fault.NO_NAME, Fault.UNKNOWN_COMMUNE}
)
"""With one of these the line is not taken; the others are told and it is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a line. `number` counts from 1, the header; `value` is what it is about."""

    number: int
    fault: Fault
    value: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: somebody's activity at one site. What is not known is empty."""

    number: int
    rpps: str
    title: str
    last_name: str
    first_name: str
    profession: str
    """TRE_G15."""
    skill: str
    """TRE_R38, « SM54 »; empty where it is none of these."""
    employed: bool
    site: str
    """What the directory knows the site by."""
    label: str
    address: str
    postcode: str
    commune: str
    """INSEE."""
    phone: str
    finess: str
    siret: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class Tally:
    """What became of the lines."""

    read: int = 0
    kept: int = 0
    no_commune: int = 0
    """Of a wished profession, without a place of activity."""
    students: int = 0
    faults: "Counter[Fault]" = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def find(self, number: int, fault: Fault, value: str = "") -> None:
        self.faults[fault] += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(number, fault, value[:LONGEST_NAME]))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are kept, by INSEE and TRE_G15 codes; `known` are all communes there are."""

    communes: AbstractSet[str]
    professions: AbstractSet[str]
    known: AbstractSet[str]


def read_extract(
    stream: BinaryIO, wanted: Wanted, tally: Tally, tell: Callable[[int], None] = lambda _: None
) -> Iterator[Entry]:
    """The wished entries, in the order of the file; `tally` counts what became of the others.

    `tell` is called now and then with the number of bytes read. Raises HeaderError on what is no
    extract, before the first entry.
    """
    lines = _lines(stream)
    first = next(lines, None)
    if first is None or first[0] is None:
        raise HeaderError
    header = Header.read(first[0])
    bytes_read = first[1]
    of_interest = _Interest(header, wanted)
    reader = _Reader(header, tally)
    for number, (line, length) in enumerate(lines, 2):
        bytes_read += length
        if number % TELL_EVERY == 0:
            tell(bytes_read)
        tally.read += 1
        if line is None:
            tally.find(number, Fault.TOO_LONG)
        elif not line:
            tally.read -= 1
        elif (cells := of_interest.cells(number, line, tally)) and (
            entry := reader.entry(number, cells)
        ):
            tally.kept += 1
            yield entry
    tell(bytes_read)


def _lines(stream: BinaryIO) -> Iterator[tuple[bytes | None, int]]:
    """Lines without their end, and how many bytes each took; None for one that is too long."""
    while line := stream.readline(LONGEST_LINE):
        length = len(line)
        if length == LONGEST_LINE and not line.endswith(b"\n"):
            while rest := stream.readline(LONGEST_LINE):
                length += len(rest)
                if rest.endswith(b"\n"):
                    break
            yield None, length
            continue
        yield line.rstrip(b"\r\n"), length


class _Interest:
    """Tells in bytes whether a line is one of those that are kept."""

    def __init__(self, header: Header, wanted: Wanted) -> None:
        self._count = header.count
        self._commune = header.places[Column.COMMUNE]
        self._profession = header.places[Column.PROFESSION]
        self._professions = {code.encode() for code in wanted.professions}
        self._wanted = wanted
        self._near = {_department(code) for code in wanted.communes}
        self._answers: dict[bytes, bool] = {}

    def cells(self, number: int, line: bytes, tally: Tally) -> list[bytes] | None:
        """The line's cells, or None where it is not kept."""
        cells = line.split(SEPARATOR)
        # with or without the separator at the end, which the header may have and the line not
        if len(cells) not in (self._count, self._count + 1):
            tally.find(number, Fault.COLUMNS, str(len(cells)))
            return None
        if cells[self._profession] not in self._professions:
            return None
        commune = cells[self._commune]
        if not commune:
            tally.no_commune += 1
            return None
        found = self._answers.get(commune)
        if found is None:
            found = self._answers[commune] = self._asked(number, commune, tally)
        return cells if found else None

    def _asked(self, number: int, commune: bytes, tally: Tally) -> bool:
        code = _whole_commune(commune.decode("ascii", "replace"))
        if code not in self._wanted.known and _department(code) in self._near:
            tally.find(number, Fault.UNKNOWN_COMMUNE, code)
        if len(self._answers) > MOST_COMMUNES:
            self._answers.clear()
        return code in self._wanted.communes


class _Reader:
    """Takes apart the lines that are kept."""

    def __init__(self, header: Header, tally: Tally) -> None:
        self._places = header.places
        self._tally = tally

    def entry(self, number: int, cells: list[bytes]) -> Entry | None:
        texts = self._texts(number, cells)

        def of(column: Column) -> str:
            place = self._places.get(column)
            return "" if place is None else texts[place]

        if of(Column.CATEGORY) == STUDENT:
            self._tally.students += 1
            return None
        rpps = self._rpps(number, of)
        if rpps is None:
            return None
        last_name, first_name = as_name(of(Column.LAST_NAME)), as_name(of(Column.FIRST_NAME))
        if not last_name or not first_name:
            self._tally.find(number, Fault.NO_NAME, rpps)
            return None
        finess = self._site_number(number, of(Column.FINESS), check_finess)
        siret = self._site_number(number, of(Column.SIRET), check_siret)
        label, address = _place(of)
        skill = of(Column.SKILL)
        commune = _whole_commune(of(Column.COMMUNE))
        return Entry(
            number=number,
            rpps=rpps,
            title=TITLES.get(of(Column.TITLE)) or TITLES.get(of(Column.CIVILITY), ""),
            last_name=last_name[:LONGEST_NAME],
            first_name=first_name[:LONGEST_NAME],
            profession=of(Column.PROFESSION),
            skill=skill if skill.startswith("SM") else "",
            employed=of(Column.MODE) == EMPLOYED,
            site=of(Column.STRUCTURE) or finess or siret or f"{commune} {address}",
            label=label,
            address=address,
            postcode=_postcode(of),
            commune=commune,
            phone=of(Column.PHONE),
            finess=finess,
            siret=siret,
        )

    def _texts(self, number: int, cells: list[bytes]) -> list[str]:
        whole = SEPARATOR.join(cells)
        try:
            text = whole.decode()
        except UnicodeDecodeError:
            self._tally.find(number, Fault.ENCODING)
            text = whole.decode("cp1252", errors="replace")
        return [_UNPRINTABLE.sub("", cell).strip() for cell in text.split(SEPARATOR.decode())]

    def _rpps(self, number: int, of: Callable[[Column], str]) -> str | None:
        """The eleven digits; the national number has the kind in front of them."""
        kind, typed = of(Column.KIND), of(Column.NUMBER) or of(Column.NATIONAL_NUMBER)
        try:
            checked = check_rpps(typed)
        except NotAnIdentifier:
            self._tally.find(number, Fault.NO_RPPS, typed)
            return None
        if kind not in {"", RPPS_KIND}:
            self._tally.find(number, Fault.NO_RPPS, typed)
            return None
        if checked.warning:
            self._tally.find(number, Fault.RPPS_KEY, checked.value)
        return checked.value

    def _site_number(self, number: int, typed: str, check: Callable[[str], Any]) -> str:
        """A FINESS or a SIRET; one that cannot be is left out, and told."""
        if not typed:
            return ""
        try:
            checked = check(typed)
        except NotAnIdentifier:
            self._tally.find(number, Fault.SITE_KEY, typed)
            return ""
        if checked.warning:
            self._tally.find(number, Fault.SITE_KEY, typed)
        return str(checked.value)


def _place(of: Callable[[Column], str]) -> tuple[str, str]:
    """The site's name, and its number and street."""
    street = " ".join(
        part
        for part in (
            of(Column.STREET_NUMBER) + of(Column.STREET_REPEAT).lower(),
            of(Column.STREET_KIND) or of(Column.STREET_KIND_CODE),
            of(Column.STREET),
        )
        if part
    )
    return as_address(of(Column.SIGN) or of(Column.COMPANY)), as_address(street)


def _postcode(of: Callable[[Column], str]) -> str:
    for text in (of(Column.POSTCODE), of(Column.POSTAL_OFFICE)):
        if found := re.match(r"\d{5}", text):
            return found[0]
    return ""


def _whole_commune(code: str) -> str:
    for prefix, whole in _ARRONDISSEMENTS:
        if code.startswith(prefix) and code != whole:
            return whole
    return code


def _department(code: str) -> str:
    return code[:3] if code.startswith(("97", "98")) else code[:2]
