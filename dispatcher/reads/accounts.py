"""Who may sign in to a territory."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from dispatcher.domain.events import UserSignedIn
from dispatcher.domain.roles import Role
from dispatcher.reads.request_history import name_of
from dispatcher.storage.accounts import User
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database

SIGN_INS_SHOWN = timedelta(days=30)
"""The log has no index by person: further back than this is not looked for sign-ins."""


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """One account of a territory. `last_seen` is the last sign-in within SIGN_INS_SHOWN."""

    id: UUID
    login: str
    display_name: str
    role: Role
    practitioner_name: str | None
    is_active: bool
    last_seen: datetime | None
    national_id: str


@dataclass(frozen=True, slots=True)
class KnownLogin:
    """An account as the sign-in page of a demonstration shows it."""

    login: str
    display_name: str
    role: Role
    territory_name: str


def accounts_of(db: Database, territory_id: UUID, now: datetime) -> list[AccountFacts]:
    """All accounts of a territory, the active ones first, by name."""
    with db.reading() as session:
        last_seen = {
            row.actor_id: row.at
            for row in session.execute(
                select(LoggedEvent.actor_id, func.max(LoggedEvent.at).label("at"))
                .where(
                    LoggedEvent.territory_id == territory_id,
                    LoggedEvent.kind == UserSignedIn.kind(),
                    LoggedEvent.at > now - SIGN_INS_SHOWN,
                )
                .group_by(LoggedEvent.actor_id)
            )
        }
        rows = session.execute(
            select(User, Practitioner)
            .outerjoin(Practitioner, Practitioner.id == User.practitioner_id)
            .where(User.territory_id == territory_id)
            .order_by(User.active.desc(), User.display_name, User.login)
        ).all()
    return [
        AccountFacts(
            id=user.id,
            login=user.login,
            display_name=user.display_name,
            role=Role(user.role),
            practitioner_name=name_of(practitioner),
            is_active=user.active,
            last_seen=last_seen.get(user.id),
            national_id=user.national_id or "",
        )
        for user, practitioner in rows
    ]


def logins(db: Database, wanted: Collection[str]) -> list[KnownLogin]:
    """The active accounts of these logins, in all territories, by territory and role.

    For a demonstration only, whose sign-in page shows every account.
    """
    with db.reading() as session:
        rows = session.execute(
            select(User.login, User.display_name, User.role, Territory.name)
            .join(Territory, Territory.id == User.territory_id)
            .where(User.login.in_(wanted), User.active)
            .order_by(Territory.code, User.login)
        ).all()
    found = [KnownLogin(row.login, row.display_name, Role(row.role), row.name) for row in rows]
    order = list(Role)
    return sorted(found, key=lambda known: (known.territory_name, order.index(known.role)))
