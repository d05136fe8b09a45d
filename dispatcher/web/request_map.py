"""Where a request's patient and the slots for it are: outlines and points, without tiles."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from config.outlines import WIDTH, Frame, outlines_of
from dispatcher.domain.calendar import NBSP
from dispatcher.reads.request_page import RequestPage
from dispatcher.reads.request_search import SlotFacts
from dispatcher.web.wording import Wording

LEAST_VIEW = 120.0
"""Units of the département's picture, which is `WIDTH` wide: what a map shows at least."""
AROUND = 0.18
"""Of what is shown, as a margin on each side."""
SHAPE = 0.6
"""Height by width."""
POINT = 0.022
"""Radius of a point by the width of what is shown."""


@dataclass(slots=True)
class _Spot:
    """One place, with everything that is there."""

    kind: str
    numbers: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def request_map(page: RequestPage, wording: Wording) -> dict[str, Any] | None:
    """The points and what of the picture shows them; None without a patient or a place to show.

    Kinds: `patient` (their commune's town hall), `booked`, `candidate` (numbered as in the list),
    `near`. Of several at one place the first kind of these counts.
    """
    commune = wording.communes.get(page.patient.commune)
    if commune is None or commune.longitude is None or commune.latitude is None:
        return None
    spots: dict[tuple[float, float], _Spot] = {}
    if page.appointment is not None:
        _put(spots, "booked", [("", page.appointment.slot)])
    elif page.search is not None:
        slots = page.search.slots
        best = [
            (str(rank), slots[pair.slot_id]) for rank, pair in enumerate(page.search.found.best, 1)
        ]
        _put(spots, "candidate", best)
        _put(spots, "near", _of(slots, (near.slot_id for near in page.search.found.near_misses)))
    if not spots:
        return None
    home = (commune.longitude, commune.latitude)
    outlines = outlines_of(page.department)
    frame = Frame.around([home, *spots]) if outlines is None else outlines.frame
    across, down = zip(*(frame.place(*point) for point in (home, *spots)), strict=True)
    left, top, width, height = _view(across, down)
    patient = _point(frame, home, "patient", "", f"Patient{NBSP}: {commune.name}")
    return {
        "view": f"{left:.1f} {top:.1f} {width:.1f} {height:.1f}",
        "radius": f"{width * POINT:.1f}",
        "side": f"{width * POINT * 1.6:.1f}",
        "text": f"{width * POINT * 1.3:.1f}",
        "has_outlines": outlines is not None,
        "width": f"{WIDTH:.0f}",
        "height": f"{frame.height:.0f}",
        "patient": patient
        | {
            "left": f"{float(patient['x']) - width * POINT * 0.8:.1f}",
            "top": f"{float(patient['y']) - width * POINT * 0.8:.1f}",
        },
        "points": [
            _point(frame, where, spot.kind, ", ".join(spot.numbers), " · ".join(spot.said))
            for where, spot in spots.items()
        ],
    }


def _of(slots: Mapping[UUID, SlotFacts], ids: Iterable[UUID]) -> list[tuple[str, SlotFacts]]:
    return [("", slots[each]) for each in ids]


def _put(
    spots: dict[tuple[float, float], _Spot], kind: str, slots: Iterable[tuple[str, SlotFacts]]
) -> None:
    for number, slot in slots:
        if slot.longitude is None or slot.latitude is None or slot.modality == "VR":
            continue
        spot = spots.setdefault((slot.longitude, slot.latitude), _Spot(kind))
        if number:
            spot.numbers.append(number)
        said = f"{slot.practitioner_name}, {slot.commune_name}"
        if said not in spot.said:
            spot.said.append(said)


def _view(across: tuple[float, ...], down: tuple[float, ...]) -> tuple[float, float, float, float]:
    """Left, top, width and height of what shows all these points, with room around them."""
    wide, high = max(across) - min(across), max(down) - min(down)
    width = max(wide * (1 + 2 * AROUND), high * (1 + 2 * AROUND) / SHAPE, LEAST_VIEW)
    height = width * SHAPE
    left = (max(across) + min(across) - width) / 2
    top = (max(down) + min(down) - height) / 2
    return left, top, width, height


def _point(
    frame: Frame, where: tuple[float, float], kind: str, number: str, title: str
) -> dict[str, str]:
    x, y = frame.place(*where)
    return {"x": f"{x:.1f}", "y": f"{y:.1f}", "kind": kind, "number": number, "title": title}
