"""The inbox: what was received and not understood, until a regulator has dealt with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select, update

from config.sms_leaks import about_health
from config.sms_texts import fill
from dispatcher.domain import gsm
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError, TransitionError
from dispatcher.domain.events import MessageHandled, MessageLinked
from dispatcher.domain.inbound import Intent
from dispatcher.domain.languages import Language
from dispatcher.domain.messages import MessageKind
from dispatcher.domain.roles import Account
from dispatcher.domain.states import LIVE_REQUESTS, Attention
from dispatcher.reads.own_texts import own_texts, text_in_force
from dispatcher.services.attention import put_in_front
from dispatcher.services.house import House
from dispatcher.services.notices import language_of_number, reply, shown_phone
from dispatcher.services.requests import lock_request
from dispatcher.storage.messages import Message, OptOut
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit

BY_MESSAGE = (Attention.MESSAGE, Attention.CALL_BACK)
"""Why a request stands in front of the regulator while one of its messages is not dealt with."""
LONGEST_ANSWER = 300
"""Characters: with sender and telephone, three segments of GSM-7 at most."""
DEALT_WITH = "Quelqu’un a déjà traité ce message."
SAID_STOP = f"Ce numéro a envoyé STOP{NBSP}: il ne reçoit plus de SMS. Appelez-le."


@dataclass(frozen=True, slots=True)
class Preview:
    """An answer as it would leave: its whole text, and what it costs."""

    text: str
    encoding: str
    characters: int
    segments: int
    health_word: str | None
    """A word that says something about health, in its plain form."""


def handle_messages(house: House, account: Account, message_id: UUID) -> int:
    """Note that a message and those before it from the same number were dealt with.

    What came from there since stays in the inbox. Returns how many were still waiting: none when
    somebody else was faster. Raises NotFoundError.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        return _handle(unit, _received(unit, message_id))


def answer_message(
    house: House, account: Account, message_id: UUID, words: str, *, confirmed: bool = False
) -> None:
    """Answer by SMS what a number wrote, once; that deals with it and with what came before it.

    Raises NotFoundError; InvalidError on `words`: none, too many, or some about health that were
    not `confirmed`; TransitionError when somebody dealt with it, or the number said STOP.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        message = _received(unit, message_id)
        phone = unit.cipher.open("messages.phone", message.id, message.phone)
        words = _checked(words, language_of_number(unit, phone), confirmed=confirmed)
        if message.handled_at is not None:
            raise TransitionError(DEALT_WITH)
        if _stopped(unit, phone):
            raise TransitionError(SAID_STOP)
        is_practitioner = message.practitioner_id is not None or _is_practitioner(unit, phone)
        to_role = "practitioner" if is_practitioner else "patient"
        reply(house, unit, message, phone, MessageKind.REGULATOR_ANSWER, to_role, words=words)
        _handle(unit, message)


def preview_answer(house: House, account: Account, message_id: UUID, words: str) -> Preview:
    """The SMS that `answer_message` would send; writes nothing. Raises NotFoundError."""
    with house.db.reading() as session:
        message = session.scalars(_of_territory(account.territory_id, message_id)).one_or_none()
        if message is None:
            raise NotFoundError
        unit = Unit(session, house.db.cipher, account.territory_id, account.actor, house.clock())
        phone = unit.cipher.open("messages.phone", message.id, message.phone)
        language = language_of_number(unit, phone)
        territory = session.get_one(Territory, account.territory_id)
        kind = MessageKind.REGULATOR_ANSWER
        own = own_texts(session, account.territory_id, [kind])
    said = " ".join(words.split())
    values = {
        "sender": territory.name,
        "phone": shown_phone(territory.phone, territory.department),
        "words": said or "…",
    }
    wording = text_in_force(house.texts, own, kind, house.texts.language_for(kind, language))
    text = gsm.encode(fill(kind, wording, values))
    return Preview(
        text=text.text,
        encoding=text.encoding,
        characters=text.characters,
        segments=text.segments,
        health_word=about_health(said, language),
    )


def link_message(house: House, account: Account, message_id: UUID, request_id: UUID) -> None:
    """Say of which request a number's waiting messages are: it stands before the regulator by them.

    Raises NotFoundError: no such message, or no such request of the territory; TransitionError when
    somebody dealt with it.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        message = _received(unit, message_id)
        request = lock_request(unit, request_id)
        linked = unit.session.scalars(
            select(Message).where(_waiting_with(message)).with_for_update()
        ).all()
        if not linked:
            raise TransitionError(DEALT_WITH)
        before = {each.request_id for each in linked} - {None, request_id}
        for each in linked:
            each.request_id, each.updated_at = request_id, unit.now
            unit.record(MessageLinked(message_id=each.id, request_id=request_id))
        unit.session.flush()
        for other in sorted(each for each in before if each is not None):
            _calm(unit, other)
        if request.status in LIVE_REQUESTS:
            put_in_front(unit, request, _attention(linked))


def _attention(messages: Sequence[Message]) -> Attention:
    if any(each.kind == Intent.CALL_BACK for each in messages):
        return Attention.CALL_BACK
    return Attention.MESSAGE


def _received(unit: Unit, message_id: UUID) -> Message:
    """The message, locked. Raises NotFoundError."""
    query = _of_territory(unit.territory_id, message_id)
    found: Message | None = unit.session.scalars(query.with_for_update()).one_or_none()
    if found is None:
        raise NotFoundError
    return found


def _of_territory(territory_id: UUID, message_id: UUID) -> Select[Message]:
    return select(Message).where(
        Message.id == message_id,
        Message.territory_id == territory_id,
        Message.direction == "in",
    )


def _waiting_with(message: Message) -> ColumnElement[bool]:
    """That message and those before it from the same number, as far as nobody dealt with them."""
    return and_(
        Message.territory_id == message.territory_id,
        Message.direction == "in",
        Message.phone_hash == message.phone_hash,
        Message.handled_at.is_(None),
        Message.created_at <= message.created_at,
    )


def _handle(unit: Unit, message: Message) -> int:
    handled = unit.session.execute(
        update(Message)
        .where(_waiting_with(message))
        .values(handled_at=unit.now, updated_at=unit.now)
        .returning(Message.id, Message.request_id)
    ).all()
    for row in handled:
        unit.record(MessageHandled(message_id=row.id, request_id=row.request_id))
    for request_id in sorted({row.request_id for row in handled if row.request_id}):
        _calm(unit, request_id)
    return len(handled)


def _checked(words: str, language: Language, *, confirmed: bool) -> str:
    """The words on one line, as they may leave. Raises InvalidError."""
    said = " ".join(words.split())
    if not said:
        raise InvalidError({"words": "Écrivez votre réponse."})
    if len(said) > LONGEST_ANSWER:
        raise InvalidError(
            {"words": f"Écrivez {LONGEST_ANSWER} caractères au plus{NBSP}; il y en a {len(said)}."}
        )
    found = about_health(said, language)
    if found is not None and not confirmed:
        raise InvalidError(
            {
                "words": f"«{NBSP}{found}{NBSP}» dit quelque chose de la santé{NBSP}: un SMS peut"
                " être lu par d’autres. Reformulez, ou cochez la case pour l’envoyer ainsi."
            }
        )
    return said


def _stopped(unit: Unit, phone: str) -> bool:
    hashes = unit.cipher.hashes(phone)
    query = select(OptOut.since).where(
        OptOut.territory_id == unit.territory_id, OptOut.phone_hash.in_(hashes)
    )
    return unit.session.scalars(query).first() is not None


def _is_practitioner(unit: Unit, phone: str) -> bool:
    query = select(Practitioner.id).where(
        Practitioner.territory_id == unit.territory_id, Practitioner.phone == phone
    )
    return unit.session.scalars(query.limit(1)).first() is not None


def _calm(unit: Unit, request_id: UUID) -> None:
    """Nothing is asked of the regulator any more, unless another message waits."""
    request = lock_request(unit, request_id)
    waiting = unit.session.scalar(
        select(Message.id)
        .where(
            Message.request_id == request_id,
            Message.direction == "in",
            Message.handled_at.is_(None),
        )
        .limit(1)
    )
    if request.attention in BY_MESSAGE and waiting is None:
        request.attention = None
        request.updated_at = unit.now
