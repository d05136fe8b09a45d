"""The practitioner's pages, made for a telephone: their slots, their patients, one tap each."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import calendar, phones
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError, TransitionError
from dispatcher.domain.openings import Way
from dispatcher.domain.roles import Role
from dispatcher.domain.states import AppointmentStatus, SlotStatus
from dispatcher.reads.agenda import AHEAD, AgendaSlot, Visit, own_places
from dispatcher.reads.agenda import agenda as read_agenda
from dispatcher.reads.neighbours import neighbours
from dispatcher.services import slot_changes
from dispatcher.services.appointments import cancel_by_practitioner, record_attendance
from dispatcher.services.commands import AnnounceFree
from dispatcher.services.openings import opened_appointments
from dispatcher.services.parsing import parse
from dispatcher.services.slots import announce_free, publish_slot
from dispatcher.web import concerned, slot_form
from dispatcher.web.access import allow, house, viewer
from dispatcher.web.hours import closure_of, unused_reason
from dispatcher.web.own_agendas import unread_agendas
from dispatcher.web.posted import the_posted_id
from dispatcher.web.wording import Choice, Wording, person

room = Blueprint("practitioner", __name__, url_prefix="/agenda")
concerned.install(room)
SEE_OTHER = 303
NOON = time(12)
DRAWN = ("day", "start_time", "duration_minutes")
"""What may come with the address: hours that were drawn on the week."""
FREE_HOURS = ("1", "2", "3", "4")
FREE_PLACES = "4"
EARLY = timedelta(hours=48)
"""Unscheduled care is due within 48 h, and by agreement a patient is seen before their hour."""


@room.get("")
@allow(Role.PRACTITIONER)
def agenda() -> ResponseReturnValue:
    """Today and the days to come; above them, who came before and was not marked."""
    found = read_agenda(house().db, viewer())
    visits = [*found.to_mark, *(visit for slot in found.slots for visit in slot.visits)]
    expected = [visit.id for visit in visits]
    opened_appointments(house(), viewer().actor, Way.AGENDA, expected)
    places = own_places(house().db, viewer())
    wording = Wording.of(house(), viewer())
    return render_template(
        "practitioner/agenda.html",
        practitioner_name=found.practitioner_name,
        unread=unread_agendas(),
        days=_days(found.slots, wording),
        to_mark=[
            _visit(visit, wording) | {"day": calendar.day(visit.start, wording.zone).capitalize()}
            for visit in found.to_mark
        ],
        later=found.later,
        free_now=_free_now(found.slots, wording),
        free_hours=[Choice(hours, f"{hours}{NBSP}h") for hours in FREE_HOURS],
        free_places=FREE_PLACES,
        own_places=[
            Choice(str(place.id), f"{place.label}, {place.commune_name}") for place in places
        ],
        last_day=calendar.day(wording.now + AHEAD, wording.zone),
    )


@room.get("/creneau")
@allow(Role.PRACTITIONER)
def publish() -> ResponseReturnValue:
    """The form of a new slot, filled in so that most of it may stay, or as it was drawn."""
    places = own_places(house().db, viewer())
    values = slot_form.defaults(house().clock(), _zone(), places)
    drawn = {name: request.args[name] for name in DRAWN if name in request.args}
    return _form(values | drawn, {})


@room.post("/creneau")
@allow(Role.PRACTITIONER)
def publish_now() -> ResponseReturnValue:
    """Publish, or show the form again with a sentence at each field and what was typed."""
    account, zone = viewer(), _zone()
    if account.practitioner_id is None:
        raise NotFoundError
    typed = slot_form.typed(request.form)
    try:
        command = slot_form.command(typed, account.practitioner_id, zone)
        publish_slot(house(), account, command)
    except InvalidError as invalid:
        return _form(typed, slot_form.by_field(invalid.fields)), invalid.status
    when = calendar.relative_day(command.start, house().clock(), zone)
    flash(
        f"Créneau publié{NBSP}: {when} {calendar.hours(command.start, command.end, zone)}.",
        "success",
    )
    if reason := unused_reason(house(), account.territory_id, command.start):
        flash(
            f"Ce créneau est hors horaires SNP ({reason}){NBSP}: votre territoire n’y adresse"
            " personne.",
            "warning",
        )
    return _to_agenda()


@room.post("/libre-maintenant")
@allow(Role.PRACTITIONER)
def free_now() -> ResponseReturnValue:
    """« Libre maintenant » in one tap: a period that ends by itself."""
    account, zone = viewer(), _zone()
    hours, places = (
        request.form.get("hours", FREE_HOURS[1]),
        request.form.get("places", FREE_PLACES),
    )
    try:
        asked = {
            "place": request.form.get("place", ""),
            "minutes": _minutes(hours),
            "places": places,
        }
        slot_id = announce_free(house(), account, parse(AnnounceFree, asked))
    except InvalidError as invalid:
        flash(" ".join(dict.fromkeys(invalid.fields.values())), "error")
        return _to_agenda()
    until = next(slot.end for slot in read_agenda(house().db, account).slots if slot.id == slot_id)
    flash(f"Vous êtes annoncé libre jusqu’à {calendar.hour(until, zone)}.", "success")
    return _to_agenda()


@room.post("/creneau/fermer")
@allow(Role.PRACTITIONER)
def close_slot() -> ResponseReturnValue:
    """Close a slot; whoever is expected there is kept or cancelled by name."""
    cleared = slot_changes.close_slot(
        house(), viewer(), the_posted_id("slot"), concerned.decisions()
    )
    said = concerned.words_of(cleared.kept, cleared.cancelled)
    flash(f"Créneau fermé{NBSP}: plus aucun patient n’y sera adressé.{said}", "success")
    return _to_agenda()


@room.post("/presence")
@allow(Role.PRACTITIONER)
def outcome() -> ResponseReturnValue:
    """« Venu » or « Non venu »; the other button corrects a slip."""
    status = request.form.get("status")
    if status not in {AppointmentStatus.FULFILLED, AppointmentStatus.NO_SHOW}:
        abort(400)
    came = status == AppointmentStatus.FULFILLED
    record_attendance(house(), viewer(), the_posted_id("appointment"), came=came)
    flash(f"C’est noté{NBSP}: patient {'venu' if came else 'non venu'}.", "success")
    return _to_agenda()


@room.post("/rendez-vous/annuler")
@allow(Role.PRACTITIONER)
def cancel_appointment() -> ResponseReturnValue:
    """Cancel: the patient is told, and another solution is searched for at once."""
    cancel_by_practitioner(house(), viewer(), the_posted_id("appointment"))
    flash(
        f"Rendez-vous annulé{NBSP}: le patient est prévenu, une autre solution est cherchée.",
        "success",
    )
    return _to_agenda()


@room.errorhandler(TransitionError)
def _too_late(error: TransitionError) -> ResponseReturnValue:
    """Somebody was faster, or it was done already: the agenda shows how things stand now."""
    flash(error.sentence, "error")
    return _to_agenda()


def _minutes(hours: str) -> int | str:
    return int(hours) * 60 if hours in FREE_HOURS else hours


def _free_now(slots: Sequence[AgendaSlot], wording: Wording) -> dict[str, Any] | None:
    """The announced period that is running."""
    running = [
        slot
        for slot in slots
        if slot.free_now and slot.status != SlotStatus.CLOSED and slot.end > wording.now
    ]
    if not running:
        return None
    slot = running[0]
    return _slot(slot, wording) | {"until": calendar.hour(slot.end, wording.zone)}


def _to_agenda() -> ResponseReturnValue:
    return redirect(url_for("practitioner.agenda"), SEE_OTHER)


def _form(values: dict[str, Any], errors: Mapping[str, str]) -> str:
    now, zone = house().clock(), _zone()
    places = own_places(house().db, viewer())
    return render_template(
        "practitioner/new_slot.html",
        values=values,
        slot=None,
        errors=errors,
        closure=closure_of(house(), viewer().territory_id),
        shares=any(each.in_force for each in neighbours(house().db, viewer().territory_id, now)),
        **slot_form.choices(now, zone, places, house().catalogue, values),
    )


def _zone() -> ZoneInfo:
    return ZoneInfo(viewer().timezone)


def _days(slots: Sequence[AgendaSlot], wording: Wording) -> list[dict[str, Any]]:
    """The slots by local day; today is there even when it is empty."""
    by_day: dict[date, list[AgendaSlot]] = {calendar.local_day(wording.now, wording.zone): []}
    for slot in slots:
        by_day.setdefault(calendar.local_day(slot.start, wording.zone), []).append(slot)
    return [
        _day(datetime.combine(day, NOON, tzinfo=wording.zone), of_day, wording)
        for day, of_day in sorted(by_day.items())
    ]


def _day(noon: datetime, slots: Sequence[AgendaSlot], wording: Wording) -> dict[str, Any]:
    words = calendar.relative_day(noon, wording.now, wording.zone)
    in_full = calendar.day(noon, wording.zone)
    return {
        "label": words.capitalize(),
        "date": "" if words == in_full else in_full,
        "slots": [_slot(slot, wording) for slot in slots],
    }


def _slot(slot: AgendaSlot, wording: Wording) -> dict[str, Any]:
    is_past = slot.end <= wording.now
    return {
        "id": slot.id,
        "start": calendar.hour(slot.start, wording.zone),
        "end": calendar.hour(slot.end, wording.zone),
        "place_label": slot.place_label,
        "modality_label": wording.modality(slot.modality),
        "note": slot.note,
        "free_now": slot.free_now,
        "is_blocked": slot.is_blocked,
        "places": slot.places,
        "taken": slot.taken,
        "status": slot.status,
        "is_past": is_past,
        "can_change": slot.status != SlotStatus.CLOSED and not is_past,
        "appointments": [_visit(visit, wording) for visit in slot.visits],
    }


def _visit(visit: Visit, wording: Wording) -> dict[str, Any]:
    """A cancelled visit keeps its name, so that nobody waits; its need is nobody's business now."""
    is_cancelled = visit.status == AppointmentStatus.CANCELLED
    return {
        "id": visit.id,
        "day": "",
        "hour": calendar.hour(visit.start, wording.zone),
        "patient_name": person(visit.first_name, visit.last_name),
        "age": wording.age(visit.birth_date),
        "commune": wording.commune(visit.commune),
        "phone": phones.normalise(visit.phone, "FR").display(),
        "phone_uri": f"tel:{visit.phone}",
        "motive_label": "" if is_cancelled else wording.motive(visit.motive),
        "note": "" if is_cancelled else visit.note,
        "code": visit.code,
        "regulated_by": "" if is_cancelled else visit.regulated_by or "",
        "gp_label": "" if is_cancelled else visit.gp_name or "",
        "status": visit.status,
        "late": visit.late_minutes if visit.is_live and visit.end > wording.now else None,
        "has_begun": visit.start <= wording.now,
        "is_over": visit.end <= wording.now,
        "can_mark": not is_cancelled and visit.start <= wording.now + EARLY,
        "can_cancel": visit.is_live and visit.end > wording.now,
    }
