"""What was tried for a request that waits: searches, volunteers, answers; and what comes next."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from dispatcher.domain import events
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.events import Event
from dispatcher.domain.matching import explain
from dispatcher.domain.states import Attention, OfferStatus
from dispatcher.reads.offers import OfferFacts, Unreached
from dispatcher.reads.request_history import Step
from dispatcher.reads.request_page import RequestPage
from dispatcher.web import timeline
from dispatcher.web.timeline import Line
from dispatcher.web.wording import Wording, shown_phone

TRIED: frozenset[type[Event]] = frozenset(
    {
        events.SearchFoundNothing,
        events.RequestSearched,
        events.RequestEnlarged,
        events.AppointmentBooked,
        events.AppointmentCancelled,
        events.VolunteersAsked,
        events.OfferAccepted,
    }
)
ANSWERS: Mapping[OfferStatus, tuple[str, str, str]] = {
    OfferStatus.PROMISED: ("neutral", "clock", "SMS en attente"),
    OfferStatus.SENT: ("info", "send", "Sans réponse pour l’instant"),
    OfferStatus.ACCEPTED: ("success", "check", "A accepté"),
    OfferStatus.DECLINED: ("warning", "close", "A décliné"),
    OfferStatus.EXPIRED: ("neutral", "late", "N’a pas répondu à temps"),
    OfferStatus.TOO_LATE: ("neutral", "ban", "Déjà pourvue"),
}
"""By status: the tone of the chip, its sign and its words."""
A_MOMENT = timedelta(minutes=2)
"""What is due is done within this time."""
UNREACHED = ("danger", "alert", f"SMS non remis{NBSP}: appelez")
HOUR_AWAITED = ("success", "clock", "A accepté, choisit son heure")


def attempts(page: RequestPage, wording: Wording) -> list[Line]:
    """In the order of time. Of searches in a row only the last is told, with what it found."""
    return timeline.told(page, _worth_telling(page), wording)


def waves(page: RequestPage, wording: Wording) -> list[dict[str, Any]]:
    """The volunteers who were asked, the last wave first."""
    by_wave = groupby(page.offers, key=lambda offer: offer.wave)
    told = [_wave(number, list(offers), page.department, wording) for number, offers in by_wave]
    return told[::-1]


def beyond_sms(page: RequestPage) -> list[dict[str, str]]:
    """Volunteers who fit and have to be telephoned."""
    return [_to_telephone(each, page.department) for each in page.beyond_sms]


def next_steps(page: RequestPage, wording: Wording) -> list[str]:
    """What happens by itself from here, in sentences."""
    reach = page.reach
    if reach is None:
        return []
    said = []
    if reach.hour_by is not None and reach.hour_by > wording.now:
        said.append(
            f"Sans heure choisie, la régulation est alertée {wording.relative(reach.hour_by)}."
        )
    elif reach.asks_at is not None and not page.care.accepted:
        said.append(_asking(reach.asks_at, has_asked=bool(page.offers), wording=wording))
    if reach.escalates_at > wording.now and page.care.attention != Attention.DEADLINE:
        when = wording.relative(reach.escalates_at)
        said.append(f"Sans rendez-vous, la demande passe en tête du tableau {when}.")
    return said


def _asking(at: datetime, *, has_asked: bool, wording: Wording) -> str:
    """When volunteers, or more of them, are asked; that nobody could be, once it was time."""
    if not has_asked and at < wording.now - A_MOMENT:
        return "Aucun volontaire n’a pu être sollicité pour cette demande."
    who = "D’autres volontaires" if has_asked else "Des volontaires"
    unless = "sans réponse favorable" if has_asked else "si aucun créneau ne se libère"
    when = wording.relative(at) if at > wording.now else "dans un instant"
    return f"{who} sont sollicités par SMS {when}, {unless}."


def _worth_telling(page: RequestPage) -> Iterator[Step]:
    tried = [step for step in page.steps if type(step.event) in TRIED]
    for place, step in enumerate(tried):
        following = tried[place + 1].event if place + 1 < len(tried) else None
        is_search = isinstance(step.event, events.SearchFoundNothing)
        if not (is_search and isinstance(following, events.SearchFoundNothing)):
            yield step


def _wave(
    number: int, offers: list[OfferFacts], department: str, wording: Wording
) -> dict[str, Any]:
    made = min(offer.made_at for offer in offers)
    return {
        "title": f"Vague n°{NBSP}{number}, {wording.relative(made)}",
        "offers": [_offer(offer, department, wording) for offer in offers],
    }


def _offer(offer: OfferFacts, department: str, wording: Wording) -> dict[str, Any]:
    answer = ANSWERS[offer.status]
    if offer.is_hour_awaited:
        answer = HOUR_AWAITED
    elif offer.is_unreached and offer.status in {OfferStatus.PROMISED, OfferStatus.SENT}:
        answer = UNREACHED
    tone, sign, words = answer
    return {
        "name": offer.practitioner_name,
        "distance": explain.distance_in_words(offer.distance_km) if offer.distance_km else "",
        "phone": shown_phone(offer.phone, department) if offer.phone else "",
        "phone_uri": f"tel:{offer.phone}",
        "tone": tone,
        "sign": sign,
        "answer": words,
        "at": wording.moment(offer.answered_at) if offer.answered_at else "",
        "words": offer.words,
    }


def _to_telephone(each: Unreached, department: str) -> dict[str, str]:
    return {
        "name": each.practitioner_name,
        "phone": shown_phone(each.phone, department) if each.phone else "",
        "phone_uri": f"tel:{each.phone}",
    }
