"""Regulators among themselves: who has a request in hand, and what they note beside it."""

from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain.errors import InHandError, InvalidError
from dispatcher.domain.roles import Account, Role
from dispatcher.services.commands import WriteNote
from dispatcher.services.in_hand import hand_request, note_request
from dispatcher.services.parsing import parse
from dispatcher.web.access import allow, house, viewer
from dispatcher.web.board_view import Look
from dispatcher.web.posted import posted_id, the_posted_id
from dispatcher.web.ways_out import act_on
from dispatcher.web.wording import Wording

room = Blueprint("in_hand", __name__, url_prefix="/demandes")
SEE_OTHER = 303
HAND_OVER, NOTE = "hand-over", "note-request"
"""The dialogs of the request's page, by their ids."""


@room.post("/prendre")
@allow(Role.REGULATOR)
def take() -> ResponseReturnValue:
    """Take a request in hand from the board, and stay there."""
    account = viewer()
    try:
        hand_request(house(), account, the_posted_id("request"), account.user_id, None)
    except InHandError as error:
        flash(error.sentence, "error")
    look = Look.of(request.form, Wording.of(house(), account))
    return redirect(url_for("desk.board", **look.fields), SEE_OTHER)


@room.post("/<uuid:request_id>/main")
@allow(Role.REGULATOR)
def hand(request_id: UUID) -> ResponseReturnValue:
    """Take the request in hand, hand it over, or give it back to all (« tous »)."""
    to = request.form.get("to", "")

    def act(account: Account) -> None:
        whom = posted_id("to")
        if whom is None and to != "tous":
            raise InvalidError({"to": "Choisissez un collègue de la liste."})
        hand_request(house(), account, request_id, whom, posted_id("in_hand"))

    if to == str(viewer().user_id):
        done = "Vous avez la demande en main."
    elif to == "tous":
        done = "Demande remise à toute la régulation."
    else:
        done = "Demande confiée."
    return act_on(request_id, act, done, HAND_OVER if "dialog" in request.form else "")


@room.post("/<uuid:request_id>/noter")
@allow(Role.REGULATOR)
def write(request_id: UUID) -> ResponseReturnValue:
    """Leave a note for colleagues; a note takes nothing from anybody, whoever has the request."""

    def act(account: Account) -> None:
        given = {"text": request.form.get("text", "")}
        note_request(house(), account, request_id, parse(WriteNote, given))

    return act_on(request_id, act, "Note ajoutée.", NOTE, heeding=False)
