"""Thirty-two at once, by hand, by the engine and by SMS, on the same requests and slots."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from dispatcher.domain.errors import RefusedError
from dispatcher.services.answers import accept_by_link, decline_by_link
from dispatcher.services.appointments import cancel_request
from dispatcher.services.asking import ask_now
from dispatcher.services.booking import book_by_hand
from dispatcher.services.commands import BookSlot, CancelRequest
from dispatcher.services.house import House
from dispatcher.services.matching import match_waiting
from dispatcher.services.offers import link_token
from dispatcher.services.receiving import receive_message
from dispatcher.services.slots import withdraw_slot
from dispatcher.storage.requests import Appointment
from dispatcher.storage.slots import Slot
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.invariants import check
from tests.services.offering import (
    asked_volunteer,
    e164,
    offer_to,
    offers,
    settings,
    statuses,
    told,
    waits,
)
from tests.services.runs import a_run
from tests.services.tables import kinds, messages
from tests.threads import at_once

THREADS = 32


def by_sms(town: Town, volunteer: Volunteer, body: str, sid: str = "") -> Callable[[], str]:
    def answer() -> str:
        receive_message(town.house, e164(volunteer), body, sid or uuid4().hex)
        return "answered"

    return answer


def by_link(town: Town, request_id: UUID, volunteer: Volunteer, hours: float) -> Callable[[], str]:
    token = link_token(town.house, offer_to(town.house, request_id, volunteer).id)
    hour = town.clock.now + timedelta(hours=hours)
    return lambda: accept_by_link(town.house, token, hour).outcome.value


def by_hand(town: Town, request_id: UUID, slot: UUID) -> Callable[[], str]:
    def book() -> str:
        try:
            book_by_hand(
                town.house, town.regulator, request_id, BookSlot(slot=slot, override="choisi")
            )
        except RefusedError as refused:
            return refused.code
        return "booked by hand"

    return book


def by_the_engine(town: Town) -> Callable[[], str]:
    def run() -> str:
        match_waiting(town.house, a_run(town))
        return "matched"

    return run


def asked_of(house: House, volunteer: Volunteer, kind: str) -> int:
    """How many SMS of a kind were written to a volunteer."""
    return sum(each.practitioner_id == volunteer.id for each in messages(house, kind))


def the_slots(house: House, volunteer: Volunteer) -> list[Slot]:
    with house.db.reading() as session:
        return list(
            session.scalars(
                select(Slot).where(Slot.practitioner_id == volunteer.id).order_by(Slot.start_at)
            )
        )


def test_of_thirty_two_yes_at_the_same_moment_one_wins_and_all_others_are_told(
    house: House, town: Town, clock: FakeClock, sms: FakeSms
) -> None:
    settings(town, offers={"wave_size": THREADS}, outside_hours=True)
    volunteers = [asked_volunteer(town) for _ in range(THREADS)]
    request = waits(town, clock)
    assert len(offers(house, request)) == THREADS

    at_once(
        [
            by_sms(town, each, "OUI" if number % 2 else "OUI à 11h30")
            for number, each in enumerate(volunteers)
        ]
    )

    assert Counter(statuses(house, request).values()) == {"accepted": 1, "too_late": THREADS - 1}
    assert kinds(house, request).count("offer_accepted") == 1
    winner = next(key for key, value in statuses(house, request).items() if value == "accepted")
    for each in volunteers:
        if each.id != winner:
            assert asked_of(house, each, "offer_taken") == 1
            assert asked_of(house, each, "offer_too_late") <= 1
    check(house.db.engine, clock.now)


def test_a_volunteer_who_says_yes_twice_at_once_wins_once(
    house: House, town: Town, clock: FakeClock
) -> None:
    volunteer = asked_volunteer(town)
    request = waits(town, clock)

    at_once([by_sms(town, volunteer, "OUI à 11h30") for _ in range(4)])
    at_once([by_link(town, request, volunteer, 1) for _ in range(4)])

    assert kinds(house, request).count("appointment_booked") == 1
    assert len(the_slots(house, volunteer)) == 1
    check(house.db.engine, clock.now)


def test_one_sms_delivered_by_several_hands_counts_once(
    house: House, town: Town, clock: FakeClock
) -> None:
    volunteer = asked_volunteer(town)
    request = waits(town, clock)

    at_once([by_sms(town, volunteer, "OUI à 11h30", "SM1") for _ in range(8)])

    assert len(messages(house, "yes")) == 1
    assert kinds(house, request).count("offer_accepted") == 1
    check(house.db.engine, clock.now)


def test_yes_hands_and_the_engine_on_the_same_slots_give_one_winner_each(
    house: House, town: Town, clock: FakeClock, sms: FakeSms
) -> None:
    """Eight requests, four volunteers who publish one place each at the hour they answer with.

    Each request is answered by yes with that hour and booked by hand on those places, while the
    engine runs: whoever wins, no request has two appointments and no place two patients.
    """
    settings(town, offers={"wave_size": 8, "after_minutes": 0}, outside_hours=True)
    volunteers = [asked_volunteer(town) for _ in range(4)]
    requests = [town.request(need={"delay_hours": 4}) for _ in range(8)]
    keep_promises(house)
    assert all(len(offers(house, each)) == 4 for each in requests)
    published = [town.slot(each, hours=2, minutes=15) for each in volunteers]
    codes = [town.the_request(each).code for each in requests]
    works = [
        *(by_sms(town, volunteers[n % 4], f"OUI {codes[n % 8]} à 11h") for n in range(16)),
        *(by_link(town, requests[n], volunteers[(n + 1) % 4], 2) for n in range(6)),
        *(by_hand(town, requests[n], published[(n + 2) % 4]) for n in range(8)),
        by_the_engine(town),
        by_the_engine(town),
    ]
    assert len(works) == THREADS
    random.Random(20261123).shuffle(works)

    at_once(works)

    check(house.db.engine, clock.now)
    keep_promises(house)
    check(house.db.engine, clock.now)
    with house.db.reading() as session:
        rows = list(session.scalars(select(Appointment)))
    assert len({row.request_id for row in rows}) == len(rows)
    # four places at 11:00, one patient each, and no volunteer sees two people at that hour
    seen = Counter((row.practitioner_id, row.start_at) for row in rows)
    assert set(seen.values()) == {1}
    taken = [slot.taken for each in volunteers for slot in the_slots(house, each)]
    assert sum(taken) == len(rows) > 0
    assert len(taken) == 4, "nobody made a second slot at the hour of the one they published"
    waiting = [town.the_request(each) for each in requests if town.the_appointment(each) is None]
    # whoever went without either waits for the hour of a yes, or goes on being searched
    assert all(each.status in {"offering", "searching"} for each in waiting)
    if 0 in taken:
        assert all(each.accepted_offer_id is not None for each in waiting)


@pytest.mark.parametrize("places", [1, 3])
def test_a_place_that_the_engine_wants_for_another_request_is_taken_once(
    house: House, town: Town, clock: FakeClock, places: int
) -> None:
    """A yes names the hour of a published place that other requests can have as well."""
    settings(town, offers={"after_minutes": 0}, outside_hours=True)
    volunteer = asked_volunteer(town)
    request = town.request(need={"delay_hours": 4})
    keep_promises(house)
    others = [town.request(need={"delay_hours": 4}) for _ in range(6)]
    slot = town.slot(volunteer, hours=2, minutes=60 if places > 1 else 15, places=places)

    at_once(
        [
            by_link(town, request, volunteer, 2),
            by_the_engine(town),
            *(by_hand(town, each, slot) for each in others),
        ]
    )
    keep_promises(house)

    held = town.the_slot(slot)
    assert held.taken == places
    check(house.db.engine, clock.now)


def test_yes_no_waves_and_cancellations_all_at_once_end_in_a_consistent_state(
    house: House, town: Town, clock: FakeClock
) -> None:
    settings(town, offers={"wave_size": 3}, outside_hours=True)
    volunteers = [asked_volunteer(town) for _ in range(9)]
    requests = [waits(town, clock) for _ in range(3)]
    dice = random.Random(7)

    def take_back(request: UUID, volunteer: Volunteer) -> Callable[[], str]:
        token = link_token(house, offer_to(house, request, volunteer).id)
        return lambda: decline_by_link(house, token, "").outcome.value

    def refused_or(work: Callable[[], object]) -> Callable[[], str]:
        def run() -> str:
            try:
                work()
            except RefusedError as refused:
                return refused.code
            return "done"

        return run

    works: list[Callable[[], str]] = []
    for request in requests:
        asked = [each for each in volunteers if each.id in statuses(house, request)]
        code = town.the_request(request).code
        works += [
            by_sms(town, dice.choice(asked), f"OUI {code} 12h{number}0") for number in range(3)
        ]
        works += [by_sms(town, dice.choice(asked), f"NON {code}") for _ in range(2)]
        works += [take_back(request, dice.choice(asked)) for _ in range(2)]
        works += [refused_or(lambda r=request: ask_now(house, town.regulator, r)) for _ in range(2)]  # type: ignore[misc]
        works.append(
            refused_or(
                lambda r=request: cancel_request(  # type: ignore[misc]
                    house, town.regulator, r, CancelRequest(by="regulator", reason="")
                )
            )
        )
    works += [by_the_engine(town), by_the_engine(town)]
    assert len(works) == THREADS

    at_once(works)

    check(house.db.engine, clock.now)
    keep_promises(house)
    check(house.db.engine, clock.now)
    for request in requests:
        assert set(statuses(house, request).values()) <= {"too_late", "declined"}


@pytest.mark.parametrize("status", ["searching", "open"])
def test_a_wave_begun_by_several_hands_asks_nobody_twice(
    house: House, town: Town, clock: FakeClock, sms: FakeSms, status: str
) -> None:
    settings(town, offers={"wave_size": 2}, outside_hours=True)
    volunteers = [asked_volunteer(town) for _ in range(2)]
    slot = town.slot(hours=1) if status == "open" else None
    request = town.request()
    keep_promises(house)
    if slot is not None:
        cancel_request(house, town.regulator, request, CancelRequest(by="patient", reason=""))
        withdraw_slot(house, town.regulator, slot)
    assert town.the_request(request).status == status

    def ask() -> str:
        try:
            return str(ask_now(house, town.regulator, request))
        except RefusedError as refused:
            return refused.code

    results = Counter(at_once([ask for _ in range(8)]))

    assert results["2"] == 1
    for each in volunteers:
        assert len(told(house, sms, each)) == 1
    assert town.the_request(request).waves == 1
    check(house.db.engine, clock.now)
