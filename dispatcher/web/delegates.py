"""Secretaries: whom a practitioner lets act for them, and for whom a secretary acts now."""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.roles import Account, Role
from dispatcher.reads.delegations import delegate_accounts, delegates_of, practitioners_of
from dispatcher.services.delegations import end_delegation, grant_delegation
from dispatcher.web.access import act_for, allow, freshly, house, in_person, viewer
from dispatcher.web.posted import the_posted_id
from dispatcher.web.wording import Choice

room = Blueprint("delegates", __name__, url_prefix="/agenda/secretariat")
"""The practitioner's own page."""
choice = Blueprint("secretariat", __name__, url_prefix="/secretariat")
"""The secretary's."""
SEE_OTHER = 303


@room.get("")
@allow(Role.PRACTITIONER)
@in_person
def overview() -> ResponseReturnValue:
    """Who acts for oneself, and who else could."""
    acting = delegates_of(house().db, viewer())
    others = [
        Choice(str(each.id), each.name)
        for each in delegate_accounts(house().db, viewer().territory_id)
        if each not in acting
    ]
    return render_template("practitioner/delegates.html", delegates=acting, others=others)


@room.post("")
@allow(Role.PRACTITIONER)
@in_person
@freshly
def grant() -> ResponseReturnValue:
    """Let one more act for oneself."""
    try:
        grant_delegation(house(), viewer(), the_posted_id("delegate"), _own(viewer()))
    except (InvalidError, NotFoundError):
        flash("Choisissez un compte de secrétariat de la liste.", "error")
    else:
        flash(f"C’est noté{NBSP}: ce secrétariat peut agir en votre nom.", "success")
    return redirect(url_for("delegates.overview"), SEE_OTHER)


@room.post("/retirer")
@allow(Role.PRACTITIONER)
@in_person
@freshly
def withdraw() -> ResponseReturnValue:
    """Let one act for oneself no longer."""
    end_delegation(house(), viewer(), the_posted_id("delegate"), _own(viewer()))
    flash("Ce secrétariat n’agit plus en votre nom.", "success")
    return redirect(url_for("delegates.overview"), SEE_OTHER)


@choice.get("")
@allow(Role.DELEGATE, Role.PRACTITIONER)
def choose() -> ResponseReturnValue:
    """For whom to act: every page that follows is that practitioner's."""
    account = viewer()
    found = practitioners_of(house().db, account)
    return render_template(
        "practitioner/choose.html",
        practitioners=[
            {"id": each.id, "name": each.name, "is_chosen": each.id == account.practitioner_id}
            for each in found
        ],
    )


@choice.post("")
@allow(Role.DELEGATE, Role.PRACTITIONER)
def act() -> ResponseReturnValue:
    """Act for a practitioner of the list from now on."""
    wanted = the_posted_id("practitioner")
    if wanted not in {each.id for each in practitioners_of(house().db, viewer())}:
        raise NotFoundError
    act_for(wanted)
    return redirect(url_for("practitioner.agenda"), SEE_OTHER)


def _own(account: Account) -> UUID:
    if account.practitioner_id is None:
        raise NotFoundError
    return account.practitioner_id
