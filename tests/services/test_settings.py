"""A territory's rules: what differs from the default is kept, what is wrong changes nothing."""

from typing import Any

import pytest

from dispatcher.domain.errors import InvalidError
from dispatcher.domain.policy import Policy
from dispatcher.domain.roles import Account, Role
from dispatcher.services.house import House
from dispatcher.services.settings import change_settings
from dispatcher.storage.territories import Territory
from tests.builders import Town
from tests.houses import keep_promises
from tests.services.tables import events, promises, row_counts


@pytest.fixture
def coordinator(house: House, town: Town) -> Account:
    """Of a territory that has set nothing yet; what that promised is kept."""
    account = town.account(Role.COORDINATOR)
    change_settings(house, account, {})
    keep_promises(house)
    return account


def stored(town: Town) -> dict[str, Any]:
    with town.house.db.reading() as session:
        return dict(session.get_one(Territory, town.territory_id).settings)


def test_only_what_differs_from_the_default_is_kept(
    house: House, town: Town, coordinator: Account
) -> None:
    wished = Policy().as_json() | {"radius_km": 25, "bridge_days": True}
    wished["weights"] = wished["weights"] | {"wait": 0.75}
    wished["offers"] = wished["offers"] | {"wave_size": 3}

    changed = change_settings(house, coordinator, wished)

    assert changed == ("bridge_days", "offers.wave_size", "radius_km", "weights.wait")
    assert stored(town) == {
        "radius_km": 25.0,
        "bridge_days": True,
        "weights": {"wait": 0.75},
        "offers": {"wave_size": 3},
    }
    assert events(house)[-1] == ("settings_changed", {"changed": list(changed)})
    assert len(promises(house, "match_waiting")) == 1


def test_what_is_left_out_goes_back_to_its_default(
    house: House, town: Town, coordinator: Account
) -> None:
    change_settings(house, coordinator, {"radius_km": 25, "weights": {"wait": 0.75}})

    assert change_settings(house, coordinator, {"radius_km": 25}) == ("weights.wait",)

    assert stored(town) == {"radius_km": 25.0}


def test_the_widening_times_are_kept_whole(house: House, town: Town, coordinator: Account) -> None:
    minutes = Policy().as_json()["offers"]["widen_minutes"] | {"4": 5}

    change_settings(house, coordinator, {"offers": {"widen_minutes": minutes}})

    assert stored(town) == {"offers": {"widen_minutes": minutes}}


def test_the_same_settings_again_write_nothing(
    house: House, town: Town, coordinator: Account
) -> None:
    change_settings(house, coordinator, {"radius_km": 25})
    before = row_counts(house)

    assert change_settings(house, coordinator, {"radius_km": 25.0}) == ()

    assert row_counts(house) == before


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"weights": {"wait": -1}}, "weights.wait"),
        ({"weights": {"distance": "beaucoup"}}, "weights.distance"),
        ({"weights": {"gp": float("nan")}}, "weights.gp"),
        ({"radius_km": 0}, "radius_km"),
        ({"offers": {"wave_size": 0}}, "offers.wave_size"),
        ({"offers": {"widen_minutes": {"4": 0}}}, "offers.widen_minutes"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_what_cannot_be_used_is_named_and_nothing_changes(
    house: House, town: Town, coordinator: Account, settings: dict[str, Any], field: str
) -> None:
    change_settings(house, coordinator, {"radius_km": 25})
    before = row_counts(house)

    with pytest.raises(InvalidError) as refused:
        change_settings(house, coordinator, {"bridge_days": True} | settings)

    assert list(refused.value.fields) == [field]
    assert stored(town) == {"radius_km": 25.0}
    assert row_counts(house) == before


def test_what_cannot_be_read_any_more_has_its_default_and_can_be_mended(
    house: House, town: Town, coordinator: Account
) -> None:
    """A release may tighten a rule: the territory works, and its page can be saved again."""
    broken = {"weights": {"wait": -1, "gp": 90}, "renamed": 3, "radius_km": 25.0}
    with house.db.writing() as session:
        session.get_one(Territory, town.territory_id).settings = broken

    policy = Policy.in_force(broken)
    assert (policy.weights.wait, policy.weights.gp, policy.radius_km) == (0.5, 90.0, 25.0)
    town.slot()
    request_id = town.request()
    keep_promises(house)
    assert town.the_request(request_id).status == "booked"

    assert change_settings(house, coordinator, {"radius_km": 25}) == ("weights.gp",)
    assert stored(town) == {"radius_km": 25.0}
