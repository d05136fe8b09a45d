"""Sessions that are open: what the cookie of a browser names."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, false
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Id, Instant, Record


class UserSession(Record):
    """A browser in which somebody is signed in; the row goes when the session ends.

    It holds as long as `epoch` is its account's `session_epoch`.
    """

    __tablename__ = "user_sessions"

    id: Mapped[Id]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    epoch: Mapped[int]
    device: Mapped[str]
    """In words, such as « Firefox sur Windows »; no address is kept."""
    began_at: Mapped[Instant]
    seen_at: Mapped[Instant]
    """The last action of its owner, to the minute."""
    proved_at: Mapped[datetime | None]
    """When its owner last proved who they are; None for sessions older than this column."""
    is_strong: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether a service that asks for two factors itself opened it."""
