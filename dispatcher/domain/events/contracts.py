"""What coordinators write down about their contract."""

from dataclasses import dataclass
from uuid import UUID

from dispatcher.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractSaved(Event):
    """A year of the contract was saved; `day` is its first, `digest` the SHA-256 of its terms."""

    contract_id: UUID
    day: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceMade(Event):
    """A file of evidence for the year that begins on `day` was made; `digest` is its SHA-256."""

    bundle_id: UUID
    day: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureTyped(Event):
    """A figure of the CPAM, the ARS or the coordinator was typed in; `day` is the one it tells of.

    Its value is not in the log: the CPAM's figures of few people may be about somebody.
    """

    figure_id: UUID
    code: str
    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureTakenBack(Event):
    """A typed figure was taken back."""

    figure_id: UUID
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRecipientAdded(Event):
    """Somebody is to get the month's report by e-mail."""

    recipient_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRecipientRemoved(Event):
    """The same no more."""

    recipient_id: UUID
