"""A country: one territory that the services wrote, multiplied by SQL within PostgreSQL.

Ids of a copy are digests of the pattern's and of the copy's number, so that what points at
something points at its copy.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, Date, DateTime, Table, Uuid, text, update

from bench.p5_candidates import fill_slots
from dispatcher.services.appointments import record_attendance
from dispatcher.services.house import House
from dispatcher.storage.accounts import User
from dispatcher.storage.columns import Record, table_of
from dispatcher.storage.facts import CountedSpan, DayCount
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.messages import Message
from dispatcher.storage.patients import Patient
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.promises import Promise
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.slots import Slot
from dispatcher.storage.territories import Territory
from tests.builders import Town
from tests.fakes.bell import RecordingBell
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises, open_house

REQUESTS_A_DAY = 20
"""16,000 a day in 800 territories."""
PRACTITIONERS = 40
WAITING, TO_COME = 8, 12
HISTORY: tuple[type[Record], ...] = (
    *(Patient, CareRequest, Slot, Appointment),
    *(Message, Promise, LoggedEvent),
)
"""What each request leaves behind, those first that others point at."""
WHOLE: tuple[type[Record], ...] = (
    *(Territory, Practitioner, Place, User),
    *HISTORY,
    *(CountedSpan, DayCount),
)
PEOPLE = frozenset(
    {"territory_id", "practitioner_id", "place_id", "actor_id", "opened_by", "gp_id", "in_hand_of"}
)
"""Columns of ids that stay when a territory's days are multiplied."""
ONCE = frozenset({"login", "link_digest", "purpose", "provider_sid", "key"})
HASHES = frozenset({"phone_hash", "identity_hash"})
"""Of other people in each copy."""


def found(url: str, days: int, slots: int) -> str:
    """An ordinary territory: its past days, people who wait, and open slots. Returns its code."""
    clock = FakeClock(datetime.now(UTC) - timedelta(days=1))
    with open_house(url, clock=clock, sms=FakeSms(), bell=RecordingBell()) as house:
        town = Town.found(house, clock, code="pattern")
        volunteers = [town.volunteer() for _ in range(PRACTITIONERS)]
        for volunteer in volunteers[:REQUESTS_A_DAY]:
            town.slot(volunteer, hours=1)
        made = [town.request() for _ in range(REQUESTS_A_DAY)]
        keep_promises(house)
        clock.advance(hours=2)
        for request_id in made:
            appointment = town.the_appointment(request_id)
            assert appointment is not None
            record_attendance(house, town.regulator, appointment.id, came=True)
        keep_promises(house)
        settle(house)
        with house.db.writing() as session:
            session.execute(update(Slot).values(status="closed"))
            for model in HISTORY:
                multiply(session.connection(), model, range(1, days), kept=PEOPLE, is_past=True)
        clock.now = datetime.now(UTC)
        for volunteer in volunteers[:TO_COME]:
            town.slot(volunteer, hours=3)
        for _ in range(TO_COME):
            town.request()
        keep_promises(house)
        for _ in range(WAITING):
            town.request(need={"profession": "40"})  # of whom there is none
        keep_promises(house)
        fill_slots(house, town, volunteers, slots)
        settle(house)
    return town.code


def settle(house: House) -> None:
    """What is due or owed later is done, and told: copies of it would point at the pattern."""
    with house.db.writing() as session:
        session.execute(
            update(Promise).where(Promise.done_at.is_(None)).values(done_at=house.clock())
        )
        session.execute(
            update(Message).where(Message.status == "queued").values(status="delivered")
        )


def multiply(
    connection: Connection,
    model: type[Record],
    copies: range,
    *,
    territory_id: UUID | None = None,
    kept: Collection[str] = (),
    is_past: bool = False,
) -> None:
    """Copies of all rows, or of those of a territory; of the past, each a day earlier."""
    table = table_of(model)
    named = {
        column.name: _copied(table, column.name, kept, is_past=is_past)
        for column in table.columns
        if not (model is LoggedEvent and column.name == "id")
    }
    own = "id" if model is Territory else "territory_id"
    which = f"WHERE t.{own} = :territory" if territory_id else ""
    # no foreign key is looked up and no trigger called: all comes from rows that were
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    connection.execute(
        text(
            f"INSERT INTO {table.name} ({', '.join(named)})"  # noqa: S608 - names of ours
            f" SELECT {', '.join(named.values())} FROM {table.name} t,"
            f" generate_series(CAST(:first AS int), CAST(:last AS int)) n {which}"
        ),
        {"first": copies.start, "last": copies.stop - 1}
        | ({"territory": territory_id} if territory_id else {}),
    )


def _copied(table: Table, name: str, kept: Collection[str], *, is_past: bool) -> str:
    salt = "day" if is_past else "territory"
    kind = table.columns[name].type
    if isinstance(kind, Uuid) and name not in kept:
        return f"md5(t.{name}::text || '{salt}' || n)::uuid"
    if name in HASHES:
        return f"md5(t.{name} || '{salt}' || n)"
    if name in ONCE or (table.name, name) == ("territories", "code"):
        return f"t.{name} || '{salt}' || n"
    if is_past and isinstance(getattr(kind, "impl", kind), DateTime | Date):
        return f"t.{name} - n * interval '1 day'"
    return f"t.{name}"


def grow(house: House, pattern: UUID, copies: range) -> None:
    """More territories like the pattern; statistics are taken anew."""
    with house.db.writing() as session:
        session.execute(text("SET LOCAL synchronous_commit = off"))
        for model in WHOLE:
            multiply(session.connection(), model, copies, territory_id=pattern)
    with house.db.engine.connect() as connection:
        bare = connection.execution_options(isolation_level="AUTOCOMMIT")
        bare.execute(text("VACUUM (ANALYZE)"))
        bare.execute(text("CHECKPOINT"))  # what was written is not to be flushed meanwhile
