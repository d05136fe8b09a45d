"""The demonstration's telephone and mailbox: what would have left as SMS or e-mail, and answers.

Served by `./snp demo` alone, which listens on this machine's loopback address and holds fictitious
people only: hence open to everybody and without form tokens.
"""

import dataclasses
import uuid
from collections.abc import Mapping
from io import BytesIO
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from flask import Blueprint, jsonify, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field, StringConstraints
from werkzeug.http import HTTP_STATUS_CODES

from dispatcher.domain import calendar, phones
from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError
from dispatcher.gateways.demo_mailbox import DemonstrationMailbox
from dispatcher.gateways.demo_phone import DEMONSTRATION_NUMBER, DemonstrationTelephone
from dispatcher.gateways.sms import OutgoingSms
from dispatcher.reads.contacts import contacts_of_every_territory
from dispatcher.services.commands import Shape, ShortText
from dispatcher.services.parsing import parse_json
from dispatcher.services.receiving import receive_message
from dispatcher.web import strangers
from dispatcher.web.access import house, open_to_everybody
from dispatcher.web.live import LiveState, fragment

room = Blueprint("demo", __name__, url_prefix="/demo")
WHY = "a demonstration has no secrets: fictitious people, on this machine alone"
EVERY_MESSAGE = 1_000_000
SHOWN = 400
"""How many messages a page shows."""
EVERY = 2000
"""Milliseconds between two looks into the mailbox."""
PARIS = ZoneInfo("Europe/Paris")
LONGEST_SMS = 1600
"""Characters: what Twilio takes and hands over."""
STRANGER = "Ce numéro n’est connu d’aucun territoire : rien n’a été modifié."
CREATED = 201


class InboundSms(Shape):
    """An SMS as if a telephone had sent it."""

    sender: ShortText = Field(alias="from")
    body: Annotated[str, StringConstraints(max_length=LONGEST_SMS)]


@room.get("/telephone")
@open_to_everybody(WHY)
def telephone() -> ResponseReturnValue:
    """Every number's conversation, as telephones would show them."""
    return render_template(
        "demo/telephone.html",
        contacts=_contacts(),
        contacts_url=url_for("demo.contacts"),
        messages_url=url_for("demo.messages", limit=SHOWN),
        inbound_url=url_for("demo.inbound"),
    )


@room.get("/messages.json")
@open_to_everybody(WHY)
def messages() -> ResponseReturnValue:
    """Every SMS in the order in which it came; with `limit`, the latest."""
    limit = request.args.get("limit", EVERY_MESSAGE, type=int)
    answer = jsonify(_telephone().messages(min(max(limit, 0), EVERY_MESSAGE)))
    answer.add_etag()
    return answer.make_conditional(request)


@room.get("/contacts.json")
@open_to_everybody(WHY)
def contacts() -> ResponseReturnValue:
    """Whose numbers they are."""
    return jsonify(_contacts())


@room.post("/inbound")
@open_to_everybody(WHY)
def inbound() -> ResponseReturnValue:
    """An SMS from a number, taken as the webhook takes it; `known` is false for a stranger's."""
    sms = parse_json(InboundSms, request.get_data())
    try:
        phone = phones.normalise(sms.sender, "FR").e164
    except phones.NotAPhone as error:
        raise InvalidError({"from": error.sentence}) from None
    sid = _telephone().receive(phone, DEMONSTRATION_NUMBER, sms.body)
    known = receive_message(house(), phone, sms.body, sid)
    if not known and (answer := strangers.answer_to(phone, sms.body)):
        _telephone().send(OutgoingSms(uuid.uuid4(), phone, answer, ""))
    detail = "" if known else STRANGER
    return jsonify(sid=sid, known=known, detail=detail), CREATED


@room.get("/courrier")
@open_to_everybody(WHY)
def mailbox() -> ResponseReturnValue:
    """Every e-mail, the newest first."""
    state, shown = _letters()
    return render_template(
        "demo/mailbox.html",
        live_url=url_for("demo.mailbox_live"),
        live_etag=state.etag,
        live_every=state.every,
        **shown,
    )


@room.get("/courrier/suite")
@open_to_everybody(WHY)
def mailbox_live() -> ResponseReturnValue:
    """The part that renews itself."""
    state, shown = _letters()
    return fragment(state, lambda: render_template("demo/_mailbox_live.html", **shown))


@room.get("/courrier/<int:number>/piece-jointe")
@open_to_everybody(WHY)
def attachment(number: int) -> ResponseReturnValue:
    """The file that came with an e-mail."""
    found = _mailbox().attachment(number)
    if found is None:
        raise NotFoundError
    return send_file(
        BytesIO(found.content),
        mimetype=found.media_type,
        as_attachment=True,
        download_name=found.name,
    )


@room.errorhandler(RefusedError)
def _problem(refusal: RefusedError) -> ResponseReturnValue:
    """RFC 9457, in the API's shape; the page shows `detail`."""
    problem: dict[str, object] = {
        "type": "about:blank",
        "title": HTTP_STATUS_CODES[refusal.status],
        "code": refusal.code,
        "status": refusal.status,
        "detail": refusal.sentence,
    }
    if isinstance(refusal, InvalidError):
        problem["detail"] = " ".join(refusal.fields.values())
        problem["errors"] = [
            {"field": field, "message": sentence} for field, sentence in refusal.fields.items()
        ]
    answer = jsonify(problem)
    answer.mimetype = "application/problem+json"
    return answer, refusal.status


def _telephone() -> DemonstrationTelephone:
    found = house().telephone
    if found is None:
        raise NotFoundError
    return found


def _mailbox() -> DemonstrationMailbox:
    found = house().mailbox
    if found is None:
        raise NotFoundError
    return found


def _letters() -> tuple[LiveState, Mapping[str, Any]]:
    emails = _mailbox().emails(SHOWN)
    letters = [
        {
            "id": f"courrier-{email.number}",
            "to": email.to,
            "sender": email.sender_name,
            "subject": email.subject,
            "body": email.body,
            "at": calendar.day_and_hour(email.written_at, PARIS),
            "attachment": email.attachment_name,
            "attachment_url": url_for("demo.attachment", number=email.number),
        }
        for email in emails
    ]
    return LiveState.of([each.number for each in emails], EVERY), {"letters": letters}


def _contacts() -> list[Mapping[str, str]]:
    return [dataclasses.asdict(contact) for contact in contacts_of_every_territory(house().db)]
