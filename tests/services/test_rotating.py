"""A change of data keys: afterwards the new key alone opens and finds everything."""

import ast
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import delete, select, text, update

import dispatcher.storage
from dispatcher.domain.emails import EmailKind
from dispatcher.domain.errors import DuplicateRequestError
from dispatcher.domain.events import OPERATOR
from dispatcher.domain.roles import Role
from dispatcher.gateways.email import Attachment
from dispatcher.services import rotating
from dispatcher.services.agendas import add_agenda
from dispatcher.services.booking import book_by_hand
from dispatcher.services.commands import AddAgenda, BookSlot, WriteNote
from dispatcher.services.emails import NewEmail, queue_email
from dispatcher.services.house import House
from dispatcher.services.in_hand import note_request
from dispatcher.services.receiving import receive_message
from dispatcher.services.report_mails import add_recipient
from dispatcher.services.schedules import set_up_schedule
from dispatcher.services.second_factors import begin_second_factor
from dispatcher.storage.encryption import Cipher, identity
from dispatcher.storage.messages import Message, OptOut
from dispatcher.storage.models import METADATA
from dispatcher.storage.offers import Offer
from dispatcher.storage.patients import Patient
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.unit import Database
from tests.builders import PASSWORD, Town, mobile
from tests.fakes.clock import FakeClock
from tests.houses import DATA_KEY, keep_promises
from tests.services.offering import answers, asked_volunteer, waits
from tests.services.timetables import mondays

OLD = ("k1", DATA_KEY)
NEW = ("k2", bytes(range(32, 64)))
ALONE = Cipher([NEW])
PHONE = "+33639980777"
BIRTH = date(1950, 2, 3)
HASHED = {
    "agenda_feeds.url_hash",
    "messages.phone_hash",
    "offers.phone_hash",
    "opt_outs.phone_hash",
    "patients.identity_hash",
    "patients.phone_hash",
}
"""Every column of a keyed hash; a password's is another thing."""


@pytest.fixture
def lived(house: House, town: Town, clock: FakeClock) -> House:
    """A house in which every sealed field and every hash stands under k1."""
    volunteer = asked_volunteer(town)
    with_a_template = town.volunteer(commune="39097")
    set_up_schedule(
        house,
        town.account(Role.PRACTITIONER, with_a_template),
        mondays(with_a_template, note="Sonnez", first_day=date(2026, 12, 14)),
    )
    waits(town, clock, need={"delay_hours": 4, "note": "Digicode 12A"})
    answers(town, volunteer, "NON {code} je suis en visite")
    booked = town.request(
        patient={"last_name": "Lœuvre", "first_name": "Zoé", "phone": mobile(777)}
    )
    book_by_hand(house, town.regulator, booked, BookSlot(slot=town.slot(note="Sonnez deux fois")))
    note_request(house, town.regulator, booked, WriteNote(text="Sa fille rappelle"))
    keep_promises(house)
    appointment = town.the_appointment(booked)
    assert appointment is not None
    with house.db.writing() as session:
        session.execute(
            update(CareRequest)
            .values(closing_note=house.db.cipher.seal("care_requests.closing_note", booked, "Vu"))
            .where(CareRequest.id == booked)
        )
        session.execute(
            update(Appointment).values(
                override_note=house.db.cipher.seal(
                    "appointments.override_note", appointment.id, "Au plus près"
                )
            )
        )
        session.execute(
            update(Offer).values(
                words=house.db.cipher.seal("offers.words", _the_offer(house), "Non")
            )
        )
    practice = town.account(Role.PRACTITIONER, volunteer)
    add_agenda(house, practice, AddAgenda(url="https://agenda.example/secret.ics"))
    _write_an_email(house, town)
    add_recipient(house, town.account(Role.COORDINATOR), "bureau@exemple.fr")
    begin_second_factor(house, town.regulator, PASSWORD)
    receive_message(house, PHONE, "STOP", "SMstop")
    keep_promises(house)
    house.db.cipher = Cipher([NEW, OLD])
    return house


def _write_an_email(house: House, town: Town) -> None:
    town.volunteer(email="anne.vuillet@exemple.fr")
    said = dict.fromkeys(("sender", "phone", "inviter", "link", "until"), "x")
    with house.db.transaction(town.territory_id, OPERATOR) as unit:
        queue_email(
            house,
            unit,
            NewEmail(
                kind=EmailKind.INVITATION,
                address="anne.vuillet@exemple.fr",
                purpose="invitation:1",
                values=said,
                attachment=Attachment("a.pdf", "application/pdf", b"%PDF"),
            ),
        )
    object.__setattr__(house, "email", None)  # what has left has no attachment any more


def _the_offer(house: House) -> UUID:
    with house.db.reading() as session:
        return session.scalars(select(Offer.id)).one()


def under(standing: rotating.Standing, key_id: str) -> dict[str, int]:
    return {name: counts[key_id] for name, counts in standing.values.items() if counts.get(key_id)}


def rows(db: Database, table: str) -> list[dict[str, Any]]:
    with db.reading() as session:
        return [dict(row) for row in session.execute(select(METADATA.tables[table])).mappings()]


def opened(db: Database, cipher: Cipher) -> Counter[str]:
    """The texts of all sealed columns, each with its column; raises where one does not open."""
    return Counter(
        f"{table}.{name}={cipher.open(f'{table}.{name}', row['id'], row[name])}"
        for table, names in rotating.sealed_columns().items()
        for row in rows(db, table)
        for name in names
        if row[name] is not None
    )


# What is covered


def _annotated_as_sealed() -> set[str]:
    """As the sources say it, whatever SQLAlchemy makes of them."""
    found: set[str] = set()
    for file in Path(next(iter(dispatcher.storage.__path__))).glob("*.py"):
        for model in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(model, ast.ClassDef):
                continue
            table = ""
            for line in model.body:
                if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "__tablename__":
                    table = ast.literal_eval(line.value)
                if isinstance(line, ast.AnnAssign) and "Sealed" in ast.unparse(line.annotation):
                    found.add(f"{table}.{ast.unparse(line.target)}")
    return found


def test_every_column_that_a_model_calls_sealed_is_rotated() -> None:
    covered = {
        f"{table}.{name}" for table, names in rotating.sealed_columns().items() for name in names
    }
    assert covered == _annotated_as_sealed()
    assert len(covered) == 20
    assert all("id" in METADATA.tables[table].columns for table in rotating.sealed_columns())


def test_every_keyed_hash_is_recomputed_and_each_from_fields_that_are_sealed() -> None:
    hashes = {
        f"{table.name}.{column.name}"
        for table in METADATA.tables.values()
        for column in table.columns
        if column.name.endswith("_hash")
    }
    assert hashes - {"users.password_hash"} == HASHED
    assert {*rotating.RECIPES, *rotating.BY_OTHER_ROWS} == HASHED
    for name, recipe in rotating.RECIPES.items():
        assert set(recipe.fields) <= set(rotating.sealed_columns()[name.partition(".")[0]])


# The rotation


def test_a_survey_counts_by_key_and_writes_nothing(lived: House) -> None:
    before = {table: rows(lived.db, table) for table in (*rotating.sealed_columns(), "opt_outs")}

    found = rotating.survey(lived.db)

    assert {name for name, counts in found.values.items() if counts} == (
        _annotated_as_sealed() | HASHED  # the fixture left nothing out
    )
    assert (found.first, under(found, "k2"), found.written) == ("k2", {}, 0)
    assert under(found, "k1")["patients.phone"] == under(found, "k1")["patients.identity_hash"] == 2
    assert under(found, "k1")["opt_outs.phone_hash"] == 1
    assert found.left == {"k1": sum(under(found, "k1").values())}
    assert before == {table: rows(lived.db, table) for table in before}


def test_after_the_rotation_the_new_key_alone_opens_the_same_texts(lived: House) -> None:
    before = opened(lived.db, Cipher([OLD]))
    values = rotating.survey(lived.db).left["k1"]

    found = rotating.rotate(lived.db)

    assert opened(lived.db, ALONE) == before
    assert found.left == {}
    assert sum(under(found, "k2").values()) == values
    # the companion: the old key opens nothing of it any more
    with pytest.raises((KeyError, InvalidTag)):
        opened(lived.db, Cipher([OLD]))


def test_after_the_rotation_the_new_key_alone_finds_by_telephone_and_by_identity(
    lived: House, town: Town
) -> None:
    person = identity("LOEUVRE", "zoe", BIRTH)
    with lived.db.reading() as session:
        found_before = session.scalars(
            select(Patient.id).where(Patient.identity_hash == ALONE.hash(person))
        ).all()
    assert found_before == []

    rotating.rotate(lived.db)

    with lived.db.reading() as session:
        by_identity = select(Patient).where(Patient.identity_hash.in_(ALONE.hashes(person)))
        by_phone = select(Patient.id).where(Patient.phone_hash.in_(ALONE.hashes(PHONE)))
        patient = session.scalars(by_identity).one()
        assert session.scalars(by_phone).one() == patient.id
        written_to = select(Message.id).where(Message.phone_hash == ALONE.hash(PHONE))
        assert session.scalars(written_to).all()
        stopped = session.scalars(select(OptOut.phone_hash)).all()
        assert stopped == [ALONE.hash(PHONE)]
        volunteer = select(Practitioner.phone).join(Offer, Offer.practitioner_id == Practitioner.id)
        phone = session.scalars(volunteer).one()
        assert phone is not None
        assert session.scalars(select(Offer.phone_hash)).one() == ALONE.hash(phone)

    lived.db.cipher = ALONE
    again = {"last_name": "Loeuvre", "first_name": "Zoe", "phone": mobile(777)}
    with pytest.raises(DuplicateRequestError):
        town.request(patient=again)
    town.request(patient=again, confirm_duplicate=True)
    assert len(rows(lived.db, "patients")) == 2  # the person was known


def test_a_second_run_has_nothing_left_to_write(lived: House) -> None:
    assert rotating.rotate(lived.db).written > 0

    assert rotating.rotate(lived.db).written == 0


def test_a_run_stopped_in_the_middle_is_taken_up_by_the_next(
    lived: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = opened(lived.db, lived.db.cipher)
    monkeypatch.setattr(rotating, "PAGE", 1)
    writing, begun = lived.db.writing, iter(range(3))

    def stopped() -> Any:
        if next(begun, None) is None:
            raise KeyboardInterrupt
        return writing()

    with monkeypatch.context() as broken:
        broken.setattr(lived.db, "writing", stopped)
        with pytest.raises(KeyboardInterrupt):
            rotating.rotate(lived.db)
    half = rotating.survey(lived.db)
    assert half.left["k1"] > 0
    assert sum(under(half, "k2").values()) > 0
    assert opened(lived.db, lived.db.cipher) == before

    assert rotating.rotate(lived.db).left == {}
    assert opened(lived.db, ALONE) == before


def test_what_changes_between_the_reading_and_the_writing_is_not_overwritten(
    lived: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The house writes another number just before ours would be written."""
    write, old, moved = rotating._Pass._write, Cipher([OLD]), "+33639980778"

    def late(one: Any, table: Any, changes: Any) -> None:
        if table.name == "patients" and not done:
            done.append(changes[0].row)
            with lived.db.writing() as session:
                session.execute(
                    update(Patient)
                    .where(Patient.id == changes[0].row)
                    .values(
                        phone=old.seal("patients.phone", changes[0].row, moved),
                        phone_hash=old.hash(moved),
                    )
                )
        write(one, table, changes)

    done: list[UUID] = []
    monkeypatch.setattr(rotating._Pass, "_write", late)

    found = rotating.rotate(lived.db)

    assert found.left == {}
    (patient,) = [row for row in rows(lived.db, "patients") if row["id"] == done[0]]
    assert ALONE.open("patients.phone", done[0], patient["phone"]) == moved
    assert patient["phone_hash"] == ALONE.hash(moved)


def test_a_row_that_somebody_holds_is_passed_over_and_counted_as_left(
    lived: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    if lived.db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite's writers queue: nobody holds a row")
    monkeypatch.setattr(rotating, "PASSES", 1)
    with lived.db.engine.begin() as somebody:
        somebody.execute(text("SELECT id FROM patients FOR UPDATE"))
        found = rotating.rotate(lived.db)

    assert under(found, "k1") == {name: 2 for name in found.values if name.startswith("patients.")}
    assert rotating.rotate(lived.db).left == {}


# What cannot be moved


def test_a_value_under_an_unlisted_key_stays_and_is_named(lived: House) -> None:
    row = rows(lived.db, "patients")[0]["id"]
    lost = Cipher([("k0", bytes(32))]).seal("patients.last_name", row, "Perdu")
    with lived.db.writing() as session:
        session.execute(update(Patient).where(Patient.id == row).values(last_name=lost))

    found = rotating.rotate(lived.db)

    assert found.left == {"?": 1, "k0": 1}
    assert found.values["patients.last_name"] == {"k0": 1, "k2": 1}
    assert found.values["patients.identity_hash"] == {"?": 1, "k2": 1}
    assert (
        next(each for each in rows(lived.db, "patients") if each["id"] == row)["last_name"] == lost
    )


def test_a_stop_whose_number_is_written_nowhere_is_left_and_still_honoured(lived: House) -> None:
    gone, territory = "+33639980999", rows(lived.db, "opt_outs")[0]["territory_id"]
    hashed = Cipher([OLD]).hash(gone)
    with lived.db.writing() as session:
        session.add(OptOut(territory_id=territory, phone_hash=hashed, since=lived.clock()))

    found = rotating.rotate(lived.db)

    assert found.left == {"?": 1}
    assert found.values["opt_outs.phone_hash"] == {"?": 1, "k2": 1}
    assert hashed in lived.db.cipher.hashes(gone)  # as long as k1 is listed


def test_a_stop_said_again_under_the_new_key_is_one_stop_since_the_first(lived: House) -> None:
    (first,) = rows(lived.db, "opt_outs")
    later = first["since"] + timedelta(days=2)
    with lived.db.writing() as session:
        session.add(
            OptOut(territory_id=first["territory_id"], phone_hash=ALONE.hash(PHONE), since=later)
        )

    assert rotating.rotate(lived.db).left == {}

    assert rows(lived.db, "opt_outs") == [first | {"phone_hash": ALONE.hash(PHONE)}]


def test_an_offer_to_a_number_changed_since_is_found_by_its_message(lived: House) -> None:
    with lived.db.writing() as session:
        session.execute(update(Practitioner).values(phone="+33639980111"))
    before = rows(lived.db, "offers")[0]["phone_hash"]

    assert rotating.rotate(lived.db).left == {}

    assert rows(lived.db, "offers")[0]["phone_hash"] != before


def test_without_that_message_the_offer_is_left_as_it_is(lived: House) -> None:
    with lived.db.writing() as session:
        session.execute(update(Practitioner).values(phone=None, accepts_offers=False))
        session.execute(delete(Message).where(Message.offer_id.is_not(None)))
    before = rows(lived.db, "offers")[0]["phone_hash"]

    found = rotating.rotate(lived.db)

    assert found.values["offers.phone_hash"] == {"?": 1}
    assert rows(lived.db, "offers")[0]["phone_hash"] == before
