"""Open slots as they are read: columns that stand for the very slots that were published."""

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from dispatcher.domain.matching.agenda import Agenda
from dispatcher.domain.matching.assign import assign
from dispatcher.domain.matching.candidates import candidates
from dispatcher.domain.matching.needs import Need, OpenSlot
from dispatcher.reads import queue
from dispatcher.reads.load import AHEAD, PERIOD
from dispatcher.services.house import House
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.territories import Territory
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises

DOLE, MONTMOROT = "39198", "39362"


def read(town: Town, needs: Sequence[Need] = ()) -> Agenda:
    with town.house.db.reading() as session:
        rules = rules_of(town)
        return queue.open_slots(session, rules, town.clock.now, needs=needs)


def rules_of(town: Town) -> queue.Rules:
    with town.house.db.reading() as session:
        territory = session.get_one(Territory, town.territory_id)
        return queue.rules_of(territory, town.house.communes)


def needs_of(town: Town) -> list[Need]:
    with town.house.db.reading() as session:
        return queue.waiting_needs(session, rules_of(town))


def test_a_slot_is_read_as_it_was_published(house: House, town: Town) -> None:
    volunteer = town.volunteer(
        commune=MONTMOROT,
        min_age=3,
        max_age=90,
        daily_cap=4,
        weekly_cap=9,
        patient_sex="female",
        languages=["ar"],
        minimum_notice_minutes=20,
    )
    slot_id = town.slot(volunteer, hours=30, minutes=45, places=3, visibility=["CPTS"])

    (slot,) = read(town)

    start = town.in_hours(30)
    montmorot = house.communes.get(MONTMOROT)
    assert montmorot is not None
    assert slot == OpenSlot(
        slot_id=slot_id,
        practitioner_id=volunteer.id,
        place_id=volunteer.place,
        profession="10",
        specialty="SM54",
        modality="AMB",
        visibility=frozenset({"CPTS"}),
        start=start,
        end=start + timedelta(minutes=45),
        places=3,
        taken=0,
        longitude=montmorot.longitude,
        latitude=montmorot.latitude,
        min_age=3,
        max_age=90,
        day=start.astimezone(ZoneInfo("Europe/Paris")).date(),
        daily_cap=4,
        booked_that_day=0,
        load=0.0,
        minimum_notice=timedelta(minutes=20),
        patient_sex="female",
        languages=frozenset({"fr", "ar"}),
        step_free=False,
        weekly_cap=9,
        booked_that_week=0,
        price=0.0,
        outside_hours=False,
        neighbour=False,
    )


def test_each_slot_has_its_own_day_whether_or_not_anything_hangs_on_it(town: Town) -> None:
    for volunteer in (town.volunteer(), town.volunteer(daily_cap=1)):
        for hours in (1, 14, 25):  # Monday 10 h and 23 h, Tuesday 10 h
            town.slot(volunteer, hours=hours)
    assert [slot.day.day for slot in read(town).in_order()] == [23, 23, 23, 23, 24, 24]


def test_columns_are_judged_as_the_slots_they_stand_for(house: House, town: Town) -> None:
    for number in range(12):
        volunteer = town.volunteer(
            commune=(MONTMOROT, DOLE)[number % 2],
            daily_cap=(None, 1, 2)[number % 3],
            weekly_cap=(None, 2)[number % 2],
            min_age=(None, 80)[number % 4 == 3],
        )
        for hours in (1, 5, 26):
            town.slot(volunteer, hours=hours + number / 4, places=1 + number % 2)
    for number in range(20):
        town.request(need={"delay_hours": (4, 24, 48)[number % 3]})
    rules, now = rules_of(town), town.clock.now
    needs, agenda = needs_of(town), read(town)
    made = list(agenda)[::-1]  # one by one, and in another order

    assert assign(needs, agenda, rules.weights, now, rules.limits, rules.roads) == assign(
        needs, made, rules.weights, now, rules.limits, rules.roads
    )
    for need in needs[:4]:
        assert candidates(need, agenda, rules.weights, now) == candidates(
            need, made, rules.weights, now
        )


def test_what_nobody_asks_for_is_only_counted(house: House, town: Town) -> None:
    town.slot()
    for profession in ("60", "70"):
        town.slot(town.volunteer(profession=profession, specialty=None))
    town.request()
    needs = needs_of(town)

    agenda = read(town, needs)

    assert (len(agenda), len(agenda.elsewhere)) == (1, 2)
    rules = rules_of(town)
    whole = candidates(needs[0], read(town), rules.weights, town.clock.now)
    assert candidates(needs[0], agenda, rules.weights, town.clock.now) == whole
    assert whole.refused == {"profession": 2}


def test_what_starts_a_day_after_every_delay_is_not_looked_at(house: House, town: Town) -> None:
    town.slot(hours=47)
    town.slot(hours=49)
    town.request(need={"delay_hours": 24})
    assert len(read(town, needs_of(town))) == 1
    town.request(need={"delay_hours": 48})
    assert len(read(town, needs_of(town))) == 2
    assert len(read(town)) == 2


def test_of_what_nobody_asks_for_each_start_is_kept_in_order(house: House, town: Town) -> None:
    nurses = [town.volunteer(profession="60", specialty=None) for _ in range(2)]
    for nurse, hours in ((nurses[0], 30), (nurses[0], 3), (nurses[1], 3), (nurses[1], 49)):
        town.slot(nurse, hours=hours)
    town.request(need={"delay_hours": 24})
    at_3, at_30 = town.in_hours(3).timestamp(), town.in_hours(30).timestamp()
    assert read(town, needs_of(town)).elsewhere.tolist() == [at_3, at_3, at_30]


def test_who_no_longer_volunteers_offers_nothing(house: House, town: Town) -> None:
    volunteer = town.volunteer()
    town.slot(volunteer)
    with house.db.writing() as session:
        session.get_one(Practitioner, volunteer.id).active = False
    assert len(read(town)) == 0


def test_load_is_what_was_booked_of_what_was_offered_lately_and_until_tomorrow(
    house: House, town: Town, clock: FakeClock
) -> None:
    volunteer = town.volunteer()
    for hours in (1, 2, 3):
        town.slot(volunteer, hours=hours)
    town.request()
    keep_promises(house)
    assert {slot.load for slot in read(town)} == {1 / 3}

    # what lies behind counts on, what lies further ahead than a day not yet
    clock.advance(hours=6)
    town.slot(volunteer, hours=1)
    town.slot(volunteer, hours=1 + AHEAD / timedelta(hours=1))
    assert {slot.load for slot in read(town)} == {1 / 4}

    clock.advance(hours=PERIOD / timedelta(hours=1))
    town.slot(volunteer, hours=1)
    # of all these only the last one, and the one after that first day, ended less than 28 days ago
    assert {slot.load for slot in read(town)} == {0.0}


def test_a_request_s_own_wishes_are_read_with_the_territory_s_radius(
    house: House, town: Town, clock: FakeClock
) -> None:
    town.request(
        patient={"sex": "female"},
        need={"language": "ar", "needs_step_free": True, "travel_km": 3},
    )
    clock.advance(minutes=1)
    town.request(need={"radius_km": 20})
    first, second = needs_of(town)
    assert (first.sex, first.language, first.needs_step_free, first.travel_km) == (
        "female",
        "ar",
        True,
        3,
    )
    assert (first.radius_km, first.enlarged_km) == (30.0, 45.0)  # the Jura's
    assert (second.radius_km, second.enlarged_km) == (20.0, 30.0)  # its own, and half of it
    with house.db.writing() as session:
        session.get_one(Territory, town.territory_id).settings = {"radius_km": 10, "enlarge_km": 2}
    first, second = needs_of(town)
    assert (first.radius_km, first.enlarged_km) == (10.0, 12.0)
    assert (second.radius_km, second.enlarged_km) == (20.0, 22.0)


def test_a_departement_without_a_radius_has_no_limit(house: House, clock: FakeClock) -> None:
    mayotte = Town.found(house, clock, "mayotte", "Indian/Mayotte", "976", "02 69 01 00 01")
    rules = rules_of(mayotte)
    assert (rules.radius_km(), rules.enlarged_km()) == (float("inf"), float("inf"))
