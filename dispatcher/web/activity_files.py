"""The figures as files that leave the house: CSV as French Excel expects it, and a workbook.

Small counts about people are masked in them, and no cell can be taken for a formula (CWE-1236).
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

import xlsxwriter

from dispatcher.domain.indicators import Indicators
from dispatcher.domain.indicators.definition import Unit
from dispatcher.domain.indicators.masking import SMALLEST_TOLD, masked
from dispatcher.domain.indicators.registry import INDICATORS
from dispatcher.web.activity_view import COLUMNS, figures, of_day
from dispatcher.web.activity_words import DIMENSIONS

Cell = str | float | date | None
MASKED = "masqué"
UNITS = {
    Unit.REQUESTS: "demandes",
    Unit.APPOINTMENTS: "rendez-vous",
    Unit.PLACES: "places",
    Unit.OFFERS: "sollicitations",
    Unit.PEOPLE: "praticiens",
    Unit.DURATION: "secondes",
    Unit.SHARE: "part de 1",
    Unit.SCORE: "note",
    Unit.POINTS: "points",
}
FIGURE_HEAD = (
    "Code",
    "Indicateur",
    "Valeur",
    "Unité",
    "9e décile",
    "Formule",
    "Événements du journal",
)
PART_HEAD = ("Code", "Indicateur", "Répartition", "Code de la part", "Part", "Valeur")
NOTE = (
    f"Les effectifs de 1 à {SMALLEST_TOLD - 1} par commune, âge ou motif sont masqués, ainsi que"
    " le plus petit des autres quand un seul le serait."
)
_NEGATIVE = re.compile(r"-\d+,\d")
PartLabel = Callable[[str, str], str]


def days_as_csv(found: Indicators) -> bytes:
    """A day a line, then the period."""
    return _csv([[harmless(cell) for cell in row] for row in day_rows(found)])


def figures_as_csv(found: Indicators, label_of: PartLabel) -> bytes:
    """Every indicator, then the parts of each."""
    head = [FIGURE_HEAD, *figure_rows(found), (), PART_HEAD]
    return _csv([_written(row) for row in (*head, *part_rows(found, label_of), (), (NOTE,))])


def workbook(found: Indicators, label_of: PartLabel) -> bytes:
    """The same in sheets whose cells are numbers, dates and text."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(
        file,
        # text stays text: nothing is read as a formula, a link or a number
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
    )
    bold = book.add_format({"bold": True, "bottom": 1})
    days = book.add_format({"num_format": "dd/mm/yyyy"})
    sheets: Sequence[tuple[str, Sequence[str], Iterable[Sequence[Cell]]]] = (
        ("Indicateurs", FIGURE_HEAD, figure_rows(found)),
        ("Répartitions", PART_HEAD, (*part_rows(found, label_of), (), (NOTE,))),
        ("Par jour", ("Jour", *(label for _, label, _ in COLUMNS)), _typed_days(found)),
    )
    for name, head, rows in sheets:
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, head, bold)
        sheet.freeze_panes(1, 0)
        for line, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(line, column, cell)
                elif isinstance(cell, date):
                    sheet.write_datetime(line, column, cell, days)
                elif cell is not None:
                    sheet.write_number(line, column, cell)
        sheet.autofit()
    book.close()
    return file.getvalue()


def figure_rows(found: Indicators) -> Iterator[Sequence[Cell]]:
    """An indicator a line; what is not known is an empty cell."""
    for code, figure in found.figures.items():
        what = INDICATORS[code]
        p90 = None if figure.spread is None else figure.spread.p90_s
        yield (
            code,
            what.label,
            figure.value,
            UNITS[what.unit],
            p90,
            what.formula,
            ", ".join(what.events),
        )


def part_rows(found: Indicators, label_of: PartLabel) -> Iterator[Sequence[Cell]]:
    """A part a line, small counts masked."""
    for code, figure in found.figures.items():
        for dimension, parts in figure.parts.items():
            for part, count in masked(dimension, parts).items():
                yield (
                    code,
                    INDICATORS[code].label,
                    DIMENSIONS[dimension],
                    part,
                    label_of(dimension, part),
                    MASKED if count is None else count,
                )


def _typed_days(found: Indicators) -> Iterator[Sequence[Cell]]:
    for day in found.by_day:
        line = of_day(day)
        yield (day.day, *(line[key] for key, _, _ in COLUMNS))


def day_rows(found: Indicators) -> Iterator[list[str]]:
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
        line = of_day(day)
        share = _decimal(day.within_delay_share, 100)
        yield [day.day.isoformat(), *(str(line[key]) for key in keys), share, *[""] * 5]
    line = figures(found, found.slots_opened, found.slots_used)
    yield [
        "Total",
        *(str(line[key]) for key in keys),
        _decimal(found.within_delay_share, 100),
        _decimal(found.median_time_to_appointment_minutes, 1),
        str(found.volunteers_active),
        _decimal(found.satisfaction_mean, 1),
        str(found.satisfaction_answers),
        _decimal(found.satisfaction_nps, 1),
    ]


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def _written(row: Sequence[Cell]) -> list[str]:
    return [_in_french(cell) for cell in row]


def _in_french(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.4f}".rstrip("0").rstrip(".").replace(".", ",")
    return harmless(cell) if isinstance(cell, str) else str(cell)


def harmless(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula becomes text (CWE-1236)."""
    if _NEGATIVE.fullmatch(cell):
        return cell
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _decimal(value: float | None, factor: int) -> str:
    return "" if value is None else f"{value * factor:.1f}".replace(".", ",")
