"""A pharmacy asks for its patient: validated first or searched at once, or answered by protocol."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from dispatcher.domain.errors import InvalidError, NotFoundError, TransitionError
from dispatcher.domain.roles import Account, Role
from dispatcher.reads import requesters
from dispatcher.reads.practices import practice_of
from dispatcher.services.appointments import close_request
from dispatcher.services.booking import book_by_hand
from dispatcher.services.commands import BookSlot, CloseRequest
from dispatcher.services.house import House
from dispatcher.services.requesting import (
    answer_by_protocol,
    ask_for_patient,
    give_up_request,
    validate_request,
)
from dispatcher.services.requests import search_again
from dispatcher.services.settings import change_settings
from dispatcher.storage.practices import Practice
from tests.builders import Town
from tests.houses import keep_promises
from tests.services.tables import events, kinds, row_counts

SORE_THROAT = {"motive": "SORE_THROAT"}


@pytest.fixture
def pharmacist(town: Town) -> Account:
    return town.account(Role.REQUESTER)


def asked(town: Town, account: Account) -> UUID:
    return ask_for_patient(town.house, account, town.asking(origin="PATIENT"))


def let_through(town: Town) -> None:
    """The territory searches at once what its requesters ask for."""
    change_settings(
        town.house,
        town.account(Role.ADMINISTRATOR),
        {"outside_hours": True, "validate_requesters": False},
    )


def test_what_a_requester_asks_waits_for_a_regulator_and_no_slot_is_given_meanwhile(
    house: House, town: Town, pharmacist: Account
) -> None:
    slot = town.slot()
    request_id = asked(town, pharmacist)
    keep_promises(house)

    request = town.the_request(request_id)
    assert (request.status, request.to_validate) == ("open", True)
    assert request.origin == "PHARMACY"  # its practice's, whatever was posted
    assert town.the_slot(slot).taken == 0
    assert events(house, request_id)[0][1]["to_validate"] is True


def test_a_regulators_yes_has_it_searched_and_booked_once(
    house: House, town: Town, pharmacist: Account
) -> None:
    town.slot()
    request_id = asked(town, pharmacist)
    for _ in range(2):
        validate_request(house, town.regulator, request_id)
    keep_promises(house)

    request = town.the_request(request_id)
    assert (request.status, request.to_validate) == ("booked", False)
    assert kinds(house, request_id).count("request_validated") == 1


def test_a_territory_may_search_at_once_what_requesters_ask(
    house: House, town: Town, pharmacist: Account
) -> None:
    let_through(town)
    town.slot()
    request_id = asked(town, pharmacist)
    keep_promises(house)
    assert town.the_request(request_id).status == "booked"


def test_whatever_a_regulator_does_with_it_is_a_yes_and_an_end_leaves_nothing_to_validate(
    house: House, town: Town, pharmacist: Account
) -> None:
    ways: list[Callable[[UUID], object]] = [
        lambda each: search_again(house, town.regulator, each),
        lambda each: book_by_hand(house, town.regulator, each, BookSlot(slot=town.slot())),
        lambda each: close_request(
            house, town.regulator, each, CloseRequest(status="redirected", reason="ADVICE")
        ),
    ]
    for way in ways:
        request_id = asked(town, pharmacist)
        way(request_id)
        assert town.the_request(request_id).to_validate is False
    with pytest.raises(NotFoundError):
        validate_request(house, town.regulator, pharmacist.user_id)


def test_an_unvalidated_request_comes_in_front_while_there_is_time_left(
    house: House, town: Town, pharmacist: Account
) -> None:
    request_id = asked(town, pharmacist)
    town.clock.advance(hours=17)
    keep_promises(house)
    request = town.the_request(request_id)
    assert (request.attention, request.to_validate) == ("deadline", True)


def test_a_protocol_answers_and_nobody_is_searched_for(
    house: House, town: Town, pharmacist: Account
) -> None:
    town.slot()
    request_id = answer_by_protocol(house, pharmacist, town.asking(need=SORE_THROAT), "SORE_THROAT")
    keep_promises(house)

    request = town.the_request(request_id)
    assert (request.status, request.closing_code) == ("redirected", "PROTOCOL_SORE_THROAT")
    assert kinds(house, request_id) == ["request_opened", "request_redirected"]


def test_a_protocol_that_does_not_suit_writes_nothing(
    house: House, town: Town, pharmacist: Account
) -> None:
    before = row_counts(house)
    for need, code in ((SORE_THROAT, "CYSTITIS"), (SORE_THROAT, "AUTRE"), ({}, "SORE_THROAT")):
        with pytest.raises(InvalidError) as refused:
            answer_by_protocol(house, pharmacist, town.asking(need=need), code)
        assert set(refused.value.fields) == {"protocol"}
    assert row_counts(house) == before


def test_a_practice_sees_and_gives_up_its_own_requests_and_no_others(
    house: House, town: Town, pharmacist: Account
) -> None:
    colleague = town.account(Role.REQUESTER)
    other = town.account(Role.REQUESTER, practice="Cabinet infirmier de l’Essai")
    request_id, regulators = asked(town, pharmacist), town.request()

    def seen_by(account: Account) -> set[UUID]:
        practice = practice_of(house.db, account)
        found = requesters.own_requests(house.db, town.territory_id, practice.id, town.clock.now)
        return {each.id for each in found}

    assert seen_by(pharmacist) == seen_by(colleague) == {request_id}
    assert seen_by(other) == set()
    for account, wanted in ((other, request_id), (pharmacist, regulators)):
        with pytest.raises(NotFoundError):
            give_up_request(house, account, wanted, "BETTER")
    with pytest.raises(InvalidError):
        give_up_request(house, colleague, request_id, "ABSENT")  # a practitioner's reason
    give_up_request(house, colleague, request_id, "BETTER")
    assert town.the_request(request_id).status == "cancelled"
    with pytest.raises(TransitionError):
        give_up_request(house, colleague, request_id, "BETTER")


def test_what_ended_long_ago_is_not_listed_any_more(
    house: House, town: Town, pharmacist: Account
) -> None:
    request_id = asked(town, pharmacist)
    give_up_request(house, pharmacist, request_id, "BETTER")
    practice = practice_of(house.db, pharmacist)
    for days, listed in ((13, 1), (2, 0)):
        town.clock.advance(days=days)
        found = requesters.own_requests(house.db, town.territory_id, practice.id, town.clock.now)
        assert len(found) == listed
    assert requesters.own_request(house.db, town.territory_id, practice.id, request_id)


def test_accounts_of_one_practice_share_one_row(house: House, town: Town) -> None:
    for _ in range(2):
        town.account(Role.REQUESTER)
    town.account(Role.REQUESTER, practice="Cabinet infirmier de l’Essai")
    with house.db.reading() as session:
        rows = session.scalars(select(Practice).order_by(Practice.name)).all()
    assert [(each.name, each.origin, each.phone) for each in rows] == [
        ("Cabinet infirmier de l’Essai", "PHARMACY", "+33353010007"),
        ("Pharmacie de l’Essai", "PHARMACY", "+33353010007"),
    ]
