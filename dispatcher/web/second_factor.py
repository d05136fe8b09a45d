"""Double authentication: setting it up on « Mon compte », and the code after the password."""

import time
from collections.abc import Mapping
from uuid import UUID

import pyotp
import segno
from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from dispatcher.domain.errors import InvalidError
from dispatcher.domain.roles import Account, Role
from dispatcher.reads.passkeys import own_passkeys
from dispatcher.reads.second_factors import codes_left, own_second_factor
from dispatcher.services.accounts import account_of
from dispatcher.services.second_factors import (
    CodeRefusedError,
    begin_second_factor,
    check_code,
    confirm_second_factor,
    remove_second_factor,
    renew_recovery_codes,
)
from dispatcher.web import access, challenges, devices
from dispatcher.web.access import allow, freshly, house, open_to_everybody, viewer
from dispatcher.web.paths import safe_path
from dispatcher.web.wording import Wording

room = Blueprint("second_factor", __name__)
PAGE = "/compte/double-authentification"
WHY = "whoever comes here has just proved their password; a cookie that we sign says whose"
HALF = "half"
"""In the cookie between password and code: whose password it was, and when."""
HALF_SECONDS = 300
SEE_OTHER = 303


@room.get(PAGE)
@allow(*Role)
def overview() -> ResponseReturnValue:
    """How it stands, and the next step."""
    return _page({})


@room.post(f"{PAGE}/preparer")
@allow(*Role)
def begin() -> ResponseReturnValue:
    """Make a secret for an application."""
    try:
        begin_second_factor(house(), viewer(), request.form.get("present", ""))
    except InvalidError as error:
        return _page(error.fields), error.status
    return redirect(url_for("second_factor.overview"), SEE_OTHER)


@room.post(f"{PAGE}/confirmer")
@allow(*Role)
def confirm() -> ResponseReturnValue:
    """A first right code; the recovery codes are shown here and nowhere else."""
    try:
        codes = confirm_second_factor(house(), viewer(), request.form.get("code", ""))
    except InvalidError as error:
        return _page(error.fields), error.status
    return _page({}, codes)


@room.post(f"{PAGE}/codes")
@allow(*Role)
@freshly
def renew() -> ResponseReturnValue:
    """Other recovery codes, shown here and nowhere else; those of before open nothing."""
    return _page({}, renew_recovery_codes(house(), viewer()))


@room.post(f"{PAGE}/retirer")
@allow(*Role)
def remove() -> ResponseReturnValue:
    """Go without, or begin anew with another telephone."""
    try:
        remove_second_factor(house(), viewer(), request.form.get("present", ""))
    except InvalidError as error:
        return _page(error.fields), error.status
    flash("Double authentification retirée.", "success")
    return redirect(url_for("second_factor.overview"), SEE_OTHER)


@room.get("/connexion/code")
@open_to_everybody(WHY)
def ask() -> ResponseReturnValue:
    """The second step of signing in."""
    account = half_signed_in()
    if account is None:
        return redirect(url_for("account.sign_in"))
    return step(account, {})


@room.post("/connexion/code")
@open_to_everybody(f"{WHY}; refused tries are limited")
def check() -> ResponseReturnValue:
    """Open a session for whoever has the code as well."""
    account = half_signed_in()
    if account is None:
        return redirect(url_for("account.sign_in"), SEE_OTHER)
    wanted = safe_path(session[HALF]["next"])
    try:
        check_code(house(), account, request.form.get("code", ""))
    except CodeRefusedError as refusal:
        return step(account, {"code": refusal.sentence}), refusal.status
    access.sign_in(account, "code")
    devices.remember(account.login)
    return redirect(wanted or url_for("home"), SEE_OTHER)


def ask_for_code(account: Account, wanted: str) -> ResponseReturnValue:
    """The password is proved: lead on to the code."""
    access.sign_out()
    session[HALF] = {
        "user": str(account.user_id),
        "epoch": account.session_epoch,
        "at": int(time.time()),
        "next": wanted,
    }
    return redirect(url_for("second_factor.ask"), SEE_OTHER)


def half_signed_in() -> Account | None:
    """Who has proved their password in this browser a short time ago, and not yet their code."""
    half = session.get(HALF)
    if half is None or time.time() - half["at"] > HALF_SECONDS:
        session.pop(HALF, None)
        return None
    account = account_of(house(), UUID(half["user"]))
    if account is None or account.session_epoch != half["epoch"]:
        return None
    return account


def step(account: Account, errors: Mapping[str, str]) -> str:
    """The page of the second step, for what the account can answer with."""
    facts = own_second_factor(house().db, account.user_id)
    return render_template(
        "account/code.html",
        errors=errors,
        has_application=facts is not None and facts.confirmed_at is not None,
        has_passkeys=challenges.possible() and bool(own_passkeys(house().db, account.user_id)),
    )


def _page(errors: Mapping[str, str], codes: list[str] | None = None) -> str:
    account = viewer()
    facts = own_second_factor(house().db, account.user_id)
    since = facts.confirmed_at if facts else None
    return render_template(
        "account/second_factor.html",
        errors=errors,
        codes=codes or [],
        must=access.must_enrol(),
        since=Wording.of(house(), account).relative(since) if since else "",
        has_any=bool(since) or bool(own_passkeys(house().db, account.user_id)),
        passkeys_possible=challenges.possible(),
        codes_left=codes_left(house().db, account.user_id),
        pending=_shown(account, facts.secret) if facts and facts.secret else None,
    )


def _shown(account: Account, secret: str) -> dict[str, str]:
    """The secret as a picture for the telephone's camera, and in groups of four to be typed."""
    address = pyotp.TOTP(secret).provisioning_uri(name=account.login, issuer_name=challenges.ISSUER)
    picture = segno.make(address, micro=False).svg_inline(scale=5, border=2)
    return {
        "picture": Markup(picture),  # noqa: S704 - drawn by segno: squares, no text of anybody
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    }
