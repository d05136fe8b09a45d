"""`./snp indicators`: the coordinator's figures from the command line."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatcher import cli
from dispatcher.bootstrap import build
from dispatcher.demo.beside import DATABASE, settings_beside
from dispatcher.demo.directory import SECRETS, write_whole
from dispatcher.services import day_counts
from dispatcher.services.day_counts import CountedElsewhereError
from dispatcher.storage.migrate import upgrade
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises

PERIOD = ["--from", "2026-11-23", "--to", "2026-11-23"]


@pytest.fixture
def demonstration(tmp_path: Path) -> Path:
    """A demonstration's folder, with one request that was booked."""
    key = base64.b64encode(bytes(32)).decode()
    write_whole(tmp_path / SECRETS, {"SECRET_KEY": "s" * 64, "DATA_KEY": f"k1:{key}"})
    upgrade(f"sqlite:///{tmp_path / DATABASE}")
    clock = FakeClock(datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
    house = build(settings_beside(tmp_path), clock=clock)
    town = Town.found(house, clock)
    town.slot(places=3, minutes=60)
    town.request()
    keep_promises(house)
    house.db.dispose()
    return tmp_path


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_the_figures_of_a_demonstration_are_printed_as_json(
    demonstration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["indicators", "--territory", "jura", *PERIOD, "--data", str(demonstration), "--json"]

    assert cli.main(words) == 0

    found = json.loads(printed(capsys).splitlines()[-1])
    assert (found["requests"], found["booked"], found["within_delay_share"]) == (1, 1, 1.0)
    assert (found["slots_opened"], found["slots_used"], found["volunteers_active"]) == (3, 1, 1)
    assert found["median_time_to_appointment_minutes"] == 120.0
    assert [day["day"] for day in found["by_day"]] == ["2026-11-23"]


def test_a_period_is_compared_with_the_days_before_it(
    demonstration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    days = ["--from", "2026-11-24", "--to", "2026-11-24", "--compare", "previous"]
    words = ["indicators", "--territory", "jura", *days, "--data", str(demonstration)]
    assert cli.main(words) == 0
    lines = {line.split()[0]: line.split()[1:] for line in printed(capsys).splitlines() if line}
    assert lines["requests"] == ["0", "1"]
    assert cli.main([*words, "--json"]) == 0
    found = json.loads(printed(capsys).splitlines()[-1])
    assert (found["compared"]["first"], found["typed"]) == ("2026-11-23", [])


def test_without_json_each_figure_is_a_line(
    demonstration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["indicators", "--territory", "jura", *PERIOD, "--data", str(demonstration)])
    lines = dict(line.split() for line in printed(capsys).splitlines() if len(line.split()) == 2)
    assert lines["requests"] == "1"
    assert lines["slots_opened"] == "3"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--territory", "ailleurs", *PERIOD], "territory\u00a0: Ce territoire n’existe pas."),
        (
            ["--territory", "jura", "--from", "2026-11-24", "--to", "2026-11-23"],
            "to\u00a0: La fin de la période précède son début.",
        ),
    ],
)
def test_what_cannot_be_counted_is_told(
    demonstration: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert cli.main(["indicators", *words, "--data", str(demonstration)]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("day", ["hier", "2026-02-30", "0001-01-01", "9999-12-31"])
def test_a_date_that_is_none_is_refused(day: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refusal:
        cli.main(["indicators", "--territory", "jura", "--from", day, "--to", "2026-11-23"])
    assert refusal.value.code == 2
    assert "une date s’écrit 2026-11-23" in capsys.readouterr().err


def test_a_folder_without_a_demonstration_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["indicators", "--territory", "jura", *PERIOD, "--data", str(tmp_path)]
    assert cli.main(words) == 2
    assert "ne contient pas de démonstration" in capsys.readouterr().err


def test_all_days_are_counted_again_and_the_figures_are_the_same(
    demonstration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["indicators", "--territory", "jura", "--data", str(demonstration), "--json"]
    assert cli.main([*words, *PERIOD]) == 0
    before = printed(capsys).splitlines()[-1]

    assert cli.main(["indicators", "rebuild", *words[1:]]) == 0
    assert json.loads(printed(capsys).splitlines()[-1])["days"] >= 1

    assert cli.main([*words, *PERIOD]) == 0
    assert printed(capsys).splitlines()[-1] == before
    assert [each["code"] for each in json.loads(before)["figures"]][:2] == ["requests", "booked"]


def test_a_period_without_its_end_is_told(
    demonstration: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["indicators", "--territory", "jura", *PERIOD[:2], "--data", str(demonstration)]
    assert cli.main(words) == 2
    assert "Indiquez la période" in capsys.readouterr().err


def test_days_that_a_worker_counts_at_the_same_moment_are_told_in_words(
    demonstration: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def elsewhere(*_: object) -> int:
        raise CountedElsewhereError

    monkeypatch.setattr(day_counts, "recount_all_days", elsewhere)
    words = ["indicators", "rebuild", "--territory", "jura", "--data", str(demonstration)]

    assert cli.main(words) == cli.MISUSED
    assert "relancez dans une minute" in capsys.readouterr().err
