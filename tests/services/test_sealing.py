"""Each day of the log is sealed; whoever changes it afterwards, by whatever means, is found out."""

import uuid
from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import Executable, insert, select, text, update

from dispatcher.domain.events import UserSignedIn
from dispatcher.domain.jobs import Job
from dispatcher.services import sealing
from dispatcher.services.house import House
from dispatcher.services.sealing import Verdict, seal_log, verify_log
from dispatcher.storage import keeping
from dispatcher.storage.append_only import unprotect
from dispatcher.storage.log import DaySeal, LoggedEvent
from tests.builders import Town
from tests.fakes.clock import FakeClock

MONDAY, TUESDAY, WEDNESDAY = (date(2026, 11, day) for day in (23, 24, 25))


def seal(house: House) -> int:
    with house.db.writing() as session:
        keeping.promise_once(session, Job.SEAL_LOG, str(uuid.uuid4()), house.clock(), house.clock())
    (ring,) = [ring for ring in keeping.due(house.db, 100) if ring.job == Job.SEAL_LOG]
    claim = keeping.claim(house.db, ring.promise_id, 20)
    assert claim is not None
    return seal_log(house, claim)


@pytest.fixture
def sealed(house: House, town: Town, clock: FakeClock) -> House:
    """Three days, events on Monday and Wednesday, all sealed; it is Thursday, 04:10 in Paris."""
    town.request()
    clock.advance(days=2)
    town.request()
    town.request()
    clock.now = datetime.fromisoformat("2026-11-26T03:10:00+00:00")
    assert seal(house) == 3
    return house


def seals(house: House) -> list[tuple[date, int]]:
    with house.db.reading() as session:
        return [
            (row.day, row.events) for row in session.scalars(select(DaySeal).order_by(DaySeal.day))
        ]


def tamper(house: House, *statements: str | Executable) -> None:
    """As somebody who owns the database can: the triggers taken away first."""
    with house.db.engine.begin() as connection:
        unprotect(connection, "event_log")
        unprotect(connection, "day_seals")
        for statement in statements:
            connection.execute(text(statement) if isinstance(statement, str) else statement)


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def test_every_day_that_is_over_is_sealed_the_quiet_ones_too(sealed: House) -> None:
    # a founded territory has its regulator's account: user_created, then a request
    assert seals(sealed) == [(MONDAY, 2), (TUESDAY, 0), (WEDNESDAY, 2)]
    assert verify_log(sealed) == Verdict(days=3, events=4, broken=())


def test_a_day_is_sealed_once_and_not_before_its_last_transactions_have_settled(
    house: House, town: Town, clock: FakeClock
) -> None:
    town.request()
    clock.now = datetime.fromisoformat("2026-11-24T00:59:59+00:00")
    assert seal(house) == 0
    clock.advance(seconds=1)  # one hour after midnight in UTC
    assert seal(house) == 1
    assert seal(house) == 0

    clock.advance(days=10)
    assert seal(house) == 10
    assert verify_log(house).broken == ()


def test_a_seal_that_was_removed_or_never_made_is_missed(sealed: House, clock: FakeClock) -> None:
    """Whoever removes the last seals to have the days sealed anew is found out."""
    kept = verify_log(sealed).digest
    assert len(kept) == 64
    tamper(sealed, "DELETE FROM day_seals WHERE day = '2026-11-25'")
    clock.advance(days=2)

    verdict = verify_log(sealed)

    assert verdict.broken == ()
    assert WEDNESDAY in verdict.unsealed
    assert verdict.digest != kept  # what was kept elsewhere tells


def test_an_empty_log_has_nothing_to_seal(house: House) -> None:
    assert seal(house) == 0
    assert verify_log(house) == Verdict(days=0, events=0, broken=())


def test_what_happens_today_does_not_break_the_seals_of_before(
    sealed: House, town: Town, clock: FakeClock
) -> None:
    town.request()

    assert verify_log(sealed).broken == ()


CHANGES = [
    "UPDATE event_log SET kind = 'request_unfilled' WHERE id = 3",
    "UPDATE event_log SET data = '{}' WHERE id = 3",
    "UPDATE event_log SET actor_kind = 'patient' WHERE id = 3",
    "UPDATE event_log SET actor_id = NULL WHERE id = 3",
    "UPDATE event_log SET request_id = NULL WHERE id = 3",
    "UPDATE event_log SET occurs_at = at WHERE id = 3",
    "UPDATE event_log SET territory_id = request_id WHERE id = 3",
    "DELETE FROM event_log WHERE id = 3",
    "UPDATE day_seals SET digest = 'f' WHERE events = 2 AND day > '2026-11-24'",
    "UPDATE day_seals SET events = 3 WHERE day > '2026-11-24'",
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_or_removed_row_is_found_on_its_day(sealed: House, change: str) -> None:
    tamper(sealed, change)

    assert verify_log(sealed).broken == (WEDNESDAY,)


@pytest.mark.parametrize("day", [WEDNESDAY, TUESDAY, date(2026, 11, 20)])
def test_a_row_that_was_slipped_in_is_found(sealed: House, day: date) -> None:
    """Among others, on a quiet day, and before the first day of all."""
    row = {"id": 99, "territory_id": uuid.uuid4(), "kind": "user_signed_in", "at": noon(day)}
    tamper(sealed, insert(LoggedEvent).values(row | {"actor_kind": "clock", "data": {}}))

    assert verify_log(sealed).broken == (day,)


def test_a_row_moved_to_another_day_breaks_both(sealed: House) -> None:
    tamper(sealed, update(LoggedEvent).where(LoggedEvent.id == 3).values(at=noon(TUESDAY)))

    assert verify_log(sealed).broken == (TUESDAY, WEDNESDAY)


def test_two_rows_that_change_places_are_found(sealed: House) -> None:
    tamper(
        sealed,
        "UPDATE event_log SET id = 99 WHERE id = 3",
        "UPDATE event_log SET id = 3 WHERE id = 4",
        "UPDATE event_log SET id = 4 WHERE id = 99",
    )

    assert verify_log(sealed).broken == (WEDNESDAY,)


def test_a_day_whose_seal_was_taken_away_breaks_the_next_one(sealed: House) -> None:
    """Without Tuesday's seal, Wednesday's no longer stands on what it was made on."""
    tamper(sealed, "DELETE FROM day_seals WHERE day = '2026-11-24'")

    assert verify_log(sealed).broken == (WEDNESDAY,)


def test_a_forged_day_sealed_again_breaks_the_day_after(sealed: House) -> None:
    """Somebody rewrites Monday and makes its seal anew, as only the chain gives away."""
    tamper(sealed, "UPDATE event_log SET kind = 'request_unfilled' WHERE id = 2")
    with sealed.db.reading() as session:
        digest, _, _ = sealing._digest(session, MONDAY, sealing.GENESIS)
    with sealed.db.engine.begin() as connection:
        connection.execute(
            text("UPDATE day_seals SET digest = :digest WHERE day = '2026-11-23'"),
            {"digest": digest},
        )

    assert verify_log(sealed).broken == (TUESDAY,)


def test_five_thousand_events_are_sealed_in_the_order_in_which_they_came(
    house: House, town: Town, clock: FakeClock
) -> None:
    """More rows than are read at a time."""
    with house.db.transaction(town.territory_id, town.regulator.actor) as unit:
        for number in range(5000):
            unit.record(UserSignedIn(user_id=uuid.UUID(int=number)))
    clock.advance(days=1, hours=2)

    assert seal(house) == 1
    assert verify_log(house) == Verdict(days=1, events=5001, broken=())
    with house.db.reading() as session:
        last = session.scalars(select(LoggedEvent.id).order_by(LoggedEvent.id.desc())).first()
        assert session.scalars(select(DaySeal.last_event_id)).one() == last


def test_seals_look_a_day_up_and_do_not_read_the_whole_log(sealed: House) -> None:
    """A year has 365 days: each of them reading three million rows would take all night."""
    look_up = "SELECT * FROM event_log WHERE at >= '2026-11-23' AND at < '2026-11-24'"
    is_sqlite = sealed.db.engine.dialect.name == "sqlite"
    with sealed.db.engine.connect() as connection:
        if not is_sqlite:  # PostgreSQL reads the whole of a small table whatever there is
            connection.execute(text("SET enable_seqscan = off"))
        how = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN "
        plan = connection.execute(text(how + look_up)).all()

    assert "events_by_instant" in str(plan)
