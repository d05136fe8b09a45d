"""What coordinators settle with professionals: no amounts, but the hashes of closed months."""

from dataclasses import dataclass
from uuid import UUID

from dispatcher.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRuleAdded(Event):
    """A rate was set; `month` is the first day of the first month that it holds in."""

    rule_id: UUID
    basis: str
    month: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRuleEnded(Event):
    """A rate was ended; `month` is the first day of its last month, None where it never held."""

    rule_id: UUID
    month: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegulationHoursNoted(Event):
    """Time that a professional gave to regulation was noted."""

    hours_id: UUID
    practitioner_id: UUID
    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegulationHoursTakenBack(Event):
    """The same was taken back."""

    hours_id: UUID
    practitioner_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsClosed(Event):
    """The statements of a month are final; `digest` is their SHA-256."""

    month: str
    digest: str
