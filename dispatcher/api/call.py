"""One call of the API: who makes it, and what its answer needs besides a body."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from dispatcher.domain.errors import NotFoundError
from dispatcher.domain.roles import Account, Role
from dispatcher.services.house import House
from dispatcher.services.idempotency import CallKey


@dataclass(frozen=True, slots=True)
class Call:
    """What every view is given first."""

    house: House
    account: Account
    key: CallKey | None
    """The call's `Idempotency-Key`, on a POST that has one."""
    url: str
    """The address that was called, without its query."""
    headers: dict[str, str] = field(default_factory=dict)
    """Headers for the answer."""

    @property
    def zone(self) -> ZoneInfo:
        """The territory's zone."""
        return ZoneInfo(self.account.timezone)

    @property
    def is_by_practitioner(self) -> bool:
        """Whether the caller sees their own things only."""
        return self.account.role == Role.PRACTITIONER

    def local(self, instant: datetime) -> datetime:
        """The same instant with the territory's offset."""
        return instant.astimezone(self.zone)

    def stay_in(self, territory: str | None) -> None:
        """Raise NotFoundError for a territory other than the token's; None stands for that."""
        if territory is not None and territory != self.account.territory_code:
            raise NotFoundError("Ce territoire n’existe pas ou n’est pas le vôtre.")
