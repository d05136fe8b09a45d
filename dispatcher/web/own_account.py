"""« Mon compte »: one's password, and where one is signed in."""

from collections.abc import Mapping
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.passwords import SHORTEST
from dispatcher.domain.roles import Role
from dispatcher.reads.sessions import own_sessions
from dispatcher.services.parsing import parse
from dispatcher.services.passwords import ChangePassword, change_password
from dispatcher.services.second_factors import has_second_factor
from dispatcher.services.sessions import end_other_sessions, end_session
from dispatcher.web.access import allow, house, own_session, viewer
from dispatcher.web.wording import Wording

room = Blueprint("own_account", __name__, url_prefix="/compte")
SEE_OTHER = 303
PASSWORDS = ("present", "wished", "again")


@room.get("")
@allow(*Role)
def overview() -> ResponseReturnValue:
    """What the account is, and every session of it."""
    return _page({})


@room.post("/mot-de-passe")
@allow(*Role)
def change_own_password() -> ResponseReturnValue:
    """Another password for oneself; whoever is signed in elsewhere is signed out."""
    try:
        command = parse(ChangePassword, {name: request.form.get(name, "") for name in PASSWORDS})
        change_password(house(), viewer(), own_session(), command)
    except InvalidError as error:
        return _page(error.fields), error.status
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


def _page(errors: Mapping[str, str]) -> str:
    account = viewer()
    wording = Wording.of(house(), account)
    return render_template(
        "account/own.html",
        login=account.login,
        errors=errors,
        shortest=SHORTEST,
        has_codes=has_second_factor(house(), account),
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
