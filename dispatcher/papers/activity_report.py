"""The activity report as PDF: a month for the office, a year to hand to the CPAM.

Everything in it may leave the house: small counts about people are masked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from reportlab.platypus import Flowable

from dispatcher.domain import calendar
from dispatcher.domain.aci.settlement import Settlement
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.indicators import DayFigures, Indicators
from dispatcher.domain.indicators.definition import Dimension
from dispatcher.domain.indicators.masking import SMALLEST_TOLD, masked
from dispatcher.domain.indicators.registry import INDICATORS
from dispatcher.papers import pdf
from dispatcher.papers.activity import BEHIND, BREAKDOWNS, COLUMNS, age_order, cards, figures
from dispatcher.papers.contract_words import SOURCES, euros, next_step, value_of
from dispatcher.papers.words import DIMENSIONS, change, ninth_decile, number, part_of, shown

PartLabel = Callable[[str, str], str]
MASKED = f"moins de{NBSP}{SMALLEST_TOLD}"
LONGEST_BY_DAY = 31
CHART_MM = 42
"""So high that a year's twelve months and their total stand below it on the first page."""
MOST_PARTS = 15
"""Of a figure's parts so many stand in a table; the rest is added up."""
_SHORT_MONTHS = (
    *("janv.", "févr.", "mars", "avr.", "mai", "juin"),
    *("juil.", "août", "sept.", "oct.", "nov.", "déc."),
)
_TABLE_COLUMNS = tuple(
    each
    for each in COLUMNS
    if each[0] not in {"booked", "within_delay", "slots_opened", "slots_used"}
)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that goes into a report."""

    territory: str
    first: date
    last: date
    made_on: date
    found: Indicators
    before: Indicators | None
    before_label: str
    typed: Sequence[Mapping[str, str]]
    """The CPAM's and the ARS's figures: label, value, on, origin."""
    settlement: Settlement | None
    part_label: PartLabel

    @property
    def name(self) -> str:
        """« Rapport d’activité 2026 » of a whole year, « Activité, novembre 2026 » of a month."""
        first, last = self.first, self.last
        if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31):
            return f"Rapport d’activité{NBSP}{first.year}"
        if first.day == 1 and (first.year, first.month) == (last.year, last.month):
            return f"Activité, {calendar.month(first)}"
        return "Rapport d’activité"


def report_pdf(report: Report) -> bytes:
    """The document; the same report gives the same bytes."""
    made = calendar.span(report.made_on, report.made_on)
    story = pdf.title(
        report.name,
        f"{report.territory}, {calendar.span(report.first, report.last)}. Soins non programmés.",
    )
    story.append(
        pdf.cards([(c["label"], c["value"], c["detail"]) for c in cards(report.found)], columns=4)
    )
    story += _outcomes(report)
    story += _parts(report)
    story += _all_figures(report)
    story += _typed(report)
    story += _contract(report)
    story += pdf.section(
        "D’où viennent ces chiffres",
        pdf.paragraph(
            "Chaque indicateur est calculé du seul journal de la régulation, où chaque geste est"
            " inscrit au moment où il a lieu, et que la base de données refuse de modifier. Une"
            " demande compte le jour où elle a été enregistrée, une place le jour où son créneau"
            f" commence. Les effectifs de 1 à {SMALLEST_TOLD - 1} par commune, âge ou motif sont"
            " masqués, ainsi que le plus petit des autres quand un seul le serait."
        ),
    )
    return pdf.build(pdf.About(report.name, report.territory, made), story)


def _outcomes(report: Report) -> list[Flowable]:
    """The chart, and the same figures in a table."""
    groups = _groups(report.found.by_day)
    lines = [(short, label, _summed(days)) for short, label, days in groups]
    if not report.found.requests:
        return pdf.section("Devenir des demandes", pdf.paragraph("Aucune demande."))
    series = [
        (label, [line[key] for _, _, line in lines]) for key, label, chart in COLUMNS if chart
    ]
    total = figures(report.found, report.found.slots_opened, report.found.slots_used)
    shown_lines = [(label, line) for _, label, line in lines if line["requests"]]
    rows = [
        (label, *(number(line[key]) for key, _, _ in _TABLE_COLUMNS))
        for label, line in (*shown_lines, ("Total", total))
    ]
    head = ("Période", *(label for _, label, _ in _TABLE_COLUMNS))
    table = pdf.table(
        head,
        rows,
        (16, *[10.5] * len(_TABLE_COLUMNS)),
        frozenset(range(1, len(head))),
        last_is_total=True,
    )
    chart = pdf.stacked_bars([short for short, _, _ in lines], series, CHART_MM)
    return pdf.section("Devenir des demandes", chart, pdf.gap(), table)


def _groups(days: Sequence[DayFigures]) -> list[tuple[str, str, list[DayFigures]]]:
    """Days of a month or so, or else months: short label, whole label, days."""
    if len(days) <= LONGEST_BY_DAY:
        return [(str(each.day.day), f"{each.day:%d/%m}", [each]) for each in days]
    return [
        (_SHORT_MONTHS[month - 1], calendar.month(date(year, month, 1)), list(of))
        for (year, month), of in groupby(days, lambda each: (each.day.year, each.day.month))
    ]


def _summed(days: Sequence[DayFigures]) -> dict[str, int]:
    lines = [figures(each, each.slots_opened, each.slots_used) for each in days]
    return {key: sum(line[key] for line in lines) for key, _, _ in COLUMNS}


def _parts(report: Report) -> list[Flowable]:
    """Each figure told apart, small counts masked, the largest part first."""
    communes = [("requests", Dimension.COMMUNE, "Demandes par commune")]
    story: list[Flowable] = []
    for code, dimension, heading in (*BREAKDOWNS, *communes):
        parts = report.found.figures[code].parts.get(dimension, {})
        whole = sum(parts.values())
        if not whole:
            continue
        told = masked(dimension, parts)
        # of what is masked, the order tells nothing either
        order = sorted(parts, key=lambda part: (-(told[part] or 0), part))
        if dimension == Dimension.AGE_BAND:
            order = sorted(parts, key=age_order)
        rows = [
            (
                report.part_label(dimension, part),
                MASKED if told[part] is None else number(parts[part]),
                "" if told[part] is None else part_of(parts[part], whole),
            )
            for part in order[:MOST_PARTS]
        ]
        if len(order) > MOST_PARTS:
            rest = sum(parts[part] for part in order[MOST_PARTS:])
            count = len(order) - MOST_PARTS
            rows.append((f"{count} autres", number(rest), part_of(rest, whole)))
        head = (DIMENSIONS[dimension], INDICATORS[code].label, "Part")
        story += pdf.section(heading, pdf.table(head, rows, (60, 25, 15), frozenset({1, 2})))
    return story


def _all_figures(report: Report) -> list[Flowable]:
    rows = []
    for code, figure in report.found.figures.items():
        if code in BEHIND:
            continue
        what = INDICATORS[code]
        value = ", ".join(filter(None, (shown(figure), ninth_decile(figure))))
        row = [f"{what.label}. {what.formula}", value]
        if report.before is not None:
            other = report.before.figures[code]
            row += [shown(other), change(figure, other)]
        rows.append(row)
    if report.before is None:
        table = pdf.table(("Indicateur", "Valeur"), rows, (75, 25), frozenset({1}))
        return pdf.section("Tous les indicateurs", table)
    head = ("Indicateur", "Valeur", "Comparaison", "Évolution")
    table = pdf.table(head, rows, (56, 18, 14, 12), frozenset({1, 2, 3}))
    return [
        *pdf.section(
            "Tous les indicateurs", pdf.note(f"Comparaison{NBSP}: {report.before_label}.")
        ),
        table,
    ]


def _typed(report: Report) -> list[Flowable]:
    if not report.typed:
        return []
    rows = [(each["label"], each["value"], each["on"], each["origin"]) for each in report.typed]
    head = ("Indicateur", "Valeur", "Date", "Source")
    return pdf.section(
        "Chiffres de la CPAM et de l’ARS",
        pdf.note(f"Saisis à la main, avec leur source{NBSP}: le journal ne peut pas les calculer."),
        pdf.table(head, rows, (46, 14, 12, 28), frozenset({1})),
    )


def _contract(report: Report) -> list[Flowable]:
    settlement = report.settlement
    if settlement is None:
        return []
    year = settlement.contract
    rows = [
        (
            f"{each.line.label}. {next_step(each, year)}".strip(),
            SOURCES[each.line.source],
            "" if each.value is None else value_of(each.line, each.value.figure),
            euros(each.eur),
            euros(each.line.eur),
        )
        for lines in settlement.lines.values()
        for each in lines
    ]
    rows.append(
        ("Part variable", "", "", euros(settlement.earned_eur), euros(settlement.variable_eur))
    )
    head = ("Ligne", "Source", "Valeur", "Acquis", "Maximum")
    said = calendar.span(year.first, year.last)
    return pdf.section(
        "Contrat",
        pdf.note(
            f"Année de contrat {said}, telle qu’elle se présente au jour de ce rapport."
            f" Au rythme actuel{NBSP}: {euros(settlement.at_pace_eur)} le dernier jour."
        ),
        pdf.table(head, rows, (52, 12, 12, 12, 12), frozenset({2, 3, 4}), last_is_total=True),
    )
