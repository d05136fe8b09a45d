"""A contract's year as TOML: read with the line of every fault, and written back."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Annotated, Any

from pydantic import Field

from config import agreements
from dispatcher.domain.aci.contract import (
    Contract,
    Direction,
    Fault,
    Line,
    Mission,
    Source,
    Tier,
    Value,
    faults_of,
)
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.indicators.outside import OUTSIDE
from dispatcher.domain.indicators.registry import INDICATORS
from dispatcher.services.commands import CodeText, Day, Name, Note, Shape
from dispatcher.services.parsing import parse

_TABLE = re.compile(r"\s*(\[\[?)\s*([\w.-]+)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([\w-]+)\s*=")
Eur = Annotated[int, Field(ge=0, strict=True)]
Figure = Annotated[float, Field(strict=True, allow_inf_nan=False)]
_SYNTAX_LINE = re.compile(r"\(at line (\d+), column \d+\)")


class TierShape(Shape):
    """A limit, included, and its euros."""

    limit: Figure
    eur: Eur


class ValueShape(Shape):
    """What was measured, when, and the document or person that it is from."""

    figure: Figure
    on: Day
    origin: Note = ""


class LineShape(Shape):
    """`[[mission.line]]`."""

    code: CodeText
    label: Note
    eur: Eur
    source: Source
    direction: Direction = Direction.UP
    baseline: Figure | None = None
    target: Figure | None = None
    delta: Figure | None = None
    tiers: list[TierShape] = Field(default_factory=list)
    evidence: Note = ""
    carried_over: bool = False
    indicator: str = ""
    value: ValueShape | None = None


class MissionShape(Shape):
    """`[[mission]]`."""

    code: CodeText
    label: Note
    fixed_eur: Eur | None = None
    variable_eur: Eur | None = None
    starts: Day | None = None
    line: list[LineShape] = Field(default_factory=list)


class HeadShape(Shape):
    """`[contract]`."""

    name: Name
    agreement: CodeText
    size: Annotated[int, Field(strict=True)]
    signed: Day
    first: Day
    last: Day
    days_in_year: int = Field(default=365, ge=360, le=366)


class FileShape(Shape):
    """The whole file."""

    contract: HeadShape
    mission: list[MissionShape] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class FileFault:
    """A fault with the line of the file that it stands on, from 1; 0 for the whole file."""

    line: int
    sentence: str


class ContractFileError(ValueError):
    """A file that is no contract, or one that does not hold together."""

    def __init__(self, faults: Sequence[FileFault]) -> None:
        super().__init__("; ".join(f"{fault.line}: {fault.sentence}" for fault in faults))
        self.faults = tuple(faults)


def read_contract(text: str) -> Contract:
    """Read a contract's year. Raises ContractFileError with every fault that was found."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = _SYNTAX_LINE.search(str(error))
        line = int(at[1]) if at else text.count("\n") + 1
        raise ContractFileError([FileFault(line, "Cette ligne n’est pas du TOML.")]) from None
    try:
        return parse_contract(found)
    except InvalidError as invalid:
        faults = {tuple(path.split(".")): said for path, said in invalid.fields.items()}
        raise _error(text, faults) from None


def parse_contract(found: Mapping[str, Any]) -> Contract:
    """The contract of a file's tables, or of a form's fields.

    Raises InvalidError by dotted path (`mission.0.line.2.eur`) with every fault that was found.
    """
    contract = _contract(parse(FileShape, found))
    faults = {
        ".".join(map(str, fault.path)): fault.sentence
        for fault in (*faults_of(contract), *_unknown_names(contract))
    }
    if faults:
        raise InvalidError(faults)
    return contract


def _unknown_names(contract: Contract) -> Iterator[Fault]:
    """Agreement, size and indicators that there are not."""
    if contract.agreement not in agreements.codes():
        known = ", ".join(agreements.codes())
        yield Fault(("contract", "agreement"), f"Cet accord n’existe pas{NBSP}: {known}.")
    elif contract.size not in agreements.load(contract.agreement).size_labels:
        yield Fault(("contract", "size"), "Cette taille n’existe pas dans cet accord.")
    for position, mission in enumerate(contract.missions):
        for number, line in enumerate(mission.lines):
            there = ("mission", position, "line", number, "indicator")
            if line.source is Source.LOG and line.indicator and line.indicator not in INDICATORS:
                yield Fault(there, f"Le journal ne compte pas «{NBSP}{line.indicator}{NBSP}».")
            if line.source is not Source.LOG and line.indicator not in {"", *OUTSIDE}:
                yield Fault(there, "Cet indicateur n’est pas de ceux qui se saisissent.")


def write_contract(contract: Contract) -> str:
    """The contract as TOML that `read_contract` reads back as it was."""
    head = asdict(contract)
    missions = head.pop("missions")
    parts = [_table("[contract]", head)]
    for mission in missions:
        lines = mission.pop("lines")
        parts.append(_table("[[mission]]", mission))
        parts += [_table("[[mission.line]]", line) for line in lines]
    return "\n".join(parts)


def _contract(shape: FileShape) -> Contract:
    return Contract(
        **shape.contract.model_dump(),
        missions=tuple(
            Mission(
                **mission.model_dump(exclude={"line"}),
                lines=tuple(_line(line) for line in mission.line),
            )
            for mission in shape.mission
        ),
    )


def _line(shape: LineShape) -> Line:
    return Line(
        **shape.model_dump(exclude={"tiers", "value"}),
        tiers=tuple(Tier(**tier.model_dump()) for tier in shape.tiers),
        value=None if shape.value is None else Value(**shape.value.model_dump()),
    )


def _error(text: str, faults: Mapping[tuple[str, ...], str]) -> ContractFileError:
    lines = _lines_of(text)
    found = []
    for path, sentence in faults.items():
        around = path
        while around not in lines and around:
            around = around[:-1]
        # A key that is missing or unknown is named: its line may be that of its table.
        said = sentence if around == path else f"{path[-1]}{NBSP}: {sentence}"
        found.append(FileFault(lines.get(around, 0), said))
    return ContractFileError(sorted(found, key=lambda fault: fault.line))


def _lines_of(text: str) -> dict[tuple[str, ...], int]:
    """On which line each table and each key of a TOML text stands."""
    found: dict[tuple[str, ...], int] = {}
    counts: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE.match(line):
            table = ()
            *parents, last = header[2].split(".")
            for name in (*parents, last):
                table = (*table, name)
                if name == last and header[1] == "[[":
                    counts[table] = counts.get(table, -1) + 1
                if table in counts:
                    table = (*table, str(counts[table]))
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault((*table, key[1]), number)
    return found


def _table(header: str, values: Mapping[str, object]) -> str:
    rows = [
        f"{name} = {_toml(value)}"
        for name, value in values.items()
        if value is not None and value is not False and value not in ("", ())
    ]
    return "\n".join([header, *rows, ""])


def _toml(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_toml(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    # JSON writes strings, numbers and booleans as TOML does.
    return json.dumps(value, ensure_ascii=False)
