"""The companion of `tests/invariants.py`: each invariant is broken on purpose, and found."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from dispatcher.services.house import House
from dispatcher.storage.append_only import unprotect
from tests.builders import Town
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.invariants import check, violations


@pytest.fixture
def story(house: House, town: Town) -> House:
    """One request booked, one waiting, everybody told: nothing to complain of."""
    town.slot()
    for _ in range(2):
        town.request()
    keep_promises(house)
    check(house.db.engine, house.clock(), settled=True)
    return house


def broken_by(house: House, *statements: str) -> list[str]:
    """The invariants that do not hold any more, by their number."""
    with house.db.engine.begin() as connection:
        unprotect(connection, "event_log")
        for statement in statements:
            connection.execute(text(statement))
    found = violations(house.db.engine, house.clock(), settled=True)
    return sorted({line[:2] for line in found})


@pytest.mark.parametrize(
    ("statement", "numbers"),
    [
        ("UPDATE care_requests SET status = 'open' WHERE status = 'searching'", ["I1"]),
        ("UPDATE appointments SET status = 'confirmed'", ["I1"]),
        ("DELETE FROM event_log WHERE kind = 'request_opened'", ["I1"]),
        ("DELETE FROM event_log WHERE kind = 'appointment_booked'", ["I1"]),
        ("UPDATE event_log SET kind = 'request_cancelled' WHERE kind = 'request_opened'", ["I1"]),
        ("UPDATE messages SET purpose = 'x' WHERE kind = 'confirmation'", ["I1"]),
        ("UPDATE slots SET taken = 0, status = 'open'", ["I2"]),
        ("UPDATE slots SET places = 2", ["I2"]),
        ("UPDATE slots SET places = 2, status = 'open'", []),
        ("UPDATE care_requests SET status = 'searching' WHERE status = 'booked'", ["I1", "I3"]),
        ("UPDATE messages SET status = 'queued' WHERE kind = 'confirmation'", ["I4"]),
        ("UPDATE promises SET done_at = NULL WHERE job = 'send_message'", ["I5"]),
        ("UPDATE promises SET done_at = NULL, dead_at = due_at", ["I5"]),
    ],
)
def test_what_is_broken_is_found_under_its_number(
    story: House, statement: str, numbers: list[str]
) -> None:
    assert broken_by(story, statement) == numbers


def test_two_live_appointments_of_a_request_are_found(story: House) -> None:
    drop = "DROP INDEX one_live_appointment_per_request"
    columns = (
        "territory_id, request_id, slot_id, practitioner_id, status, start_at, ends_at, terms,"
        " decided_by, booked_at"
    )
    row = uuid4()
    written = row.hex if story.db.engine.dialect.name == "sqlite" else str(row)
    twin = (
        f"INSERT INTO appointments (id, link_digest, {columns})"  # noqa: S608 - names above
        f" SELECT '{written}', 'twin', {columns} FROM appointments"
    )

    assert "I3" in broken_by(story, drop, twin)


def test_what_the_provider_took_is_held_against_what_we_say(story: House, sms: FakeSms) -> None:
    taken = [each.message.message_id for each in sms.taken]

    def found(accepted: list[UUID]) -> list[str]:
        return violations(story.db.engine, story.clock(), accepted=accepted)

    assert found(taken) == []
    assert "was sent 2 times" in found([*taken, taken[0]])[0]
    assert "none of ours" in found([*taken, uuid4()])[0]
    assert "never saw it" in found(taken[1:])[0]


def test_what_was_answered_and_is_not_there_is_found(story: House, town: Town) -> None:
    lost = uuid4()

    (found,) = violations(story.db.engine, story.clock(), answered=[lost, town.request()])

    assert found == f"I7: request {lost} was answered and is not there"


def test_what_is_due_later_is_no_violation(story: House) -> None:
    """The look at the waiting request is owed for tomorrow: nothing is late, until it is."""
    now = story.clock()

    assert violations(story.db.engine, now, settled=True) == []
    assert violations(story.db.engine, now + timedelta(days=2), settled=True) != []
