"""How the lines of a contract are written for people."""

from decimal import Decimal

from dispatcher.domain.aci.contract import Contract, Direction, Line, Source, Tier
from dispatcher.domain.aci.settlement import SettledLine
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.indicators.definition import Unit
from dispatcher.domain.indicators.outside import OUTSIDE, OutsideUnit
from dispatcher.domain.indicators.registry import INDICATORS
from dispatcher.papers.words import written_figure, written_value

UNKNOWN = "inconnu"
_TWO = 2
"""From here on French has the plural."""
SOURCES = {Source.LOG: "Journal", Source.CPAM: "CPAM", Source.MANUAL: "À justifier"}
PAYMENTS = {
    "advance": f"Avance de 75{NBSP}% de la part fixe",
    "fixed_balance": "Solde de la part fixe",
    "variable": "Part variable acquise",
}


def euros(amount: int | None) -> str:
    """« 35 000 € »; unknown is no zero."""
    return UNKNOWN if amount is None else f"{amount:,}{NBSP}€".replace(",", NBSP)


def cents(amount: Decimal) -> str:
    """« 36 246,58 € »."""
    return f"{amount:,.2f}{NBSP}€".replace(",", NBSP).replace(".", ",")


def is_task(line: Line) -> bool:
    """Done or not: neither tiers nor a target."""
    return not line.tiers and line.target is None


def value_of(line: Line, figure: float) -> str:
    """A figure in the unit of what it counts."""
    if line.source is Source.LOG:
        return written_value(line.indicator, figure)
    outside = OUTSIDE.get(line.key)
    if outside is None and is_task(line):
        return "fait" if figure >= 1 else "pas encore fait"
    return written_figure(figure, is_percent=_is_percent(line))


def _is_percent(line: Line) -> bool:
    outside = OUTSIDE.get(line.key)
    return outside is not None and outside.unit is OutsideUnit.PERCENT


def goal(line: Line) -> str:
    """« Départ 219, le plus haut palier atteint est payé »."""
    if is_task(line):
        return "À faire, avec sa preuve"
    said = []
    if line.baseline is not None:
        said.append(f"départ {value_of(line, line.baseline)}")
    if line.target is not None:
        said.append(f"cible {value_of(line, line.target)}")
    if line.tiers:
        said.append("le plus haut palier atteint est payé")
    text = ", ".join(said)
    return text[:1].upper() + text[1:]


def origin_of(settled: SettledLine) -> str:
    """« Requête CPAM de mars, au 15/11/2026 »."""
    value = settled.value
    if value is None:
        return "Valeur pas encore connue"
    origin = "du journal" if settled.line.source is Source.LOG else value.origin
    return f"{origin}, au{NBSP}{value.on:%d/%m/%Y}"


def limit_of(line: Line, step: Tier) -> str:
    """« ≤ 100 », « fait »."""
    if is_task(line):
        return "fait"
    sign = "≥" if line.direction is Direction.UP else "≤"
    return f"{sign}{NBSP}{value_of(line, step.limit)}"


def _gap(line: Line, missing: float) -> str:
    """How far from a step, in points where the value is a share: 2 % more of 70 % is not 72 %."""
    if line.source is Source.LOG and INDICATORS[line.indicator].unit is Unit.SHARE:
        points = missing * 100
    elif line.source is not Source.LOG and _is_percent(line):
        points = missing
    else:
        return value_of(line, missing)
    return f"{written_figure(points)}{NBSP}point{'s' if points >= _TWO else ''}"


def next_step(settled: SettledLine, year: Contract) -> str:
    """What is missing to the next tier, and when it would be reached."""
    following, missing = settled.next_tier, settled.missing
    if following is None or missing is None or is_task(settled.line):
        return ""
    more = following.eur - settled.eur
    said = f"Encore {_gap(settled.line, missing)} pour {euros(more)} de plus"
    reached = settled.reached_on(year)
    if reached is None:
        return f"{said}."
    when = f"{reached:%d/%m/%Y}"
    if reached > year.last:
        return f"{said}{NBSP}; au rythme actuel le{NBSP}{when}, trop tard."
    return f"{said}{NBSP}; au rythme actuel le{NBSP}{when}."
