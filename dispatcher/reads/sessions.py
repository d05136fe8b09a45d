"""Where somebody is signed in."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from dispatcher.domain.sessions import is_over
from dispatcher.storage.accounts import User
from dispatcher.storage.sessions import UserSession
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """One browser in which somebody is signed in."""

    id: UUID
    device: str
    began_at: datetime
    seen_at: datetime


def own_sessions(db: Database, user_id: UUID, now: datetime) -> list[SessionFacts]:
    """The sessions of an account that hold at `now`, the last used first."""
    with db.reading() as session:
        rows = session.execute(
            select(UserSession.id, UserSession.device, UserSession.began_at, UserSession.seen_at)
            .join(User, User.id == UserSession.user_id)
            .where(UserSession.user_id == user_id, UserSession.epoch == User.session_epoch)
            .order_by(UserSession.seen_at.desc(), UserSession.began_at.desc())
        ).all()
    return [
        SessionFacts(row.id, row.device, row.began_at, row.seen_at)
        for row in rows
        if not is_over(row.began_at, row.seen_at, now)
    ]
