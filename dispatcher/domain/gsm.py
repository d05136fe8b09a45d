"""The text of an SMS: what the GSM 03.38 alphabet holds, what replaces the rest, what it costs.

An SMS carries 160 characters of GSM-7 or 70 of UCS-2; a longer one is cut into parts of 153 or 67,
each billed. A single ê, ç or ’ outside GSM-7 moves the whole message to UCS-2, hence `to_gsm`.
Letters and figures decide: a text in Arabic goes as UCS-2, unchanged; an emoji in a French one is
worded or left out, because it would make two messages of one.
Source: 3GPP TS 23.038, §6.2.1 (alphabet and extension table) and TS 23.040 (concatenation header).
"""

# ruff: noqa: RUF001 - characters that look like others are what this file is about

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from string import ascii_uppercase
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

_LEFT_OUT = re.compile(f"(?<! ) *(?:[^{re.escape(''.join(sorted(ALPHABET)))}] *)+")
"""Characters that no replacement brought into the alphabet, with the spaces around them."""

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
    # Pictures that have words.
    **dict.fromkeys("🙂😊☺😀😃😄😁", ":)"),
    **dict.fromkeys("🙁☹😞😢", ":("),
    "😉": ";)",
    **dict.fromkeys("❤♥", "<3"),
    **dict.fromkeys("→➡⟶➔", "->"),
    **dict.fromkeys("←⬅⟵", "<-"),
    "↔": "<->",
    "⇒": "=>",
    **dict.fromkeys("⚠❗❕", "!"),
    "≤": "<=",
    "≥": ">=",
    "≠": "<>",
    "≈": "~",
    "±": "+/-",
    "‰": "/1000",
    # Two of these are a flag: the code of its country.
    **{chr(0x1F1E6 + place): letter for place, letter in enumerate(ascii_uppercase)},
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
    """The text with the nearest in place of what GSM-7 lacks, where that leaves its letters whole.

    Pictures without a nearest are left out. A text with other letters or figures (Arabic,
    Cyrillic), or of pictures alone, stays as it is, and goes as UCS-2. Never a question mark.
    """
    text = _cleaned(text)
    if all(char.isspace() or _is_picture(char) for char in text):
        return text
    quoted = _CLOSING_QUOTE.sub('"', _OPENING_QUOTE.sub('"', text))
    nearest = "".join(char if char in ALPHABET else _nearest(char) for char in quoted)
    nearest = unicodedata.normalize("NFC", nearest)
    if any(char not in ALPHABET and _is_read(char) for char in nearest):
        return text
    return _LEFT_OUT.sub(_gap, nearest) or text


def encode(text: str) -> Encoded:
    """`to_gsm`, then the encoding that is left to use and what the message costs in it."""
    sendable = to_gsm(text)
    if all(char in ALPHABET for char in sendable):
        encoding = Encoding.GSM_7
        widths = [2 if char in EXTENSION else 1 for char in sendable]
    else:
        encoding = Encoding.UCS_2
        widths = [2 if ord(char) > 0xFFFF else 1 for char in sendable]  # noqa: PLR2004 - UTF-16's limit
    return Encoded(sendable, encoding, sum(widths), _segments(widths, encoding))


def room(encoding: Encoding, segments: int) -> int:
    """How many characters (of `Encoded.characters`) that many segments hold."""
    alone, part = _LIMITS[encoding]
    return alone if segments <= 1 else part * segments


def count(text: str) -> Count:
    """`encode`, in the shape that the command line prints."""
    encoded = encode(text)
    return Count(
        encoding=encoded.encoding,
        characters=encoded.characters,
        segments=encoded.segments,
        text=encoded.text,
    )


def _cleaned(text: str) -> str:
    """Composed, without what carries no text; half a surrogate pair is no character."""
    kept = "".join(
        char
        for char in text
        if unicodedata.category(char) not in {"Cc", "Cs"} or char in ALPHABET or char in _NEAREST
    )
    return unicodedata.normalize("NFC", kept.translate(_INVISIBLE))


def _is_read(char: str) -> bool:
    """Whether it is a letter, a figure or a currency: without it the text would say less."""
    category = unicodedata.category(char)
    return category[0] in "LN" or category == "Sc"


def _is_picture(char: str) -> bool:
    """Whether it is an emoji, another symbol, or what joins and colours them."""
    return char not in ALPHABET and unicodedata.category(char) in {"So", "Sk", "Cf", "Mn", "Me"}


def _gap(left_out: re.Match[str]) -> str:
    """What stands where something was left out: a space if it parted two words of a line."""
    line = left_out.string
    before, after = line[left_out.start() - 1 : left_out.start()], line[left_out.end() :][:1]
    is_between = before not in {"", "\n"} and after not in {"", "\n"}
    return " " if is_between and " " in left_out[0] else ""


def _nearest(char: str) -> str:
    if char in _NEAREST:
        return _NEAREST[char]
    category = unicodedata.category(char)
    if category == "Zs":
        return " "
    if category in {"Zl", "Zp"}:
        return "\n"
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
