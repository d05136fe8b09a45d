"""Who gets the month's report by e-mail."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Id, Instant, Record, Sealed


class ReportRecipient(Record):
    """One address; it is deleted when nothing is to be sent there any more."""

    __tablename__ = "report_recipients"
    __table_args__ = (Index("report_recipients_by_territory", "territory_id"),)

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    address: Mapped[Sealed]
    added_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    added_at: Mapped[Instant]
