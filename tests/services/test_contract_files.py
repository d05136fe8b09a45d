"""Contracts as files: the worked examples, and every fault with its line."""

from datetime import date
from pathlib import Path

import pytest

from config.agreements import DIRECTORY
from dispatcher.domain.aci.settlement import settle
from dispatcher.services.contract_files import ContractFileError, read_contract, write_contract

EXAMPLES = sorted((DIRECTORY / "examples").glob("*.toml"))


def example(name: str) -> str:
    return (DIRECTORY / "examples" / f"{name}.toml").read_text(encoding="utf-8")


def test_three_worked_examples_are_shipped() -> None:
    assert len(EXAMPLES) == 3


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_read_written_and_read_as_it_was(path: Path) -> None:
    contract = read_contract(path.read_text(encoding="utf-8"))
    assert read_contract(write_contract(contract)) == contract


def test_the_contract_of_the_sources_earns_29_000_of_35_000() -> None:
    found = settle(read_contract(example("acces-aux-soins"))).as_json()

    lines = {line["code"]: line["eur"] for line in found["missions"][0]["lines"]}
    assert lines == {
        "ald_sans_mt": 6_000,
        "plus_16_ans_avec_mt": 5_000,
        "c2s_ald_sans_mt": 0,
        "plus_70_ans_sans_mt": 5_000,
        "partenariat_cpam": 2_000,
        "volontaires_recenses": 3_000,
        "annuaire": 5_000,
        "snp_sas": 3_000,
    }
    assert (found["variable_earned_eur"], found["variable_max_eur"]) == (29_000, 35_000)
    assert found["share_pct"] == 82.86


def test_a_screening_pays_by_its_tiers_and_one_without_value_pays_nothing() -> None:
    settlement = settle(read_contract(example("prevention")))
    paid = [(line.line.code, line.tier, line.eur) for line in settlement.lines["prevention"]]
    assert paid == [("sein", 2, 2_500), ("col", 0, 0), ("colorectal", 0, 0)]


def test_a_first_year_is_paid_from_its_start() -> None:
    first, *_ = settle(read_contract(example("premiere-annee"))).payments
    assert (first.on, str(first.eur)) == (date(2026, 10, 1), "36246.58")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        # the line is that of the example, counted in the file
        ("size = 3", "size = 3 3", "6: Cette ligne"),
        ("fixed_eur", "fixed_euro", "14: "),  # a typo in a key
        ("eur = 9000\n", 'eur = "9000"\n', "20: Ce champ doit être un nombre entier."),
        ("eur = 9000\n", "eur = 9500\n", "15: Les lignes font 35500\u00a0€"),
        ("delta = -10\n", "delta = -11\n", "45: La cible 6"),
        (
            'source = "cpam"',
            'source = "voisin"',
            "21: Choisissez parmi\u00a0: log, cpam ou manual.",
        ),
        (
            '{ figure = 87, on = 2027-03-31, origin = "Requête CPAM de mars 2027" }',
            "{ figure = 87, on = 2027-03-31 }",
            "26: origin\u00a0: Une valeur saisie a besoin de sa source.",
        ),
        ("on = 2026-12-01", "on = 2025-12-01", "76: on\u00a0: Cette date est en dehors"),
        ("first = 2026-04-15", "first = 2028-04-15", "9: "),
        ("last = 2027-04-14", "last = 2027-04-16", "9: Une année de contrat compte 366"),
        ("first = 2026-04-15", "first = 0001-01-01", "8: Cette date est trop lointaine."),
        ("size = 3", "size = true", "6: Ce champ doit être un nombre entier."),
        ("size = 3", "size = 5", "6: Cette taille n’existe pas dans cet accord."),
        ('"avenant2"', '"avenant9"', "5: Cet accord n’existe pas"),
        ("target = 68811", "target = nan", "34: Ce champ doit être un nombre."),
        ("target = 68811", "target = inf", "34: Ce champ doit être un nombre."),
        ('name = "CPTS Exemple des Deux Rives"\n', "", "3: name\u00a0: Ce champ est nécessaire."),
    ],
)
def test_a_fault_is_told_with_its_line(before: str, after: str, said: str) -> None:
    text = example("acces-aux-soins")
    assert before in text
    with pytest.raises(ContractFileError) as refused:
        read_contract(text.replace(before, after, 1))
    told = [f"{fault.line}: {fault.sentence}" for fault in refused.value.faults]
    assert any(each.startswith(said) for each in told), told


def test_a_gap_may_be_written_with_its_sign_or_as_how_much_less() -> None:
    text = example("acces-aux-soins")
    assert read_contract(text.replace("delta = -10\n", "delta = 10\n")) is not None


@pytest.mark.parametrize("text", ["", "[contract]\n", "mission = 3\n"])
def test_what_is_no_contract_is_refused(text: str) -> None:
    with pytest.raises(ContractFileError):
        read_contract(text)
