"""What a CPTS owes its professionals for a month: its own rules, and the yearly ceiling.

All sums are whole cents. The ceiling: what a CPTS pays one professional in a civil year is at most
the year's PASS (décret 2022-375 of 16 March 2022). Each figure has its source; of a year that is
not in the table nothing is held back, and whoever reads it is told that the ceiling is unknown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from uuid import UUID

PASS_EUR: Mapping[int, tuple[int, str]] = {
    2023: (43_992, "arrêté du 9 décembre 2022"),
    2024: (46_368, "BOSS, 12 octobre 2023, d’après la presse professionnelle"),
    2025: (47_100, "BOSS, 4 novembre 2024, d’après la presse professionnelle"),
    2026: (48_060, "presse professionnelle, 18 novembre 2025"),
}
"""By civil year, in euros, with where it was read (BOSS: Bulletin officiel de la sécurité
sociale)."""
_CENTS = 100
_MINUTES_PER_HOUR = 60


class Basis(StrEnum):
    """What a rule pays for."""

    PLACE = "place"
    """A place of a published slot, neither withdrawn nor blocked, whoever took it."""
    ACT = "act"
    """An appointment that the patient came to."""
    REGULATION_HOUR = "regulation_hour"
    """An hour of regulation, as it was noted."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rate, from one month to another, both included; the first of a month stands for it."""

    basis: Basis
    profession: str | None
    """TRE_G15; None for every profession that has no rule of its own."""
    cents: int
    first: date
    last: date | None

    def holds_in(self, month: date) -> bool:
        """Whether it is in force in a month."""
        return self.first <= month and (self.last is None or month <= self.last)


@dataclass(frozen=True, slots=True)
class Work:
    """What a professional did in a month."""

    practitioner_id: UUID
    profession: str
    places: int = 0
    acts: int = 0
    minutes: int = 0
    """Of regulation."""

    def quantity(self, basis: Basis) -> Decimal:
        """Places, acts, or hours."""
        if basis is Basis.REGULATION_HOUR:
            return Decimal(self.minutes) / _MINUTES_PER_HOUR
        return Decimal(self.places if basis is Basis.PLACE else self.acts)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a statement."""

    basis: Basis
    quantity: Decimal
    rate_cents: int
    cents: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What a professional is owed for a month."""

    practitioner_id: UUID
    items: Sequence[Item]
    held_back_cents: int
    """What would pass the year's ceiling, and is not paid."""

    @property
    def earned_cents(self) -> int:
        """By the rules alone."""
        return sum(item.cents for item in self.items)

    @property
    def due_cents(self) -> int:
        """What is paid."""
        return self.earned_cents - self.held_back_cents


def statements_of(
    month: date,
    rules: Sequence[Rule],
    works: Iterable[Work],
    paid_cents: Mapping[UUID, int],
) -> list[Statement]:
    """The statements of a month, of those who earned something, in the order given.

    `paid_cents` is what each was paid before in the same civil year.
    """
    ceiling = ceiling_cents(month.year)
    in_force = [rule for rule in rules if rule.holds_in(month)]
    found = []
    for work in works:
        items = [item for basis in Basis if (item := _item(basis, work, in_force)) is not None]
        earned = sum(item.cents for item in items)
        if earned:
            room = None if ceiling is None else ceiling - paid_cents.get(work.practitioner_id, 0)
            held_back = 0 if room is None else max(earned - max(room, 0), 0)
            found.append(Statement(work.practitioner_id, tuple(items), held_back))
    return found


def ceiling_cents(year: int) -> int | None:
    """The ceiling of a civil year; None where it is not known."""
    known = PASS_EUR.get(year)
    return None if known is None else known[0] * _CENTS


def ceiling_source(year: int) -> str:
    """Where the ceiling of a civil year was read; empty where it is not known."""
    return PASS_EUR.get(year, (0, ""))[1]


def month_of(day: date) -> date:
    """The first of its month."""
    return day.replace(day=1)


def next_month(month: date) -> date:
    """The first of the month after."""
    return (month + timedelta(days=31)).replace(day=1)


def last_day(month: date) -> date:
    """The last day of a month."""
    return next_month(month) - timedelta(days=1)


def overlaps(one: Rule, other: Rule) -> bool:
    """Whether two rules would both say what the same work of the same month is worth."""
    if (one.basis, one.profession) != (other.basis, other.profession):
        return False
    return (other.last is None or one.first <= other.last) and (
        one.last is None or other.first <= one.last
    )


def _item(basis: Basis, work: Work, in_force: Sequence[Rule]) -> Item | None:
    """The profession's own rule goes before the one for everybody."""
    candidates = [rule for rule in in_force if rule.basis is basis]
    rule = next(
        (rule for rule in candidates if rule.profession == work.profession),
        next((rule for rule in candidates if rule.profession is None), None),
    )
    quantity = work.quantity(basis)
    if rule is None or not quantity:
        return None
    cents = int((quantity * rule.cents).quantize(Decimal(1), ROUND_HALF_UP))
    return Item(basis, quantity, rule.cents, cents)
