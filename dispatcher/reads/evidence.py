"""The files of evidence that were made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select

from dispatcher.domain.errors import NotFoundError
from dispatcher.storage.contracts import EvidenceBundle
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True)
class BundleCard:
    """One of them; `made_at` is None while it is being made, or where it failed."""

    id: UUID
    asked_at: datetime
    made_at: datetime | None
    failed_at: datetime | None
    digest: str | None
    size: int | None
    """Bytes."""


def bundles(db: Database, territory_id: UUID, first_day: date) -> Sequence[BundleCard]:
    """Those of a contract year, the latest first."""
    with db.reading() as session:
        rows = session.execute(
            select(
                EvidenceBundle.id,
                EvidenceBundle.asked_at,
                EvidenceBundle.made_at,
                EvidenceBundle.failed_at,
                EvidenceBundle.digest,
                func.length(EvidenceBundle.content),
            )
            .where(
                EvidenceBundle.territory_id == territory_id,
                EvidenceBundle.first_day == first_day,
            )
            .order_by(EvidenceBundle.asked_at.desc(), EvidenceBundle.id)
        )
        return [BundleCard(*row) for row in rows]


def bundle_content(db: Database, territory_id: UUID, bundle_id: UUID) -> tuple[date, bytes]:
    """The day that it was made (UTC) and the file itself. Raises NotFoundError."""
    with db.reading() as session:
        row = session.execute(
            select(EvidenceBundle.made_at, EvidenceBundle.content).where(
                EvidenceBundle.id == bundle_id, EvidenceBundle.territory_id == territory_id
            )
        ).one_or_none()
    if row is None or row.made_at is None or row.content is None:
        raise NotFoundError
    return row.made_at.date(), row.content
