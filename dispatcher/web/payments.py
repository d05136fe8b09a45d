"""« Paiements »: what professionals are owed month by month, and the files for the accountant."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.payments.majorations import WEEKLY_LIMIT, MajorationWeek
from dispatcher.domain.payments.statements import (
    ceiling_cents,
    ceiling_source,
    last_day,
    month_of,
    next_month,
)
from dispatcher.domain.roles import Role
from dispatcher.papers.payments import (
    BASES,
    as_csv,
    as_workbook,
    euros,
    quantity,
    statement_pdf,
)
from dispatcher.reads.majorations import weeks_of_majorations
from dispatcher.reads.payments import (
    MonthOfPayments,
    closed_months,
    hours_noted,
    month_of_payments,
    payees,
    payment_rules,
)
from dispatcher.services.commands import EARLIEST, LATEST
from dispatcher.services.parsing import parse
from dispatcher.services.payments import (
    AddRule,
    MonthNotClosableError,
    NoteHours,
    add_rule,
    close_month,
    end_rule,
    note_hours,
    take_back_hours,
)
from dispatcher.web.access import allow, freshly, house, in_person, viewer
from dispatcher.web.activity import WORKBOOK
from dispatcher.web.forms import number

room = Blueprint("payments", __name__, url_prefix="/paiements")
SEE_OTHER = 303
_CENTS = 100
RULE_FIELDS = ("basis", "profession", "rate", "first_month")
HOUR_FIELDS = ("practitioner", "on", "hours")
NO_AMOUNT = f"Indiquez un montant de 0,01 à 1{NBSP}000{NBSP}€, par exemple 12,50."
NO_MONTH = "Indiquez un mois qui existe, par exemple 2026-11."
NO_HOURS = "Indiquez un nombre d’heures, 24 au plus, par exemple 2,5."
Typed = Mapping[str, str]


@room.get("")
@allow(Role.COORDINATOR)
def overview() -> ResponseReturnValue:
    """A month; this one unless told otherwise."""
    return _page(_asked_month(request.args.get("mois")))


@room.post("/tarifs")
@allow(Role.COORDINATOR)
@freshly
def add() -> ResponseReturnValue:
    """Set a rate, or show again what was typed with a sentence at each field."""
    typed = {name: request.form.get(name, "") for name in RULE_FIELDS}
    asked = {
        "basis": typed["basis"],
        "profession": typed["profession"] or None,
        "cents": round((number(typed["rate"]) or 0) * _CENTS),
        "first_month": f"{typed['first_month']}-01",
    }
    try:
        add_rule(house(), viewer(), parse(AddRule, asked))
    except InvalidError as error:
        errors = dict(error.fields)
        if errors.pop("cents", ""):
            errors["rate"] = NO_AMOUNT
        if "first_month" in errors and not _month_typed(typed["first_month"]):
            errors["first_month"] = NO_MONTH
        return _page(_this_month(), typed, errors), error.status
    flash("Tarif enregistré.", "success")
    return redirect(url_for("payments.overview", mois=typed["first_month"]), SEE_OTHER)


@room.post("/tarifs/<uuid:rule_id>/fin")
@allow(Role.COORDINATOR)
@freshly
def end(rule_id: UUID) -> ResponseReturnValue:
    """End a rate: what is closed stays."""
    last = end_rule(house(), viewer(), rule_id)
    flash(
        "Tarif retiré." if last is None else f"Ce tarif vaut jusqu’à {calendar.month(last)}.",
        "success",
    )
    return redirect(url_for("payments.overview"), SEE_OTHER)


@room.post("/heures")
@allow(Role.COORDINATOR)
@freshly
def note() -> ResponseReturnValue:
    """Note hours of regulation."""
    typed = {name: request.form.get(name, "") for name in HOUR_FIELDS}
    asked = {
        "practitioner": typed["practitioner"],
        "on": typed["on"],
        "minutes": round((number(typed["hours"]) or 0) * calendar.MINUTES_PER_HOUR),
    }
    try:
        command = parse(NoteHours, asked)
        note_hours(house(), viewer(), command)
    except InvalidError as error:
        errors = dict(error.fields)
        if errors.pop("minutes", ""):
            errors["hours"] = NO_HOURS
        if "practitioner" in errors:
            errors["practitioner"] = "Choisissez un professionnel de la liste."
        return _page(_this_month(), typed, errors), error.status
    flash("Heures enregistrées.", "success")
    return redirect(url_for("payments.overview", mois=f"{command.on:%Y-%m}"), SEE_OTHER)


@room.post("/heures/<uuid:hours_id>/retirer")
@allow(Role.COORDINATOR)
@freshly
def take_back(hours_id: UUID) -> ResponseReturnValue:
    """Take back hours that were noted by mistake."""
    try:
        take_back_hours(house(), viewer(), hours_id)
    except MonthNotClosableError as refusal:
        flash(refusal.sentence, "error")
    else:
        flash("Heures retirées.", "success")
    return _back()


@room.post("/cloture")
@allow(Role.COORDINATOR)
@freshly
def close() -> ResponseReturnValue:
    """Make a month's statements final."""
    month = _asked_month(request.form.get("mois"))
    try:
        close_month(house(), viewer(), month)
    except MonthNotClosableError as refusal:
        flash(refusal.sentence, "error")
    else:
        flash(
            f"{calendar.month(month).capitalize()} est clos{NBSP}: ses relevés ne changent plus.",
            "success",
        )
    return _back()


@room.get("/export.csv")
@allow(Role.COORDINATOR)
@freshly
def export_csv() -> ResponseReturnValue:
    """The month for the accountant."""
    return _file("csv", "text/csv")


@room.get("/export.xlsx")
@allow(Role.COORDINATOR)
@freshly
def export_xlsx() -> ResponseReturnValue:
    """The same as a workbook."""
    return _file("xlsx", WORKBOOK)


@room.get("/releves/<uuid:practitioner_id>")
@allow(Role.COORDINATOR)
@freshly
def statement(practitioner_id: UUID) -> ResponseReturnValue:
    """One professional's statement, as PDF."""
    return _statement(practitioner_id)


@room.get("/mon-releve")
@allow(Role.PRACTITIONER)
@in_person
def own_statement() -> ResponseReturnValue:
    """A practitioner's own, of this month unless told otherwise."""
    mine = viewer().practitioner_id
    if mine is None:
        raise NotFoundError
    return _statement(mine)


def _statement(practitioner_id: UUID) -> Response:
    month = _asked_month(request.args.get("mois"))
    payee = payees(house().db, viewer().territory_id).get(practitioner_id)
    if payee is None:
        raise NotFoundError
    content = statement_pdf(
        viewer().territory_name,
        payee,
        _month(month),
        _weeks(month, practitioner_id),
        _today(),
    )
    answer = Response(content, mimetype="application/pdf")
    answer.headers.set("Content-Disposition", "inline", filename=f"releve-{month:%Y-%m}.pdf")
    return answer


def _file(ending: str, mimetype: str) -> Response:
    month = _asked_month(request.args.get("mois"))
    write = as_csv if ending == "csv" else as_workbook
    content = write(_month(month), payees(house().db, viewer().territory_id), _profession)
    answer = Response(content, mimetype=mimetype)
    name = f"paiements-{viewer().territory_code}-{month:%Y-%m}.{ending}"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _page(month: date, values: Typed | None = None, errors: Typed | None = None) -> str:
    people = payees(house().db, viewer().territory_id)
    found = _month(month)
    closed = closed_months(house().db, viewer().territory_id)
    weeks = defaultdict[UUID, list[MajorationWeek]](list)
    for week in _weeks(month):
        weeks[week.practitioner_id].append(week)
    ceiling = ceiling_cents(month.year)
    before = month_of(month - timedelta(days=1))
    rules = payment_rules(house().db, viewer().territory_id)
    return render_template(
        "coordinator/payments.html",
        values={"first_month": f"{month:%Y-%m}", **(values or {})},
        errors=errors or {},
        month_label=calendar.month(month),
        month_code=f"{month:%Y-%m}",
        is_closed=found.closed_at is not None,
        digest=found.digest,
        is_closable=next_month(month) <= _today() and month not in closed and bool(rules),
        before_url=url_for("payments.overview", mois=f"{before:%Y-%m}"),
        after_url=url_for("payments.overview", mois=f"{next_month(month):%Y-%m}"),
        csv_url=url_for("payments.export_csv", mois=f"{month:%Y-%m}"),
        xlsx_url=url_for("payments.export_xlsx", mois=f"{month:%Y-%m}"),
        total=euros(sum(each.due_cents for each in found.statements)),
        ceiling="inconnu" if ceiling is None else euros(ceiling),
        ceiling_source=ceiling_source(month.year),
        statements=[
            {
                "name": people[each.practitioner_id].name,
                "items": [f"{BASES[item.basis]}{NBSP}: {quantity(item)}" for item in each.items],
                "due": euros(each.due_cents),
                "held_back": euros(each.held_back_cents) if each.held_back_cents else "",
                "year": euros(found.paid_before.get(each.practitioner_id, 0) + each.due_cents),
                "url": url_for(
                    "payments.statement",
                    practitioner_id=each.practitioner_id,
                    mois=f"{month:%Y-%m}",
                ),
            }
            for each in found.statements
        ],
        majorations=[
            {
                "name": people[who].name,
                "weeks": [
                    {
                        "label": f"{week.monday:%d/%m}",
                        "count": len(week.due),
                        "beyond": len(week.beyond),
                        "is_full": week.is_full,
                    }
                    for week in reversed(of)
                ],
            }
            for who, of in sorted(weeks.items(), key=lambda each: people[each[0]].name)
        ],
        weekly_limit=WEEKLY_LIMIT,
        rules=[
            {
                "id": each.id,
                "basis": BASES[each.rule.basis],
                "profession": (
                    "toutes les autres"
                    if each.rule.profession is None
                    else _profession(each.rule.profession)
                ),
                "rate": euros(each.rule.cents),
                "first": calendar.month(each.rule.first),
                "last": "" if each.rule.last is None else calendar.month(each.rule.last),
            }
            for each in rules
        ],
        hours=[
            {
                "id": each.id,
                "name": people[each.practitioner_id].name,
                "on": f"{each.on:%d/%m/%Y}",
                "time": calendar.duration(timedelta(minutes=each.minutes)),
            }
            for each in hours_noted(house().db, viewer().territory_id, month)
        ],
        bases=[{"value": basis.value, "label": label} for basis, label in BASES.items()],
        professions=[
            {"value": code, "label": entry.label}
            for code, entry in house().catalogue.professions.items()
        ],
        practitioners=[{"value": str(each.id), "label": each.name} for each in people.values()],
    )


def _month(month: date) -> MonthOfPayments:
    return month_of_payments(house().db, viewer().territory_id, month, _zone())


def _weeks(month: date, practitioner_id: UUID | None = None) -> Sequence[MajorationWeek]:
    period = calendar.period(month, last_day(month), _zone())
    return weeks_of_majorations(house().db, viewer().territory_id, period, practitioner_id)


def _profession(code: str) -> str:
    known = house().catalogue.professions.get(code)
    return code if known is None else known.label


def _asked_month(text: str | None) -> date:
    """This month unless told otherwise. Raises NotFoundError."""
    month = _month_typed(text) if text else _this_month()
    if month is None:
        raise NotFoundError
    return month


def _month_typed(text: str) -> date | None:
    """« 2026-11 » by its first day; None for anything else."""
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return month if EARLIEST.year <= month.year < LATEST.year else None


def _this_month() -> date:
    return month_of(_today())


def _back() -> ResponseReturnValue:
    return redirect(url_for("payments.overview", mois=request.form.get("mois")), SEE_OTHER)


def _today() -> date:
    return calendar.local_day(house().clock(), _zone())


def _zone() -> ZoneInfo:
    return ZoneInfo(viewer().timezone)
