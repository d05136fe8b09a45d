"""One slot that exists: its hours and conditions changed by the form that published it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError, TransitionError
from dispatcher.domain.roles import Role
from dispatcher.reads.agenda import own_places
from dispatcher.reads.neighbours import neighbours
from dispatcher.reads.timetable import OwnSlot, own_slot
from dispatcher.services.commands import ChangeSlot
from dispatcher.services.slot_changes import change_slot
from dispatcher.web import concerned, slot_form
from dispatcher.web.access import allow, house, viewer
from dispatcher.web.hours import closure_of

room = Blueprint("slots", __name__, url_prefix="/agenda/creneau")
concerned.install(room)
SEE_OTHER = 303
MINUTE = timedelta(minutes=1)


@room.get("/<uuid:slot_id>")
@allow(Role.PRACTITIONER)
def show(slot_id: UUID) -> ResponseReturnValue:
    """The slot as it stands, or where it was drawn to on the week."""
    slot = own_slot(house().db, viewer(), slot_id)
    drawn = {name: request.args[name] for name in ("day", "start_time") if name in request.args}
    return _form(slot, _values(slot) | drawn, {})


@room.post("/<uuid:slot_id>")
@allow(Role.PRACTITIONER)
def change(slot_id: UUID) -> ResponseReturnValue:
    """Change it, or show again what was typed with a sentence at each field."""
    account, zone = viewer(), ZoneInfo(viewer().timezone)
    if account.practitioner_id is None:
        raise NotFoundError
    typed = slot_form.typed(request.form)
    try:
        asked = slot_form.command(typed, account.practitioner_id, zone)
        wished = ChangeSlot(**asked.model_dump(exclude={"practitioner"}))
        change_slot(house(), account, slot_id, wished, concerned.decisions())
    except InvalidError as invalid:
        slot = own_slot(house().db, account, slot_id)
        return _form(slot, typed, slot_form.by_field(invalid.fields)), invalid.status
    when = calendar.relative_day(asked.start, house().clock(), zone)
    flash(
        f"Créneau enregistré{NBSP}: {when} {calendar.hours(asked.start, asked.end, zone)}.",
        "success",
    )
    return redirect(url_for("week.show", jour=typed["day"]), SEE_OTHER)


@room.errorhandler(TransitionError)
def _too_late(error: TransitionError) -> ResponseReturnValue:
    flash(error.sentence, "error")
    return redirect(url_for("practitioner.agenda"), SEE_OTHER)


def _values(slot: OwnSlot) -> dict[str, Any]:
    local = slot.start.astimezone(ZoneInfo(viewer().timezone))
    notice = slot.minimum_notice_minutes
    return {
        "day": local.date().isoformat(),
        "start_time": f"{local:%H:%M}",
        "duration_minutes": str((slot.end - slot.start) // MINUTE),
        "kind": slot_form.SINGLE if slot.places == 1 else slot_form.PERIOD,
        "places": str(max(slot.places, 2)),
        "modality": slot.modality,
        "place": str(slot.place_id),
        "visibility": list(slot.visibility),
        "shared": "1" if slot.shared else "",
        "minimum_notice_minutes": "" if notice is None else str(notice),
        "note": slot.note,
    }


def _form(slot: OwnSlot, values: dict[str, Any], errors: Mapping[str, str]) -> str:
    now, account = house().clock(), viewer()
    zone = ZoneInfo(account.timezone)
    words = f"{calendar.day(slot.start, zone)} {calendar.hours(slot.start, slot.end, zone)}"
    return render_template(
        "practitioner/new_slot.html",
        values=values,
        errors=errors,
        slot={
            "id": slot.id,
            "words": words.capitalize(),
            "waiting": slot.waiting,
            "of_template": slot.schedule_id is not None,
        },
        closure=closure_of(house(), account.territory_id),
        shares=any(each.in_force for each in neighbours(house().db, account.territory_id, now)),
        **slot_form.choices(now, zone, own_places(house().db, account), house().catalogue, values),
    )
