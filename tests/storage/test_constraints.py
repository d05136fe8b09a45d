"""The tables themselves refuse a double booking, whatever code would write it."""

import uuid
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatcher.storage.accounts import User
from dispatcher.storage.messages import Message
from dispatcher.storage.promises import Promise
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.slots import Slot
from dispatcher.storage.unit import Database
from tests.builders import Town


@pytest.fixture
def slot(town: Town) -> UUID:
    """A slot of three places."""
    return town.slot(places=3, minutes=180)


@pytest.fixture
def asked(town: Town) -> UUID:
    return town.request()


@pytest.fixture
def db(town: Town) -> Database:
    return town.house.db


def change_slot(db: Database, slot: UUID, **values: object) -> None:
    with db.writing() as session:
        session.execute(update(Slot).where(Slot.id == slot).values(**values))


def appointment(town: Town, request: UUID, slot: UUID, **changes: object) -> Appointment:
    held = town.the_slot(slot)
    values: dict[str, object] = {
        "id": uuid.uuid4(),
        "territory_id": town.territory_id,
        "request_id": request,
        "slot_id": slot,
        "practitioner_id": held.practitioner_id,
        "status": "booked",
        "start_at": held.start_at,
        "ends_at": held.ends_at,
        "distance_km": 1.5,
        "terms": [],
        "decided_by": "engine",
        "link_digest": uuid.uuid4().hex,
        "booked_at": town.clock.now,
    }
    return Appointment(**(values | changes))


@pytest.mark.parametrize(
    "values",
    [
        {"taken": 4},  # more than the places
        {"taken": -1},
        {"places": 0},
        {"places": -1},
        {"taken": 3},  # all taken and still open: the engine would go on proposing it
    ],
)
def test_a_slot_cannot_be_over_its_places(
    db: Database, slot: UUID, values: dict[str, object]
) -> None:
    with pytest.raises(IntegrityError):
        change_slot(db, slot, **values)


def test_a_slot_may_be_filled_to_its_places(db: Database, slot: UUID) -> None:
    """The companion: up to there the constraints let through."""
    change_slot(db, slot, taken=2)
    change_slot(db, slot, taken=3, status="full")
    change_slot(db, slot, taken=1, status="closed")


def test_places_cannot_sink_below_what_is_taken(db: Database, slot: UUID) -> None:
    change_slot(db, slot, taken=2)

    with pytest.raises(IntegrityError):
        change_slot(db, slot, places=1)


def test_a_slot_cannot_end_before_it_starts(town: Town, slot: UUID) -> None:
    with pytest.raises(IntegrityError):
        change_slot(town.house.db, slot, ends_at=town.the_slot(slot).start_at)


def test_a_request_has_one_live_appointment(town: Town, db: Database, slot: UUID) -> None:
    request = town.request()
    with db.writing() as session:
        session.add(appointment(town, request, slot))

    for status in ("booked", "confirmed", "fulfilled", "no_show"):
        with pytest.raises(IntegrityError), db.writing() as session:
            session.add(appointment(town, request, slot, status=status))
    with db.writing() as session:
        session.add(appointment(town, request, slot, status="cancelled"))
        session.add(appointment(town, request, slot, status="cancelled"))


def test_a_cancelled_appointment_cannot_be_revived_beside_another(
    town: Town, db: Database, asked: UUID, slot: UUID
) -> None:
    old = appointment(town, asked, slot, status="cancelled")
    with db.writing() as session:
        session.add_all([old, appointment(town, asked, slot)])

    with pytest.raises(IntegrityError), db.writing() as session:
        session.execute(update(Appointment).where(Appointment.id == old.id).values(status="booked"))


def test_two_live_requests_of_a_territory_never_share_a_code(town: Town, db: Database) -> None:
    one, other = town.request(), town.request()
    code = town.the_request(one).code

    def take_its_code() -> None:
        with db.writing() as session:
            session.execute(update(CareRequest).where(CareRequest.id == other).values(code=code))

    with pytest.raises(IntegrityError):
        take_its_code()
    with db.writing() as session:
        session.execute(update(CareRequest).where(CareRequest.id == one).values(status="fulfilled"))
    take_its_code()  # closed requests give their code free


def test_a_message_is_written_once_for_its_purpose_and_known_once_by_its_number(
    town: Town, db: Database
) -> None:
    def message(**changes: object) -> Message:
        values: dict[str, object] = {
            "id": uuid.uuid4(),
            "territory_id": town.territory_id,
            "direction": "out",
            "kind": "help",
            "phone": "k1:x",
            "phone_hash": "x",
            "body": "k1:x",
            "status": "queued",
            "created_at": town.clock.now,
            "updated_at": town.clock.now,
        }
        return Message(**(values | changes))

    with db.writing() as session:
        session.add(message(purpose="confirmation:1", provider_sid="SM1"))
        session.add(message(purpose=None, provider_sid=None))
        session.add(message(purpose=None, provider_sid=None))

    for twin in (message(purpose="confirmation:1"), message(provider_sid="SM1")):
        with pytest.raises(IntegrityError), db.writing() as session:
            session.add(twin)


def test_recurring_work_is_promised_once_under_its_key(db: Database) -> None:
    def promise(key: str | None) -> Promise:
        return Promise(
            id=uuid.uuid4(),
            job="seal_log",
            ids={},
            key=key,
            due_at=db.clock(),
            created_at=db.clock(),
        )

    with db.writing() as session:
        session.add_all([promise("seal_log:2026-11-23"), promise(None), promise(None)])

    with pytest.raises(IntegrityError), db.writing() as session:
        session.add(promise("seal_log:2026-11-23"))


@pytest.mark.parametrize(
    "write",
    [
        lambda s, row: s.execute(insert(Slot).values(row | {"practitioner_id": uuid.uuid4()})),
        lambda s, row: s.execute(insert(Slot).values(row | {"place_id": uuid.uuid4()})),
        lambda s, row: s.execute(insert(Slot).values(row | {"territory_id": uuid.uuid4()})),
    ],
)
def test_a_row_cannot_refer_to_what_does_not_exist(
    town: Town, db: Database, slot: UUID, write: Callable[[Session, dict[str, object]], None]
) -> None:
    """Foreign keys hold on SQLite too, where they are off unless asked for."""
    held = town.the_slot(slot)
    row = {column.key: getattr(held, column.key) for column in Slot.__table__.columns}

    with pytest.raises(IntegrityError), db.writing() as session:
        write(session, row | {"id": uuid.uuid4()})


def test_a_practitioners_account_names_its_practitioner(town: Town, db: Database) -> None:
    with pytest.raises(IntegrityError), db.writing() as session:
        session.execute(
            update(User).where(User.id == town.regulator.user_id).values(role="practitioner")
        )


def test_the_constraints_are_in_the_database_and_not_only_in_the_models(
    db: Database, slot: UUID
) -> None:
    """The companion: raw SQL, which no model sees, is refused as well."""
    with pytest.raises(IntegrityError), db.writing() as session:
        session.execute(
            text(
                "INSERT INTO slots (id, territory_id, practitioner_id, place_id, start_at, ends_at,"
                " places, taken, modality, visibility, status, published_at)"
                " SELECT :id, territory_id, practitioner_id, id, '2026-11-23 10:00:00+00:00',"
                " '2026-11-23 11:00:00+00:00', 1, 2, 'AMB', '[]', 'full',"
                " '2026-11-23 08:00:00+00:00' FROM places"
            ),
            {"id": uuid.uuid4().hex},
        )
