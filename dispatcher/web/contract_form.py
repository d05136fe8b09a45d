"""« Décrire le contrat »: a year's missions and lines in a form, without knowing its file."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.figures import whole_number
from dispatcher.domain.indicators.outside import OUTSIDE
from dispatcher.domain.indicators.registry import INDICATORS
from dispatcher.domain.roles import Role
from dispatcher.papers.contract_words import SOURCES, euros
from dispatcher.papers.words import UNITS
from dispatcher.services.contract_files import parse_contract
from dispatcher.services.contract_years import contract_years, year_of
from dispatcher.services.contracts import (
    OverlappingYearsError,
    ReplacedMeanwhileError,
    outline,
    save_year,
    seen,
)
from dispatcher.web import contract_fields, contract_view
from dispatcher.web.access import allow, freshly, house, viewer
from dispatcher.web.contract import (
    SEE_OTHER,
    UNPROCESSABLE,
    asked_year,
    said_of,
    start_page,
    today,
)
from dispatcher.web.contract_fields import Values

room = Blueprint("contract_form", __name__, url_prefix="/contrat/lignes")
OUTLINE_FIELDS = ("accord", "taille", "signature", "debut")
LABELS: Mapping[str, str] = {
    "name": "Nom",
    "agreement": "Accord",
    "size": "Taille",
    "signed": "Signé le",
    "first": "Premier jour de l’année",
    "last": "Dernier jour de l’année",
    "days_in_year": "Jours de l’année pour les prorata",
    "label": "Intitulé",
    "fixed_eur": "Part fixe",
    "variable_eur": "Part variable",
    "starts": "Commence le",
    "eur": "Montant",
    "source": "D’où vient la valeur",
    "indicator": "Indicateur",
    "direction": "Sens",
    "baseline": "Départ",
    "target": "Cible",
    "delta": "Écart",
    "tiers": "Paliers",
    "limit": "Seuil",
    "evidence": "Preuve demandée",
    "code": "Code",
}


@room.get("")
@allow(Role.COORDINATOR)
def edit() -> ResponseReturnValue:
    """The year in a form: as it stands, as the next one, or outlined from an agreement."""
    if "accord" in request.args:
        asked = {name: request.args.get(name, "") for name in OUTLINE_FIELDS}
        try:
            year = contract_view.outline_asked(asked, outline)
        except InvalidError as invalid:
            return start_page(asked, invalid.fields), invalid.status
        return _page(contract_fields.fields_of(year), shown="")
    years = contract_years(house().db, viewer().territory_id)
    if "suite" in request.args and years:
        return _page(contract_fields.fields_of(contract_view.following(years[0])), shown="")
    year = year_of(years, asked_year(), today())
    return _page(contract_fields.fields_of(year), shown=seen(year))


@room.post("")
@allow(Role.COORDINATOR)
@freshly
def save() -> ResponseReturnValue:
    """Keep the year, or show every fault at its field; other buttons add and take away rows."""
    values = contract_fields.posted(request.form)
    gesture = request.form.get("geste", "")
    if gesture:
        return _changed(values, gesture)
    try:
        year = parse_contract(contract_fields.tables_of(values))
        saved = save_year(house(), viewer(), year, request.form.get("vu", ""))
    except InvalidError as invalid:
        return _page(values, invalid.fields), UNPROCESSABLE
    except OverlappingYearsError as error:
        return _page(values, {"contract.first": error.sentence}), error.status
    except ReplacedMeanwhileError as error:
        return _page(values, {"contract.first": error.sentence}, shown=error.stands), error.status
    flash(said_of(saved), "success" if saved.changed else "info")
    return redirect(url_for("contract.overview", annee=saved.first), SEE_OTHER)


def _changed(values: Values, gesture: str) -> str:
    """The form with a row more or less; nothing is saved. Raises NotFoundError."""
    what, _, row = gesture.partition(":")
    known = list(contract_fields.rows(values, "mission"))
    lines = [each for here in known for each in contract_fields.rows(values, f"{here}.line")]
    if what == "mission":
        added = contract_fields.with_mission(values)
        return _page(added, focus=f"mission.{len(known)}")
    if what == "ligne" and row in known:
        added = contract_fields.with_line(values, known.index(row))
        *_, last = contract_fields.rows(added, f"{row}.line")
        return _page(added, focus=last)
    if what == "retirer" and row in {*known, *lines}:
        return _page(contract_fields.without(values, row))
    raise NotFoundError


def _page(
    values: Values,
    errors: Mapping[str, str] | None = None,
    focus: str = "",
    shown: str | None = None,
) -> str:
    """`shown` is the version that is changed; without it, the one that the form was sent with."""
    faults = errors or {}
    return render_template(
        "coordinator/contract_form.html",
        values=values,
        errors=faults,
        labels={path: _label(path, values) for path in faults},
        focus=focus,
        shown=request.form.get("vu", "") if shown is None else shown,
        missions=[
            {
                "name": here,
                "title": values.get(f"{here}.label", "") or "Nouvelle mission",
                "lines": [
                    {
                        "name": there,
                        "title": values.get(f"{there}.label", "") or "Nouvelle ligne",
                        "eur": _euros(values.get(f"{there}.eur", "")),
                        "tiers": contract_fields.tier_rows(values, there),
                        "is_open": there == focus
                        or any(path == there or path.startswith(f"{there}.") for path in faults),
                    }
                    for there in contract_fields.rows(values, f"{here}.line")
                ],
                "sum": _sum(values, here),
            }
            for here in contract_fields.rows(values, "mission")
        ],
        **contract_view.choices(),
        sources=[
            {"value": source.value, "label": f"{SOURCES[source]}{NBSP}: {said}"}
            for source, said in contract_view.SOURCE_WORDS.items()
        ],
        directions=[
            {"value": "up", "label": "Plus, c’est mieux"},
            {"value": "down", "label": "Moins, c’est mieux"},
        ],
        indicator_groups=_indicators(),
        toml_url=url_for("contract.describe", annee=_known_year(values)),
    )


def _indicators() -> list[dict[str, Any]]:
    return [
        {
            "label": "Ce que le journal compte",
            "options": [
                {"value": code, "label": f"{what.label} ({UNITS[what.unit]})"}
                for code, what in INDICATORS.items()
            ],
        },
        {
            "label": "Ce que la CPAM ou l’ARS calcule",
            "options": [{"value": code, "label": what.label} for code, what in OUTSIDE.items()],
        },
    ]


def _label(path: str, values: Values) -> str:
    """« Médecins du SAS, Montant »: which field of which line."""
    *_, name = [part for part in path.split(".") if not part.isdecimal()]
    found = LABELS.get(name, name)
    parts = path.split(".")
    for length in (4, 2):
        here = ".".join(parts[:length])
        if len(parts) > length and (title := values.get(f"{here}.label", "")):
            return f"{title}, {found}"
    return found


def _sum(values: Values, mission: str) -> str:
    """What the lines come to so far."""
    amounts = [
        values.get(f"{line}.eur", "") for line in contract_fields.rows(values, f"{mission}.line")
    ]
    read = [whole_number(each.strip()) for each in amounts]
    whole = [each for each in read if each is not None]
    return euros(sum(whole)) if len(whole) == len(amounts) else ""


def _euros(said: str) -> str:
    amount = whole_number(said.strip())
    return "" if amount is None else euros(amount)


def _known_year(values: Values) -> date | None:
    """The first day, where it is that of a year that is kept."""
    first = values.get("contract.first", "")
    years = contract_years(house().db, viewer().territory_id)
    return next((year.first for year in years if str(year.first) == first), None)
