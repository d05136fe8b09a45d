"""How the promises stand, whether SMS and e-mails leave, which processes live, what runs here."""

import platform
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text

from dispatcher import __version__
from dispatcher.domain.emails import UNSENT
from dispatcher.domain.messages import CAN_WAIT, MessageStatus
from dispatcher.storage import keeping
from dispatcher.storage.emails import Email
from dispatcher.storage.messages import Message
from dispatcher.storage.promises import Tick
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True)
class PromisesAndTicks:
    """Age in seconds of the oldest overdue promise (None: none is), dead ones, last ticks.

    `oldest_unsent_seconds` is the age of the oldest SMS that cannot wait and that the provider has
    not taken (None: there is none): with a provider that is away or refuses our account, nothing is
    overdue and it grows. `oldest_email_seconds` is the same of e-mails.
    """

    oldest_overdue_seconds: float | None
    oldest_unsent_seconds: float | None
    oldest_email_seconds: float | None
    dead_promises: int
    ticks: dict[str, datetime]


def promises_and_ticks(db: Database) -> PromisesAndTicks:
    """Raises UnavailableError."""
    now = db.clock()
    with db.reading() as session:
        oldest, dead = keeping.owed(session, now)
        unsent = session.scalar(
            select(func.min(Message.created_at)).where(
                Message.status.in_([MessageStatus.QUEUED.value, MessageStatus.SENDING.value]),
                Message.kind.not_in([kind.value for kind in CAN_WAIT]),  # some wait for morning
            )
        )
        email = session.scalar(
            select(func.min(Email.created_at)).where(
                Email.status.in_([status.value for status in UNSENT])
            )
        )
        ticks = {tick.name: tick.at for tick in session.scalars(select(Tick).order_by(Tick.name))}
    return PromisesAndTicks(oldest, _age(unsent, now), _age(email, now), dead, ticks)


@dataclass(frozen=True, slots=True)
class Versions:
    """What runs here. `schema` is the revision of the database, `engine` its name and version."""

    software: str
    schema: str
    engine: str
    python: str


def versions(db: Database) -> Versions:
    """Raises UnavailableError."""
    with db.reading() as session:
        schema = session.scalar(text("SELECT version_num FROM alembic_version"))
        dialect = session.get_bind().dialect
        numbers = ".".join(str(part) for part in dialect.server_version_info or ())
    name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[dialect.name]
    return Versions(__version__, str(schema), f"{name} {numbers}", platform.python_version())


def _age(since: datetime | None, now: datetime) -> float | None:
    return (now - since).total_seconds() if since else None
