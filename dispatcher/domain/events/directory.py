"""What imports of the national directory did."""

from dataclasses import dataclass
from uuid import UUID

from dispatcher.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerImported(Event):
    """A professional came from the directory, or what it says of them changed ours: `changed`.

    `practitioner` alone where they are new.
    """

    import_id: UUID
    practitioner_id: UUID
    changed: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerActivityChanged(Event):
    """A professional was taken out of the territory's directory, or taken in again."""

    practitioner_id: UUID
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryImported(Event):
    """An import is over; `people` counts by verdict."""

    import_id: UUID
    people: dict[str, int]
