"""docs/security.md: every requirement has its answer, and every proof is there."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHECKLIST = ROOT / "docs" / "security.md"

# How many requirements of levels 1 and 2 each section of ASVS 5.0.0 has; in each they come first.
SECTIONS = {
    "V1.1": 2, "V1.2": 9, "V1.3": 11, "V1.4": 3, "V1.5": 2, "V2.1": 3, "V2.2": 3, "V2.3": 4,
    "V2.4": 1, "V3.2": 2, "V3.3": 4, "V3.4": 6, "V3.5": 5, "V3.7": 2, "V4.1": 3, "V4.2": 1,
    "V4.3": 2, "V4.4": 4, "V5.1": 1, "V5.2": 3, "V5.3": 2, "V5.4": 3, "V6.1": 3, "V6.2": 12,
    "V6.3": 4, "V6.4": 4, "V6.5": 5, "V6.6": 3, "V6.8": 4, "V7.1": 3, "V7.2": 4, "V7.3": 2,
    "V7.4": 5, "V7.5": 2, "V7.6": 2, "V8.1": 2, "V8.2": 3, "V8.3": 1, "V8.4": 1, "V9.1": 3,
    "V9.2": 4, "V10.1": 2, "V10.2": 2, "V10.3": 4, "V10.4": 11, "V10.5": 5, "V10.6": 2,
    "V10.7": 3, "V11.1": 2, "V11.2": 3, "V11.3": 3, "V11.4": 4, "V11.5": 1, "V11.6": 1,
    "V12.1": 3, "V12.2": 2, "V12.3": 4, "V13.1": 1, "V13.2": 5, "V13.3": 2, "V13.4": 5,
    "V14.1": 2, "V14.2": 4, "V14.3": 3, "V15.1": 3, "V15.2": 3, "V15.3": 7, "V16.1": 1,
    "V16.2": 5, "V16.3": 4, "V16.4": 3, "V16.5": 3, "V17.1": 1, "V17.2": 4, "V17.3": 2,
}  # fmt: skip
LEVEL_1, LEVEL_2 = 70, 183
"""How many there are in all."""
_FILE = re.compile(r"`([\w./-]+\.(?:py|md|toml|txt|html|js|yml|example))(?:::(\w+))?`")
SHORTEST_REASON = 7


def rows(text: str) -> Iterator[tuple[str, str, str, str]]:
    """Number, level, what is asked, the answer."""
    for line in text.splitlines():
        if line.startswith("| V"):
            number, level, asked, answer = (cell.strip() for cell in line.strip("|").split(" | "))
            yield number, level, asked, answer


def faults(text: str) -> list[str]:
    """What is missing in the list."""
    expected = [f"{name}.{n + 1}" for name, count in SECTIONS.items() for n in range(count)]
    found = [number for number, *_ in rows(text)]
    said = [f"{number}: missing" for number in expected if number not in found]
    said += [f"{number}: not asked, or twice" for number in found if found.count(number) > 1]
    said += [f"{number}: no such number" for number in found if number not in expected]
    for number, level, asked, answer in rows(text):
        if level not in {"1", "2"} or not asked:
            said.append(f"{number}: no level, or nothing asked")
        said += [f"{number}: {fault}" for fault in _faults_of(answer)]
    return said


def _faults_of(answer: str) -> Iterator[str]:
    kind, _, reason = answer.partition(": ")
    proofs = _FILE.findall(answer)
    if kind not in {"held", "n/a", "host", "left out"}:
        yield "no answer"
    elif kind == "held" and not proofs:
        yield "held by nothing"
    elif len(reason) < SHORTEST_REASON:
        yield "no reason"
    for file, test in proofs:
        path = ROOT / file
        if not path.is_file():
            yield f"{file} is not there"
        elif test and f"def {test}(" not in path.read_text("utf-8"):
            yield f"{file} has no {test}"


def test_every_requirement_has_its_answer_and_every_proof_is_there() -> None:
    assert faults(CHECKLIST.read_text("utf-8")) == []


def test_the_standard_is_counted_whole() -> None:
    levels = [level for _, level, *_ in rows(CHECKLIST.read_text("utf-8"))]
    assert (levels.count("1"), levels.count("2")) == (LEVEL_1, LEVEL_2)
    assert sum(SECTIONS.values()) == LEVEL_1 + LEVEL_2


def test_each_hole_in_the_list_is_seen() -> None:
    whole = CHECKLIST.read_text("utf-8")
    line = next(each for each in whole.splitlines() if each.startswith("| V1.1.1 "))
    for changed, fault in {
        "": "V1.1.1: missing",
        f"{line}\n{line}": "V1.1.1: not asked, or twice",
        "| V1.1.1 | 2 | asked |  |": "V1.1.1: no answer",
        "| V1.1.1 | 2 | asked | held: by all of us together |": "V1.1.1: held by nothing",
        "| V1.1.1 | 2 | asked | n/a: no |": "V1.1.1: no reason",
        "| V1.1.1 | 3 | asked | n/a: there is none here |": "V1.1.1: no level, or nothing asked",
        "| V1.1.1 | 2 | asked | held: `tests/gone.py` does |": "V1.1.1: tests/gone.py is not there",
        "| V1.1.1 | 2 | asked | held: by `tests/builders.py::test_gone` |": (
            "V1.1.1: tests/builders.py has no test_gone"
        ),
    }.items():
        assert fault in faults(whole.replace(line, changed)), changed
