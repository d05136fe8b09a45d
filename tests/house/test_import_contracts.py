"""Each import contract of pyproject.toml breaks when somebody violates it."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("config", "dispatcher", "workers")

LAYERS = "each floor imports only the floors below"
DOMAIN = "the domain knows nobody"
REDIS = "only workers know Redis and RQ"
TWILIO = "only gateways know Twilio"
SQL = "no SQL where requests are answered"
FLASK = "no Flask below the web"

VIOLATIONS = [
    (LAYERS, "config", "dispatcher.domain.errors"),
    (LAYERS, "dispatcher/domain", "dispatcher.storage"),
    (LAYERS, "dispatcher/storage", "dispatcher.gateways"),
    (LAYERS, "dispatcher/gateways", "dispatcher.storage"),
    (LAYERS, "dispatcher/reads", "dispatcher.services"),
    (LAYERS, "dispatcher/services", "dispatcher.bootstrap"),
    (LAYERS, "dispatcher/demo", "dispatcher.cli"),
    (LAYERS, "dispatcher/web", "dispatcher.api"),
    (LAYERS, "dispatcher/web", "workers"),
    (LAYERS, "workers", "dispatcher.web"),
    (DOMAIN, "dispatcher/domain", "config"),
    (DOMAIN, "dispatcher/domain", "sqlalchemy"),
    (REDIS, "dispatcher/services", "rq"),
    (REDIS, "dispatcher/web", "redis"),
    (TWILIO, "dispatcher/web", "twilio.request_validator"),
    (TWILIO, "workers", "twilio"),
    (SQL, "dispatcher/web", "sqlalchemy"),
    (SQL, "dispatcher/api", "sqlalchemy.orm"),
    (FLASK, "dispatcher/services", "flask"),
    (FLASK, "workers", "werkzeug"),
]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the project's modules, to plant violations in."""
    for room in ROOMS:
        for module in (ROOT / room).rglob("*.py"):
            target = tmp_path / module.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(module, target)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def reports(house: Path) -> tuple[dict[str, str], dict[str, str]]:
    """KEPT or BROKEN by contract, and what is written about each broken one."""
    done = subprocess.run(
        [
            *(sys.executable, "-P", "-c", "import importlinter.cli as c; c.lint_imports_command()"),
            "--no-cache",
        ],
        cwd=house,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    outcomes = dict(re.findall(r"^(.*?) (KEPT|BROKEN)\b.*$", done.stdout, re.MULTILINE))
    assert outcomes, done.stdout + done.stderr
    assert (done.returncode == 0) == ("BROKEN" not in outcomes.values())
    _, _, details = done.stdout.partition("Broken contracts")
    titles = "|".join(map(re.escape, outcomes))
    parts = re.split(rf"^({titles})$", details, flags=re.MULTILINE)[1:]
    return outcomes, dict(zip(parts[::2], parts[1::2], strict=True))


def contracts() -> dict[str, dict[str, Any]]:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {each["name"]: each for each in table["tool"]["importlinter"]["contracts"]}


def test_every_contract_is_kept_by_the_house_as_it_is(house: Path) -> None:
    assert set(contracts()) == {LAYERS, DOMAIN, REDIS, TWILIO, SQL, FLASK}
    assert reports(house) == (dict.fromkeys(contracts(), "KEPT"), {})


def test_each_contract_names_each_import_that_violates_it(house: Path) -> None:
    """All of them are planted at once, each in a module of its own: linting takes seconds."""
    for number, (_, room, module) in enumerate(VIOLATIONS):
        planted = house / room / f"planted_{number}.py"
        planted.write_text(f"import {module}\n", encoding="utf-8")

    outcomes, told = reports(house)

    assert outcomes == dict.fromkeys(contracts(), "BROKEN")
    missed = [
        (contract, room, module)
        for number, (contract, room, module) in enumerate(VIOLATIONS)
        if f"planted_{number} -> {_as_told(module)} " not in told[contract]
    ]
    assert missed == []


def _as_told(module: str) -> str:
    """Of a library the first name alone is known."""
    package = module.partition(".")[0]
    return module if package in ROOMS else package


def test_every_part_of_the_house_has_its_floor() -> None:
    """A part that stands on no floor could import whatever it likes."""
    placed = {part.strip() for floor in contracts()[LAYERS]["layers"] for part in floor.split("|")}
    parts = {
        f"dispatcher.{path.stem}"
        for path in (ROOT / "dispatcher").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    } - {"dispatcher.__init__"}

    assert parts <= placed
    assert parts - {"dispatcher.gateways"} <= set(contracts()[TWILIO]["source_modules"])
