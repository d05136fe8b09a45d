"""Whoever is expected where something would go: the practitioner keeps or cancels each by name.

The page that asks repeats, hidden, what was posted; answered, the same address gets it again.
"""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import calendar
from dispatcher.reads.timetable import concerned
from dispatcher.services.clearing import Decisions, Fate, PatientsConcernedError
from dispatcher.web.access import house, viewer

FATE = "fate-"
FORM_TOKEN = "csrf_token"  # noqa: S105 - the name of a field


def decisions() -> Decisions:
    """What was decided in the form that was posted; what is no decision counts for none."""
    found: dict[UUID, Fate] = {}
    for name, value in request.form.items():
        if name.startswith(FATE) and value in set(Fate):
            try:
                found[UUID(name.removeprefix(FATE))] = Fate(value)
            except ValueError:
                continue
    return found


def install(room: Blueprint) -> None:
    """Have the rooms's posts ask instead of failing."""
    room.register_error_handler(PatientsConcernedError, ask)


def ask(error: PatientsConcernedError) -> ResponseReturnValue:
    """Show who is expected; each is kept unless the practitioner says otherwise."""
    account, zone = viewer(), ZoneInfo(viewer().timezone)
    made = decisions()
    patients = [
        {
            "field": f"{FATE}{each.appointment_id}",
            "initials": each.initials,
            "code": each.code,
            "when": calendar.day_and_hour(each.start, zone),
            "fate": made.get(each.appointment_id, Fate.KEEP).value,
        }
        for each in concerned(house().db, account, error.appointment_ids)
    ]
    repeated = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name != FORM_TOKEN and not name.startswith(FATE)
    ]
    page = render_template(
        "practitioner/concerned.html",
        patients=patients,
        repeated=repeated,
        action=request.path,
        back=url_for("practitioner.agenda"),
    )
    return page, error.status


def words_of(kept: int, cancelled: int) -> str:
    """« 1 patient gardé, 2 annulés et prévenus. », nothing when nobody was concerned."""
    said: list[Any] = []
    if kept:
        said.append(f"{kept} patient{'s' if kept > 1 else ''} gardé{'s' if kept > 1 else ''}")
    if cancelled:
        plural = "s" if cancelled > 1 else ""
        said.append(f"{cancelled} patient{plural} annulé{plural} et prévenu{plural}")
    return f" {', '.join(said)}." if said else ""
