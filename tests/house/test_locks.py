"""The locks say what pyproject.toml asks for, completely, and name no package index."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
MACHINES = (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"))


class Lock:
    """One requirements file, each entry with its marker and its hashes."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.entries: list[Requirement] = []
        self.without_hash: list[str] = []
        for entry in re.split(r"\n(?=\S)", text.replace("\\\n", "").strip()):
            if entry.startswith("#"):
                continue
            requirement, *hashes = entry.split("--hash=sha256:")
            self.entries.append(Requirement(requirement))
            if not hashes:
                self.without_hash.append(requirement)

    @classmethod
    def read(cls, name: str) -> "Lock":
        return cls((ROOT / name).read_text(encoding="utf-8"))

    def pins(self, environment: dict[str, str]) -> dict[str, str]:
        """The versions that are installed there."""
        found: dict[str, str] = {}
        for entry in self.entries:
            if entry.marker is None or entry.marker.evaluate(environment):
                name = canonicalize_name(entry.name)
                assert name not in found, f"{name} is pinned twice"
                found[name] = str(entry.specifier).removeprefix("==")
        return found


def asked(project: dict[str, object], *, dev: bool) -> list[Requirement]:
    """What pyproject.toml asks for."""
    table, groups = project["project"], project["dependency-groups"]
    assert isinstance(table, dict)
    assert isinstance(groups, dict)
    return [Requirement(line) for line in [*table["dependencies"], *(groups["dev"] if dev else [])]]


def faults(lock: Lock, wanted: list[Requirement], environment: dict[str, str]) -> Iterator[str]:
    """What is asked for and not locked, or locked at a version that is not asked for."""
    pins = lock.pins(environment)
    for requirement in wanted:
        pinned = pins.get(canonicalize_name(requirement.name))
        if pinned is None or not requirement.specifier.contains(pinned, prereleases=True):
            yield f"{requirement} is locked as {pinned}: ./snp lock"


def environments() -> list[dict[str, str]]:
    here = {name: str(value) for name, value in default_environment().items()}
    return [
        {
            **here,
            "python_version": python,
            "python_full_version": f"{python}.4",
            "sys_platform": system,
            "platform_machine": machine,
        }
        for python in PYTHONS
        for system, machine in MACHINES
    ]


@pytest.fixture(scope="module")
def project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_what_is_asked_for_is_locked_on_every_machine(
    name: str, project: dict[str, object]
) -> None:
    lock, wanted = Lock.read(name), asked(project, dev=name == "requirements-dev.txt")

    for environment in environments():
        assert list(faults(lock, wanted, environment)) == []


def test_the_tools_of_development_are_added_to_the_very_same_versions() -> None:
    runtime, dev = Lock.read("requirements.txt"), Lock.read("requirements-dev.txt")

    for environment in environments():
        assert runtime.pins(environment).items() <= dev.pins(environment).items()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_entry_has_its_hashes_and_no_index_is_named(name: str) -> None:
    lock = Lock.read(name)

    assert len(lock.entries) > 50
    assert lock.without_hash == []
    assert "://" not in lock.text
    assert "-index" not in lock.text


def test_what_is_installed_here_is_what_is_locked() -> None:
    here = {name: str(value) for name, value in default_environment().items()}
    pins = Lock.read("requirements-dev.txt").pins(here)

    assert {name: version(name) for name in pins} == pins


def test_the_guards_see_a_lock_that_is_behind() -> None:
    """The companion: an old version, a package that is missing, a hash that is missing."""
    here = {name: str(value) for name, value in default_environment().items()}
    lock = Lock("flask==3.0.0 \\\n    --hash=sha256:00\nrq==3.0.0\n")

    assert lock.without_hash == ["rq==3.0.0"]
    assert list(faults(lock, [Requirement("flask>=3.1"), Requirement("redis>=8")], here)) == [
        "flask>=3.1 is locked as 3.0.0: ./snp lock",
        "redis>=8 is locked as None: ./snp lock",
    ]
    assert list(faults(lock, [Requirement("rq==3.0.0")], here)) == []


def test_a_marker_chooses_between_two_pins() -> None:
    lock = Lock('numpy==2.4.6 ; python_version < "3.12"\nnumpy==2.5.5 ; python_version >= "3.12"\n')
    here = {name: str(value) for name, value in default_environment().items()}

    assert lock.pins({**here, "python_version": "3.11"}) == {"numpy": "2.4.6"}
    assert lock.pins({**here, "python_version": "3.13"}) == {"numpy": "2.5.5"}
