"""The page a patient opens from an SMS: no account, no cookie; the link's secret is the key.

GET never acts: telephones and mail scanners open links ahead of people. A POST needs no form token,
because whoever could forge it would have to know the secret, and could then simply open the page.
"""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from icalendar import Calendar, Event

from dispatcher.domain import calendar, phones
from dispatcher.domain.errors import NotFoundError, TransitionError
from dispatcher.domain.states import AppointmentStatus
from dispatcher.reads.patient_page import PatientPage, patient_page
from dispatcher.services.appointments import cancel_by_link, confirm_by_link
from dispatcher.services.house import House
from dispatcher.web.access import house, open_to_everybody
from dispatcher.web.hours import closure_of

room = Blueprint("patient", __name__, url_prefix="/r/<string:token>")
WHY = "the secret of the link, 96 random bits"
DIRECTIONS = "https://www.openstreetmap.org/directions"
AT_THE_PRACTICE = "AMB"
SEE_OTHER = 303
CALENDAR_MAKER = "-//Relais SNP//Rendez-vous//FR"
CALENDAR_DOMAIN = "rendez-vous.invalid"
"""Makes the id of an entry unique and names nobody's machine."""
A_YEAR = timedelta(days=366)
"""The changes of clock that the file describes, before and after."""


@room.get("")
@open_to_everybody(WHY, knows_session=False)
def appointment(token: str) -> ResponseReturnValue:
    """The appointment as it stands: to come, over or cancelled."""
    page = _page(token)
    if page.status == AppointmentStatus.CANCELLED and page.cancelled_by == "patient":
        return render_template("patient/cancelled.html", **_values(page, token))
    return render_template("patient/appointment.html", **_values(page, token))


@room.post("/confirmer")
@open_to_everybody(WHY, knows_session=False)
def confirm(token: str) -> ResponseReturnValue:
    """« Je viendrai ». The page says what came of it, also when it was too late."""
    return _act(confirm_by_link, token)


@room.get("/annuler")
@open_to_everybody(WHY, knows_session=False)
def cancel(token: str) -> ResponseReturnValue:
    """Ask before cancelling; what cannot be cancelled shows its state instead."""
    page = _page(token)
    if not page.can_act:
        return _to_the_page(token)
    return render_template("patient/cancel_confirm.html", **_values(page, token))


@room.post("/annuler")
@open_to_everybody(WHY, knows_session=False)
def cancel_now(token: str) -> ResponseReturnValue:
    """Cancel: the place is free again, the practitioner and the regulator know."""
    return _act(cancel_by_link, token)


@room.get("/rendez-vous.ics")
@open_to_everybody(WHY, knows_session=False)
def calendar_file(token: str) -> ResponseReturnValue:
    """The appointment for a calendar: when and where, and no word about health."""
    answer = Response(_calendar(_page(token)), mimetype="text/calendar")
    answer.headers["Content-Disposition"] = 'attachment; filename="rendez-vous.ics"'
    return answer


@room.after_request
def _hide(response: Response) -> Response:
    """Out of the search engines (the policy for referrers stands on every page of the site)."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@room.errorhandler(NotFoundError)
def _unknown_link(_error: NotFoundError) -> tuple[str, int]:
    return render_template("patient/unknown_link.html"), NotFoundError.status


def _page(token: str) -> PatientPage:
    page = patient_page(house().db, token)
    if page is None:
        raise NotFoundError
    return page


def _act(verb: Callable[[House, str], None], token: str) -> ResponseReturnValue:
    _page(token)  # a link that is used up does nothing
    with contextlib.suppress(TransitionError):  # over or cancelled already: the page says so
        verb(house(), token)
    return _to_the_page(token)


def _to_the_page(token: str) -> ResponseReturnValue:
    return redirect(url_for("patient.appointment", token=token), SEE_OTHER)


def _values(page: PatientPage, token: str) -> dict[str, Any]:
    """What the templates of `patient/` are given."""
    zone = ZoneInfo(page.timezone)
    day, start = calendar.day(page.start, zone), calendar.hour(page.start, zone)
    relative = calendar.relative_day(page.start, house().clock(), zone)
    return {
        "territory_name": page.territory_name,
        "closure": closure_of(house(), page.territory_id),
        "contact_phone": _shown(page.territory_phone, page),
        "contact_uri": f"tel:{page.territory_phone}",
        "token": token,
        "appointment": {
            "day": day,
            "day_words": "" if relative == day else relative.capitalize(),
            "hour": _hour(page, zone),
            "when": f"{day} {_hour(page, zone)}" if page.is_walk_in else f"{day} à {start}",
            "practitioner_name": page.practitioner_name,
            "address_lines": [page.address, f"{page.postcode} {page.commune_name}"],
            "access": page.access,
            "step_free": page.step_free,
            "note": page.note,
            "modality": page.modality,
            "phone": _shown(page.phone, page),
            "phone_uri": f"tel:{page.phone}",
            "route_url": _route(page),
            "status": page.status,
            "is_over": page.is_over,
            "can_act": page.can_act,
            "code": page.code,
        },
    }


def _hour(page: PatientPage, zone: ZoneInfo) -> str:
    start = calendar.hour(page.start, zone)
    if not page.is_walk_in:
        return start
    return f"entre {start} et {calendar.hour(page.end, zone)}"


def _route(page: PatientPage) -> str:
    """A link that opens a map when it is pressed; nothing is loaded from there before."""
    if page.modality != AT_THE_PRACTICE or page.is_over:
        return ""
    where = f"{page.address}, {page.postcode} {page.commune_name}"
    return f"{DIRECTIONS}?{urlencode({'to': where})}"


def _shown(phone: str, page: PatientPage) -> str:
    return phones.normalise(phone, phones.region_of(page.department)).display()


def _calendar(page: PatientPage) -> bytes:
    """RFC 5545, in the territory's zone; a cancelled appointment takes its entry back."""
    zone = ZoneInfo(page.timezone)
    cancelled = page.status == AppointmentStatus.CANCELLED
    event = Event()
    event.add("uid", f"{page.appointment_id}@{CALENDAR_DOMAIN}")
    event.add("dtstamp", page.booked_at)
    event.add("dtstart", page.start.astimezone(zone))
    event.add("dtend", page.end.astimezone(zone))
    event.add("summary", "Rendez-vous")
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("sequence", int(cancelled))
    event.add(
        "description",
        f"Pour modifier ou annuler{calendar.NBSP}: {_shown(page.territory_phone, page)}",
    )
    if page.modality == AT_THE_PRACTICE:
        event.add("location", f"{page.address}, {page.postcode} {page.commune_name}")
    file = Calendar()
    file.add("prodid", CALENDAR_MAKER)
    file.add("version", "2.0")
    file.add("method", "CANCEL" if cancelled else "PUBLISH")
    file.add_component(event)
    day = calendar.local_day(page.start, zone)
    file.add_missing_timezones(first_date=day - A_YEAR, last_date=day + A_YEAR)
    return bytes(file.to_ical())
