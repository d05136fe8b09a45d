"""Passkeys: added and removed on « Mon compte », used to sign in and to prove oneself again."""

from uuid import UUID

from flask import Blueprint, flash, jsonify, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError, UnavailableError
from dispatcher.domain.roles import Role
from dispatcher.services.parsing import parse
from dispatcher.services.passkeys import (
    NamePasskey,
    PasskeyRefusedError,
    add_passkey,
    options_to_add,
    remove_passkey,
)
from dispatcher.web import access, account, challenges, devices, own_account, second_factor
from dispatcher.web.access import allow, freshly, house, open_to_everybody, viewer
from dispatcher.web.paths import safe_path

room = Blueprint("passkeys", __name__)
SEE_OTHER = 303


@room.post("/connexion/cle/defi")
@open_to_everybody("a random number for whoever signs in; it opens nothing")
def challenge_to_sign_in() -> ResponseReturnValue:
    """What the browser needs to sign in, or to do the second step after the password."""
    half = second_factor.half_signed_in()
    return jsonify(challenges.asked(challenges.TO_SIGN_IN, half))


@room.post("/connexion/cle")
@open_to_everybody("it is where one signs in; refused tries are limited by address")
def sign_in() -> ResponseReturnValue:
    """Open a session for whoever holds the passkey; after a password, for its owner alone."""
    half = second_factor.half_signed_in()
    wanted = session[second_factor.HALF]["next"] if half else request.form.get("next", "")
    try:
        found = challenges.answered(challenges.TO_SIGN_IN, half, request.form.get("credential", ""))
    except PasskeyRefusedError as refusal:
        if half is not None:
            return second_factor.step(half, {"passkey": refusal.sentence}), refusal.status
        return account.sign_in_page("", refusal.sentence, wanted), refusal.status
    access.sign_in(found, "passkey")
    devices.remember(found.login)
    return redirect(safe_path(wanted) or url_for("home"), SEE_OTHER)


@room.post("/compte/cles/preuve")
@allow(*Role)
def challenge_to_prove() -> ResponseReturnValue:
    """What the browser needs to prove again who is signed in."""
    return jsonify(challenges.asked(challenges.TO_PROVE, viewer()))


@room.post("/compte/cles/defi")
@allow(*Role)
def challenge_to_add() -> ResponseReturnValue:
    """What the browser needs to make a passkey."""
    options = options_to_add(
        house(), viewer(), challenges.site(), challenges.begin(challenges.TO_ADD)
    )
    return jsonify(options)


@room.post("/compte/cles")
@allow(*Role)
@freshly
def add() -> ResponseReturnValue:
    """Keep the passkey that the browser made; recovery codes are shown with the first."""
    typed = request.form.get("name", "")
    try:
        codes = add_passkey(
            house(),
            viewer(),
            challenges.site(),
            challenges.taken(challenges.TO_ADD),
            request.form.get("credential", ""),
            parse(NamePasskey, {"name": typed}),
        )
    except InvalidError as error:
        return own_account.page(error.fields, named=typed), error.status
    except (NotFoundError, UnavailableError):
        raise
    except RefusedError as refusal:
        return own_account.page({"name": refusal.sentence}, named=typed), refusal.status
    if codes:
        return own_account.page({}, codes=codes)
    flash("Clé d’accès ajoutée.", "success")
    return redirect(url_for("own_account.overview"), SEE_OTHER)


@room.post("/compte/cles/<uuid:passkey_id>/retirer")
@allow(*Role)
@freshly
def remove(passkey_id: UUID) -> ResponseReturnValue:
    """Take one away: it opens nothing any more."""
    remove_passkey(house(), viewer(), passkey_id)
    flash("Clé d’accès retirée.", "success")
    return redirect(url_for("own_account.overview"), SEE_OTHER)
