"""Who opened whose file: noted once an hour, never changed, kept a year, told to the person."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from config import retention
from dispatcher.domain.errors import UnavailableError
from dispatcher.domain.events import Actor, ActorKind
from dispatcher.domain.jobs import Job
from dispatcher.domain.openings import Way
from dispatcher.domain.roles import Role
from dispatcher.reads.openings import openings
from dispatcher.services.house import House
from dispatcher.services.openings import (
    opened_appointments,
    opened_patients,
    opened_requests,
)
from dispatcher.services.persons import export_person, persons_of
from dispatcher.storage import keeping
from dispatcher.storage.openings import FileOpening
from dispatcher.storage.patients import Patient
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises

PHONE, BORN = "06 39 98 44 01", date(1948, 7, 9)


def kept(house: House) -> list[FileOpening]:
    with house.db.reading() as session:
        query = select(FileOpening).order_by(FileOpening.opened_at, FileOpening.way)
        return list(session.scalars(query))


def test_an_opening_is_noted_once_for_each_reader_way_and_hour(
    house: House, town: Town, clock: FakeClock
) -> None:
    town.slot(town.volunteer())
    request = town.request(patient={"phone": PHONE, "birth_date": BORN})
    keep_promises(house)
    appointment = town.the_appointment(request)
    assert appointment is not None
    regulator, coordinator = town.regulator.actor, town.account(Role.COORDINATOR).actor
    for _ in range(3):
        opened_requests(house, regulator, Way.PAGE, [request])
        clock.advance(minutes=5)
    opened_requests(house, regulator, Way.ENTRY, [request])
    opened_patients(house, coordinator, Way.PAGE, [appointment_patient(house)])
    opened_appointments(house, regulator, Way.AGENDA, [appointment.id])
    clock.advance(hours=1)
    opened_requests(house, regulator, Way.PAGE, [request])
    opened_requests(house, regulator, Way.PAGE, [])

    told = [(each.kind, each.way, each.code) for each in openings(house.db, town.territory_id)]

    code = town.the_request(request).code
    assert told[0] == (ActorKind.REGULATOR, Way.PAGE, code)
    assert sorted(told[1:]) == sorted(
        [
            (ActorKind.REGULATOR, Way.PAGE, code),
            (ActorKind.REGULATOR, Way.ENTRY, code),
            (ActorKind.REGULATOR, Way.AGENDA, code),
            (ActorKind.COORDINATOR, Way.PAGE, None),
        ]
    )
    first = kept(house)[0]
    assert (first.hour, first.opened_at) == (clock.now - timedelta(hours=1, minutes=15),) * 2


def appointment_patient(house: House) -> UUID:
    with house.db.reading() as session:
        return session.scalars(select(Patient.id)).one()


def test_another_process_that_notes_the_same_changes_nothing(
    house: House, town: Town, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = town.request()
    opened_requests(house, town.regulator.actor, Way.PAGE, [request])
    before = [(each.opened_at, each.request_id) for each in kept(house)]
    monkeypatch.setattr("dispatcher.services.openings._REMEMBERED", {})
    clock.advance(minutes=20)
    opened_requests(house, town.regulator.actor, Way.PAGE, [request])
    assert [(each.opened_at, each.request_id) for each in kept(house)] == before


def test_a_file_is_shown_although_its_opening_cannot_be_noted(
    house: House, town: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    request = town.request()

    def away() -> None:
        raise UnavailableError

    with monkeypatch.context() as patch:
        patch.setattr(house.db, "writing", away)
        opened_requests(house, town.regulator.actor, Way.PAGE, [request])
    assert kept(house) == []
    opened_requests(house, town.regulator.actor, Way.PAGE, [request])  # and is noted the next time
    assert len(kept(house)) == 1


def test_openings_are_not_rewritten(house: House, town: Town) -> None:
    request = town.request()
    opened_requests(house, town.regulator.actor, Way.PAGE, [request])
    for statement in (
        "UPDATE file_openings SET actor_kind = 'patient'",
        "UPDATE file_openings SET opened_at = opened_at",
    ):
        with pytest.raises(DBAPIError, match="append-only"), house.db.writing() as session:
            session.execute(text(statement))
    if house.db.engine.dialect.name == "sqlite":  # what looks like an insert and is a change
        with house.db.writing() as session:
            session.execute(
                text(
                    "INSERT OR REPLACE INTO file_openings SELECT patient_id, actor_id, way, hour,"
                    " territory_id, 'patient', request_id, opened_at FROM file_openings"
                )
            )
    assert [each.actor_kind for each in kept(house)] == ["regulator"]


def test_openings_go_after_a_year(house: House, town: Town, clock: FakeClock) -> None:
    request = town.request()
    opened_requests(house, town.regulator.actor, Way.PAGE, [request])
    for days, left in ((364, 1), (2, 0)):
        clock.advance(days=days)
        with house.db.writing() as session:
            keeping.promise_once(
                session, Job.FORGET_OLD, f"forget:{clock.now}", clock.now, clock.now
            )
        keep_promises(house)
        assert len(kept(house)) == left
    assert timedelta(days=365) == retention.OPENINGS


def test_the_copy_of_a_person_says_who_opened_their_file(
    house: House, town: Town, clock: FakeClock
) -> None:
    request = town.request(patient={"phone": PHONE, "birth_date": BORN})
    opened_requests(house, town.regulator.actor, Way.PAGE, [request])
    clock.advance(minutes=1)

    (told,) = export_person(house, persons_of(house, town.code, PHONE, BORN))

    assert [(each["who"], each["role"], each["way"]) for each in told["openings"]] == [
        ("Ligne de commande", "operator", "export"),
        ("Compte regulator", "regulator", "page"),
    ]


def test_a_reader_of_a_neighbour_is_shown_to_the_territory_of_the_patient(
    house: House, town: Town, clock: FakeClock
) -> None:
    next_door = Town.found(house, clock, "plaine", phone="03 53 01 00 09")
    request, lender = town.request(), next_door.volunteer(last_name="Prêteur")
    reader = Actor(ActorKind.PRACTITIONER, lender.id)
    opened_requests(house, reader, Way.LINK, [request])

    (told,) = openings(house.db, town.territory_id)

    assert (told.who, told.elsewhere) == ("Dr Anne Prêteur", "CPTS plaine")
    assert openings(house.db, next_door.territory_id) == []
