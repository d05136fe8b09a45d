"""The SMS that were not understood by themselves: read, answered, linked to a request, called."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import phones
from dispatcher.domain.errors import InvalidError, RefusedError
from dispatcher.domain.openings import Way
from dispatcher.domain.roles import Role
from dispatcher.domain.states import in_words
from dispatcher.reads.board import BoardRequest, board_requests, closed_requests
from dispatcher.reads.inbox import Conversation, inbox
from dispatcher.services.inbox import (
    LONGEST_ANSWER,
    answer_message,
    handle_messages,
    link_message,
    preview_answer,
)
from dispatcher.services.openings import opened_requests
from dispatcher.web import searches
from dispatcher.web.access import allow, house, viewer
from dispatcher.web.board_columns import matches
from dispatcher.web.posted import id_in, posted_id, the_posted_id
from dispatcher.web.wording import Wording, person

room = Blueprint("inbox", __name__, url_prefix="/messages-recus")
SEE_OTHER = 303
MOST_FOUND = 8
NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the forms of one conversation, and what is wrong with it."""

    message_id: UUID | None = None
    words: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    sentence: str = ""
    """What is wrong with something else than a field."""
    query: str | None = None
    """What is looked for among the requests; None while nothing is."""


@room.get("")
@allow(Role.REGULATOR)
def messages() -> ResponseReturnValue:
    """The conversations that wait, the longest waiting first, and what was looked for for one."""
    message_id = id_in(request.args.get("message", ""))
    if message_id is None or searches.FIELD not in request.args:
        return _page(Typed())
    return _page(Typed(message_id, query=searches.opened(request.args.get(searches.FIELD, ""))))


@room.post("/chercher")
@allow(Role.REGULATOR)
def search() -> ResponseReturnValue:
    """Look for the request that a conversation is about."""
    message_id = the_posted_id("message")
    if message_id not in {said.last_id for said in inbox(house().db, viewer().territory_id)}:
        flash("Ce message a été traité entre-temps.", "info")
        return _to_the_page()
    asked: dict[str, Any] = {
        "message": message_id,
        searches.FIELD: searches.sealed(searches.typed(request.form.get("q", ""))),
    }
    page = url_for("inbox.messages", **asked)
    return redirect(f"{page}#conversation-{message_id}", SEE_OTHER)


@room.post("/<uuid:message_id>/traiter")
@allow(Role.REGULATOR)
def handle(message_id: UUID) -> ResponseReturnValue:
    """Take a conversation out of the list, up to the message that was on the page."""
    if handle_messages(house(), viewer(), message_id):
        flash("Message marqué comme traité.", "success")
    else:
        flash("Ce message avait déjà été traité.", "info")
    return _to_the_page()


@room.post("/<uuid:message_id>/repondre")
@allow(Role.REGULATOR)
def answer(message_id: UUID) -> ResponseReturnValue:
    """Answer by SMS; what is refused stands in the form as it was typed."""
    words = request.form.get("words", "")
    confirmed = bool(request.form.get("confirm"))
    try:
        answer_message(house(), viewer(), message_id, words, confirmed=confirmed)
    except InvalidError as invalid:
        return _page(Typed(message_id, words, invalid.fields)), invalid.status
    except RefusedError as refused:
        return _page(Typed(message_id, words, sentence=refused.sentence)), refused.status
    flash("Réponse envoyée, message traité.", "success")
    return _to_the_page()


@room.post("/<uuid:message_id>/compter")
@allow(Role.REGULATOR)
def count(message_id: UUID) -> ResponseReturnValue:
    """The part under the answer that says what it costs; asked for while somebody types."""
    words = request.form.get("words", "")
    return render_template("desk/_answer_cost.html", cost=_cost(message_id, words))


@room.post("/<uuid:message_id>/rattacher")
@allow(Role.REGULATOR)
def link(message_id: UUID) -> ResponseReturnValue:
    """Say of which request a conversation is."""
    request_id = posted_id("request")
    if request_id is None:
        raise InvalidError({"request": "Choisissez une demande de la liste."})
    try:
        link_message(house(), viewer(), message_id, request_id)
    except RefusedError as refused:
        if refused.status == NOT_FOUND:
            raise
        return _page(Typed(message_id, sentence=refused.sentence)), refused.status
    flash("Message rattaché à la demande.", "success")
    return _to_the_page()


def _to_the_page() -> ResponseReturnValue:
    return redirect(url_for("inbox.messages"), SEE_OTHER)


def _page(typed: Typed) -> str:
    account = viewer()
    wording = Wording.of(house(), account)
    found = inbox(house().db, account.territory_id)
    shown = {said.last_id for said in found}
    told_of = {each.request_id for each in found if each.request_id}
    opened_requests(house(), account.actor, Way.INBOX, told_of)
    return render_template(
        "desk/inbox.html",
        conversations=[_conversation(each, wording, typed) for each in found],
        longest=LONGEST_ANSWER,
        # Somebody else was faster: the conversation is gone, what was typed is not.
        orphan=typed if typed.message_id and typed.message_id not in shown else None,
    )


def _conversation(found: Conversation, wording: Wording, typed: Typed) -> dict[str, Any]:
    phone = phones.normalise(found.phone, "FR").display()
    who = person(*found.patient) if found.patient else found.practitioner_name
    own = typed if typed.message_id == found.last_id else Typed()
    return {
        "last_id": found.last_id,
        "who": who or phone,
        "is_practitioner": not found.patient and found.practitioner_name is not None,
        "phone": phone,
        "phone_uri": f"tel:{found.phone}",
        "asks_call": found.asks_call,
        "stopped": wording.moment(found.stopped_since) if found.stopped_since else "",
        "request_url": (
            url_for("desk.request_page", request_id=found.request_id) if found.request_id else ""
        ),
        "code": found.request_code,
        "said": [
            {
                "direction": said.direction,
                "body": said.body,
                "status": said.status,
                "at": wording.moment(said.at),
                "is_waiting": said.is_waiting,
            }
            for said in found.said
        ],
        "typed": own,
        "cost": _cost(found.last_id, own.words),
        "found": None if own.query is None else _requests(own.query, wording),
    }


def _cost(message_id: UUID, words: str) -> dict[str, Any]:
    preview = preview_answer(house(), viewer(), message_id, words)
    return {
        "id": message_id,
        "encoding": preview.encoding,
        "characters": preview.characters,
        "segments": preview.segments,
        "health_word": preview.health_word,
        "left": LONGEST_ANSWER - len(" ".join(words.split())),
    }


def _requests(query: str, wording: Wording) -> list[dict[str, Any]]:
    """The territory's live requests and those closed lately, by code, name or telephone."""
    if not query:
        return []
    account, db = viewer(), house().db
    known = [
        *board_requests(db, account.territory_id, wording.now),
        *closed_requests(db, account.territory_id, wording.now),
    ]
    found = [each for each in known if matches(each, query)][:MOST_FOUND]
    opened_requests(house(), account.actor, Way.SEARCH, [each.id for each in found])
    return [_request(each, wording) for each in found]


def _request(found: BoardRequest, wording: Wording) -> dict[str, Any]:
    return {
        "id": found.id,
        "code": found.code,
        "who": person(found.first_name, found.last_name),
        "about": f"{wording.profession(found.profession)}, {wording.moment(found.asked_at)}",
        "status": in_words(found.status),
    }
