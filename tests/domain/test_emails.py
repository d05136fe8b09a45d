"""What an address looks like, and how far an e-mail can get."""

import pytest

from dispatcher.domain.emails import EMAIL_TRANSITIONS, EmailStatus, NotAnEmail, normal_address


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Anne.Vuillet@Exemple.FR ", "Anne.Vuillet@exemple.fr"),
        ("a+snp@sous.domaine.exemple.fr", "a+snp@sous.domaine.exemple.fr"),
        ("o'brien@exemple.fr", "o'brien@exemple.fr"),
        ("x" * 64 + "@exemple.fr", "x" * 64 + "@exemple.fr"),
    ],
)
def test_an_address_is_kept_as_servers_read_it(typed: str, kept: str) -> None:
    assert normal_address(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "anne",
        "anne@exemple",
        "@exemple.fr",
        "anne@@exemple.fr",
        "anne@-exemple.fr",
        "anne..vuillet@exemple.fr",
        ".anne@exemple.fr",
        "anne@exemple.fr, paul@exemple.fr",
        "Anne <anne@exemple.fr>",
        '"anne v"@exemple.fr',
        "anne@[127.0.0.1]",
        "anne@exemple.fr\nBcc: tous@exemple.fr",
        "x" * 65 + "@exemple.fr",
        "a@" + "x" * 63 + "." + "y" * 63 + "." + "z" * 63 + "." + "w" * 60 + ".fr",
    ],
)
def test_what_is_no_single_address_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(NotAnEmail) as refused:
        normal_address(typed)
    assert refused.value.sentence.endswith("par exemple\u00a0: nom@exemple.fr.")


def test_an_accent_is_named() -> None:
    with pytest.raises(NotAnEmail) as refused:
        normal_address("hélène@exemple.fr")
    assert refused.value.sentence == "Une adresse e-mail n’a pas d’accents."


def test_what_has_ended_stays_so() -> None:
    ended = {status for status, after in EMAIL_TRANSITIONS.items() if not after}

    assert ended == {EmailStatus.SENT, EmailStatus.REFUSED, EmailStatus.FAILED}
    assert set(EMAIL_TRANSITIONS) == set(EmailStatus)
