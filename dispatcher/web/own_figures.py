"""« Mes chiffres »: what a practitioner gave in a month, and what it opens for them."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.matching import explain
from dispatcher.domain.payments.majorations import EUR, WEEKLY_LIMIT
from dispatcher.domain.payments.statements import Statement
from dispatcher.domain.practice import FORFAIT_HOURS, Given
from dispatcher.domain.roles import Role
from dispatcher.papers.payments import BASES, euros, quantity
from dispatcher.reads.own_figures import OwnFigures, OwnWeek, own_figures
from dispatcher.reads.payments import own_statement
from dispatcher.web.access import allow, house, in_person, viewer
from dispatcher.web.wording import Choice

room = Blueprint("own_figures", __name__, url_prefix="/agenda/mes-chiffres")
MONTHS = 13
"""This one, and the twelve before it."""
NEARLY = 3
"""So many majorations before the limit the week is marked."""


@room.get("")
@allow(Role.PRACTITIONER)
@in_person
def overview() -> ResponseReturnValue:
    """The figures of a month, this one unless another is chosen."""
    zone = ZoneInfo(viewer().timezone)
    today = calendar.local_day(house().clock(), zone)
    months = _months(today)
    asked = request.args.get("mois", "")
    first = next((month for month in months if _name(month) == asked), months[0])
    period = calendar.period(first, _last(first), zone)
    figures = own_figures(house().db, viewer(), period)
    return render_template(
        "practitioner/figures.html",
        month=calendar.month(first),
        months=[Choice(_name(each), calendar.month(each).capitalize()) for each in months],
        values={"mois": _name(first)},
        cards=_cards(figures.given),
        is_doctor=figures.is_doctor,
        weeks=[_week(week) for week in figures.weeks if not week.is_to_come],
        limit=WEEKLY_LIMIT,
        euros=EUR,
        forfait=f"{FORFAIT_HOURS // timedelta(hours=1)}{NBSP}h",
        warnings=_warnings(figures),
        statement_url=url_for("payments.own_statement", mois=_name(first)),
        indemnities=_indemnities(*own_statement(house().db, viewer(), first, zone)),
    )


def _indemnities(statement: Statement | None, is_closed: bool) -> dict[str, Any] | None:  # noqa: FBT001 - a pair
    """What the territory owes for the month; None where no rule of it pays anything."""
    if statement is None:
        return None
    return {
        "due": euros(statement.due_cents),
        "held_back": euros(statement.held_back_cents) if statement.held_back_cents else "",
        "is_closed": is_closed,
        "items": [
            {
                "label": BASES[item.basis],
                "quantity": f"{quantity(item)} × {euros(item.rate_cents)}",
                "amount": euros(item.cents),
            }
            for item in statement.items
        ],
    }


def _months(today: date) -> Sequence[date]:
    """The first days of the months that can be chosen, the newest first."""
    first = today.replace(day=1)
    months = [first]
    for _ in range(MONTHS - 1):
        first = (first - timedelta(days=1)).replace(day=1)
        months.append(first)
    return months


def _name(month: date) -> str:
    return f"{month:%Y-%m}"


def _last(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _cards(found: Given) -> list[dict[str, str]]:
    cards = [
        _card("Places offertes", str(found.offered), ""),
        _card("Places prises", str(found.used), _share(found.used, found.offered, "de l’offre")),
        _card(
            "Patients venus",
            str(found.honoured),
            f"{found.patients} personne{'s' if found.patients > 1 else ''}",
        ),
        _card("Non venus", str(found.missed), _share(found.missed, found.used, "des prises")),
    ]
    if found.travelled_km is not None:
        far = explain.distance_in_words(found.travelled_km)
        cards.append(_card("Trajet des patients", far, "en moyenne, à vol d’oiseau"))
    if found.home_visits:
        visits = f"{found.home_visits} visite{'s' if found.home_visits > 1 else ''} à domicile"
        far = explain.distance_in_words(found.home_km)
        cards.append(_card("Kilomètres", far, f"{visits}, aller, à vol d’oiseau"))
    return cards


def _card(label: str, value: str, detail: str) -> dict[str, str]:
    return {"label": label, "value": value, "detail": detail}


def _share(part: int, whole: int, of: str) -> str:
    return f"{round(100 * part / whole)}{NBSP}% {of}" if whole else ""


def _week(week: OwnWeek) -> dict[str, Any]:
    return {
        "label": calendar.span(week.monday, week.monday + timedelta(days=6)).capitalize(),
        "hours": _hours(week.opened),
        "is_enough": week.is_enough,
        "majorations": week.majorations,
        "beyond": week.beyond,
        "is_full": week.is_full,
        "is_nearly_full": not week.is_full and week.majorations >= WEEKLY_LIMIT - NEARLY,
    }


def _hours(span: timedelta) -> str:
    """« 26 h 40 »: hours are what the forfait counts, never days."""
    hours, minutes = divmod(span // timedelta(minutes=1), 60)
    return f"{hours}{NBSP}h{NBSP}{minutes:02}" if minutes else f"{hours}{NBSP}h"


def _warnings(figures: OwnFigures) -> list[str]:
    """A sentence for each week whose limit is reached."""
    return [
        f"Semaine {calendar.span(week.monday, week.monday + timedelta(days=6))}{NBSP}:"
        f" {WEEKLY_LIMIT}{NBSP}majorations, le plafond est atteint."
        + (f" {week.beyond} de plus ne sont pas dues." if week.beyond > 1 else "")
        + (" Une de plus n’est pas due." if week.beyond == 1 else "")
        for week in figures.weeks
        if week.is_full
    ]
