"""Figures of the CPAM and the ARS: with a date and a source, or not at all."""

from datetime import date
from typing import Any

import pytest

from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.roles import Account, Role
from dispatcher.reads.typed_figures import latest, typed_figures
from dispatcher.services.house import House
from dispatcher.services.parsing import parse
from dispatcher.services.typed_figures import TypeFigure, take_back_figure, type_figure
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.services.tables import events, row_counts

TODAY = date(2026, 11, 23)
GIVEN: dict[str, Any] = {
    "code": "ald_without_gp",
    "figure": 87,
    "on": TODAY,
    "origin": "Requête CPAM de novembre",
}


@pytest.fixture
def coordinator(town: Town) -> Account:
    return town.account(Role.COORDINATOR)


def given(**changes: Any) -> TypeFigure:
    return parse(TypeFigure, GIVEN | changes)


def test_a_figure_is_kept_replaced_and_taken_back(
    house: House, town: Town, coordinator: Account, clock: FakeClock
) -> None:
    first = type_figure(house, coordinator, given())
    assert type_figure(house, coordinator, given()) is None
    later = type_figure(house, coordinator, given(figure=85))
    older = type_figure(house, coordinator, given(figure=219, on=date(2026, 4, 15)))

    standing = typed_figures(house.db, town.territory_id)
    assert [(each.id, each.figure, each.origin) for each in standing] == [
        (later, 85, "Requête CPAM de novembre"),
        (older, 219, "Requête CPAM de novembre"),
    ]
    assert standing[0].entered_by == coordinator.display_name
    assert latest(standing, None, date(2026, 11, 22))["ald_without_gp"].id == older
    assert latest(standing, date(2026, 4, 16), date(2026, 11, 22)) == {}

    assert later is not None
    assert older is not None
    take_back_figure(house, coordinator, later)
    take_back_figure(house, coordinator, later)
    assert [each.id for each in typed_figures(house.db, town.territory_id)] == [older]
    told = [event for event in events(house) if event[0].startswith("figure_")]
    assert told == [
        ("figure_typed", {"figure_id": str(first), "code": "ald_without_gp", "day": "2026-11-23"}),
        ("figure_typed", {"figure_id": str(later), "code": "ald_without_gp", "day": "2026-11-23"}),
        ("figure_typed", {"figure_id": str(older), "code": "ald_without_gp", "day": "2026-04-15"}),
        ("figure_taken_back", {"figure_id": str(later), "code": "ald_without_gp"}),
    ]

    other = Town.found(house, clock, code="ain")
    assert typed_figures(house.db, other.territory_id) == []
    with pytest.raises(NotFoundError):
        take_back_figure(house, other.account(Role.COORDINATOR), older)


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"code": "requests"}, "code", "Choisissez un indicateur de la liste."),
        ({"origin": " "}, "origin", "Ce champ est nécessaire."),
        ({"on": date(2026, 11, 24)}, "on", "Cette date est dans le futur."),
        ({"on": "31/11"}, "on", "Indiquez une date qui existe, par exemple 03/02/1950."),
        ({"figure": -1}, "figure", "Indiquez au moins 0."),
        (
            {"code": "without_gp_share", "figure": 100.5},
            "figure",
            "Un pourcentage va de 0 à\u00a0100.",
        ),
    ],
)
def test_a_figure_that_cannot_be_used_says_why_and_changes_nothing(
    house: House, coordinator: Account, changes: dict[str, Any], field: str, sentence: str
) -> None:
    before = row_counts(house)
    with pytest.raises(InvalidError) as refused:
        type_figure(house, coordinator, given(**changes))
    assert refused.value.fields == {field: sentence}
    assert row_counts(house) == before
