"""« Rapports »: the activity of a month or a year as a document to hand on."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import calendar
from dispatcher.domain.errors import InvalidError, RefusedError
from dispatcher.domain.roles import Role
from dispatcher.services.contract_years import contract_years
from dispatcher.services.report_mails import (
    add_recipient,
    recipients,
    remove_recipient,
    send_report_now,
)
from dispatcher.services.reports import activity_report
from dispatcher.web import activity_period
from dispatcher.web.access import allow, freshly, house, viewer
from dispatcher.web.activity_period import Asked

room = Blueprint("reports", __name__, url_prefix="/activite/rapports")
SEE_OTHER = 303


@room.get("")
@allow(Role.COORDINATOR)
def overview() -> ResponseReturnValue:
    """The reports that are asked for most, and who gets the month's by e-mail."""
    return _page("", {})


@room.post("/destinataires")
@allow(Role.COORDINATOR)
@freshly
def add() -> ResponseReturnValue:
    """Send the month's report to an address too."""
    typed = request.form.get("address", "")
    try:
        add_recipient(house(), viewer(), typed)
    except InvalidError as error:
        return _page(typed, error.fields), error.status
    flash("Adresse ajoutée.", "success")
    return redirect(url_for("reports.overview"), SEE_OTHER)


@room.post("/destinataires/<uuid:recipient_id>/retirer")
@allow(Role.COORDINATOR)
@freshly
def remove(recipient_id: UUID) -> ResponseReturnValue:
    """Send no more there."""
    remove_recipient(house(), viewer(), recipient_id)
    flash("Adresse retirée.", "success")
    return redirect(url_for("reports.overview"), SEE_OTHER)


@room.post("/envoyer")
@allow(Role.COORDINATOR)
@freshly
def send() -> ResponseReturnValue:
    """Send last month's report now to whoever has not had it."""
    try:
        send_report_now(house(), viewer())
    except RefusedError as refusal:
        flash(refusal.sentence, "error")
    else:
        flash("Le rapport du mois dernier part à ceux qui ne l’ont pas encore reçu.", "success")
    return redirect(url_for("reports.overview"), SEE_OTHER)


def _page(typed: str, errors: Mapping[str, str]) -> str:
    return render_template(
        "coordinator/reports.html",
        values={"address": typed},
        errors=errors,
        has_server=house().email is not None,
        recipients=recipients(house(), viewer().territory_id),
        reports=[
            {
                "label": label,
                "period": calendar.span(period.first, period.last),
                "url": url_for(
                    "reports.document", du=period.first, au=period.last, comparer=comparing
                ),
            }
            for label, period, comparing in _usual(_today())
        ],
    )


@room.get("/rapport.pdf")
@allow(Role.COORDINATOR)
@freshly
def document() -> ResponseReturnValue:
    """A period as PDF; of the current month so far unless told otherwise."""
    values = activity_period.typed(_today())
    asked = activity_period.asked(values)
    other = activity_period.compared(asked, values["comparer"])
    content = activity_report(
        house(),
        viewer().territory_id,
        asked.first,
        asked.last,
        (other.first, other.last) if other else None,
    )
    answer = Response(content, mimetype="application/pdf")
    name = f"rapport-{viewer().territory_code}-{asked.first}-{asked.last}.pdf"
    answer.headers.set("Content-Disposition", "inline", filename=name)
    return answer


def _usual(today: date) -> Iterator[tuple[str, Asked, str | None]]:
    """Label, period and what it is compared with."""
    last_month = today.replace(day=1) - timedelta(days=1)
    yield "Mois dernier", Asked(last_month.replace(day=1), last_month), "precedente"
    yield (
        f"Année {today.year}, jusqu’à aujourd’hui",
        Asked(today.replace(month=1, day=1), today),
        None,
    )
    year = today.year - 1
    yield f"Rapport d’activité {year}", Asked(date(year, 1, 1), date(year, 12, 31)), "annee"
    for contract in contract_years(house().db, viewer().territory_id):
        if contract.first <= today:
            yield "Année de contrat", Asked(contract.first, min(contract.last, today)), None


def _today() -> date:
    return calendar.local_day(house().clock(), ZoneInfo(viewer().timezone))
