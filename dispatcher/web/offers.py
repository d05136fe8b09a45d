"""The page a volunteer opens from the SMS that asks them: no account; the link's secret is the key.

GET never acts, and shows nobody's name before the yes. A POST needs no form token, for the reason
that a patient's page gives.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import NotFoundError
from dispatcher.domain.events import Actor, ActorKind
from dispatcher.domain.matching import explain
from dispatcher.domain.offers import free_span, hours_between
from dispatcher.domain.openings import Way
from dispatcher.domain.states import OfferStatus
from dispatcher.reads.offers import OfferPage, offer_page
from dispatcher.services.answers import (
    WORDS_LENGTH,
    Answered,
    Outcome,
    accept_by_link,
    decline_by_link,
)
from dispatcher.services.openings import opened_by_offer
from dispatcher.web.access import house, open_to_everybody
from dispatcher.web.wording import Choice, Wording, person, shown_phone

room = Blueprint("offers", __name__, url_prefix="/sollicitations/<string:token>")
WHY = "the secret of the link, 95 signed bits"
SEE_OTHER = 303
UNPROCESSABLE = 422
PROPOSED_FROM, PROPOSED_UNTIL = 7, 22
"""Local hours that the page proposes by day; whoever works at night names the hour by SMS."""
BAND_YEARS = 10
LATER = "later"
"""The choice to say yes at once and to choose the hour next."""


@dataclass(frozen=True, slots=True)
class Day:
    """The hours of one local day, as the list of hours groups them."""

    label: str
    options: tuple[Choice, ...]
    key: str = ""


@room.get("")
@open_to_everybody(WHY, knows_session=False)
def offer(token: str) -> ResponseReturnValue:
    """The request as far as it may be shown, or what became of it."""
    return _shown(_page(token), token, {})


@room.post("/oui")
@open_to_everybody(WHY, knows_session=False)
def accept(token: str) -> ResponseReturnValue:
    """A yes, with its hour or before it; or the hour of a yes that was said."""
    page = _page(token)
    typed = request.form.get("hour", "")
    hour = _hour(typed)
    if hour is None and (typed not in {"", LATER} or page.is_accepted):
        return _refused(page, token, "Choisissez une heure de la liste.")
    answered = accept_by_link(house(), token, hour)
    if answered.outcome == Outcome.HOUR_REFUSED:
        return _refused(_page(token), token, _why(answered))
    return _to_the_page(token)


@room.post("/non")
@open_to_everybody(WHY, knows_session=False)
def decline(token: str) -> ResponseReturnValue:
    """A no, or a yes taken back before its hour; the words go to the regulation."""
    _page(token)
    words = request.form.get("words", "")[:WORDS_LENGTH]
    decline_by_link(house(), token, "".join(sign for sign in words if sign.isprintable()))
    return _to_the_page(token)


@room.after_request
def _hide(response: Response) -> Response:
    """Out of the search engines, as the patients' pages."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@room.errorhandler(NotFoundError)
def _unknown_link(_error: NotFoundError) -> tuple[str, int]:
    return render_template("offers/unknown_link.html"), NotFoundError.status


def _page(token: str) -> OfferPage:
    page = offer_page(house().db, house().communes, token)
    if page is None:
        raise NotFoundError
    if page.patient is not None:
        reader = Actor(ActorKind.PRACTITIONER, page.practitioner_id)
        opened_by_offer(house(), reader, Way.LINK, page.offer_id)
    return page


def _to_the_page(token: str) -> ResponseReturnValue:
    return redirect(url_for("offers.offer", token=token), SEE_OTHER)


def _refused(page: OfferPage, token: str, sentence: str) -> tuple[str, int]:
    return _shown(page, token, {"hour": sentence}), UNPROCESSABLE


def _why(answered: Answered) -> str:
    return (
        f"Votre accord est noté, mais cette heure ne convient pas{NBSP}: {answered.reason}."
        " Choisissez-en une autre."
    )


def _hour(typed: str) -> datetime | None:
    """The instant of a choice of the list; None for anything else."""
    try:
        hour = datetime.fromisoformat(typed)
    except ValueError:
        return None
    return hour if hour.tzinfo is not None else None


def _shown(page: OfferPage, token: str, errors: Mapping[str, str]) -> str:
    wording = Wording(house().catalogue, house().communes, ZoneInfo(page.timezone), house().clock())
    return render_template(
        _template(page),
        token=token,
        errors=errors,
        values={"hour": request.form.get("hour", "")},
        territory_name=page.territory_name,
        contact_phone=shown_phone(page.territory_phone, page.department),
        contact_uri=f"tel:{page.territory_phone}",
        offer=_told(page, wording),
        days=_days(page, wording) if page.can_answer or page.is_accepted else [],
        patient=_patient(page, wording),
        appointment=_appointment(page, wording),
    )


def _template(page: OfferPage) -> str:
    if page.appointment is not None:
        return "offers/booked.html"
    if page.is_accepted:
        return "offers/accepted.html"
    is_open = page.can_answer and page.expires_at > house().clock()
    return "offers/offer.html" if is_open else "offers/over.html"


def _told(page: OfferPage, wording: Wording) -> dict[str, Any]:
    """What may be shown before the yes: nothing tells who it is."""
    low = page.age // BAND_YEARS * BAND_YEARS
    return {
        "code": page.code,
        "practitioner_name": page.practitioner_name,
        "day": calendar.day(page.expires_at, wording.zone),
        "hour": calendar.hour(page.expires_at, wording.zone),
        "age_band": f"{low} à {low + BAND_YEARS - 1}{NBSP}ans",
        "modality": page.modality,
        "distance": explain.distance_in_words(page.distance_km),
        "place_label": page.place_label,
        "motive": wording.motive(page.motive),
        "delay": f"{page.delay_hours}{NBSP}h",
        "asked_at": wording.relative(page.asked_at),
        "available": _available(page, wording),
        "is_declined": page.status == OfferStatus.DECLINED,
        "is_expired": page.status == OfferStatus.EXPIRED or page.can_answer,
    }


def _available(page: OfferPage, wording: Wording) -> str:
    """From when on the patient can come; nothing once that is past."""
    if page.earliest_at is None or page.earliest_at <= wording.now:
        return ""
    return calendar.hour_and_day(page.earliest_at, wording.now, wording.zone)


def _days(page: OfferPage, wording: Wording) -> list[Day]:
    """The hours that can be chosen, by day, from when on the patient can come.

    Those where the volunteer already sees somebody are left out. Nights are as well, unless nothing
    else is left before the request is due.
    """
    zone = wording.zone
    free = [
        hour
        for hour in hours_between(wording.now, page.expires_at, zone)
        if (page.earliest_at is None or hour >= page.earliest_at)
        and free_span(hour, page.busy, ()) is not None
    ]
    by_day = [hour for hour in free if PROPOSED_FROM <= hour.astimezone(zone).hour < PROPOSED_UNTIL]
    return [
        Day(
            calendar.relative_day(hours[0], wording.now, zone).capitalize(),
            tuple(Choice(hour.isoformat(), calendar.hour(hour, zone)) for hour in hours),
        )
        for _, grouped in groupby(by_day or free, key=lambda hour: calendar.local_day(hour, zone))
        for hours in [list(grouped)]
    ]


def _patient(page: OfferPage, wording: Wording) -> dict[str, str] | None:
    known = page.patient
    if known is None:
        return None
    return {
        "name": person(known.first_name, known.last_name),
        "age": wording.age(known.birth_date),
        "commune": wording.commune_name(page.commune),
        "phone": shown_phone(known.phone, page.department),
        "phone_uri": f"tel:{known.phone}",
    }


def _appointment(page: OfferPage, wording: Wording) -> dict[str, Any] | None:
    booked = page.appointment
    if booked is None:
        return None
    return {
        "day": calendar.relative_day(booked.start, wording.now, wording.zone).capitalize(),
        "hour": calendar.hour(booked.start, wording.zone),
        "is_over": booked.end <= wording.now,
    }
