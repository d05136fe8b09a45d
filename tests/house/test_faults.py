"""Every fault that is to be survived has its test, and the table that says so is true."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "tests" / "faults" / "README.md"
FAULTS = {f"F{number}" for number in range(1, 16)}
_ROW = re.compile(r"^\| (F\d+) \|.*$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def faults_of(table: str) -> set[str]:
    """Those with a row that names a test."""
    return {row[1] for row in _ROW.finditer(table) if _TEST.search(row[0])}


def missing(table: str) -> list[str]:
    """Tests that are named and are not there."""
    return [
        f"{file}::{name}"
        for file, name in _TEST.findall(table)
        if not (ROOT / file).is_file()
        or f"def {name}(" not in (ROOT / file).read_text(encoding="utf-8")
    ]


def test_every_fault_has_a_test_that_is_there() -> None:
    table = TABLE.read_text(encoding="utf-8")
    assert faults_of(table) == FAULTS
    assert missing(table) == []


def test_a_row_without_a_test_and_a_test_that_is_gone_are_found() -> None:
    assert faults_of("| F1 | a fault | `tests/house/test_faults.py::test_x` |\n| F2 | x | |") == {
        "F1"
    }
    gone = "`tests/house/test_faults.py::test_gone`, `tests/gone.py::test_x`"
    assert missing(gone) == ["tests/house/test_faults.py::test_gone", "tests/gone.py::test_x"]
