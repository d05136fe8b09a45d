"""The figures as files that leave the house; small counts about people are masked in them."""

from collections.abc import Callable, Iterator, Sequence

from dispatcher.domain.indicators import Indicators
from dispatcher.domain.indicators.masking import SMALLEST_TOLD, masked
from dispatcher.domain.indicators.registry import INDICATORS
from dispatcher.papers.activity import COLUMNS, figures, of_day
from dispatcher.papers.spreadsheets import Cell, Sheet, csv_of, workbook_of
from dispatcher.papers.words import DIMENSIONS, UNITS

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
NOTE = (
    f"Les effectifs de 1 à {SMALLEST_TOLD - 1} par commune, âge ou motif sont masqués, ainsi que"
    " le plus petit des autres quand un seul le serait."
)
PartLabel = Callable[[str, str], str]


def days_as_csv(found: Indicators) -> bytes:
    """A day a line, then the period."""
    return csv_of(day_rows(found))


def figures_as_csv(found: Indicators, label_of: PartLabel) -> bytes:
    """Every indicator, then the parts of each."""
    head = [FIGURE_HEAD, *figure_rows(found), (), PART_HEAD]
    return csv_of([*head, *part_rows(found, label_of), (), (NOTE,)])


def workbook(found: Indicators, label_of: PartLabel) -> bytes:
    """The same in sheets whose cells are numbers, dates and text."""
    days = ("Jour", *(label for _, label, _ in COLUMNS))
    return workbook_of(
        [
            Sheet("Indicateurs", FIGURE_HEAD, figure_rows(found)),
            Sheet("Répartitions", PART_HEAD, (*part_rows(found, label_of), (), (NOTE,))),
            Sheet("Par jour", days, _typed_days(found)),
        ]
    )


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


def _decimal(value: float | None, factor: int) -> str:
    return "" if value is None else f"{value * factor:.1f}".replace(".", ",")
