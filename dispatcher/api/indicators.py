"""The activity of a period."""

from datetime import timedelta

from pydantic import Field

from dispatcher.api.call import Call
from dispatcher.api.shapes import IndicatorsShape
from dispatcher.domain import calendar
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.indicators.comparison import Comparison
from dispatcher.reads.overview import overview_as_json
from dispatcher.services.commands import CodeText, Day, Shape

LONGEST = timedelta(days=3 * 366)


class PeriodQuery(Shape):
    """Whole local days of the territory, both included."""

    territory: CodeText | None = None
    first: Day | None = Field(
        default=None, alias="from", description="The first local day; of this month if absent."
    )
    last: Day | None = Field(
        default=None, alias="to", description="The last local day, included; today if absent."
    )
    compare: Comparison | None = Field(
        default=None,
        description="Also tell the figures of as many days just before (`previous`), or of the same"
        " days a year earlier (`year`).",
    )


def show_indicators(call: Call, query: PeriodQuery) -> IndicatorsShape:
    """Tell the figures of a period, every one folded from the log.

    Requests count in the period in which they were opened, places in that in which they start.
    """
    call.stay_in(query.territory)
    last = query.last or calendar.local_day(call.house.clock(), call.zone)
    first = query.first or last.replace(day=1)
    if last - first > LONGEST:
        raise InvalidError({"to": "La période dure trois ans au plus."})
    return IndicatorsShape.model_validate(
        overview_as_json(
            call.house.db, call.account.territory_id, first, last, call.zone, query.compare
        )
    )
