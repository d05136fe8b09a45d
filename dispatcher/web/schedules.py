"""« Modèles et absences »: weekly templates, the days they are left out, and absences."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, TransitionError
from dispatcher.domain.roles import Role
from dispatcher.reads.agenda import own_places
from dispatcher.reads.neighbours import neighbours
from dispatcher.reads.occurrences import days_to_confirm
from dispatcher.reads.timetable import (
    OwnAbsence,
    OwnSchedule,
    own_absences,
    own_schedule,
    own_schedules,
    published_days,
)
from dispatcher.services import absences, schedules
from dispatcher.services.commands import DeclareAbsence
from dispatcher.services.parsing import parse
from dispatcher.web import concerned, schedule_form, slot_form
from dispatcher.web.access import allow, house, viewer

room = Blueprint("schedules", __name__, url_prefix="/agenda/modeles")
concerned.install(room)
SEE_OTHER = 303
A_DAY = timedelta(days=1)
WHOLE_DAY = ""
Typed = dict[str, Any]


@room.get("")
@allow(Role.PRACTITIONER)
def overview() -> ResponseReturnValue:
    """All templates and absences, with the form of one more absence."""
    today = _today().isoformat()
    empty = {"first_day": today, "first_time": "", "last_day": today, "last_time": ""}
    return _overview(empty, {})


@room.get("/nouveau")
@allow(Role.PRACTITIONER)
def describe_new() -> ResponseReturnValue:
    """The form of a new template."""
    places = own_places(house().db, viewer())
    return _form(schedule_form.defaults(_today(), places), {}, None)


@room.post("/nouveau")
@allow(Role.PRACTITIONER)
def set_up() -> ResponseReturnValue:
    """Set it up; the slots of the next weeks are there at once."""
    typed = schedule_form.typed(request.form)
    try:
        changed = schedules.set_up_schedule(house(), viewer(), schedule_form.command(typed))
    except InvalidError as error:
        return _form(typed, schedule_form.by_field(error.fields), None), error.status
    flash(f"Modèle enregistré{NBSP}: {_published(changed.published)}.", "success")
    return _to_overview()


@room.get("/<uuid:schedule_id>")
@allow(Role.PRACTITIONER)
def describe(schedule_id: UUID) -> ResponseReturnValue:
    """A template as it stands, with its next days."""
    schedule = own_schedule(house().db, viewer(), schedule_id)
    return _form(schedule_form.values_of(schedule, _today()), {}, schedule)


@room.post("/<uuid:schedule_id>")
@allow(Role.PRACTITIONER)
def change(schedule_id: UUID) -> ResponseReturnValue:
    """Change it from a day on: all that is to come, or what follows a day."""
    account, typed = viewer(), schedule_form.typed(request.form)
    try:
        from_day = schedule_form.day_of(typed["from_day"])
        changed = schedules.change_schedule(
            house(),
            account,
            schedule_id,
            from_day,
            schedule_form.command(typed, first_day=from_day.isoformat()),
            concerned.decisions(),
        )
    except InvalidError as error:
        faults = schedule_form.by_field(error.fields)
        if "day" in faults:
            faults["from_day"] = faults.pop("day")
        return _form(typed, faults, own_schedule(house().db, account, schedule_id)), error.status
    cleared = changed.cleared
    said = concerned.words_of(cleared.kept, cleared.cancelled)
    flash(f"Modèle modifié{NBSP}: {_published(changed.published)}.{said}", "success")
    return _to_overview()


@room.post("/<uuid:schedule_id>/arreter")
@allow(Role.PRACTITIONER)
def end(schedule_id: UUID) -> ResponseReturnValue:
    """Stop it from a day on."""
    try:
        day = schedule_form.day_of(request.form.get("from_day", ""))
    except InvalidError as error:
        flash(error.fields["day"], "error")
        return redirect(url_for("schedules.describe", schedule_id=schedule_id), SEE_OTHER)
    cleared = schedules.end_schedule(house(), viewer(), schedule_id, day, concerned.decisions())
    said = concerned.words_of(cleared.kept, cleared.cancelled)
    flash(f"Modèle arrêté{NBSP}: {_closed(len(cleared.slots))}.{said}", "success")
    return _to_overview()


@room.post("/<uuid:schedule_id>/exception")
@allow(Role.PRACTITIONER)
def skip(schedule_id: UUID) -> ResponseReturnValue:
    """Leave it out on one day."""
    try:
        day = schedule_form.day_of(request.form.get("day", ""))
        cleared = schedules.skip_day(house(), viewer(), schedule_id, day, concerned.decisions())
    except InvalidError as error:
        flash(error.fields["day"], "error")
    else:
        said = concerned.words_of(cleared.kept, cleared.cancelled)
        flash(f"{_day_words(day)}{NBSP}: pas de créneau de ce modèle.{said}", "success")
    return redirect(url_for("schedules.describe", schedule_id=schedule_id), SEE_OTHER)


@room.post("/<uuid:schedule_id>/publier")
@allow(Role.PRACTITIONER)
def confirm(schedule_id: UUID) -> ResponseReturnValue:
    """Publish one day of what asks first."""
    own_schedule(house().db, viewer(), schedule_id)
    try:
        day = schedule_form.day_of(request.form.get("day", ""))
    except InvalidError as error:
        flash(error.fields["day"], "error")
    else:
        count = schedules.confirm_day(house(), viewer(), day)
        flash(f"{_day_words(day)}{NBSP}: {_published(count)}.", "success")
    return redirect(url_for("schedules.describe", schedule_id=schedule_id), SEE_OTHER)


@room.post("/<uuid:schedule_id>/retablir")
@allow(Role.PRACTITIONER)
def restore(schedule_id: UUID) -> ResponseReturnValue:
    """Let it take place on a day that was left out."""
    try:
        day = schedule_form.day_of(request.form.get("day", ""))
    except InvalidError as error:
        flash(error.fields["day"], "error")
    else:
        count = schedules.restore_day(house(), viewer(), schedule_id, day)
        flash(f"{_day_words(day)}{NBSP}: {_published(count)}.", "success")
    return redirect(url_for("schedules.describe", schedule_id=schedule_id), SEE_OTHER)


@room.post("/absences")
@allow(Role.PRACTITIONER)
def declare_absence() -> ResponseReturnValue:
    """Be away; whoever is expected meanwhile is kept or cancelled by name."""
    names = ("first_day", "first_time", "last_day", "last_time")
    typed = {name: request.form.get(name, "").strip() for name in names}
    try:
        asked = _absence(typed)
        cleared = absences.declare_absence(house(), viewer(), asked, concerned.decisions())
    except InvalidError as error:
        shown = {"end": "last_day", "start": "first_day"}
        faults = {shown.get(name, name): said for name, said in error.fields.items()}
        return _overview(typed, faults), error.status
    said = concerned.words_of(cleared.kept, cleared.cancelled)
    flash(f"Absence enregistrée{NBSP}: {_closed(len(cleared.slots))}.{said}", "success")
    return _to_overview()


@room.post("/absences/<uuid:absence_id>/annuler")
@allow(Role.PRACTITIONER)
def cancel_absence(absence_id: UUID) -> ResponseReturnValue:
    """Be there after all."""
    count = absences.cancel_absence(house(), viewer(), absence_id)
    flash(f"Absence annulée{NBSP}: vos modèles reprennent, {_published(count)}.", "success")
    return _to_overview()


@room.errorhandler(TransitionError)
def _too_late(error: TransitionError) -> ResponseReturnValue:
    flash(error.sentence, "error")
    return _to_overview()


def _to_overview() -> ResponseReturnValue:
    return redirect(url_for("schedules.overview"), SEE_OTHER)


def _today() -> date:
    return calendar.local_day(house().clock(), ZoneInfo(viewer().timezone))


def _absence(typed: Typed) -> DeclareAbsence:
    """From the beginning of a day, or an hour of it, to the end of a day, or an hour of it."""
    zone, faults = ZoneInfo(viewer().timezone), {}
    edges: dict[str, datetime] = {}
    for edge, field in (("start", "first"), ("end", "last")):
        try:
            day = schedule_form.day_of(typed[f"{field}_day"])
            if typed[f"{field}_time"] == WHOLE_DAY:
                bounds = calendar.local_day_bounds(day, zone)
                edges[edge] = bounds[0] if edge == "start" else bounds[1]
            else:
                at = time.fromisoformat(typed[f"{field}_time"]).replace(tzinfo=None)
                edges[edge] = calendar.wall_instant(day, at, zone)
        except InvalidError as error:
            faults[f"{field}_day"] = next(iter(error.fields.values()))
        except (ValueError, OverflowError):
            faults[f"{field}_time"] = "Choisissez une heure."
    if faults:
        raise InvalidError(faults)
    return parse(DeclareAbsence, edges)


def _overview(values: Typed, errors: Mapping[str, str]) -> str:
    account = viewer()
    return render_template(
        "practitioner/schedules.html",
        schedules=[
            schedule_form.in_words(each)
            | {
                "id": each.id,
                "place": each.place_label,
                "is_later": each.first_day > _today(),
                "exceptions": len([day for day in each.exceptions if day >= _today()]),
            }
            for each in own_schedules(house().db, account)
        ],
        absences=[
            {"id": each.id, "words": _absence_words(each)}
            for each in own_absences(house().db, account)
        ],
        values=values,
        errors=errors,
        times=slot_form.times(values["first_time"], values["last_time"]),
    )


def _absence_words(absence: OwnAbsence) -> str:
    zone = ZoneInfo(viewer().timezone)
    first = calendar.local_day(absence.start, zone)
    last = calendar.local_day(absence.end - timedelta(microseconds=1), zone)
    whole = (
        calendar.local_day_bounds(first, zone)[0] == absence.start
        and calendar.local_day_bounds(last, zone)[1] == absence.end
    )
    if whole:
        return calendar.span(first, last).capitalize()
    start, end = (calendar.day_and_hour(each, zone) for each in (absence.start, absence.end))
    return f"Du {start} au {end}"


def _form(values: Typed, errors: Mapping[str, str], schedule: OwnSchedule | None) -> str:
    account, now = viewer(), house().clock()
    places = own_places(house().db, account)
    return render_template(
        "practitioner/schedule.html",
        values=values,
        errors=errors,
        schedule=None
        if schedule is None
        else schedule_form.in_words(schedule) | {"id": schedule.id},
        days=[] if schedule is None else _days(schedule),
        shares=any(each.in_force for each in neighbours(house().db, account.territory_id, now)),
        **schedule_form.choices(values, places, house().catalogue),
    )


def _days(schedule: OwnSchedule) -> list[dict[str, Any]]:
    """The next days of a template: published, or left out."""
    published = published_days(house().db, viewer(), schedule.id)
    left_out = {day for day in schedule.exceptions if day >= _today()}
    waiting = days_to_confirm(house().db, viewer(), schedule.id) if schedule.asks_first else []
    return [
        {
            "day": day.isoformat(),
            "words": _day_words(day),
            "slots": published.get(day, 0),
            "left_out": day in left_out,
            "waits": day in waiting and day not in published,
        }
        for day in sorted({*published, *left_out, *waiting})
    ]


def _day_words(day: date) -> str:
    zone = ZoneInfo(viewer().timezone)
    return calendar.day(datetime.combine(day, time(12), tzinfo=zone), zone).capitalize()


def _published(count: int) -> str:
    if not count:
        return "aucun nouveau créneau"
    return f"{count} créneau{'x' if count > 1 else ''} publié{'s' if count > 1 else ''}"


def _closed(count: int) -> str:
    if not count:
        return "aucun créneau n’était ouvert"
    return f"{count} créneau{'x' if count > 1 else ''} fermé{'s' if count > 1 else ''}"
