"""The one rule for passwords that somebody chooses."""

import pytest

from dispatcher.domain.passwords import TOO_COMMON, TOO_SHORT, fault_of_password
from dispatcher.services.accounts import new_password

ABOUT = ("Anne Régule", "anne.regule@jura.example", "CPTS du Haut-Jura")


@pytest.mark.parametrize(
    "password",
    [
        "",
        "court",
        "Xk7!pQ2#vZ9",  # eleven signs, of all kinds
    ],
)
def test_a_password_has_twelve_signs_or_more(password: str) -> None:
    assert fault_of_password(password) == TOO_SHORT


@pytest.mark.parametrize(
    "password",
    [
        "motdepasse2026",
        "Motdepasse123!",
        "M0tdep@sse1234",
        "azertyuiop123",
        "Azerty123456!",
        "Password1234!",
        "123456789012",
        "aaaaaaaaaaaa",
        "azertyazerty",
        "bonjourbonjour",
        "soleil2026soleil",
        "cptsjura2026",
        "Administrateur1",
        "regulation2026",
        "demonstration",
        "infirmiere39000",
    ],
)
def test_what_is_tried_first_is_refused(password: str) -> None:
    assert fault_of_password(password) == TOO_COMMON


@pytest.mark.parametrize(
    "password", ["anneregule2026", "Régule.Anne1", "hautjura2026", "annereguleanne", "elugerenna12"]
)
def test_who_chooses_it_is_guessed_at_once(password: str) -> None:
    assert fault_of_password(password, ABOUT) == TOO_COMMON


@pytest.mark.parametrize(
    "password",
    [
        "un mot de passe long",
        "cheval agrafe pile correct",
        "la mouette lit sans lampe",
        "vfqtzkwpxbnm",  # twelve letters, nothing else
        "été pâle œuf naïf",
        "x" * 20 + " puis une girafe jaune",
        "q" * 13 + "Jz-zb8 vanille trombone" * 8,
    ],
)
def test_a_long_sentence_needs_no_digit_and_no_sign(password: str) -> None:
    assert fault_of_password(password, ABOUT) is None


def test_the_passwords_that_we_make_pass() -> None:
    assert [fault_of_password(new_password(), ABOUT) for _ in range(20)] == [None] * 20
