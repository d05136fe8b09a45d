"""Who may sign in, and as what."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from dispatcher.domain.events import Actor, ActorKind


class Role(StrEnum):
    """The role of an account; one account has one role in one territory."""

    REGULATOR = "regulator"
    PRACTITIONER = "practitioner"
    COORDINATOR = "coordinator"
    ADMINISTRATOR = "administrator"


ROLE_NAMES = {
    Role.REGULATOR: "régulation",
    Role.PRACTITIONER: "professionnel de santé",
    Role.COORDINATOR: "coordination",
    Role.ADMINISTRATOR: "administration",
}


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody signed in: every service asks it for the territory it may touch."""

    user_id: UUID
    login: str
    display_name: str
    role: Role
    territory_id: UUID
    territory_code: str
    territory_name: str
    timezone: str
    department: str
    """INSEE code of the territory's département."""
    practitioner_id: UUID | None
    session_epoch: int

    @property
    def actor(self) -> Actor:
        """The author that the log will name."""
        return Actor(ActorKind(self.role.value), self.user_id)
