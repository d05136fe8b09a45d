"""The engine's reasons in French: short pieces for a screen, without a verb or a full stop."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.matching.candidates import NearMiss
from dispatcher.domain.matching.cost import Detail, Term, TermCode
from dispatcher.domain.matching.feasibility import Reason

SEPARATOR = f"{NBSP}· "

REASON_IN_WORDS: Mapping[Reason, str] = {
    Reason.PROFESSION: "autre profession",
    Reason.SPECIALTY: "autre spécialité",
    Reason.MODALITY: "autre mode de consultation",
    Reason.VISIBILITY: "non partagé avec la régulation",
    Reason.EXCLUDED: "praticien déjà écarté pour cette demande",
    Reason.AGE: "hors des âges reçus",
    Reason.SEX: "réservé aux femmes ou aux hommes",
    Reason.LANGUAGE: "ne parle pas la langue du patient",
    Reason.STEP_FREE: "accès sans marche non assuré",
    Reason.TOO_FAR: "trop loin",
    Reason.CANNOT_TRAVEL: "le patient ne peut pas s’y rendre",
    Reason.TOO_LATE: "après le délai demandé",
    Reason.TOO_EARLY: "avant que le patient soit disponible",
    Reason.PAST: "déjà passé",
    Reason.OUTSIDE_HOURS: "aux heures de la permanence des soins",
    Reason.TOO_SOON: "trop proche pour le praticien",
    Reason.FULL: "complet",
    Reason.PRACTITIONER_CAP: "maximum du praticien atteint ce jour-là",
    Reason.WEEKLY_CAP: "maximum du praticien atteint cette semaine-là",
}

_WHOLE_KILOMETRES_FROM = 10


def render(term: Term) -> str:
    """One term in words: « 2,3 km », « 11 h 40 d’attente », « dans le délai »."""
    return _TERM_IN_WORDS[term.code](term.detail)


def sentence(terms: Iterable[Term]) -> str:
    """All terms on one line: « 2,3 km · 11 h 40 d’attente · dans le délai · médecin traitant »."""
    return SEPARATOR.join(render(term) for term in terms)


def render_near_miss(near: NearMiss) -> str:
    """The one reason with its figures: « après le délai demandé : 2 h de trop »."""
    if near.reason is Reason.SEX:
        return "réservé aux femmes" if near.detail["female"] else "réservé aux hommes"
    words = REASON_IN_WORDS[near.reason]
    figures = _FIGURES_IN_WORDS.get(near.reason)
    return f"{words}{NBSP}: {figures(near.detail)}" if figures else words


def render_refused(refused: Mapping[Reason, int]) -> list[str]:
    """The counts in words, the most frequent reason first: « 12 × trop loin »."""
    ordered = sorted(refused.items(), key=lambda item: -item[1])
    return [f"{count}{NBSP}×{NBSP}{REASON_IN_WORDS[reason]}" for reason, count in ordered]


def distance_in_words(km: float | None) -> str:
    """« moins de 1 km », « 2,3 km », « 34 km », « distance inconnue »."""
    if km is None:
        return "distance inconnue"
    if km < 1:
        return f"moins de 1{NBSP}km"
    figures = f"{km:.0f}" if round(km, 1) >= _WHOLE_KILOMETRES_FROM else f"{km:.1f}"
    return f"{figures.removesuffix('.0').replace('.', ',')}{NBSP}km"


def _distance(detail: Detail) -> str:
    if not detail["travel"]:
        return "sans déplacement"
    # Bookings of before roads were counted know the crow's flight alone.
    by_road = detail.get("road_km")
    if by_road is None:
        return distance_in_words(detail["km"])
    return f"{distance_in_words(by_road)} par la route"


def _enlarged(detail: Detail) -> str:
    return f"au-delà du rayon de {distance_in_words(detail['radius_km'])}"


def _wait(detail: Detail) -> str:
    minutes = detail["minutes"] or 0
    return f"{_duration(minutes)} d’attente" if minutes else "tout de suite"


def _lateness(detail: Detail) -> str:
    minutes = detail["minutes"] or 0
    return f"{_duration(minutes)} après le délai" if minutes else "dans le délai"


def _gp(_: Detail) -> str:
    return "médecin traitant"


def _fairness(detail: Detail) -> str:
    return f"{(detail['load'] or 0) * 100:.0f}{NBSP}% de ses places pourvues"


def _price(_: Detail) -> str:
    return "créneau recherché par d’autres"


_TERM_IN_WORDS: Mapping[TermCode, Callable[[Detail], str]] = {
    TermCode.DISTANCE: _distance,
    TermCode.ENLARGED: _enlarged,
    TermCode.WAIT: _wait,
    TermCode.LATENESS: _lateness,
    TermCode.GP: _gp,
    TermCode.FAIRNESS: _fairness,
    TermCode.PRICE: _price,
}


def _too_far(detail: Detail) -> str:
    return _as_the_crow_flies(detail["km"], detail["radius_km"])


def _cannot_travel(detail: Detail) -> str:
    reach = detail["travel_km"]
    return _as_the_crow_flies(detail["km"], reach) if reach else "aucun déplacement possible"


def _as_the_crow_flies(km: float | None, limit: float | None) -> str:
    # Said, because what a pair costs is told by road.
    return f"{distance_in_words(km)} à vol d’oiseau pour {distance_in_words(limit)} au plus"


def _cap(detail: Detail) -> str:
    return f"{detail['cap']:.0f} rendez-vous"


def _ages(detail: Detail) -> str:
    youngest, oldest = detail["min_age"], detail["max_age"]
    if youngest is None:
        return f"jusqu’à {oldest:.0f}{NBSP}ans"
    if oldest is None:
        return f"à partir de {youngest:.0f}{NBSP}ans"
    return f"de {youngest:.0f} à {oldest:.0f}{NBSP}ans"


def _time(words: str) -> Callable[[Detail], str]:
    return lambda detail: words.format(_duration(detail["minutes"] or 0))


def _duration(minutes: float) -> str:
    return calendar.duration(timedelta(minutes=minutes))


_FIGURES_IN_WORDS: Mapping[Reason, Callable[[Detail], str]] = {
    Reason.AGE: _ages,
    Reason.TOO_FAR: _too_far,
    Reason.CANNOT_TRAVEL: _cannot_travel,
    Reason.TOO_LATE: _time("{} de trop"),
    Reason.TOO_EARLY: _time("{} trop tôt"),
    Reason.TOO_SOON: _time("préavis de {}"),
    Reason.PRACTITIONER_CAP: _cap,
    Reason.WEEKLY_CAP: _cap,
}
"""What a person can weigh, of the reasons that have figures."""
