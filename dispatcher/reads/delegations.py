"""Which secretaries act for whom."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from dispatcher.domain.roles import Account, Role
from dispatcher.storage.accounts import User
from dispatcher.storage.delegations import Delegation
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody by their id and the name that is shown."""

    id: UUID
    name: str


def practitioners_of(db: Database, account: Account) -> list[Named]:
    """Those for whom the account that is signed in acts, by name."""
    return list(delegations(db, account.territory_id).get(account.user_id, ()))


def delegates_of(db: Database, account: Account) -> list[Named]:
    """The secretaries who act for the practitioner who is signed in, by name."""
    acting = {
        user_id
        for user_id, practitioners in delegations(db, account.territory_id).items()
        if account.practitioner_id in {each.id for each in practitioners}
    }
    return [each for each in delegate_accounts(db, account.territory_id) if each.id in acting]


def delegate_accounts(db: Database, territory_id: UUID) -> list[Named]:
    """The territory's open accounts of secretaries, by name."""
    with db.reading() as session:
        rows = session.execute(
            select(User.id, User.display_name)
            .where(User.territory_id == territory_id, User.role == Role.DELEGATE, User.active)
            .order_by(User.display_name, User.id)
        )
        return [Named(*row) for row in rows]


def delegations(db: Database, territory_id: UUID) -> Mapping[UUID, Sequence[Named]]:
    """By account: the practitioners for whom it acts, by name."""
    with db.reading() as session:
        rows = session.execute(
            select(Delegation.user_id, Practitioner)
            .join(Practitioner, Practitioner.id == Delegation.practitioner_id)
            .where(
                Delegation.territory_id == territory_id,
                Delegation.ended_at.is_(None),
                Practitioner.active,
            )
            .order_by(Practitioner.last_name, Practitioner.first_name, Practitioner.id)
        ).all()
    found: dict[UUID, list[Named]] = defaultdict(list)
    for user_id, practitioner in rows:
        found[user_id].append(Named(practitioner.id, practitioner.display_name))
    return found
