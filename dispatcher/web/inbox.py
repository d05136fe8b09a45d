"""The SMS that were not understood by themselves: somebody reads them, calls, and says so."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import phones
from dispatcher.domain.roles import Role
from dispatcher.reads.inbox import Conversation, inbox
from dispatcher.services.inbox import handle_messages
from dispatcher.web.access import allow, house, viewer
from dispatcher.web.wording import Wording, person

room = Blueprint("inbox", __name__, url_prefix="/messages-recus")
SEE_OTHER = 303


@room.get("")
@allow(Role.REGULATOR)
def messages() -> ResponseReturnValue:
    """The conversations that wait, the longest waiting first."""
    account = viewer()
    wording = Wording.of(house(), account)
    return render_template(
        "desk/inbox.html",
        conversations=[
            _conversation(found, wording) for found in inbox(house().db, account.territory_id)
        ],
    )


@room.post("/<uuid:message_id>/traiter")
@allow(Role.REGULATOR)
def handle(message_id: UUID) -> ResponseReturnValue:
    """Take a conversation out of the list, up to the message that was on the page."""
    if handle_messages(house(), viewer(), message_id):
        flash("Message marqué comme traité.", "success")
    else:
        flash("Ce message avait déjà été traité.", "info")
    return redirect(url_for("inbox.messages"), SEE_OTHER)


def _conversation(found: Conversation, wording: Wording) -> dict[str, Any]:
    phone = phones.normalise(found.phone, "FR").display()
    who = person(*found.patient) if found.patient else found.practitioner_name
    return {
        "last_id": found.last_id,
        "who": who or phone,
        "is_practitioner": not found.patient and found.practitioner_name is not None,
        "phone": phone,
        "phone_uri": f"tel:{found.phone}",
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
    }
