"""Slots that were found or refused for a request, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.matching import explain
from dispatcher.domain.matching.candidates import NearMiss, Pair
from dispatcher.domain.matching.feasibility import Reason
from dispatcher.reads.request_search import SearchFacts, SlotFacts
from dispatcher.services.booking import NEVER_OVERRIDDEN
from dispatcher.web.wording import Wording


@dataclass(frozen=True, slots=True)
class Refused:
    """How many slots one reason stood against."""

    label: str
    count: int


def candidates(search: SearchFacts, wording: Wording) -> dict[str, Any]:
    """The best slots, how many others fit, and what stands against the rest."""
    return {
        "candidates": [_candidate(pair, search.slots, wording) for pair in search.found.best],
        "others": search.found.feasible - len(search.found.best),
        "refused": refused(search.found.refused.items()),
    }


def moving(search: SearchFacts | None, slot_id: UUID, wording: Wording) -> dict[str, Any]:
    """What an appointment of that slot could be moved to: a period it has, it has already."""
    found = candidates(search, wording) if search else {"candidates": [], "refused": []}
    others = [each for each in found["candidates"] if each["slot"] != slot_id]
    return {"candidates": others, "refused": found["refused"]}


def search(found: SearchFacts, wording: Wording) -> dict[str, Any]:
    """The same with what was nearly right; what can be passed over comes first."""
    return candidates(found, wording) | {
        "near_misses": sorted(
            (_near_miss(near, found.slots, wording) for near in found.found.near_misses),
            key=lambda near: not near["can_override"],
        ),
        "too_far": Reason.TOO_FAR in found.found.refused,
    }


def refused(counts: Iterable[tuple[Reason, int]]) -> list[Refused]:
    """The most frequent reason first."""
    ordered = sorted(counts, key=lambda item: -item[1])
    return [Refused(explain.REASON_IN_WORDS[reason], count) for reason, count in ordered]


def _candidate(pair: Pair, slots: Mapping[UUID, SlotFacts], wording: Wording) -> dict[str, Any]:
    slot = slots[pair.slot_id]
    return {
        "slot": pair.slot_id,
        "day": calendar.relative_day(pair.seen_at, wording.now, wording.zone),
        "hour": calendar.hour(pair.seen_at, wording.zone),
        "practitioner_name": slot.practitioner_name,
        "address": address(slot),
        "places_label": _places(slot, wording),
        "where": " · ".join(
            text for text in (slot.commune_name, distance(slot, pair.distance_km)) if text
        ),
        "terms": [*([slot.lender] if slot.lender else []), *map(explain.render, pair.terms)],
    }


def _near_miss(near: NearMiss, slots: Mapping[UUID, SlotFacts], wording: Wording) -> dict[str, Any]:
    slot = slots[near.slot_id]
    day = calendar.relative_day(near.seen_at, wording.now, wording.zone)
    hour = calendar.hour(near.seen_at, wording.zone)
    return {
        "id": str(near.slot_id),
        "title": f"{slot.practitioner_name}, {day} à {hour}",
        "rule": f"Règle écartée{NBSP}: {explain.render_near_miss(near)}",
        "slot": near.slot_id,
        "day": day,
        "hour": hour,
        "practitioner_name": slot.practitioner_name,
        "address": address(slot),
        "places_label": _places(slot, wording),
        "terms": [text for text in (slot.commune_name, distance(slot, near.distance_km)) if text],
        "reason": explain.render_near_miss(near),
        "can_override": near.reason not in NEVER_OVERRIDDEN,
    }


def address(slot: SlotFacts) -> str:
    """« 4 rue des Salines, 39000 Lons-le-Saunier »."""
    return f"{slot.address}, {slot.postcode} {slot.commune_name}"


def distance(slot: SlotFacts, km: float | None) -> str:
    """In words; empty by teleconsultation."""
    return "" if slot.modality == "VR" else explain.distance_in_words(km)


def _places(slot: SlotFacts, wording: Wording) -> str:
    """« 3 places jusqu’à 18 h », of a walk-in period only."""
    if slot.places == 1:
        return ""
    free = slot.places - slot.taken
    left = f"{free}{NBSP}place{'s' if free > 1 else ''}"
    return f"{left} jusqu’à {calendar.hour(slot.end, wording.zone)}"
