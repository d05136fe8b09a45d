"""One place, many takers, real commits: exactly as many winners as there are places."""

import random
from collections import Counter
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import func, select

from dispatcher.domain.errors import RefusedError, UnavailableError
from dispatcher.domain.events import ENGINE
from dispatcher.domain.states import AppointmentStatus
from dispatcher.services.appointments import (
    cancel_appointment,
    cancel_by_practitioner,
    lock_appointment,
)
from dispatcher.services.booking import Choice, book, book_by_hand
from dispatcher.services.commands import BookSlot
from dispatcher.services.house import House
from dispatcher.storage.messages import Message
from dispatcher.storage.requests import Appointment
from tests.builders import Town
from tests.invariants import check
from tests.threads import at_once

TAKERS = 32


def choice(town: Town, request: UUID, slot: UUID) -> Choice:
    """What an engine run that looked a moment ago would book."""
    return Choice(
        request_id=request,
        slot_id=slot,
        seen_at=town.the_slot(slot).start_at,
        distance_km=0.0,
        terms=[],
        decided_by="engine",
    )


def outcome(work: Callable[[], object]) -> str:
    try:
        work()
    except UnavailableError:
        raise
    except RefusedError as refusal:
        return refusal.code
    return "won"


def by_the_engine(town: Town, request: UUID, slot: UUID) -> Callable[[], str]:
    chosen = choice(town, request, slot)

    def take() -> str:
        def in_a_unit() -> None:
            with town.house.db.transaction(town.territory_id, ENGINE) as unit:
                book(town.house, unit, chosen)

        return outcome(in_a_unit)

    return take


def by_hand(town: Town, request: UUID, slot: UUID) -> Callable[[], str]:
    return lambda: outcome(
        lambda: book_by_hand(town.house, town.regulator, request, BookSlot(slot=slot))
    )


def cancelled_by_the_patient(town: Town, request: UUID, _slot: UUID) -> Callable[[], str]:
    def cancel() -> None:
        appointment = town.the_appointment(request)
        if appointment is not None:
            with town.house.db.transaction(town.territory_id, ENGINE) as unit:
                locked = lock_appointment(unit, appointment.id)
                cancel_appointment(town.house, unit, locked, "patient")

    return lambda: outcome(cancel)


def cancelled_by_the_practitioner(town: Town, request: UUID, _slot: UUID) -> Callable[[], str]:
    def cancel() -> None:
        appointment = town.the_appointment(request)
        if appointment is not None:
            cancel_by_practitioner(town.house, town.regulator, appointment.id)

    return lambda: outcome(cancel)


STEPS = (by_the_engine, by_hand, cancelled_by_the_patient, cancelled_by_the_practitioner)


def booked(house: House, slot: UUID) -> list[Appointment]:
    with house.db.reading() as session:
        return list(
            session.scalars(
                select(Appointment).where(
                    Appointment.slot_id == slot, Appointment.status != AppointmentStatus.CANCELLED
                )
            )
        )


def number_of(house: House, model: type[Appointment] | type[Message]) -> int:
    with house.db.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.parametrize("places", [1, 3])
def test_of_thirty_two_takers_by_hand_and_by_the_engine_as_many_win_as_there_are_places(
    house: House, town: Town, places: int
) -> None:
    slot = town.slot(places=places, minutes=120)
    requests = [town.request() for _ in range(TAKERS)]
    takers = [
        (by_hand if number % 2 else by_the_engine)(town, request, slot)
        for number, request in enumerate(requests)
    ]

    results = at_once(takers)

    assert Counter(results) == {"won": places, "slot-full": TAKERS - places}
    held = town.the_slot(slot)
    assert (held.taken, held.status) == (places, "full")
    winners = {request for request, won in zip(requests, results, strict=True) if won == "won"}
    assert {appointment.request_id for appointment in booked(house, slot)} == winners
    # the losers left nothing behind: no appointment, no SMS, still waiting
    assert number_of(house, Appointment) == places
    assert number_of(house, Message) == 2 * places
    for request in set(requests) - winners:
        assert town.the_request(request).status == "searching"
    check(house.db.engine, house.clock())


def test_of_sixteen_takers_for_one_request_one_wins_and_the_other_slots_stay_free(
    house: House, town: Town
) -> None:
    request = town.request()
    slots = [town.slot(hours=hours) for hours in range(1, 17)]

    results = at_once([by_the_engine(town, request, slot) for slot in slots])

    assert Counter(results) == {"won": 1, "request-not-waiting": 15}
    assert sorted(town.the_slot(slot).taken for slot in slots) == [0] * 15 + [1]
    check(house.db.engine, house.clock())


def test_cancellations_and_bookings_of_one_slot_end_in_a_consistent_state(
    house: House, town: Town
) -> None:
    """Eight patients sit on four places of a walk-in period, cancel and come again, at once."""
    slot = town.slot(places=4, minutes=180)
    requests = [town.request() for _ in range(8)]
    for request in requests[:4]:
        by_the_engine(town, request, slot)()
    dice = random.Random(20261123)

    def restless(request: UUID) -> Callable[[], list[str]]:
        steps = [dice.choice(STEPS) for _ in range(8)]
        return lambda: [step(town, request, slot)() for step in steps]

    at_once([restless(request) for request in requests])

    held = town.the_slot(slot)
    assert len(booked(house, slot)) == held.taken <= held.places
    check(house.db.engine, house.clock())
