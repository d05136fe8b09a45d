"""Matching the waiting queue: the best slot, why, why not, and who is matched when."""

from uuid import uuid4

from dispatcher.domain.jobs import Job
from dispatcher.reads.request_story import request_story
from dispatcher.services import appointments, matching
from dispatcher.services.house import House
from dispatcher.storage import keeping
from tests.builders import LONS, Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.invariants import check
from tests.services.runs import a_run, booked_slot
from tests.services.tables import events, kinds, messages, promises
from workers.queues import QUEUE_OF

CHAMPAGNOLE = "39097"  # about 27 km from Lons-le-Saunier
DOLE = "39198"  # about 45 km


# What is chosen


def test_a_nearer_slot_is_better_than_an_earlier_one_an_hour_being_worth_half_a_kilometre(
    house: House, town: Town
) -> None:
    """27 km, 35 by road, and 1 h cost 35.5; here and 20 h cost 10."""
    far = town.slot(town.volunteer(commune=CHAMPAGNOLE), hours=1)
    near = town.slot(town.volunteer(commune=LONS), hours=20)

    request_id = town.request()
    keep_promises(house)

    assert booked_slot(town, request_id) == near
    assert town.the_slot(far).taken == 0


def test_of_two_slots_at_one_place_the_earlier_is_taken(house: House, town: Town) -> None:
    town.slot(hours=5)
    earlier = town.slot(hours=3)

    request_id = town.request()
    keep_promises(house)

    assert booked_slot(town, request_id) == earlier


def test_the_patients_own_doctor_goes_first(house: House, town: Town) -> None:
    gp = town.volunteer(commune=CHAMPAGNOLE)
    theirs = town.slot(gp, hours=20)
    town.slot(hours=1)

    request_id = town.request(patient={"gp": gp.id})
    keep_promises(house)

    assert booked_slot(town, request_id) == theirs


def test_a_queue_is_matched_as_a_whole_and_not_one_after_the_other(
    house: House, town: Town
) -> None:
    """The first asks for anything within 24 h, the second only fits the early slot.

    Served in turn, the first would take the early slot and the second get nothing.
    """
    early, late = town.slot(hours=2), town.slot(hours=10)
    patient = town.request(need={"delay_hours": 24})
    urgent = town.request(need={"delay_hours": 4})
    keep_promises(house)

    assert (booked_slot(town, patient), booked_slot(town, urgent)) == (late, early)


def test_a_booking_tells_why_in_codes_and_numbers(house: House, town: Town) -> None:
    volunteer = town.volunteer()
    town.slot(volunteer, hours=2)
    request_id = town.request()
    keep_promises(house)

    appointment = town.the_appointment(request_id)
    assert appointment is not None
    terms = {term["term"]: (term["value"], term["detail"]) for term in appointment.terms}
    # 0 km away; 2 h at half a point; never booked before
    assert terms["distance"] == (0.0, {"km": 0.0, "road_km": 0.0, "travel": True})
    assert terms["wait"] == (1.0, {"minutes": 120})
    assert terms["fairness"] == (0.0, {"load": 0.0})
    assert (appointment.decided_by, appointment.distance_km) == ("engine", 0.0)
    assert events(house, request_id)[1] == (
        "appointment_booked",
        {
            "start": "2026-11-23T10:00:00+00:00",
            "within_delay": True,
            "decided_by": "engine",
            "distance_km": 0.0,
            "overridden": [],
            "neighbour": False,
        },
    )
    request = town.the_request(request_id)
    assert (request.status, request.attention, request.refused) == ("booked", None, {})
    assert sorted(message.kind for message in messages(house)) == [
        "confirmation",
        "practitioner_notice",
    ]


def test_a_booking_keeps_why_not_the_other_slots(house: House, town: Town) -> None:
    chosen = town.slot(hours=2)
    town.slot(hours=3)  # fits as well, later
    late = town.slot(hours=30)
    town.slot(town.volunteer(profession="60", specialty=None))
    request_id = town.request()
    keep_promises(house)

    appointment = town.the_appointment(request_id)
    assert appointment is not None
    assert appointment.slot_id == chosen
    assert appointment.refused["refused"] == {"profession": 1, "too_late": 1}
    assert [near["slot"] for near in appointment.refused["near_misses"]] == [str(late)]
    assert appointment.refused["contended"] == 2
    story = request_story(house.db, town.territory_id, request_id)
    assert story is not None
    assert story.refused == {"profession": 1, "too_late": 1}


def test_a_walk_in_period_takes_patients_until_it_is_full(house: House, town: Town) -> None:
    slot_id = town.slot(places=3, minutes=240)
    asked = [town.request() for _ in range(5)]
    keep_promises(house)

    assert [town.the_request(each).status for each in asked].count("booked") == 3
    slot = town.the_slot(slot_id)
    assert (slot.status, slot.taken) == ("full", 3)
    check(house.db.engine, house.clock(), settled=True)


# What is not


def test_what_stands_in_the_way_is_counted_and_put_in_front_of_the_regulator_once(
    house: House, town: Town
) -> None:
    town.slot(town.volunteer(commune=LONS, min_age=80))
    town.slot(town.volunteer(commune=LONS), hours=30)
    town.slot(town.volunteer(commune=LONS, profession="60", specialty=None))
    request_id = town.request(need={"delay_hours": 24})  # 76 years old
    keep_promises(house)

    request = town.the_request(request_id)
    assert (request.status, request.attention) == ("searching", "no_slot")
    assert request.refused["refused"] == {"age": 1, "too_late": 1, "profession": 1}
    assert {near["reason"] for near in request.refused["near_misses"]} == {"age", "too_late"}
    assert kinds(house, request_id) == [
        "request_opened",
        "search_found_nothing",
        "request_escalated",
    ]
    assert events(house, request_id)[2][1] == {"attention": "no_slot"}

    matching.match_waiting(house, a_run(town))
    assert len(kinds(house, request_id)) == 3  # nothing new: nothing said again


def test_without_any_slot_the_regulator_is_told_too(house: House, town: Town) -> None:
    request_id = town.request()
    keep_promises(house)

    request = town.the_request(request_id)
    assert (request.attention, request.refused["refused"]) == ("no_slot", {})


def test_a_practitioner_who_cancelled_is_not_proposed_again(house: House, town: Town) -> None:
    volunteer = town.volunteer()
    town.slot(volunteer, hours=1)
    town.slot(volunteer, hours=3)
    request_id = town.request()
    keep_promises(house)
    appointment = town.the_appointment(request_id)
    assert appointment is not None

    appointments.cancel_by_practitioner(house, town.regulator, appointment.id)
    keep_promises(house)

    request = town.the_request(request_id)
    assert (request.status, request.attention) == ("searching", "no_slot")
    assert request.refused["refused"] == {"excluded": 1}


def test_an_inactive_territory_or_another_one_lends_no_slot(
    house: House, town: Town, clock: FakeClock
) -> None:
    neighbours = Town.found(house, clock, "ain", department="01")
    neighbours.slot()
    request_id = town.request()
    keep_promises(house)

    assert town.the_request(request_id).refused["refused"] == {}


# When


def test_a_slot_that_is_published_finds_who_was_waiting(house: House, town: Town) -> None:
    request_id = town.request()
    keep_promises(house)
    assert town.the_request(request_id).attention == "no_slot"

    slot_id = town.slot()
    keep_promises(house)

    assert booked_slot(town, request_id) == slot_id
    assert town.the_request(request_id).attention is None


def test_a_place_that_is_freed_goes_to_whoever_was_waiting(house: House, town: Town) -> None:
    slot_id = town.slot()
    first, second = town.request(), town.request()
    keep_promises(house)
    (lucky,) = [each for each in (first, second) if booked_slot(town, each)]
    (other,) = {first, second} - {lucky}
    appointment = town.the_appointment(lucky)
    assert appointment is not None

    with house.db.transaction(town.territory_id, town.regulator.actor) as unit:
        locked = appointments.lock_appointment(unit, appointment.id)
        appointments.cancel_appointment(house, unit, locked, "patient")
    keep_promises(house)

    assert booked_slot(town, other) == slot_id
    assert town.the_request(lucky).status == "open"


def test_time_alone_changes_what_fits_so_the_queue_is_swept(
    house: House, town: Town, clock: FakeClock
) -> None:
    """Too soon for the practitioner's notice at nine; the day after is within reach an hour on."""
    slot_id = town.slot(town.volunteer(), hours=24.5)
    request_id = town.request(need={"delay_hours": 24})
    keep_promises(house)
    assert town.the_request(request_id).status == "searching"

    neighbours = Town.found(house, clock, "ain", department="01")
    with house.db.writing() as session:
        keeping.promise_once(session, Job.SWEEP_WAITING, "sweep", clock.now, clock.now)
    (sweep,) = promises(house, "sweep_waiting")
    claim = keeping.claim(house.db, sweep.id, 20)
    assert claim is not None
    matching.sweep_waiting(house, claim)

    owed = [promise.ids for promise in promises(house, "match_again")]
    assert owed == [{"territory_id": str(town.territory_id)}]
    assert str(neighbours.territory_id) not in str(owed)

    with house.db.writing() as session:
        keeping.promise_once(session, Job.SWEEP_WAITING, "later", clock.now, clock.now)
    (later,) = promises(house, "sweep_waiting")
    claim = keeping.claim(house.db, later.id, 20)
    assert claim is not None
    matching.sweep_waiting(house, claim)  # workers have not come to the first one yet

    assert [promise.ids for promise in promises(house, "match_again")] == owed
    assert promises(house, "sweep_waiting") == []
    assert QUEUE_OF[Job.MATCH_AGAIN] is not QUEUE_OF[Job.MATCH_WAITING]  # who has called is first
    assert town.the_slot(slot_id).taken == 0


def test_a_run_for_a_request_that_no_longer_waits_does_nothing(house: House, town: Town) -> None:
    town.slot()
    waiting = town.request()
    assert matching.match_waiting(house, a_run(town, request_id=uuid4())) == 0
    assert town.the_request(waiting).status == "searching"
    keep_promises(house)
    assert matching.match_waiting(house, a_run(town, request_id=waiting)) == 0

    assert promises(house, "match_waiting") == []
