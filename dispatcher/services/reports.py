"""The activity report of a period, ready to be handed on."""

from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from dispatcher.domain import calendar
from dispatcher.domain.calendar import local_day
from dispatcher.domain.indicators.outside import OUTSIDE, OutsideUnit
from dispatcher.papers.activity_report import Report, report_pdf
from dispatcher.papers.words import part_label, written_figure
from dispatcher.reads.activity import activity
from dispatcher.reads.overview import typed_up_to
from dispatcher.services.contract_years import contract_years
from dispatcher.services.contracts import settled
from dispatcher.services.house import House
from dispatcher.storage.territories import Territory


def activity_report(
    house: House,
    territory_id: UUID,
    first: date,
    last: date,
    compared_with: tuple[date, date] | None = None,
) -> bytes:
    """A PDF of the territory's local days from `first` to `last`, both included.

    Raises InvalidError where the last comes before the first.
    """
    with house.db.reading() as session:
        territory = session.get_one(Territory, territory_id)
    zone = ZoneInfo(territory.timezone)
    found = activity(house.db, territory_id, calendar.period(first, last, zone))
    before = None
    if compared_with is not None:
        before = activity(house.db, territory_id, calendar.period(*compared_with, zone))
    year = next(
        (
            each
            for each in contract_years(house.db, territory_id)
            if each.first <= last <= each.last
        ),
        None,
    )
    return report_pdf(
        Report(
            territory=territory.name,
            first=first,
            last=last,
            made_on=local_day(house.clock(), zone),
            found=found,
            before=before,
            before_label=calendar.span(*compared_with) if compared_with else "",
            typed=[
                {
                    "label": OUTSIDE[each.code].label,
                    "value": written_figure(
                        each.figure, is_percent=OUTSIDE[each.code].unit is OutsideUnit.PERCENT
                    ),
                    "on": f"{each.on:%d/%m/%Y}",
                    "origin": each.origin,
                }
                for each in typed_up_to(house.db, territory_id, last)
            ],
            settlement=None if year is None else settled(house, territory_id, zone, year),
            part_label=lambda dimension, part: part_label(
                dimension, part, house.catalogue, house.communes
            ),
        )
    )
