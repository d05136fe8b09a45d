"""What became of places: the one count behind every figure about places and those who give them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dispatcher.domain.indicators.stories import UNKNOWN, Ledger, Seat

PHYSICIAN = "10"
"""TRE_G15."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A practitioner's places of one slot, and what became of them."""

    practitioner_id: UUID | None
    start: datetime
    profession: str
    opened: int
    used: int
    lost: int
    """Opened, their hour gone by with nobody in them."""
    to_regulation: bool
    """Whether the SAS's regulation may see them."""

    @property
    def is_active(self) -> bool:
        """Whether it makes its practitioner an active volunteer."""
        return self.opened > 0 or self.used > 0

    @property
    def is_for_the_sas(self) -> bool:
        """Whether it makes its practitioner a doctor who takes part in the SAS."""
        return self.opened > 0 and self.profession == PHYSICIAN and self.to_regulation


def openings(ledger: Ledger) -> Sequence[Opening]:
    """One for each slot that the log knows, then one for each seat of a slot that it does not."""
    taken: defaultdict[int, int] = defaultdict(int)
    homeless: list[Seat] = []
    for seat in ledger.seats():
        if seat.slot is None:
            homeless.append(seat)
        else:
            taken[id(seat.slot)] += 1
    return [
        Opening(
            slot.practitioner_id,
            slot.start,
            slot.profession,
            slot.places,
            taken[id(slot)],
            max(slot.places - taken[id(slot)], 0) if slot.is_over else 0,
            slot.to_regulation,
        )
        for slot in ledger.slots
    ] + [Opening(seat.practitioner_id, seat.start, UNKNOWN, 0, 1, 0, False) for seat in homeless]
