"""The room of a requester: a pharmacy, a nurse or a practice asks for its own patient."""

import hashlib
import json
import uuid
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from config.catalogue import Protocol
from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import (
    DuplicateRequestError,
    InvalidError,
    NotFoundError,
    TransitionError,
)
from dispatcher.domain.openings import Way
from dispatcher.domain.roles import Account, Role
from dispatcher.domain.states import LIVE_REQUESTS, RequestStatus, in_words
from dispatcher.reads.known_people import doctors
from dispatcher.reads.practices import PracticeFacts, practice_of
from dispatcher.reads.requesters import (
    AskedAppointment,
    AskedRequest,
    own_request,
    own_requests,
)
from dispatcher.services.commands import OpenRequest
from dispatcher.services.idempotency import CallKey, once
from dispatcher.services.intake import age_on
from dispatcher.services.intake_faults import all_faults
from dispatcher.services.openings import opened_requests
from dispatcher.services.requesting import answer_by_protocol, ask_for_patient, give_up_request
from dispatcher.web import forms
from dispatcher.web.access import allow, house, viewer
from dispatcher.web.hours import closure_of
from dispatcher.web.live import LiveState, fragment
from dispatcher.web.wording import Choice, Wording, person, shown_phone

room = Blueprint("requesters", __name__, url_prefix="/mes-demandes")
SEE_OTHER = 303
PHARMACY = "PHARMACY"
"""The origin whose practices do themselves what a protocol allows."""
APPOINTMENT = "appointment"
"""The answer of who wants an appointment although a protocol would do."""
JUST_ASKED = "asked"
LIVE_EVERY, CLOSED_EVERY = 3000, 15_000
_SEARCHED = {RequestStatus.SEARCHING, RequestStatus.OFFERING}


@room.get("")
@allow(Role.REQUESTER)
def overview() -> ResponseReturnValue:
    """What the practice asked for, the last one first."""
    account = viewer()
    practice, wording = practice_of(house().db, account), Wording.of(house(), account)
    asked = own_requests(house().db, account.territory_id, practice.id, wording.now)
    shown = [_shown(each, wording) for each in asked]
    return render_template(
        "requester/overview.html",
        practice=practice.name,
        live=[each for each in shown if each["is_live"]],
        ended=[each for each in shown if not each["is_live"]],
    )


@room.get("/nouvelle")
@allow(Role.REQUESTER)
def describe() -> ResponseReturnValue:
    """The form, for one patient."""
    return _form(dict(forms.DEFAULTS), call=uuid.uuid4().hex)


@room.post("/nouvelle")
@allow(Role.REQUESTER)
def ask() -> ResponseReturnValue:
    """Take the request, offer a protocol first where one may answer it, or say what is wrong.

    A form that is sent twice makes one request, as at the regulators' desk.
    """
    account, practice = viewer(), practice_of(house().db, viewer())
    values = forms.typed(request.form) | {"origin": practice.origin, "regulated.seen": ""}
    confirmed = bool(request.form.get("confirm_duplicate"))
    call, answer = request.form.get("call", ""), request.form.get("answer", "")
    try:
        command = forms.command(
            values,
            account.territory_code,
            house().communes,
            house().clock(),
            confirmed=confirmed,
            all_faults=lambda given, faults: all_faults(house(), account, given, faults),
        )
        protocol = _protocol_for(command, account)
        if protocol is not None and not answer:
            return _form(values, call, protocol=protocol)
        key = _call_key(account, call, [values, confirmed, answer])
        by_protocol = answer not in {"", APPOINTMENT}
        request_id = once(
            house(),
            key,
            lambda: (
                answer_by_protocol(house(), account, command, answer, key)
                if by_protocol
                else ask_for_patient(house(), account, command, key)
            ),
        )
    except InvalidError as error:
        return _form(values, call, errors=forms.shown_faults(error.fields)), error.status
    except DuplicateRequestError as error:
        own = _own_among(account, practice, error)
        return _form(values, call, duplicates=own, is_duplicate=True), error.status
    if by_protocol:
        afterwards = house().catalogue.protocols[answer].afterwards
        flash(f"Prise en charge notée. {afterwards}", "success")
    session[JUST_ASKED] = str(request_id)
    return redirect(url_for("requesters.show", request_id=request_id), SEE_OTHER)


@room.get("/<uuid:request_id>")
@allow(Role.REQUESTER)
def show(request_id: UUID) -> ResponseReturnValue:
    """One request with its live state."""
    just_asked = session.get(JUST_ASKED) == str(request_id)
    if just_asked:
        del session[JUST_ASKED]
    asked = _own(request_id)
    state = _state(asked)
    wording = Wording.of(house(), viewer())
    return render_template(
        "requester/request.html",
        just_asked=just_asked,
        live_url=url_for("requesters.live", request_id=request_id),
        live_etag=state.etag,
        live_every=state.every,
        reasons=[
            Choice(each.code, each.label) for each in house().catalogue.cancellations_by("patient")
        ],
        asked=_shown(asked, wording),
    )


@room.get("/<uuid:request_id>/suivi")
@allow(Role.REQUESTER)
def live(request_id: UUID) -> ResponseReturnValue:
    """The part of the page that renews itself."""
    asked = _own(request_id)
    wording = Wording.of(house(), viewer())
    return fragment(
        _state(asked),
        lambda: render_template("requester/_request_live.html", asked=_shown(asked, wording)),
    )


@room.post("/<uuid:request_id>/annuler")
@allow(Role.REQUESTER)
def give_up(request_id: UUID) -> ResponseReturnValue:
    """The patient no longer needs it."""
    try:
        give_up_request(house(), viewer(), request_id, request.form.get("reason", ""))
    except InvalidError as error:
        flash(" ".join(error.fields.values()), "error")
    except TransitionError as error:
        flash(error.sentence, "error")
    else:
        flash("Annulation enregistrée.", "success")
    return redirect(url_for("requesters.show", request_id=request_id), SEE_OTHER)


def _own(request_id: UUID) -> AskedRequest:
    account = viewer()
    practice = practice_of(house().db, account)
    asked = own_request(house().db, account.territory_id, practice.id, request_id)
    if asked is None:
        raise NotFoundError
    opened_requests(house(), account.actor, Way.PAGE, [request_id])
    return asked


def _protocol_for(command: OpenRequest, account: Account) -> Protocol | None:
    """The protocol that may answer what was typed; a birth date to come is the service's to say."""
    today = calendar.local_day(house().clock(), Wording.of(house(), account).zone)
    age = age_on(command.patient.birth_date, today)
    return house().catalogue.protocol_for(command.need.motive, age, command.patient.sex)


def _call_key(account: Account, call: str, said: object) -> CallKey | None:
    if not call:
        return None
    told = json.dumps(said, sort_keys=True).encode()
    key = f"asked:{call}:{hashlib.sha256(told).hexdigest()}"
    return CallKey.of(account.user_id, key, "POST", request.path, told)


def _own_among(
    account: Account, practice: PracticeFacts, error: DuplicateRequestError
) -> list[dict[str, Any]]:
    """Of the patient's live requests those that the practice asked for: others are not shown."""
    wording = Wording.of(house(), account)
    known = (
        own_request(house().db, account.territory_id, practice.id, UUID(each))
        for each in error.request_ids
    )
    return [_shown(each, wording) for each in known if each is not None]


def _form(
    values: forms.Typed,
    call: str,
    *,
    errors: dict[str, str] | None = None,
    duplicates: list[dict[str, Any]] | None = None,
    is_duplicate: bool = False,
    protocol: Protocol | None = None,
) -> str:
    account = viewer()
    practice = practice_of(house().db, account)
    return render_template(
        "requester/new_request.html",
        values=values,
        errors=errors or {},
        duplicates=duplicates or [],
        is_duplicate=is_duplicate,
        protocol=protocol,
        is_pharmacy=practice.origin == PHARMACY,
        call=call,
        practice=practice.name,
        closure=closure_of(house(), account.territory_id),
        **forms.choices(house().catalogue, doctors(house().db, account.territory_id), []),
    )


def _state(asked: AskedRequest) -> LiveState:
    wording = Wording.of(house(), viewer())
    every = LIVE_EVERY if asked.status in LIVE_REQUESTS else CLOSED_EVERY
    return LiveState.of((asked, wording.now), every)


def _shown(asked: AskedRequest, wording: Wording) -> dict[str, Any]:
    department = viewer().department
    sentence, detail = _stands(asked, wording)
    return {
        "id": asked.id,
        "code": asked.code,
        "url": url_for("requesters.show", request_id=asked.id),
        "name": person(asked.first_name, asked.last_name),
        "age": wording.age(asked.birth_date),
        "birth": wording.birth(asked.birth_date),
        "phone": shown_phone(asked.phone, department),
        "profession_label": wording.profession(asked.profession),
        "motive_label": wording.motive(asked.motive),
        "delay_label": f"{asked.delay_hours}{NBSP}h",
        "opened": wording.relative(asked.asked_at),
        "asked_by": asked.asked_by,
        "status": asked.status,
        "to_validate": asked.to_validate,
        "is_live": asked.status in LIVE_REQUESTS,
        "sentence": sentence,
        "detail": detail,
        "time_left": (
            wording.time_left(asked.due_at, asked.delay_hours)
            if asked.status in LIVE_REQUESTS and asked.appointment is None
            else None
        ),
        "appointment": _appointment(asked.appointment, department, wording),
        "announcement": sentence,
    }


def _stands(asked: AskedRequest, wording: Wording) -> tuple[str, str]:
    """Where it stands, and what that means for who is at the counter."""
    if asked.to_validate:
        return (
            "En attente de la régulation",
            "La régulation valide la demande avant que la recherche commence.",
        )
    if asked.status in _SEARCHED:
        return "Recherche en cours", "Le patient recevra un SMS dès qu’un rendez-vous est pris."
    if asked.status == RequestStatus.OPEN:
        return "La régulation s’en occupe", "Elle rappelle le patient si c’est nécessaire."
    if asked.status == RequestStatus.REDIRECTED:
        entry = wording.catalogue.redirections.get(asked.closing_code or "")
        return "Réponse donnée autrement", entry.label if entry else ""
    if asked.appointment is not None:
        when = wording.relative(asked.appointment.start)
        return f"Rendez-vous {when}", asked.appointment.practitioner_name
    words = in_words(asked.status)
    return f"Demande {words}", ""


def _appointment(
    booked: AskedAppointment | None, department: str, wording: Wording
) -> dict[str, str] | None:
    if booked is None:
        return None
    hour = calendar.hour(booked.start, wording.zone)
    if booked.is_walk_in:
        end = calendar.hour(booked.end, wording.zone)
        hour = f"{hour} (jusqu’à {end}, sans heure fixe)"
    return {
        "day": calendar.day(booked.start, wording.zone),
        "hour": hour,
        "practitioner_name": booked.practitioner_name,
        "modality_label": f"Consultation {wording.modality(booked.modality)}",
        "address": booked.address if booked.modality == "AMB" else "",
        "phone": shown_phone(booked.phone, department) if booked.phone else "",
        "phone_uri": f"tel:{booked.phone}" if booked.phone else "",
        "status": booked.status,
    }
