"""A copy is one moment's, taken while others write; put back, it is a house that can go on."""

import itertools
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

import workers.jobs
from dispatcher import cli
from dispatcher.domain.jobs import Job
from dispatcher.domain.messages import MessageStatus
from dispatcher.services.house import House
from dispatcher.services.restored import look_at_restored
from dispatcher.storage import keeping
from dispatcher.storage.backups import BackupError, back_up, restore, revision_in
from dispatcher.storage.backups import postgresql as postgresql_copies
from dispatcher.storage.migrate import upgrade
from tests.builders import Town
from tests.fakes.bell import RecordingBell
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises, open_house, settings_for
from tests.invariants import check
from tests.servers import PostgresServer
from workers.keeping import furnish

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def match_alone(house: House) -> None:
    """What is due is matched, and no SMS leaves."""
    furnish(house)
    for ring in keeping.due(house.db, 100):
        if ring.job is Job.MATCH_WAITING:
            workers.jobs.match_waiting(str(ring.promise_id))


def said(error: pytest.ExceptionInfo[BackupError]) -> str:
    return str(error.value).replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture
def elsewhere(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of the same engine."""
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'elsewhere.sqlite3'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "copy.snp"


def test_a_copy_taken_while_others_write_is_whole_and_goes_on(
    house: House,
    town: Town,
    clock: FakeClock,
    database_url: str,
    elsewhere: str,
    copy: Path,
) -> None:
    town.slot(town.volunteer(), hours=3, minutes=300, places=30)
    done = [town.request(patient={"phone": "06 39 98 40 01"})]
    keep_promises(house)
    stop, written = threading.Event(), threading.Event()

    def write() -> None:
        for number in itertools.count(10):
            town.request(patient={"phone": f"06 39 98 41 {number % 100:02d}"})
            written.set()
            if stop.is_set():
                return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert written.wait(30)
        back_up(database_url, copy)
    finally:
        stop.set()
        writer.join(60)

    assert copy.stat().st_mode & 0o777 == 0o600
    assert restore(elsewhere, copy, NOW, replace=False) is None
    sms = FakeSms()
    with open_house(elsewhere, clock=clock, sms=sms, bell=RecordingBell()) as restored:
        assert look_at_restored(restored).is_whole
        keep_promises(restored)
        check(restored.db.engine, clock.now, settled=True, answered=done)
        assert sms.taken


def test_an_sms_that_left_after_the_copy_was_made_does_not_leave_again(
    house: House,
    town: Town,
    clock: FakeClock,
    sms: FakeSms,
    database_url: str,
    elsewhere: str,
    copy: Path,
) -> None:
    town.slot(town.volunteer(), hours=5)
    town.request()
    match_alone(house)
    back_up(database_url, copy)
    keep_promises(house)
    left = [taken.message.body for taken in sms.taken]
    assert len(left) == 2

    restore(elsewhere, copy, NOW, replace=False)
    clock.advance(minutes=10)
    with open_house(elsewhere, clock=clock, sms=sms, bell=RecordingBell()) as restored:
        keep_promises(restored)
        with restored.db.reading() as session:
            statuses = session.execute(text("SELECT DISTINCT status FROM messages")).scalars().all()
    assert [taken.message.body for taken in sms.taken] == left
    assert statuses == [MessageStatus.SENT]


def test_nothing_is_put_back_under_a_house_that_runs_or_over_data_unasked(
    house: House, town: Town, database_url: str, copy: Path
) -> None:
    town.request()
    back_up(database_url, copy)
    with pytest.raises(BackupError) as refused:
        restore(database_url, copy, NOW, replace=True)
    assert "encore utilisée" in said(refused)

    house.db.dispose()
    with pytest.raises(BackupError) as refused:
        restore(database_url, copy, NOW, replace=False)
    assert "--replace" in said(refused)


def test_what_stood_there_is_kept_aside(
    town: Town, clock: FakeClock, sms: FakeSms, database_url: str, elsewhere: str, copy: Path
) -> None:
    town.request()
    back_up(database_url, copy)
    upgrade(elsewhere)
    with open_house(elsewhere, clock=clock, sms=sms, bell=RecordingBell()) as other:
        Town.found(other, clock, code="plaine", phone="03 84 00 00 01")

    kept = restore(elsewhere, copy, NOW, replace=True)

    def codes(url: str, table: str) -> list[str]:
        with (
            open_house(url, clock=clock, sms=sms, bell=RecordingBell()) as looked_at,
            looked_at.db.reading() as session,
        ):
            return list(session.execute(text(f"SELECT code FROM {table}")).scalars())  # noqa: S608

    assert kept is not None
    assert codes(elsewhere, "territories") == ["jura"]
    if database_url.startswith("sqlite"):
        assert codes(f"sqlite:///{kept}", "territories") == ["plaine"]
    else:
        assert codes(elsewhere, f"{kept}.territories") == ["plaine"]


def test_what_is_no_copy_is_refused_and_changes_nothing(
    town: Town, house: House, database_url: str, copy: Path, tmp_path: Path
) -> None:
    request = town.request()
    back_up(database_url, copy)
    whole = copy.read_bytes()
    house.db.dispose()
    half, text_file = tmp_path / "half", tmp_path / "notes.txt"
    half.write_bytes(whole[: len(whole) // 2])
    text_file.write_text("une liste de courses\n" * 400)
    for file in (half, text_file, tmp_path / "absent"):
        with pytest.raises(BackupError):
            restore(database_url, file, NOW, replace=True)
    assert town.the_request(request).status == "searching"
    house.db.dispose()

    for target, sentence in ((copy, "existe déjà"), (tmp_path / "no" / "copy", "n’existe pas")):
        with pytest.raises(BackupError) as refused:
            back_up(database_url, target)
        assert sentence in said(refused)
    assert sorted(path.name for path in tmp_path.glob(".*")) == []


def test_a_copy_of_a_newer_version_waits_for_it(
    house: House, town: Town, database_url: str, copy: Path
) -> None:
    with house.db.writing() as session:
        before = session.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        back_up(database_url, copy)
    finally:
        with house.db.writing() as session:
            session.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": before})
    with pytest.raises(BackupError) as refused:
        revision_in(database_url, copy)
    assert "version plus récente (schéma 9999)" in said(refused)


def test_without_the_tools_of_postgresql_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgresql_copies, "DEBIAN", tmp_path)
    with pytest.raises(BackupError) as refused:
        back_up("postgresql://snp@127.0.0.1:1/snp", tmp_path / "copy")
    assert "sudo apt install postgresql-client" in said(refused)


def test_the_verbs_are_dry_unless_told_otherwise_and_look_at_what_they_put_back(
    town: Town,
    database_url: str,
    elsewhere: str,
    copy: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    town.request()

    def run(url: str, *words: str, key: int = 0) -> tuple[int, str]:
        settings = settings_for(url)
        if key:
            settings = replace(settings, data_keys=(("k1", bytes([key]) * 32),))
        monkeypatch.setattr(cli, "read_settings", lambda: settings)
        code = cli.main([*words])
        out, err = capsys.readouterr()
        return code, (out + err).replace("\N{NO-BREAK SPACE}", " ")

    code, told = run(database_url, "backup", str(copy))
    assert code == 0
    assert re.match(rf"{re.escape(str(copy))} : \d+,\d Mo, schéma \d{{4}}\.", told)
    code, told = run(elsewhere, "restore", str(copy))
    assert (code, "Rien n’a été remis en place" in told) == (0, True)
    code, told = run(elsewhere, "restore", str(copy), "--apply")
    assert (code, "La sauvegarde est en place." in told) == (0, True)
    code, told = run(elsewhere, "restore", str(copy), "--apply")
    assert (code, "--replace" in told) == (2, True)
    code, told = run(elsewhere, "restore", str(copy), "--apply", "--replace", key=9)
    assert (code, "Une identité au moins ne s’ouvre avec aucune clé de DATA_KEY." in told) == (
        1,
        True,
    )
