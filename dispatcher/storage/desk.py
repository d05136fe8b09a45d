"""What regulators share about a request: notes, and who is looking at it."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Id, Instant, Record, Sealed


class RequestNote(Record):
    """A few words of a regulator for their colleagues. Notes are added, never changed."""

    __tablename__ = "request_notes"
    __table_args__ = (Index("notes_by_request", "request_id", "written_at"),)

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    request_id: Mapped[UUID] = mapped_column(ForeignKey("care_requests.id"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    written_at: Mapped[Instant]
    text: Mapped[Sealed]


class RequestViewer(Record):
    """Somebody whose browser shows the request, when it last asked for it."""

    __tablename__ = "request_viewers"

    request_id: Mapped[UUID] = mapped_column(
        Uuid(), ForeignKey("care_requests.id"), primary_key=True
    )
    user_id: Mapped[UUID] = mapped_column(Uuid(), ForeignKey("users.id"), primary_key=True)
    seen_at: Mapped[Instant]
