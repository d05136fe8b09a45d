"""The texts of SMS that a territory wrote in place of the house's."""

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Instant, Record


class OwnText(Record):
    """One message in one language, with its placeholders; no row where the house's own holds."""

    __tablename__ = "own_texts"

    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"), primary_key=True)
    language: Mapped[Code] = mapped_column(primary_key=True)
    """ISO 639-1."""
    kind: Mapped[Code] = mapped_column(primary_key=True)
    """A `MessageKind`."""
    text: Mapped[str]
    changed_at: Mapped[Instant]
