"""`./snp simulate`: its shape, and what it says of a file that cannot be used."""

import json
from pathlib import Path

import pytest

from dispatcher.cli import main

TINY = """
name = "tiny"
days = 1
past_weeks = 1
[demand]
per_day = 15
[supply]
practitioners = 4
[volunteers]
share = 1.0
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY, "utf-8")
    return path


def test_compare_prints_every_policy_in_the_agreed_shape(
    scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", str(scenario), "--compare", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told) == ["policies"]
    assert [each["policy"] for each in told["policies"]] == [
        "engine", "fixed-list", "earliest", "nearest", "score", "optimum",
    ]  # fmt: skip
    for each in told["policies"]:
        assert list(each) == [
            "policy", "cost", "served_pct", "served_in_delay_pct", "km", "wait_h", "gini",
        ]  # fmt: skip
        assert 0 <= each["served_pct"] <= 100
        assert 0 <= each["gini"] <= 1


def test_alone_it_prints_what_the_engine_would_do(
    scenario: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", str(scenario), "--json", "--seed", "3"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["scenario"] == "tiny"
    assert set(told["wait_h"]) == {"mean", "median", "p90"}
    assert {"km", "gini", "offers_per_request", "unfilled", "served_in_delay_pct"} <= set(told)
    assert main(["simulate", str(scenario), "--seed", "3"]) == 0
    assert "wait_h.median" in capsys.readouterr().out


def test_a_table_is_for_people(scenario: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", str(scenario), "--compare"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 7
    assert lines[1].startswith("engine ")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[demand]\nper_day = -3", "demand.per_day\u00a0: Indiquez un nombre entre 1 et"),
        ("[demand]\nper_year = 3", "demand.per_year\u00a0: Cette clé n’existe pas."),
        ("weeks = ", "Ce fichier n’est pas du TOML"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_a_sentence(
    content: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(content, "utf-8")
    assert main(["simulate", str(path), "--compare", "--json"]) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert captured.out == ""


def test_a_file_that_is_not_there_or_not_text_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", str(tmp_path / "absent.toml")]) == 2
    assert "Ce fichier ne peut pas être lu" in capsys.readouterr().err
    (tmp_path / "latin.toml").write_bytes('name = "été"'.encode("latin-1"))
    assert main(["simulate", str(tmp_path / "latin.toml")]) == 2
    assert "UTF-8" in capsys.readouterr().err
