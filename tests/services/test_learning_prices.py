"""Prices are learned from the last weeks, once a night, and nothing but numbers is written."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from dispatcher.domain.events import CLOCK
from dispatcher.domain.jobs import Job
from dispatcher.reads.past_weeks import MOST_REQUESTS, past_weeks
from dispatcher.services import prices
from dispatcher.services.appointments import cancel_request
from dispatcher.services.commands import CancelRequest
from dispatcher.services.house import House
from dispatcher.services.slots import withdraw_slot
from dispatcher.storage import keeping
from dispatcher.storage.prices import SlotPrice
from dispatcher.storage.promises import Promise
from dispatcher.storage.unit import Claim, LeaseLostError
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from workers.clock import SCHEDULE

LEASE = 20.0


def claimed(house: House, job: Job, **ids: UUID) -> Claim:
    """A promise of that job, owned by this test."""
    with house.db.transaction(next(iter(ids.values()), UUID(int=0)), CLOCK) as unit:
        unit.promise(job, ids)
    with house.db.reading() as session:
        promise = session.scalars(
            select(Promise.id).where(Promise.job == job.value, Promise.done_at.is_(None))
        ).all()[-1]
    found = keeping.claim(house.db, promise, LEASE)
    assert found is not None
    return found


def learned(house: House) -> dict[tuple[UUID, int, int], float]:
    with house.db.reading() as session:
        rows = session.scalars(select(SlotPrice)).all()
    return {(row.practitioner_id, row.weekday, row.part): row.price for row in rows}


@pytest.fixture
def tuesday(town: Town, clock: FakeClock) -> Volunteer:
    """Last Tuesday at 9 h two asked for care; places in 2, 10 and 20 hours. Today is Monday."""
    doctor = town.volunteer()
    clock.advance(days=-6)
    for hours in (2, 10, 20):
        town.slot(doctor, hours=hours)
    town.request()
    town.request()
    clock.advance(days=6)
    return doctor


def learn(house: House, town: Town) -> int:
    return prices.learn_prices(
        house, claimed(house, Job.LEARN_PRICES, territory_id=town.territory_id)
    )


def test_a_territorys_prices_are_those_of_its_last_weeks(
    house: House, town: Town, tuesday: Volunteer
) -> None:
    # the place in 2 h (11 h) is worth 2 × (4 + 9) / 2 = 13 points, that in 10 h (19 h) 2 × 5 / 2;
    # each is drawn towards the day's mean of 9 as two slots would; nobody wanted Wednesday's
    assert learn(house, town) == 2
    assert learned(house) == {
        (tuesday.id, 1, 1): pytest.approx((13 + 2 * 9) / 3, abs=1e-3),
        (tuesday.id, 1, 3): pytest.approx((5 + 2 * 9) / 3, abs=1e-3),
    }


def test_learning_twice_gives_the_same_prices_once(
    house: House, town: Town, tuesday: Volunteer
) -> None:
    learn(house, town)
    before = learned(house)
    learn(house, town)
    assert learned(house) == before


def test_what_is_no_longer_so_is_forgotten(
    house: House, town: Town, tuesday: Volunteer, clock: FakeClock
) -> None:
    learn(house, town)
    clock.advance(days=40)
    assert learn(house, town) == 0
    assert learned(house) == {}


def test_a_territory_without_a_past_has_no_prices(house: House, town: Town) -> None:
    assert learn(house, town) == 0


def test_a_learner_who_lost_its_promise_writes_nothing(
    house: House, town: Town, tuesday: Volunteer, clock: FakeClock
) -> None:
    claim = claimed(house, Job.LEARN_PRICES, territory_id=town.territory_id)
    clock.advance(seconds=LEASE + 1)
    assert keeping.claim(house.db, claim.promise_id, LEASE) is not None
    with pytest.raises(LeaseLostError):
        prices.learn_prices(house, claim)
    assert learned(house) == {}


def test_each_night_every_territory_with_a_past_learns_its_own(
    house: House, town: Town, tuesday: Volunteer, clock: FakeClock
) -> None:
    Town.found(house, clock, code="doubs", department="25")
    assert prices.learn_prices(house, claimed(house, Job.LEARN_PRICES)) == 1
    with house.db.reading() as session:
        owed = session.scalars(
            select(Promise.ids).where(
                Promise.job == Job.LEARN_PRICES.value, Promise.done_at.is_(None)
            )
        ).all()
    assert owed == [{"territory_id": str(town.territory_id)}]


def test_it_is_the_clocks_work_of_the_night() -> None:
    (nightly,) = [each for each in SCHEDULE if each.job is Job.LEARN_PRICES]
    assert nightly.at == (3, 30)


def test_the_past_is_what_was_asked_and_offered_before_today(
    house: House, town: Town, tuesday: Volunteer, clock: FakeClock
) -> None:
    gone = town.slot(tuesday, hours=3)  # today
    town.request()
    past = past_weeks(house.db, town.territory_id, house.communes, clock.now)
    assert len(past.days) == 28
    assert past.days[-1] == (clock.now - timedelta(days=1)).date()
    assert len(past.demand.calls) == 2
    assert len(past.demand.publications) == 3
    assert gone not in {slot.slot_id for slot in past.demand.slots}
    assert all(call.need.radius_km > 0 for call in past.demand.calls)


def test_who_cancelled_is_no_demand_and_what_was_withdrawn_is_no_offer(
    house: House, town: Town, clock: FakeClock
) -> None:
    clock.advance(days=-6)
    request, slot = town.request(), town.slot(hours=5)
    cancel_request(house, town.regulator, request, CancelRequest(by="patient", reason="SOLVED"))
    withdraw_slot(house, town.regulator, slot)
    clock.advance(days=6)
    past = past_weeks(house.db, town.territory_id, house.communes, clock.now)
    assert past.demand.calls == ()
    assert past.demand.publications == ()


def test_nothing_of_a_neighbour_is_learned_from(
    house: House, town: Town, tuesday: Volunteer, clock: FakeClock
) -> None:
    elsewhere = Town.found(house, clock, code="doubs", department="25")
    assert (
        past_weeks(house.db, elsewhere.territory_id, house.communes, clock.now).demand.slots == []
    )


def test_a_very_busy_territory_is_judged_by_its_last_weeks_alone(
    house: House, town: Town, tuesday: Volunteer, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_REQUESTS >= 3000
    monkeypatch.setattr("dispatcher.reads.past_weeks.MOST_REQUESTS", 1)
    past = past_weeks(house.db, town.territory_id, house.communes, clock.now)
    assert len(past.days) == 14
