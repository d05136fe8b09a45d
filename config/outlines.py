"""Outlines of communes, as one picture of a département that points can be laid on."""

import functools
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GEO = Path(__file__).parent / "geo"
WIDTH = 800.0
MARGIN = 12.0
LEAST_SPAN = 0.05
"""Degrees: a map of one commune is not that commune's doorstep."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where degrees lie in a picture `WIDTH` units wide; north is up, and kilometres are square."""

    west: float
    north: float
    scale: float
    """Units for a degree of latitude."""
    squeeze: float
    height: float

    @classmethod
    def around(cls, points: Iterable[tuple[float, float]]) -> "Frame":
        """A frame with all these longitudes and latitudes in it. Raises ValueError for none."""
        longitudes, latitudes = zip(*points, strict=True)
        west, east = min(longitudes), max(longitudes)
        south, north = min(latitudes), max(latitudes)
        squeeze = math.cos(math.radians((south + north) / 2))
        scale = (WIDTH - 2 * MARGIN) / (max(east - west, LEAST_SPAN) * squeeze)
        height = max(north - south, LEAST_SPAN) * scale + 2 * MARGIN
        return cls(west, north, scale, squeeze, height)

    def place(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Units from the left and from the top."""
        return (
            MARGIN + (longitude - self.west) * self.squeeze * self.scale,
            MARGIN + (self.north - latitude) * self.scale,
        )


@dataclass(frozen=True, slots=True)
class Outlines:
    """The communes of a département: a frame, and the rings of each in degrees."""

    frame: Frame
    rings: Sequence[Sequence[tuple[float, float]]]

    def svg(self) -> str:
        """The picture, without style sheet or script."""
        paths = "".join(f"M{'L'.join(self._point(*each) for each in ring)}Z" for ring in self.rings)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f}'
            f' {self.frame.height:.0f}"><path d="{paths}" fill="#8a9ba0" fill-opacity="0.14"'
            ' stroke="#8a9ba0" stroke-width="0.7" stroke-linejoin="round"/></svg>'
        )

    def _point(self, longitude: float, latitude: float) -> str:
        across, down = self.frame.place(longitude, latitude)
        return f"{across:.1f} {down:.1f}"


@functools.cache
def outlines_of(department: str) -> Outlines | None:
    """The outlines that are shipped of a département; None where there are none."""
    path = GEO / f"outlines-{department}.geojson"
    if not department.isalnum() or not path.is_file():
        return None
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    rings = [
        [(point[0], point[1]) for point in ring]
        for feature in features
        for ring in _rings(feature["geometry"])
    ]
    return Outlines(Frame.around(point for ring in rings for point in ring), rings)


def _rings(geometry: dict[str, Any]) -> list[list[list[float]]]:
    shapes = geometry["coordinates"]
    polygons = shapes if geometry["type"] == "MultiPolygon" else [shapes]
    return [ring for polygon in polygons for ring in polygon]
