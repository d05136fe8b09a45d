"""What regulators do with a request among themselves."""

from dataclasses import dataclass
from uuid import UUID

from dispatcher.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestHanded(Event):
    """Somebody has the request in hand from now on: the author, a colleague, or nobody (None)."""

    request_id: UUID
    user_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCorrected(Event):
    """A regulator corrected what had been entered. `fields` are names, never what stood in them."""

    request_id: UUID
    fields: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestNoted(Event):
    """A regulator left a note for colleagues; its words are not in the log."""

    request_id: UUID
    note_id: UUID
