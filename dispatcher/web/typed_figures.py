"""« Chiffres de la CPAM et de l’ARS »: typed in with date and source, and shown as such."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import calendar
from dispatcher.domain.aci.contract import Contract, Line
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.indicators.outside import OUTSIDE, OutsideUnit
from dispatcher.domain.roles import Role
from dispatcher.papers.words import written_figure
from dispatcher.reads.overview import typed_up_to
from dispatcher.reads.typed_figures import Typed, typed_figures
from dispatcher.services.contract_years import contract_years, lines_to_fill
from dispatcher.services.parsing import parse
from dispatcher.services.typed_figures import TypeFigure, take_back_figure, type_figure
from dispatcher.web.access import allow, freshly, house, viewer
from dispatcher.web.forms import number

room = Blueprint("typed_figures", __name__, url_prefix="/activite/chiffres")
SEE_OTHER = 303
FIELDS = ("code", "figure", "on", "origin")
Lines = Mapping[str, tuple[Line, Contract]]
NO_NUMBER = f"Indiquez un nombre, par exemple 87 ou 12,5{NBSP}: ni lettres ni signe."


@room.get("")
@allow(Role.COORDINATOR)
def overview() -> ResponseReturnValue:
    """The form, for one figure where it is asked for, and every figure that stands."""
    values = {"on": str(_today()), "code": request.args.get("indicateur", "")}
    return _page(values, {})


@room.post("")
@allow(Role.COORDINATOR)
@freshly
def add() -> ResponseReturnValue:
    """Keep a figure, or show again what was typed with a sentence at each field."""
    typed = {name: request.form.get(name, "") for name in FIELDS}
    try:
        type_figure(house(), viewer(), command(typed))
    except InvalidError as error:
        return _page(typed, error.fields), error.status
    flash(f"Chiffre enregistré{NBSP}: {_label(typed['code'], _lines())}.", "success")
    return redirect(url_for("typed_figures.overview"), SEE_OTHER)


@room.post("/<uuid:figure_id>/retirer")
@allow(Role.COORDINATOR)
@freshly
def take_back(figure_id: UUID) -> ResponseReturnValue:
    """Take back what was typed by mistake."""
    take_back_figure(house(), viewer(), figure_id)
    flash("Chiffre retiré.", "success")
    return redirect(url_for("typed_figures.overview"), SEE_OTHER)


def command(typed: Mapping[str, str]) -> TypeFigure:
    """What was typed, « 12,5 » being a number. Raises InvalidError by field."""
    figure = number(typed["figure"])
    asked: dict[str, Any] = {**typed, "figure": 0.0 if figure is None else figure}
    if figure is not None:
        return parse(TypeFigure, asked)
    faults = {"figure": NO_NUMBER}
    try:
        parse(TypeFigure, asked)
    except InvalidError as error:
        faults |= error.fields
    raise InvalidError(faults)


def up_to(last: date) -> Sequence[dict[str, str]]:
    """The latest of each figure of the list up to a day, in the list's order."""
    return [_row(each, {}) for each in typed_up_to(house().db, viewer().territory_id, last)]


def _row(typed: Typed, lines: Lines) -> dict[str, str]:
    """A figure as a line of a table."""
    what = OUTSIDE.get(typed.code)
    return {
        "id": str(typed.id),
        "label": _label(typed.code, lines),
        "formula": "Ligne du contrat." if what is None else f"{what.formula} {what.giver}.",
        "value": written_figure(typed.figure, is_percent=_is_percent(typed.code)),
        "on": f"{typed.on:%d/%m/%Y}",
        "origin": typed.origin,
        "entered": f"{calendar.local_day(typed.entered_at, _zone()):%d/%m/%Y}",
        "entered_by": typed.entered_by,
    }


def _label(code: str, lines: Lines) -> str:
    if code in OUTSIDE:
        return OUTSIDE[code].label
    return lines[code][0].label if code in lines else code


def _is_percent(code: str) -> bool:
    return code in OUTSIDE and OUTSIDE[code].unit is OutsideUnit.PERCENT


def _lines() -> Lines:
    """The lines of the contract that are filled in by hand."""
    return lines_to_fill(contract_years(house().db, viewer().territory_id))


def _page(values: Mapping[str, str], errors: Mapping[str, str]) -> str:
    lines = _lines()
    groups = [
        {
            "label": "Chiffres de la CPAM et de l’ARS",
            "options": [
                {
                    "value": code,
                    "label": f"{what.label}, en{NBSP}%" if _is_percent(code) else what.label,
                }
                for code, what in OUTSIDE.items()
            ],
        },
        {
            "label": f"Lignes du contrat (1{NBSP}= fait, 0{NBSP}= pas encore)",
            "options": [
                {"value": code, "label": line.label}
                for code, (line, _) in lines.items()
                if code not in OUTSIDE
            ],
        },
    ]
    return render_template(
        "coordinator/typed_figures.html",
        values=values,
        errors=errors,
        groups=[group for group in groups if group["options"]],
        figures=[_row(each, lines) for each in typed_figures(house().db, viewer().territory_id)],
    )


def _zone() -> ZoneInfo:
    return ZoneInfo(viewer().timezone)


def _today() -> date:
    return calendar.local_day(house().clock(), _zone())
