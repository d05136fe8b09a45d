"""What the provider of SMS tells us: receipts and messages received, each signed by it."""

import re
from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from config.logging import get_logger
from dispatcher.gateways.sms import HttpCall, NotSigned, SmsEar, Unreadable
from dispatcher.services.receipts import record_receipt
from dispatcher.services.receiving import receive_message
from dispatcher.web import strangers
from dispatcher.web.access import house, open_to_everybody

room = Blueprint("webhooks", __name__, url_prefix="/<string:provider>")
log = get_logger(__name__)
LARGEST_FORM = 64 * 1024
"""Bytes; the longest SMS is 1,600 characters. More is answered 413, unread."""
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
T = TypeVar("T")


@room.post("/status")
@open_to_everybody("the provider's signature")
def status(provider: str) -> ResponseReturnValue:
    """A receipt. Repeated, late and foreign ones answer 204 as well: nobody need insist."""
    receipt = _heard(_ear(provider).receipt)
    known = record_receipt(
        house(), receipt.message_id, receipt.sid, receipt.status, receipt.error_code
    )
    if not known:
        log.warning("receipt_of_unknown_message")
    return "", 204


@room.post("/inbound")
@open_to_everybody("the provider's signature")
def inbound(provider: str) -> ResponseReturnValue:
    """A message received. The answer, if any, leaves as a message of its own.

    A number that no territory knows has no row to hang an answer on, and nothing is written for
    it: it is answered in the reply to this call.
    """
    ear = _ear(provider)
    message = _heard(ear.received)
    answer = None
    if not _E164.fullmatch(message.sender):
        # A name or a short number (an operator's notice): nobody there could read an answer.
        log.warning("message_from_no_telephone")
    elif not receive_message(
        house(), message.sender, message.body, message.sid, message.written_to
    ):
        log.warning("message_from_unknown_number")
        answer = strangers.answer_to(message.sender, message.body)
    media_type, reply = ear.reply(answer)
    return Response(reply, mimetype=media_type)


def _ear(provider: str) -> SmsEar:
    """The ear of the provider that the house has; 404 for any other."""
    ear = house().ear
    if ear is None or provider != house().settings.sms_provider:
        abort(404)
    return ear


def _heard(read: Callable[[HttpCall], T]) -> T:
    """What the call says; 403 without a signature, logged without the body, 400 for half a call."""
    request.max_content_length = LARGEST_FORM
    body = request.get_data(cache=True)
    url = house().settings.public_base_url + request.full_path.rstrip("?")
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        return read(HttpCall(url, headers, request.args, request.form, body))
    except NotSigned:
        log.warning("signature_refused", endpoint=request.endpoint)
        abort(Response("Signature refusée.\n", 403, mimetype="text/plain"))
    except Unreadable:
        abort(400)
