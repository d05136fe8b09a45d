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


class Intent(StrEnum):
    """What the sender wants."""

    YES = "yes"
    NO = "no"
    CANCEL = "cancel"
    STOP = "stop"
    START = "start"
    HELP = "help"
    CALL_BACK = "call_back"
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


# All phrases are in plain form: lower case, no accents, apostrophes and hyphens as spaces.
_OPENINGS: Final[dict[str, Intent]] = {
    # The message may go on after these.
    "oui": Intent.YES,
    "ok": Intent.YES,
    "okay": Intent.YES,
    "yes": Intent.YES,
    "نعم": Intent.YES,
    "sim": Intent.YES,
    "evet": Intent.YES,
    "так": Intent.YES,
    "d accord": Intent.YES,
    "je confirme": Intent.YES,
    "confirme": Intent.YES,
    "confirmer": Intent.YES,
    "non": Intent.NO,
    "no": Intent.NO,
    "nan": Intent.NO,
    "annuler": Intent.CANCEL,
    "annule": Intent.CANCEL,
    "annulee": Intent.CANCEL,
    "annulez": Intent.CANCEL,
    "annulation": Intent.CANCEL,
    "cancel": Intent.CANCEL,
    "الغاء": Intent.CANCEL,
    "anular": Intent.CANCEL,
    "iptal": Intent.CANCEL,
    "скасувати": Intent.CANCEL,
    "j annule": Intent.CANCEL,
    "je annule": Intent.CANCEL,
    "merci d annuler": Intent.CANCEL,
    "a annuler": Intent.CANCEL,
    "je dois annuler": Intent.CANCEL,
    "je veux annuler": Intent.CANCEL,
    "je voudrais annuler": Intent.CANCEL,
    "je souhaite annuler": Intent.CANCEL,
    "je prefere annuler": Intent.CANCEL,
    "je suis oblige d annuler": Intent.CANCEL,
    "je suis obligee d annuler": Intent.CANCEL,
    "stop": Intent.STOP,
    "stopall": Intent.STOP,
    "stopsms": Intent.STOP,
    "unsubscribe": Intent.STOP,
    "desabonner": Intent.STOP,
    "desabonnement": Intent.STOP,
    "me desabonner": Intent.STOP,
    "se desabonner": Intent.STOP,
    "desinscrire": Intent.STOP,
    "desinscription": Intent.STOP,
    "me desinscrire": Intent.STOP,
    "rappel": Intent.CALL_BACK,
    "rappeler": Intent.CALL_BACK,
    "rappelez moi": Intent.CALL_BACK,
    "me rappeler": Intent.CALL_BACK,
    "merci de me rappeler": Intent.CALL_BACK,
}

_ALONE: Final[dict[str, Intent]] = {
    # These mean it only when nothing follows: « arrêt de travail » is no STOP.
    "arret": Intent.STOP,
    "arreter": Intent.STOP,
    "arretez": Intent.STOP,
    "arret sms": Intent.STOP,
    "end": Intent.STOP,
    "quit": Intent.STOP,
    "optout": Intent.STOP,
    "opt out": Intent.STOP,
    "revoke": Intent.STOP,
    "fin": Intent.STOP,
    "start": Intent.START,
    "unstop": Intent.START,
    "reprendre": Intent.START,
    "reprise": Intent.START,
    "help": Intent.HELP,
    "aide": Intent.HELP,
    "info": Intent.HELP,
    "infos": Intent.HELP,
    "rappelez": Intent.CALL_BACK,
}

_PHRASES: Final = {tuple(text.split()): intent for text, intent in (_OPENINGS | _ALONE).items()}
_LONGEST_PHRASE: Final = max(len(phrase) for phrase in _PHRASES)
_MUST_BE_ALONE: Final = frozenset(tuple(text.split()) for text in _ALONE)

_GREETING = re.compile(
    r"bonjour|bonsoir|salut|hello|coucou|bjr|bsr|slt|madame|monsieur|mme|mr|docteur|dr"
    r"|merci|svp|stp|cordialement"
)
_CODE_MARKS: Final = frozenset({"code", "n", "no", "num", "numero", "ref", "rdv"})
_CODE_DIGITS: Final = 4

_NEGATION: Final = (
    r"^pas(?! de )|\b(?:ne|n) \w+(?: \w+)? pas\b"
    r"|\b(?:peux|pourrai|viens|viendrai|vais|serai)(?: \w+)? pas\b|\bimpossible\b"
)
# What, after an answer, turns it round: « oui mais j’annule », « ok mais je ne peux pas ».
_CONTRADICTIONS: Mapping[Intent, re.Pattern[str]] = {
    Intent.YES: re.compile(rf"\b(?:non|no|annul\w*|cancel)\b|{_NEGATION}"),
    Intent.NO: re.compile(r"\b(?:oui|ok|annul\w*|cancel)\b"),
    Intent.CANCEL: re.compile(r"\b(?:non|pas|oui|ok|si)\b"),
}

_WORD = re.compile(r"[^\W\d_]+|\d+")
_INVISIBLE = dict.fromkeys((0x00AD, 0x200B, 0x2060, 0xFEFF))
_AROUND_WORDS: Final = " \t\r\n.,;:!-–—_/\\|#'’\"«»()[]\u00a0\u202f"


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


def _words(body: str) -> Iterator[_Word]:
    for match in _WORD.finditer(body):
        yield _Word(_plain(match.group()), match.end())


def _plain(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()


def _after_greetings(words: Sequence[_Word]) -> int:
    """Where the message begins; a greeting that opens a phrase (« merci d’annuler ») is kept."""
    first = 0
    while first < len(words) and _GREETING.fullmatch(words[first].plain):
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
    return ()


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
        return not all(_GREETING.fullmatch(word) for word in rest)
    contradiction = _CONTRADICTIONS.get(intent)
    return contradiction is not None and contradiction.search(" ".join(rest)) is not None
