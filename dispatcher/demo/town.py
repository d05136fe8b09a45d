"""A territory of the demonstration as it stands in the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from dispatcher.domain.roles import Account, Role
from dispatcher.domain.states import SlotStatus
from dispatcher.services.accounts import account_of
from dispatcher.services.house import House
from dispatcher.storage.accounts import User
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.slots import Slot
from dispatcher.storage.territories import Territory


@dataclass(frozen=True, slots=True)
class Volunteer:
    """A practitioner with their first place."""

    id: UUID
    place: UUID
    name: str

    @staticmethod
    def name_of(title: str, first_name: str, last_name: str) -> str:
        """« Dr Anne Vuillet », the same as the practitioner's row says."""
        return " ".join(part for part in (title, first_name, last_name) if part)


@dataclass(frozen=True, slots=True)
class Town:
    """Who is in a territory of the demonstration."""

    territory_id: UUID
    code: str
    name: str
    timezone: str
    volunteers: tuple[Volunteer, ...]
    accounts: tuple[Account, ...]

    @classmethod
    def find(cls, house: House, code: str) -> "Town | None":
        """The territory of that code, None before it is founded."""
        with house.db.reading() as session:
            territory = session.scalars(
                select(Territory).where(Territory.code == code)
            ).one_or_none()
            if territory is None:
                return None
            volunteers = session.execute(
                select(Practitioner, Place.id)
                .join(Place, Place.practitioner_id == Practitioner.id)
                .where(Practitioner.territory_id == territory.id)
                .order_by(Practitioner.rpps)
            ).all()
            users = session.scalars(
                select(User.id)
                .where(User.territory_id == territory.id)
                .order_by(User.created_at, User.login)
            ).all()
        accounts = [account_of(house, user_id) for user_id in users]
        return cls(
            territory_id=territory.id,
            code=territory.code,
            name=territory.name,
            timezone=territory.timezone,
            volunteers=tuple(
                Volunteer(person.id, place, person.display_name) for person, place in volunteers
            ),
            accounts=tuple(account for account in accounts if account is not None),
        )

    def published(
        self, house: House, now: datetime
    ) -> Mapping[UUID, list[tuple[datetime, datetime]]]:
        """Start and end of what each volunteer has on offer from `now` on."""
        spans: dict[UUID, list[tuple[datetime, datetime]]] = {}
        with house.db.reading() as session:
            for row in session.execute(
                select(Slot.practitioner_id, Slot.start_at, Slot.ends_at).where(
                    Slot.territory_id == self.territory_id,
                    Slot.status != SlotStatus.CLOSED,
                    Slot.ends_at > now,
                )
            ):
                spans.setdefault(row.practitioner_id, []).append((row.start_at, row.ends_at))
        return spans

    @property
    def coordinator(self) -> Account:
        """Who publishes on behalf of the volunteers."""
        return self._first(Role.COORDINATOR)

    @property
    def regulator(self) -> Account:
        """Who enters the requests."""
        return self._first(Role.REGULATOR)

    @property
    def requester(self) -> Account:
        """Who asks for a patient of their own."""
        return self._first(Role.REQUESTER)

    @property
    def administrator(self) -> Account:
        """Who lets a secretary act."""
        return self._first(Role.ADMINISTRATOR)

    @property
    def secretary(self) -> Account:
        """Who acts for volunteers."""
        return self._first(Role.DELEGATE)

    def _first(self, role: Role) -> Account:
        return next(account for account in self.accounts if account.role == role)
