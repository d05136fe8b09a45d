"""Where requests come from: by commune, as a table and as circles on a map without tiles."""

from collections.abc import Mapping, Sequence
from typing import Any

from config.communes import Communes
from config.outlines import Frame, outlines_of
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.indicators import Indicators
from dispatcher.domain.indicators.definition import Dimension

LARGEST_CIRCLE = 26.0
SMALLEST_CIRCLE = 3.0
FEW, MANY = 0.05, 0.2
"""Shares of requests without a solution at which the map's colours change."""


def places(found: Indicators, communes: Communes) -> list[dict[str, Any]]:
    """Requests by commune: all, served, without a solution; the most requests first."""
    asked = found.figures["requests"].parts[Dimension.COMMUNE]
    served = found.figures["booked"].parts[Dimension.COMMUNE]
    unfilled = found.figures["unfilled"].parts[Dimension.COMMUNE]
    return [
        {
            "insee": insee,
            "label": commune.label if (commune := communes.get(insee)) else "Non enregistrée",
            "requests": asked[insee],
            "served": served.get(insee, 0),
            "unfilled": unfilled.get(insee, 0),
        }
        for insee in sorted(asked, key=lambda code: (-asked[code], code))
    ]


def territory_map(
    lines: Sequence[Mapping[str, Any]], department: str, communes: Communes
) -> dict[str, Any] | None:
    """Circles at town halls, their area telling how many asked; None where none can be placed."""
    found = [
        (line, commune)
        for line in lines
        if (commune := communes.get(line["insee"])) is not None
        and commune.longitude is not None
        and commune.latitude is not None
    ]
    if not found:
        return None
    outlines = outlines_of(department)
    points = [(each.longitude or 0.0, each.latitude or 0.0) for _, each in found]
    frame = Frame.around(points) if outlines is None else outlines.frame
    most = max(line["requests"] for line, _ in found)
    circles = []
    for (line, commune), point in zip(found, points, strict=True):
        across, down = frame.place(*point)
        share = line["unfilled"] / line["requests"]
        circles.append(
            {
                "x": f"{across:.1f}",
                "y": f"{down:.1f}",
                "r": f"{_radius(line['requests'] / most):.1f}",
                "level": _level(share),
                "title": f"{commune.name}{NBSP}: {_said(line)}",
            }
        )
    inside = [each for each in circles if 0 <= float(each["y"]) <= frame.height]
    return {
        "height": f"{frame.height:.0f}",
        "circles": inside,
        "has_outlines": outlines is not None,
    }


def _said(line: Mapping[str, Any]) -> str:
    asked, unfilled = line["requests"], line["unfilled"]
    return (
        f"{asked} demande{'s' if asked > 1 else ''}, {line['served']} avec rendez-vous,"
        f" {unfilled} sans solution"
    )


def _radius(share_of_most: float) -> float:
    return float(max(LARGEST_CIRCLE * share_of_most**0.5, SMALLEST_CIRCLE))


def _level(unfilled_share: float) -> str:
    if not unfilled_share:
        return "none"
    if unfilled_share <= FEW:
        return "few"
    return "some" if unfilled_share <= MANY else "many"
