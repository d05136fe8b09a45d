"""« Mes lieux »: where a practitioner works, how one gets in, and under which numbers."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, TransitionError
from dispatcher.domain.roles import Role
from dispatcher.reads.own_places import PlaceCard, place_card, place_cards
from dispatcher.services.addresses import Saved, add_place, change_place, close_place, reopen_place
from dispatcher.services.commands import DescribePlace
from dispatcher.services.parsing import parse
from dispatcher.web.access import allow, house, viewer
from dispatcher.web.forms import chosen_commune
from dispatcher.web.wording import shown_phone

room = Blueprint("places", __name__, url_prefix="/agenda/lieux")
SEE_OTHER = 303
TEXTS = ("label", "address", "postcode", "phone", "access", "finess", "siret")
Typed = dict[str, Any]


@room.get("")
@allow(Role.PRACTITIONER)
def overview() -> ResponseReturnValue:
    """All places, with what is to come at each."""
    return render_template(
        "practitioner/places.html",
        places=[_card(card) for card in place_cards(house().db, viewer())],
    )


@room.get("/nouveau")
@allow(Role.PRACTITIONER)
def describe_new() -> ResponseReturnValue:
    """The form of one more place."""
    return _form({}, {}, None)


@room.post("/nouveau")
@allow(Role.PRACTITIONER)
def add() -> ResponseReturnValue:
    """Add it, or show again what was typed with a sentence at each field."""
    typed = _typed(request.form)
    try:
        saved = add_place(house(), viewer(), _command(typed))
    except InvalidError as error:
        return _form(typed, error.fields, None), error.status
    return _saved(saved, "Lieu ajouté.")


@room.get("/<uuid:place_id>")
@allow(Role.PRACTITIONER)
def describe(place_id: UUID) -> ResponseReturnValue:
    """A place as it stands."""
    card = place_card(house().db, viewer(), place_id)
    return _form(_values(card), {}, card)


@room.post("/<uuid:place_id>")
@allow(Role.PRACTITIONER)
def change(place_id: UUID) -> ResponseReturnValue:
    """Describe it anew."""
    typed = _typed(request.form)
    try:
        saved = change_place(house(), viewer(), place_id, _command(typed))
    except InvalidError as error:
        card = place_card(house().db, viewer(), place_id)
        return _form(typed, error.fields, card), error.status
    return _saved(saved, "Lieu enregistré." if saved.changed else "Rien n’a changé.")


@room.post("/<uuid:place_id>/fermer")
@allow(Role.PRACTITIONER)
def close(place_id: UUID) -> ResponseReturnValue:
    """Work there no more; refused while something is to come there."""
    try:
        close_place(house(), viewer(), place_id)
    except TransitionError as refusal:
        flash(f"Ce lieu reste ouvert. {refusal.sentence}", "error")
    else:
        flash(f"Lieu fermé{NBSP}: il n’est plus proposé. Vous pouvez le rouvrir.", "success")
    return redirect(url_for("places.overview"), SEE_OTHER)


@room.post("/<uuid:place_id>/rouvrir")
@allow(Role.PRACTITIONER)
def reopen(place_id: UUID) -> ResponseReturnValue:
    """Work there again."""
    reopen_place(house(), viewer(), place_id)
    flash("Lieu rouvert.", "success")
    return redirect(url_for("places.overview"), SEE_OTHER)


def _command(typed: Typed) -> DescribePlace:
    asked = {name: typed[name] for name in TEXTS}
    asked["commune"] = chosen_commune(typed, "commune", house().communes)
    asked["step_free"] = bool(typed["step_free"])
    if not asked["commune"]:
        try:
            parse(DescribePlace, asked)
        except InvalidError as error:
            raise InvalidError(
                error.fields | {"commune": "Choisissez une commune de la liste."}
            ) from None
    return parse(DescribePlace, asked)


def _typed(form: MultiDict[str, str]) -> Typed:
    names = (*TEXTS, "commune", "commune_text", "step_free")
    return {name: form.get(name, "") for name in names}


def _values(card: PlaceCard) -> Typed:
    return {name: getattr(card, name) or "" for name in TEXTS} | {
        "commune": card.commune,
        "commune_text": card.commune_name,
        "step_free": "1" if card.step_free else "",
        "phone": _phone(card),
    }


def _phone(card: PlaceCard) -> str:
    return shown_phone(card.phone, viewer().department) if card.phone else ""


def _card(card: PlaceCard) -> dict[str, Any]:
    return {
        "id": card.id,
        "label": card.label,
        "lines": [card.address, f"{card.postcode} {card.commune_name}"],
        "phone": _phone(card),
        "step_free": card.step_free,
        "access": card.access,
        "finess": card.finess or "",
        "siret": card.siret or "",
        "is_closed": card.closed_at is not None,
        "upcoming": card.upcoming,
    }


def _form(values: Typed, errors: Mapping[str, str], card: PlaceCard | None) -> str:
    return render_template(
        "practitioner/place.html",
        values=values,
        errors=errors,
        place=None if card is None else _card(card),
    )


def _saved(saved: Saved, sentence: str) -> ResponseReturnValue:
    flash(sentence, "success" if saved.changed else "info")
    for warning in saved.warnings:
        flash(warning, "warning")
    if saved.expected:
        who = "1 patient attendu" if saved.expected == 1 else f"{saved.expected} patients attendus"
        flash(
            f"{who} ici {'a' if saved.expected == 1 else 'ont'} reçu l’ancienne adresse par SMS."
            f" La page de leur rendez-vous montre la nouvelle{NBSP}; appelez-les.",
            "warning",
        )
    return redirect(url_for("places.overview"), SEE_OTHER)
