"""The page a patient opens from an SMS: no account, no cookie; the link's secret is the key.

GET never acts: telephones and mail scanners open links ahead of people. A POST needs no form token,
because whoever could forge it would have to know the secret, and could then simply open the page.

The page speaks the language that the patient is written to in, or the one that its address names.
"""

import contextlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import calendar, languages, phones
from dispatcher.domain.errors import InvalidError, NotFoundError, TransitionError
from dispatcher.domain.figures import whole_number
from dispatcher.domain.languages import Language, language_of
from dispatcher.domain.lateness import LATE_MINUTES
from dispatcher.domain.states import AppointmentStatus
from dispatcher.papers.calendar_files import Entry, single_file
from dispatcher.reads.patient_page import PatientPage, patient_page
from dispatcher.services.appointments import cancel_by_link, confirm_by_link
from dispatcher.services.house import House
from dispatcher.services.lateness import announce_delay
from dispatcher.services.moving import BY_MOVE
from dispatcher.web import patient_words
from dispatcher.web.access import house, open_to_everybody
from dispatcher.web.hours import Closure, closure_of

room = Blueprint("patient", __name__, url_prefix="/r/<string:token>")
WHY = "the secret of the link, 96 random bits"
WORDS = patient_words.load()
DIRECTIONS = "https://www.openstreetmap.org/directions"
MAP = "https://www.openstreetmap.org/search"
AT_THE_PRACTICE = "AMB"
SEE_OTHER = 303


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


@room.post("/en-retard")
@open_to_everybody(WHY, knows_session=False)
def late(token: str) -> ResponseReturnValue:
    """« Je suis en retard »: the practitioner is told."""
    minutes = request.form.get("minutes", "")
    _page(token)  # a link that is used up does nothing
    with contextlib.suppress(TransitionError, InvalidError):  # the page says what can be done
        announce_delay(house(), token, whole_number(minutes) or 0)
    return _to_the_page(token)


@room.get("/rendez-vous.ics")
@open_to_everybody(WHY, knows_session=False)
def calendar_file(token: str) -> ResponseReturnValue:
    """The appointment for a calendar: when and where, and no word about health."""
    page = _page(token)
    answer = Response(_calendar(page, _language(page)), mimetype="text/calendar")
    answer.headers["Content-Disposition"] = 'attachment; filename="rendez-vous.ics"'
    return answer


@room.after_request
def _hide(response: Response) -> Response:
    """Out of the search engines (the policy for referrers stands on every page of the site)."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@room.errorhandler(NotFoundError)
def _unknown_link(_error: NotFoundError) -> tuple[str, int]:
    page = render_template("patient/unknown_link.html", **_frame(_language(None), ""))
    return page, NotFoundError.status


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
    return redirect(_address("patient.appointment", token), SEE_OTHER)


def _chosen() -> Language | None:
    """The language that the address names, once it was chosen: there is no cookie to keep it in."""
    return language_of(request.args.get("langue"))


def _language(page: PatientPage | None) -> Language:
    known = language_of(page.language) if page else None
    return _chosen() or known or Language.FRENCH


def _address(endpoint: str, token: str, language: Language | None = None) -> str:
    """An address of this page, in that language, else in the one that was chosen."""
    return url_for(endpoint, token=token, langue=language or _chosen())


def _frame(language: Language, token: str) -> dict[str, Any]:
    """What every page behind a patient's link is given."""
    return {
        "t": WORDS[language],
        "language": language,
        "languages": [
            {
                "code": each,
                "name": WORDS[each]["language"],
                "url": _address("patient.appointment", token, each),
            }
            for each in Language
            if token
        ],
        "address": lambda endpoint: _address(endpoint, token),
    }


def _values(page: PatientPage, token: str) -> dict[str, Any]:
    """What the templates of `patient/` are given."""
    zone, language = ZoneInfo(page.timezone), _language(page)
    day = languages.day(page.start, zone, language)
    relative = _relative_day(page, zone, language)
    closed = closure_of(house(), page.territory_id)
    return _frame(language, token) | {
        "territory_name": page.territory_name,
        "closed_until": _opening(closed, zone, language) if closed else "",
        "contact_phone": languages.address(_shown(page.territory_phone, page), language),
        "contact_uri": f"tel:{page.territory_phone}",
        "late_choices": LATE_MINUTES if page.can_be_late else (),
        "appointment": {
            "day": languages.listed([relative, day], language)
            if relative
            else f"{day[:1].upper()}{day[1:]}",
            "hour": _hour(page, zone, language),
            "when": f"{day} {_hour(page, zone, language)}"
            if page.is_walk_in
            else languages.day_and_hour(page.start, zone, language),
            "practitioner_name": page.practitioner_name,
            "address_lines": [page.address, f"{page.postcode} {page.commune_name}"],
            "modality": page.modality,
            "phone": languages.address(_shown(page.phone, page), language),
            "phone_uri": f"tel:{page.phone}",
            "route_url": _opens(DIRECTIONS, "to", page),
            "map_url": _opens(MAP, "query", page),
            "access": page.access,
            "step_free": page.step_free,
            "note": page.note,
            "status": page.status,
            "late_minutes": page.late_minutes,
            "late_said": languages.hour(page.late_at, zone, language) if page.late_at else "",
            "is_over": page.is_over,
            "is_moved": page.cancelled_by == BY_MOVE,
            "can_act": page.can_act,
            "code": page.code,
        },
    }


def _opening(closed: Closure, zone: ZoneInfo, language: Language) -> str:
    """When the regulation answers again."""
    if language is Language.FRENCH:
        return closed.until
    return languages.day_and_hour(closed.opening, zone, language)


def _relative_day(page: PatientPage, zone: ZoneInfo, language: Language) -> str:
    """« Aujourd’hui », « Demain », or nothing."""
    today = calendar.local_day(house().clock(), zone)
    ahead = (calendar.local_day(page.start, zone) - today).days
    key = {0: "today", 1: "tomorrow"}.get(ahead)
    return WORDS[language][key] if key else ""


def _hour(page: PatientPage, zone: ZoneInfo, language: Language) -> str:
    if page.is_walk_in:
        return languages.between(page.start, page.end, zone, language)
    return languages.hour(page.start, zone, language)


def _opens(site: str, name: str, page: PatientPage) -> str:
    """A link that opens a map when it is pressed; nothing is loaded from there before."""
    if page.modality != AT_THE_PRACTICE or page.is_over:
        return ""
    where = f"{page.address}, {page.postcode} {page.commune_name}"
    return f"{site}?{urlencode({name: where})}"


def _shown(phone: str, page: PatientPage) -> str:
    return phones.normalise(phone, phones.region_of(page.department)).display()


def _calendar(page: PatientPage, language: Language) -> bytes:
    """In the territory's zone; where somebody comes to the patient's home, without an address."""
    words = WORDS[language]
    at_the_practice = page.modality == AT_THE_PRACTICE
    entry = Entry(
        appointment_id=page.appointment_id,
        booked_at=page.booked_at,
        start=page.start,
        end=page.end,
        summary=words["ics_summary"],
        description=words["ics_description"].format(phone=_shown(page.territory_phone, page)),
        location=f"{page.address}, {page.postcode} {page.commune_name}" if at_the_practice else "",
        is_cancelled=page.status == AppointmentStatus.CANCELLED,
    )
    return single_file(entry, ZoneInfo(page.timezone))
