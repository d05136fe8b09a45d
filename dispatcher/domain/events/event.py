"""What an event is: a frozen record of declared keys, and who was its author."""

import dataclasses
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

JsonData = dict[str, Any]


class ActorKind(StrEnum):
    """Who did it."""

    REGULATOR = "regulator"
    PRACTITIONER = "practitioner"
    DELEGATE = "delegate"
    """A secretary, for the practitioner whom the event names."""
    REQUESTER = "requester"
    """A pharmacy, a nurse or a practice, for its own patient."""
    COORDINATOR = "coordinator"
    ADMINISTRATOR = "administrator"
    PATIENT = "patient"
    ENGINE = "engine"
    CLOCK = "clock"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Actor:
    """The author of a change. `id` is a user's or practitioner's id where there is one."""

    kind: ActorKind
    id: UUID | None = None


ENGINE = Actor(ActorKind.ENGINE)
CLOCK = Actor(ActorKind.CLOCK)
OPERATOR = Actor(ActorKind.OPERATOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The parent of all events. `occurs_at` is the instant the event speaks of, if any."""

    REFERENCES: ClassVar[tuple[str, ...]] = (
        "request_id",
        "appointment_id",
        "slot_id",
        "practitioner_id",
    )

    @classmethod
    def kind(cls) -> str:
        """The stable name under which the log keeps this class (`appointment_booked`)."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def references(self) -> dict[str, UUID]:
        """The ids that have a column of their own in the log."""
        found = {name: getattr(self, name, None) for name in self.REFERENCES}
        return {name: value for name, value in found.items() if value is not None}

    def occurs_at(self) -> datetime | None:
        """The hour of the slot or appointment the event speaks of; None for other events."""
        return getattr(self, "start", None)

    def data(self) -> JsonData:
        """The remaining keys, as JSON values."""
        names = [f.name for f in dataclasses.fields(self) if f.name not in self.REFERENCES]
        return {name: _to_json(getattr(self, name)) for name in names}


def _to_json(value: object) -> object:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value
