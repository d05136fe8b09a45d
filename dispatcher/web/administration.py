"""The administrators' page: who may sign in, and whether the machines keep what was promised."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import calendar
from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError, UnavailableError
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import ROLE_NAMES, Account, Role
from dispatcher.reads.accounts import AccountFacts, DeadPromise, accounts_of, dead_promises
from dispatcher.reads.delegations import delegate_accounts, delegations
from dispatcher.reads.health import promises_and_ticks
from dispatcher.reads.practitioners import active_practitioners
from dispatcher.services.accounts import create_user, new_password, replace_password, set_active
from dispatcher.services.commands import CreateUser
from dispatcher.services.delegations import end_delegation, grant_delegation
from dispatcher.services.parsing import parse
from dispatcher.web.access import allow, house, viewer
from dispatcher.web.health import EMAIL_UNSENT_SECONDS, OVERDUE_SECONDS, UNSENT_SECONDS
from dispatcher.web.posted import posted_id, the_posted_id
from dispatcher.web.wording import Choice, Wording

room = Blueprint("administration", __name__, url_prefix="/administration")
SEE_OTHER = 303
FIELDS = ("display_name", "login", "role", "practitioner")
JOBS: Mapping[Job, str] = {
    Job.MATCH_WAITING: "Recherche de créneaux",
    Job.ESCALATE_REQUEST: "Remise d’une demande à la régulation",
    Job.SEND_MESSAGE: "Envoi d’un SMS",
    Job.SEND_UNHURRIED: "Envoi d’un SMS qui peut attendre",
    Job.SEND_AGAIN: "Nouvel envoi d’un SMS non remis",
    Job.SEND_EMAIL: "Envoi d’un e-mail",
    Job.REMIND_PATIENT: "Rappel d’un rendez-vous",
    Job.FOLLOW_UP_VISIT: "SMS après une visite",
    Job.SWEEP_WAITING: "Reprise des demandes en attente",
    Job.WATCH_UNSENT: "Surveillance des SMS qui ne partent pas",
    Job.SEAL_LOG: "Scellement du journal",
    Job.CLOSE_PAST_SLOTS: "Clôture des créneaux passés",
    Job.ASK_VOLUNTEERS: "Sollicitation des volontaires",
    Job.ASK_PRACTITIONERS: "Questions du matin et du soir aux professionnels",
    Job.EXPIRE_OFFERS: "Fin des sollicitations sans réponse",
    Job.MISS_HOUR: "Attente de l’heure d’un volontaire",
    Job.LEARN_PRICES: "Apprentissage de la valeur des créneaux",
    Job.RUN_SIMULATION: "Simulation",
    Job.PUBLISH_OCCURRENCES: "Publication des modèles de semaine",
    Job.READ_AGENDAS: "Tour des agendas reliés",
    Job.READ_AGENDA: "Lecture d’un agenda relié",
    Job.IMPORT_DIRECTORY: "Import de l’annuaire national",
    Job.COUNT_DAYS: "Décompte de l’activité",
    Job.MAKE_EVIDENCE: "Dossier de preuves",
    Job.MAIL_REPORTS: "Rapports mensuels par e-mail",
}
SILENT = timedelta(minutes=3)
"""A process that has not been heard of for longer is taken to be gone."""
PROCESSES: Mapping[str, str] = {"relay": "Relais", "clock": "Horloge"}
"""Those that say at every turn that they live."""


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password, shown once."""

    login: str
    password: str


@room.get("")
@allow(Role.ADMINISTRATOR)
def accounts() -> ResponseReturnValue:
    """Accounts, what was given up, and how the machines are."""
    return _page({})


@room.post("/comptes")
@allow(Role.ADMINISTRATOR)
def create_account() -> ResponseReturnValue:
    """Make an account with a password of our own, which is shown here and nowhere else.

    It is on the answer itself: kept until the next page, it would lie in a cookie.
    """
    account, password = viewer(), new_password()
    values = {name: request.form.get(name, "").strip() for name in FIELDS}
    try:
        command = parse(
            CreateUser,
            {
                **values,
                "practitioner": values["practitioner"] or None,
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
def reset_password(user_id: UUID) -> ResponseReturnValue:
    """Give an account another password, shown here and nowhere else; its sessions end."""
    return _page({}, shown=NewPassword(*replace_password(house(), viewer(), user_id)))


@room.post("/comptes/<uuid:user_id>/delegations")
@allow(Role.ADMINISTRATOR)
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
def withdraw(user_id: UUID) -> ResponseReturnValue:
    """Let it act for one of them no longer."""
    end_delegation(house(), viewer(), user_id, the_posted_id("practitioner"))
    flash("Délégation retirée.", "success")
    return redirect(url_for("administration.accounts"), SEE_OTHER)


@room.post("/comptes/<uuid:user_id>/acces")
@allow(Role.ADMINISTRATOR)
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


def _page(
    values: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    shown: NewPassword | None = None,
) -> str:
    account = viewer()
    db, wording = house().db, Wording.of(house(), account)
    known = accounts_of(db, account.territory_id, wording.now)
    granted = delegations(db, account.territory_id)
    return render_template(
        "administration/accounts.html",
        values=values,
        errors=errors or {},
        new_password=shown,
        accounts=[_account(each, account, wording) for each in known],
        delegates=[
            {"id": each.id, "name": each.name, "practitioners": granted.get(each.id, ())}
            for each in delegate_accounts(db, account.territory_id)
        ],
        roles=[Choice(role.value, name.capitalize()) for role, name in ROLE_NAMES.items()],
        practitioners=[
            Choice(str(each.id), each.display_name)
            for each in active_practitioners(db, account.territory_id)
        ],
        dead_promises=[_dead(promise, wording) for promise in dead_promises(db)],
        health=_health(wording),
    )


def _account(facts: AccountFacts, viewer_account: Account, wording: Wording) -> dict[str, Any]:
    return {
        "id": facts.id,
        "display_name": facts.display_name,
        "login": facts.login,
        "role_label": ROLE_NAMES[facts.role].capitalize(),
        "practitioner_label": facts.practitioner_name or "",
        "is_active": facts.is_active,
        "is_self": facts.id == viewer_account.user_id,
        "last_seen": wording.relative(facts.last_seen) if facts.last_seen else "",
    }


def _dead(promise: DeadPromise, wording: Wording) -> dict[str, Any]:
    return {
        "label": JOBS[promise.job],
        "attempts": promise.attempts,
        "at": wording.relative(promise.died_at),
        "age": calendar.duration(promise.died_at - promise.promised_at),
        "error": promise.error,
    }


def _health(wording: Wording) -> list[dict[str, str]]:
    """What /health says, in words; `tone` is success or warning."""
    found, redis = promises_and_ticks(house().db), house().bell.answers()
    rows = [
        _figure("File d’attente Redis", "répond" if redis else "ne répond pas", good=redis),
        _age("Travail le plus en retard", found.oldest_overdue_seconds, OVERDUE_SECONDS),
        _age("SMS qui attend de partir", found.oldest_unsent_seconds, UNSENT_SECONDS),
        _age("E-mail qui attend de partir", found.oldest_email_seconds, EMAIL_UNSENT_SECONDS),
        _figure("Travaux abandonnés", str(found.dead_promises), good=not found.dead_promises),
    ]
    rows += [
        _figure(
            label,
            f"vu {wording.relative(found.ticks[name])}" if name in found.ticks else "jamais vu",
            good=name in found.ticks and wording.now - found.ticks[name] < SILENT,
        )
        for name, label in PROCESSES.items()
    ]
    return rows


def _age(label: str, seconds: float | None, patience: float) -> dict[str, str]:
    """How long the oldest has waited; good while that is no longer than usual."""
    if seconds is None:
        return _figure(label, "aucun", good=True)
    waited = calendar.duration(timedelta(seconds=seconds))
    return _figure(label, f"depuis {waited}", good=seconds <= patience)


def _figure(label: str, value: str, *, good: bool) -> dict[str, str]:
    return {"label": label, "value": value, "tone": "success" if good else "warning"}
