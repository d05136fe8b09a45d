"""The activity of a territory in a period."""

from uuid import UUID

from dispatcher.domain.calendar import Period
from dispatcher.domain.indicators import Indicators, added_up
from dispatcher.reads.day_counts import facts_of_days
from dispatcher.storage.unit import Database


def activity(db: Database, territory_id: UUID, period: Period) -> Indicators:
    """The indicators of a period, of one territory, as the log has them at this moment."""
    with db.reading() as session:
        facts = facts_of_days(session, territory_id, period)
    return added_up(facts, list(period.days()))
