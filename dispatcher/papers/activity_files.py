"""The figures as files that leave the house; small counts about people are masked in them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from dispatcher.domain.indicators import Indicators
from dispatcher.domain.indicators.masking import SMALLEST_TOLD, masked
from dispatcher.domain.indicators.outside import OUTSIDE, OutsideUnit
from dispatcher.domain.indicators.registry import INDICATORS
from dispatcher.papers.activity import COLUMNS, figures, of_day
from dispatcher.papers.spreadsheets import Cell, Sheet, csv_of, workbook_of
from dispatcher.papers.words import DIMENSIONS, UNITS
from dispatcher.reads.typed_figures import Typed

MASKED = "masqué"
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
OUTSIDE_HEAD = (
    "Code",
    "Indicateur",
    "Valeur",
    "Unité",
    "Au",
    "Source",
    "Qui le calcule",
    "Formule",
)
NOTE = (
    f"Les effectifs de 1 à {SMALLEST_TOLD - 1} par commune, âge ou motif sont masqués, ainsi que"
    " le plus petit des autres quand un seul le serait."
)
PartLabel = Callable[[str, str], str]


def days_as_csv(found: Indicators) -> bytes:
    """A day a line, then the period."""
    return csv_of(day_rows(found))


@dataclass(frozen=True, slots=True)
class Told:
    """What a file tells: a period, the one it is compared with, the figures from outside."""

    found: Indicators
    before: Indicators | None
    before_label: str
    """« du 1er au 31 octobre 2026 »; empty without comparison."""
    typed: Sequence[Typed]
    label_of: PartLabel


def figures_as_csv(told: Told) -> bytes:
    """Every indicator, then the parts of each, then the figures from outside."""
    figures = [_figure_head(told), *_figure_rows(told), ()]
    parts = [PART_HEAD, *_part_rows(told), (), (NOTE,)]
    typed = [(), OUTSIDE_HEAD, *_outside_rows(told)] if told.typed else []
    return csv_of([*figures, *parts, *typed])


def workbook(told: Told) -> bytes:
    """The same in sheets whose cells are numbers, dates and text."""
    days = ("Jour", *(label for _, label, _ in COLUMNS))
    return workbook_of(
        [
            Sheet("Indicateurs", _figure_head(told), _figure_rows(told)),
            Sheet("Répartitions", PART_HEAD, (*_part_rows(told), (), (NOTE,))),
            Sheet("Par jour", days, _typed_days(told.found)),
            Sheet("CPAM et ARS", OUTSIDE_HEAD, _outside_rows(told)),
        ]
    )


def _figure_head(told: Told) -> Sequence[str]:
    if told.before is None:
        return FIGURE_HEAD
    return (*FIGURE_HEAD, f"Valeur {told.before_label}")


def _figure_rows(told: Told) -> Iterator[Sequence[Cell]]:
    """An indicator a line; what is not known is an empty cell."""
    for code, figure in told.found.figures.items():
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
            *(() if told.before is None else (told.before.figures[code].value,)),
        )


def _outside_rows(told: Told) -> Iterator[Sequence[Cell]]:
    """A figure of the CPAM or the ARS a line, with its day and its source."""
    for each in told.typed:
        what = OUTSIDE[each.code]
        unit = "pour cent" if what.unit is OutsideUnit.PERCENT else "nombre"
        yield (
            each.code, what.label, each.figure, unit, each.on, each.origin, what.giver, what.formula
        )  # fmt: skip


def _part_rows(told: Told) -> Iterator[Sequence[Cell]]:
    """A part a line, small counts masked."""
    label_of = told.label_of
    for code, figure in told.found.figures.items():
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


def _decimal(value: float | None, factor: int) -> str:
    return "" if value is None else f"{value * factor:.1f}".replace(".", ",")
