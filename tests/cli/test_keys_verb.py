"""./snp keys rotate: dry unless told otherwise, and 1 while something is left."""

import base64
import json
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update

from dispatcher import cli
from dispatcher.storage.migrate import upgrade
from dispatcher.storage.patients import Patient
from tests.builders import Town
from tests.cli.test_operator_verbs import ENVIRONMENT
from tests.fakes.clock import FakeClock

OLD = ENVIRONMENT["DATA_KEY"]
NEW = f"k2:{base64.b64encode(bytes([7]) * 32).decode()}"
IDENTITY = ("last_name", "first_name", "birth_date", "phone", "phone_hash", "identity_hash")


@pytest.fixture
def patient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> UUID:
    """One patient, without any note, of a request made under k1; then k2 comes first."""
    url = f"sqlite:///{tmp_path / 'house.sqlite3'}"
    upgrade(url)
    for name, value in {**ENVIRONMENT, "DATABASE_URL": url}.items():
        monkeypatch.setenv(name, value)
    house = cli.open_house()
    town = Town.found(house, clock)
    patient_id = town.the_request(town.request()).patient_id
    house.db.dispose()
    monkeypatch.setenv("DATA_KEY", f"{NEW},{OLD}")
    return patient_id


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = cli.main(["keys", "rotate", *words])
    return code, capsys.readouterr().out.replace("\N{NO-BREAK SPACE}", " ")


def last_name(patient_id: UUID) -> str:
    house = cli.open_house()
    with house.db.reading() as session:
        stored = session.scalars(select(Patient.last_name).where(Patient.id == patient_id)).one()
    house.db.dispose()
    return stored


def test_without_apply_it_counts_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], patient: UUID
) -> None:
    before = last_name(patient)

    code, out = run(capsys)

    assert code == 0
    assert "Hors de la clé k2 : k1 : 6.\n" in out  # four fields and two hashes
    assert "Rien n’a été réécrit : ajoutez --apply." in out
    assert last_name(patient) == before


def test_with_apply_everything_stands_under_the_first_key(
    capsys: pytest.CaptureFixture[str], patient: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out = run(capsys, "--apply")

    assert code == 0
    assert "Lignes réécrites : 1.\n" in out
    assert "Tout tient à la clé k2 : elle peut rester seule dans DATA_KEY." in out
    assert last_name(patient).startswith("k2:")
    monkeypatch.setenv("DATA_KEY", NEW)
    told = json.loads(run(capsys, "--json")[1])
    assert (told["first"], told["applied"], told["rows_written"]) == ("k2", False, 0)
    assert {name: counts for name, counts in told["values"].items() if counts} == {
        f"patients.{name}": {"k2": 1} for name in IDENTITY
    }
    assert told["left"] == {}


def test_it_says_1_while_something_is_left_after_apply(
    capsys: pytest.CaptureFixture[str], patient: UUID
) -> None:
    house = cli.open_house()
    with house.db.writing() as session:
        session.execute(update(Patient).values(phone="k0:AAAA"))
    house.db.dispose()

    code, out = run(capsys, "--apply")

    assert code == 1
    assert "Hors de la clé k2 : ? : 1, k0 : 1.\n" in out
    assert "Gardez les anciennes clés dans DATA_KEY et relancez la commande." in out
    assert last_name(patient).startswith("k2:")
    assert json.loads(run(capsys, "--json", "--apply")[1])["left"] == {"?": 1, "k0": 1}
