"""The regulators' desk: the board, a new request and one request."""

import dataclasses
import hashlib
import json
import uuid
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from config.logging import get_logger
from dispatcher.domain.errors import (
    DuplicateRequestError,
    InvalidError,
    NotFeasibleError,
    NotFoundError,
    SlotFullError,
    UnavailableError,
)
from dispatcher.domain.openings import Way
from dispatcher.domain.roles import Account, Role
from dispatcher.domain.states import LIVE_REQUESTS, RequestStatus
from dispatcher.reads.known_people import colleagues, doctors, live_requests
from dispatcher.reads.request_page import RequestState, request_state
from dispatcher.reads.request_page import request_page as read_request
from dispatcher.reads.request_search import search_of
from dispatcher.services import requests
from dispatcher.services.at_entry import open_and_book
from dispatcher.services.booking import note_lost_booking
from dispatcher.services.commands import OpenRequest
from dispatcher.services.idempotency import CallKey, once
from dispatcher.services.in_hand import see_request
from dispatcher.services.intake_faults import all_faults
from dispatcher.services.openings import opened_requests
from dispatcher.web import board_view, forms, found_slots, pulse, request_sheet, searches
from dispatcher.web.access import allow, house, viewer
from dispatcher.web.board_view import Look
from dispatcher.web.hours import closure_of
from dispatcher.web.live import LiveState, fragment
from dispatcher.web.posted import posted_id
from dispatcher.web.request_sheet import Refusal
from dispatcher.web.wording import Wording

log = get_logger(__name__)
room = Blueprint("desk", __name__, url_prefix="/demandes")
SEE_OTHER = 303
JUST_OPENED = "opened"
"""Under this name the session knows the request that was just entered: its draft is forgotten."""

SOON_EVERY = 250
"""Milliseconds until the page asks again: while the engine is at work …"""
STILL_EVERY = 1000
WAITING_EVERY = 3000
CLOSED_EVERY = 10_000
"""… when it has had its chance, when a person is at work, and when nothing more is expected."""
AT_WORK = timedelta(seconds=20)
LOOKS_NOTED_EVERY = timedelta(seconds=10)


# The board


@room.get("")
@allow(Role.REGULATOR)
def board() -> ResponseReturnValue:
    """Every live request of the territory, or those that a search and a filter leave."""
    account, wording = viewer(), Wording.of(house(), viewer())
    look, trouble = Look.of(request.args, wording), pulse.trouble()
    state = board_view.state(house(), account, look, wording, trouble)
    return render_template(
        "desk/board.html",
        live_url=url_for("desk.board_cards", **look.fields),
        live_etag=state.etag,
        live_every=state.every,
        **board_view.choices(wording),
        **board_view.board(house(), account, look, wording, trouble),
    )


@room.post("")
@allow(Role.REGULATOR)
def search() -> ResponseReturnValue:
    """Look for requests; the board shows what was found under an address that names nobody."""
    look = Look.of(request.form, Wording.of(house(), viewer()))
    look = dataclasses.replace(look, query=searches.typed(request.form.get("q", "")))
    return redirect(url_for("desk.board", **look.fields), SEE_OTHER)


@room.get("/tableau")
@allow(Role.REGULATOR)
def board_cards() -> ResponseReturnValue:
    """The part of the board that renews itself."""
    account, wording = viewer(), Wording.of(house(), viewer())
    look, trouble = Look.of(request.args, wording), pulse.trouble()

    def render() -> str:
        shown = board_view.board(house(), account, look, wording, trouble)
        return render_template("desk/_board_cards.html", **shown)

    state = board_view.state(house(), account, look, wording, trouble)
    return fragment(state, render, is_shared=True)


# A new request


@room.get("/nouvelle")
@allow(Role.REGULATOR)
def new_request() -> ResponseReturnValue:
    """The form, for one call."""
    return _form(dict(forms.DEFAULTS), call=uuid.uuid4().hex)


@room.post("/nouvelle")
@allow(Role.REGULATOR)
def enter_request() -> ResponseReturnValue:
    """Take the request, or show again what was typed with what is to be corrected.

    A form that is sent twice makes one request: its call key is its own, and what it says counts
    with it, so that coming back and changing it asks for another one.
    """
    account, now = viewer(), house().clock()
    values = forms.typed(request.form)
    confirmed = bool(request.form.get("confirm_duplicate"))
    call, slot = request.form.get("call", ""), posted_id("slot")
    try:
        command = forms.command(
            values,
            account.territory_code,
            house().communes,
            now,
            confirmed=confirmed,
            all_faults=lambda given, faults: all_faults(house(), account, given, faults),
        )
        key = _call_key(account, call, values | {"slot": str(slot or "")}, confirmed=confirmed)
        request_id = once(house(), key, lambda: _open(account, command, slot, key))
    except InvalidError as error:
        return _form(values, call, errors=forms.shown_faults(error.fields)), error.status
    except SlotFullError as error:
        return _form(values, call, errors={"slot": error.sentence}, lost=slot), error.status
    except NotFeasibleError as error:
        return _form(values, call, errors={"slot": error.sentence}), error.status
    except DuplicateRequestError as error:
        return _form(values, call, duplicates=_duplicates(account, error)), error.status
    session[JUST_OPENED] = str(request_id)
    return redirect(url_for("desk.request_page", request_id=request_id), SEE_OTHER)


def _open(account: Account, command: OpenRequest, slot: UUID | None, key: CallKey | None) -> UUID:
    """Save the request, with the slot that its patient was told where there is one.

    A slot that was told before and could not be kept counts among the places lost on the way.
    """
    if slot is None:
        request_id = requests.open_request(house(), account, command, key)
    else:
        request_id = open_and_book(house(), account, command, slot, posted_id("call"), key)
    lost = posted_id("lost_slot")
    if lost is not None and lost != slot:
        note_lost_booking(house(), account.territory_id, account.actor, request_id, lost)
    return request_id


def _call_key(
    account: Account, call: str, values: forms.Typed, *, confirmed: bool
) -> CallKey | None:
    if not call:
        return None
    said = json.dumps([values, confirmed], sort_keys=True).encode()
    key = f"form:{call}:{hashlib.sha256(said).hexdigest()}"
    return CallKey.of(account.user_id, key, "POST", request.path, said)


def _form(
    values: forms.Typed,
    call: str,
    errors: dict[str, str] | None = None,
    duplicates: list[dict[str, Any]] | None = None,
    lost: UUID | None = None,
) -> str:
    return render_template(
        "desk/new_request.html",
        lost_slot=lost or posted_id("lost_slot") or "",
        values=values,
        errors=errors or {},
        duplicates=duplicates or [],
        call=call,
        closure=closure_of(house(), viewer().territory_id),
        **forms.choices(
            house().catalogue,
            doctors(house().db, viewer().territory_id),
            colleagues(house().db, viewer().territory_id),
        ),
    )


def _duplicates(account: Account, error: DuplicateRequestError) -> list[dict[str, Any]]:
    wording = Wording.of(house(), account)
    known = live_requests(
        house().db, account.territory_id, [UUID(found) for found in error.request_ids]
    )
    return [
        {
            "code": live.code,
            "url": url_for("desk.request_page", request_id=live.id),
            "status": live.status,
            "profession_label": wording.profession(live.profession),
            "opened": wording.relative(live.asked_at),
            "appointment": (
                f"rendez-vous {wording.relative(live.appointment)}" if live.appointment else ""
            ),
        }
        for live in known
    ]


# One request


@room.get("/<uuid:request_id>")
@allow(Role.REGULATOR)
def request_page(request_id: UUID) -> ResponseReturnValue:
    """The request with its live state, and the ways out of it."""
    just_opened = session.get(JUST_OPENED) == str(request_id)
    if just_opened:
        del session[JUST_OPENED]
    return whole_page(request_id, just_opened=just_opened)


@room.get("/<uuid:request_id>/suivi")
@allow(Role.REGULATOR)
def request_live(request_id: UUID) -> ResponseReturnValue:
    """The part of the page that renews itself."""
    return fragment(
        _request_state(request_id),
        lambda: render_template("desk/_request_live.html", **_sheet(request_id)),
    )


def whole_page(
    request_id: UUID, *, just_opened: bool = False, refused: Refusal | None = None
) -> str:
    """The request's page; after a refusal with its dialog open and what was typed still in it."""
    state = _request_state(request_id)
    shown = _sheet(request_id)
    return render_template(
        "desk/request.html",
        just_opened=just_opened,
        refused=refused,
        live_url=url_for("desk.request_live", request_id=request_id),
        live_etag=state.etag,
        live_every=state.every,
        **request_sheet.ways_out(house().catalogue),
        **shown,
    )


def _every(found: RequestState) -> int:
    """How soon something may change: at once while the engine is at work."""
    if found.status not in LIVE_REQUESTS:
        return CLOSED_EVERY
    if found.status == RequestStatus.BOOKED or found.is_searched:
        return WAITING_EVERY
    return SOON_EVERY if house().clock() - found.updated_at < AT_WORK else STILL_EVERY


def _request_state(request_id: UUID) -> LiveState:
    account = viewer()
    wording = Wording.of(house(), account)
    now = house().clock()
    found = request_state(house().db, account.territory_id, request_id, now)
    if found is None:
        raise NotFoundError
    _look_on(account, request_id, found, now)
    others = [each.id for each in found.viewers if each.id != account.user_id]
    return LiveState.of((found.digest, others, wording.now), _every(found))


def _look_on(account: Account, request_id: UUID, found: RequestState, now: datetime) -> None:
    """Let colleagues know that the page is open here. It is a courtesy: the page does without."""
    noted = [each.seen_at for each in found.viewers if each.id == account.user_id]
    if found.status not in LIVE_REQUESTS or (noted and now - noted[0] < LOOKS_NOTED_EVERY):
        return
    try:
        see_request(house(), account, request_id)
    except UnavailableError:
        log.warning("viewer_not_noted", request=str(request_id))


def moving_sheet(request_id: UUID) -> dict[str, Any] | None:
    """What the page that moves an appointment shows; None where there is none to come."""
    account = viewer()
    shown = _sheet(request_id)
    if shown["appointment"] is None or shown["appointment"]["is_over"]:
        return None
    found = search_of(
        house().db,
        account.territory_id,
        request_id,
        house().communes,
        house().clock(),
        house().routing,
    )
    held: UUID = shown["appointment"]["slot"]
    return shown | found_slots.moving(found, held, Wording.of(house(), account))


def _sheet(request_id: UUID) -> dict[str, Any]:
    account = viewer()
    wording = Wording.of(house(), account)
    page = read_request(
        house().db,
        account.territory_id,
        request_id,
        house().communes,
        house().clock(),
        house().routing,
    )
    if page is None:
        raise NotFoundError
    opened_requests(house(), account.actor, Way.PAGE, [request_id])
    return request_sheet.sheet(page, wording, account.user_id)
