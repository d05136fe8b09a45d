"""« Mon compte »: one's password and passkeys, and where one is signed in."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.passwords import SHORTEST
from dispatcher.domain.roles import Role
from dispatcher.reads.passkeys import own_passkeys
from dispatcher.reads.second_factors import own_second_factor
from dispatcher.reads.sessions import own_sessions
from dispatcher.services.parsing import parse
from dispatcher.services.passwords import ChangePassword, change_password
from dispatcher.services.sessions import end_other_sessions, end_session
from dispatcher.web import challenges
from dispatcher.web.access import allow, house, own_session, viewer
from dispatcher.web.wording import Wording

room = Blueprint("own_account", __name__, url_prefix="/compte")
SEE_OTHER = 303
PASSWORDS = ("present", "wished", "again")


@room.get("")
@allow(*Role)
def overview() -> ResponseReturnValue:
    """What the account is, and every session of it."""
    return page({})


@room.post("/mot-de-passe")
@allow(*Role)
def change_own_password() -> ResponseReturnValue:
    """Another password for oneself; whoever is signed in elsewhere is signed out."""
    try:
        command = parse(ChangePassword, {name: request.form.get(name, "") for name in PASSWORDS})
        change_password(house(), viewer(), own_session(), command)
    except InvalidError as error:
        return page(error.fields), error.status
    flash("Mot de passe changé. Vos autres sessions sont fermées.", "success")
    return redirect(url_for("own_account.overview"), SEE_OTHER)


@room.post("/sessions/<uuid:session_id>/fin")
@allow(*Role)
def end(session_id: UUID) -> ResponseReturnValue:
    """End a session on another device."""
    end_session(house(), viewer(), session_id)
    flash("Session fermée.", "success")
    return redirect(url_for("own_account.overview"), SEE_OTHER)


@room.post("/sessions/fin")
@allow(*Role)
def end_others() -> ResponseReturnValue:
    """End all sessions but the one that asks."""
    ended = end_other_sessions(house(), viewer(), own_session())
    if ended > 1:
        flash(f"{ended}{NBSP}autres sessions fermées.", "success")
    else:
        flash("Une autre session fermée." if ended else "Aucune autre n’était ouverte.", "success")
    return redirect(url_for("own_account.overview"), SEE_OTHER)


def page(errors: Mapping[str, str], *, codes: Sequence[str] = (), named: str = "") -> str:
    """The whole page; `codes` are recovery codes to be shown this once, `named` what was typed."""
    account = viewer()
    wording = Wording.of(house(), account)
    application = own_second_factor(house().db, account.user_id)
    passkeys = own_passkeys(house().db, account.user_id)
    has_application = application is not None and application.confirmed_at is not None
    return render_template(
        "account/own.html",
        login=account.login,
        errors=errors,
        shortest=SHORTEST,
        codes=codes,
        named=named,
        has_application=has_application,
        has_factor=has_application or bool(passkeys),
        passkeys_possible=challenges.possible(),
        passkeys=[
            {
                "id": each.id,
                "name": each.name,
                "synced": each.synced,
                "added": wording.relative(each.created_at),
                "used": wording.relative(each.used_at) if each.used_at else "",
            }
            for each in passkeys
        ],
        sessions=[
            {
                "id": each.id,
                "device": each.device,
                "began": wording.relative(each.began_at),
                "seen": wording.relative(each.seen_at),
                "is_this": each.id == own_session(),
            }
            for each in own_sessions(house().db, account.user_id, house().clock())
        ],
    )
