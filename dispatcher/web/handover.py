"""The end of a shift: what is still open, what is promised, whom to call, and how the day ended."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from config.catalogue import Catalogue
from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.calling import Whom
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Role
from dispatcher.domain.states import WAITING_REQUESTS, Attention, RequestStatus, in_words
from dispatcher.reads import board as board_read
from dispatcher.reads.board import BoardRequest
from dispatcher.reads.handover import ClosedRequest, closed_since, promised
from dispatcher.web import board_columns, calls
from dispatcher.web.access import allow, house, viewer
from dispatcher.web.timeline import ATTENTION, BY
from dispatcher.web.wording import Wording, person, shown_phone

room = Blueprint("handover", __name__, url_prefix="/demandes/releve")

TO_COME = "Rendez-vous à venir"


def _waits(request: BoardRequest) -> bool:
    return request.status in WAITING_REQUESTS and request.appointment is None


PROMISES: Mapping[Job, tuple[str, Callable[[BoardRequest], bool]]] = {
    Job.ASK_VOLUNTEERS: ("des volontaires sont sollicités", _waits),
    Job.EXPIRE_OFFERS: (
        "fin de l’attente des réponses",
        lambda request: request.status == RequestStatus.OFFERING,
    ),
    Job.ESCALATE_REQUEST: (
        "sans rendez-vous, elle passe en tête du tableau",
        lambda request: _waits(request) and request.attention != Attention.DEADLINE,
    ),
    Job.REMIND_PATIENT: (
        "rappel au patient par SMS",
        lambda request: request.appointment is not None,
    ),
}
"""What the house does by itself, and of which requests that still is true."""


@room.get("")
@allow(Role.REGULATOR)
def overview() -> ResponseReturnValue:
    """The whole of it on one page, to be read out or printed."""
    account, db = viewer(), house().db
    wording = Wording.of(house(), account)
    standing = board_read.board_requests(db, account.territory_id, wording.now)
    by_id = {request.id: request for request in standing}
    owed = promised(db, account.territory_id, wording.now)
    to_come = sum(
        board_columns.column_of(each, wording.now) == board_columns.BOOKED for each in standing
    )
    start, _ = calendar.local_day_bounds(
        calendar.local_day(wording.now, wording.zone), wording.zone
    )
    columns = [
        {
            "key": column.key,
            "title": TO_COME if column.key == board_columns.BOOKED else column.title,
            "cards": [
                {"card": card, "next": _next(by_id[card.id], owed.get(card.id, {}), wording)}
                for card in (*column.cards, *column.later)
            ],
        }
        for column in board_columns.columns(standing, wording)
        if column.count
    ]
    return render_template(
        "desk/handover.html",
        moment=_sentence(calendar.day_and_hour(wording.now, wording.zone)),
        columns=columns,
        still_open=len(standing) - to_come,
        to_come=to_come,
        calls=[call for request in standing for call in _calls(request, account.department)],
        closed=[_closed(each, wording) for each in closed_since(db, account.territory_id, start)],
    )


def _next(request: BoardRequest, owed: Mapping[Job, datetime], wording: Wording) -> list[str]:
    """« aujourd’hui à 14 h 10 : des volontaires sont sollicités », in the order of time."""
    return [
        _sentence(f"{wording.relative(due_at)}{NBSP}: {PROMISES[job][0]}")
        for job, due_at in sorted(owed.items(), key=lambda item: item[1])
        if PROMISES[job][1](request)
    ]


def _calls(request: BoardRequest, department: str) -> list[dict[str, Any]]:
    """Who of a request has to be telephoned, and why."""
    patient = person(request.first_name, request.last_name)
    phone = shown_phone(request.phone, department)
    said = [
        {
            "request": request,
            "who": patient,
            "phone": phone,
            "uri": f"tel:{request.phone}",
            "why": each.text,
        }
        if each.whom == Whom.PATIENT.value
        else {
            "request": request,
            "who": request.appointment.practitioner_name if request.appointment else patient,
            "phone": "",
            "uri": "",
            "why": each.text,
        }
        for each in calls.asked(request.to_call)
    ]
    if request.attention == Attention.CALL_BACK:
        why = ATTENTION[Attention.CALL_BACK]
        said.append(
            {
                "request": request,
                "who": patient,
                "phone": phone,
                "uri": f"tel:{request.phone}",
                "why": why,
            }
        )
    return said


def _closed(request: ClosedRequest, wording: Wording) -> dict[str, Any]:
    return {
        "id": request.id,
        "code": request.code,
        "name": person(request.first_name, request.last_name),
        "profession": wording.profession(request.profession),
        "outcome": _sentence(
            closing_words(request.status, request.closing_code, wording.catalogue)
        ),
        "at": wording.moment(request.closed_at),
    }


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def closing_words(status: RequestStatus, code: str | None, catalogue: Catalogue) -> str:
    """« annulée par le patient »: how it ended, by whom, where to or why."""
    known = code or ""
    if status == RequestStatus.CANCELLED and known in BY:
        return f"{in_words(status)} par {BY[known]}"
    if status == RequestStatus.REDIRECTED and known in catalogue.redirections:
        return catalogue.redirections[known].label
    if status == RequestStatus.UNFILLED and known in catalogue.unfilled_reasons:
        return f"{in_words(status)}{NBSP}: {catalogue.unfilled_reasons[known].label}"
    return in_words(status)
