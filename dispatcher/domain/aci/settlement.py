"""What a contract's year earns, line by line, and when it is paid.

Payments: at the start of a mission 75 % of its fixed part, pro rata of the days until the
anniversary; at the anniversary the balance of the fixed part and the variable part that was earned
(ACI art. 9.1, contrat type art. 6.1 and 6.2). The day-count is the contract's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from dispatcher.domain.aci.contract import (
    Contract,
    Direction,
    Line,
    Mission,
    Source,
    Tier,
    Value,
)
from dispatcher.domain.indicators.registry import INDICATORS

ADVANCE = Decimal("0.75")
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class SettledLine:
    """A line with what it earns."""

    line: Line
    value: Value | None
    """None where nobody has given one yet: nothing is paid, and nothing is called missed."""
    tier: int
    """How many of its steps are reached; 0 for none."""
    eur: int

    @property
    def next_tier(self) -> Tier | None:
        """The next step to reach; None at the last one."""
        steps = self.line.steps
        return steps[self.tier] if self.tier < len(steps) else None

    @property
    def missing(self) -> float | None:
        """How far the value is from the next step; None without either."""
        if self.value is None or self.next_tier is None:
            return None
        return abs(self.next_tier.limit - self.value.figure)

    @property
    def began_at(self) -> float | None:
        """Where the year began, which a pace is reckoned from; None where nobody said.

        What the log adds up day by day began at nothing, if the contract gives no other start.
        """
        line = self.line
        if line.baseline is not None or line.source is not Source.LOG:
            return line.baseline
        what = INDICATORS.get(line.indicator)
        is_sum = what is not None and what.additive and line.direction is Direction.UP
        return 0.0 if is_sum else None

    def reached_on(self, contract: Contract) -> date | None:
        """When the next step would be reached at the present pace; None where it would not be.

        The pace is that from the start at the year's first day (`began_at`) to the value at its own
        day. A day after the year's last is told all the same: it is then too late.
        """
        if self.value is None or self.next_tier is None or self.began_at is None:
            return None
        days = (self.value.on - contract.first).days
        gained = self.value.figure - self.began_at
        if self.line.direction is Direction.DOWN:
            gained = -gained
        if days <= 0 or gained <= 0 or self.missing is None:
            return None
        needed = self.missing * days / gained
        return self.value.on + timedelta(days=-(-needed // 1))

    def at_pace(self, contract: Contract) -> int:
        """Euros at the year's end if the present pace goes on; today's where there is no pace.

        The pace is that of `reached_on`; it may also lead away from a tier that is reached.
        """
        if self.value is None or self.began_at is None:
            return self.eur
        days, left = (self.value.on - contract.first).days, (contract.last - self.value.on).days
        if days <= 0:
            return self.eur
        gained = self.value.figure - self.began_at
        return _reached(self.line, self.value.figure + gained * left / days)[1]


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment of the calendar, in euros and cents."""

    on: date
    mission: str
    what: str
    """`advance`, `fixed_balance` or `variable`."""
    eur: Decimal


@dataclass(frozen=True, slots=True)
class Settlement:
    """A contract's year, reckoned."""

    contract: Contract
    lines: Mapping[str, Sequence[SettledLine]]
    """By mission, in the contract's order."""
    payments: Sequence[Payment]

    @property
    def earned_eur(self) -> int:
        """Variable euros earned."""
        return sum(line.eur for lines in self.lines.values() for line in lines)

    @property
    def at_pace_eur(self) -> int:
        """Variable euros at the year's end if each line goes on at its present pace."""
        return sum(line.at_pace(self.contract) for lines in self.lines.values() for line in lines)

    @property
    def variable_eur(self) -> int:
        """The most that could be earned."""
        return sum(line.eur for line in self.contract.lines())

    def as_json(self) -> dict[str, Any]:
        """The form that the command line and the API print; cents as strings keep their digits."""
        share = self.earned_eur / self.variable_eur if self.variable_eur else None
        return {
            "contract": self.contract.name,
            "agreement": self.contract.agreement,
            "size": self.contract.size,
            "year": {"from": str(self.contract.first), "to": str(self.contract.last)},
            "missions": [self._mission(mission) for mission in self.contract.missions],
            "variable_earned_eur": self.earned_eur,
            "variable_at_pace_eur": self.at_pace_eur,
            "variable_max_eur": self.variable_eur,
            "share_pct": None if share is None else round(share * 100, 2),
            "payments": [
                {
                    "on": str(payment.on),
                    "mission": payment.mission,
                    "what": payment.what,
                    "eur": str(payment.eur),
                }
                for payment in self.payments
            ],
        }

    def _mission(self, mission: Mission) -> dict[str, Any]:
        lines = self.lines[mission.code]
        return {
            "code": mission.code,
            "label": mission.label,
            "fixed_eur": mission.fixed_eur,
            "variable_eur": mission.variable_eur,
            "earned_eur": sum(line.eur for line in lines),
            "lines": [self._line(line) for line in lines],
        }

    def _line(self, settled: SettledLine) -> dict[str, Any]:
        line, value, following = settled.line, settled.value, settled.next_tier
        reached_on = settled.reached_on(self.contract)
        return {
            "code": line.code,
            "label": line.label,
            "kind": "tiered" if line.tiers else "binary",
            "source": line.source.value,
            "value": None if value is None else value.figure,
            "value_on": None if value is None else str(value.on),
            "value_origin": None if value is None else value.origin,
            "tier": settled.tier,
            "eur": settled.eur,
            "at_pace_eur": settled.at_pace(self.contract),
            "max_eur": line.eur,
            "next": None if following is None else {"limit": following.limit, "eur": following.eur},
            "missing": settled.missing,
            "reached_on": None if reached_on is None else str(reached_on),
            "carried_over": line.carried_over,
            "evidence": line.evidence,
        }


def settle(contract: Contract, from_log: Mapping[str, Value] | None = None) -> Settlement:
    """Reckon a year. `from_log` gives the values of the lines that the event log measures.

    The contract must be without faults (`faults_of`).
    """
    measured = from_log or {}
    lines = {
        mission.code: tuple(_settled(line, measured) for line in mission.lines)
        for mission in contract.missions
    }
    return Settlement(contract, lines, _payments(contract, lines))


def first_advance(fixed_eur: int, start: date, anniversary: date, days_in_year: int) -> Decimal:
    """75 % of a fixed part, pro rata of the days from its start to the anniversary."""
    days = (anniversary - start).days
    return _cents(ADVANCE * fixed_eur * days / days_in_year)


def _settled(line: Line, measured: Mapping[str, Value]) -> SettledLine:
    value = line.value or measured.get(line.indicator)
    tier, eur = (0, 0) if value is None else _reached(line, value.figure)
    return SettledLine(line, value, tier, eur)


def _reached(line: Line, figure: float) -> tuple[int, int]:
    """How many steps a figure reaches, and the euros of the highest."""
    tier = sum(line.direction.reaches(figure, step.limit) for step in line.steps)
    return tier, line.steps[tier - 1].eur if tier else 0


def _payments(
    contract: Contract, lines: Mapping[str, Sequence[SettledLine]]
) -> tuple[Payment, ...]:
    anniversary = contract.last + timedelta(days=1)
    found: list[Payment] = []
    for mission in contract.missions:
        start = mission.starts or contract.first
        if mission.fixed_eur is not None:
            due = Decimal(mission.fixed_eur)
            if mission.starts is not None:
                due = _cents(due * (anniversary - start).days / contract.days_in_year)
                advance = first_advance(
                    mission.fixed_eur, start, anniversary, contract.days_in_year
                )
            else:
                advance = _cents(ADVANCE * mission.fixed_eur)
            found.append(Payment(start, mission.code, "advance", advance))
            found.append(Payment(anniversary, mission.code, "fixed_balance", _cents(due - advance)))
        earned = sum(line.eur for line in lines[mission.code])
        if earned:
            found.append(Payment(anniversary, mission.code, "variable", _cents(Decimal(earned))))
    return tuple(sorted(found, key=lambda payment: payment.on))


def _cents(eur: Decimal) -> Decimal:
    return eur.quantize(_CENT, ROUND_HALF_UP)
