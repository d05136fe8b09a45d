"""Proving again who one is, before files that leave the house and settings.

A form that was sent too late is not lost: what was typed waits in this page, and goes on (307) to
where it was sent once the password is right.
"""

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from dispatcher.domain.errors import InvalidError
from dispatcher.domain.roles import Role
from dispatcher.services.sessions import prove_again
from dispatcher.web.access import allow, house, own_session, viewer
from dispatcher.web.paths import safe_path

room = Blueprint("proving", __name__, url_prefix="/compte/confirmation")
PATH, IS_FORM, PASSWORD = "proof.path", "proof.form", "proof.password"
"""What this page adds to a form that waits; no other form has such names."""
OURS = frozenset({PATH, IS_FORM, PASSWORD, "csrf_token"})
SAME_POST_THERE = 307


@room.post("")
@allow(*Role)
def check() -> ResponseReturnValue:
    """Take the password and go on."""
    path = safe_path(request.form.get(PATH, ""))
    is_form = request.form.get(IS_FORM) == "1"
    try:
        prove_again(house(), viewer(), own_session(), request.form.get(PASSWORD, ""))
    except InvalidError as error:
        return _page(path, error.fields["present"], is_form=is_form), error.status
    if is_form and path:
        return redirect(path, SAME_POST_THERE)
    return render_template("account/proved.html", path=path or url_for("home"))


def ask() -> Response:
    """The page in the place of what was asked for; nothing was done."""
    is_form = request.method == "POST"
    path = request.full_path.rstrip("?")
    return Response(_page(path, "", is_form=is_form), 200, mimetype="text/html")


def _page(path: str, error: str, *, is_form: bool) -> str:
    return render_template(
        "account/prove.html",
        path=path,
        is_form=is_form,
        errors={PASSWORD: error} if error else {},
        waiting=_waiting() if is_form else (),
    )


def _waiting() -> Sequence[tuple[str, str]]:
    return [pair for pair in request.form.items(multi=True) if pair[0] not in OURS]
