"""A territory's contract: kept year by year, settled from the log and from typed figures."""

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.agreements import DIRECTORY
from dispatcher.domain.aci.settlement import settle
from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.roles import Account, Role
from dispatcher.reads.typed_figures import typed_figures
from dispatcher.services.appointments import close_request
from dispatcher.services.commands import CloseRequest
from dispatcher.services.contract_files import ContractFileError, read_contract, write_contract
from dispatcher.services.contract_years import contract_years, lines_to_fill, year_of
from dispatcher.services.contracts import (
    OverlappingYearsError,
    outline,
    save_contract,
    settled,
    valued,
)
from dispatcher.services.house import House
from dispatcher.services.typed_figures import TypeFigure, type_figure
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.services.tables import kinds, row_counts

PARIS = ZoneInfo("Europe/Paris")
TODAY = date(2026, 11, 23)
TERMS = """
[contract]
name = "CPTS Exemple"
agreement = "avenant2"
size = 3
signed = 2026-04-15
first = 2026-04-15
last = 2027-04-14

[[mission]]
code = "acces_soins"
label = "Accès aux soins"
fixed_eur = 90000
variable_eur = 15000

[[mission.line]]
code = "rdv"
label = "Rendez-vous honorés"
eur = 5000
source = "log"
indicator = "honoured"
tiers = [{ limit = 1, eur = 1000 }, { limit = 3, eur = 5000 }]

[[mission.line]]
code = "ald"
label = "ALD sans médecin traitant"
eur = 8000
source = "cpam"
indicator = "ald_without_gp"
direction = "down"
baseline = 219
tiers = [{ limit = 219, eur = 3000 }, { limit = 100, eur = 8000 }]
value = { figure = 87, on = 2026-11-20, origin = "Requête CPAM" }

[[mission.line]]
code = "annuaire"
label = "Annuaire"
eur = 2000
source = "manual"
value = { figure = 1, on = 2027-03-01, origin = "Publié" }
"""


@pytest.fixture
def coordinator(town: Town) -> Account:
    return town.account(Role.COORDINATOR)


def came(house: House, town: Town, clock: FakeClock, times: int) -> None:
    town.slot(hours=2, minutes=120, places=times)
    requests = [town.request() for _ in range(times)]
    keep_promises(house)
    clock.advance(hours=4)
    for request in requests:
        close_request(house, town.regulator, request, CloseRequest(status="fulfilled"))


def test_a_year_is_settled_from_the_log_and_from_typed_figures(
    house: House, town: Town, coordinator: Account, clock: FakeClock
) -> None:
    saved = save_contract(house, coordinator, TERMS)
    # the CPAM's value was taken over; the directory's is dated next March
    assert (saved.changed, saved.figures, saved.left_out) == (True, 1, 1)
    (year,) = contract_years(house.db, town.territory_id)
    assert all(line.value is None for line in year.lines())
    came(house, town, clock, 2)

    found = settled(house, town.territory_id, PARIS, year)
    lines = {each.line.code: each for each in found.lines["acces_soins"]}
    assert {code: each.eur for code, each in lines.items()} == {
        "rdv": 1_000,
        "ald": 8_000,
        "annuaire": 0,
    }
    rdv = lines["rdv"].value
    assert rdv is not None
    assert (rdv.figure, rdv.on) == (2, TODAY)
    assert lines["annuaire"].value is None
    # two in 222 days since 15 April: the third one at half of that again, 111 days from now
    assert lines["rdv"].reached_on(year) == date(2027, 3, 14)
    assert (found.earned_eur, found.at_pace_eur, found.variable_eur) == (9_000, 13_000, 15_000)

    # the file that is exported gives the same result by itself
    exported = write_contract(valued(house, town.territory_id, PARIS, year))
    again = settle(read_contract(exported))
    assert (again.earned_eur, again.at_pace_eur, again.payments) == (
        found.earned_eur,
        found.at_pace_eur,
        found.payments,
    )
    assert exported.count("baseline") == 1  # the CPAM's line alone has one: none is made up

    done = TypeFigure(code="annuaire", figure=1, on=TODAY, origin="Publié en ligne")
    type_figure(house, coordinator, done)
    assert settled(house, town.territory_id, PARIS, year).earned_eur == 11_000
    elsewhere = Town.found(house, clock, code="ain")
    assert contract_years(house.db, elsewhere.territory_id) == []


def test_saving_again_replaces_the_year_and_the_same_changes_nothing(
    house: House, town: Town, coordinator: Account
) -> None:
    save_contract(house, coordinator, TERMS)
    before = row_counts(house)
    again = save_contract(house, coordinator, TERMS)
    assert (again.changed, again.figures) == (False, 0)
    assert row_counts(house) == before

    save_contract(house, coordinator, TERMS.replace("size = 3", "size = 2"))
    assert [year.size for year in contract_years(house.db, town.territory_id)] == [2]
    assert kinds(house).count("contract_saved") == 2
    assert len(typed_figures(house.db, town.territory_id)) == 1


def test_years_do_not_overlap_and_each_is_found_by_its_first_day(
    house: House, town: Town, coordinator: Account
) -> None:
    save_contract(house, coordinator, TERMS)
    shifted = TERMS.replace("first = 2026-04-15", "first = 2026-04-16")
    before = row_counts(house)
    with pytest.raises(OverlappingYearsError, match="years-overlap"):
        save_contract(house, coordinator, shifted)
    assert row_counts(house) == before

    last_year = TERMS.replace("first = 2026-04-15", "first = 2025-04-15").replace(
        "last = 2027-04-14", "last = 2026-04-14"
    )
    with pytest.raises(ContractFileError, match="en dehors de l’année"):
        save_contract(house, coordinator, last_year)
    without_values = "\n".join(
        line for line in last_year.splitlines() if not line.startswith("value")
    )
    save_contract(house, coordinator, without_values)
    years = contract_years(house.db, town.territory_id)
    assert [year.first for year in years] == [date(2026, 4, 15), date(2025, 4, 15)]
    assert year_of(years, None, TODAY) == years[0]
    assert year_of(years, None, date(2026, 1, 1)) == years[1]
    assert year_of(years, None, date(2030, 1, 1)) == years[0]
    assert year_of(years, date(2025, 4, 15), TODAY) == years[1]
    with pytest.raises(NotFoundError):
        year_of(years, date(2024, 4, 15), TODAY)
    assert lines_to_fill(years)["annuaire"][1] == years[0]


def test_a_line_of_the_contract_takes_a_value_of_its_year_alone(
    house: House, coordinator: Account
) -> None:
    typed = TypeFigure(code="annuaire", figure=1, on=date(2026, 4, 14), origin="Publié")
    with pytest.raises(InvalidError) as unknown:
        type_figure(house, coordinator, typed)
    assert unknown.value.fields == {"code": "Choisissez un indicateur de la liste."}
    save_contract(house, coordinator, TERMS)
    with pytest.raises(InvalidError) as outside:
        type_figure(house, coordinator, typed)
    assert outside.value.fields == {"on": "Cette date est en dehors de l’année du contrat."}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('agreement = "avenant2"', 'agreement = "2031"', "4: Cet accord n’existe pas"),
        ("size = 3", "size = 5", "5: Cette taille n’existe pas dans cet accord."),
        ('"honoured"', '"honored"', "21: Le journal ne compte pas"),
        ('"ald_without_gp"', '"requests"', "29: Cet indicateur n’est pas de ceux"),
    ],
)
def test_what_a_file_names_has_to_exist(before: str, after: str, said: str) -> None:
    with pytest.raises(ContractFileError) as refused:
        read_contract(TERMS.replace(before, after))
    (fault,) = refused.value.faults
    assert f"{fault.line}: {fault.sentence}".startswith(said)


@pytest.mark.parametrize(
    "path", sorted((DIRECTORY / "examples").glob("*.toml")), ids=lambda path: path.stem
)
def test_the_examples_can_be_saved_as_they_are_shipped(path: Path) -> None:
    read_contract(path.read_text(encoding="utf-8"))


def test_an_outline_has_the_envelopes_that_are_known() -> None:
    first = date(2028, 2, 29)
    year = outline("2019", 3, date(2019, 12, 1), first)
    money = {mission.code: (mission.fixed_eur, mission.variable_eur) for mission in year.missions}
    assert money["acces_soins"] == (25_000 + 15_000, 25_000)  # the supplement apart
    assert money["fonctionnement"] == (75_000, None)
    assert year.last == date(2029, 2, 28)
    # nothing is known of size 2 but the plan's yearly update
    unknown = outline("avenant2", 2, date(2022, 1, 1), date(2026, 1, 1))
    assert {m.code: (m.fixed_eur, m.variable_eur) for m in unknown.missions}["acces_soins"] == (
        None,
        None,
    )
    assert read_contract(write_contract(year)) == year
    with pytest.raises(KeyError):
        outline("2031", 3, first, first)
    with pytest.raises(KeyError):
        outline("2019", 5, first, first)
