"""The coordinator's page: the activity of a period as cards, one chart with its table, and CSV."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.indicators import DayFigures, Indicators, Outcomes
from dispatcher.domain.roles import Role
from dispatcher.reads.activity import activity as read_activity
from dispatcher.web.access import allow, house, viewer

room = Blueprint("coordinator", __name__)
UNKNOWN = "—"
"""What cannot be known is no zero."""
EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
LONGEST = timedelta(days=3 * 366)
DAILY_UNTIL = timedelta(days=31)
WEEKLY_UNTIL = timedelta(days=190)
BAD_DATE = "Indiquez une date qui existe."
COLUMNS: Sequence[tuple[str, str, str]] = (
    ("requests", "Demandes", ""),
    ("booked", "Rendez-vous pris", ""),
    ("honoured", "Honorées", "chart-1"),
    ("expected", "Issue non notée", "chart-2"),
    ("live", "En attente", "chart-5"),
    ("no_show", "Non venus", "chart-3"),
    ("cancelled", "Annulées", "chart-4"),
    ("redirected", "Réorientées", "chart-6"),
    ("unfilled", "Sans solution", "chart-7"),
    ("within_delay", "Dans le délai", ""),
    ("slots_opened", "Places ouvertes", ""),
    ("slots_used", "Places utilisées", ""),
)
"""Key, title, colour in the chart: the coloured ones together make all requests."""


MINUS = "\u2212"
_NEGATIVE = re.compile(r"-\d+,\d")


@dataclass(frozen=True, slots=True)
class Asked:
    """The local days, both included, of which somebody wants the figures."""

    first: date
    last: date


@room.get("/activite")
@allow(Role.COORDINATOR)
def activity() -> ResponseReturnValue:
    """The figures of a period; of the current month so far unless told otherwise."""
    zone, today = _zone(), _today()
    typed = _typed(today)
    try:
        asked = _asked(typed)
    except InvalidError as invalid:
        page = render_template(
            "coordinator/activity.html",
            **_frame(typed, invalid.fields, None, today),
            cards=[],
            series=[],
            rows=[],
            totals={},
        )
        return page, invalid.status
    found = read_activity(
        house().db, viewer().territory_id, calendar.period(asked.first, asked.last, zone)
    )
    return render_template(
        "coordinator/activity.html",
        **_frame(typed, {}, asked, today),
        cards=_cards(found),
        series=[{"key": key, "label": label, "chart": chart} for key, label, chart in COLUMNS],
        rows=_rows(found, asked, zone) if found.requests or found.slots_opened else [],
        totals=_figures(found, found.slots_opened, found.slots_used),
    )


@room.get("/activite.csv")
@allow(Role.COORDINATOR)
def activity_csv() -> ResponseReturnValue:
    """The same figures by day, for a spreadsheet in French: BOM, semicolons, decimal commas."""
    asked = _asked(_typed(_today()))
    found = read_activity(
        house().db, viewer().territory_id, calendar.period(asked.first, asked.last, _zone())
    )
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(
        [[_harmless(cell) for cell in row] for row in _csv_rows(found)]
    )
    answer = Response(text.getvalue().encode("utf-8-sig"), mimetype="text/csv")
    name = f"activite-{viewer().territory_code}-{asked.first}-{asked.last}.csv"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _zone() -> ZoneInfo:
    return ZoneInfo(viewer().timezone)


def _today() -> date:
    return calendar.local_day(house().clock(), _zone())


def _typed(today: date) -> dict[str, str]:
    return {
        "du": request.args.get("du", "") or today.replace(day=1).isoformat(),
        "au": request.args.get("au", "") or today.isoformat(),
    }


def _asked(typed: Mapping[str, str]) -> Asked:
    """Raises InvalidError on `du` or `au`."""
    faults: dict[str, str] = {}
    days: dict[str, date] = {}
    for name, text in typed.items():
        try:
            days[name] = date.fromisoformat(text)
        except ValueError:
            faults[name] = BAD_DATE
            continue
        if not EARLIEST_YEAR <= days[name].year <= LATEST_YEAR:
            faults[name] = f"Indiquez une date entre {EARLIEST_YEAR} et {LATEST_YEAR}."
    if faults:
        raise InvalidError(faults)
    if days["au"] < days["du"]:
        raise InvalidError({"au": "La fin de la période précède son début."})
    if days["au"] - days["du"] > LONGEST:
        raise InvalidError({"au": "La période compte trois ans au plus."})
    return Asked(days["du"], days["au"])


def _frame(
    typed: Mapping[str, str], errors: Mapping[str, str], asked: Asked | None, today: date
) -> dict[str, Any]:
    return {
        "values": typed,
        "errors": errors,
        "presets": [
            {
                "label": label,
                "url": url_for("coordinator.activity", du=each.first, au=each.last),
                "current": each == asked,
            }
            for label, each in _presets(today)
        ],
        "period_label": calendar.span(asked.first, asked.last) if asked else "",
        "csv_url": (
            url_for("coordinator.activity_csv", du=asked.first, au=asked.last) if asked else ""
        ),
    }


def _presets(today: date) -> Iterator[tuple[str, Asked]]:
    this_month = today.replace(day=1)
    last_month = this_month - timedelta(days=1)
    yield "7 jours", Asked(today - timedelta(days=6), today)
    yield "Ce mois-ci", Asked(this_month, today)
    yield "Mois dernier", Asked(last_month.replace(day=1), last_month)
    yield "Cette année", Asked(today.replace(month=1, day=1), today)


def _cards(found: Indicators) -> list[dict[str, str]]:
    wait = found.median_time_to_appointment_minutes
    return [
        _card("Demandes", _number(found.requests), f"dont {_number(found.live)} en attente"),
        _card("Rendez-vous pris", _number(found.booked), _part(found.booked, found.requests)),
        _card(
            "Rendez-vous honorés",
            _number(found.honoured),
            _part(found.honoured, found.booked),
            "success",
        ),
        _card("Patients non venus", _number(found.no_show), _part(found.no_show, found.booked)),
        _card(
            "Dans le délai demandé",
            _percent(found.within_delay_share),
            f"{_number(found.within_delay)} sur {_number(found.booked)} rendez-vous",
            "success",
        ),
        _card(
            "Attente médiane",
            UNKNOWN if wait is None else calendar.duration(timedelta(minutes=wait)),
            "de la demande au rendez-vous",
        ),
        _card(
            "Demandes annulées", _number(found.cancelled), _part(found.cancelled, found.requests)
        ),
        _card("Réorientées", _number(found.redirected), _part(found.redirected, found.requests)),
        _card(
            "Sans solution",
            _number(found.unfilled),
            _part(found.unfilled, found.requests),
            "danger" if found.unfilled else "",
        ),
        _card("Volontaires actifs", _number(found.volunteers_active), "avec un créneau"),
        _card("Places ouvertes", _number(found.slots_opened), ""),
        _card(
            "Places utilisées",
            _number(found.slots_used),
            _part(found.slots_used, found.slots_opened),
        ),
        *_satisfaction(found),
    ]


def _satisfaction(found: Indicators) -> list[dict[str, str]]:
    """Nothing where nobody was asked, or nobody answered."""
    mean, score = found.satisfaction_mean, found.satisfaction_nps
    if mean is None or score is None:
        return []
    answers = found.satisfaction_answers
    detail = f"sur{NBSP}10, {_number(answers)} réponse{'s' if answers > 1 else ''}"
    net = f"{score:+.0f}".replace("-", MINUS)
    return [
        _card("Satisfaction", f"{mean:.1f}".replace(".", ","), detail),
        _card("Recommandation nette", net, "9 et 10 moins 0 à 6, de \u2212100 à +100"),
    ]


def _card(label: str, value: str, detail: str, tone: str = "") -> dict[str, str]:
    return {"label": label, "value": value, "detail": detail, "tone": tone}


def _rows(found: Indicators, asked: Asked, zone: ZoneInfo) -> list[dict[str, Any]]:
    """By day, by week or by month, so that the table and the chart stay readable."""
    groups: dict[str, list[DayFigures]] = {}
    length = asked.last - asked.first
    for figures in found.by_day:
        groups.setdefault(_row_label(figures.day, asked, length, zone), []).append(figures)
    return [
        {"label": label, "figures": _sum([_of_day(day) for day in days])}
        for label, days in groups.items()
    ]


def _row_label(day: date, asked: Asked, length: timedelta, zone: ZoneInfo) -> str:
    if length < DAILY_UNTIL:
        return calendar.short_day(datetime.combine(day, time(12), tzinfo=zone), zone)
    if length < WEEKLY_UNTIL:
        monday = max(day - timedelta(days=day.weekday()), asked.first)
        sunday = min(day + timedelta(days=6 - day.weekday()), asked.last)
        return f"{monday:%d/%m}{NBSP}–{NBSP}{sunday:%d/%m}"
    return calendar.month(day)


def _of_day(day: DayFigures) -> dict[str, int]:
    return _figures(day, day.slots_opened, day.slots_used)


def _figures(outcomes: Outcomes, slots_opened: int, slots_used: int) -> dict[str, int]:
    """One line of the table; whoever has an appointment and no outcome yet is expected."""
    return {
        "requests": outcomes.requests,
        "booked": outcomes.booked,
        "honoured": outcomes.honoured,
        "expected": outcomes.booked - outcomes.honoured - outcomes.no_show,
        "live": outcomes.live,
        "no_show": outcomes.no_show,
        "cancelled": outcomes.cancelled,
        "redirected": outcomes.redirected,
        "unfilled": outcomes.unfilled,
        "within_delay": outcomes.within_delay,
        "slots_opened": slots_opened,
        "slots_used": slots_used,
    }


def _sum(lines: Sequence[Mapping[str, int]]) -> dict[str, int]:
    return {key: sum(line[key] for line in lines) for key, _, _ in COLUMNS}


def _csv_rows(found: Indicators) -> Iterator[list[str]]:
    """A day a line, then the period: what has no sense by day stands there only."""
    keys = [key for key, _, _ in COLUMNS]
    yield [
        "Jour",
        *(label for _, label, _ in COLUMNS),
        "Part dans le délai (%)",
        "Attente médiane (min)",
        "Volontaires actifs",
        "Satisfaction (sur 10)",
        "Réponses",
        "Recommandation nette",
    ]
    for day in found.by_day:
        figures = _of_day(day)
        share = _decimal(day.within_delay_share, 100)
        yield [day.day.isoformat(), *(str(figures[key]) for key in keys), share, *[""] * 5]
    figures = _figures(found, found.slots_opened, found.slots_used)
    yield [
        "Total",
        *(str(figures[key]) for key in keys),
        _decimal(found.within_delay_share, 100),
        _decimal(found.median_time_to_appointment_minutes, 1),
        str(found.volunteers_active),
        _decimal(found.satisfaction_mean, 1),
        str(found.satisfaction_answers),
        _decimal(found.satisfaction_nps, 1),
    ]


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula becomes text (CWE-1236)."""
    if _NEGATIVE.fullmatch(cell):
        return cell
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _decimal(value: float | None, factor: int) -> str:
    return "" if value is None else f"{value * factor:.1f}".replace(".", ",")


def _number(value: int) -> str:
    return f"{value:,}".replace(",", NBSP)


def _percent(share: float | None) -> str:
    return UNKNOWN if share is None else f"{share * 100:.0f}{NBSP}%"


def _part(value: int, whole: int) -> str:
    """« 85 % » of the whole; nothing of nothing."""
    return _percent(value / whole) if whole else ""
