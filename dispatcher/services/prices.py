"""Learning each night what a territory's slots are worth to those who have not called yet."""

from uuid import UUID

from sqlalchemy import delete, insert

from dispatcher.domain.jobs import Job
from dispatcher.domain.matching.prices import learn_prices as learn
from dispatcher.reads.past_weeks import past_weeks, territories_with_a_past
from dispatcher.services.house import House
from dispatcher.storage import keeping
from dispatcher.storage.columns import table_of
from dispatcher.storage.prices import SlotPrice
from dispatcher.storage.unit import Claim, mark_done

_PRICES = table_of(SlotPrice)
DECIMALS = 4


def learn_prices(house: House, claim: Claim) -> int:
    """Learn a territory's prices from its last weeks, or have every territory learn its own.

    The nightly promise names no territory. Learning takes seconds and holds no transaction; then
    the old prices give way to the new ones in the commit that keeps the promise. Returns how many
    prices were written, or how many territories were promised.
    """
    if "territory_id" not in claim.ids:
        return _promise_each(house, claim)
    return _learn(house, claim, claim.id("territory_id"))


def _promise_each(house: House, claim: Claim) -> int:
    territories = territories_with_a_past(house.db, house.clock())
    house.db.promise_each(Job.LEARN_PRICES, territories, claim)
    return len(territories)


def _learn(house: House, claim: Claim, territory_id: UUID) -> int:
    now = house.clock()
    past = past_weeks(house.db, territory_id, house.communes, now)
    found = learn(
        [(past.demand.needs, past.demand.slots)],
        past.rules.zone,
        past.rules.weights,
        past.rules.limits,
        past.rules.roads,
        between_weeks=lambda: keeping.prolong(house.db, claim, house.settings.promise_lease),
    )
    rows = [
        {
            "territory_id": territory_id,
            "practitioner_id": practitioner_id,
            "weekday": weekday,
            "part": part,
            "price": round(price, DECIMALS),
            "learned_at": now,
        }
        for (practitioner_id, weekday, part), price in found.points.items()
    ]
    with house.db.writing() as session:
        session.execute(delete(_PRICES).where(_PRICES.c.territory_id == territory_id))
        if rows:
            session.execute(insert(_PRICES), rows)
        mark_done(session, claim, house.clock())
    return len(rows)
