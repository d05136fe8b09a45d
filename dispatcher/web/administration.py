"""The administrators' page: who may sign in, and for whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError, UnavailableError
from dispatcher.domain.roles import ROLE_NAMES, Account, Role
from dispatcher.reads.accounts import AccountFacts, accounts_of
from dispatcher.reads.delegations import delegate_accounts, delegations
from dispatcher.reads.practices import practice_names
from dispatcher.reads.practitioners import active_practitioners
from dispatcher.reads.second_factors import roles_asked_for_codes, with_second_factor
from dispatcher.services.accounts import create_user, new_password, replace_password, set_active
from dispatcher.services.commands import CreateUser
from dispatcher.services.delegations import end_delegation, grant_delegation
from dispatcher.services.identities import set_national_id
from dispatcher.services.parsing import parse
from dispatcher.services.second_factors import require_second_factor, take_second_factor_away
from dispatcher.web.access import allow, freshly, house, viewer
from dispatcher.web.forms import entries
from dispatcher.web.posted import posted_id, the_posted_id
from dispatcher.web.wording import Choice, Wording

room = Blueprint("administration", __name__, url_prefix="/administration")
SEE_OTHER = 303
FIELDS = ("display_name", "login", "role", "practitioner")
PRACTICE_FIELDS = ("practice.name", "practice.origin", "practice.phone")


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password, shown once."""

    login: str
    password: str


@room.get("")
@allow(Role.ADMINISTRATOR)
def accounts() -> ResponseReturnValue:
    """The accounts of the territory."""
    return _page({})


@room.post("/comptes")
@allow(Role.ADMINISTRATOR)
@freshly
def create_account() -> ResponseReturnValue:
    """Make an account with a password of our own, which is shown here and nowhere else.

    It is on the answer itself: kept until the next page, it would lie in a cookie.
    """
    account, password = viewer(), new_password()
    values = {name: request.form.get(name, "").strip() for name in (*FIELDS, *PRACTICE_FIELDS)}
    asks = values["role"] == Role.REQUESTER
    practice = {name.partition(".")[2]: values[name] for name in PRACTICE_FIELDS}
    try:
        command = parse(
            CreateUser,
            {
                **{name: values[name] for name in FIELDS},
                "practitioner": values["practitioner"] or None,
                "practice": practice if asks else None,
                "territory": account.territory_code,
                "password": password,
            },
        )
        create_user(house(), command, account.actor)
    except InvalidError as error:
        return _page(values, errors=error.fields), error.status
    return _page({}, shown=NewPassword(command.login.lower(), password))


@room.post("/comptes/<uuid:user_id>/mot-de-passe")
@allow(Role.ADMINISTRATOR)
@freshly
def reset_password(user_id: UUID) -> ResponseReturnValue:
    """Give an account another password, shown here and nowhere else; its sessions end."""
    return _page({}, shown=NewPassword(*replace_password(house(), viewer(), user_id)))


@room.post("/comptes/<uuid:user_id>/delegations")
@allow(Role.ADMINISTRATOR)
@freshly
def grant(user_id: UUID) -> ResponseReturnValue:
    """Let a secretary's account act for one more practitioner."""
    practitioner = posted_id("practitioner")
    if practitioner is None:
        flash("Choisissez un professionnel de la liste.", "error")
        return redirect(url_for("administration.accounts"), SEE_OTHER)
    try:
        grant_delegation(house(), viewer(), user_id, practitioner)
    except InvalidError as error:
        flash(" ".join(error.fields.values()), "error")
    else:
        flash("Délégation enregistrée.", "success")
    return redirect(url_for("administration.accounts"), SEE_OTHER)


@room.post("/comptes/<uuid:user_id>/delegations/retirer")
@allow(Role.ADMINISTRATOR)
@freshly
def withdraw(user_id: UUID) -> ResponseReturnValue:
    """Let it act for one of them no longer."""
    end_delegation(house(), viewer(), user_id, the_posted_id("practitioner"))
    flash("Délégation retirée.", "success")
    return redirect(url_for("administration.accounts"), SEE_OTHER)


@room.post("/comptes/<uuid:user_id>/acces")
@allow(Role.ADMINISTRATOR)
@freshly
def change_access(user_id: UUID) -> ResponseReturnValue:
    """Close an account, or open it again."""
    active = request.form.get("active") == "1"
    try:
        set_active(house(), viewer(), user_id, active=active)
    except (NotFoundError, UnavailableError):
        raise
    except RefusedError as error:
        flash(error.sentence, "error")
    else:
        flash("Compte réactivé." if active else "Compte désactivé.", "success")
    return redirect(url_for("administration.accounts"), SEE_OTHER)


@room.post("/comptes/<uuid:user_id>/double-authentification")
@allow(Role.ADMINISTRATOR)
@freshly
def take_codes_away(user_id: UUID) -> ResponseReturnValue:
    """Help somebody who lost telephone and recovery codes."""
    take_second_factor_away(house(), viewer(), user_id)
    flash("Double authentification retirée, sessions fermées.", "success")
    return redirect(url_for("administration.accounts"), SEE_OTHER)


@room.post("/comptes/<uuid:user_id>/numero-national")
@allow(Role.ADMINISTRATOR)
@freshly
def name_nationally(user_id: UUID) -> ResponseReturnValue:
    """Write the number on an account by which Pro Santé Connect names its owner."""
    try:
        set_national_id(house(), viewer(), user_id, request.form.get("national_id", ""))
    except InvalidError as error:
        flash(" ".join(error.fields.values()), "error")
    else:
        flash("Numéro national enregistré.", "success")
    return redirect(url_for("administration.accounts"), SEE_OTHER)


@room.post("/double-authentification")
@allow(Role.ADMINISTRATOR)
@freshly
def require_codes() -> ResponseReturnValue:
    """Say of which roles double authentication is asked; what is no role of ours is left out."""
    posted = request.form.getlist("roles")
    require_second_factor(house(), viewer(), [role for role in Role if role.value in posted])
    flash("Rôles enregistrés.", "success")
    return redirect(url_for("administration.accounts"), SEE_OTHER)


def _page(
    values: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    shown: NewPassword | None = None,
) -> str:
    account = viewer()
    db, wording = house().db, Wording.of(house(), account)
    known = accounts_of(db, account.territory_id, wording.now)
    granted = delegations(db, account.territory_id)
    with_codes = with_second_factor(db, [each.id for each in known])
    return render_template(
        "administration/accounts.html",
        values=values,
        errors=errors or {},
        new_password=shown,
        psc=house().identity is not None,
        accounts=[
            _account(each, account, wording) | {"has_codes": each.id in with_codes}
            for each in known
        ],
        delegates=[
            {"id": each.id, "name": each.name, "practitioners": granted.get(each.id, ())}
            for each in delegate_accounts(db, account.territory_id)
        ],
        roles=[Choice(role.value, name.capitalize()) for role, name in ROLE_NAMES.items()],
        asked_for_codes=roles_asked_for_codes(db, account.territory_id),
        origins=entries(house().catalogue.origins),
        practice_names=practice_names(db, account.territory_id),
        practitioners=[
            Choice(str(each.id), each.display_name)
            for each in active_practitioners(db, account.territory_id)
        ],
    )


def _account(facts: AccountFacts, viewer_account: Account, wording: Wording) -> dict[str, Any]:
    return {
        "id": facts.id,
        "display_name": facts.display_name,
        "login": facts.login,
        "role_label": ROLE_NAMES[facts.role].capitalize(),
        "practitioner_label": facts.practitioner_name or "",
        "is_active": facts.is_active,
        "national_id": facts.national_id,
        "is_self": facts.id == viewer_account.user_id,
        "last_seen": wording.relative(facts.last_seen) if facts.last_seen else "",
    }
