"""What patients need and what volunteers limit, from the request as typed to the booking."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from dispatcher.domain.errors import BookedAlreadyError
from dispatcher.services import booking, matching
from dispatcher.services.booking import Choice, book
from dispatcher.services.commands import RegisterPlace
from dispatcher.services.house import House
from dispatcher.storage.prices import SlotPrice
from dispatcher.storage.requests import CareRequest
from tests.builders import LONS, Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.services.runs import a_run, booked_slot

MONTMOROT, CHAMPAGNOLE, DOLE = "39362", "39097", "39198"
"""3, 27 and 45 km from Lons-le-Saunier as the crow flies; the Jura's radius is 30, enlarged 45."""


def step_free(commune: str = LONS) -> RegisterPlace:
    return RegisterPlace(
        label="Maison de santé",
        address="2 place de l’Essai",
        postcode="39000",
        commune=commune,
        step_free=True,
    )


@pytest.mark.parametrize(
    ("practitioner", "asked", "refused"),
    [
        ({"patient_sex": "female"}, {"patient": {"sex": "male"}}, "sex"),
        ({"patient_sex": "female"}, {"patient": {"sex": "female"}}, None),
        ({"patient_sex": "female"}, {}, "sex"),
        ({}, {"need": {"language": "ar"}}, "language"),
        ({"languages": ["ar"]}, {"need": {"language": "ar"}}, None),
        ({"languages": ["ar"]}, {"need": {"language": "fr"}}, None),
        ({}, {"need": {"needs_step_free": True}}, "step_free"),
        ({"places": [step_free()]}, {"need": {"needs_step_free": True}}, None),
        ({"commune": MONTMOROT}, {"need": {"travel_km": 1}}, "cannot_travel"),
        ({"commune": MONTMOROT}, {"need": {"travel_km": 5}}, None),
        ({}, {"need": {"travel_km": 0}}, "cannot_travel"),
        ({"commune": CHAMPAGNOLE}, {"need": {"radius_km": 10}}, "too_far"),
        ({"commune": CHAMPAGNOLE}, {"need": {"radius_km": 28}}, None),
        ({"commune": CHAMPAGNOLE}, {}, None),
    ],
)
def test_what_is_typed_decides_who_may_see_the_patient(
    house: House,
    town: Town,
    practitioner: dict[str, Any],
    asked: dict[str, Any],
    refused: str | None,
) -> None:
    slot_id = town.slot(town.volunteer(**practitioner))
    request_id = town.request(**asked)

    keep_promises(house)

    assert booked_slot(town, request_id) == (slot_id if refused is None else None)
    counts = town.the_request(request_id).refused.get("refused", {})
    assert counts == ({} if refused is None else {refused: 1})


def test_a_home_visit_comes_to_whoever_cannot_travel(house: House, town: Town) -> None:
    town.slot(hours=1)
    visit = town.slot(hours=5, modality="HH")
    request_id = town.request(need={"travel_km": 0, "modalities": ["AMB", "HH"]})

    keep_promises(house)

    assert booked_slot(town, request_id) == visit


def test_a_slot_beyond_the_radius_is_taken_when_nothing_nearer_fits(
    house: House, town: Town
) -> None:
    """Dole is 45 km away and the Jura's enlarged radius 45: this request's own is 35 and 52.5."""
    far = town.slot(town.volunteer(commune=DOLE), hours=1)
    request_id = town.request(need={"radius_km": 35})
    keep_promises(house)
    assert booked_slot(town, request_id) == far
    appointment = town.the_appointment(request_id)
    assert appointment is not None
    terms = {term["term"]: term for term in appointment.terms}
    assert terms["enlarged"] == {
        "term": "enlarged",
        "value": 300.0,
        "detail": {"radius_km": 35.0},
    }

    town.slot(town.volunteer(commune=DOLE), hours=1)
    near = town.slot(hours=20)
    second = town.request(need={"radius_km": 35})
    keep_promises(house)
    assert booked_slot(town, second) == near


def test_a_week_s_cap_counts_from_monday_to_sunday_over_all_slots(
    house: House, town: Town, clock: FakeClock
) -> None:
    """It is Monday 9 h: two this week, and the next Monday's is another week's."""
    volunteer = town.volunteer(weekly_cap=2)
    for hours in (1, 2, 3):
        town.slot(volunteer, hours=hours)
    asked = [town.request(need={"delay_hours": 24}) for _ in range(3)]
    keep_promises(house)

    served = [each for each in asked if booked_slot(town, each)]
    assert len(served) == 2
    (left,) = set(asked) - set(served)
    assert town.the_request(left).refused["refused"] == {"weekly_cap": 3, "full": 2}

    clock.advance(hours=24 * 6)  # Sunday
    monday = town.slot(volunteer, hours=24)
    late = town.request(need={"delay_hours": 48})
    keep_promises(house)
    assert booked_slot(town, late) == monday


def test_slots_at_night_are_used_only_where_the_territory_says_so(
    house: House, town: Town, clock: FakeClock
) -> None:
    by_day = Town.found(house, clock, "jour", phone="03 53 01 00 03", settings={})
    for each in (town, by_day):
        each.slot(hours=12)  # Monday 21 h
    at_any_hour, in_hours = town.request(), by_day.request()
    keep_promises(house)

    assert town.the_request(at_any_hour).status == "booked"
    assert by_day.the_request(in_hours).refused["refused"] == {"outside_hours": 1}


def test_a_slot_that_is_worth_more_to_others_is_kept_for_them(house: House, town: Town) -> None:
    wanted, other = town.volunteer(), town.volunteer(commune=MONTMOROT)
    town.slot(wanted, hours=30)
    kept = town.slot(other, hours=30)
    local_start = town.in_hours(30)  # Tuesday 15 h in Lons, 14 h UTC
    with house.db.writing() as session:
        session.add(
            SlotPrice(
                territory_id=town.territory_id,
                practitioner_id=wanted.id,
                weekday=local_start.weekday(),
                part=2,
                price=40.0,
                learned_at=town.clock.now,
            )
        )
    request_id = town.request(need={"delay_hours": 48})

    keep_promises(house)

    assert booked_slot(town, request_id) == kept


# Offers


def accept(house: House, town: Town, request_id: UUID) -> UUID:
    """A volunteer has said yes."""
    offer_id = uuid4()
    with house.db.transaction(town.territory_id, town.regulator.actor) as unit:
        request = unit.session.get_one(CareRequest, request_id)
        request.status, request.accepted_offer_id = "offering", offer_id
    return offer_id


def choice_of(request_id: UUID, slot_id: UUID, town: Town, offer_id: UUID | None) -> Choice:
    return Choice(
        request_id=request_id,
        slot_id=slot_id,
        seen_at=town.in_hours(2),
        distance_km=0.0,
        terms=[],
        decided_by="practitioner",
        offer_id=offer_id,
    )


def test_while_volunteers_are_asked_a_published_slot_still_wins(house: House, town: Town) -> None:
    request_id = town.request()
    keep_promises(house)
    with house.db.transaction(town.territory_id, town.regulator.actor) as unit:
        unit.session.get_one(CareRequest, request_id).status = "offering"
    slot_id = town.slot()

    matching.match_waiting(house, a_run(town))

    assert booked_slot(town, request_id) == slot_id


def test_once_a_volunteer_has_said_yes_the_engine_leaves_the_request_to_them(
    house: House, town: Town
) -> None:
    request_id = town.request()
    accept(house, town, request_id)
    slot_id = town.slot()

    assert matching.match_waiting(house, a_run(town)) == 0
    assert town.the_slot(slot_id).taken == 0


@pytest.mark.parametrize("own", [False, True])
def test_only_the_offer_that_was_accepted_books_the_request(
    house: House, town: Town, own: object
) -> None:
    request_id = town.request()
    slot_id = town.slot()
    offer_id = accept(house, town, request_id)

    for other in (None, uuid4()):
        with (
            pytest.raises(BookedAlreadyError),
            house.db.transaction(town.territory_id, town.regulator.actor) as unit,
        ):
            book(house, unit, choice_of(request_id, slot_id, town, other))
    assert town.the_slot(slot_id).taken == 0
    if own:
        with house.db.transaction(town.territory_id, town.regulator.actor) as unit:
            booking.book(house, unit, choice_of(request_id, slot_id, town, offer_id))
        assert booked_slot(town, request_id) == slot_id
