"""The agreements between CPTS and health insurance as data: `config/aci/<code>.toml`.

Every figure has its grade of evidence and its source. One that is not known is None, never 0; so is
every sum that it would be part of.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

DIRECTORY: Final = Path(__file__).parent / "aci"
Grade = Literal["proven", "inferred", "unknown"]


class AgreementError(ValueError):
    """An agreement cannot be used as it is; the message names file and fault."""


@dataclass(frozen=True, slots=True)
class Amount:
    """Euros a year for one part and one size; None when it is not known."""

    eur: int | None
    grade: Grade
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a mission's money (`fixe`, `variable` …), by size of the community."""

    code: str
    label: str
    amounts: Mapping[int, Amount]
    one_off: bool = False
    """Paid once, or only if something happens: in no sum of a year."""


@dataclass(frozen=True, slots=True)
class Mission:
    """One mission; `required` for those of the *socle*, which every CPTS takes on."""

    code: str
    label: str
    required: bool
    parts: Sequence[Part]

    def total(self, size: int, *, without: str = "") -> int | None:
        """Euros of a year for that size, one part left out; None where one is not known."""
        return _sum(
            part.amounts[size].eur
            for part in self.parts
            if part.code != without and not part.one_off
        )


@dataclass(frozen=True, slots=True)
class Agreement:
    """One agreement. `supplement` is the code of the part that its printed totals leave out."""

    code: str
    title: str
    size_labels: Mapping[int, str]
    sources: Mapping[str, str]
    missions: Sequence[Mission]
    supplement: str = ""

    def total(self, size: int) -> int | None:
        """Euros of a year over all missions, without the supplement."""
        return _sum(mission.total(size, without=self.supplement) for mission in self.missions)

    def total_with_supplement(self, size: int) -> int | None:
        """The same with it."""
        return _sum(mission.total(size) for mission in self.missions)


def load(code: str, directory: Path = DIRECTORY) -> Agreement:
    """Read and check an agreement. Raises KeyError for one there is not, AgreementError."""
    if code not in codes(directory):
        raise KeyError(code)
    path = directory / f"{code}.toml"
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        agreement = _agreement(found)
    except (tomllib.TOMLDecodeError, AgreementError, KeyError, TypeError) as error:
        raise AgreementError(f"{path.name}: {error}") from None
    _check_totals(agreement, found.get("totals", {}), path.name)
    return agreement


def codes(directory: Path = DIRECTORY) -> list[str]:
    """The agreements there are, in order."""
    return sorted(path.stem for path in directory.glob("*.toml"))


def _agreement(found: Mapping[str, Any]) -> Agreement:
    sizes, sources = found["sizes"], found["sources"]
    return Agreement(
        code=found["code"],
        title=found["title"],
        size_labels=dict(zip(sizes, found["size_labels"], strict=True)),
        sources=sources,
        missions=tuple(
            Mission(
                code=mission["code"],
                label=mission["label"],
                required=mission["required"],
                parts=tuple(_part(part, sizes, sources) for part in mission["part"]),
            )
            for mission in found["mission"]
        ),
        supplement=found.get("supplement", ""),
    )


def _part(part: Mapping[str, Any], sizes: Sequence[int], sources: Mapping[str, str]) -> Part:
    figures = part.get("eur", [None] * len(sizes))
    if len(figures) != len(sizes):
        raise AgreementError(f"{part['code']}: one figure for each size")
    common = {"grade": part["grade"], "source": part.get("source", ""), "note": ""}
    cells = {size: common | {"eur": figure} for size, figure in zip(sizes, figures, strict=True)}
    for cell in part.get("cells", ()):
        cells[cell["size"]] |= {name: value for name, value in cell.items() if name != "size"}
    return Part(
        code=part["code"],
        label=part["label"],
        amounts={size: _amount(part["code"], cell, sources) for size, cell in cells.items()},
        one_off=part.get("one_off", False),
    )


def _amount(code: str, cell: Mapping[str, Any], sources: Mapping[str, str]) -> Amount:
    amount = Amount(**cell)
    if amount.grade not in get_args(Grade):
        raise AgreementError(f"{code}: no grade {amount.grade!r}")
    if (amount.eur is None) != (amount.grade == "unknown"):
        raise AgreementError(f"{code}: a figure is unknown if and only if there is none")
    if amount.eur is not None and amount.source not in sources:
        raise AgreementError(f"{code}: a figure without its source")
    return amount


def _check_totals(agreement: Agreement, printed: Mapping[str, Sequence[int]], file: str) -> None:
    """The sums must give what the source prints."""
    sums = {
        "without_supplement": agreement.total,
        "with_supplement": agreement.total_with_supplement,
    }
    for name, figures in printed.items():
        found = [sums[name](size) for size in agreement.size_labels]
        if found != list(figures):
            raise AgreementError(f"{file}: the parts give {found}, the source {list(figures)}")


def _sum(figures: Iterable[int | None]) -> int | None:
    total = 0
    for figure in figures:
        if figure is None:
            return None
        total += figure
    return total
