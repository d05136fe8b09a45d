"""What is kept for too long is forgotten; what happened, and what was counted, stays."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from config import retention
from dispatcher import cli
from dispatcher.domain.calendar import period
from dispatcher.domain.jobs import Job
from dispatcher.reads.activity import activity
from dispatcher.services import appointments, forgetting, receiving
from dispatcher.services.commands import WriteNote
from dispatcher.services.day_counts import recount_all_days
from dispatcher.services.forgetting import StillCaredForError
from dispatcher.services.house import House
from dispatcher.services.in_hand import note_request
from dispatcher.services.persons import erase_person, export_person, persons_of
from dispatcher.services.rotating import sealed_columns
from dispatcher.services.sessions import open_session
from dispatcher.storage import keeping
from dispatcher.storage.accounts import IdempotencyKey
from dispatcher.storage.models import METADATA
from dispatcher.storage.promises import Promise
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.invariants import check
from tests.services.tables import kinds, row_counts

PHONE, MARK = "06 39 98 77 01", "Zorglub"
BORN = date(1950, 2, 3)
ABOUT_PROFESSIONALS = {
    "agenda_feeds.url",
    "emails.address",
    "emails.text",
    "emails.attachment",
    "practitioners.email",
    "report_recipients.address",
    "schedules.note",
    "second_factors.secret",
    "slots.note",
}
"""Sealed, and of no patient."""


def opened(house: House) -> dict[str, list[str]]:
    """Everything that is sealed, by column."""
    found: dict[str, list[str]] = {}
    with house.db.reading() as session:
        for name, columns in sealed_columns().items():
            table = METADATA.tables[name]
            for row in session.execute(select(table)).mappings():
                for column in columns:
                    if row[column] is not None:
                        text = house.db.cipher.open(f"{name}.{column}", row["id"], row[column])
                        found.setdefault(f"{name}.{column}", []).append(text)
    return found


def written_in(house: House, *marks: str) -> list[str]:
    """The sealed columns that say one of these."""
    return [
        column
        for column, texts in opened(house).items()
        if any(mark.lower() in text.lower() for text in texts for mark in marks)
    ]


@pytest.fixture
def visited(house: House, town: Town, clock: FakeClock) -> UUID:
    """A request that said much, was honoured, and is over; the clock stands an hour later."""
    town.slot(town.volunteer(), hours=2)
    request = town.request(
        patient={"last_name": MARK, "phone": PHONE, "birth_date": BORN},
        need={"note": f"{MARK} tousse"},
    )
    keep_promises(house)
    note_request(house, town.regulator, request, WriteNote(text=f"rappeler {MARK}"))
    heard(house, f"merci de {MARK}")
    appointment = town.the_appointment(request)
    assert appointment is not None
    clock.advance(hours=3)
    keep_promises(house)
    appointments.record_attendance(house, town.regulator, appointment.id, came=True)
    keep_promises(house)
    clock.advance(hours=20)
    keep_promises(house)
    return request


def heard(house: House, body: str, sid: str = "SM-in-1") -> None:
    receiving.receive_message(house, "+33639987701", body, sid)


def night(house: House) -> None:
    """What the clock promises each night."""
    now = house.clock()
    with house.db.writing() as session:
        keeping.promise_once(session, Job.FORGET_OLD, f"forget:{now}", now, now)
    keep_promises(house)


def figures(house: House, town: Town) -> Any:
    days = period(date(2026, 11, 1), date(2026, 12, 31), ZoneInfo("Europe/Paris"))
    recount_all_days(house, town.territory_id)
    return activity(house.db, town.territory_id, days).as_json()


@pytest.mark.usefixtures("visited")
def test_a_year_after_the_last_request_nothing_says_who_it_was(
    house: House, town: Town, clock: FakeClock
) -> None:
    before = figures(house, town)
    assert len(written_in(house, MARK, "39987701")) >= 5

    clock.advance(hours=24 * 364)
    night(house)
    assert written_in(house, MARK)  # a day too early

    clock.advance(hours=48)
    night(house)
    assert written_in(house, MARK, "39987701", "1950-02-03") == []
    assert persons_of(house, "jura", PHONE, BORN) == []
    assert figures(house, town) == before
    assert kinds(house)[-1] == "person_forgotten"
    check(house.db.engine, clock.now)

    night(house)
    assert kinds(house).count("person_forgotten") == 1


@pytest.mark.usefixtures("visited")
def test_whoever_called_again_is_not_forgotten(house: House, town: Town, clock: FakeClock) -> None:
    clock.advance(hours=24 * 300)
    town.request(patient={"last_name": MARK, "phone": PHONE, "birth_date": BORN})
    clock.advance(hours=24 * 100)
    night(house)
    assert "patients.last_name" in written_in(house, MARK)


def test_somebody_with_the_same_telephone_keeps_what_is_theirs(
    house: House, town: Town, clock: FakeClock, visited: UUID
) -> None:
    town.request(patient={"last_name": "Martin", "phone": PHONE, "birth_date": date(1980, 1, 1)})
    erase_person(house, [town.the_request(visited).patient_id])
    assert persons_of(house, "jura", PHONE, BORN) == []
    assert len(persons_of(house, "jura", PHONE, date(1980, 1, 1))) == 1


def test_nobody_is_erased_while_they_are_cared_for(house: House, town: Town) -> None:
    request = town.request(patient={"last_name": MARK, "phone": PHONE, "birth_date": BORN})
    with pytest.raises(StillCaredForError):
        erase_person(house, [town.the_request(request).patient_id])
    assert written_in(house, MARK) == ["patients.last_name"]


def test_what_stands_for_nothing_any_more_is_deleted_when_its_time_is_over(
    house: House, town: Town, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "PAGE_DELETED", 2)
    for _ in range(3):
        town.request()
    keep_promises(house)
    open_session(house, town.regulator, "Firefox sur Windows")
    with house.db.writing() as session:
        for number in range(3):
            session.add(
                IdempotencyKey(
                    user_id=town.regulator.user_id,
                    key=f"appel-{number}",
                    fingerprint="x",
                    resource_id=town.regulator.user_id,
                    created_at=clock.now,
                )
            )

    def kept() -> int:
        with house.db.reading() as session:
            return len(session.scalars(select(Promise).where(Promise.done_at.is_not(None))).all())

    done = kept()
    assert done > 2
    before = row_counts(house)
    clock.advance(hours=24 * 7 - 1)
    night(house)
    assert (before["idempotency_keys"], row_counts(house)["idempotency_keys"]) == (3, 3)
    assert (before["user_sessions"], row_counts(house)["user_sessions"]) == (1, 0)
    clock.advance(hours=24 * 23)
    night(house)
    assert kept() >= done
    assert row_counts(house)["idempotency_keys"] == 0
    clock.advance(hours=2)
    night(house)
    with house.db.reading() as session:
        oldest = min(
            row.done_at for row in session.scalars(select(Promise)) if row.done_at is not None
        )
    assert oldest >= clock.now - retention.KEPT_PROMISES


@pytest.mark.usefixtures("visited")
def test_a_person_is_handed_all_that_is_kept_of_them(house: House, town: Town) -> None:
    town.request(patient={"last_name": "Autre", "phone": "06 39 98 77 02"})
    (known,) = export_person(house, persons_of(house, "jura", PHONE, BORN))
    assert known["patient"]["last_name"] == MARK
    assert known["patient"]["birth_date"] == "1950-02-03"
    assert [request["note"] for request in known["requests"]] == [f"{MARK} tousse"]
    assert [note["text"] for note in known["notes"]] == [f"rappeler {MARK}"]
    assert f"merci de {MARK}" in [message["body"] for message in known["messages"]]
    assert "appointment_fulfilled" in [event["kind"] for event in known["events"]]
    assert "Autre" not in str(known)
    assert "_hash" not in str(known)
    assert kinds(house)[-1] == "person_exported"


@pytest.mark.usefixtures("visited")
def test_the_verb_is_dry_unless_told_otherwise(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "open_house", lambda: house)
    who = ["--territory", "jura", "--phone", PHONE, "--born"]

    def run(*words: str) -> tuple[int, str]:
        code = cli.main(["person", *words])
        out, err = capsys.readouterr()
        return code, (out + err).replace("\N{NO-BREAK SPACE}", " ").strip()

    assert run("erase", *who, "1950-02-04")[0] == 1
    assert run("erase", *who, "1950-02-03") == (
        0,
        "Fiches à effacer : 1. Rien n’a été effacé : ajoutez --apply.",
    )
    assert MARK in run("export", *who, "1950-02-03")[1]
    assert run("erase", *who, "1950-02-03", "--apply") == (0, "Fiches effacées : 1.")
    assert written_in(house, MARK) == []
    assert run("export", "--territory", "ici", "--phone", "1", "--born", "1950-02-03")[0] == 2


def test_every_sealed_column_is_forgotten_or_is_about_no_patient() -> None:
    sealed = {f"{table}.{name}" for table, names in sealed_columns().items() for name in names}
    of_patients = {
        *("patients.last_name", "patients.first_name", "patients.birth_date", "patients.phone"),
        *("care_requests.note", "care_requests.closing_note", "appointments.override_note"),
        *("messages.phone", "messages.body", "offers.words", "request_notes.text"),
    }
    assert sealed == of_patients | ABOUT_PROFESSIONALS


def test_each_duration_stands_in_the_table_of_data() -> None:
    data = (Path(__file__).resolve().parents[2] / "DATA.md").read_text()
    told = dict(re.findall(r"`([A-Z_]+)` \((\d+) days?\)", data))
    durations = {
        name: str(value.days)
        for name, value in vars(retention).items()
        if isinstance(value, timedelta)
    }
    assert told == durations
