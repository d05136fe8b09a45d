"""The coordinator's page: the activity of a period, its map, its files and the acts behind it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from config.outlines import outlines_of
from dispatcher.domain import calendar
from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.indicators import Indicators
from dispatcher.domain.indicators.definition import Dimension, Indicator
from dispatcher.domain.indicators.registry import INDICATORS
from dispatcher.domain.roles import Role
from dispatcher.papers import activity as activity_view
from dispatcher.papers import activity_files
from dispatcher.papers.activity_files import Told
from dispatcher.papers.words import NOT_KNOWN, OUTCOMES, number, part_label, shown, written_count
from dispatcher.reads.activity import activity as read_activity
from dispatcher.reads.acts import Act, PersonAct, PlaceAct, acts_behind
from dispatcher.reads.overview import typed_up_to
from dispatcher.web import activity_map, activity_period, typed_figures
from dispatcher.web.access import allow, freshly, house, viewer
from dispatcher.web.activity_period import COMPARISONS, Asked

room = Blueprint("coordinator", __name__)
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OUTLINES_SECONDS = 7 * 24 * 3600


@room.get("/activite")
@allow(Role.COORDINATOR)
def activity() -> ResponseReturnValue:
    """The figures of a period; of the current month so far unless told otherwise."""
    today = _today()
    values = activity_period.typed(today)
    try:
        asked = activity_period.asked(values)
    except InvalidError as invalid:
        page = render_template(
            "coordinator/activity.html", **_frame(values, invalid.fields, None, today), cards=[]
        )
        return page, invalid.status
    found = _figures(asked)
    other = activity_period.compared(asked, values["comparer"])
    places = activity_map.places(found, house().communes)
    return render_template(
        "coordinator/activity.html",
        **_frame(values, {}, asked, today),
        cards=activity_view.cards(found),
        series=[
            {"key": key, "label": label, "chart": chart}
            for key, label, chart in activity_view.COLUMNS
        ],
        rows=(
            activity_view.rows(found, asked.first, asked.last, _zone())
            if found.requests or found.slots_opened
            else []
        ),
        totals=activity_view.figures(found, found.slots_opened, found.slots_used),
        table=activity_view.table(
            found, _figures(other) if other else None, lambda code: _acts_url(code, asked)
        ),
        other_label=calendar.span(other.first, other.last) if other else "",
        typed=typed_figures.up_to(asked.last),
        breakdowns=activity_view.breakdowns(found, house().catalogue, house().communes),
        places=places,
        map=activity_map.territory_map(places, viewer().department, house().communes),
        outlines_url=url_for("coordinator.outlines"),
    )


@room.get("/activite/fond.svg")
@allow(Role.COORDINATOR, Role.REGULATOR)
def outlines() -> ResponseReturnValue:
    """The outlines of the département's communes, as a picture."""
    found = outlines_of(viewer().department)
    if found is None:
        abort(404)
    answer = Response(found.svg(), mimetype="image/svg+xml")
    answer.cache_control.private = True
    answer.cache_control.max_age = OUTLINES_SECONDS
    return answer


@room.get("/activite.csv")
@allow(Role.COORDINATOR)
@freshly
def activity_csv() -> ResponseReturnValue:
    """The same figures by day, for a spreadsheet in French: BOM, semicolons, decimal commas."""
    asked = activity_period.asked(activity_period.typed(_today()))
    return _file("activite", "csv", "text/csv", asked, activity_files.days_as_csv(_figures(asked)))


@room.get("/activite/indicateurs.csv")
@allow(Role.COORDINATOR)
@freshly
def figures_csv() -> ResponseReturnValue:
    """Every indicator and its parts, small counts masked."""
    asked = activity_period.asked(activity_period.typed(_today()))
    data = activity_files.figures_as_csv(_told(asked))
    return _file("indicateurs", "csv", "text/csv", asked, data)


@room.get("/activite.xlsx")
@allow(Role.COORDINATOR)
@freshly
def workbook() -> ResponseReturnValue:
    """The same and the days, in sheets."""
    asked = activity_period.asked(activity_period.typed(_today()))
    data = activity_files.workbook(_told(asked))
    return _file("activite", "xlsx", WORKBOOK, asked, data)


@room.get("/activite/actes")
@allow(Role.COORDINATOR)
def acts() -> ResponseReturnValue:
    """The acts behind a figure: number, hours and codes, and nobody's name."""
    indicator = INDICATORS.get(request.args.get("indicateur", "requests"))
    if indicator is None:
        raise NotFoundError
    asked = activity_period.asked(activity_period.typed(_today()))
    found = acts_behind(house().db, viewer().territory_id, _days(asked), indicator)
    return render_template(
        "coordinator/acts.html",
        label=indicator.label,
        formula=indicator.formula,
        period_label=calendar.span(asked.first, asked.last),
        total=shown(found.figure),
        acts=[_act(act, indicator) for act in found.acts],
        places=[_place(place) for place in found.places],
        people=[_person(person) for person in found.people],
        back_url=url_for("coordinator.activity", du=asked.first, au=asked.last),
        more_url=(
            _acts_url(indicator.code, Asked(asked.first, found.before)) if found.before else ""
        ),
    )


def _figures(asked: Asked) -> Indicators:
    return read_activity(house().db, viewer().territory_id, _days(asked))


def _told(asked: Asked) -> Told:
    """What a file tells, compared as the address says."""
    other = activity_period.compared(asked, request.args.get("comparer", ""))
    return Told(
        found=_figures(asked),
        before=_figures(other) if other else None,
        before_label=calendar.span(other.first, other.last) if other else "",
        typed=typed_up_to(house().db, viewer().territory_id, asked.last),
        label_of=_part_label,
    )


def _days(asked: Asked) -> calendar.Period:
    return calendar.period(asked.first, asked.last, _zone())


def _zone() -> ZoneInfo:
    return ZoneInfo(viewer().timezone)


def _today() -> date:
    return calendar.local_day(house().clock(), _zone())


def _part_label(dimension: str, part: str) -> str:
    return part_label(dimension, part, house().catalogue, house().communes)


def _acts_url(code: str, asked: Asked) -> str:
    return url_for("coordinator.acts", indicateur=code, du=asked.first, au=asked.last)


def _file(name: str, ending: str, mimetype: str, asked: Asked, data: bytes) -> Response:
    answer = Response(data, mimetype=mimetype)
    filename = f"{name}-{viewer().territory_code}-{asked.first}-{asked.last}.{ending}"
    answer.headers.set("Content-Disposition", "attachment", filename=filename)
    return answer


def _act(act: Act, indicator: Indicator) -> dict[str, str]:
    cause = "" if act.cause == "unknown" else _part_label(Dimension.CAUSE, act.cause)
    return {
        "code": act.code or "—",
        "opened": _moment(act.opened_at),
        "profession": _part_label(Dimension.PROFESSION, act.profession),
        "origin": _part_label(Dimension.ORIGIN, act.origin),
        "outcome": OUTCOMES[act.outcome],
        "cause": cause,
        "seen": "" if act.seen_at is None else _moment(act.seen_at),
        "delay": "" if act.seen_at is None else "oui" if act.within_delay else "non",
        "counts": written_count(indicator, act.counts, act.over),
    }


def _place(place: PlaceAct) -> dict[str, str]:
    opening = place.opening
    return {
        "name": place.name or NOT_KNOWN,
        "start": _moment(opening.start),
        "profession": _part_label(Dimension.PROFESSION, opening.profession),
        "opened": number(opening.opened),
        "used": number(opening.used),
        "lost": number(opening.lost),
        "counts": number(place.counts),
    }


def _person(person: PersonAct) -> dict[str, str]:
    return {
        "name": person.name or NOT_KNOWN,
        "profession": _part_label(Dimension.PROFESSION, person.profession),
        "days": number(person.days),
    }


def _moment(instant: datetime) -> str:
    return f"{calendar.short_day(instant, _zone())} {calendar.hour(instant, _zone())}"


def _frame(
    values: Mapping[str, str], errors: Mapping[str, str], asked: Asked | None, today: date
) -> dict[str, Any]:
    """What the page shows whether or not there are figures."""
    how = values["comparer"] if values["comparer"] in COMPARISONS else ""

    def url(endpoint: str, period: Asked | None, comparing: str | None = None) -> str:
        if period is None:
            return ""
        return url_for(
            f"coordinator.{endpoint}", du=period.first, au=period.last, comparer=comparing
        )

    return {
        "values": values,
        "errors": errors,
        "presets": [
            {
                "label": label,
                "url": url("activity", each, how or None),
                "current": each == asked,
            }
            for label, each in activity_period.presets(today)
        ],
        "comparisons": [
            {"value": value, "label": label, "current": value == how}
            for value, label in COMPARISONS.items()
        ],
        "period_label": calendar.span(asked.first, asked.last) if asked else "",
        "csv_url": url("activity_csv", asked),
        "figures_url": url("figures_csv", asked, how or None),
        "workbook_url": url("workbook", asked, how or None),
        "report_url": (
            url_for("reports.document", du=asked.first, au=asked.last, comparer=how or None)
            if asked
            else ""
        ),
    }
