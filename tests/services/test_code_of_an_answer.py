"""A code in an SMS says which of the number's requests a person has to look at."""

import pytest

from dispatcher.services.house import House
from dispatcher.services.receiving import receive_message
from tests.builders import Town, mobile
from tests.houses import keep_promises

PATIENT = "+33639980042"


@pytest.mark.parametrize("words", ["RAPPEL {code}", "NON {code}"])
def test_the_request_of_that_code_is_put_in_front_and_not_the_latest(
    house: House, town: Town, words: str
) -> None:
    town.slot(hours=6)
    town.slot(hours=7)
    first = town.request(patient={"phone": mobile(42)})
    latest = town.request(patient={"phone": mobile(42)}, confirm_duplicate=True)
    keep_promises(house)

    receive_message(house, PATIENT, words.format(code=town.the_request(first).code), "SM1")

    assert town.the_request(first).attention is not None
    assert town.the_request(latest).attention is None


def test_without_a_code_it_is_the_latest(house: House, town: Town) -> None:
    town.slot(hours=6)
    town.slot(hours=7)
    first = town.request(patient={"phone": mobile(42)})
    town.clock.advance(minutes=1)
    latest = town.request(patient={"phone": mobile(42)}, confirm_duplicate=True)
    keep_promises(house)

    receive_message(house, PATIENT, "RAPPEL", "SM1")

    assert town.the_request(first).attention is None
    assert town.the_request(latest).attention == "call_back"
