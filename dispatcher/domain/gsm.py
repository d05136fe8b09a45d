"""The text of an SMS: what the GSM 03.38 alphabet holds, what replaces the rest, what it costs.

An SMS carries 160 characters of GSM-7 or 70 of UCS-2; a longer one is cut into parts of 153 or 67,
each billed. A single ê, ç or ’ outside GSM-7 moves the whole message to UCS-2, hence `to_gsm`.
Source: 3GPP TS 23.038, §6.2.1 (alphabet and extension table) and TS 23.040 (concatenation header).
"""

# ruff: noqa: RUF001 - characters that look like others are what this file is about

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypedDict

BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The 127 characters that take one septet (the 128th is the escape to the extension table)."""

EXTENSION: Final = frozenset("\f^{}\\[~]|€")
"""The characters that take two septets: an escape, then a character of the extension table."""

ALPHABET: Final = BASIC | EXTENSION

_OPENING_QUOTE = re.compile(r"«[^\S\n]*")
_CLOSING_QUOTE = re.compile(r"[^\S\n]*»")

# Written as code points where the character cannot be seen.
_INVISIBLE = dict.fromkeys((0x00AD, 0x200B, 0x2060, 0xFEFF))
"""Soft hyphen, zero-width space, word joiner, byte-order mark: they carry no text."""

_COMBINING_LATIN = re.compile("[\u0300-\u036f]")

_NEAREST: Final = {
    **dict.fromkeys("’‘‚‛ʼ`´′‹›", "'"),
    **dict.fromkeys("“”„‟″¨", '"'),
    **dict.fromkeys("‐‑‒–—―−⁃", "-"),
    "…": "...",
    "œ": "oe",
    "Œ": "OE",
    "ı": "i",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ð": "d",
    "Ð": "D",
    "þ": "th",
    "Þ": "Th",
    "µ": "u",
    "°": "o",
    "·": ".",
    "•": "-",
    "×": "x",
    "÷": "/",
    "⁄": "/",
    "©": "(c)",
    "®": "(R)",
    "\t": " ",
    "\v": "\n",
    "\u0085": "\n",
}


class Encoding(StrEnum):
    """How the characters of a message travel."""

    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


_LIMITS: Final = {Encoding.GSM_7: (160, 153), Encoding.UCS_2: (70, 67)}


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text as it will leave.

    `characters` is what counts against the limits: septets in GSM-7 (€ and brackets count two),
    UTF-16 code units in UCS-2 (an emoji counts two). `segments` is the number of SMS billed.
    """

    text: str
    encoding: Encoding
    characters: int
    segments: int


class Count(TypedDict):
    """The answer of `./snp sms count TEXT --json`."""

    encoding: str
    characters: int
    segments: int
    text: str


def to_gsm(text: str) -> str:
    """Replace the characters that GSM-7 lacks by their nearest, and only those.

    What has no near equivalent (Arabic, Cyrillic, emoji) stays as it is: the message then goes as
    UCS-2. Never a question mark.
    """
    text = unicodedata.normalize("NFC", text.translate(_INVISIBLE))
    text = _CLOSING_QUOTE.sub('"', _OPENING_QUOTE.sub('"', text))
    nearest = "".join(char if char in ALPHABET else _nearest(char) for char in text)
    return unicodedata.normalize("NFC", nearest)


def encode(text: str) -> Encoded:
    """`to_gsm` where that is enough for GSM-7; else the text as it is, in UCS-2."""
    sendable = to_gsm(text)
    if all(char in ALPHABET for char in sendable):
        encoding = Encoding.GSM_7
        widths = [2 if char in EXTENSION else 1 for char in sendable]
    else:
        # Nothing is spared any more by writing « e » for « ê ».
        sendable = unicodedata.normalize("NFC", text.translate(_INVISIBLE))
        encoding = Encoding.UCS_2
        widths = [2 if ord(char) > 0xFFFF else 1 for char in sendable]  # noqa: PLR2004 - UTF-16's limit
    return Encoded(sendable, encoding, sum(widths), _segments(widths, encoding))


def count(text: str) -> Count:
    """`encode`, in the shape that the command line prints."""
    encoded = encode(text)
    return Count(
        encoding=encoded.encoding,
        characters=encoded.characters,
        segments=encoded.segments,
        text=encoded.text,
    )


def _nearest(char: str) -> str:
    if char in _NEAREST:
        return _NEAREST[char]
    category = unicodedata.category(char)
    if category == "Zs":
        return " "
    if category in {"Zl", "Zp"}:
        return "\n"
    if category == "Cc":
        return ""
    plain = _COMBINING_LATIN.sub("", unicodedata.normalize("NFKD", char))
    plain = "".join(_NEAREST.get(part, part) for part in plain)
    return plain if all(part in ALPHABET for part in plain) else char


def _segments(widths: Iterable[int], encoding: Encoding) -> int:
    """Fill the parts one after the other: a character of two units is never cut between two."""
    alone, part = _LIMITS[encoding]
    widths = list(widths)
    if sum(widths) <= alone:
        return 1 if widths else 0
    segments, used = 1, 0
    for width in widths:
        if used + width > part:
            segments, used = segments + 1, 0
        used += width
    return segments
