"""Correcting what was entered for a request that lives, also by two people at once."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.openings import Way
from dispatcher.domain.roles import Role
from dispatcher.reads.correction import Correctable, Texts, correctable
from dispatcher.services.correcting import (
    SEARCHED_BY,
    CorrectedMeanwhileError,
    Correction,
    correct_request,
)
from dispatcher.services.openings import opened_requests
from dispatcher.web import forms
from dispatcher.web.access import allow, house, viewer
from dispatcher.web.wording import Choice, Wording, shown_phone

room = Blueprint("correcting", __name__, url_prefix="/demandes/<uuid:request_id>/corriger")
SEE_OTHER = 303
LABELS: Mapping[str, str] = {
    "patient.last_name": "Nom",
    "patient.first_name": "Prénom",
    "patient.birth_date": "Date de naissance",
    "patient.phone": "Téléphone",
    "patient.commune": "Commune",
    "need.motive": "Motif",
    "need.note": "Précision",
    "need.delay_hours": "Délai souhaité",
}
"""What can be corrected, in the order of the form."""


@room.get("")
@allow(Role.REGULATOR)
def describe(request_id: UUID) -> ResponseReturnValue:
    """The form, filled in with what the request says."""
    standing = _standing(request_id)
    if not standing.is_live:
        return _over(request_id)
    return _form(request_id, standing, standing.texts, _as_typed(standing.texts))


@room.post("")
@allow(Role.REGULATOR)
def correct(request_id: UUID) -> ResponseReturnValue:
    """Correct it, or show what was typed again with what is wrong or was corrected meanwhile."""
    standing = _standing(request_id)
    if not standing.is_live:
        return _over(request_id)
    values = {name: request.form.get(name, "") for name in (*LABELS, "patient.commune_text")}
    values["patient.by_telephone"] = request.form.get("patient.by_telephone", "")
    shown = _shown(request.form.get("shown", ""), standing.texts)
    if standing.is_booked:  # the page shows them without letting them be typed
        values |= {name: shown[name] for name in ("patient.commune", "need.delay_hours")}
    typed = _as_kept(values, shown, is_booked=standing.is_booked)
    correction = Correction(typed, shown, by_telephone=bool(values["patient.by_telephone"]))
    try:
        changed = correct_request(house(), viewer(), request_id, correction)
    except InvalidError as error:
        page = _form(request_id, standing, shown, values, errors=error.fields)
        return page, error.status
    except CorrectedMeanwhileError as error:
        return _difference(request_id, values, correction, error), error.status
    if changed & SEARCHED_BY and not standing.is_booked:
        flash(f"Demande corrigée{NBSP}: la recherche reprend.", "success")
    else:
        flash("Demande corrigée." if changed else "Rien n’a changé.", "success")
    return redirect(url_for("desk.request_page", request_id=request_id), SEE_OTHER)


def _over(request_id: UUID) -> ResponseReturnValue:
    flash(f"Cette demande est close{NBSP}: elle ne se corrige plus.", "error")
    return redirect(url_for("desk.request_page", request_id=request_id), SEE_OTHER)


def _difference(
    request_id: UUID, values: dict[str, Any], mine: Correction, error: CorrectedMeanwhileError
) -> str:
    """The form again: a colleague's corrections beside one's own, from which one goes on."""
    wording = Wording.of(house(), viewer())
    theirs = _as_typed(error.standing)
    errors = {}
    for name in LABELS:
        before, now = mine.shown[name], error.standing[name]
        if before == now:
            continue
        was, became = _said(name, before, wording), _said(name, now, wording)
        if mine.typed[name] == before or mine.typed[name] == now:
            values[name] = theirs[name]
            if name == "patient.commune":
                values["patient.commune_text"] = theirs["patient.commune_text"]
            errors[name] = f"{error.by} a remplacé {was} par {became}{NBSP}: c’est repris ici."
        else:
            errors[name] = (
                f"{error.by} a remplacé {was} par {became}{NBSP}; votre saisie est gardée ici."
            )
    standing = _standing(request_id)
    return _form(request_id, standing, error.standing, values, errors, error.sentence)


def _standing(request_id: UUID) -> Correctable:
    found = correctable(house().db, viewer().territory_id, request_id)
    if found is None:
        raise NotFoundError
    return found


def _form(
    request_id: UUID,
    standing: Correctable,
    shown: Texts,
    values: Mapping[str, Any],
    errors: Mapping[str, str] | None = None,
    meanwhile: str = "",
) -> str:
    wording = Wording.of(house(), viewer())
    opened_requests(house(), viewer().actor, Way.PAGE, [request_id])
    motives = wording.catalogue.motives_for(standing.profession)
    return render_template(
        "desk/correct.html",
        request_id=request_id,
        code=standing.code,
        is_booked=standing.is_booked,
        shown=json.dumps(dict(shown)),
        values=values,
        errors=errors or {},
        meanwhile=meanwhile,
        labels=LABELS,
        commune=wording.commune(shown["patient.commune"]),
        motives=[Choice(each.code, each.label) for each in motives],
        delays=[Choice(str(hours), f"{hours}{NBSP}h") for hours in wording.catalogue.delays],
    )


def _shown(posted: str, standing: Texts) -> dict[str, str]:
    """What the form had shown. Whoever did not send it whole is taken to have seen nothing."""
    try:
        found = json.loads(posted)
    except ValueError:
        found = {}
    given = found if isinstance(found, dict) else {}
    return {name: str(given.get(name, "")) for name in standing}


def _as_typed(texts: Texts) -> dict[str, str]:
    """What is kept, as people write it."""
    born = texts["patient.birth_date"]
    commune = house().communes.get(texts["patient.commune"])
    return dict(texts) | {
        "patient.birth_date": "/".join(reversed(born.split("-"))),
        "patient.phone": shown_phone(texts["patient.phone"], viewer().department),
        "patient.commune_text": commune.name if commune else texts["patient.commune"],
    }


def _as_kept(values: Mapping[str, str], shown: Texts, *, is_booked: bool) -> dict[str, str]:
    """What was typed, as it is kept where that can be read; what was left alone stays as it was."""
    born = forms.birth_date(values["patient.birth_date"])
    kept = {name: values[name].strip() for name in LABELS}
    kept["patient.birth_date"] = born.isoformat() if born else kept["patient.birth_date"]
    if shown["patient.phone"].startswith("+") and values["patient.phone"] == shown_phone(
        shown["patient.phone"], viewer().department
    ):
        kept["patient.phone"] = shown["patient.phone"]
    if not is_booked:
        chosen = forms.chosen_commune(dict(values), "patient.commune", house().communes)
        kept["patient.commune"] = chosen or "?"
    return kept


def _said(name: str, text: str, wording: Wording) -> str:
    """A kept value in words, between quotes."""
    if not text:
        return f"«{NBSP}rien{NBSP}»"
    said = {
        "patient.birth_date": lambda: "/".join(reversed(text.split("-"))),
        "patient.phone": lambda: shown_phone(text, viewer().department),
        "patient.commune": lambda: wording.commune_name(text),
        "need.motive": lambda: wording.motive(text),
        "need.delay_hours": lambda: f"{text}{NBSP}h",
    }.get(name, lambda: text)()
    return f"«{NBSP}{said}{NBSP}»"
