"""Each import contract of pyproject.toml breaks when somebody violates it."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

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


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project's modules, to plant violations in."""
    copy = tmp_path_factory.mktemp("house")
    for room in ROOMS:
        for module in (ROOT / room).rglob("*.py"):
            target = copy / module.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(module, target)
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def outcomes(house: Path) -> dict[str, str]:
    """KEPT or BROKEN, by contract."""
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
    found = dict(re.findall(r"^(.*?) (KEPT|BROKEN)\b.*$", done.stdout, re.MULTILINE))
    assert found, done.stdout + done.stderr
    assert (done.returncode == 0) == ("BROKEN" not in found.values())
    return found


def test_every_contract_is_kept_by_the_house_as_it_is(house: Path) -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {contract["name"] for contract in table["tool"]["importlinter"]["contracts"]}

    assert contracts == {LAYERS, DOMAIN, REDIS, TWILIO, SQL, FLASK}
    assert outcomes(house) == dict.fromkeys(contracts, "KEPT")


@pytest.mark.parametrize(("contract", "room", "module"), VIOLATIONS)
def test_a_contract_breaks_when_it_is_violated(
    house: Path, contract: str, room: str, module: str
) -> None:
    planted = house / room / "planted.py"
    planted.write_text(f"import {module}\n", encoding="utf-8")
    try:
        assert outcomes(house)[contract] == "BROKEN"
    finally:
        planted.unlink()


def test_every_part_of_the_house_has_its_floor() -> None:
    """A part that stands on no floor could import whatever it likes."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {each["name"]: each for each in table["tool"]["importlinter"]["contracts"]}
    placed = {part.strip() for floor in contracts[LAYERS]["layers"] for part in floor.split("|")}
    parts = {
        f"dispatcher.{path.stem}"
        for path in (ROOT / "dispatcher").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    } - {"dispatcher.__init__"}

    assert parts <= placed
    assert parts - {"dispatcher.gateways"} <= set(contracts[TWILIO]["source_modules"])
