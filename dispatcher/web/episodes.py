"""Crises: an administrator opens one, calls for hands, watches the hours, and closes it."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError, TransitionError
from dispatcher.domain.roles import Role
from dispatcher.reads import episodes
from dispatcher.reads.episodes import CallFacts, EpisodeFacts, Report
from dispatcher.services.commands import OpenEpisode
from dispatcher.services.episodes import (
    EpisodeOpenError,
    call_reinforcements,
    close_episode,
    open_episode,
)
from dispatcher.services.parsing import parse
from dispatcher.web.access import allow, house, viewer
from dispatcher.web.forms import number
from dispatcher.web.live import LiveState, fragment
from dispatcher.web.wording import Choice, Wording, shown_phone

room = Blueprint("episodes", __name__, url_prefix="/crise")
SEE_OTHER = 303
OPEN_EVERY, CLOSED_EVERY = 4000, 60_000
MINUTES_SHOWN_UNTIL = 120
ANSWERS = {
    "comes": ("success", "user-check", "Vient"),
    "called": ("neutral", "clock", "Sans réponse"),
    "stays": ("warning", "user-off", "Ne peut pas"),
}


@room.get("")
@allow(Role.ADMINISTRATOR)
def overview() -> ResponseReturnValue:
    """The form that opens one, or the one that is open, and those of before."""
    return _overview({"name": "", "radius_km": ""}, {})


@room.post("")
@allow(Role.ADMINISTRATOR)
def begin() -> ResponseReturnValue:
    """Open a crisis by name."""
    typed = {name: request.form.get(name, "").strip() for name in ("name", "radius_km")}
    radius = number(typed["radius_km"])
    try:
        command = parse(OpenEpisode, {"name": typed["name"], "radius_km": radius or 0.0})
        episode_id = open_episode(house(), viewer(), command)
    except InvalidError as error:
        return _overview(typed, error.fields), error.status
    except EpisodeOpenError as error:
        flash(error.sentence, "error")
        return redirect(url_for("episodes.overview"), SEE_OTHER)
    flash("Plan de crise ouvert. Les demandes en attente sont réexaminées plus loin.", "success")
    return redirect(url_for("episodes.show", episode_id=episode_id), SEE_OTHER)


@room.get("/<uuid:episode_id>")
@allow(Role.REGULATOR, Role.COORDINATOR, Role.ADMINISTRATOR)
def show(episode_id: UUID) -> ResponseReturnValue:
    """The crisis as it stands; once it is closed, its report."""
    found, live = _live(episode_id)
    state = _state(found, live)
    counts = episodes.callable_by_profession(house().db, viewer().territory_id, episode_id)
    professions = house().catalogue.professions
    return render_template(
        "administration/episode.html",
        live_url=url_for("episodes.live", episode_id=episode_id),
        live_etag=state.etag,
        live_every=state.every,
        may_act=viewer().role == Role.ADMINISTRATOR,
        professions=[
            Choice(code, f"{entry.label} ({counts[code]})")
            for code, entry in professions.items()
            if counts.get(code)
        ],
        **live,
    )


@room.get("/<uuid:episode_id>/suivi")
@allow(Role.REGULATOR, Role.COORDINATOR, Role.ADMINISTRATOR)
def live(episode_id: UUID) -> ResponseReturnValue:
    """The part of the page that renews itself."""
    found, shown = _live(episode_id)
    return fragment(
        _state(found, shown),
        lambda: render_template("administration/_episode_live.html", **shown),
    )


@room.post("/<uuid:episode_id>/renforts")
@allow(Role.ADMINISTRATOR)
def call(episode_id: UUID) -> ResponseReturnValue:
    """Call everybody of the chosen professions, in one go."""
    try:
        called = call_reinforcements(
            house(), viewer(), episode_id, request.form.getlist("professions")
        )
    except (InvalidError, TransitionError) as error:
        flash(_sentence(error), "error")
    else:
        said = f"{called}{NBSP}professionnels appelés" if called > 1 else "Un professionnel appelé"
        none = "Personne d’autre ne peut être appelé par SMS ou par e-mail."
        flash(f"{said}{NBSP}: les réponses s’affichent ici." if called else none, "success")
    return redirect(url_for("episodes.show", episode_id=episode_id), SEE_OTHER)


@room.post("/<uuid:episode_id>/fermer")
@allow(Role.ADMINISTRATOR)
def end(episode_id: UUID) -> ResponseReturnValue:
    """Close it: everything is as before."""
    close_episode(house(), viewer(), episode_id)
    flash(f"Plan de crise fermé{NBSP}: le rayon du territoire s’applique de nouveau.", "success")
    return redirect(url_for("episodes.show", episode_id=episode_id), SEE_OTHER)


def _overview(values: dict[str, str], errors: dict[str, str]) -> str:
    account = viewer()
    wording = Wording.of(house(), account)
    known = episodes.episodes(house().db, account.territory_id)
    return render_template(
        "administration/episodes.html",
        values=values,
        errors=errors,
        is_open=any(each.closed_at is None for each in known),
        episodes=[
            {
                "url": url_for("episodes.show", episode_id=each.id),
                "name": each.name,
                "is_open": each.closed_at is None,
                "span": _span(each, wording),
            }
            for each in known
        ],
    )


def _live(episode_id: UUID) -> tuple[EpisodeFacts, dict[str, Any]]:
    """What the page shows at this moment. Raises NotFoundError."""
    account, db = viewer(), house().db
    wording = Wording.of(house(), account)
    found = episodes.episode(db, account.territory_id, episode_id)
    if found is None:
        raise NotFoundError
    is_open = found.closed_at is None
    called = episodes.calls(db, account.territory_id, episode_id)
    hours = episodes.capacity(db, account.territory_id, wording.now) if is_open else []
    told = episodes.report(db, account.territory_id, found, house().clock())
    return found, {
        "episode": {
            "id": found.id,
            "name": found.name,
            "is_open": is_open,
            "span": _span(found, wording),
            "radius": f"{found.radius_km:g}{NBSP}km".replace(".", ","),
        },
        "calls": [_call(each, wording) for each in called],
        "hours": [
            {
                "label": calendar.relative_day_and_hour(each.start, wording.now, wording.zone),
                "free": each.places - each.taken,
                "taken": each.taken,
                "places": each.places,
                "due": each.due,
            }
            for each in hours
        ],
        "most": max((each.places for each in hours), default=0) or 1,
        "figures": _figures(told),
        "by_hour": [
            {"label": calendar.day_and_hour(hour, wording.zone), "count": count}
            for hour, count in told.by_hour.items()
        ],
        "announcement": f"{told.comes} oui, {told.stays} non, sur {told.called}",
    }


def _state(found: EpisodeFacts, shown: dict[str, Any]) -> LiveState:
    return LiveState.of(shown, OPEN_EVERY if found.closed_at is None else CLOSED_EVERY)


def _span(found: EpisodeFacts, wording: Wording) -> str:
    since = wording.relative(found.opened_at)
    if found.closed_at is None:
        return f"ouvert {since}"
    lasted = calendar.duration(found.closed_at - found.opened_at)
    return f"ouvert {since}, pendant {lasted}"


def _call(each: CallFacts, wording: Wording) -> dict[str, Any]:
    hours = ""
    if each.start is not None and each.end is not None:
        day = calendar.relative_day(each.start, wording.now, wording.zone)
        span = calendar.hours(each.start, each.end, wording.zone)
        hours = f"{day}, {span}, {each.places}{NBSP}places"
    return {
        "name": each.practitioner_name,
        "profession_label": wording.profession(each.profession),
        "phone": shown_phone(each.phone, viewer().department) if each.phone else "",
        "phone_uri": f"tel:{each.phone}" if each.phone else "",
        "chip": ANSWERS[each.status],
        "at": wording.moment(each.answered_at) if each.answered_at else "",
        "hours": hours if each.status == "comes" else "",
    }


def _figures(told: Report) -> list[tuple[str, str]]:
    minutes = told.minutes_to_booking
    wait = "–"
    if minutes is not None:
        wait = (
            f"{minutes:.0f}{NBSP}min"
            if minutes < MINUTES_SHOWN_UNTIL
            else f"{minutes / 60:.0f}{NBSP}h"
        )
    return [
        ("Demandes reçues", str(told.requests)),
        ("Avec rendez-vous", str(told.with_appointment)),
        ("En attente", str(told.waiting)),
        ("Réorientées", str(told.redirected)),
        ("Sans solution", str(told.unfilled)),
        ("Annulées", str(told.cancelled)),
        ("De la demande au rendez-vous, médiane", wait),
        ("Places publiées, dont prises", f"{told.places}, {told.taken}"),
        ("Sollicitations pour un patient", str(told.volunteers_asked)),
        ("Renforts appelés", str(told.called)),
        ("Oui, non", f"{told.comes}, {told.stays}"),
    ]


def _sentence(error: RefusedError) -> str:
    return " ".join(error.fields.values()) if isinstance(error, InvalidError) else error.sentence
