"""What the sentences of a request's timeline are told with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from dispatcher.web.wording import Wording


@dataclass(frozen=True, slots=True)
class Story:
    """What a sentence may need beside its event."""

    wording: Wording
    practitioners: Mapping[UUID, str]
    to_role: Mapping[UUID, str | None]
    """To whom each SMS of the request goes."""
    from_practitioners: frozenset[UUID] = frozenset()
    """The SMS received that volunteers wrote."""
    regulators: Mapping[UUID, str] = field(default_factory=dict)
    """Those to whom the request was handed."""

    def practitioner(self, practitioner_id: UUID) -> str:
        return self.practitioners.get(practitioner_id, "un praticien")
