"""The form of an SMS's text: placeholders by their French names, and what the text would cost."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from unicodedata import category
from zoneinfo import ZoneInfo

from config.sms_texts import SHAPES, FaultKind, faults_of, fill
from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.gsm import ALPHABET, Encoded, Encoding, encode, room
from dispatcher.domain.messages import MessageKind
from dispatcher.services.commands import WRITTEN_CONTROLS
from dispatcher.services.own_texts import PLACEHOLDERS, in_words, normalised
from dispatcher.web.timeline import MESSAGE_KINDS
from dispatcher.web.wording import plain

TOLD: Final[Mapping[str, str]] = {
    "sender": "le nom du territoire",
    "day": f"«{NBSP}mardi 24{NBSP}novembre{NBSP}»",
    "time": f"«{NBSP}à 14{NBSP}h{NBSP}30{NBSP}», «{NBSP}entre 14{NBSP}h et 18{NBSP}h{NBSP}»",
    "address": "première ligne de l’adresse, commune",
    "phone": "le téléphone du territoire",
    "link": "l’adresse de la page qui montre le reste",
    "code": "les quatre chiffres de la demande",
    "choices": "les demandes entre lesquelles choisir",
    "answer": "le mot à renvoyer avec le numéro",
    "reason": "pourquoi une heure ne convient pas",
    "count": "le nombre de rendez-vous",
    "delay": "le retard annoncé",
    "words": "ce que la régulation a écrit",
}
"""What each placeholder becomes, for whoever places it."""
ENCODINGS: Final[Mapping[Encoding, str]] = {
    Encoding.GSM_7: f"alphabet des SMS, GSM{NBSP}7",
    Encoding.UCS_2: f"alphabet étendu, UCS{NBSP}2",
}
_CODES: Final = {plain(shown): code for code, shown in PLACEHOLDERS.items()}
_BRACED: Final = re.compile(r"\{[ \u00a0]*([^\W\d_]+)[ \u00a0]*\}")
_AFTERNOON: Final = time(14, 30)
_NAMED_AT_MOST: Final = 6


@dataclass(frozen=True, slots=True)
class Preview:
    """A text as it would leave, in an example, and what that costs."""

    faults: list[str]
    """What keeps it from being used, a sentence each."""
    body: str
    """Empty where it cannot be filled in."""
    size: str
    encoding: str
    price: str
    """Empty where the price of an SMS is not known."""
    remarks: list[str]


def shown(text: str) -> str:
    """The text with the placeholders' French names: « {jour} » for « {day} »."""
    return _BRACED.sub(lambda found: f"{{{PLACEHOLDERS.get(found[1], found[1])}}}", text)


def stored(text: str) -> str:
    """The text as it is kept; accents, capitals and spaces of a French name may be missing.

    A name that is none stays as it was typed: the service says so.
    """
    return normalised(
        _BRACED.sub(lambda found: f"{{{_CODES.get(plain(found[1]), found[1])}}}", text)
    )


def showable(typed: str) -> str:
    """What was typed, without the control characters that no page may hold."""
    return "".join(char for char in typed if char in WRITTEN_CONTROLS or category(char) != "Cc")


def title(kind: str) -> str:
    """« Confirmation du rendez-vous »."""
    name = MESSAGE_KINDS[MessageKind(kind)]
    return name[:1].upper() + name[1:]


def placeholders(kind: str) -> list[dict[str, str | bool]]:
    """Those of a kind, those it needs first."""
    shape = SHAPES[kind]
    ordered = [name for name in PLACEHOLDERS if name in shape.required]
    ordered += [name for name in PLACEHOLDERS if name in shape.optional]
    return [
        {
            "name": f"{{{PLACEHOLDERS[name]}}}",
            "told": TOLD[name],
            "is_needed": name in shape.required,
        }
        for name in ordered
    ]


def tomorrow_afternoon(now: datetime, zone: ZoneInfo) -> datetime:
    """When the appointment of the example is."""
    tomorrow = calendar.local_day(now, zone) + timedelta(days=1)
    return calendar.wall_instant(tomorrow, _AFTERNOON, zone)


def preview(
    kind: str,
    language: str,
    text: str,
    default: str,
    values: Mapping[str, str],
    cents: float | None,
) -> Preview:
    """A stored text beside the house's own. `cents` is what a segment costs, None if unknown."""
    faults = faults_of(kind, language, text)
    sentences = in_words(faults)
    if any(fault.kind in {FaultKind.UNKNOWN, FaultKind.EMPTY} for fault in faults):
        return Preview(sentences, "", "", "", "", [])
    sent, usual = filled(kind, text, values), filled(kind, default, values)
    return Preview(
        faults=sentences,
        body=sent.text,
        size=_size(sent),
        encoding=ENCODINGS[sent.encoding],
        price="" if cents is None else _price(sent.segments * cents),
        remarks=_remarks(sent, usual),
    )


def filled(kind: str, text: str, values: Mapping[str, str]) -> Encoded:
    """A stored text as it would leave in the example."""
    return encode(fill(kind, text, {name: values[name] for name in SHAPES[kind].allowed}))


def segments(count: int) -> str:
    """« 2 SMS »."""
    return f"{count}{NBSP}SMS"


def _size(sent: Encoded) -> str:
    left = room(sent.encoding, sent.segments) - sent.characters
    spare = f", encore {left}{NBSP}avant le suivant" if left > 0 else ""
    return f"{segments(sent.segments)}, {sent.characters}{NBSP}caractères{spare}"


def _price(cents: float) -> str:
    """« environ 15,2 centimes »."""
    said = f"{cents:.1f}".rstrip("0").rstrip(".").replace(".", ",")
    return f"environ {said}{NBSP}centime{'s' if cents >= 2 else ''}"  # noqa: PLR2004 - French plural


def _remarks(sent: Encoded, usual: Encoded) -> list[str]:
    remarks = []
    if sent.segments > usual.segments:
        remarks.append(
            f"{segments(sent.segments)} au lieu de {usual.segments} avec le texte par défaut."
        )
    if sent.encoding is Encoding.UCS_2 and usual.encoding is Encoding.GSM_7:
        beyond = list(dict.fromkeys(char for char in sent.text if char not in ALPHABET))
        named = " ".join(beyond[:_NAMED_AT_MOST])
        remarks.append(
            f"Ces caractères imposent l’alphabet étendu, deux fois plus cher{NBSP}: {named}"
        )
    return remarks
