"""What an SMS received means. Pure: whose question it answers is for the services to say.

Only what is certain is understood. A message that could be read two ways is UNKNOWN, and a person
reads it: a wrong guess would free a place that somebody needs, or silence somebody for good.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dispatcher.domain import inbound_words as vocabulary


class Intent(StrEnum):
    """What the sender wants."""

    YES = "yes"
    NO = "no"
    CANCEL = "cancel"
    STOP = "stop"
    START = "start"
    HELP = "help"
    CALL_BACK = "call_back"
    MARK = "mark"
    """A mark from 0 to 10: only for whoever was asked for one, see `mark_of`."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Understood:
    """A message read.

    `code` is the four digits beside the keyword, `words` what was written after both, as it was
    written; for UNKNOWN, `words` is the whole message.
    """

    intent: Intent
    code: str | None
    words: str


@dataclass(frozen=True, slots=True)
class _Word:
    """A word or a number of the message: its plain form, and where it ends."""

    plain: str
    end: int


_CODE_MARKS: Final = frozenset({"code", "n", "no", "num", "numero", "ref", "rdv"})
_CODE_DIGITS: Final = 4

_VOWEL_SIGNS: Final = "\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670"
_WORD = re.compile(rf"[^\W\d_](?:[^\W\d_]|[{_VOWEL_SIGNS}])*|\d+")
_INVISIBLE = dict.fromkeys(
    (0x00AD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF)
)
_ONE_LETTER = str.maketrans({0x131: "i", 0x649: 0x64A, 0x629: 0x647, 0x640: None})
"""Letters that are typed one for the other: Turkish i, Arabic ya and ta, and the stretched line."""
_AROUND_WORDS: Final = " \t\r\n.,;:!-–—_/\\|#'’\"«»()[]\u060c\u061b\u061f\u00a0\u202f"


def _plain(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word)
    letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    return letters.casefold().translate(_ONE_LETTER)


def _listed(phrases: str) -> Iterator[tuple[str, ...]]:
    """Phrases separated by commas, in plain form, as words."""
    for phrase in phrases.split(","):
        yield tuple(_plain(word) for word in _WORD.findall(phrase))


def _by_phrase(words: vocabulary.Words) -> dict[tuple[str, ...], Intent]:
    """Raises ValueError where one phrase would mean two things."""
    found: dict[tuple[str, ...], Intent] = {}
    for intent, by_language in words.items():
        for phrases in by_language.values():
            for phrase in _listed(phrases):
                if found.setdefault(phrase, Intent(intent)) != intent:
                    raise ValueError(f"{' '.join(phrase)}: {found[phrase]} and {intent}")
    return found


_MUST_BE_ALONE: Final = _by_phrase(vocabulary.ALONE)
_PHRASES: Final = _by_phrase(vocabulary.OPENINGS) | _MUST_BE_ALONE
_LONGEST_PHRASE: Final = max(len(phrase) for phrase in _PHRASES)
_MISTYPED: Final = {
    phrase[0]: intent
    for intent, by_language in vocabulary.OPENINGS.items()
    for phrase in _listed(by_language.get("fr", ""))
    if intent != "stop" and len(phrase) == 1
}
"""French words that are understood with a slip of the finger as well; never what silences."""
_LONG_WORD: Final = 5
"""Letters from which one that is wrong, missing or too many leaves no doubt."""
_GREETINGS: Final = frozenset(
    word for listed in vocabulary.GREETINGS.values() for (word,) in _listed(listed)
)
_TURNED_ROUND: Final[Mapping[Intent, re.Pattern[str]]] = {
    Intent(intent): re.compile(rf"\b(?:{'|'.join(by_language.values())})\b")
    for intent, by_language in vocabulary.TURNED_ROUND.items()
}
_MARK_NAMES: Final = frozenset(_listed(vocabulary.MARK_NAMES))
_OUT_OF_TEN: Final = "|".join(r"\s+".join(words) for words in _listed(vocabulary.OUT_OF_TEN))
_MARK: Final = re.compile(
    r"(?P<before>[^\d+\u2212-]*)(?P<mark>10|\d)"
    rf"(?P<out_of_ten>\s*(?:/|\b(?:{_OUT_OF_TEN})\b)\s*10)?(?!\d)"
    r"(?P<after>\D*)"
)
_SENTENCE_MARKS: Final = (".", ",", ";", ":", "!", "?", "\n", "–", "—", "-", "\u060c", "\u061f")


def understand(body: str) -> Understood:
    """Read a message, whatever its case, accents, spaces and punctuation. Never raises.

    NON is never a STOP, CANCEL and ANNULER are never one either (Twilio's own list says CANCEL is:
    its Messaging Service must have it removed).
    """
    body = unicodedata.normalize("NFC", body.translate(_INVISIBLE))
    words = list(_words(body))
    first = _after_greetings(words)
    code, first = _code_at(words, first)
    phrase = _phrase_at(words, first)
    if not phrase:
        return Understood(Intent.UNKNOWN, code, body.strip())
    intent = _PHRASES[phrase]
    following = first + len(phrase)
    if code is None:
        code, following = _code_at(words, following)
    rest = [word.plain for word in words[following:]]
    if _is_doubtful(phrase, intent, rest):
        return Understood(Intent.UNKNOWN, code, body.strip())
    end = words[following - 1].end
    return Understood(intent, code, body[end:].strip(_AROUND_WORDS))


def mark_of(body: str) -> int | None:
    """The mark from 0 to 10 that a message is, « 9 », « 8/10 très bien », « Note : 7 »; else None.

    Whether a mark was asked for is for the caller to know. What could be an hour, a count or a
    code is none: beside the mark stand polite words alone, or a sentence of its own after it; a
    mark « out of ten » leaves no doubt, whatever is said of it.
    """
    digits = (str(unicodedata.decimal(char, char)) for char in _plain(body.translate(_INVISIBLE)))
    found = _MARK.fullmatch("".join(digits))
    if found is None:
        return None
    before = tuple(word for word in _WORD.findall(found["before"]) if word not in _GREETINGS)
    after = _WORD.findall(found["after"])
    is_apart = bool(found["out_of_ten"]) or found["after"].lstrip(" ").startswith(_SENTENCE_MARKS)
    if (before and before not in _MARK_NAMES) or not (is_apart or _GREETINGS.issuperset(after)):
        return None
    return int(found["mark"])


def _words(body: str) -> Iterator[_Word]:
    for match in _WORD.finditer(body):
        yield _Word(_plain(match.group()), match.end())


def _after_greetings(words: Sequence[_Word]) -> int:
    """Where the message begins; a greeting that opens a phrase (« merci d’annuler ») is kept."""
    first = 0
    while first < len(words) and words[first].plain in _GREETINGS:
        if _phrase_at(words, first):
            break
        first += 1
    return first


def _phrase_at(words: Sequence[_Word], start: int) -> tuple[str, ...]:
    """The longest phrase that stands there; empty when there is none."""
    for length in range(_LONGEST_PHRASE, 0, -1):
        phrase = tuple(word.plain for word in words[start : start + length])
        if phrase in _PHRASES:
            return phrase
    meant = _with_a_slip(words[start].plain) if start < len(words) else None
    return () if meant is None else (meant,)


def _with_a_slip(word: str) -> str | None:
    """The word that was meant: « ouii », « anuler »; None where none is that near."""
    if word in _GREETINGS:
        return None
    for known in _MISTYPED:
        if word.rstrip(word[-1]) == known.rstrip(known[-1]) and word[-1] == known[-1] != word:
            return known
        if min(len(word), len(known)) >= _LONG_WORD and _is_one_letter_off(word, known):
            return known
    return None


def _is_one_letter_off(word: str, known: str) -> bool:
    """Whether one letter is wrong, missing or too many, after the first, which is as it should."""
    shorter, longer = sorted((word, known), key=len)
    same = 0
    while same < len(shorter) and shorter[same] == longer[same]:
        same += 1
    if same == 0:
        return False
    if len(shorter) == len(longer):
        return shorter[same + 1 :] == longer[same + 1 :]
    return shorter[same:] == longer[same + 1 :]


def _code_at(words: Sequence[_Word], start: int) -> tuple[str | None, int]:
    """A code that stands there, « n° » or « code » before it or not, and where the rest begins."""
    position = start
    while position < len(words) and words[position].plain in _CODE_MARKS:
        position += 1
    if position < len(words):
        digits = words[position].plain
        if len(digits) == _CODE_DIGITS and digits.isdecimal():
            return "".join(str(unicodedata.decimal(digit)) for digit in digits), position + 1
    return None, start


def _is_doubtful(phrase: tuple[str, ...], intent: Intent, rest: Sequence[str]) -> bool:
    if phrase in _MUST_BE_ALONE:
        return not _GREETINGS.issuperset(rest)
    turned = _TURNED_ROUND.get(intent)
    return turned is not None and turned.search(" ".join(rest)) is not None
