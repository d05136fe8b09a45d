"""The verbs of ./snp: what each becomes, and what is refused before anything starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dispatcher import cli

ROOT = Path(__file__).resolve().parents[2]


class Became(Exception):
    """Stands for the end of this process in another program."""


@pytest.fixture
def became(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    words: list[str] = []

    def become(program: str, arguments: list[str]) -> None:
        assert program == arguments[0] == sys.executable
        words.extend(arguments[1:])
        raise Became

    monkeypatch.setattr(os, "execv", become)
    monkeypatch.chdir("/")
    return words


@pytest.mark.parametrize(
    ("words", "program"),
    [
        (["worker"], ["workers.main"]),
        (["relay"], ["workers.relay"]),
        (["clock"], ["workers.clock"]),
        (["test", "-x", "--help"], ["pytest", "-x", "--help"]),
        (
            ["serve", "--workers", "3"],
            ["gunicorn", "--config", f"{ROOT}/config/gunicorn.py", "--workers", "3", "wsgi:app"],
        ),
    ],
)
def test_a_verb_becomes_its_program_in_the_projects_folder(
    became: list[str], words: list[str], program: list[str]
) -> None:
    with pytest.raises(Became):
        cli.main(words)

    assert became == ["-P", "-m", *program]
    assert Path.cwd() == ROOT


def test_the_procfile_runs_what_the_verbs_run(became: list[str]) -> None:
    lines = (ROOT / "Procfile").read_text().splitlines()
    processes = dict(line.split(": ", 1) for line in lines)

    assert list(processes) == ["release", "web", "worker", "relay", "clock"]
    assert processes["release"] == "python -m dispatcher migrate"
    for verb in ("worker", "relay", "clock"):
        with pytest.raises(Became):
            cli.main([verb])
        assert processes[verb] == f"python -m {became[-1]}"
    with pytest.raises(Became):
        cli.main(["serve"])
    assert processes["web"] == " ".join(became[-4:]).replace(f"{ROOT}/", "")


@pytest.mark.parametrize("number", ["x", "-1", "65536", "80.5", "²"])
def test_a_port_that_is_none_is_refused(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refusal:
        cli.main(["demo", f"--port={number}"])

    assert refusal.value.code == 2
    assert f"un port va de 0 à 65535, pas «\u00a0{number}\u00a0»" in capsys.readouterr().err


def test_an_unknown_verb_is_refused_with_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as refusal:
        cli.main(["deploy"])

    assert refusal.value.code == 2
    assert "demo" in capsys.readouterr().err


def test_check_runs_every_check_and_names_those_that_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        cli,
        "CHECKS",
        (("first", ("-c", "raise SystemExit(3)")), ("second", ("-c", "")), ("third", ("-c", "1/"))),
    )

    assert cli.main(["check"]) == 1

    told = capsys.readouterr()
    assert told.out.splitlines() == ["── first", "── second", "── third"]
    assert told.err.splitlines()[-1] == "À reprendre\u00a0: first, third"


def test_check_ends_with_the_tests_so_that_their_line_is_the_last() -> None:
    assert all("pytest" in command for _, command in cli.CHECKS[-2:])


def test_locking_without_uv_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    assert cli.main(["lock"]) == 2
    assert "Il faut uv" in capsys.readouterr().err


def test_migrating_without_settings_says_what_is_missing() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "dispatcher", "migrate"],
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 2
    assert "DATABASE_URL is missing" in done.stderr
    assert "Traceback" not in done.stderr
