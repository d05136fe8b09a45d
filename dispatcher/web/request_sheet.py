"""One request's page in words: what the templates `desk/request.html` and its live part show."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from config.catalogue import Catalogue, Entry
from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, RefusedError
from dispatcher.domain.events import EffectNoted
from dispatcher.domain.languages import Language
from dispatcher.domain.matching import explain
from dispatcher.domain.matching.feasibility import Reason
from dispatcher.domain.states import LIVE_REQUESTS, Attention, RequestStatus
from dispatcher.reads.in_hand import Work
from dispatcher.reads.request_history import MessageFacts
from dispatcher.reads.request_page import (
    AppointmentFacts,
    CareFacts,
    PersonFacts,
    RequestPage,
)
from dispatcher.reads.request_search import Reach, SearchFacts, SlotFacts
from dispatcher.services.requests import FURTHEST_KM
from dispatcher.web import attempts, calls, found_slots, timeline
from dispatcher.web.forms import SEXES, MotiveGroup, entries
from dispatcher.web.request_map import request_map
from dispatcher.web.timeline import ATTENTION, error_in_words
from dispatcher.web.wording import FOREIGN_GP, NO_GP, Choice, Wording, person, shown_phone

DECIDED_BY_ENGINE = "engine"
DIALOG_FIELDS: Mapping[str, frozenset[str]] = {
    "override-rule": frozenset({"override"}),
    "enlarge-search": frozenset({"radius_km"}),
    "cancel-request": frozenset({"by", "reason"}),
    "redirect-request": frozenset({"to", "note"}),
    "unfilled-request": frozenset({"reason", "note"}),
    "hand-over": frozenset({"to"}),
    "note-request": frozenset({"text"}),
}
"""By dialog of the page: the fields that have room for a sentence."""
ENLARGE_BY = 1.5
ACCEPTED = f"Un volontaire a accepté{NBSP}: il choisit son heure"
OUTCOMES: Mapping[RequestStatus, str] = {
    RequestStatus.CANCELLED: "Demande annulée",
    RequestStatus.REDIRECTED: "Patient réorienté",
    RequestStatus.UNFILLED: "Close sans solution",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a dialog of the page asked for and did not get; it opens again as it was left."""

    dialog: str
    values: Mapping[str, str]
    errors: Mapping[str, str]
    """Sentences by field of the dialog."""
    sentence: str
    """What is wrong with something else than one of its fields."""

    @classmethod
    def of(cls, dialog: str, typed: Mapping[str, str], error: RefusedError) -> "Refusal":
        """Of a form and the refusal of what it asked for."""
        faults = error.fields if isinstance(error, InvalidError) else {"": error.sentence}
        fields = DIALOG_FIELDS[dialog]
        return cls(
            dialog,
            typed,
            {field: said for field, said in faults.items() if field in fields},
            " ".join(said for field, said in faults.items() if field not in fields),
        )


def sheet(page: RequestPage, wording: Wording, user_id: UUID) -> dict[str, Any]:
    """Everything the templates are given, but addresses of this site; `user_id` is who looks."""
    return {
        "care": _care(page, wording),
        "patient": _patient(page.patient, page.care.sex, page.department, wording),
        "announcement": announcement(page, wording),
        "work": _work(page.work, wording, user_id),
        "appointment": (
            _appointment(page.appointment, page.department, wording) if page.appointment else None
        ),
        "reach": _reach(page.reach, page.search) if page.reach else None,
        "map": request_map(page, wording),
        "search": found_slots.search(page.search, wording) if page.search else None,
        "attempts": attempts.attempts(page, wording) if page.reach else [],
        "waves": attempts.waves(page, wording),
        "beyond_sms": attempts.beyond_sms(page),
        "next_steps": attempts.next_steps(page, wording),
        "messages": [_message(message, page, wording) for message in page.messages],
        "events": timeline.lines(page, wording),
        "outcome": _outcome(page.care, wording.catalogue),
        "effects": _effects(page, wording.catalogue),
    }


def _work(work: Work, wording: Wording, user_id: UUID) -> dict[str, Any]:
    """Who has the request in hand, who else looks at it, and what was noted."""
    holder = work.holder
    return {
        "holder": holder.id if holder else "",
        "holder_name": holder.display_name if holder else "",
        "since": wording.moment(holder.since) if holder else "",
        "is_mine": holder is not None and holder.id == user_id,
        "me": user_id,
        "others": [each.display_name for each in work.viewers if each.id != user_id],
        "colleagues": [
            Choice(str(each.id), each.display_name)
            for each in work.colleagues
            if each.id != user_id
        ],
        "notes": [
            {"text": note.text, "by": note.author, "at": wording.moment(note.at)}
            for note in work.notes
        ],
    }


def ways_out(catalogue: Catalogue) -> dict[str, Any]:
    """The lists of the dialogs by which a request ends."""
    return {
        "cancellers": entries(catalogue.cancellers),
        "cancel_reasons": [
            MotiveGroup(
                canceller.label,
                code,
                [Choice(reason.code, reason.label) for reason in catalogue.cancellations_by(code)],
            )
            for code, canceller in catalogue.cancellers.items()
        ],
        "redirections": entries(catalogue.redirections),
        "unfilled_reasons": entries(catalogue.unfilled_reasons),
    }


def announcement(page: RequestPage, wording: Wording) -> str:
    """The state in one sentence, for screen readers."""
    care, appointment = page.care, page.appointment
    if appointment is not None and care.status == RequestStatus.BOOKED:
        when = wording.relative(appointment.start)
        return f"Rendez-vous pris {when} avec {appointment.slot.practitioner_name}"
    if care.attention is not None:
        return ATTENTION.get(care.attention, "")
    if care.accepted:
        return ACCEPTED
    if care.status in OUTCOMES:
        return OUTCOMES[care.status]
    return "Recherche en cours" if care.status == RequestStatus.SEARCHING else ""


def _care(page: RequestPage, wording: Wording) -> dict[str, Any]:
    care = page.care
    is_searching = care.status in {RequestStatus.SEARCHING, RequestStatus.OFFERING}
    return {
        "id": care.id,
        "code": care.code,
        "status": care.status,
        "opened": wording.relative(care.asked_at),
        "delay_label": f"{care.delay_hours}{NBSP}h",
        "deadline": calendar.day_and_hour(care.due_at, wording.zone),
        "profession_label": _kind_of_care(care.profession, care.specialty, wording),
        "modality_labels": wording.modalities(care.modalities),
        "motive_label": wording.motive(care.motive),
        "note": care.note,
        "origin_label": wording.origin(care.origin),
        "practice": care.practice and care.practice.name,
        "practice_phone": care.practice and shown_phone(care.practice.phone, page.department),
        "practice_uri": care.practice and f"tel:{care.practice.phone}",
        "to_validate": care.to_validate,
        "regulated": care.regulated_at is not None,
        "regulated_by": care.regulated_by,
        "regulated_for_sas": care.regulated_for_sas,
        "time_left": wording.time_left(care.due_at, care.delay_hours),
        "attention": ATTENTION.get(care.attention or "", ""),
        "is_urgent": care.attention == Attention.DEADLINE,
        "is_accepted": care.accepted,
        "conditions": _conditions(care, wording),
        "excluded": page.excluded,
        "to_call": calls.asked(care.to_call),
        "to_read": any(not message.is_handled for message in page.messages if not message.is_out),
        "is_live": care.status in LIVE_REQUESTS,
        "is_searching": is_searching,
        "can_search": care.status == RequestStatus.OPEN
        or (is_searching and care.attention is not None),
        "can_mark": _can_mark(page, wording),
    }


def _conditions(care: CareFacts, wording: Wording) -> list[str]:
    """What the patient needs beside the care: « reçu en arabe », « ne peut pas se déplacer »."""
    said = []
    if care.language:
        said.append(f"à recevoir en {wording.language(care.language)}")
    if care.needs_step_free:
        said.append("accès de plain-pied")
    if care.travel_km == 0:
        said.append("ne peut pas se déplacer")
    elif care.travel_km is not None:
        said.append(f"se déplace jusqu’à {explain.distance_in_words(care.travel_km)}")
    return said


def _reach(reach: Reach, search: SearchFacts | None) -> dict[str, Any]:
    """How far the search goes, what half more would be, and what the nearest slot beyond asks."""
    is_bounded = math.isfinite(reach.radius_km)
    wider = math.ceil(reach.radius_km * ENLARGE_BY) if is_bounded else 0
    goes_further = is_bounded and reach.enlarged_km > reach.radius_km
    beyond = [
        near.distance_km
        for near in (search.found.near_misses if search else ())
        if near.reason is Reason.TOO_FAR and near.distance_km is not None
    ]
    return {
        "radius": explain.distance_in_words(reach.radius_km) if is_bounded else "",
        "enlarged": explain.distance_in_words(reach.enlarged_km) if goes_further else "",
        "wider_km": wider if 0 < wider <= FURTHEST_KM else 0,
        "reaching_km": math.ceil(min(beyond)) if beyond else wider or "",
    }


def _can_mark(page: RequestPage, wording: Wording) -> bool:
    """Whether « venu » or « non venu » can be said, a wrong mark corrected included."""
    if page.care.status in {RequestStatus.FULFILLED, RequestStatus.NO_SHOW}:
        return True
    appointment = page.appointment
    return (
        page.care.status == RequestStatus.BOOKED
        and appointment is not None
        and appointment.start <= wording.now
    )


def _patient(
    patient: PersonFacts, sex: str | None, department: str, wording: Wording
) -> dict[str, str]:
    gp = patient.gp_name or (FOREIGN_GP if patient.has_gp else NO_GP)
    return {
        "name": person(patient.first_name, patient.last_name),
        "birth": wording.birth(patient.birth_date),
        "phone": shown_phone(patient.phone, department),
        "phone_uri": f"tel:{patient.phone}",
        "stopped": wording.moment(patient.stopped_since) if patient.stopped_since else "",
        "sms_language": ""
        if patient.language == Language.FRENCH
        else wording.language(patient.language),
        "commune": wording.commune(patient.commune),
        "gp_label": gp,
        "sex_label": SEXES.get(sex or "", ""),
    }


def _appointment(
    appointment: AppointmentFacts, department: str, wording: Wording
) -> dict[str, Any]:
    slot = appointment.slot
    day = calendar.day(appointment.start, wording.zone)
    relative = calendar.relative_day(appointment.start, wording.now, wording.zone)
    return {
        "slot": appointment.slot_id,
        "day": day,
        "day_words": "" if relative == day else relative,
        "hour": _hour(appointment.start, slot, wording),
        "practitioner_name": slot.practitioner_name,
        "profession_label": _kind_of_care(slot.profession, slot.specialty, wording),
        "address": found_slots.address(slot),
        "phone": shown_phone(slot.phone, department) if slot.phone else "",
        "phone_uri": f"tel:{slot.phone}",
        "distance": found_slots.distance(slot, appointment.distance_km),
        "modality_label": f"Consultation {wording.modality(slot.modality)}",
        "status": appointment.status,
        "is_over": appointment.end <= wording.now,
        "chosen_by_hand": appointment.decided_by != DECIDED_BY_ENGINE,
        "override_note": appointment.override_note,
        "reasons": [explain.render(term) for term in appointment.terms],
        "refused": found_slots.refused(appointment.refused.items()),
        "others": max(appointment.fitting - 1, 0),
        "lender": slot.lender,
    }


def _kind_of_care(profession: str, specialty: str | None, wording: Wording) -> str:
    """« Médecin », « Médecin, pédiatrie »."""
    label, special = wording.profession(profession), wording.specialty(specialty)
    return f"{label}, {special[:1].lower()}{special[1:]}" if special else label


def _hour(seen_at: Any, slot: SlotFacts, wording: Wording) -> str:  # noqa: ANN401
    start = calendar.hour(seen_at, wording.zone)
    if slot.places > 1:
        return f"{start} (jusqu’à {calendar.hour(slot.end, wording.zone)}, sans heure fixe)"
    return start


def _message(message: MessageFacts, page: RequestPage, wording: Wording) -> dict[str, Any]:
    patient = person(page.patient.first_name, page.patient.last_name)
    return {
        "direction": "out" if message.is_out else "in",
        "to_role": message.to_role,
        "who": message.practitioner_name or patient,
        "body": message.body,
        "status": message.status,
        "at": wording.moment(message.updated_at if message.is_out else message.created_at),
        "error": error_in_words(message.error_code),
        "track": timeline.track(message.id, page, wording),
    }


def _effects(page: RequestPage, catalogue: Catalogue) -> list[dict[str, Any]]:
    """What the request may have led to, and what the last word about each is."""
    holds = {
        step.event.effect: step.event.holds
        for step in page.steps
        if isinstance(step.event, EffectNoted)
    }
    return [
        {"code": code, "label": entry.label, "holds": holds.get(code, False)}
        for code, entry in catalogue.effects.items()
    ]


def _outcome(care: CareFacts, catalogue: Catalogue) -> dict[str, str] | None:
    if care.status not in OUTCOMES:
        return None
    code = care.closing_code or ""
    lists: Mapping[RequestStatus, Mapping[str, Entry]] = {
        RequestStatus.CANCELLED: catalogue.cancellers,
        RequestStatus.REDIRECTED: catalogue.redirections,
        RequestStatus.UNFILLED: catalogue.unfilled_reasons,
    }
    entry = lists[care.status].get(code)
    note = catalogue.cancellations.get(care.closing_note)
    # A code that was given instead of words is said by the entry already.
    words = "" if care.closing_note == code else note.label if note else care.closing_note
    return {
        "text": f"{OUTCOMES[care.status]}{NBSP}: {entry.label if entry else code}",
        "detail": words,
    }
