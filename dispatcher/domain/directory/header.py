"""The header of the RPPS extract, which is spelled in several ways, in any order.

Seen in extracts from 2021 to 2026: « Code genre d'activité » and « Code genre activité », « Code
Département (structure) » and « Code département (coord. structure) », straight and curly
apostrophes, a mark of UTF-8 before the first column, and columns that come and go at the end.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SEPARATOR: Final = b"|"
_BEHIND = re.compile(r"\((coord\.?\s*)?structure\)\s*$")
FEWEST_COLUMNS: Final = 5
"""A first line with fewer is no header of this file."""


class Column(StrEnum):
    """The columns that are used, as the file of 2026 spells them."""

    KIND = "Type d'identifiant PP"
    NUMBER = "Identifiant PP"
    NATIONAL_NUMBER = "Identification nationale PP"
    TITLE = "Libellé civilité d'exercice"
    CIVILITY = "Libellé civilité"
    LAST_NAME = "Nom d'exercice"
    FIRST_NAME = "Prénom d'exercice"
    PROFESSION = "Code profession"
    CATEGORY = "Code catégorie professionnelle"
    SKILL = "Code savoir-faire"
    MODE = "Code mode exercice"
    SIRET = "Numéro SIRET site"
    FINESS = "Numéro FINESS site"
    STRUCTURE = "Identifiant technique de la structure"
    COMPANY = "Raison sociale site"
    SIGN = "Enseigne commerciale site"
    STREET_NUMBER = "Numéro Voie (coord. structure)"
    STREET_REPEAT = "Indice répétition voie (coord. structure)"
    STREET_KIND = "Libellé type de voie (coord. structure)"
    STREET_KIND_CODE = "Code type de voie (coord. structure)"
    STREET = "Libellé Voie (coord. structure)"
    POSTAL_OFFICE = "Bureau cedex (coord. structure)"
    POSTCODE = "Code postal (coord. structure)"
    COMMUNE = "Code commune (coord. structure)"
    PHONE = "Téléphone (coord. structure)"


REQUIRED: Final = (
    Column.LAST_NAME,
    Column.FIRST_NAME,
    Column.PROFESSION,
    Column.MODE,
    Column.COMMUNE,
)
"""Without these nobody can be placed; so it is without a number of either kind."""


class HeaderError(ValueError):
    """The first line is not that of an extract. `missing` are the columns that it lacks.

    Empty where it is no such line at all: a web page, another file, another separator.
    """

    def __init__(self, missing: Sequence[str] = ()) -> None:
        super().__init__(", ".join(missing) or "not an extract")
        self.missing = tuple(missing)


@dataclass(frozen=True, slots=True)
class Header:
    """Where each column stands, and how many there are."""

    places: Mapping[Column, int]
    count: int

    @classmethod
    def read(cls, line: bytes) -> "Header":
        """Raises HeaderError."""
        names = [_plain(name) for name in _decoded(line).split(SEPARATOR.decode())]
        while names and not names[-1]:
            names.pop()  # each line ends with a separator
        if len(names) < FEWEST_COLUMNS:
            raise HeaderError
        places = {
            column: names.index(plain) for column in Column if (plain := _plain(column)) in names
        }
        if not places:
            raise HeaderError
        missing = [column.value for column in REQUIRED if column not in places]
        if not {Column.NUMBER, Column.NATIONAL_NUMBER} & places.keys():
            missing.insert(0, Column.NUMBER.value)
        if missing:
            raise HeaderError(missing)
        return cls(places, len(names))


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def _plain(name: str) -> str:
    """A column's name without case, accents, apostrophes, « de » and what stands in brackets."""
    bare = _BEHIND.sub("", unicodedata.normalize("NFC", name).strip().lower())
    decomposed = unicodedata.normalize("NFKD", bare)
    letters = "".join(sign if sign.isalnum() else " " for sign in decomposed
                      if not unicodedata.combining(sign))  # fmt: skip
    return "".join(word for word in letters.split() if word not in {"d", "de"})
