"""When a slot has a place for somebody: the guard of whoever takes one, or holds one.

Bound are `territory`, `slot`, `now` and `holder`: the call that may hold a place, or None.
"""

from typing import Final

from sqlalchemy import Uuid, and_, bindparam, case, or_

from dispatcher.domain.states import SlotStatus
from dispatcher.storage.columns import UTCDateTime, table_of
from dispatcher.storage.neighbours import sharing_with
from dispatcher.storage.slots import Slot

_SLOTS = table_of(Slot).c
_OURS = bindparam("territory", type_=Uuid())
_NOW = bindparam("now", type_=UTCDateTime())
HOLDER: Final = bindparam("holder", type_=Uuid())
HELD_FOR_OTHERS: Final = case(
    (and_(_SLOTS.held_until > _NOW, _SLOTS.held_for.is_distinct_from(HOLDER)), 1), else_=0
)
"""1 while a place is held that is not the holder's own, else 0."""
IS_SEEN: Final = and_(
    _SLOTS.id == bindparam("slot", type_=Uuid()),
    or_(
        _SLOTS.territory_id == _OURS,
        and_(_SLOTS.shared, _SLOTS.territory_id.in_(sharing_with(_OURS))),
    ),
)
"""The territory's own, or one that a neighbour shares with it."""
HAS_PLACE: Final = and_(
    IS_SEEN,
    _SLOTS.status == SlotStatus.OPEN.value,
    _SLOTS.blocked_since.is_(None),
    _SLOTS.taken + HELD_FOR_OTHERS < _SLOTS.places,
    _SLOTS.ends_at > _NOW,
    or_(_SLOTS.start_at > _NOW, _SLOTS.places > 1),
)
"""On the slot's own row alone: whoever waited for a row reads that row again, and no other."""
