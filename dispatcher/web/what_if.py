"""« Et si ? »: the coordinator tries a change on the territory's last weeks."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError, UnavailableError
from dispatcher.domain.roles import Role
from dispatcher.reads.practitioners import active_practitioners
from dispatcher.reads.what_if import Asked, asked, asked_lately
from dispatcher.services.what_if import DONE, FAILED, ask_what_if
from dispatcher.web import what_if_form, what_if_result
from dispatcher.web.access import allow, house, viewer
from dispatcher.web.live import LiveState, fragment
from dispatcher.web.wording import Wording

room = Blueprint("what_if", __name__, url_prefix="/et-si")
SEE_OTHER = 303
WORKING_EVERY = 1000
OVER = 0
"""Nothing will change any more: the page need not ask again."""
STATES = {"waiting": "En attente", "running": "En cours", DONE: "Terminée", FAILED: "Interrompue"}


@room.get("")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
def question() -> ResponseReturnValue:
    """The form, and what was asked lately."""
    return _form(None, {})


@room.post("")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
def ask() -> ResponseReturnValue:
    """Ask, or see the form again with a sentence at each field."""
    values = what_if_form.typed(request.form)
    try:
        simulation_id = ask_what_if(
            house(), viewer(), what_if_form.command(values, house().communes)
        )
    except InvalidError as invalid:
        return _form(values, invalid.fields), invalid.status
    except UnavailableError:
        raise
    except RefusedError as refused:
        return _form(values, {"": refused.sentence}), refused.status
    return redirect(url_for("what_if.answer", simulation_id=simulation_id), SEE_OTHER)


@room.get("/<uuid:simulation_id>")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
def answer(simulation_id: UUID) -> ResponseReturnValue:
    """One question with its answer, or how far it is."""
    found = _asked(simulation_id)
    state = _state(found)
    return render_template(
        "coordinator/what_if_answer.html",
        live_url=url_for("what_if.answer_live", simulation_id=simulation_id),
        live_etag=state.etag,
        live_every=state.every,
        **_answer(found),
    )


@room.get("/<uuid:simulation_id>/suivi")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
def answer_live(simulation_id: UUID) -> ResponseReturnValue:
    """The part of the page that renews itself until the answer is there."""
    found = _asked(simulation_id)
    return fragment(
        _state(found), lambda: render_template("coordinator/_what_if_live.html", **_answer(found))
    )


def _asked(simulation_id: UUID) -> Asked:
    found = asked(house().db, viewer().territory_id, simulation_id)
    if found is None:
        raise NotFoundError
    return found


def _state(found: Asked) -> LiveState:
    is_over = found.status in {DONE, FAILED}
    return LiveState.of((found.status, found.progress), OVER if is_over else WORKING_EVERY)


def _form(typed: Mapping[str, Any] | None, errors: Mapping[str, str]) -> str:
    wording = Wording.of(house(), viewer())
    lists = what_if_form.choices(active_practitioners(house().db, viewer().territory_id), wording)
    return render_template(
        "coordinator/what_if.html",
        values=what_if_form.defaults(lists["professions"]) if typed is None else typed,
        errors={name: sentence for name, sentence in errors.items() if name},
        refusal=errors.get("", ""),
        lately=[_line(each, wording) for each in asked_lately(house().db, viewer().territory_id)],
        **lists,
    )


def _line(each: Asked, wording: Wording) -> dict[str, Any]:
    return {
        "url": url_for("what_if.answer", simulation_id=each.id),
        "words": what_if_form.in_words(each.question, each.without_name, wording),
        "asked": wording.relative(each.asked_at),
        "status": each.status,
        "state": STATES[each.status],
        "served": what_if_result.served_in_words(each.result) if each.result else "",
    }


def _answer(found: Asked) -> dict[str, Any]:
    wording = Wording.of(house(), viewer())
    shown: dict[str, Any] = {
        "status": found.status,
        "percent": round(100 * found.progress),
        "words": what_if_form.in_words(found.question, found.without_name, wording),
        "asked": wording.relative(found.asked_at),
        "days": "",
        "sentence": "",
        "rows": [],
        "cards": [],
    }
    if found.result is None:
        return shown
    first, last = (date.fromisoformat(found.result[key]) for key in ("first_day", "last_day"))
    weeks = round((last - first + timedelta(days=1)) / timedelta(weeks=1))
    return shown | {
        "days": f"{calendar.span(first, last)} ({weeks}{NBSP}semaine{'s' if weeks > 1 else ''})",
        "sentence": what_if_result.sentence(found.result),
        "cards": what_if_result.cards(found.result),
        "rows": what_if_result.rows(found.result),
        "reasons": what_if_result.reasons(found.result),
    }
