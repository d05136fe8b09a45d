"""RPPS, FINESS and SIRET: the shape is a condition, the key a warning."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain.identifiers import (
    Checked,
    NotAnIdentifier,
    check_finess,
    check_rpps,
    check_siret,
    has_luhn_key,
)

WARNING = "La clé de ce numéro ne correspond pas\u00a0: vérifiez qu’il est bien recopié."


def test_the_key_is_worked_out_by_hand() -> None:
    # 1 8: the last digit counts once, the one before twice: 8 + 2 = 10.
    assert has_luhn_key("18")
    # 5 9: twice 5 is 10, whose digits add up to 1: 9 + 1 = 10.
    assert has_luhn_key("59")
    assert not has_luhn_key("19")


# Numbers of the test repositories of the Agence du numérique en santé.
@pytest.mark.parametrize(
    "rpps", ["10003931184", "10002909371", "10005681340", "10001120343", "10004088257"]
)
def test_a_true_rpps_passes(rpps: str) -> None:
    assert check_rpps(rpps) == Checked(rpps, None)


@pytest.mark.parametrize("typed", ["810003931184", "1000 393 1184", " 10003931184\n"])
def test_an_rpps_is_read_with_the_prefix_of_feeds_and_with_spaces(typed: str) -> None:
    assert check_rpps(typed).value == "10003931184"


@pytest.mark.parametrize("rpps", ["10002673899", "10100050075", "10101288385"])
def test_the_invented_examples_of_official_documents_are_kept_with_a_warning(rpps: str) -> None:
    assert check_rpps(rpps) == Checked(rpps, WARNING)


@pytest.mark.parametrize("typed", ["", "1000393118", "910003931184", "1000393118A", "\u0661" * 11])
def test_what_has_not_the_shape_of_an_rpps_is_refused(typed: str) -> None:
    with pytest.raises(NotAnIdentifier) as refusal:
        check_rpps(typed)

    assert refusal.value.sentence == "Un numéro RPPS compte 11 chiffres."


@pytest.mark.parametrize("finess", ["950047225", "290016617", "750010829", "920009628"])
def test_a_true_finess_passes(finess: str) -> None:
    assert check_finess(finess) == Checked(finess, None)


def test_a_corsican_finess_has_its_letter_counted_as_nothing() -> None:
    # 2 0 0 0 0 0 0 0 6: the 2 stands in an odd place from the right and counts once; 2 + 6 = 8.
    assert check_finess("2a0000006") == Checked("2A0000006", WARNING)
    assert check_finess("2B0000008") == Checked("2B0000008", None)


@pytest.mark.parametrize("typed", ["", "95004722", "2C0000008", "A50047225", "9500472250"])
def test_what_has_not_the_shape_of_a_finess_is_refused(typed: str) -> None:
    with pytest.raises(NotAnIdentifier, match="FINESS compte 9 caractères"):
        check_finess(typed)


def test_a_siret_passes_with_its_key() -> None:
    # 1 and thirteen 0, the 1 in an even place: it counts 2, and 8 completes it.
    assert check_siret("10000000000008") == Checked("10000000000008", None)
    assert check_siret("100 000 000 00009") == Checked("10000000000009", WARNING)


def test_the_post_office_has_a_rule_of_its_own() -> None:
    # 3 + 5 + 6 = 14; with 1 it is 15, a multiple of 5, and 2 makes it 16.
    assert not has_luhn_key("35600000000010")
    assert check_siret("35600000000010").warning is None
    assert check_siret("35600000000011").warning == WARNING


def test_the_head_office_of_the_post_office_has_both() -> None:
    assert check_siret("35600000000048").warning is None


@pytest.mark.parametrize("typed", ["", "1000000000000", "1000000000000A"])
def test_what_has_not_the_shape_of_a_siret_is_refused(typed: str) -> None:
    with pytest.raises(NotAnIdentifier, match="SIRET compte 14 chiffres"):
        check_siret(typed)


@given(st.integers(min_value=0, max_value=10**10 - 1), st.integers(0, 9))
def test_one_digit_wrong_is_always_noticed(number: int, wrong: int) -> None:
    body = f"{number:010d}"
    key = next(str(digit) for digit in range(10) if has_luhn_key(f"{body}{digit}"))

    for position, digit in enumerate(body):
        if int(digit) != wrong:
            assert not has_luhn_key(body[:position] + str(wrong) + body[position + 1 :] + key)


@given(st.text())
def test_whatever_is_typed_is_an_identifier_or_a_sentence(text: str) -> None:
    for check in (check_rpps, check_finess, check_siret):
        sentence = "."
        try:
            check(text)
        except NotAnIdentifier as refusal:
            sentence = refusal.sentence
        assert sentence.endswith(".")
