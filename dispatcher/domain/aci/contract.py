"""A CPTS's signed contract for one year: missions, envelopes, and the lines of the variable part.

A line is worth a fixed number of euros. It is binary (reached: all of it, else nothing) or tiered
(the highest tier reached is paid, tiers do not add up). There is no pro rata inside a tier, and
nothing is paid above a line's maximum (real contracts of 2025 to 2027; no national rule is known).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from dispatcher.domain.calendar import NBSP


class Source(StrEnum):
    """Where the value of a line comes from."""

    LOG = "log"
    """Computed from the event log of this software."""
    CPAM = "cpam"
    """Given by the health insurance."""
    MANUAL = "manual"
    """Noted by the coordinator, with its evidence."""


class Direction(StrEnum):
    """Which way is better."""

    UP = "up"
    DOWN = "down"

    def reaches(self, value: float, limit: float) -> bool:
        """Whether a value is as good as a limit."""
        return value >= limit if self is Direction.UP else value <= limit


LONGEST_YEAR = 366
"""Days."""


@dataclass(frozen=True, slots=True)
class Tier:
    """A limit, included, and the euros that reaching it is worth."""

    limit: float
    eur: int


@dataclass(frozen=True, slots=True)
class Value:
    """What was measured, when and where it is from."""

    figure: float
    on: date
    origin: str
    """The document or the person; for the log, empty."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the variable part.

    Without tiers and without a target it is a task: done (a value of 1 or more) or not.
    """

    code: str
    label: str
    eur: int
    """The most that it pays."""
    source: Source
    direction: Direction = Direction.UP
    baseline: float | None = None
    target: float | None = None
    delta: float | None = None
    tiers: Sequence[Tier] = ()
    evidence: str = ""
    carried_over: bool = False
    """Not reached the year before, and asked for again."""
    indicator: str = ""
    """For a line from the log: the indicator it is the value of."""
    value: Value | None = None

    @property
    def key(self) -> str:
        """Under which a value that is typed in is kept."""
        return self.indicator or self.code

    @property
    def steps(self) -> Sequence[Tier]:
        """Its tiers, the easiest first; a binary line has one."""
        if self.tiers:
            return self.tiers
        return (Tier(1.0 if self.target is None else self.target, self.eur),)


@dataclass(frozen=True, slots=True)
class Mission:
    """One mission's money for the year. None for an envelope that the contract does not give."""

    code: str
    label: str
    fixed_eur: int | None
    variable_eur: int | None
    starts: date | None = None
    """When it starts within the year; None when it was running before."""
    lines: Sequence[Line] = ()


@dataclass(frozen=True, slots=True)
class Contract:
    """One year of a contract, from `first` to `last`, both included."""

    name: str
    agreement: str
    size: int
    signed: date
    first: date
    last: date
    missions: Sequence[Mission]
    days_in_year: int = 365
    """The day-count of the first year's pro rata: no text says 365 or 366."""

    def lines(self) -> Iterator[Line]:
        """All lines, in order."""
        for mission in self.missions:
            yield from mission.lines


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in a contract that does not hold together; `path` leads to it."""

    path: tuple[str | int, ...]
    sentence: str


def faults_of(contract: Contract) -> list[Fault]:
    """What does not hold together; an empty list for a contract that can be settled."""
    faults: list[Fault] = []
    if contract.last <= contract.first:
        faults.append(Fault(("contract", "last"), "L’année finit avant de commencer."))
    elif (contract.last - contract.first).days >= LONGEST_YEAR:
        said = f"Une année de contrat compte {LONGEST_YEAR}{NBSP}jours au plus."
        faults.append(Fault(("contract", "last"), said))
    codes: set[str] = set()
    for position, mission in enumerate(contract.missions):
        here: tuple[str | int, ...] = ("mission", position)
        faults += _faults_of_mission(contract, mission, here)
        for number, line in enumerate(mission.lines):
            there = (*here, "line", number)
            if line.code in codes:
                faults.append(Fault((*there, "code"), f"Deux lignes s’appellent {line.code}."))
            codes.add(line.code)
            faults += _faults_of_line(contract, line, there)
    return faults


def _faults_of_mission(
    contract: Contract, mission: Mission, here: tuple[str | int, ...]
) -> Iterator[Fault]:
    total = sum(line.eur for line in mission.lines)
    if mission.lines and mission.variable_eur is not None and total != mission.variable_eur:
        yield Fault(
            (*here, "variable_eur"),
            f"Les lignes font {total}{NBSP}€, l’enveloppe variable est de"
            f" {mission.variable_eur}{NBSP}€.",
        )
    if mission.starts is not None and not contract.first <= mission.starts <= contract.last:
        yield Fault((*here, "starts"), "La mission commence en dehors de l’année du contrat.")


def _faults_of_line(
    contract: Contract, line: Line, there: tuple[str | int, ...]
) -> Iterator[Fault]:
    if line.eur < 0:
        yield Fault((*there, "eur"), "Un montant ne peut pas être négatif.")
    if None not in {line.baseline, line.target, line.delta}:
        yield from _faults_of_target(line, there)
    yield from _faults_of_tiers(line, there)
    if line.source is Source.LOG and not line.indicator:
        yield Fault((*there, "indicator"), "Une ligne du journal nomme son indicateur.")
    if line.value is not None:
        if line.source is not Source.LOG and not line.value.origin.strip():
            yield Fault((*there, "value", "origin"), "Une valeur saisie a besoin de sa source.")
        if not contract.first <= line.value.on <= contract.last:
            yield Fault((*there, "value", "on"), "Cette date est en dehors de l’année du contrat.")


def _faults_of_target(line: Line, there: tuple[str | int, ...]) -> Iterator[Fault]:
    baseline, target, delta = line.baseline or 0.0, line.target or 0.0, line.delta or 0.0
    # Contracts write the gap with its sign, or as how much less there should be.
    ways = {delta, -delta} if line.direction is Direction.DOWN and delta > 0 else {delta}
    if all(abs(baseline + each - target) > 1e-9 for each in ways):  # noqa: PLR2004 - decimals
        yield Fault(
            (*there, "target"),
            f"La cible {target:g} n’est pas le point de départ {baseline:g} et l’écart {delta:+g}.",
        )


def _faults_of_tiers(line: Line, there: tuple[str | int, ...]) -> Iterator[Fault]:
    if not line.tiers:
        return
    amounts = [tier.eur for tier in line.tiers]
    limits = [tier.limit for tier in line.tiers]
    if line.direction is Direction.DOWN:
        limits = [-limit for limit in limits]
    if sorted(set(amounts)) != amounts or sorted(set(limits)) != limits:
        yield Fault(
            (*there, "tiers"),
            "Les paliers vont du plus facile au plus difficile, et chacun vaut plus que le"
            " précédent.",
        )
    if max(amounts) != line.eur:
        yield Fault((*there, "eur"), "Le maximum de la ligne est celui de son dernier palier.")
