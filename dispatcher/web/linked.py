"""The pages that practitioners open from an SMS: no account; the link's secret is the key.

GET never acts. A POST needs no form token, for the reason that a patient's page gives.
"""

import contextlib
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import NotFoundError, TransitionError
from dispatcher.domain.events import Actor, ActorKind
from dispatcher.domain.links import LinkPurpose
from dispatcher.domain.openings import Way
from dispatcher.domain.states import AppointmentStatus
from dispatcher.papers.calendar_files import Expected, practitioners_file
from dispatcher.reads.agenda import Visit
from dispatcher.reads.linked_pages import LinkedPage, LinkedVisit, linked_page
from dispatcher.reads.occurrences import Proposed
from dispatcher.services import linked_acts
from dispatcher.services.moving import BY_MOVE
from dispatcher.services.openings import opened_appointments
from dispatcher.web.access import house, open_to_everybody
from dispatcher.web.posted import the_posted_id
from dispatcher.web.wording import Wording, person, shown_phone

room = Blueprint("linked", __name__, url_prefix="/p/<string:token>")
WHY = "the secret of the link, 95 signed bits"
SEE_OTHER = 303
NOON = time(12)
TEMPLATES: Mapping[LinkPurpose, str] = {
    LinkPurpose.APPOINTMENT: "linked/appointment.html",
    LinkPurpose.CLOSING: "linked/closing.html",
    LinkPurpose.PUBLICATION: "linked/publication.html",
}
CANCELLED_BY: Mapping[str | None, str] = {
    "patient": "Le patient a annulé ce rendez-vous.",
    "practitioner": "Vous avez annulé ce rendez-vous. Le patient est prévenu.",
    "regulator": "La régulation a annulé ce rendez-vous.",
    BY_MOVE: "Ce rendez-vous a été déplacé.",
}


@room.get("")
@open_to_everybody(WHY, knows_session=False)
def show(token: str) -> ResponseReturnValue:
    """What the link is about, as it stands now."""
    page = _page(token)
    return render_template(TEMPLATES[page.purpose], **_values(page, token))


@room.get("/annuler")
@open_to_everybody(WHY, knows_session=False)
def cancel(token: str) -> ResponseReturnValue:
    """Ask before cancelling; what cannot be cancelled shows its state instead."""
    values = _values(_page(token, LinkPurpose.APPOINTMENT), token)
    if not values["visit"]["can_cancel"]:
        return _to_the_page(token)
    return render_template("linked/cancel.html", **values)


@room.post("/annuler")
@open_to_everybody(WHY, knows_session=False)
def cancel_now(token: str) -> ResponseReturnValue:
    """Cancel: the patient is told, and another solution is searched for at once."""
    _page(token, LinkPurpose.APPOINTMENT)
    with contextlib.suppress(TransitionError):  # over or cancelled already: the page says so
        linked_acts.cancel_by_practitioner_link(house(), token)
    return _to_the_page(token)


@room.post("/presence")
@open_to_everybody(WHY, knows_session=False)
def outcome(token: str) -> ResponseReturnValue:
    """« Venu » or « non venu »; the other button corrects a slip."""
    page, status = _page(token), request.form.get("status")
    if page.purpose is LinkPurpose.PUBLICATION:
        raise NotFoundError
    if status not in {AppointmentStatus.FULFILLED, AppointmentStatus.NO_SHOW}:
        abort(400)
    came = status == AppointmentStatus.FULFILLED
    with contextlib.suppress(TransitionError):  # too early, or cancelled: the page says so
        if page.purpose is LinkPurpose.APPOINTMENT:
            linked_acts.mark_by_appointment_link(house(), token, came=came)
        else:
            linked_acts.mark_by_closing_link(
                house(), token, the_posted_id("appointment"), came=came
            )
    return _to_the_page(token)


@room.post("/publier")
@open_to_everybody(WHY, knows_session=False)
def publish(token: str) -> ResponseReturnValue:
    """Publish the hours of the link's day."""
    _page(token, LinkPurpose.PUBLICATION)
    linked_acts.publish_by_link(house(), token)
    return _to_the_page(token)


@room.get("/rendez-vous.ics")
@open_to_everybody(WHY, knows_session=False)
def calendar_file(token: str) -> ResponseReturnValue:
    """The appointment for a calendar: when and where, and nobody's name."""
    page = _page(token, LinkPurpose.APPOINTMENT)
    answer = Response(_file(page, _linked(page)), mimetype="text/calendar")
    answer.headers["Content-Disposition"] = 'attachment; filename="rendez-vous.ics"'
    return answer


@room.after_request
def _hide(response: Response) -> Response:
    """Out of the search engines, as the patients' pages."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@room.errorhandler(NotFoundError)
def _unknown_link(_error: NotFoundError) -> tuple[str, int]:
    return render_template("linked/unknown.html"), NotFoundError.status


def _page(token: str, purpose: LinkPurpose | None = None) -> LinkedPage:
    """The page of a secret. Raises NotFoundError, also where it has another purpose."""
    page = linked_page(house().db, token)
    if page is None or (purpose is not None and page.purpose is not purpose):
        raise NotFoundError
    if page.linked is not None:
        reader = Actor(ActorKind.PRACTITIONER, page.practitioner_id)
        opened_appointments(house(), reader, Way.LINK, [page.linked.visit.id])
    return page


def _linked(page: LinkedPage) -> LinkedVisit:
    if page.linked is None:
        raise NotFoundError
    return page.linked


def _to_the_page(token: str) -> ResponseReturnValue:
    return redirect(url_for("linked.show", token=token), SEE_OTHER)


def _values(page: LinkedPage, token: str) -> dict[str, Any]:
    """What the templates of `linked/` are given."""
    wording = Wording(house().catalogue, house().communes, ZoneInfo(page.timezone), house().clock())
    frame = {
        "token": token,
        "territory_name": page.territory_name,
        "practitioner_name": page.practitioner_name,
        "contact_phone": shown_phone(page.territory_phone, page.department),
        "contact_uri": f"tel:{page.territory_phone}",
    }
    if page.linked is not None:
        return frame | {"visit": _one(page, page.linked, wording)}
    return frame | {
        "day": _day_in_words(page, wording),
        "visits": [_row(visit, wording) for visit in page.to_close],
        "left": sum(visit.is_live for visit in page.to_close),
        "proposed": [_hours(each, wording) for each in page.proposed],
        "to_publish": sum(each.to_come for each in page.proposed),
        "published": sum(each.published for each in page.proposed),
    }


def _day_in_words(page: LinkedPage, wording: Wording) -> str:
    if page.day is None:
        return ""
    return calendar.day(datetime.combine(page.day, NOON, tzinfo=wording.zone), wording.zone)


def _row(visit: Visit, wording: Wording) -> dict[str, Any]:
    """One line of what is to be closed: enough to know who it was."""
    return {
        "id": visit.id,
        "day": calendar.day(visit.start, wording.zone).capitalize(),
        "hour": calendar.hour(visit.start, wording.zone),
        "initials": f"{visit.first_name[:1].upper()}.{NBSP}{visit.last_name[:1].upper()}.",
        "age": wording.age(visit.birth_date),
        "code": visit.code,
        "status": visit.status,
        "is_open": visit.is_live,
    }


def _hours(each: Proposed, wording: Wording) -> dict[str, Any]:
    """One piece of a day."""
    return {
        "hours": calendar.hours(each.start, each.end, wording.zone),
        "place_label": each.place_label,
        "slots": each.slots,
        "published": each.published,
    }


def _one(page: LinkedPage, linked: LinkedVisit, wording: Wording) -> dict[str, Any]:
    """The appointment; of one that is off nothing is told of the patient any more."""
    visit, zone = linked.visit, wording.zone
    is_off = visit.status == AppointmentStatus.CANCELLED
    has_begun = visit.start <= wording.now
    return {
        "day": calendar.relative_day(visit.start, wording.now, zone).capitalize(),
        "hour": calendar.hours(visit.start, visit.end, zone)
        if linked.is_walk_in
        else calendar.hour(visit.start, zone),
        "when": calendar.day_and_hour(visit.start, zone),
        "code": visit.code,
        "modality": linked.modality,
        "place_label": linked.place_label,
        "patient_name": "" if is_off else person(visit.first_name, visit.last_name),
        "age": wording.age(visit.birth_date),
        "commune": wording.commune_name(visit.commune),
        "phone": shown_phone(visit.phone, page.department),
        "phone_uri": f"tel:{visit.phone}",
        "motive": "" if is_off else wording.motive(visit.motive),
        "note": "" if is_off else visit.note,
        "late": visit.late_minutes if visit.is_live and not has_begun else None,
        "status": visit.status,
        "is_off": is_off,
        "why_off": CANCELLED_BY.get(linked.cancelled_by, "Ce rendez-vous est annulé."),
        "can_cancel": visit.is_live and not has_begun,
        "can_mark": has_begun and not is_off,
    }


def _file(page: LinkedPage, linked: LinkedVisit) -> bytes:
    expected = Expected(
        appointment_id=linked.visit.id,
        code=linked.visit.code,
        booked_at=linked.booked_at,
        start=linked.visit.start,
        end=linked.visit.end,
        address=f"{linked.address}, {linked.postcode} {linked.commune_name}"
        if linked.modality == "AMB"
        else "",
        territory_name=page.territory_name,
        is_cancelled=linked.visit.status == AppointmentStatus.CANCELLED,
    )
    return practitioners_file(expected, ZoneInfo(page.timezone))
