"""Proving again who one is, before files that leave the house and settings.

A form that was sent too late is not lost: what was typed waits in this page, and goes on (307) to
where it was sent once the password, or the second factor's code or a passkey, is right.
"""

from collections.abc import Mapping, Sequence

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from dispatcher.domain.errors import InvalidError
from dispatcher.domain.roles import Account, Role
from dispatcher.reads.passkeys import own_passkeys
from dispatcher.reads.second_factors import own_second_factor
from dispatcher.services.passkeys import PasskeyRefusedError
from dispatcher.services.second_factors import CodeRefusedError
from dispatcher.services.sessions import note_proof, prove_again
from dispatcher.web import challenges
from dispatcher.web.access import allow, house, own_session, viewer
from dispatcher.web.paths import safe_path

room = Blueprint("proving", __name__, url_prefix="/compte/confirmation")
PATH, IS_FORM = "proof.path", "proof.form"
PASSWORD, CODE, PASSKEY = "proof.password", "proof.code", "proof.passkey"
"""What this page adds to a form that waits; no other form has such names."""
OURS = frozenset({PATH, IS_FORM, PASSWORD, CODE, PASSKEY, "csrf_token"})
SAME_POST_THERE = 307


@room.post("")
@allow(*Role)
def check() -> ResponseReturnValue:
    """Take the password, the code or the passkey, and go on."""
    path = safe_path(request.form.get(PATH, ""))
    is_form = request.form.get(IS_FORM) == "1"
    try:
        _prove(viewer())
    except InvalidError as error:
        return _page(path, {PASSWORD: error.fields["present"]}, is_form=is_form), error.status
    except CodeRefusedError as refusal:
        return _page(path, {CODE: refusal.sentence}, is_form=is_form), refusal.status
    except PasskeyRefusedError as refusal:
        return _page(path, {PASSKEY: refusal.sentence}, is_form=is_form), refusal.status
    if is_form and path:
        return redirect(path, SAME_POST_THERE)
    return render_template("account/proved.html", path=path or url_for("home"))


def ask() -> Response:
    """The page in the place of what was asked for; nothing was done.

    A form that another site sent is refused here: its fields must not be handed on as ours.
    """
    is_form = request.method == "POST"
    if is_form:
        current_app.extensions["csrf"].protect()
    path = request.full_path.rstrip("?")
    return Response(_page(path, {}, is_form=is_form), 200, mimetype="text/html")


def _prove(account: Account) -> None:
    """By what was given: a passkey, a code or the password. Raises the refusal of each.

    Nothing is needed of whoever proved themselves in another tab a moment ago.
    """
    answer = request.form.get(PASSKEY, "")
    if answer:
        challenges.answered(challenges.TO_PROVE, account, answer)
        note_proof(house(), account, own_session())
    elif not (g.is_fresh and not any(request.form.get(name) for name in (PASSWORD, CODE))):
        typed = (request.form.get(name, "") for name in (PASSWORD, CODE))
        prove_again(house(), account, own_session(), *typed)


def _page(path: str, errors: Mapping[str, str], *, is_form: bool) -> str:
    facts = own_second_factor(house().db, viewer().user_id)
    return render_template(
        "account/prove.html",
        path=path,
        is_form=is_form,
        errors=errors,
        has_application=facts is not None and facts.confirmed_at is not None,
        psc=house().identity is not None,
        has_passkeys=challenges.possible() and bool(own_passkeys(house().db, viewer().user_id)),
        waiting=_waiting() if is_form else (),
        lacks_file=any(each.filename for each in request.files.values()),
    )


def _waiting() -> Sequence[tuple[str, str]]:
    return [pair for pair in request.form.items(multi=True) if pair[0] not in OURS]
