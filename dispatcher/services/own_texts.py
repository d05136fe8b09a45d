"""A territory's own texts of SMS: checked before they are kept, used from then on."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

from config.sms_texts import SHAPES, Fault, FaultKind, faults_of
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError
from dispatcher.domain.events import TextChanged
from dispatcher.domain.roles import Account
from dispatcher.services.commands import ChangeText
from dispatcher.services.house import House
from dispatcher.storage.engines import queue_on
from dispatcher.storage.own_texts import OwnText

PLACEHOLDERS: Final[Mapping[str, str]] = {
    "sender": "territoire",
    "day": "jour",
    "time": "heure",
    "address": "adresse",
    "phone": "téléphone",
    "link": "lien",
    "code": "numéro",
    "choices": "choix",
    "answer": "réponse",
    "reason": "raison",
    "count": "nombre",
    "delay": "retard",
    "words": "message",
}
"""What people call the placeholders of `config.sms_texts`."""


class EditedMeanwhileError(RefusedError):
    """Somebody else changed the text after the page was shown."""

    def __init__(self) -> None:
        super().__init__(
            "edited-meanwhile",
            "Quelqu’un d’autre a modifié ce texte pendant que vous l’écriviez. Rien n’a été"
            " enregistré.",
        )


def change_text(house: House, account: Account, command: ChangeText) -> bool:
    """Use this wording for a message from now on; the house's own, to go back to it.

    `command.base` is the digest of the text that was in force when its author began. Returns
    whether anything changed. Raises NotFoundError for a message that is not sent in that language,
    InvalidError on `text`, EditedMeanwhileError.
    """
    kind, language = command.kind, command.language
    if kind not in SHAPES or language not in SHAPES[kind].languages:
        raise NotFoundError
    default = house.texts.of(kind, language)
    text = normalised(command.text)
    if faults := faults_of(kind, language, text):
        raise InvalidError({"text": " ".join(in_words(faults))})
    with house.db.transaction(account.territory_id, account.actor) as unit:
        queue_on(unit.session, f"{account.territory_id}/{kind}/{language}")
        own = unit.session.get(OwnText, (account.territory_id, language, kind))
        in_force = default if own is None else own.text
        if text == in_force:
            return False
        if digest(in_force) != command.base:
            raise EditedMeanwhileError
        if text == default:
            unit.session.delete(own)
        elif own is not None:
            own.text, own.changed_at = text, unit.now
        else:
            key = {"territory_id": unit.territory_id, "kind": kind, "language": language}
            unit.session.add(OwnText(**key, text=text, changed_at=unit.now))
        unit.record(TextChanged(message_kind=kind, language=language, is_default=text == default))
    return True


def digest(text: str) -> str:
    """What tells one version of a text from another."""
    return hashlib.sha256(text.encode()).hexdigest()


def normalised(text: str) -> str:
    """As it is kept: a browser ends lines by two characters, and leaves some at the end."""
    return text.replace("\r\n", "\n").strip()


def in_words(faults: Iterable[Fault]) -> list[str]:
    """A sentence for each fault, for whoever wrote the text."""
    return [_in_words(fault) for fault in faults]


def _in_words(fault: Fault) -> str:
    match fault.kind:
        case FaultKind.EMPTY:
            return "Écrivez un texte, ou revenez au texte par défaut."
        case FaultKind.BRACE:
            return "Une accolade entoure toujours un repère de la liste, écrit en minuscules."
        case FaultKind.UNKNOWN:
            return f"Ce message ne peut pas dire {_placeholders(fault)}{NBSP}: retirez ce repère."
        case FaultKind.LOST:
            return f"Il manque {_placeholders(fault)}{NBSP}: ce message doit le dire."
        case FaultKind.ABOUT_HEALTH:
            return (
                f"«{NBSP}{fault.names[0]}{NBSP}» en dit trop{NBSP}: un SMS peut être lu par"
                " d’autres, il ne nomme ni motif, ni profession, ni lieu de soins."
            )
        case FaultKind.WITHOUT_15:
            return f"Gardez le{NBSP}15, à appeler en cas d’aggravation."
        case FaultKind.NO_SUCH_MESSAGE:
            raise NotFoundError


def _placeholders(fault: Fault) -> str:
    """« {jour} et {heure} »."""
    *first, last = (f"{{{PLACEHOLDERS.get(name, name)}}}" for name in fault.names)
    return f"{', '.join(first)} et {last}" if first else last
