"""Places of practice: described by whoever works there, closed only when nothing is to come."""

from typing import Any
from uuid import uuid4

import pytest

from dispatcher.domain.errors import InvalidError, NotFoundError, TransitionError
from dispatcher.domain.roles import Account, Role
from dispatcher.reads.own_places import place_card, place_cards
from dispatcher.services import addresses, slots
from dispatcher.services.commands import DescribePlace
from dispatcher.services.house import House
from tests.builders import LONS, Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.services.tables import events, kinds, row_counts

CHAMPAGNOLE = "39097"


@pytest.fixture
def doctor(town: Town) -> Volunteer:
    return town.volunteer()


@pytest.fixture
def account(town: Town, doctor: Volunteer) -> Account:
    return town.account(Role.PRACTITIONER, doctor)


def described(**changes: Any) -> DescribePlace:
    values: dict[str, Any] = {
        "label": "Maison de santé",
        "address": "3 place du Marché",
        "commune": CHAMPAGNOLE,
        "phone": "03 84 00 00 00",
        "step_free": True,
        "access": "Interphone 12, deuxième étage",
    }
    return DescribePlace(**(values | changes))


def test_a_place_is_added_with_what_its_commune_tells(
    house: House, account: Account, doctor: Volunteer
) -> None:
    saved = addresses.add_place(house, account, described())

    card = place_card(house.db, account, saved.place_id)
    assert (card.postcode, card.commune_name, card.phone) == (
        "39300",
        "Champagnole",
        "+33384000000",
    )
    assert (card.step_free, card.access, card.upcoming) == (
        True,
        "Interphone 12, deuxième étage",
        0,
    )
    assert events(house)[-1] == (
        "place_added",
        {"place_id": str(saved.place_id), "commune": CHAMPAGNOLE},
    )
    assert saved.warnings == ()


def test_a_wrong_key_warns_and_a_wrong_shape_is_refused(house: House, account: Account) -> None:
    """390780146 and 73282932000074 have Luhn's key, added up by hand; the next numbers have not."""
    good = addresses.add_place(
        house, account, described(finess="390780146", siret="732 829 320 00074")
    )
    typo = addresses.add_place(
        house, account, described(label="B", finess="390780147", siret="73282932000075")
    )
    assert good.warnings == ()
    assert [each.split("\u00a0")[0] for each in typo.warnings] == [
        "FINESS 390780147",
        "SIRET 73282932000075",
    ]
    assert place_card(house.db, account, typo.place_id).siret == "73282932000075"

    before = row_counts(house)
    with pytest.raises(InvalidError) as refused:
        addresses.add_place(
            house,
            account,
            described(finess="12", siret="abc", phone="0", commune="99999"),
        )
    assert set(refused.value.fields) == {"finess", "siret", "phone", "commune"}
    assert row_counts(house) == before


def test_a_new_address_tells_how_many_were_told_the_old_one(
    house: House, town: Town, account: Account, doctor: Volunteer
) -> None:
    town.slot(doctor)
    town.request()
    keep_promises(house)
    here = described(label="Cabinet", commune=LONS)

    saved = addresses.change_place(house, account, doctor.place, here)

    assert saved.expected == 1
    assert {"address", "phone", "access", "step_free"} <= set(saved.changed)
    again = addresses.change_place(house, account, doctor.place, here)
    assert (again.changed, again.expected) == ((), 0)
    assert kinds(house).count("place_changed") == 1


def test_a_place_with_something_to_come_does_not_vanish(
    house: House, town: Town, account: Account, doctor: Volunteer, clock: FakeClock
) -> None:
    with pytest.raises(TransitionError, match="transition-refused") as only:
        addresses.close_place(house, account, doctor.place)
    assert "seul lieu" in only.value.sentence
    second = addresses.add_place(house, account, described()).place_id
    slot = town.slot(doctor)
    with pytest.raises(TransitionError) as used:
        addresses.close_place(house, account, doctor.place)
    assert used.value.sentence.replace("\u00a0", " ") == (
        "1 créneau à venir y est publié, dès le lundi 23 novembre à 11 h :"
        " fermez-les ou déplacez-les d’abord."
    )
    town.request()
    keep_promises(house)
    slots.withdraw_slot(house, account, slot)
    with pytest.raises(TransitionError) as expected:
        addresses.close_place(house, account, doctor.place)
    assert "Un patient y est encore attendu" in expected.value.sentence
    clock.advance(hours=3)

    addresses.close_place(house, account, doctor.place)

    cards = place_cards(house.db, account)
    assert [(card.id, card.closed_at is None) for card in cards] == [
        (second, True),
        (doctor.place, False),
    ]
    with pytest.raises(InvalidError) as closed:
        town.slot(doctor)
    assert "fermé" in closed.value.fields["place"]
    addresses.reopen_place(house, account, doctor.place)
    town.slot(doctor)
    assert kinds(house).count("place_closed") == kinds(house).count("place_reopened") == 1


def test_the_places_of_others_do_not_exist(house: House, town: Town, account: Account) -> None:
    other = town.volunteer()
    before = row_counts(house)
    for place_id in (other.place, uuid4()):
        with pytest.raises(NotFoundError):
            addresses.change_place(house, account, place_id, described())
        with pytest.raises(NotFoundError):
            addresses.close_place(house, account, place_id)
        with pytest.raises(NotFoundError):
            place_card(house.db, account, place_id)
    with pytest.raises(NotFoundError):
        addresses.add_place(house, town.regulator, described())
    assert row_counts(house) == before
