"""The activity report: a document that may leave the house."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from dispatcher.domain import calendar
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.roles import Role
from dispatcher.papers import pdf
from dispatcher.papers.activity_report import Report, report_pdf
from dispatcher.reads.activity import activity
from dispatcher.services import appointments
from dispatcher.services.commands import CloseRequest
from dispatcher.services.contracts import save_contract
from dispatcher.services.house import House
from dispatcher.services.reports import activity_report
from tests.builders import Town
from tests.services.test_contracts import PARIS, TERMS

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)


def test_a_month_and_a_year_are_set_the_same_every_time(house: House, town: Town) -> None:
    save_contract(house, town.account(Role.COORDINATOR), TERMS)
    for _ in range(2):
        appointments.close_request(
            house,
            town.regulator,
            town.request(),
            CloseRequest(status="unfilled", reason="NO_TAKER"),
        )
    october = (date(2026, 10, 1), date(2026, 10, 31))
    month = activity_report(house, town.territory_id, FIRST, LAST, october)
    year = activity_report(house, town.territory_id, date(2026, 1, 1), date(2026, 12, 31))
    for document in (month, year):
        assert document.startswith(b"%PDF")
        assert b"fr-FR" in document
    assert activity_report(house, town.territory_id, FIRST, LAST, october) == month
    # nothing at all happened, and the year before is just as well a report
    empty = activity_report(house, town.territory_id, date(2024, 1, 1), date(2024, 12, 31))
    assert empty.startswith(b"%PDF")
    with pytest.raises(InvalidError):
        activity_report(house, town.territory_id, LAST, FIRST)


def test_small_counts_are_masked_in_it(
    house: House, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        town.request()
    found = activity(house.db, town.territory_id, calendar.period(FIRST, LAST, PARIS))
    said: list[str] = []
    set_table = pdf.table

    def listen(head: Sequence[str], rows: Sequence[Sequence[str]], *rest: Any, **named: Any) -> Any:
        said.extend(" | ".join(row) for row in rows)
        return set_table(head, rows, *rest, **named)

    monkeypatch.setattr(pdf, "table", listen)
    report_pdf(
        Report(
            territory="CPTS jura",
            first=FIRST,
            last=LAST,
            made_on=LAST,
            found=found,
            before=None,
            before_label="",
            typed=(),
            settlement=None,
            part_label=lambda dimension, part: f"{dimension} {part}",
        )
    )
    assert "commune 39300 | moins de\u00a05 | " in said
    assert "origin SAS | 2 | 100\u00a0%" in said
