"""The launcher, on machines that have more or less of what it needs. It is run for real, by sh."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dispatcher.cli import VERBS

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("cat", "cksum", "dirname", "ln", "mv", "readlink", "rm", "sed", "sh", "sleep", "touch")
PYTHON = sys._base_executable  # type: ignore[attr-defined]  # the one .venv was made from

STUB = """
import json, os, sys
print(json.dumps({"arguments": sys.argv[1:], "folder": os.getcwd(), "prefix": sys.prefix}))
"""

REAL_PYTHON = f'#!/bin/sh\necho "$0 $*" >>"$CALLS"\nexec "{PYTHON}" "$@"\n'
OLD_PYTHON = (
    '#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\n'
    'case "$*" in *version_info*) exit 1 ;; *) exit 0 ;; esac\n'
)
PYTHON_WITHOUT_VENV = (
    '#!/bin/sh\ncase "$*" in *version_info*) exit 0 ;; *ensurepip*) exit 1 ;; esac\n'
)
# what uv does as far as the launcher can tell, without the network
UV = f"""#!/bin/sh
echo "uv $*" >>"$CALLS"
[ -z "$UV_BREAKS" ] || exit 2
[ "$1" != venv ] || exec "{PYTHON}" -m venv --without-pip "$5"
"""


class Machine:
    """A clone of the project's launcher, and a PATH with nothing in it but what is put there."""

    def __init__(self, home: Path) -> None:
        self.clone = home / "clone with spaces"
        self.programs = home / "bin"
        self.calls = home / "calls"
        self.elsewhere = home / "elsewhere"
        for folder in (self.clone / "dispatcher", self.programs, self.elsewhere):
            folder.mkdir(parents=True)
        self.calls.touch()
        shutil.copy(ROOT / "snp", self.clone)
        for name in ("requirements.txt", "requirements-dev.txt"):
            (self.clone / name).write_text("# nothing to install\n")
        (self.clone / "dispatcher" / "__main__.py").write_text(STUB)
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found is not None, tool
            (self.programs / tool).symlink_to(found)

    def has(self, name: str, script: str) -> "Machine":
        program = self.programs / name
        program.write_text(script)
        program.chmod(0o755)
        return self

    def environment(self, more: dict[str, str]) -> dict[str, str]:
        return {
            "PATH": str(self.programs),
            "CALLS": str(self.calls),
            "UV_BREAKS": "",
            **{name: os.environ[name] for name in ("HOME", "TMPDIR") if name in os.environ},
            **more,
        }

    def snp(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.clone / "snp"), *arguments],
            cwd=self.elsewhere,
            env=self.environment(more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    def asked_of_uv(self) -> list[str]:
        """What uv was asked since the last time."""
        asked = [line for line in self.calls.read_text().splitlines() if line.startswith("uv ")]
        self.calls.write_text("")
        return [" ".join(line.replace(f"{self.clone}/", "").split()[1:3]) for line in asked]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_python_alone_is_enough_and_the_second_time_nothing_is_done(machine: Machine) -> None:
    machine.has("python3", REAL_PYTHON)

    first = machine.snp("demo", "--port", "80 80")

    assert first.returncode == 0, first.stderr
    assert "Préparation de l’environnement" in first.stderr
    told = json.loads(first.stdout)
    assert told["arguments"] == ["demo", "--port", "80 80"]
    assert told["folder"] == str(machine.elsewhere)
    assert Path(told["prefix"]) == machine.clone / ".venv"

    machine.calls.write_text("")
    second = machine.snp("demo")

    assert second.returncode == 0
    assert second.stderr == ""
    assert machine.calls.read_text() == ""  # not even a look at the system's Python


def test_uv_is_preferred_and_installs_exactly_what_is_locked(machine: Machine) -> None:
    machine.has("uv", UV)

    assert machine.snp("demo").returncode == 0

    calls = machine.calls.read_text()
    assert f"--require-hashes --python {machine.clone}/.venv/bin/python" in calls
    assert calls.splitlines()[-1].endswith(f"{machine.clone}/requirements.txt")
    assert machine.asked_of_uv() == ["venv --quiet", "pip sync"]


def test_the_tools_of_development_are_added_when_needed_and_kept(machine: Machine) -> None:
    machine.has("uv", UV)
    machine.snp("demo")
    machine.asked_of_uv()

    assert machine.snp("test", "-x").returncode == 0
    assert "requirements-dev.txt" in machine.calls.read_text()
    assert machine.asked_of_uv() == ["pip sync"]

    assert machine.snp("demo").returncode == 0
    assert machine.asked_of_uv() == []

    (machine.clone / "requirements.txt").write_text("# another lock\n")
    assert machine.snp("demo").returncode == 0
    assert "requirements-dev.txt" in machine.calls.read_text()


def test_a_lock_that_changed_is_installed_and_pip_starts_from_nothing(machine: Machine) -> None:
    machine.has("python3", REAL_PYTHON)
    machine.snp("demo")
    (machine.clone / ".venv" / "left-over").touch()

    assert machine.snp("setup").returncode == 0
    assert (machine.clone / ".venv" / "left-over").exists()  # same locks: only more was added

    (machine.clone / "requirements-dev.txt").write_text("# another lock\n")
    assert machine.snp("setup").stderr.endswith("L’environnement est prêt.\n")
    assert not (machine.clone / ".venv" / "left-over").exists()


def test_a_python_that_is_too_old_is_told_with_the_remedy(machine: Machine) -> None:
    machine.has("python3", OLD_PYTHON)

    refused = machine.snp("demo")

    assert refused.returncode == 1
    assert "Il faut Python 3.11 ou plus récent\u00a0; trouvé\u00a0: Python 3.9.2." in refused.stderr
    assert "sudo apt install python3 python3-venv" in refused.stderr
    assert "brew install uv" in refused.stderr
    assert not (machine.clone / ".venv").exists()
    assert not (machine.clone / ".venv-turn").is_symlink()


def test_no_python_at_all_is_told_too(machine: Machine) -> None:
    assert "trouvé\u00a0: aucun Python." in machine.snp("demo").stderr


def test_a_newer_python_beside_an_old_one_is_found(machine: Machine) -> None:
    machine.has("python3", OLD_PYTHON).has("python3.12", REAL_PYTHON)

    assert machine.snp("demo").returncode == 0


def test_a_python_without_venv_is_told_with_the_remedy(machine: Machine) -> None:
    machine.has("python3", PYTHON_WITHOUT_VENV)

    refused = machine.snp("demo")

    assert refused.returncode == 1
    assert "Il manque à python3 le module venv" in refused.stderr
    assert "sudo apt install python3-venv" in refused.stderr


def test_an_installation_that_fails_is_told_and_taken_up_again(machine: Machine) -> None:
    machine.has("uv", UV)

    failed = machine.snp("demo", UV_BREAKS="yes")

    assert failed.returncode == 1
    assert "L’environnement n’a pas pu être préparé" in failed.stderr
    assert failed.stdout == ""
    assert machine.snp("demo").returncode == 0


def test_two_commands_at_once_prepare_the_environment_once(machine: Machine) -> None:
    machine.has("uv", UV)
    both = [
        subprocess.Popen(
            [str(machine.clone / "snp"), "demo"],
            env=machine.environment({}),
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        for _ in range(2)
    ]

    for command in both:
        output, _ = command.communicate(timeout=60)
        assert json.loads(output)["arguments"] == ["demo"]

    assert machine.asked_of_uv() == ["venv --quiet", "pip sync"]


def test_the_turn_of_a_command_that_was_killed_is_taken_over(machine: Machine) -> None:
    machine.has("uv", UV)
    with subprocess.Popen(["true"]) as ended:
        pass
    (machine.clone / ".venv-turn").symlink_to(str(ended.pid))

    assert machine.snp("demo").returncode == 0
    assert not (machine.clone / ".venv-turn").is_symlink()


def test_the_folder_we_are_in_lends_no_module(machine: Machine) -> None:
    machine.has("uv", UV)
    (machine.elsewhere / "dispatcher").mkdir()
    (machine.elsewhere / "dispatcher" / "__main__.py").write_text("raise SystemExit(9)")
    (machine.elsewhere / "json.py").write_text("raise SystemExit(9)")

    assert machine.snp("demo").returncode == 0


def test_a_clone_that_moved_still_works(machine: Machine) -> None:
    machine.has("uv", UV)
    machine.snp("demo")
    machine.clone = machine.clone.rename(machine.clone.with_name("moved"))

    assert json.loads(machine.snp("demo").stdout)["arguments"] == ["demo"]


def test_help_names_every_verb_and_needs_no_environment(machine: Machine) -> None:
    for arguments in ([], ["--help"], ["help"]):
        told = machine.snp(*arguments)
        assert told.returncode == 0
        words = set(told.stdout.split())
        assert {"setup", *VERBS} <= words

    assert not (machine.clone / ".venv").exists()
