"""The texts of e-mails: whole, and silent about patients and health."""

from pathlib import Path

import pytest

from config.email_texts import DIRECTORY, PLACEHOLDERS, EmailTextsError, check, load
from dispatcher.domain.emails import EmailKind

VALUES = {
    "sender": "CPTS du Jura",
    "phone": "03 53 01 00 01",
    "inviter": "Claire Girod",
    "link": "https://snp.example/i/abc",
    "until": "mardi 24 novembre",
}


def test_every_kind_has_its_text_and_every_text_its_kind() -> None:
    assert check() == []
    assert set(PLACEHOLDERS) == {kind.value for kind in EmailKind}


def test_an_invitation_says_who_invites_and_how_long_its_link_lives() -> None:
    subject, body = load().render("invitation", VALUES)

    assert subject == "CPTS du Jura vous invite à ouvrir des créneaux"
    assert "\nhttps://snp.example/i/abc\n" in body
    assert "valable jusqu’au mardi 24 novembre\u00a0:" in body
    assert "{" not in body


@pytest.mark.parametrize("values", [{}, VALUES | {"motive": "fièvre"}, VALUES | {"inviter": " "}])
def test_a_hole_or_a_word_too_many_is_an_error_and_no_email(values: dict[str, str]) -> None:
    with pytest.raises(EmailTextsError):
        load().render("invitation", values)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{sender}\n\n{phone} {inviter} {link} {until} {patient}", "must name"),
        ("{sender}\n\n{phone} {inviter} {link}", "must name"),
        ("{sender} {phone} {inviter} {link} {until}", "a subject and a body"),
        ("{sender}\n\n{phone} {inviter} {link} {until} }", "brace"),
        ("{sender}\n\n{phone} {inviter} {link} {until} pour vos patients", "about health"),
    ],
)
def test_the_guard_sees_a_text_that_cannot_be_used(tmp_path: Path, text: str, fault: str) -> None:
    """The companion."""
    for path in DIRECTORY.glob("*.txt"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "invitation.txt").write_text(text, encoding="utf-8")

    (found,) = check(tmp_path)

    assert fault in found
    with pytest.raises(EmailTextsError):
        load(tmp_path)
