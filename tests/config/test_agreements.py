"""The agreements' tables: cell by cell as their sources have them, unknown where nobody knows."""

from pathlib import Path

import pytest

from config import agreements
from config.agreements import AgreementError, load

# Guichet CPTS Occitanie, December 2019: mission, part, and the euros of sizes 1 to 4
TABLE_2019 = [
    ("fonctionnement", "fixe", 50_000, 60_000, 75_000, 90_000),
    ("acces_soins", "fixe", 15_000, 17_500, 25_000, 30_000),
    ("acces_soins", "variable", 15_000, 17_500, 25_000, 30_000),
    ("acces_soins", "fixe_snp_compensation", 10_000, 12_000, 15_000, 20_000),
    ("acces_soins", "volet_supplementaire_snp", 35_000, 45_000, 55_000, 70_000),
    ("parcours", "fixe", 25_000, 35_000, 45_000, 50_000),
    ("parcours", "variable", 25_000, 35_000, 45_000, 50_000),
    ("prevention", "fixe", 10_000, 15_000, 17_500, 20_000),
    ("prevention", "variable", 10_000, 15_000, 17_500, 20_000),
    ("qualite_pertinence", "fixe", 7_500, 10_000, 15_000, 20_000),
    ("qualite_pertinence", "variable", 7_500, 10_000, 15_000, 20_000),
    ("accompagnement_ps", "fixe", 5_000, 7_500, 10_000, 15_000),
    ("accompagnement_ps", "variable", 5_000, 7_500, 10_000, 15_000),
]
TOTALS_2019 = {
    "fonctionnement": (50_000, 60_000, 75_000, 90_000),
    "acces_soins": (40_000, 47_000, 65_000, 80_000),
    "parcours": (50_000, 70_000, 90_000, 100_000),
    "prevention": (20_000, 30_000, 35_000, 40_000),
    "qualite_pertinence": (15_000, 20_000, 30_000, 40_000),
    "accompagnement_ps": (10_000, 15_000, 20_000, 30_000),
}
SIZES = (1, 2, 3, 4)


def test_the_table_of_2019_is_reproduced_cell_by_cell() -> None:
    found = [
        (mission.code, part.code, *(part.amounts[size].eur for size in SIZES))
        for mission in load("2019").missions
        for part in mission.parts
    ]
    assert found == TABLE_2019


def test_the_totals_of_2019_are_those_of_the_source() -> None:
    agreement = load("2019")
    for mission in agreement.missions:
        sums = tuple(mission.total(size, without=agreement.supplement) for size in SIZES)
        assert sums == TOTALS_2019[mission.code]
    assert [agreement.total(size) for size in SIZES] == [185_000, 242_000, 315_000, 380_000]
    with_supplement = [agreement.total_with_supplement(size) for size in SIZES]
    assert with_supplement == [220_000, 287_000, 370_000, 450_000]


def test_the_one_cell_that_was_worked_out_says_so() -> None:
    inferred = [
        (mission.code, part.code, size)
        for mission in load("2019").missions
        for part in mission.parts
        for size, amount in part.amounts.items()
        if amount.grade != "proven"
    ]
    assert inferred == [("acces_soins", "variable", 4)]


def test_of_avenant_2_only_what_two_contracts_prove_is_proven() -> None:
    proven = {
        (mission.code, part.code): part.amounts[3].eur
        for mission in load("avenant2").missions
        for part in mission.parts
        if part.amounts[3].grade == "proven"
    }
    assert proven == {
        ("acces_soins", "fixe"): 90_000,
        ("acces_soins", "variable"): 35_000,
        ("parcours", "fixe"): 45_000,
        ("parcours", "variable"): 45_000,
        ("prevention", "fixe"): 17_500,
        ("prevention", "variable"): 17_500,
        ("crises_sanitaires", "fixe"): 22_500,
        ("crises_sanitaires", "crise_reconnue"): 67_500,
        ("qualite_pertinence", "fixe"): 15_000,
        ("qualite_pertinence", "variable"): 15_000,
        ("accompagnement_ps", "fixe"): 10_000,
        ("accompagnement_ps", "variable"): 10_000,
    }


def test_what_is_unknown_is_none_and_never_zero_nor_in_a_sum() -> None:
    agreement = load("avenant2")
    access = next(mission for mission in agreement.missions if mission.code == "acces_soins")
    assert access.parts[0].amounts[1].eur is None
    assert access.parts[0].amounts[1].grade == "unknown"
    assert access.total(1) is None
    assert access.total(3) == 125_000
    assert agreement.total(3) is None  # the operating envelope is not proven


def test_an_agreement_there_is_not_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        load("2031")
    assert agreements.codes() == ["2019", "avenant2"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("eur = [50000, 60000, 75000, 90000]", "eur = [50000, 60000, 75000]", "one figure"),
        ("eur = [50000, 60000, 75000, 90000]", "eur = [50000, 60000, 75000, 90001]", "the source"),
        ('grade = "proven"', 'grade = "sure"', "no grade"),
        ('grade = "proven"', 'grade = "unknown"', "unknown if and only if"),
        ('source = "occitanie"', 'source = "ailleurs"', "without its source"),
        ("[[mission]]", "[[mission", "2019.toml"),
    ],
)
def test_a_table_that_does_not_hold_together_is_refused(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    text = (agreements.DIRECTORY / "2019.toml").read_text(encoding="utf-8")
    (tmp_path / "2019.toml").write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(AgreementError, match=said):
        load("2019", tmp_path)
