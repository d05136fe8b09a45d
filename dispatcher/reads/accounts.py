"""Who may sign in to a territory, and the work that the machines gave up."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from dispatcher.domain.events import UserSignedIn
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Role
from dispatcher.reads.request_history import name_of
from dispatcher.storage.accounts import User
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.promises import Promise
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database

SIGN_INS_SHOWN = timedelta(days=30)
"""The log has no index by person: further back than this is not looked for sign-ins."""
DEAD_SHOWN = 100


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


@dataclass(frozen=True, slots=True)
class KnownLogin:
    """An account as the sign-in page of a demonstration shows it."""

    login: str
    display_name: str
    role: Role
    territory_name: str


@dataclass(frozen=True, slots=True)
class DeadPromise:
    """Work that failed its last attempt. `error` names a kind of error, never data."""

    job: Job
    attempts: int
    promised_at: datetime
    died_at: datetime
    error: str


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


def dead_promises(db: Database) -> list[DeadPromise]:
    """The last DEAD_SHOWN pieces of work that were given up, of all territories."""
    with db.reading() as session:
        rows = session.scalars(
            select(Promise)
            .where(Promise.dead_at.is_not(None))
            .order_by(Promise.dead_at.desc(), Promise.id)
            .limit(DEAD_SHOWN)
        ).all()
    return [
        DeadPromise(
            job=Job(row.job),
            attempts=row.attempts,
            promised_at=row.created_at,
            died_at=row.dead_at,
            error=row.last_error or "",
        )
        for row in rows
        if row.dead_at is not None
    ]
