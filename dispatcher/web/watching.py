"""« Surveillance »: whether the machines keep what was promised, and what they gave up."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import NotFoundError
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Role
from dispatcher.reads.health import promises_and_ticks, versions
from dispatcher.reads.watching import DeadPromise, Owed, dead_promises, owed_by_job
from dispatcher.services.given_up import retry_promise
from dispatcher.web.access import allow, freshly, house, viewer
from dispatcher.web.health import EMAIL_UNSENT_SECONDS, OVERDUE_SECONDS, UNSENT_SECONDS
from dispatcher.web.wording import Wording

room = Blueprint("watching", __name__, url_prefix="/administration/surveillance")
SEE_OTHER = 303
JOBS: Mapping[Job, str] = {
    Job.MATCH_WAITING: "Recherche de créneaux",
    Job.MATCH_AGAIN: "Recherche de créneaux, reprise",
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
    Job.FORGET_OLD: "Effacement de ce qui a dépassé sa durée",
    Job.MAKE_EVIDENCE: "Dossier de preuves",
    Job.MAIL_REPORTS: "Rapports mensuels par e-mail",
}
SILENT = timedelta(minutes=3)
"""A process that has not been heard of for longer is taken to be gone."""
PROCESSES: Mapping[str, str] = {"relay": "Relais", "clock": "Horloge"}
"""Those that say at every turn that they live."""
QUEUES: Mapping[str, str] = {
    "urgent": "Urgent",
    "messages": "SMS",
    "routine": "Courant",
    "unhurried": "Peut attendre",
}


@room.get("")
@allow(Role.ADMINISTRATOR)
def overview() -> str:
    """How the machines are, what is owed, and what was given up."""
    db, wording = house().db, Wording.of(house(), viewer())
    depths = house().bell.depths()
    return render_template(
        "administration/watching.html",
        health=_health(wording),
        queues=[(QUEUES.get(name, name), count) for name, count in depths.items()],
        owed=[_owed(job, counts) for job, counts in owed_by_job(db).items()],
        dead_promises=[_dead(each, wording) for each in dead_promises(db, viewer().territory_id)],
        versions=_versions(),
    )


@room.post("/<uuid:promise_id>/reprendre")
@allow(Role.ADMINISTRATOR)
@freshly
def retry(promise_id: UUID) -> ResponseReturnValue:
    """Have work tried again that was given up."""
    try:
        job = retry_promise(house(), viewer(), promise_id)
    except NotFoundError:
        flash("Ce travail n’est plus abandonné.", "info")
    else:
        flash(f"Travail repris{NBSP}: {_name(job)}.", "success")
    return redirect(url_for("watching.overview"), SEE_OTHER)


def _name(job: str) -> str:
    """For people; a job that only another version knows keeps its own."""
    return JOBS.get(Job(job), job) if job in set(Job) else job


def _owed(job: str, counts: Owed) -> dict[str, Any]:
    return {
        "label": _name(job),
        "waiting": counts.waiting,
        "due": counts.due,
        "held": counts.held,
        "dead": counts.dead,
    }


def _versions() -> list[tuple[str, str]]:
    found = versions(house().db)
    return [
        ("Relais SNP", found.software),
        ("Schéma de la base", found.schema),
        ("Base de données", found.engine),
        ("Python", found.python),
    ]


def _dead(promise: DeadPromise, wording: Wording) -> dict[str, Any]:
    return {
        "id": promise.id,
        "label": _name(promise.job),
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
