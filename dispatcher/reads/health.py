"""How the promises stand, and which recurring processes live."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from dispatcher.storage import keeping
from dispatcher.storage.promises import Tick
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True)
class PromisesAndTicks:
    """Age in seconds of the oldest overdue promise (None: none is), dead ones, last ticks."""

    oldest_overdue_seconds: float | None
    dead_promises: int
    ticks: dict[str, datetime]


def promises_and_ticks(db: Database) -> PromisesAndTicks:
    """Raises UnavailableError."""
    with db.reading() as session:
        oldest, dead = keeping.owed(session, db.clock())
        ticks = {tick.name: tick.at for tick in session.scalars(select(Tick).order_by(Tick.name))}
    return PromisesAndTicks(oldest, dead, ticks)
