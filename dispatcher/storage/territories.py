"""A CPTS's territory, and the lease that keeps two matching runs of it from overlapping."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Id, Instant, Record


class Territory(Record):
    """Everything of a territory hangs on this row; `timezone` is an IANA name."""

    __tablename__ = "territories"

    id: Mapped[Id]
    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[str]
    timezone: Mapped[str]
    department: Mapped[str]
    phone: Mapped[str]
    """The number that patients call, E.164."""
    settings: Mapped[dict[str, Any]]
    """Weights, radius and delays that this territory changed; what is absent has its default."""
    second_factor_roles: Mapped[list[str]] = mapped_column(default=list)
    """The roles that may only work with double authentication; no part of the rules of matching."""
    crisis_km: Mapped[float | None]
    """Searches go at least so far while a crisis is open; None when there is none."""
    created_at: Mapped[Instant]


class MatchingLease(Record):
    """One row a territory: who is matching it until when.

    `again` counts the runs that were asked for meanwhile, so that the holder goes on instead of the
    others waiting.
    """

    __tablename__ = "matching_leases"

    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"), primary_key=True)
    token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    again: Mapped[int] = mapped_column(default=0)
