"""The coordinators' list of patients without a médecin traitant."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError, TransitionError
from dispatcher.domain.gp_searches import (
    GP_SEARCH_TRANSITIONS,
    OPEN_GP_SEARCHES,
    GpSearchStatus,
    Priority,
)
from dispatcher.domain.matching import explain
from dispatcher.domain.openings import Way
from dispatcher.domain.roles import Role
from dispatcher.reads import gp_searches
from dispatcher.reads.gp_searches import GpSearchFacts, NearDoctor
from dispatcher.services.gp_searches import answer_gp, mark_priority, propose_gp
from dispatcher.services.openings import opened_patients
from dispatcher.web.access import allow, house, viewer
from dispatcher.web.posted import the_posted_id
from dispatcher.web.wording import Wording, person, shown_phone

room = Blueprint("gp_searches", __name__, url_prefix="/medecin-traitant")
SEE_OTHER = 303
OPEN_FIRST = "en-cours"
STATES: Mapping[str, tuple[str, tuple[GpSearchStatus, ...]]] = {
    OPEN_FIRST: ("En cours", OPEN_GP_SEARCHES),
    "acceptes": ("Acceptés", (GpSearchStatus.ACCEPTED,)),
    "refuses": ("Refusés", (GpSearchStatus.DECLINED,)),
}
"""What the list is narrowed to, by the word in its address."""
PRIORITIES: Mapping[Priority, str] = {
    Priority.OVER_70: f"70{NBSP}ans ou plus",
    Priority.ALD: "ALD",
    Priority.C2S: "C2S",
}
CHIPS: Mapping[GpSearchStatus, tuple[str, str, str]] = {
    GpSearchStatus.TO_CONTACT: ("warning", "phone", "À contacter"),
    GpSearchStatus.PROPOSED: ("info", "send", "Proposé"),
    GpSearchStatus.ACCEPTED: ("success", "user-check", "Accepté"),
    GpSearchStatus.DECLINED: ("neutral", "user-off", "Refusé"),
}
DONE: Mapping[GpSearchStatus, str] = {
    GpSearchStatus.TO_CONTACT: "Patient de nouveau à contacter.",
    GpSearchStatus.ACCEPTED: f"Médecin traitant trouvé{NBSP}: c’est compté dans l’activité.",
    GpSearchStatus.DECLINED: "Refus noté.",
}


@room.get("")
@allow(Role.COORDINATOR)
def overview() -> ResponseReturnValue:
    """The list, who comes first in front."""
    account = viewer()
    wanted = request.args.get("etat", OPEN_FIRST)
    wanted = wanted if wanted in STATES else OPEN_FIRST
    wording = Wording.of(house(), account)
    found = gp_searches.gp_searches(house().db, account.territory_id, STATES[wanted][1])
    counts = gp_searches.counts(house().db, account.territory_id)
    return render_template(
        "coordinator/gp_searches.html",
        patients=[_shown(each, wording) for each in found],
        states=[
            {
                "url": url_for("gp_searches.overview", etat=word),
                "label": label,
                "count": sum(counts[status] for status in statuses),
                "current": word == wanted,
            }
            for word, (label, statuses) in STATES.items()
        ],
    )


@room.get("/<uuid:search_id>")
@allow(Role.COORDINATOR)
def show(search_id: UUID) -> ResponseReturnValue:
    """One patient, with the doctors who may take them."""
    account = viewer()
    found = gp_searches.gp_search(house().db, account.territory_id, search_id)
    if found is None:
        raise NotFoundError
    opened_patients(house(), account.actor, Way.PAGE, [found.patient_id])
    wording = Wording.of(house(), account)
    may = GP_SEARCH_TRANSITIONS[found.status]
    proposes = GpSearchStatus.PROPOSED in may
    near = gp_searches.near_doctors(house().db, account.territory_id, found) if proposes else []
    return render_template(
        "coordinator/gp_search.html",
        patient=_shown(found, wording),
        proposes=proposes,
        doctors=[_doctor(each) for each in near],
        may={status.value for status in may},
    )


@room.post("/<uuid:search_id>/proposer")
@allow(Role.COORDINATOR)
def propose(search_id: UUID) -> ResponseReturnValue:
    """A doctor was proposed."""
    chosen = the_posted_id("practitioner")
    return _act(
        search_id,
        lambda: propose_gp(house(), viewer(), search_id, chosen),
        "Médecin proposé.",
    )


@room.post("/<uuid:search_id>/reponse")
@allow(Role.COORDINATOR)
def answer(search_id: UUID) -> ResponseReturnValue:
    """Accepted, declined by whom, or to be contacted again."""
    said = request.form.get("status", "")
    if said not in set(DONE):
        raise NotFoundError
    status = GpSearchStatus(said)
    by_patient = request.form.get("by") == "patient"
    return _act(
        search_id,
        lambda: answer_gp(
            house(), viewer(), search_id, status, "patient" if by_patient else "practitioner"
        ),
        DONE[status],
    )


@room.post("/<uuid:search_id>/priorite")
@allow(Role.COORDINATOR)
def priority(search_id: UUID) -> ResponseReturnValue:
    """What the patient says about themself."""
    ald, c2s = bool(request.form.get("ald")), bool(request.form.get("c2s"))
    return _act(
        search_id,
        lambda: mark_priority(house(), viewer(), search_id, ald=ald, c2s=c2s),
        "Situation du patient enregistrée.",
    )


def _act(search_id: UUID, act: Callable[[], None], done: str) -> ResponseReturnValue:
    try:
        act()
    except (InvalidError, TransitionError) as error:
        flash(_sentence(error), "error")
    else:
        flash(done, "success")
    return redirect(url_for("gp_searches.show", search_id=search_id), SEE_OTHER)


def _sentence(error: RefusedError) -> str:
    return " ".join(error.fields.values()) if isinstance(error, InvalidError) else error.sentence


def _shown(each: GpSearchFacts, wording: Wording) -> dict[str, Any]:
    return {
        "id": each.id,
        "url": url_for("gp_searches.show", search_id=each.id),
        "name": person(each.first_name, each.last_name),
        "age": wording.age(each.birth_date),
        "phone": shown_phone(each.phone, viewer().department),
        "phone_uri": f"tel:{each.phone}",
        "commune": wording.commune(each.commune),
        "status": each.status.value,
        "chip": CHIPS[each.status],
        "priorities": [PRIORITIES[reason] for reason in each.priorities],
        "ald": each.ald,
        "c2s": each.c2s,
        "practitioner_name": each.practitioner_name,
        "since": wording.relative(each.created_at),
        "updated": wording.relative(each.updated_at),
    }


def _doctor(near: NearDoctor) -> dict[str, Any]:
    return {
        "id": near.id,
        "name": near.display_name,
        "address": near.address,
        "phone": shown_phone(near.phone, viewer().department) if near.phone else "",
        "phone_uri": f"tel:{near.phone}" if near.phone else "",
        "distance": explain.distance_in_words(near.distance_km)
        if near.distance_km is not None
        else "",
    }
