"""Distances on the Earth, in kilometres: as the crow flies, and by road."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth (IUGG); the sphere it gives is right to 0.5 % anywhere in France."""

Floats = NDArray[np.float64]

Point = tuple[float, float]
"""Longitude and latitude in degrees (WGS 84)."""


@dataclass(frozen=True, slots=True)
class Roads:
    """How far it is by road: what a routing server said, elsewhere the crow's flight and more."""

    factor: float = 1.0
    """Road kilometres for one as the crow flies. About 1.3 in France; 1 counts the flight itself.
    """
    known: Mapping[tuple[Point, Point], float] = field(default_factory=dict)
    """Road kilometres from a patient's point to a place's."""


AS_THE_CROW_FLIES = Roads()


def distance_km(
    longitude: float, latitude: float, other_longitude: float, other_latitude: float
) -> float:
    """Great-circle distance in kilometres between two points given in degrees (WGS 84)."""
    phi, other_phi = math.radians(latitude), math.radians(other_latitude)
    half_chord_squared = (
        math.sin((other_phi - phi) / 2) ** 2
        + math.cos(phi)
        * math.cos(other_phi)
        * math.sin(math.radians(other_longitude - longitude) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, half_chord_squared)))


def distances_km(
    longitudes: Floats, latitudes: Floats, other_longitudes: Floats, other_latitudes: Floats
) -> Floats:
    """Great-circle distances in kilometres between arrays of points, element by element.

    Shapes are broadcast as numpy does. A coordinate that is NaN gives NaN.
    """
    phi, other_phi = np.radians(latitudes), np.radians(other_latitudes)
    turn = np.radians(other_longitudes - longitudes)
    half_chord_squared = (
        np.sin((other_phi - phi) / 2) ** 2 + np.cos(phi) * np.cos(other_phi) * np.sin(turn / 2) ** 2
    )
    distances: Floats = np.arcsin(np.sqrt(np.minimum(1.0, half_chord_squared)))
    distances *= 2 * EARTH_RADIUS_KM
    return distances
