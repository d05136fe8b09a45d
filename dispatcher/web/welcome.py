"""Where an invitation leads: one looks whether the directory is right, and opens one's account."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.reads.invitations import welcome
from dispatcher.services.invitations import NOT_VALID, PATH, Accept, accept_invitation
from dispatcher.services.parsing import parse
from dispatcher.web import access
from dispatcher.web.access import house, open_to_everybody
from dispatcher.web.wording import shown_phone

room = Blueprint("welcome", __name__, url_prefix=f"/{PATH}")
WHY = "whoever has the link was invited: it is a secret, ends with its use, and GET does nothing"
FIELDS = ("last_name", "first_name", "phone", "email", "login")
SEE_OTHER = 303
FIRST_SLOT = "first_slot"
"""In the session until the first slot is open: « Mes règles » then leads on to it."""


@room.get("/<string:token>")
@open_to_everybody(WHY)
def show(token: str) -> ResponseReturnValue:
    """What the directory says of them, to be corrected, and the account to be opened."""
    return _page(token, None, {})


@room.post("/<string:token>")
@open_to_everybody(WHY)
def begin(token: str) -> ResponseReturnValue:
    """Open the account and sign in; the next step is their rules."""
    values = {name: request.form.get(name, "").strip() for name in FIELDS}
    try:
        command = parse(Accept, {**values, "password": request.form.get("password", "")})
        account = accept_invitation(house(), token, command)
    except InvalidError as error:
        return _page(token, values, error.fields), error.status
    access.sign_in(account)
    session[FIRST_SLOT] = True
    flash(
        f"Votre compte est ouvert. Dites vos règles{NBSP}: tout peut rester tel quel, et se change"
        " à tout moment.",
        "success",
    )
    return redirect(url_for("limits.overview"), SEE_OTHER)


def _page(token: str, typed: Mapping[str, str] | None, errors: Mapping[str, str]) -> str:
    found = welcome(house().db, token)
    if found is None:
        raise NotFoundError(NOT_VALID)
    catalogue = house().catalogue
    values = typed or {
        "last_name": found.last_name,
        "first_name": found.first_name,
        "phone": shown_phone(found.phone, found.department) if found.phone else "",
        "email": found.email or "",
        "login": (found.email or "").lower(),
    }
    specialty = catalogue.specialties.get(found.specialty or "")
    profession = catalogue.professions.get(found.profession)
    return render_template(
        "directory/welcome.html",
        token=token,
        territory=found.territory_name,
        inviter=found.inviter,
        name=" ".join(part for part in (found.title, found.first_name, found.last_name) if part),
        rpps=found.rpps or "",
        profession=profession.label if profession else found.profession,
        specialty=specialty.label if specialty else "",
        places=found.places,
        values=values,
        errors=errors,
    )
