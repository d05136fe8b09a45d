"""The companion of `tests/invariants.py`: all it looks for is planted, and found.

Each plant is one small change of a house in order, written into its tables and taken back.
"""

import ast
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, text

from dispatcher.domain.calendar import period
from dispatcher.reads.activity import activity
from dispatcher.services.day_counts import recount_all_days
from dispatcher.services.house import House
from dispatcher.storage.append_only import unprotect
from tests import invariants, recount
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.invariants import check, violations
from tests.services.offering import PARIS, asked_volunteer, waits

TWIN_COLUMNS = (
    "territory_id, request_id, slot_id, practitioner_id, status, start_at, ends_at, terms,"
    " decided_by, booked_at"
)
TWIN = (
    "DROP INDEX one_live_appointment_per_request;"  # noqa: S608 - names above
    f"INSERT INTO appointments (id, link_digest, {TWIN_COLUMNS})"
    f" SELECT :new, 'twin', {TWIN_COLUMNS} FROM appointments"
)
PLANTS: Mapping[str, Sequence[str]] = {
    "UPDATE event_log SET request_id = :new"
    " WHERE kind = 'request_opened' AND request_id = :waiting": [
        "I1: events of request …, which does not exist",
        "I1: request … was not opened exactly once",
    ],
    "UPDATE care_requests SET status = 'searching' WHERE status = 'offering'": [
        "I1: request … is searching, its history says offering"
    ],
    "UPDATE care_requests SET status = 'offering' WHERE status = 'booked'": [
        "I1: request … is offering, its history says booked",
        "I3: request … is offering with appointments ['booked']",
    ],
    "UPDATE event_log SET appointment_id = (SELECT id FROM appointments)"
    " WHERE kind IN ('search_found_nothing', 'volunteers_asked');"
    "UPDATE event_log SET kind = 'appointment_fulfilled' WHERE kind = 'search_found_nothing';"
    "UPDATE event_log SET kind = 'appointment_confirmed' WHERE kind = 'volunteers_asked'": [
        "I1: appointment … is booked, its history says confirmed",
        "I1: appointment … went from fulfilled to confirmed",
        "I1: request … is offering, its history says fulfilled",
        "I1: request … went from searching to fulfilled",
    ],
    "UPDATE appointments SET status = 'confirmed'": [
        "I1: appointment … is confirmed, its history says booked"
    ],
    "UPDATE messages SET purpose = 'x' WHERE kind = 'confirmation'": [
        "I1: nobody was told confirmation:…"
    ],
    "UPDATE messages SET purpose = 'x' WHERE kind = 'practitioner_notice'": [
        "I1: nobody was told practitioner_notice:…"
    ],
    "UPDATE slots SET taken = 0, status = 'open'": ["I2: slot … says 0 taken, 1 are"],
    "UPDATE slots SET places = 2": ["I2: slot … is full with 1 of 2"],
    "UPDATE slots SET places = 2, status = 'open'": [],
    TWIN: [
        "I1: appointment … was not booked exactly once",
        "I1: nobody was told confirmation:…",
        "I1: nobody was told practitioner_notice:…",
        "I2: slot … is over its 1 places",
        "I2: slot … says 1 taken, 2 are",
        "I3: request … has 2 appointments",
    ],
    "UPDATE care_requests SET status = 'booked' WHERE status = 'offering'": [
        "I1: request … is booked, its history says offering",
        "I3: request … is booked with appointments []",
        "I8: request … is booked with 1 offers open",
    ],
    "DROP INDEX one_live_request_per_code; UPDATE care_requests SET code = '1234'": [
        "I3: 2 live requests have the code 1234"
    ],
    "UPDATE offers SET status = 'accepted'": [
        "I8: request … knows the yes '', its offers say ['…']"
    ],
    "UPDATE care_requests SET accepted_offer_id = :new WHERE status = 'booked'": [
        "I8: request … knows the yes '…', its offers say []"
    ],
    "UPDATE messages SET status = 'queued' WHERE kind = 'confirmation'": [
        "I4: message … (confirmation) is owed: queued",
        "I4: message … is queued, its history says sent",
        "I4: message … is queued, the provider has it",
    ],
    "INSERT INTO event_log (territory_id, kind, at, actor_kind, data)"
    " SELECT territory_id, kind, at, actor_kind, data FROM event_log"
    " WHERE kind = 'message_progressed'": ["I4: message … went from sent to sent"],
    "UPDATE promises SET dead_at = due_at WHERE done_at IS NOT NULL": [
        "I5: promise … (…) is done and dead"
    ],
    "UPDATE promises SET done_at = NULL, dead_at = due_at WHERE job = 'send_message'": [
        "I5: promise … (…) is dead: None"
    ],
    "UPDATE promises SET done_at = NULL, lease_until = due_at, attempts = 1"
    " WHERE job = 'send_message'": ["I5: promise … (…) is still held, 1 attempts"],
    "UPDATE promises SET done_at = NULL WHERE job = 'send_message'": [
        "I5: promise … (…) is due since …"
    ],
    """UPDATE day_counts SET facts = '{"counts": {"requests": 3, "booked": 1, "live": 1}}'""": [
        "I6: … is kept with 0 slots_opened, the log says 1",
        "I6: … is kept with 0 slots_used, the log says 1",
        "I6: … is kept with 0 within_delay, the log says 1",
        "I6: … is kept with 3 requests, the log says 2",
    ],
    "DELETE FROM event_log WHERE kind = 'appointment_booked'": [
        "I1: appointment … was not booked exactly once",
        "I1: request … is booked, its history says searching",
        "I6: the period shows 1 booked, the log says 0",
        "I6: the period shows 1 live, the log says 2",
        "I6: the period shows 1 slots_used, the log says 0",
        "I6: the period shows 1 within_delay, the log says 0",
        "I6: … is kept with 1 booked, the log says 0",
        "I6: … is kept with 1 live, the log says 2",
        "I6: … is kept with 1 slots_used, the log says 0",
        "I6: … is kept with 1 within_delay, the log says 0",
        "I6: … shows 1 booked, the log says 0",
        "I6: … shows 1 live, the log says 2",
        "I6: … shows 1 slots_used, the log says 0",
        "I6: … shows 1 within_delay, the log says 0",
    ],
}
IDS = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}")
MOMENTS = re.compile(r"\d{4}-\d\d-\d\d([ T][0-9:.+]+)?")
JOBS = re.compile(r"(?<=promise … )\([a-z_]+\)")


def said(lines: Iterable[str]) -> list[str]:
    """The sentences, each once, without what changes from run to run."""
    short = (MOMENTS.sub("…", IDS.sub("…", line)) for line in lines)
    return sorted({JOBS.sub("(…)", line) for line in short})


class Story:
    """One request booked, one for which a volunteer is asked, all told, the days counted."""

    def __init__(self, house: House, town: Town, clock: FakeClock, sms: FakeSms) -> None:
        town.slot()
        self.booked = town.request()
        keep_promises(house)
        asked_volunteer(town)
        self.waiting = waits(town, clock)
        self.taken = [each.message.message_id for each in sms.taken]
        clock.advance(minutes=5)
        recount_all_days(house, town.territory_id)
        today = clock.now.astimezone(PARIS).date()
        shown = activity(house.db, town.territory_id, period(today, today, PARIS)).as_json()
        self.told: dict[str, Any] = {
            "settled": True,
            "accepted": self.taken,
            "served": {town.territory_id: shown},
        }
        self.house = house
        check(house.db.engine, house.clock(), **self.told)

    def broken_by(self, statements: str = "", **told: Any) -> list[str]:
        """What is found after these statements, which are then taken back."""
        values = {"booked": self.booked, "waiting": self.waiting, "new": uuid4()}
        with self.house.db.engine.connect() as connection:
            unprotect(connection, "event_log")
            for statement in filter(None, statements.split(";")):
                _run(connection, statement, values)
            found = violations(connection, self.house.clock(), **(self.told | told))
            connection.rollback()
        return said(found)


def _run(connection: Connection, statement: str, values: Mapping[str, UUID]) -> None:
    is_sqlite = connection.dialect.name == "sqlite"
    written = {name: value.hex if is_sqlite else value for name, value in values.items()}
    used = {name: value for name, value in written.items() if f":{name}" in statement}
    connection.execute(text(statement), used)


@pytest.fixture
def story(house: House, town: Town, clock: FakeClock, sms: FakeSms) -> Story:
    """A house in order."""
    return Story(house, town, clock, sms)


def test_what_is_planted_is_found_and_nothing_else_is_said(story: Story) -> None:
    assert {plant: story.broken_by(plant) for plant in PLANTS} == PLANTS


BY_PROVIDER_AND_CALLERS = [
    "I4: message … is sent, the provider never saw it",
    "I4: message … was sent 2 times",
    "I4: the provider took …, which is none of ours",
    "I7: request … was answered and is not there",
]


def test_what_provider_and_callers_know_is_held_against_what_we_say(story: Story) -> None:
    never, twice, foreign, lost = BY_PROVIDER_AND_CALLERS
    first, *others = story.taken

    assert story.broken_by(accepted=others) == [never]
    assert story.broken_by(accepted=[first, first, *others]) == [twice]
    assert story.broken_by(accepted=[first, *others, uuid4()]) == [foreign]
    assert story.broken_by(answered=[uuid4(), story.booked]) == [lost]


def test_what_is_due_later_is_no_violation_until_it_is_late(story: Story) -> None:
    now, engine = story.house.clock(), story.house.db.engine
    check(engine, now, settled=True)

    with pytest.raises(AssertionError, match="is due since"):
        check(engine, now + timedelta(days=2), settled=True)


def test_a_day_of_which_more_was_said_since_it_was_counted_is_not_held_to_it(
    story: Story, town: Town
) -> None:
    """Readers count it afresh, and the kept figures are thrown away at the next count."""
    town.request()
    keep_promises(story.house)

    check(story.house.db.engine, story.house.clock(), settled=True)


def sentences_of(source: str) -> list[str]:
    """All that a checker may say, as patterns."""
    return [
        "".join(
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".*"
            for part in each.value.values
        )
        for each in ast.walk(ast.parse(source))
        if isinstance(each, ast.Yield) and isinstance(each.value, ast.JoinedStr)
    ]


def never_planted(source: str, planted: Iterable[str]) -> list[str]:
    """The checker's sentences that no plant has it say."""
    known = list(planted)
    return [
        pattern
        for pattern in sentences_of(source)
        if not any(re.fullmatch(pattern, line) for line in known)
    ]


def test_every_violation_that_the_checker_looks_for_is_planted() -> None:
    source = Path(invariants.__file__).read_text("utf-8")
    yields = [each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.Yield)]
    planted = [line for lines in PLANTS.values() for line in lines] + BY_PROVIDER_AND_CALLERS

    assert len(sentences_of(source)) == len(yields) >= 25
    assert never_planted(source, planted) == []
    one_more = source + '\n\ndef _more():\n    yield f"I9: slot {1} floats"\n'
    assert never_planted(one_more, planted) == [r"I9:\ slot\ .*\ floats"]


@pytest.mark.parametrize("module", [invariants, recount])
def test_the_checker_shares_no_code_with_what_it_checks(module: ModuleType) -> None:
    source = Path(str(module.__file__)).read_text("utf-8")
    rooms = set(re.findall(r"^ *(?:from|import) ([\w.]+)", source, re.MULTILINE))

    assert {room for room in rooms if room.startswith("tests")} <= {"tests.recount"}
    assert {room.partition(".")[0] for room in rooms} <= {
        *(sys.stdlib_module_names),
        *("sqlalchemy", "tests"),
    }
