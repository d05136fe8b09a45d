"""What a page or a report says of the activity, from the figures of a period."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from config.catalogue import Catalogue
from config.communes import Communes
from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.indicators import DayFigures, Figure, Indicators, Outcomes
from dispatcher.domain.indicators.definition import Dimension, Ratio, RequestDurations
from dispatcher.domain.indicators.registry import INDICATORS
from dispatcher.papers.words import (
    DIMENSIONS,
    MINUS,
    NOT_KNOWN,
    change,
    ninth_decile,
    number,
    part_label,
    part_of,
    percent,
    shown,
)

DAILY_UNTIL = timedelta(days=31)
WEEKLY_UNTIL = timedelta(days=190)
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
BEHIND = frozenset({"satisfaction_points", "satisfaction_net"})
"""Figures that only serve to reckon others: in the files, not on the page."""
BREAKDOWNS: Sequence[tuple[str, Dimension, str]] = (
    ("requests", Dimension.ORIGIN, "Demandes par origine"),
    ("requests", Dimension.PROFESSION, "Demandes par profession"),
    ("requests", Dimension.MOTIVE_GROUP, "Demandes par groupe de motifs"),
    ("requests", Dimension.AGE_BAND, "Demandes par tranche d’âge"),
    ("requests", Dimension.MODALITY, "Demandes par modalité"),
    ("unfilled", Dimension.CAUSE, "Demandes sans solution, par raison"),
    ("redirected", Dimension.CAUSE, "Demandes réorientées, par destination"),
    ("volunteers_active", Dimension.PROFESSION, "Volontaires actifs, par profession"),
)


def cards(found: Indicators) -> list[dict[str, str]]:
    """The figures that are looked at first."""
    wait = found.median_time_to_appointment_minutes
    return [
        _card("Demandes", number(found.requests), f"dont {number(found.live)} en attente"),
        _card("Rendez-vous pris", number(found.booked), part_of(found.booked, found.requests)),
        _card(
            "Rendez-vous honorés",
            number(found.honoured),
            part_of(found.honoured, found.booked),
            "success",
        ),
        _card("Patients non venus", number(found.no_show), part_of(found.no_show, found.booked)),
        _card(
            "Dans le délai demandé",
            percent(found.within_delay_share),
            f"{number(found.within_delay)} sur {number(found.booked)} rendez-vous",
            "success",
        ),
        _card(
            "Attente médiane",
            NOT_KNOWN if wait is None else calendar.duration(timedelta(minutes=wait)),
            "de la demande au rendez-vous",
        ),
        _card(
            "Demandes annulées", number(found.cancelled), part_of(found.cancelled, found.requests)
        ),
        _card("Réorientées", number(found.redirected), part_of(found.redirected, found.requests)),
        _card(
            "Sans solution",
            number(found.unfilled),
            part_of(found.unfilled, found.requests),
            "danger" if found.unfilled else "",
        ),
        _card("Volontaires actifs", number(found.volunteers_active), "avec un créneau"),
        _card("Places ouvertes", number(found.slots_opened), ""),
        _card(
            "Places utilisées",
            number(found.slots_used),
            part_of(found.slots_used, found.slots_opened),
        ),
        *_satisfaction(found),
    ]


def _satisfaction(found: Indicators) -> list[dict[str, str]]:
    """Nothing where nobody was asked, or nobody answered."""
    mean, score = found.satisfaction_mean, found.satisfaction_nps
    if mean is None or score is None:
        return []
    answers = found.satisfaction_answers
    detail = f"sur{NBSP}10, {number(answers)} réponse{'s' if answers > 1 else ''}"
    net = f"{score:+.0f}".replace("-", MINUS)
    return [
        _card("Satisfaction", f"{mean:.1f}".replace(".", ","), detail),
        _card("Recommandation nette", net, "9 et 10 moins 0 à 6, de \u2212100 à +100"),
    ]


def _card(label: str, value: str, detail: str, tone: str = "") -> dict[str, str]:
    return {"label": label, "value": value, "detail": detail, "tone": tone}


def rows(found: Indicators, first: date, last: date, zone: ZoneInfo) -> list[dict[str, Any]]:
    """By day, by week or by month, so that the table and the chart stay readable."""
    groups: dict[str, list[DayFigures]] = {}
    for day in found.by_day:
        groups.setdefault(_row_label(day.day, first, last, zone), []).append(day)
    return [
        {"label": label, "figures": _sum([of_day(day) for day in days])}
        for label, days in groups.items()
    ]


def _row_label(day: date, first: date, last: date, zone: ZoneInfo) -> str:
    length = last - first
    if length < DAILY_UNTIL:
        return calendar.short_day(datetime.combine(day, time(12), tzinfo=zone), zone)
    if length < WEEKLY_UNTIL:
        monday = max(day - timedelta(days=day.weekday()), first)
        sunday = min(day + timedelta(days=6 - day.weekday()), last)
        return f"{monday:%d/%m}{NBSP}–{NBSP}{sunday:%d/%m}"
    return calendar.month(day)


def of_day(day: DayFigures) -> dict[str, int]:
    """The line of one day."""
    return figures(day, day.slots_opened, day.slots_used)


def figures(outcomes: Outcomes, slots_opened: int, slots_used: int) -> dict[str, int]:
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


def table(
    found: Indicators, before: Indicators | None, acts_url: Callable[[str], str]
) -> list[dict[str, str]]:
    """Every indicator with its formula, and with the other period's where there is one."""
    lines = []
    for code, figure in found.figures.items():
        what = INDICATORS[code]
        if code in BEHIND:
            continue
        lines.append(
            {
                "label": what.label,
                "formula": what.formula,
                "value": shown(figure),
                "detail": ninth_decile(figure),
                "before": shown(before.figures[code]) if before else "",
                "change": change(figure, before.figures[code]) if before else "",
                "acts_url": acts_url(code) if _has_acts(figure) else "",
            }
        )
    return lines


def _has_acts(figure: Figure) -> bool:
    """A duration and a share of nothing are None; of a count nothing is zero."""
    is_reckoned = isinstance(INDICATORS[figure.code], RequestDurations | Ratio)
    return bool(figure.value) or (is_reckoned and figure.value is not None)


def breakdowns(found: Indicators, catalogue: Catalogue, communes: Communes) -> list[dict[str, Any]]:
    """Tables of a figure's parts, the largest part first; none where there is nothing."""
    tables = []
    for code, dimension, title in BREAKDOWNS:
        parts = found.figures[code].parts.get(dimension, {})
        whole = sum(parts.values())
        if not whole:
            continue
        order = sorted(parts, key=lambda part: (-parts[part], part))
        if dimension == Dimension.AGE_BAND:
            order = sorted(parts, key=age_order)
        tables.append(
            {
                "key": f"{code}-{dimension}".replace("_", "-"),
                "title": title,
                "head": DIMENSIONS[dimension],
                "unit": INDICATORS[code].label,
                "rows": [
                    {
                        "label": part_label(dimension, part, catalogue, communes),
                        "value": number(parts[part]),
                        "share": part_of(parts[part], whole),
                    }
                    for part in order
                ],
            }
        )
    return tables


def age_order(part: str) -> tuple[bool, int]:
    """Where an age band comes; what nobody said comes last."""
    low = part.partition("-")[0]
    return (not low.isdecimal(), int(low) if low.isdecimal() else 0)
