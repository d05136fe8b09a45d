"""Signing in with Pro Santé Connect, and proving oneself again by it."""

from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain.passkeys import VALID_FOR
from dispatcher.gateways.identity import (
    IdentityProvider,
    IdentityRefusedError,
    IdentityUnavailableError,
    Question,
)
from dispatcher.services.identities import IdentityUnknownError, account_of_identity, take_state
from dispatcher.services.sessions import note_proof
from dispatcher.web import access, account, devices
from dispatcher.web.access import house, open_to_everybody, own_session
from dispatcher.web.paths import safe_path

room = Blueprint("pro_sante", __name__, url_prefix="/connexion/pro-sante-connect")
WHY = "it is where one signs in; what proves who one is is the provider's signature"
HELD = "psc"
AWAY = "Pro Santé Connect ne répond pas. Réessayez, ou utilisez votre identifiant."
NOT_CONFIRMED = "Pro Santé Connect n’a pas confirmé votre identité. Recommencez."


@room.get("")
@open_to_everybody(WHY)
def ask() -> ResponseReturnValue:
    """Send the browser there, with three random numbers of its own."""
    question = Question.new()
    try:
        there = _provider().address(question, _back())
    except (IdentityUnavailableError, IdentityRefusedError):
        return _refused(AWAY, 503)
    session[HELD] = {
        "state": question.state,
        "nonce": question.nonce,
        "verifier": question.verifier,
        "at": int(house().clock().timestamp()),
        "next": safe_path(request.args.get("suite", "")),
    }
    return redirect(there)


@room.get("/retour")
@open_to_everybody(WHY)
def back() -> ResponseReturnValue:
    """Open a session for whoever Pro Santé Connect says it is, or say clearly why not."""
    provider, held = _provider(), session.pop(HELD, None)
    if not _is_answer(held):
        return _refused(NOT_CONFIRMED, 401)
    question = Question(held["state"], held["nonce"], held["verifier"])
    try:
        national_id = provider.national_id(question, _back(), request.args, house().clock())
        found = account_of_identity(house(), national_id)
    except IdentityRefusedError:
        return _refused(NOT_CONFIRMED, 401)
    except IdentityUnavailableError:
        return _refused(AWAY, 503)
    except IdentityUnknownError as refusal:
        return _refused(refusal.sentence, refusal.status)
    present = g.get("account")
    if present is not None and present.user_id == found.user_id:
        note_proof(house(), present, own_session())
        return render_template("account/confirmed.html")
    access.sign_in(found, "psc")
    session["by_psc"] = True
    devices.remember(found.login)
    return redirect(held["next"] or url_for("home"))


@room.get("/fin")
@open_to_everybody("it leads to where one signs out of another service")
def leave() -> ResponseReturnValue:
    """Sign out there as well: on a shared machine the next person would else be this one."""
    try:
        return redirect(_provider().sign_out_address(f"{_base()}{url_for('account.sign_in')}"))
    except (IdentityUnavailableError, IdentityRefusedError):
        return _refused(AWAY, 503)


def _is_answer(held: dict[str, Any] | None) -> bool:
    """Whether this browser asked, a short time ago, and comes back for the first time."""
    if held is None or house().clock().timestamp() - held["at"] > VALID_FOR.total_seconds():
        return False
    return request.args.get("state") == held["state"] and take_state(house(), held["state"])


def _provider() -> IdentityProvider:
    found = house().identity
    if found is None:
        abort(404)
    return found


def _refused(sentence: str, status: int) -> ResponseReturnValue:
    return account.sign_in_page("", sentence, ""), status


def _back() -> str:
    return f"{_base()}{url_for('pro_sante.back')}"


def _base() -> str:
    return house().settings.public_base_url
