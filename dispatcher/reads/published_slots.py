"""A territory's published slots, in the order in which they start."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_

from dispatcher.domain.states import SlotStatus
from dispatcher.storage.slots import Slot
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True)
class SlotFacts:
    """A slot as it was published and what was taken of it."""

    id: UUID
    practitioner_id: UUID
    place_id: UUID
    start: datetime
    end: datetime
    places: int
    taken: int
    modality: str
    visibility: tuple[str, ...]
    shared: bool
    status: SlotStatus


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which slots: those that end after `ends_after` and start before `starts_before`.

    Without a status, those that are open or full. `after` is the last slot of the page before.
    """

    ends_after: datetime
    starts_before: datetime | None = None
    practitioner_id: UUID | None = None
    status: SlotStatus | None = None
    after: UUID | None = None


def published_slots(
    db: Database, territory_id: UUID, wanted: Wanted, limit: int
) -> tuple[list[SlotFacts], bool]:
    """At most `limit` slots by start and id, and whether more follow."""
    live = [SlotStatus.OPEN.value, SlotStatus.FULL.value]
    which = select(Slot).where(
        Slot.territory_id == territory_id,
        Slot.status.in_([wanted.status.value] if wanted.status else live),
        Slot.ends_at > wanted.ends_after,
    )
    if wanted.starts_before is not None:
        which = which.where(Slot.start_at < wanted.starts_before)
    if wanted.practitioner_id is not None:
        which = which.where(Slot.practitioner_id == wanted.practitioner_id)
    if wanted.after is not None:
        last = (
            select(Slot.start_at, Slot.id)
            .where(Slot.id == wanted.after, Slot.territory_id == territory_id)
            .subquery()
        )
        which = which.join(
            last, tuple_(Slot.start_at, Slot.id) > tuple_(last.c.start_at, last.c.id)
        )
    with db.reading() as session:
        rows = session.scalars(which.order_by(Slot.start_at, Slot.id).limit(limit + 1)).all()
    return [_facts(row) for row in rows[:limit]], len(rows) > limit


def published_slot(db: Database, territory_id: UUID, slot_id: UUID) -> SlotFacts:
    """One slot of the territory; it is known to exist."""
    with db.reading() as session:
        row = session.scalars(
            select(Slot).where(Slot.id == slot_id, Slot.territory_id == territory_id)
        ).one()
    return _facts(row)


def _facts(slot: Slot) -> SlotFacts:
    return SlotFacts(
        id=slot.id,
        practitioner_id=slot.practitioner_id,
        place_id=slot.place_id,
        start=slot.start_at,
        end=slot.ends_at,
        places=slot.places,
        taken=slot.taken,
        modality=slot.modality,
        visibility=tuple(slot.visibility),
        shared=slot.shared,
        status=SlotStatus(slot.status),
    )
