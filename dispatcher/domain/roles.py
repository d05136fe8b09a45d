"""Who may sign in, and as what."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from dispatcher.domain.events import Actor, ActorKind


class Role(StrEnum):
    """The role of an account; one account has one role in one territory."""

    REGULATOR = "regulator"
    PRACTITIONER = "practitioner"
    DELEGATE = "delegate"
    """A secretary who acts for named practitioners; until one is chosen, for nobody."""
    REQUESTER = "requester"
    """Who asks for their own patient: a pharmacy, a nurse, a practice."""
    COORDINATOR = "coordinator"
    ADMINISTRATOR = "administrator"


ROLE_NAMES = {
    Role.REGULATOR: "régulation",
    Role.PRACTITIONER: "professionnel de santé",
    Role.DELEGATE: "secrétariat",
    Role.REQUESTER: "demandeur",
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
    acts_for: str = ""
    """The name of the practitioner for whom a secretary acts; empty for everybody else.

    The role is then the practitioner's, so that all rules about their own things hold as they are.
    """

    @property
    def is_delegate(self) -> bool:
        """Whether it is a secretary who acts for the practitioner."""
        return bool(self.acts_for)

    @property
    def actor(self) -> Actor:
        """The author that the log will name."""
        if self.is_delegate:
            return Actor(ActorKind.DELEGATE, self.user_id)
        return Actor(ActorKind(self.role.value), self.user_id)
