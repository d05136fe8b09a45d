"""What a request led to, as the regulator writes it down, and places lost before the booking."""

import pytest

from dispatcher.domain.errors import InvalidError, NotFoundError, SlotFullError
from dispatcher.services.booking import book_by_hand
from dispatcher.services.commands import BookSlot
from dispatcher.services.effects import note_effect
from dispatcher.services.house import House
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.services.tables import events, row_counts


def test_what_a_request_led_to_is_kept_in_the_log(house: House, town: Town) -> None:
    request_id = town.request()

    note_effect(house, town.regulator, request_id, "ED_AVOIDED", holds=True)
    note_effect(house, town.regulator, request_id, "ED_AVOIDED", holds=False)

    assert [data for kind, data in events(house, request_id) if kind == "effect_noted"] == [
        {"effect": "ED_AVOIDED", "holds": True},
        {"effect": "ED_AVOIDED", "holds": False},
    ]


def test_an_effect_that_the_catalogue_has_not_is_refused(house: House, town: Town) -> None:
    request_id = town.request()
    before = row_counts(house)
    with pytest.raises(InvalidError):
        note_effect(house, town.regulator, request_id, "CURED", holds=True)
    assert row_counts(house) == before


def test_the_request_of_another_territory_does_not_exist(
    house: House, town: Town, clock: FakeClock
) -> None:
    elsewhere = Town.found(house, clock, "voisin", phone="03 53 01 00 03")
    with pytest.raises(NotFoundError):
        note_effect(house, elsewhere.regulator, town.request(), "GP_FOUND", holds=True)


def test_what_was_asked_is_told_by_its_group_and_not_by_its_motive(
    house: House, town: Town
) -> None:
    asked = town.request(need={"motive": "WOUND"})
    unsaid = town.request(need={"motive": None})
    groups = [events(house, each)[0][1]["motive_group"] for each in (asked, unsaid)]
    assert groups == ["SKIN_WOUND", None]
    assert "WOUND" not in events(house, asked)[0][1].values()


def test_a_place_that_is_gone_when_it_is_chosen_is_told(house: House, town: Town) -> None:
    slot_id = town.slot()
    town.request()
    keep_promises(house)
    late = town.request()
    with pytest.raises(SlotFullError):
        book_by_hand(house, town.regulator, late, BookSlot(slot=slot_id))
    assert ("booking_lost", {}) in events(house, late)
