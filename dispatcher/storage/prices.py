"""What a slot is worth to those who have not called yet, learned from the past weeks."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Instant, Record


class SlotPrice(Record):
    """The price of a practitioner's slots on a weekday (0 is Monday) in a part of the day.

    In points of cost; the parts are those of `domain.matching.prices`.
    """

    __tablename__ = "slot_prices"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", "weekday"),
        CheckConstraint("part BETWEEN 0 AND 3", "part"),
        CheckConstraint("price >= 0", "price"),
    )

    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"), primary_key=True)
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"), primary_key=True)
    weekday: Mapped[int] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True)
    price: Mapped[float]
    learned_at: Mapped[Instant]
