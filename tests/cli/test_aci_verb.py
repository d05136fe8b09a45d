"""./snp aci: tables and settlements as they are printed, and what is refused."""

import json
from pathlib import Path

import pytest

from config.agreements import DIRECTORY
from dispatcher import cli


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = cli.main(["aci", *words])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_the_amounts_of_a_size_are_printed_with_their_grade(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = run(capsys, "amounts", "--agreement", "2019", "--size", "3", "--json")

    table = json.loads(out)
    assert code == 0
    assert (table["total"], table["total_with_supplement"]) == (315_000, 370_000)
    access = next(each for each in table["missions"] if each["code"] == "acces_soins")
    assert access["total"] == 65_000
    assert [(part["code"], part["eur"], part["grade"]) for part in access["parts"]] == [
        ("fixe", 25_000, "proven"),
        ("variable", 25_000, "proven"),
        ("fixe_snp_compensation", 15_000, "proven"),
        ("volet_supplementaire_snp", 55_000, "proven"),
    ]


def test_what_is_unknown_is_null_and_said_to_be_unknown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("amounts", "--agreement", "avenant2", "--size", "1")
    assert json.loads(run(capsys, *words, "--json")[1])["total"] is None
    assert "Total\u00a0: inconnu" in run(capsys, *words)[1]


def test_a_contract_is_settled_from_its_file(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(DIRECTORY / "examples" / "acces-aux-soins.toml")
    assert json.loads(run(capsys, "settle", file, "--json")[1])["variable_earned_eur"] == 29_000
    assert (
        "29\N{NO-BREAK SPACE}000\u00a0€ sur 35\N{NO-BREAK SPACE}000\u00a0€"
        in run(capsys, "settle", file)[1]
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("amounts", "--agreement", "2031", "--size", "3"),
            "Accords connus\u00a0: 2019, avenant2.",
        ),
        (("amounts", "--agreement", "2019", "--size", "5"), "Tailles connues\u00a0: 1, 2, 3, 4."),
        (("settle", "/nulle/part.toml"), "ne peut pas être lu"),
    ],
)
def test_what_does_not_exist_is_refused(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert said in err


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("eur = 9000\n", "eur = 9500\n", ":15\u00a0: Les lignes font 35500\u00a0€"),
        ('agreement = "avenant2"', 'agreement = "avenant9"', "Cet accord n’existe pas"),
        ("size = 3", "size = 7", "Cette taille n’existe pas"),
        ("label =", "labels =", ":13\u00a0: Ce champ n’existe pas."),
    ],
)
def test_a_file_that_does_not_hold_together_is_refused_with_its_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, before: str, after: str, said: str
) -> None:
    text = (DIRECTORY / "examples" / "acces-aux-soins.toml").read_text(encoding="utf-8")
    file = tmp_path / "contrat.toml"
    file.write_text(text.replace(before, after, 1), encoding="utf-8")

    code, out, err = run(capsys, "settle", str(file))

    assert (code, out) == (2, "")
    assert said in err
