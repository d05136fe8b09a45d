"""The activity of a territory in a period: every figure is folded from the log."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import and_, or_, select

from dispatcher.domain.calendar import Period
from dispatcher.domain.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentFulfilled,
    AppointmentMissed,
    NeighbourPlaceFreed,
    NeighbourPlaceTaken,
    RequestCancelled,
    RequestOpened,
    RequestRedirected,
    RequestReopened,
    RequestUnfilled,
    SatisfactionAnswered,
    SlotPublished,
    SlotWithdrawn,
)
from dispatcher.domain.indicators import Indicators, Ledger
from dispatcher.domain.indicators import LoggedEvent as Counted
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.unit import Database

ABOUT_REQUESTS = (
    RequestOpened,
    RequestReopened,
    RequestCancelled,
    RequestRedirected,
    RequestUnfilled,
    SatisfactionAnswered,
)
ABOUT_PLACES = (
    SlotPublished,
    SlotWithdrawn,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentFulfilled,
    AppointmentMissed,
    NeighbourPlaceTaken,
    NeighbourPlaceFreed,
)
LONGEST_SLOT = timedelta(hours=12)
"""A walk-in patient is seen this long after the start of their slot at most."""
BATCH = 5000


def activity(db: Database, territory_id: UUID, period: Period) -> Indicators:
    """The indicators of a period, of one territory.

    Read from the log are the events of the requests opened in the period, whenever they happened,
    and those about places around the period; never the whole log.
    """
    cohort = select(LoggedEvent.request_id).where(
        LoggedEvent.territory_id == territory_id,
        LoggedEvent.kind == RequestOpened.kind(),
        LoggedEvent.at >= period.start,
        LoggedEvent.at < period.end,
    )
    which = or_(
        and_(
            LoggedEvent.request_id.in_(cohort),
            LoggedEvent.kind.in_([event.kind() for event in (*ABOUT_REQUESTS, *ABOUT_PLACES)]),
        ),
        and_(
            LoggedEvent.occurs_at >= period.start - LONGEST_SLOT,
            LoggedEvent.occurs_at < period.end + LONGEST_SLOT,
            LoggedEvent.kind.in_([event.kind() for event in ABOUT_PLACES]),
        ),
    )
    ledger = Ledger()
    with db.reading() as session:
        rows = session.execute(
            select(
                LoggedEvent.kind,
                LoggedEvent.at,
                LoggedEvent.request_id,
                LoggedEvent.appointment_id,
                LoggedEvent.slot_id,
                LoggedEvent.practitioner_id,
                LoggedEvent.data,
            )
            .where(LoggedEvent.territory_id == territory_id, which)
            .order_by(LoggedEvent.id)
            .execution_options(yield_per=BATCH)
        )
        for row in rows:
            ledger.add(Counted(*row))
    return ledger.indicators(period)
