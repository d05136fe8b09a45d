"""The feed of a practitioner's appointments, which their own calendar reads by a secret address."""

from zoneinfo import ZoneInfo

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import NotFoundError
from dispatcher.domain.events import Actor, ActorKind
from dispatcher.domain.openings import Way
from dispatcher.papers.calendar_files import Entry, calendar_file
from dispatcher.reads.agenda_exports import Exported, Feed, exported_agenda
from dispatcher.services.openings import opened_appointments
from dispatcher.web.access import house, open_to_everybody
from dispatcher.web.wording import person, shown_phone

room = Blueprint("agenda_feed", __name__, url_prefix="/flux")
WHY = "the secret of the address, 190 random bits"


@room.get("/<string:token>/rendez-vous.ics")
@open_to_everybody(WHY, knows_session=False)
def feed(token: str) -> ResponseReturnValue:
    """The booked appointments, in iCalendar; no reason for care, and names only if they asked."""
    found = exported_agenda(house().db, token)
    if found is None:
        raise NotFoundError
    if found.with_identity:
        reader = Actor(ActorKind.PRACTITIONER, found.practitioner_id)
        told = [each.visit.id for each in found.appointments]
        opened_appointments(house(), reader, Way.FEED, told)
    entries = [_entry(each, found) for each in found.appointments]
    name = f"SNP{NBSP}– {found.practitioner_name}"
    answer = Response(
        calendar_file(entries, ZoneInfo(found.timezone), name=name), mimetype="text/calendar"
    )
    answer.headers["Content-Disposition"] = 'inline; filename="rendez-vous.ics"'
    return answer


@room.after_request
def _hide(response: Response) -> Response:
    """Out of the search engines."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@room.errorhandler(NotFoundError)
def _unknown(_error: NotFoundError) -> tuple[str, int]:
    """A calendar reads it, and perhaps whoever looks why it does not."""
    return "Cette adresse n’est pas ou n’est plus valable.", NotFoundError.status


def _entry(each: Exported, of: Feed) -> Entry:
    visit = each.visit
    who = person(visit.first_name, visit.last_name) if of.with_identity else ""
    number = f"SNP n°{NBSP}{visit.code}"
    said = [f"{of.territory_name}, demande {visit.code}."]
    if of.with_identity:
        said.append(f"Tél. {shown_phone(visit.phone, of.department)}")
    return Entry(
        appointment_id=visit.id,
        booked_at=each.booked_at,
        start=visit.start,
        end=visit.end,
        summary=f"{number}, {who}" if who else number,
        description=" ".join(said),
        location=each.location,
    )
