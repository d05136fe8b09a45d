"""Founding a territory and registering its volunteers, by whoever keeps the house."""

from typing import Any
from uuid import uuid4

import pytest

from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.services.commands import FoundTerritory, RegisterPlace, RegisterPractitioner
from dispatcher.services.founding import found_territory, register_practitioner
from dispatcher.services.house import House
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.territories import MatchingLease, Territory
from tests.builders import LONS, Town
from tests.services.tables import row_counts


def territory(**changes: Any) -> FoundTerritory:
    values: dict[str, Any] = {
        "code": "demo",
        "name": "CPTS Démo",
        "timezone": "Europe/Paris",
        "department": "39",
        "phone": "03 53 01 00 01",
    }
    return FoundTerritory(**(values | changes))


def practitioner(**changes: Any) -> RegisterPractitioner:
    values: dict[str, Any] = {
        "profession": "10",
        "title": "Dr",
        "last_name": "Vuillet",
        "first_name": "Anne",
        "phone": "06 39 98 00 12",
        "places": [place()],
    }
    return RegisterPractitioner(**(values | changes))


def place(**changes: Any) -> RegisterPlace:
    values: dict[str, Any] = {
        "label": "Cabinet",
        "address": "4 rue des Salines",
        "postcode": "39000",
        "commune": LONS,
        "phone": "03 53 01 00 02",
    }
    return RegisterPlace(**(values | changes))


def test_a_territory_comes_with_the_lease_that_its_matching_needs(house: House) -> None:
    territory_id = found_territory(house, territory())

    with house.db.reading() as session:
        assert session.get_one(Territory, territory_id).phone == "+33353010001"
        assert session.get_one(MatchingLease, territory_id).lease_until is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"timezone": "Europe/Lons-le-Saunier"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"department": "20"}, ""),  # Corsica as it was, still known to telephones
        ({"department": "999"}, "department"),
        ({"department": "Jura"}, "department"),
        ({"phone": "0"}, "phone"),
        ({"phone": "06 39 98 00 12 34 56"}, "phone"),
        ({"settings": {"radius_km": 0}}, "settings.radius_km"),
        ({"settings": {"weights": {"wait": -1}}}, "settings.weights.wait"),
        ({"settings": {"colour": "blue"}}, "settings.colour"),
    ],
)
def test_what_is_wrong_with_a_territory_is_told_at_its_field(
    house: House, changes: dict[str, Any], field: str
) -> None:
    if not field:
        found_territory(house, territory(**changes))
        return
    with pytest.raises(InvalidError) as refused:
        found_territory(house, territory(**changes))

    assert set(refused.value.fields) == {field}
    assert row_counts(house)["territories"] == 0


def test_a_code_serves_one_territory(house: House) -> None:
    found_territory(house, territory())

    with pytest.raises(InvalidError) as refused:
        found_territory(house, territory(name="Une autre"))
    assert "déjà utilisé" in refused.value.fields["code"]


def test_a_volunteer_is_registered_with_the_places_on_the_map(house: House, town: Town) -> None:
    practitioner_id, places = register_practitioner(
        house, town.territory_id, practitioner(places=[place(), place(address="2 rue Haute")])
    )

    with house.db.reading() as session:
        known = session.get_one(Practitioner, practitioner_id)
        assert (known.phone, known.display_name) == ("+33639980012", "Dr Anne Vuillet")
        assert (known.active, known.slot_revision, known.minimum_notice_minutes) == (True, 0, 30)
        first = session.get_one(Place, places[0])
        assert (first.commune_name, first.phone) == ("Lons-le-Saunier", "+33353010002")
        assert first.longitude is not None
        assert len(places) == 2


def test_a_territory_is_founded_with_its_own_settings(house: House) -> None:
    territory_id = found_territory(house, territory(settings={"radius_km": 12}))

    with house.db.reading() as session:
        assert session.get_one(Territory, territory_id).settings == {"radius_km": 12}


def test_a_volunteer_s_own_limits_are_kept(house: House, town: Town) -> None:
    practitioner_id, places = register_practitioner(
        house,
        town.territory_id,
        practitioner(
            patient_sex="female",
            languages=["ar", "ar"],
            weekly_cap=9,
            accepts_offers=True,
            modalities=["HH", "AMB"],
            places=[place(step_free=True)],
        ),
    )

    with house.db.reading() as session:
        known = session.get_one(Practitioner, practitioner_id)
        assert (known.patient_sex, known.weekly_cap, known.accepts_offers) == ("female", 9, True)
        assert (known.languages, known.modalities) == (["fr", "ar"], ["HH", "AMB"])
        assert session.get_one(Place, places[0]).step_free


def test_what_is_wrong_with_a_volunteer_is_told_at_its_field(house: House, town: Town) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"phone": "03 53 01 00 02"}, "phone"),  # a landline takes no SMS
        ({"profession": "99"}, "profession"),
        ({"places": [place(), place(commune="99999")]}, "places.1.commune"),
        ({"places": [place(phone="12")]}, "places.0.phone"),
        ({"languages": ["fr", "xx"]}, "languages"),
        ({"modalities": ["FAX"]}, "modalities"),
    ]
    before = row_counts(house)
    for changes, field in cases:
        with pytest.raises(InvalidError) as refused:
            register_practitioner(house, town.territory_id, practitioner(**changes))
        assert set(refused.value.fields) == {field}
    assert row_counts(house) == before


def test_nobody_is_registered_in_no_territory(house: House) -> None:
    with pytest.raises(NotFoundError):
        register_practitioner(house, uuid4(), practitioner())
