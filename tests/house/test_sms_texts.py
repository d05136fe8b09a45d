"""Every SMS text renders, fits, keeps the typography, and cannot say anything about health."""

import re
from pathlib import Path

import pytest

from config import sms_texts
from config.sms_texts import SHAPES, Texts, TextsError
from dispatcher.domain.gsm import Encoding, encode
from dispatcher.domain.messages import MessageKind

NBSP = "\u00a0"
LANGUAGES = sorted(folder.name for folder in sms_texts.DIRECTORY.iterdir() if folder.is_dir())
EVERY_TEXT = [(kind, language) for kind in MessageKind for language in LANGUAGES]

LONGEST_OF_DAILY_USE = {
    "sender": "CPTS Démo Sud Réunion",
    "day": "mercredi 23 septembre",
    "time": f"entre 14{NBSP}h{NBSP}30 et 18{NBSP}h{NBSP}30",
    "address": "128 bis avenue de la République, 97410 Saint-Pierre",
    "phone": f"02{NBSP}61{NBSP}91{NBSP}00{NBSP}12",
    "link": "https://soins.cpts-sud-reunion.example/r/A1b2C3d4",
    "code": "4821",
    "choices": (
        "4821 (mercredi 23 septembre à 14 h 30), 5930 (jeudi 24 septembre à 9 h),"
        " 6041 (vendredi 25 septembre à 10 h 15)"
    ),
    "answer": "ANNULER",
    "delay": "plus de 30 minutes",
    "words": (
        "Bonjour, oui, vous pouvez venir accompagné. Prenez la rue de derrière, le parking est"
        " ouvert. Bonne journée."
    ),
    "reason": "la personne est disponible à partir de 14 h 30 le mercredi 23 septembre",
}
"""What the placeholders hold at their longest; the link has 49 characters."""

TO_PATIENTS_WITH_AN_APPOINTMENT = (
    MessageKind.CONFIRMATION,
    MessageKind.REMINDER,
    MessageKind.APPOINTMENT_CHANGED,
    MessageKind.CONFIRM_ACKNOWLEDGED,
    MessageKind.CANCEL_ACKNOWLEDGED,
    MessageKind.CANCELLED_BY_PRACTITIONER,
    MessageKind.CANCELLED_BY_REGULATOR_PATIENT,
)

ABOUT_HEALTH = re.compile(
    r"m[ée]decin|docteur|infirmi|kin[ée]|dentist|dentaire|sage-femme|pharmac|orthop|podolog"
    r"|psy|addict|ordonnance|consultation|soin|sant[ée]|malad|douleur|fi[eè]vre|urgence vitale"
    r"|diagnostic|traitement|sympt|motif|vaccin|grossesse|cabinet|clinique|h[ôo]pital|patient",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def texts() -> Texts:
    return sms_texts.load()


def values_of(kind: str) -> dict[str, str]:
    return {name: LONGEST_OF_DAILY_USE[name] for name in SHAPES[kind].allowed}


def a_copy(folder: Path) -> Path:
    """The texts in a folder where they can be spoilt."""
    for kind, language in EVERY_TEXT:
        (folder / language).mkdir(exist_ok=True)
        text = (sms_texts.DIRECTORY / language / f"{kind}.txt").read_text(encoding="utf-8")
        (folder / language / f"{kind}.txt").write_text(text, encoding="utf-8")
    return folder


def test_every_kind_of_message_has_its_shape_and_its_texts() -> None:
    assert SHAPES.keys() == {kind.value for kind in MessageKind}
    assert LANGUAGES == ["fr"]
    assert sms_texts.check() == []


@pytest.mark.parametrize(("kind", "language"), EVERY_TEXT)
def test_every_text_fits_in_two_segments_of_gsm_7(
    texts: Texts, kind: MessageKind, language: str
) -> None:
    encoded = encode(texts.render(kind, language, **values_of(kind)))

    assert encoded.encoding is Encoding.GSM_7
    assert encoded.segments <= 2, f"{encoded.characters} characters: {encoded.text}"


def test_a_text_that_is_too_long_would_be_seen(texts: Texts) -> None:
    values = values_of("confirmation") | {"address": "x" * 120}

    assert encode(texts.render("confirmation", "fr", **values)).segments == 3


@pytest.mark.parametrize(("kind", "language"), EVERY_TEXT)
def test_no_text_says_anything_about_health(texts: Texts, kind: MessageKind, language: str) -> None:
    assert ABOUT_HEALTH.search(texts.by_language[language][kind]) is None


@pytest.mark.parametrize(
    "text", ["votre consultation", "Cabinet d’infirmières", "{sender} : le médecin vous attend"]
)
def test_a_text_about_health_would_be_seen(text: str) -> None:
    assert ABOUT_HEALTH.search(text)


def test_no_placeholder_holds_anything_about_health() -> None:
    said = frozenset().union(*(shape.allowed for shape in SHAPES.values()))

    assert said == {
        "sender", "day", "time", "address", "phone", "link", "code", "choices", "answer",
        "reason", "delay", "words",
    }  # fmt: skip


@pytest.mark.parametrize("kind", TO_PATIENTS_WITH_AN_APPOINTMENT)
def test_every_message_about_an_appointment_says_what_to_do_if_it_gets_worse(
    texts: Texts, kind: MessageKind
) -> None:
    assert "Si aggravation, appelez le 15." in texts.by_language["fr"][kind]
    assert "{phone}" in texts.by_language["fr"][kind]


def test_the_confirmation_says_how_to_cancel(texts: Texts) -> None:
    assert "répondez ANNULER" in texts.by_language["fr"]["confirmation"]


def test_a_confirmation_reads_as_a_person_would_write_it(texts: Texts) -> None:
    sent = encode(
        texts.render(
            MessageKind.CONFIRMATION,
            "fr",
            sender="CPTS Démo Jura",
            day="mardi 24 novembre",
            time=f"à 14{NBSP}h{NBSP}30",
            address="12 rue du Commerce, Lons-le-Saunier",
            phone="03 53 01 00 12",
            link="https://snp.example.org/r/A1b2C3d4E5f6G7h8",
        )
    )

    assert sent.text == (
        "CPTS Démo Jura : rendez-vous mardi 24 novembre à 14 h 30, 12 rue du Commerce,"
        " Lons-le-Saunier. Tél. 03 53 01 00 12."
        " Détails : https://snp.example.org/r/A1b2C3d4E5f6G7h8\n"
        "Pour annuler, répondez ANNULER. Si aggravation, appelez le 15."
    )
    assert sent.segments == 2


@pytest.mark.parametrize("kind", list(MessageKind))
def test_french_texts_have_french_typography(texts: Texts, kind: MessageKind) -> None:
    text = texts.by_language["fr"][kind]

    assert not re.search(r"(?<![\u00a0/])[:;?!](?!//)", text), "a non-breaking space goes before"
    assert "'" not in text, "the apostrophe is ’"
    assert "  " not in text
    assert text == text.strip()


class TestRendering:
    def test_a_value_that_is_missing_stops_the_message(self, texts: Texts) -> None:
        with pytest.raises(TextsError, match=r"help: no value for \{phone\}"):
            texts.render("help", "fr", sender="CPTS Démo Jura")

    def test_a_value_that_may_not_be_said_stops_the_message(self, texts: Texts) -> None:
        with pytest.raises(TextsError, match=r"\{motive\} cannot be said"):
            texts.render("help", "fr", **values_of("help"), motive="fièvre")

    @pytest.mark.parametrize("blank", ["", "  ", "\n"])
    def test_a_blank_stops_the_message(self, texts: Texts, blank: str) -> None:
        with pytest.raises(TextsError, match=r"blank value for \{phone\}"):
            texts.render("help", "fr", sender="CPTS Démo Jura", phone=blank)

    @pytest.mark.parametrize(("kind", "language"), [("greeting", "fr"), ("help", "en")])
    def test_a_message_that_does_not_exist_is_told(
        self, texts: Texts, kind: str, language: str
    ) -> None:
        with pytest.raises(TextsError, match=f"no text for {kind} in {language}"):
            texts.render(kind, language)

    def test_braces_in_a_value_are_only_braces(self, texts: Texts) -> None:
        values = values_of("help") | {"sender": "{phone} {motive}"}

        assert texts.render("help", "fr", **values).startswith(f"{{phone}} {{motive}}{NBSP}:")


class TestChecking:
    def test_a_copy_of_the_texts_is_without_fault(self, tmp_path: Path) -> None:
        assert sms_texts.check(a_copy(tmp_path)) == []

    @pytest.mark.parametrize(
        ("kind", "text", "fault"),
        [
            ("help", "{sender} {phone} {motive}", "{motive} cannot be said in this message"),
            ("help", "{sender}", "{phone} is needed"),
            ("help", "{sender} {phone} {PHONE}", "a brace that is no placeholder"),
            ("help", "{sender} {phone!r}", "a brace that is no placeholder"),
            ("help", "{sender.name} {phone}", "a brace that is no placeholder"),
            ("help", "{sender} {phone} {", "a brace that is no placeholder"),
            ("help", " \n", "empty"),
            ("greeting", "{sender}", "no message of this kind"),
        ],
    )
    def test_a_text_that_cannot_be_used_keeps_everything_from_starting(
        self, tmp_path: Path, kind: str, text: str, fault: str
    ) -> None:
        folder = a_copy(tmp_path)
        (folder / "fr" / f"{kind}.txt").write_text(text, encoding="utf-8")

        assert f"fr/{kind}: {fault}" in sms_texts.check(folder)
        with pytest.raises(TextsError, match=re.escape(fault)):
            sms_texts.load(folder)

    def test_a_text_may_leave_out_what_is_optional(self) -> None:
        assert sms_texts.faults_of("stop_acknowledged", "{sender}") == []

    def test_a_text_that_is_missing_is_told(self, tmp_path: Path) -> None:
        folder = a_copy(tmp_path)
        (folder / "fr" / "help.txt").unlink()

        assert sms_texts.check(folder) == ["fr/help: missing"]

    def test_another_language_says_what_french_says(self, tmp_path: Path) -> None:
        folder = a_copy(tmp_path)
        (folder / "en").mkdir()
        for kind in MessageKind:
            text = (folder / "fr" / f"{kind}.txt").read_text(encoding="utf-8")
            (folder / "en" / f"{kind}.txt").write_text(text, encoding="utf-8")
        (folder / "en" / "practitioner_notice.txt").write_text(
            "{sender} {code} {day} {time} {link}", encoding="utf-8"
        )

        assert sms_texts.check(folder) == [
            "en/practitioner_notice: {address}, {phone} not as in French"
        ]

    def test_without_french_there_is_nothing_to_compare_with(self, tmp_path: Path) -> None:
        (tmp_path / "en").mkdir()

        assert sms_texts.check(tmp_path) == [f"{tmp_path.name}/fr: no texts"]
