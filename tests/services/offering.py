"""Volunteers who accept to be asked, what they are asked, and what they answer."""

import re
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from dispatcher.services.house import House
from dispatcher.services.receiving import receive_message
from dispatcher.storage.offers import Offer
from dispatcher.storage.territories import Territory
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.invariants import check

PARIS = ZoneInfo("Europe/Paris")
AFTER_MINUTES = 10
"""The policy's default: how long a request waits before anybody is asked."""
SAME_DAY_MINUTES = 10
"""The policy's default for care within four hours: how long a wave has."""


def asked_volunteer(town: Town, **changes: Any) -> Volunteer:
    """A general practitioner in Lons-le-Saunier who accepts to be asked."""
    volunteer = town.volunteer(accepts_offers=True, **changes)
    volunteer.phone = changes.get("phone", volunteer.phone)
    return volunteer


def waits(town: Town, clock: FakeClock, **changes: Any) -> UUID:
    """A request for care within four hours that found no slot, whose first wave was asked."""
    request = town.request(**({"need": {"delay_hours": 4}} | changes))
    keep_promises(town.house)
    clock.advance(minutes=AFTER_MINUTES)
    keep_promises(town.house)
    return request


def settings(town: Town, **changes: Any) -> None:
    """Change what the territory set."""
    with town.house.db.writing() as session:
        session.execute(
            update(Territory).where(Territory.id == town.territory_id).values(settings=changes)
        )


def e164(volunteer: Volunteer) -> str:
    return f"+33{volunteer.phone[1:]}"


def offers(house: House, request_id: UUID) -> list[Offer]:
    """The request's offers, the first wave first."""
    with house.db.reading() as session:
        return list(
            session.scalars(
                select(Offer)
                .where(Offer.request_id == request_id)
                .order_by(Offer.wave, Offer.distance_km, Offer.id)
            )
        )


def offer_to(house: House, request_id: UUID, volunteer: Volunteer) -> Offer:
    (found,) = [each for each in offers(house, request_id) if each.practitioner_id == volunteer.id]
    return found


def statuses(house: House, request_id: UUID) -> dict[UUID, str]:
    """The offers' states by practitioner."""
    return {each.practitioner_id: each.status for each in offers(house, request_id)}


def answers(town: Town, volunteer: Volunteer, body: str, sid: str | None = None) -> None:
    """The volunteer writes; `{code}` in the body stands for the code in the latest offer."""
    receive_message(town.house, e164(volunteer), body, sid or f"SM{uuid4().hex}")
    check(town.house.db.engine, town.house.clock())


def told(house: House, sms: FakeSms, volunteer: Volunteer) -> list[str]:
    """What the volunteer was sent in all, in order."""
    keep_promises(house)
    return sms.bodies_to(e164(volunteer))


def link_in(body: str) -> str:
    """The secret in an SMS."""
    found = re.search(r"/sollicitations/(\w+)", body)
    assert found is not None, body
    return found[1]


def code_of(town: Town, request_id: UUID) -> str:
    """What is written after OUI or NON."""
    return town.the_request(request_id).code


def everything_told(house: House, sms: FakeSms, volunteer: Volunteer) -> str:
    """All of it, plainly: what was written at the same instant leaves in any order."""
    return "\n".join(told(house, sms, volunteer)).replace("’", "'").replace("\u00a0", " ")


def seen_at(town: Town, request_id: UUID) -> str:
    """When the patient is seen: day and hour in Paris."""
    appointment = town.the_appointment(request_id)
    assert appointment is not None
    return f"{appointment.start_at.astimezone(PARIS):%d %H:%M}"


def words_of(house: House, offer: Offer) -> str:
    """What was written after OUI or NON, opened."""
    assert offer.words is not None
    return house.db.cipher.open("offers.words", offer.id, offer.words)
