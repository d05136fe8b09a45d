"""« Mes règles »: whom a practitioner receives, how many, and whether they may be asked by SMS."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from dispatcher.domain import calendar
from dispatcher.domain.emails import NoticeChannel
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.roles import Role
from dispatcher.reads.limits import OwnLimits, own_limits
from dispatcher.services.commands import ChangeLimits
from dispatcher.services.parsing import parse
from dispatcher.services.practitioners import FRENCH, change_limits
from dispatcher.web.access import allow, house, viewer
from dispatcher.web.welcome import FIRST_SLOT
from dispatcher.web.wording import Choice, shown_phone

room = Blueprint("limits", __name__, url_prefix="/agenda/mes-regles")
SEE_OTHER = 303
EVERYBODY = "all"
SEXES = (Choice(EVERYBODY, "Tous"), Choice("female", "Femmes"), Choice("male", "Hommes"))
NEW_PATIENTS = (
    Choice("", "Non précisé"),
    Choice("yes", "J’en accepte"),
    Choice("no", "Pas en ce moment"),
)
CHANNELS = (
    Choice(NoticeChannel.SMS.value, "Par SMS"),
    Choice(NoticeChannel.EMAIL.value, "Par e-mail"),
    Choice(NoticeChannel.BOTH.value, "Les deux"),
)
SAID = {"yes": True, "no": False}
NOTICES = (0, 15, 30, 60, 120, 240, 720, 1440)
"""Minutes of notice that are proposed; another one that was set stays."""
NUMBERS = ("min_age", "max_age", "daily_cap", "weekly_cap")
SEVERAL = ("languages", "modalities", "step_free")
Typed = dict[str, Any]


@room.get("")
@allow(Role.PRACTITIONER)
def overview() -> ResponseReturnValue:
    """The rules as they stand."""
    own = own_limits(house().db, viewer())
    return _page(own, _values(own))


@room.post("")
@allow(Role.PRACTITIONER)
def change() -> ResponseReturnValue:
    """Change them, or show again what was typed with a sentence at each field."""
    account, typed = viewer(), _typed(request.form)
    try:
        changed = change_limits(house(), account, parse(ChangeLimits, _asked(typed)))
    except InvalidError as error:
        faults = {path.partition(".")[0]: said for path, said in error.fields.items()}
        return _page(own_limits(house().db, account), typed, faults), error.status
    flash(
        "Vos règles sont enregistrées." if changed else "Rien n’a changé.",
        "success" if changed else "info",
    )
    if session.pop(FIRST_SLOT, False):
        return redirect(url_for("practitioner.publish"), SEE_OTHER)
    return redirect(url_for("limits.overview"), SEE_OTHER)


def _typed(form: MultiDict[str, str]) -> Typed:
    values: Typed = {name: form.get(name, "").strip() for name in NUMBERS}
    values |= {name: form.getlist(name) for name in SEVERAL}
    return values | {
        "patient_sex": form.get("patient_sex", EVERYBODY),
        "minimum_notice_minutes": form.get("minimum_notice_minutes", ""),
        "accepts_offers": form.get("accepts_offers", ""),
        "accepts_new_patients": form.get("accepts_new_patients", ""),
        "email": form.get("email", "").strip(),
        "notice_channel": form.get("notice_channel", ""),
    }


def _asked(typed: Typed) -> dict[str, Any]:
    """What was typed as the command takes it."""
    sex = typed["patient_sex"]
    return {
        **{name: typed[name] or None for name in NUMBERS},
        **{name: typed[name] for name in SEVERAL},
        "patient_sex": None if sex == EVERYBODY else sex,
        "minimum_notice_minutes": typed["minimum_notice_minutes"],
        "accepts_offers": bool(typed["accepts_offers"]),
        "accepts_new_patients": SAID.get(typed["accepts_new_patients"]),
        "email": typed["email"],
        "notice_channel": typed["notice_channel"] or None,
    }


def _values(own: OwnLimits) -> Typed:
    values: Typed = {
        name: "" if (set_to := getattr(own, name)) is None else str(set_to) for name in NUMBERS
    }
    return values | {
        "patient_sex": own.patient_sex or EVERYBODY,
        "languages": list(own.languages),
        "modalities": list(own.modalities),
        "step_free": [str(place.id) for place in own.places if place.step_free],
        "minimum_notice_minutes": str(own.minimum_notice_minutes),
        "accepts_offers": "1" if own.accepts_offers else "",
        "accepts_new_patients": {None: "", True: "yes", False: "no"}[own.accepts_new_patients],
        "email": own.email or "",
        "notice_channel": own.notice_channel,
    }


def _page(own: OwnLimits, values: Typed, errors: Mapping[str, str] | None = None) -> str:
    catalogue, account = house().catalogue, viewer()
    notices = sorted({*NOTICES, own.minimum_notice_minutes})
    return render_template(
        "practitioner/limits.html",
        values=values,
        errors=errors or {},
        phone=shown_phone(own.phone, account.department) if own.phone else "",
        channels=CHANNELS if house().email is not None else (),
        refused_on=calendar.day(own.email_refused_at, ZoneInfo(account.timezone))
        if own.email_refused_at
        else "",
        sexes=SEXES,
        new_patients=NEW_PATIENTS,
        begins=bool(session.get(FIRST_SLOT)),
        languages=[
            Choice(entry.code, entry.label)
            for entry in catalogue.languages.values()
            if entry.code != FRENCH
        ],
        modalities=[
            Choice(entry.code, entry.label[:1].upper() + entry.label[1:])
            for entry in catalogue.modalities.values()
        ],
        notices=[Choice(str(minutes), _notice(minutes)) for minutes in notices],
        places=[
            Choice(str(place.id), f"{place.label}, {place.commune_name}") for place in own.places
        ],
    )


def _notice(minutes: int) -> str:
    return calendar.duration(timedelta(minutes=minutes)) if minutes else "Aucun"
