"""What stands beside a new request while it is typed: who is known already, and which slots fit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import calendar, phones
from dispatcher.domain.errors import SlotFullError
from dispatcher.domain.openings import Way
from dispatcher.domain.roles import Role
from dispatcher.reads import board as board_read
from dispatcher.reads.board import BoardRequest
from dispatcher.reads.known_patients import KnownPatient, known_patients
from dispatcher.reads.wanted import Wanted, search_for
from dispatcher.services.at_entry import held_slot, hold_slot, let_go
from dispatcher.services.intake import age_on
from dispatcher.services.openings import opened_patients, opened_requests
from dispatcher.web import board_columns, forms, found_slots
from dispatcher.web.access import allow, house, viewer
from dispatcher.web.posted import id_in, posted_id
from dispatcher.web.wording import Wording, shown_phone

room = Blueprint("beside", __name__, url_prefix="/demandes/nouvelle")

SHORTEST_NAME = 3
"""Letters of a family name from which on live requests are looked up by it."""
LIVE_SHOWN = 4


@room.post("/en-direct")
@allow(Role.REGULATOR)
def beside() -> ResponseReturnValue:
    """The part of the form that follows what is typed. Keeps the slot that was chosen."""
    values = forms.typed(request.form)
    call, chosen = posted_id("call"), posted_id("slot")
    lost = ""
    if call is not None and not request.form.get("idle"):
        lost = _keep(call, chosen)
    lost_slot = chosen if lost else posted_id("lost_slot")
    return render_template(
        "desk/_beside.html",
        **_known(values),
        **_search(values, call, lost),
        lost=lost,
        lost_slot=lost_slot or "",
    )


def _keep(call: UUID, chosen: UUID | None) -> str:
    """Hold what was chosen, let go of what no longer is; says so when it is gone."""
    try:
        if chosen is not None:
            hold_slot(house(), viewer(), call, chosen)
        elif "slot" in request.form and held_slot(house(), call) is not None:
            let_go(house(), viewer(), call)
    except SlotFullError as error:
        return error.sentence
    return ""


def _search(values: forms.Typed, call: UUID | None, lost: str) -> dict[str, Any]:
    account = viewer()
    wording = Wording.of(house(), account)
    held = held_slot(house(), call) if call is not None else None
    chosen = posted_id("slot") if not lost else None
    wanted = wanted_of(values, wording.now, wording.zone)
    if wanted is None:
        return {"candidates": None, "chosen": chosen, "held": held, "others": 0, "refused": []}
    found = search_for(
        house().db,
        account.territory_id,
        wanted,
        house().communes,
        wording.now,
        house().routing,
        call,
    )
    shown = found_slots.candidates(found, wording)
    slots = [candidate["slot"] for candidate in shown["candidates"]]
    return {
        "candidates": shown["candidates"],
        "others": shown["others"],
        "refused": shown["refused"],
        "held": held,
        "chosen": next((slot for slot in (chosen, held) if slot in slots), None),
    }


def wanted_of(values: forms.Typed, now: datetime, zone: ZoneInfo) -> Wanted | None:
    """The need as far as it is typed; None while profession, modality, commune or delay lack."""
    catalogue = house().catalogue
    delay, profession = values["need.delay_hours"], values["need.profession"]
    modalities = frozenset(values["need.modalities"]) & set(catalogue.modalities)
    commune = forms.chosen_commune(values, "patient.commune", house().communes)
    is_known = profession in catalogue.professions and delay in map(str, catalogue.delays)
    if not (is_known and modalities and commune):
        return None
    born = forms.birth_date(values["patient.birth_date"])
    today = calendar.local_day(now, zone)
    return Wanted(
        profession=profession,
        modalities=modalities,
        delay_hours=int(delay),
        commune=commune,
        age=age_on(born, today) if born and born <= today else None,
        gp_id=id_in(values["patient.gp_choice"]),
        excluded_practitioners=frozenset(
            found for each in values["need.excluded_practitioners"] if (found := id_in(each))
        ),
        sex=values["patient.sex"] or None,
        language=values["need.language"] or None,
        needs_step_free=bool(values["need.needs_step_free"]),
        travel_km=forms.travel_km(values),
    )


def _known(values: forms.Typed) -> dict[str, Any]:
    """Live requests and earlier patients of the telephone or the name."""
    account = viewer()
    phone = _phone(values["patient.phone"])
    last, first = (values[f"patient.{name}"].strip() for name in ("last_name", "first_name"))
    born = forms.birth_date(values["patient.birth_date"])
    known = known_patients(
        house().db, account.territory_id, phone, (last, first, born) if last and born else None
    )
    wording = Wording.of(house(), account)
    live = _in_hand(phone, f"{first} {last}", last)
    opened_requests(house(), account.actor, Way.ENTRY, [each.id for each in live])
    opened_patients(house(), account.actor, Way.ENTRY, [each.id for each in known])
    return {
        "live": [_live(found, wording) for found in live],
        "known": [_patient(patient) for patient in known if not _is(patient, values)],
    }


def _phone(text: str) -> str:
    """E.164 of a whole number, empty for anything else."""
    try:
        return phones.normalise(text, phones.region_of(viewer().department)).e164
    except phones.NotAPhone:
        return ""


def _in_hand(phone: str, name: str, last_name: str) -> Sequence[BoardRequest]:
    by_name = len(last_name) >= SHORTEST_NAME
    if not phone and not by_name:
        return ()
    live = board_read.board_requests(house().db, viewer().territory_id, house().clock())
    return [
        found
        for found in live
        if (phone and found.phone == phone) or (by_name and board_columns.matches(found, name))
    ][:LIVE_SHOWN]


def _live(found: BoardRequest, wording: Wording) -> dict[str, Any]:
    start = found.appointment.start if found.appointment else None
    return {
        "code": found.code,
        "url": url_for("desk.request_page", request_id=found.id),
        "status": found.status,
        "name": f"{found.first_name} {found.last_name}",
        "profession_label": wording.profession(found.profession),
        "opened": wording.relative(found.asked_at),
        "appointment": f"rendez-vous {wording.relative(start)}" if start else "",
    }


def _patient(patient: KnownPatient) -> dict[str, Any]:
    commune = house().communes.get(patient.commune)
    gp = str(patient.gp_id) if patient.gp_id else forms.FOREIGN_DOCTOR
    return {
        "name": f"{patient.first_name} {patient.last_name}",
        "born": f"{patient.birth_date:%d/%m/%Y}",
        "commune": commune.name if commune else "",
        "fields": {
            "patient.phone": shown_phone(patient.phone, viewer().department),
            "patient.last_name": patient.last_name,
            "patient.first_name": patient.first_name,
            "patient.birth_date": f"{patient.birth_date:%d/%m/%Y}",
            "patient.commune": patient.commune,
            "patient.commune_text": commune.name if commune else "",
            "patient.gp_choice": gp if patient.has_gp else forms.NO_DOCTOR,
        },
    }


def _is(patient: KnownPatient, values: forms.Typed) -> bool:
    """Whether it is the very person who stands in the form already."""
    return (
        patient.last_name == values["patient.last_name"].strip()
        and patient.first_name == values["patient.first_name"].strip()
        and patient.birth_date == forms.birth_date(values["patient.birth_date"])
    )
