"""What a territory may set: read as stored, refused by field, one French sentence each."""

import json
import math
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain.errors import InvalidError
from dispatcher.domain.matching.cost import Weights
from dispatcher.domain.policy import DELAYS, OfferPolicy, Policy


def fault(settings: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InvalidError) as refused:
        Policy.from_mapping(settings)
    return refused.value.fields


def test_a_territory_that_set_nothing_has_the_defaults() -> None:
    assert Policy.from_mapping({}) == Policy()
    assert Policy().road_factor == 1.3
    assert Policy().weights == Weights()


def test_what_is_set_is_read_and_the_rest_keeps_its_default() -> None:
    policy = Policy.from_mapping(
        {"radius_km": 12, "weights": {"wait": 1}, "offers": {"wave_size": 3}, "outside_hours": True}
    )
    assert policy == Policy(
        radius_km=12.0,
        weights=Weights(wait=1.0),
        offers=OfferPolicy(wave_size=3),
        outside_hours=True,
    )


@pytest.mark.parametrize(
    ("settings", "field", "sentence"),
    [
        (
            {"radius_km": 0},
            "radius_km",
            "Indiquez un rayon de plus de 0 km, et de 500 km au plus.",
        ),
        (
            {"radius_km": -3},
            "radius_km",
            "Indiquez un rayon de plus de 0 km, et de 500 km au plus.",
        ),
        (
            {"radius_km": 501},
            "radius_km",
            "Indiquez un rayon de plus de 0 km, et de 500 km au plus.",
        ),
        ({"radius_km": "30"}, "radius_km", "Indiquez un nombre."),
        ({"radius_km": math.nan}, "radius_km", "Indiquez un nombre."),
        ({"radius_km": True}, "radius_km", "Indiquez un nombre."),
        ({"enlarge_km": -1}, "enlarge_km", "Indiquez une distance de 0 à 500 km."),
        ({"enlarge_km": 10**400}, "enlarge_km", "Indiquez une distance de 0 à 500 km."),
        (
            {"saturday_until": 10**400},
            "saturday_until",
            "Indiquez une heure du samedi, de 8 h à 20 h.",
        ),
        ({"road_factor": 0.9}, "road_factor", "Indiquez un facteur de 1 à 3."),
        ({"road_factor": math.inf}, "road_factor", "Indiquez un facteur de 1 à 3."),
        ({"grace_hours": 25}, "grace_hours", "Indiquez une durée de 0 à 24 heures."),
        (
            {"escalate_share": 1.5},
            "escalate_share",
            "Indiquez une part du délai entre 0 et 100\u00a0%.",
        ),
        (
            {"saturday_until": 7},
            "saturday_until",
            "Indiquez une heure du samedi, de 8 h à 20 h.",
        ),
        ({"saturday_until": 12.5}, "saturday_until", "Indiquez un nombre entier."),
        ({"bridge_days": "oui"}, "bridge_days", "Répondez par oui ou par non."),
        ({"outside_hours": 1}, "outside_hours", "Répondez par oui ou par non."),
        ({"weights": {"wait": -1}}, "weights.wait", "Indiquez un nombre de 0 à 100\u00a0000."),
        ({"weights": {"wait": 100_001}}, "weights.wait", "Indiquez un nombre de 0 à 100\u00a0000."),
        ({"weights": {"wait": 10**400}}, "weights.wait", "Indiquez un nombre de 0 à 100\u00a0000."),
        ({"weights": {"wait": "beaucoup"}}, "weights.wait", "Indiquez un nombre."),
        ({"weights": {"enlarged": None}}, "weights.enlarged", "Indiquez un nombre."),
        ({"weights": {"beauty": 1}}, "weights.beauty", "Ce poids n’existe pas."),
        ({"weights": [1]}, "weights", "Ce réglage est illisible."),
        (
            {"offers": {"wave_size": 0}},
            "offers.wave_size",
            "Sollicitez au moins un volontaire à la fois, et 50 au plus.",
        ),
        ({"offers": {"wave_size": 2.5}}, "offers.wave_size", "Indiquez un nombre entier."),
        ({"offers": {"automatic": "non"}}, "offers.automatic", "Répondez par oui ou par non."),
        (
            {"offers": {"widen_minutes": {"5": 10}}},
            "offers.widen_minutes",
            "Ce délai n’existe pas.",
        ),
        (
            {"offers": {"widen_minutes": {"4": 0}}},
            "offers.widen_minutes",
            "Indiquez une durée entre 1 et 2 880 minutes.",
        ),
        (
            {"offers": {"widen_minutes": {}}},
            "offers.widen_minutes",
            "Indiquez une durée pour chaque délai.",
        ),
        ({"offers": {"colour": 1}}, "offers.colour", "Ce réglage n’existe pas."),
        ({"offers": 3}, "offers", "Ce réglage est illisible."),
        ({"colour": "blue"}, "colour", "Ce réglage n’existe pas."),
    ],
)
def test_what_cannot_be_used_is_refused_by_field(
    settings: dict[str, Any], field: str, sentence: str
) -> None:
    assert fault(settings) == {field: sentence}


def test_every_fault_is_told_at_once() -> None:
    settings = {
        "radius_km": 0,
        "weights": {"wait": -1, "gp": "x"},
        "offers": {"wave_size": 0},
        "grace_hours": 1,
    }
    assert set(fault(settings)) == {
        "radius_km",
        "weights.wait",
        "weights.gp",
        "offers.wave_size",
    }


@pytest.mark.parametrize(
    "settings",
    [
        {"radius_km": 0.1},
        {"radius_km": 500},
        {"radius_km": None},
        {"enlarge_km": 0},
        {"road_factor": 1},
        {"road_factor": 3},
        {"escalate_share": 0},
        {"escalate_share": 1},
        {"saturday_until": 8},
        {"saturday_until": 14.0},
        {"weights": {"wait": 0}},
        {"offers": {"wave_size": 1}},
        {"offers": {"widen_minutes": {"4": 1, "72": 2880}}},
    ],
)
def test_the_edges_themselves_may_be_used(settings: dict[str, Any]) -> None:
    Policy.from_mapping(settings)


@pytest.mark.parametrize(
    ("settings", "radius", "national", "limit"),
    [
        # the national table's: 30 km and 15 more in the Jura
        ({}, 30.0, 15.0, 45.0),
        # half more where it says nothing
        ({}, 30.0, 0.0, 45.0),
        # half more of a radius that the territory chose
        ({"radius_km": 12}, 12.0, 15.0, 18.0),
        # its own enlargement, none among them
        ({"enlarge_km": 4}, 30.0, 15.0, 34.0),
        ({"enlarge_km": 0}, 30.0, 15.0, 30.0),
        ({"radius_km": 12, "enlarge_km": 4}, 12.0, 15.0, 16.0),
        ({}, math.inf, 0.0, math.inf),
    ],
)
def test_a_search_goes_half_further_when_nothing_nearer_fits(
    settings: dict[str, Any], radius: float, national: float, limit: float
) -> None:
    assert Policy.from_mapping(settings).limit_km(radius, national) == limit


@pytest.mark.parametrize(
    ("delay", "minutes"),
    [(4, 10), (8, 20), (12, 30), (24, 120), (48, 360), (72, 720), (36, 120), (2, 10), (96, 720)],
)
def test_a_wave_has_minutes_the_same_day_and_hours_after_it(delay: int, minutes: int) -> None:
    assert OfferPolicy().widen_after(delay) == timedelta(minutes=minutes)


def test_a_territory_that_sets_one_delay_alone_uses_it_for_all_shorter_ones() -> None:
    policy = Policy.from_mapping({"offers": {"widen_minutes": {"24": 45}}}).offers
    assert policy.widen_after(4) == timedelta(minutes=45)
    assert policy.widen_after(72) == timedelta(minutes=45)


POLICIES = st.fixed_dictionaries(
    {},
    optional={
        "radius_km": st.floats(0.1, 500),
        "enlarge_km": st.none() | st.floats(0, 500),
        "road_factor": st.floats(1, 3),
        "grace_hours": st.floats(0, 24),
        "saturday_until": st.integers(8, 20),
        "bridge_days": st.booleans(),
        "weights": st.fixed_dictionaries({}, optional={"wait": st.floats(0, 100_000)}),
        "offers": st.fixed_dictionaries(
            {},
            optional={
                "wave_size": st.integers(1, 50),
                "widen_minutes": st.dictionaries(
                    st.sampled_from([str(delay) for delay in DELAYS]),
                    st.integers(1, 2880),
                    min_size=1,
                ),
            },
        ),
    },
)


@given(POLICIES)
def test_what_is_written_is_read_back(settings: dict[str, Any]) -> None:
    policy = Policy.from_mapping(settings)
    assert Policy.from_mapping(json.loads(json.dumps(policy.as_json()))) == policy


@given(st.dictionaries(st.text(max_size=12), st.none() | st.floats() | st.text(max_size=5)))
def test_whatever_is_stored_is_read_or_refused_by_field(settings: dict[str, Any]) -> None:
    try:
        Policy.from_mapping(settings)
    except InvalidError as error:
        assert error.fields  # noqa: PT017 - being refused is one of two good ends
