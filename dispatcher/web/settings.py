"""A territory's settings, for its coordinators and administrators."""

import math
from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.roles import Role
from dispatcher.reads.hours import TerritoryRules, territory_rules
from dispatcher.services.settings import change_settings
from dispatcher.web import settings_form
from dispatcher.web.access import allow, freshly, house, viewer

room = Blueprint("settings", __name__, url_prefix="/reglages")
SEE_OTHER = 303


@room.get("")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
def overview() -> ResponseReturnValue:
    """Every setting with what holds now and what holds by default."""
    rules = territory_rules(house().db, viewer().territory_id)
    return _page(rules, settings_form.values(rules.policy))


@room.post("")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
@freshly
def change() -> ResponseReturnValue:
    """Change them all, or none: each that cannot be used says why beside its field."""
    account, typed = viewer(), settings_form.typed(request.form)
    try:
        changed = change_settings(house(), account, settings_form.settings(typed))
    except InvalidError as error:
        rules = territory_rules(house().db, account.territory_id)
        return _page(rules, typed, settings_form.faults(error, typed)), error.status
    flash(_said(len(changed)), "success" if changed else "info")
    return redirect(url_for("settings.overview"), SEE_OTHER)


def _said(changed: int) -> str:
    if not changed:
        return "Aucun réglage n’a changé."
    count = "Un réglage modifié" if changed == 1 else f"{changed}{NBSP}réglages modifiés"
    return f"{count}{NBSP}: les demandes en attente sont réexaminées avec les nouvelles règles."


def _page(
    rules: TerritoryRules, values: Mapping[str, str], errors: Mapping[str, str] | None = None
) -> str:
    national = _national(rules.department)
    return render_template(
        "coordinator/settings.html",
        groups=[
            {
                "title": group.title,
                "lead": group.lead,
                "fields": [
                    {
                        "name": field.name,
                        "label": field.label,
                        "hint": field.hint,
                        "default": settings_form.default_of(field, national),
                        "is_yes_or_no": settings_form.is_yes_or_no(field),
                    }
                    for field in group.fields
                ],
            }
            for group in settings_form.GROUPS
        ],
        labels=settings_form.LABELS,
        yes_or_no=settings_form.YES_OR_NO,
        values=values,
        errors=errors or {},
    )


def _national(department: str) -> Mapping[str, str]:
    """What the national table says where a territory says nothing."""
    communes = house().communes
    radius = communes.radius_km.get(department) or math.inf
    wider = communes.enlarge_km.get(department)
    return {
        "radius_km": (
            f"{radius:.0f}{NBSP}km, du département" if math.isfinite(radius) else "sans limite"
        ),
        "enlarge_km": (
            f"{wider:.0f}{NBSP}km, ou la moitié d’un rayon réglé ici"
            if wider
            else "la moitié du rayon"
        ),
        "sms.segment_cents": "inconnu",
    }
