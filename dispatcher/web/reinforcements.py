"""The page behind the link of a call for reinforcements: no account; the link's secret is the key.

GET never acts. A POST needs no form token, for the reason that a patient's page gives.
"""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import calendar
from dispatcher.domain.errors import InvalidError, NotFoundError, TransitionError
from dispatcher.domain.figures import whole_number
from dispatcher.reads.episodes import CallPage, call_page
from dispatcher.services.commands import OpenHours
from dispatcher.services.episodes import answer_call
from dispatcher.services.parsing import parse
from dispatcher.web.access import house, open_to_everybody
from dispatcher.web.wording import Choice, shown_phone

room = Blueprint("reinforcements", __name__, url_prefix="/renfort/<string:token>")
WHY = "the secret of the link, 95 signed bits"
SEE_OTHER = 303
FIELDS = ("day", "from", "until", "places")
TODAY, TOMORROW = "0", "1"
USUAL_PLACES = "8"
_SHOWN_AS = {"start": "from", "end": "until", "practitioner": "from", "place": "from"}


@room.get("")
@open_to_everybody(WHY, knows_session=False)
def show(token: str) -> ResponseReturnValue:
    """What is asked, and what was answered."""
    page = _page(token)
    return _shown(page, token, {"day": TODAY, "places": USUAL_PLACES}, {})


@room.post("")
@open_to_everybody(WHY, knows_session=False)
def answer(token: str) -> ResponseReturnValue:
    """« Je viens », which publishes the hours, or « pas cette fois »."""
    page = _page(token)
    typed = {name: request.form.get(name, "").strip() for name in FIELDS}
    try:
        hours = None if request.form.get("answer") == "no" else _hours(page, typed)
        answer_call(house(), token, hours)
    except InvalidError as error:
        faults = {_SHOWN_AS.get(name, name): said for name, said in error.fields.items()}
        return _shown(page, token, typed, faults), error.status
    except TransitionError:  # it is over: the page says so
        pass
    return redirect(url_for("reinforcements.show", token=token), SEE_OTHER)


@room.after_request
def _hide(response: Response) -> Response:
    """Out of the search engines, as the patients' pages."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@room.errorhandler(NotFoundError)
def _unknown_link(_error: NotFoundError) -> tuple[str, int]:
    return render_template("linked/unknown.html"), NotFoundError.status


def _page(token: str) -> CallPage:
    page = call_page(house().db, token)
    if page is None:
        raise NotFoundError
    return page


def _hours(page: CallPage, typed: dict[str, str]) -> OpenHours:
    """The hours that were typed, of today or tomorrow there. Raises InvalidError by field."""
    zone = ZoneInfo(page.timezone)
    ahead = 1 if typed["day"] == TOMORROW else 0
    day = house().clock().astimezone(zone).date() + timedelta(days=ahead)
    faults: dict[str, str] = {}
    found: dict[str, datetime] = {}
    for name, field in (("start", "from"), ("end", "until")):
        try:
            found[name] = datetime.combine(day, time.fromisoformat(typed[field]), zone)
        except ValueError:
            faults[field] = "Indiquez une heure, par exemple 14:30."
    places = whole_number(typed["places"])
    if places is None:
        faults["places"] = "Indiquez un nombre de patients."
    if faults:
        raise InvalidError(faults)
    return parse(OpenHours, {**found, "places": places})


def _shown(page: CallPage, token: str, values: dict[str, str], errors: dict[str, str]) -> str:
    zone = ZoneInfo(page.timezone)
    return render_template(
        "linked/reinforcement.html",
        token=token,
        territory_name=page.territory_name,
        practitioner_name=page.practitioner_name,
        contact_phone=shown_phone(page.territory_phone, page.department),
        contact_uri=f"tel:{page.territory_phone}",
        is_open=page.is_open,
        status=page.status,
        opened=_opened(page, zone),
        days=[Choice(TODAY, "Aujourd’hui"), Choice(TOMORROW, "Demain")],
        values=values,
        errors=errors,
    )


def _opened(page: CallPage, zone: ZoneInfo) -> dict[str, Any] | None:
    if page.start is None or page.end is None:
        return None
    return {
        "day": calendar.relative_day(page.start, house().clock(), zone),
        "hours": calendar.hours(page.start, page.end, zone),
        "places": page.places,
    }
