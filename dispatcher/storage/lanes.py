"""Lanes: how fast SMS may leave, whatever the number of workers, and without Redis.

A lane is a rate limit with a name: the provider's sender, a territory, a telephone. Its row holds
the instant until which it is busy (the generic cell rate algorithm): each SMS makes it busy for one
step more, and one that would find it busy for longer than its room has to wait.
"""

from dataclasses import dataclass

from sqlalchemy import Double, bindparam, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from dispatcher.storage.columns import Record, table_of
from dispatcher.storage.unit import Database


class SendingLane(Record):
    """One rate limit. `busy_until` is seconds since 1970: both engines reckon with numbers."""

    __tablename__ = "sending_lanes"

    name: Mapped[str] = mapped_column(primary_key=True)
    busy_until: Mapped[float] = mapped_column(Double)


@dataclass(frozen=True, slots=True)
class Lane:
    """A limit as whoever sends sees it: an SMS each `step` seconds, up to `room` seconds ahead."""

    name: str
    step: float
    room: float


class LaneFullError(Exception):
    """The limit is reached; there is room again `wait` seconds from now. Names no telephone."""

    def __init__(self, lane: Lane, wait: float) -> None:
        super().__init__(f"limit reached: {lane.name.partition(':')[0]}")
        self.lane = lane
        self.wait = wait


_LANES = table_of(SendingLane)
_BUSY = _LANES.c.busy_until
_NOW = bindparam("now", type_=Double)
_FROM = case((_BUSY > _NOW, _BUSY), else_=_NOW)
_TAKE = {
    dialect.__name__.rpartition(".")[2]: dialect.insert(_LANES)
    .values(name=bindparam("lane"), busy_until=bindparam("first"))
    .on_conflict_do_update(
        index_elements=["name"],
        set_={"busy_until": _FROM + bindparam("step", type_=Double)},
        where=bindparam("latest", type_=Double) >= _BUSY,
    )
    .returning(_BUSY)
    for dialect in (postgresql, sqlite)
}
_LOOK = select(_BUSY).where(_LANES.c.name == bindparam("lane"))


def take(session: Session, lane: Lane, now: float) -> float:
    """Take one step of a lane; returns the instant of it, `now` or later. Seconds since 1970.

    Whoever takes several takes them in the same order as everybody else: the row stays locked until
    the transaction ends. Raises LaneFullError, and the transaction must then roll back.
    """
    busy_until: float | None = session.scalar(
        _TAKE[session.get_bind().dialect.name],
        {
            "lane": lane.name,
            "first": now + lane.step,
            "now": now,
            "step": lane.step,
            "latest": now + lane.room,
        },
    )
    if busy_until is None:
        busy_until = session.scalar(_LOOK, {"lane": lane.name}) or now
        raise LaneFullError(lane, max(busy_until - lane.room - now, 0.0))
    return busy_until - lane.step


def forget_idle(db: Database) -> None:
    """Delete the rows that say nothing any more: no telephone's digest stays behind."""
    now = db.clock().timestamp()
    with db.writing() as session:
        session.execute(delete(SendingLane).where(SendingLane.busy_until < now))
