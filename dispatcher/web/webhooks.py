"""What Twilio tells us: receipts and messages received. A signature is checked before anything."""

import re
import uuid

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from config.logging import get_logger
from dispatcher.gateways.twilio_signature import signature_is_valid
from dispatcher.services.receipts import record_receipt
from dispatcher.services.receiving import receive_message
from dispatcher.web import strangers
from dispatcher.web.access import house, open_to_everybody

room = Blueprint("webhooks", __name__, url_prefix="/twilio")
log = get_logger(__name__)
LARGEST_FORM = 64 * 1024
"""Bytes; the longest SMS is 1,600 characters. More is answered 413, unread."""
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
NO_REPLY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
REPLY = '<?xml version="1.0" encoding="UTF-8"?><Response><Message>{}</Message></Response>'


@room.post("/status")
@open_to_everybody("Twilio's signature")
def status() -> ResponseReturnValue:
    """A receipt. Repeated, late and foreign ones answer 204 as well: Twilio need not insist."""
    form = _signed_form()
    sid = form.get("MessageSid") or form.get("SmsSid")
    said = form.get("MessageStatus") or form.get("SmsStatus")
    if not sid or not said:
        abort(400)
    known = record_receipt(house(), _message_id(), sid, said, form.get("ErrorCode") or None)
    if not known:
        log.warning("receipt_of_unknown_message")
    return "", 204


@room.post("/inbound")
@open_to_everybody("Twilio's signature")
def inbound() -> ResponseReturnValue:
    """A message received. The answer, if any, leaves as a message of its own.

    A number that no territory knows has no row to hang an answer on, and nothing is written for
    it: it is answered in the reply to this call.
    """
    form = _signed_form()
    sid, sender = form.get("MessageSid"), form.get("From")
    if not sid or not sender:
        abort(400)
    if not _E164.fullmatch(sender):
        # A name or a short number (an operator's notice): nobody there could read an answer.
        log.warning("message_from_no_telephone")
        return Response(NO_REPLY, mimetype="text/xml")
    body = form.get("Body", "")
    written_to = [form[each] for each in ("To", "MessagingServiceSid") if form.get(each)]
    known = receive_message(house(), sender, body, sid, written_to)
    reply = NO_REPLY if known else _to_stranger(sender, body)
    return Response(reply, mimetype="text/xml")


def _to_stranger(sender: str, body: str) -> str:
    """TwiML for a number that nobody knows."""
    log.warning("message_from_unknown_number")
    answer = strangers.answer_to(sender, body)
    return NO_REPLY if answer is None else REPLY.format(answer)


def _signed_form() -> dict[str, str]:
    """The form, if Twilio signed it; else 403, logged without the body."""
    request.max_content_length = LARGEST_FORM
    settings = house().settings
    url = settings.public_base_url + request.full_path.rstrip("?")
    token = settings.twilio.auth_token if settings.twilio else ""
    header = request.headers.get("X-Twilio-Signature")
    if not token or not signature_is_valid(token, url, request.form, header):
        log.warning("signature_refused", endpoint=request.endpoint)
        abort(Response("Signature refusée.\n", 403, mimetype="text/plain"))
    return request.form.to_dict()


def _message_id() -> uuid.UUID | None:
    try:
        return uuid.UUID(request.args.get("m", ""))
    except ValueError:
        return None
