"""./snp directory import: dry unless told otherwise, and a report line by line."""

import csv
import io
import json
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from dispatcher import cli, directory_verb
from dispatcher.storage.directory import DirectoryImport
from dispatcher.storage.migrate import upgrade
from dispatcher.storage.practitioners import Practitioner
from tests.builders import Town
from tests.cli.test_operator_verbs import ENVIRONMENT
from tests.fakes.clock import FakeClock
from tests.fakes.rpps_extract import cells, extract, line, rpps


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> Path:
    """An extract of two doctors, a nurse and a broken line; a territory that knows one number."""
    url = f"sqlite:///{tmp_path / 'house.sqlite3'}"
    upgrade(url)
    for name, value in {**ENVIRONMENT, "DATABASE_URL": url}.items():
        monkeypatch.setenv(name, value)
    house = cli.open_house()
    town = Town.found(house, clock)
    town.volunteer(rpps=rpps(2), last_name="Vuillet")
    house.db.dispose()
    path = tmp_path / "extrait.txt"
    formula = cells(1, **{"Nom_d'exercice": "=CMD()"})
    nurse = cells(3, Code_profession="60")
    raw = extract(line(formula), line(cells(2)), line(nurse), line(cells(4))[:-30])
    path.write_bytes(raw.getvalue())
    return path


def run(*words: str) -> int:
    return cli.main(["directory", "import", "--territory", "jura", *words])


def known() -> tuple[int, int]:
    house = cli.open_house()
    try:
        with house.db.reading() as session:
            return (
                session.scalar(select(func.count()).select_from(Practitioner)) or 0,
                session.scalar(select(func.count()).select_from(DirectoryImport)) or 0,
            )
    finally:
        house.db.dispose()


def test_it_tells_what_it_would_do_and_does_it_when_told(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "rapport.csv"
    words = [str(file), "--department", "39", "--profession", "10", "--report", str(report)]

    assert run(*words) == 0
    told = capsys.readouterr().out.replace("\u00a0", " ")
    assert "4 lignes lues, 3 gardées." in told
    assert "Nombre de colonnes inattendu : 1" in told
    assert "Nouveaux : 1" in told
    assert f"ligne 3 : {rpps(2)} Essai2 Anne-Marie — Connus ici sous un autre nom" in told
    assert told.splitlines()[-1] == "Rien n’a été écrit : ajoutez --apply."
    assert known() == (1, 0)
    rows = list(csv.reader(report.read_text("utf-8-sig").splitlines(), delimiter=";"))
    assert [row[0] for row in rows] == ["Ligne", "2", "3", "5"]
    assert rows[1][2] == "'=Cmd() Anne-Marie", "a spreadsheet takes it for text"
    assert rows[3][3] == "Nombre de colonnes inattendu\u00a0: ligne laissée"

    assert run(*words, "--apply") == 0
    assert "Rien n’a été écrit" not in capsys.readouterr().out
    assert known() == (2, 1)


def test_json_is_the_whole_report(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(file), "--commune", "39300", "--json") == 0
    told = json.loads(capsys.readouterr().out)

    assert (told["applied"], told["tally"]["kept"]) == (False, 3)
    assert [each["verdict"] for each in told["people"]] == ["new", "other_name", "new"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--commune", "99999"], "Code INSEE inconnu"),
        (["--department", "39", "--profession", "999"], "Code de profession inconnu"),
        (["--department", "20"], "Département inconnu"),
        ([], "au moins une commune ou un département"),
    ],
)
def test_what_cannot_be_used_is_told(
    file: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(file), *words) == 2
    assert told in capsys.readouterr().err


def test_a_file_that_is_not_there_or_another_one_is_told(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(str(file) + ".absent", "--commune", "39300") == 2
    assert "ne peut pas être lu" in capsys.readouterr().err
    file.write_text("une page web")
    assert run(str(file), "--commune", "39300") == 2
    assert "n’est pas l’extraction de l’annuaire" in capsys.readouterr().err


class Terminal(io.StringIO):
    """Where somebody looks on."""

    def isatty(self) -> bool:
        return True


def test_a_bar_fills_on_a_terminal_and_nothing_is_drawn_elsewhere(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(file), "--commune", "39300", "--apply"]
    assert run(*words) == 0
    assert capsys.readouterr().err == ""

    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    assert run(*words) == 0

    drawn = shown.getvalue().split("\r")
    lines = [each.rstrip("\n") for each in drawn if each.endswith("\n")]
    assert lines == [f"Lecture [{'█' * 30}] 100%", f"Import [{'█' * 30}] 100%"]


def test_the_bar_is_drawn_five_times_a_second_and_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown, now = Terminal(), [100.0]
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    draw = directory_verb.progress_bar("Lecture")
    for share, at in ((0.1, 100.0), (0.15, 100.1), (0.5, 100.25), (0.9, 100.3), (1.0, 100.31)):
        now[0] = at
        draw(share)

    assert [part[-5:].strip() for part in shown.getvalue().split("\r")[1:]] == [
        "10%",
        "50%",
        "100%",
    ]
    assert "[███···" in shown.getvalue()
