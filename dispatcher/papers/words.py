"""How figures, their parts and their changes are written for people."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from config.catalogue import Catalogue
from config.communes import Communes
from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.indicators import Figure
from dispatcher.domain.indicators.definition import Dimension, Indicator, Unit
from dispatcher.domain.indicators.registry import INDICATORS
from dispatcher.domain.indicators.stories import SEVERAL, UNKNOWN, UNSPECIFIED

NOT_KNOWN = "—"
"""What cannot be known is no zero."""
MINUS = "\N{MINUS SIGN}"
DIMENSIONS: Mapping[str, str] = {
    Dimension.ORIGIN: "Origine",
    Dimension.PROFESSION: "Profession",
    Dimension.MOTIVE_GROUP: "Groupe de motifs",
    Dimension.MODALITY: "Modalité",
    Dimension.AGE_BAND: "Tranche d’âge",
    Dimension.COMMUNE: "Commune",
    Dimension.CAUSE: "Raison",
}
UNITS = {
    Unit.REQUESTS: "demandes",
    Unit.APPOINTMENTS: "rendez-vous",
    Unit.PLACES: "places",
    Unit.OFFERS: "sollicitations",
    Unit.PEOPLE: "praticiens",
    Unit.DURATION: "secondes",
    Unit.SHARE: "part, de 0 à 1",
    Unit.SCORE: "note",
    Unit.POINTS: "points",
}
OUTCOMES = {
    "live": "En attente",
    "booked": "Rendez-vous pris",
    "honoured": "Patient venu",
    "no_show": "Patient non venu",
    "cancelled": "Annulée",
    "redirected": "Réorientée",
    "unfilled": "Sans solution",
}
_ANYWHERE = {
    UNKNOWN: "Non enregistré",
    UNSPECIFIED: "Non précisé",
    SEVERAL: "Plusieurs possibles",
}


def part_label(dimension: str, part: str, catalogue: Catalogue, communes: Communes) -> str:
    """« SAS – Centre 15 », « 70 à 79 ans »; a code that has left the catalogue as it is."""
    if part in _ANYWHERE:
        return _ANYWHERE[part]
    if dimension == Dimension.COMMUNE:
        commune = communes.get(part)
        return commune.label if commune else part
    if dimension == Dimension.AGE_BAND:
        return f"{part.replace('-', f'{NBSP}à{NBSP}')}{NBSP}ans"
    lists = {
        Dimension.ORIGIN: (catalogue.origins,),
        Dimension.PROFESSION: (catalogue.professions,),
        Dimension.MOTIVE_GROUP: (catalogue.motive_groups,),
        Dimension.MODALITY: (catalogue.modalities,),
        Dimension.CAUSE: (catalogue.unfilled_reasons, catalogue.redirections),
    }[Dimension(dimension)]
    entry = next((entries[part] for entries in lists if part in entries), None)
    label = part if entry is None else entry.label
    return label[:1].upper() + label[1:]


def number(value: float) -> str:
    """« 1 234 »."""
    return f"{value:,.0f}".replace(",", NBSP).replace("-", MINUS)


def written_figure(figure: float, *, is_percent: bool = False) -> str:
    """« 68 900 », « 66,26 % »."""
    said = f"{figure:,.2f}".rstrip("0").rstrip(".").replace(",", NBSP).replace(".", ",")
    return f"{said}{NBSP}%" if is_percent else said


def percent(share: float | None) -> str:
    """« 85 % »; a dash where it is not known."""
    return NOT_KNOWN if share is None else f"{share * 100:.0f}{NBSP}%"


def part_of(value: int, whole: int) -> str:
    """« 85 % » of the whole; nothing of nothing."""
    return percent(value / whole) if whole else ""


def shown(figure: Figure) -> str:
    """The value with its unit: « 12 », « 3 h 20 », « 85 % », « 8,4 sur 10 »."""
    if figure.value is None:
        return NOT_KNOWN
    return written_value(figure.code, figure.value)


def written_value(code: str, value: float) -> str:
    """A value in the unit of its indicator."""
    return _SHOWN.get(INDICATORS[code].unit, number)(value)


def written_count(what: Indicator, counts: float, over: int | None) -> str:
    """What one act counts for: « 1 », « 3 h 20 », and « 1 sur 1 » in a ratio."""
    if what.unit is Unit.DURATION:
        return _duration(counts)
    said = number(counts)
    return said if over is None else f"{said} sur{NBSP}{number(over)}"


def ninth_decile(figure: Figure) -> str:
    """« 9 sur 10 en moins de 5 h », for durations."""
    if figure.spread is None:
        return ""
    return f"9{NBSP}sur{NBSP}10 en {_duration(figure.spread.p90_s)} au plus"


def change(now: Figure, before: Figure) -> str:
    """« +12 % »; in points for a share, and a dash where one of them is not known."""
    if now.value is None or before.value is None:
        return NOT_KNOWN
    unit = INDICATORS[now.code].unit
    if unit == Unit.SHARE:
        return _signed(100 * (now.value - before.value), f"{NBSP}pt")
    if unit in {Unit.SCORE, Unit.POINTS}:
        return _signed(now.value - before.value, "", digits=1)
    if not before.value:
        return NOT_KNOWN
    return _signed(100 * (now.value - before.value) / before.value, f"{NBSP}%")


def _signed(value: float, unit: str, digits: int = 0) -> str:
    rounded = round(value, digits)
    if rounded == 0:
        return "="
    sign = "+" if rounded > 0 else MINUS
    return f"{sign}{abs(rounded):.{digits}f}".replace(".", ",") + unit


def _duration(seconds: float) -> str:
    if seconds < calendar.MINUTES_PER_HOUR:
        return f"{seconds:.0f}{NBSP}s"
    return calendar.duration(timedelta(seconds=seconds))


def _decimal(value: float) -> str:
    return f"{value:.1f}".replace(".", ",").replace("-", MINUS)


_SHOWN: Mapping[Unit, Callable[[float], str]] = {
    Unit.DURATION: _duration,
    Unit.SHARE: percent,
    Unit.SCORE: _decimal,
    Unit.POINTS: _decimal,
}
