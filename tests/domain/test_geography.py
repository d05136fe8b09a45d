import math

import numpy as np
import pytest

from dispatcher.domain.geography import distance_km, distances_km


@pytest.mark.parametrize(
    ("there", "kilometres"),
    [
        ((5.0, 46.0), 0.0),
        # one degree along a meridian: 6371.0088 × π / 180
        ((5.0, 47.0), 111.195),
        # half the way round the Earth: 6371.0088 × π
        ((-175.0, -46.0), 20015.115),
    ],
)
def test_distance_is_along_the_great_circle(there: tuple[float, float], kilometres: float) -> None:
    assert distance_km(5.0, 46.0, *there) == pytest.approx(kilometres, abs=0.001)


def test_a_degree_of_longitude_shrinks_with_the_cosine_of_the_latitude() -> None:
    # at 60° a parallel is half as long as the equator; the great circle cuts a little off it
    assert distance_km(0, 60, 1, 60) == pytest.approx(111.195 / 2, rel=1e-4)


def test_saint_denis_is_as_far_from_saint_pierre_as_maps_say() -> None:
    # 0.4627° of latitude are 51.45 km, 0.0299° of longitude at 21.1° south 3.10 km: 51.54 km
    assert distance_km(55.4481, -20.8789, 55.4780, -21.3416) == pytest.approx(51.5, abs=0.2)


def test_arrays_give_what_single_points_give() -> None:
    longitudes, latitudes = np.array([5.55, 6.06, 5.0]), np.array([46.67, 46.39, 46.0])
    together = distances_km(np.array([5.5]), np.array([46.7]), longitudes, latitudes)
    one_by_one = [
        distance_km(5.5, 46.7, longitude, latitude)
        for longitude, latitude in zip(longitudes, latitudes, strict=True)
    ]
    assert together.tolist() == pytest.approx(one_by_one)


def test_an_unknown_coordinate_gives_an_unknown_distance() -> None:
    found = distances_km(np.array([5.5]), np.array([46.7]), np.array([math.nan]), np.array([46.0]))
    assert math.isnan(found[0])
