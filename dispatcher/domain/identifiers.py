"""National identifiers of professionals and places: their shape, and the key that catches typos.

A wrong shape is refused. A wrong key is only a warning: numbers printed in official documents fail
it (three of sixty RPPS in the repositories of the Agence du numérique en santé), and the person
who types holds the paper.
"""

import re
from dataclasses import dataclass
from typing import Final

NBSP: Final = "\u00a0"

_SEPARATORS = re.compile(r"[\s.-]")
_LA_POSTE: Final = "356000000"
"""The one SIREN whose establishments have no Luhn key: their digits add up to a multiple of 5."""


class NotAnIdentifier(ValueError):
    """What was typed cannot be this identifier; `sentence` tells a person why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Checked:
    """An identifier in its canonical form; `warning` is a sentence when its key is wrong."""

    value: str
    warning: str | None


def has_luhn_key(digits: str) -> bool:
    """True when the last digit is the Luhn key of the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for position, char in enumerate(reversed(digits)):
        digit = int(char)
        if position % 2:
            digit = digit * 2 - 9 if digit > 4 else digit * 2  # noqa: PLR2004 - 2 x 5 has two digits
        total += digit
    return total % 10 == 0


def check_rpps(text: str) -> Checked:
    """A professional's RPPS: 11 digits, or 12 with the prefix 8 that feeds put before it.

    Raises NotAnIdentifier on another shape. The key is on the 11 digits, without the prefix.
    """
    match = re.fullmatch(r"8?([0-9]{11})", _SEPARATORS.sub("", text))
    if match is None:
        raise NotAnIdentifier("Un numéro RPPS compte 11 chiffres.")
    return _checked(match[1], valid=has_luhn_key(match[1]))


def check_finess(text: str) -> Checked:
    """A place's FINESS: 9 characters that begin with the département, 2A and 2B included.

    Raises NotAnIdentifier on another shape. For the key, Corsica's letter counts as 0.
    """
    value = _SEPARATORS.sub("", text).upper()
    if re.fullmatch(r"(?:[0-9]{2}|2[AB])[0-9]{7}", value) is None:
        raise NotAnIdentifier("Un numéro FINESS compte 9 caractères, par exemple 390000000.")
    return _checked(value, valid=has_luhn_key(re.sub("[AB]", "0", value)))


def check_siret(text: str) -> Checked:
    """An establishment's SIRET: 14 digits. Raises NotAnIdentifier on another shape."""
    value = _SEPARATORS.sub("", text)
    if re.fullmatch(r"[0-9]{14}", value) is None:
        raise NotAnIdentifier("Un numéro SIRET compte 14 chiffres.")
    postal = value.startswith(_LA_POSTE) and sum(int(char) for char in value) % 5 == 0
    return _checked(value, valid=has_luhn_key(value) or postal)


def _checked(value: str, *, valid: bool) -> Checked:
    warning = f"La clé de ce numéro ne correspond pas{NBSP}: vérifiez qu’il est bien recopié."
    return Checked(value, None if valid else warning)
