"""Every SMS text renders, fits, keeps the typography, and cannot say anything about health."""

# ruff: noqa: RUF001 - letters of other alphabets are what is tested

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config import sms_texts
from config.sms_leaks import about_health
from config.sms_texts import PATIENT_LANGUAGES, SHAPES, Texts, TextsError
from dispatcher.domain import languages
from dispatcher.domain.gsm import Encoding, encode
from dispatcher.domain.inbound import Intent, understand
from dispatcher.domain.languages import CANCEL_WORDS, YES_WORDS, Language
from dispatcher.domain.messages import MessageKind

NBSP = "\u00a0"
EVERY_TEXT = [(kind, language) for kind, shape in SHAPES.items() for language in shape.languages]
WRITTEN_IN_UCS_2 = {"ar", "uk"}
"""Languages whose letters GSM-7 lacks: 67 characters a segment instead of 153."""
BUDGET = {"fr": 2, "en": 2, "pt": 2, "tr": 2, "ar": 5, "uk": 5}
"""Segments that a message may take at most, with everything in it at its longest."""
ZONE = ZoneInfo("Indian/Reunion")
LONGEST_DAY = datetime(2026, 9, 23, 10, 30, tzinfo=UTC)
"""« mercredi 23 septembre »: no other day is said in more letters, but for Portuguese."""

THE_SAME_IN_ALL = {
    "sender": "CPTS Démo Sud Réunion",
    "address": "128 bis avenue de la République, 97410 Saint-Pierre",
    "phone": "0261910012",
    "link": "https://soins.cpts-sud-reunion.example/r/A1b2C3d4E5f6G7h8",
    "code": "4821",
    "count": "12",
    "delay": "plus de 30 minutes",
    "words": (
        "Bonjour, oui, vous pouvez venir accompagné. Prenez la rue de derrière, le parking est"
        " ouvert. Bonne journée."
    ),
    "reason": "la personne est disponible à partir de 14 h 30 le mercredi 23 septembre",
}
"""What the placeholders hold at their longest; the link has 57 characters."""


def longest_of_daily_use(language: str) -> dict[str, str]:
    spoken = Language(language)
    end = LONGEST_DAY + timedelta(hours=4)
    choices = [
        f"{code} ({languages.day_and_hour(LONGEST_DAY + timedelta(days=day), ZONE, spoken)})"
        for day, code in enumerate(("4821", "5930", "6041"))
    ]
    return THE_SAME_IN_ALL | {
        "day": languages.day(LONGEST_DAY, ZONE, spoken),
        "time": languages.between(LONGEST_DAY, end, ZONE, spoken),
        "address": languages.address(THE_SAME_IN_ALL["address"], spoken),
        "choices": languages.listed(choices, spoken),
        "answer": languages.CANCEL_WORDS[spoken],
    }


TO_PATIENTS_WITH_AN_APPOINTMENT = (
    MessageKind.CONFIRMATION,
    MessageKind.REMINDER,
    MessageKind.APPOINTMENT_CHANGED,
    MessageKind.CONFIRM_ACKNOWLEDGED,
    MessageKind.CANCEL_ACKNOWLEDGED,
    MessageKind.CANCELLED_BY_PRACTITIONER,
    MessageKind.CANCELLED_BY_REGULATOR_PATIENT,
    MessageKind.NO_SHOW_FOLLOW_UP,
    MessageKind.NOT_UNDERSTOOD,
    MessageKind.CALL_BACK_NOTED,
)

IF_IT_GETS_WORSE = {
    "fr": "Si aggravation, appelez le 15.",
    "en": "If things get worse, call 15.",
    "ar": "إذا ساء الوضع اتصلوا بالرقم 15.",
    "pt": "Se piorar, ligue 15.",
    "tr": "Durum kötüleşirse 15’i arayın.",
    "uk": "Якщо стане гірше, дзвоніть 15.",
}

SAID_TOO_MUCH = {
    "fr": (
        "le médecin", "Cabinet d’infirmières", "kinésithérapeute", "KINE", "sage-femme",
        "votre consultation", "pour votre fièvre", "Dr Essai", "vos soins", "à l’hôpital",
    ),
    "en": (
        "the doctor", "Dr Essai", "our nurse", "physiotherapist", "midwife", "dentist", "pharmacy",
        "your consultation", "for your fever", "chest pain", "the clinic",
    ),
    "ar": (
        "عند الطبيب", "مع طبيبة", "الممرضة", "طبيب أسنان", "الصيدلية", "القابلة", "العيادة",
        "في المستشفى", "بسبب الحُمّى", "ألم في الصدر", "علاجكم",
    ),
    "pt": (
        "o médico", "a enfermeira", "fisioterapeuta", "parteira", "dentista", "farmácia",
        "a sua consulta", "por causa da febre", "dor no peito", "na clínica",
    ),
    "tr": (
        "doktorunuz", "HEMŞİRE", "fizyoterapist", "diş hekimi", "ebe", "eczane", "muayene",
        "ateş", "göğüs ağrısı", "hastanede", "kliniğimiz",
    ),
    "uk": (
        "лікар", "медсестра", "фізіотерапевт", "стоматолог", "акушерка", "аптека",
        "консультація", "через температуру", "біль у грудях", "у лікарні", "КЛІНІКА",
    ),
}  # fmt: skip
"""Professions, motives and places of care, as somebody might write them into a text."""

ASKED_WORD = re.compile(r"\b(?!SMS\b)[A-ZİА-ЯІЇЄҐ]{3,}\b|نعم|(?<=بكلمة )إلغاء|(?<=أو )إلغاء")
"""What a text asks for stands in capitals; Arabic has none."""


@pytest.fixture(scope="module")
def texts() -> Texts:
    return sms_texts.load()


def values_of(kind: str, language: str = "fr") -> dict[str, str]:
    longest = longest_of_daily_use(language)
    return {name: longest[name] for name in SHAPES[kind].allowed}


def a_copy(folder: Path) -> Path:
    """The texts in a folder where they can be spoilt."""
    for kind, language in EVERY_TEXT:
        (folder / language).mkdir(exist_ok=True)
        text = (sms_texts.DIRECTORY / language / f"{kind}.txt").read_text(encoding="utf-8")
        (folder / language / f"{kind}.txt").write_text(text, encoding="utf-8")
    return folder


def test_every_kind_of_message_has_its_shape_and_its_texts() -> None:
    assert SHAPES.keys() == {kind.value for kind in MessageKind}
    assert tuple(Language) == PATIENT_LANGUAGES
    assert {path.name for path in sms_texts.DIRECTORY.iterdir()} == set(PATIENT_LANGUAGES)
    assert sms_texts.check() == []


def test_what_a_patient_is_sent_exists_in_six_languages_and_the_rest_in_french() -> None:
    to_practitioners = {kind for kind, shape in SHAPES.items() if shape.languages == ("fr",)}

    assert to_practitioners == {
        "practitioner_notice", "cancelled_by_patient", "cancelled_by_regulator_practitioner",
        "late_notice", "closing_question", "publication_question", "agenda_unread", "invitation",
        "reinforcement_call",
        "offer", "offer_taken", "offer_too_late", "offer_choose_hour", "offer_hour_refused",
        "offer_released", "offer_stands", "offer_which", "offer_unknown",
    }  # fmt: skip
    assert all(
        SHAPES[kind].languages == PATIENT_LANGUAGES for kind in SHAPES.keys() - to_practitioners
    )


@pytest.mark.parametrize(("kind", "language"), EVERY_TEXT)
def test_every_text_fits_in_the_segments_of_its_language(
    texts: Texts, kind: str, language: str
) -> None:
    encoded = encode(texts.render(kind, language, **values_of(kind, language)))

    needs_ucs_2 = language in WRITTEN_IN_UCS_2
    assert encoded.encoding is (Encoding.UCS_2 if needs_ucs_2 else Encoding.GSM_7)
    assert encoded.segments <= BUDGET[language], f"{encoded.characters} characters: {encoded.text}"


@pytest.mark.parametrize("language", BUDGET)
def test_a_text_that_is_too_long_would_be_seen(texts: Texts, language: str) -> None:
    values = values_of("confirmation", language) | {"address": "x" * 150}
    said = texts.render("confirmation", language, **values)

    assert encode(said).segments == BUDGET[language] + 1


@pytest.mark.parametrize(("kind", "language"), EVERY_TEXT)
def test_no_text_names_a_motive_or_a_profession(texts: Texts, kind: str, language: str) -> None:
    assert about_health(texts.by_language[language][kind], language) is None


@pytest.mark.parametrize("language", PATIENT_LANGUAGES)
def test_a_text_that_says_who_receives_and_why_would_be_seen(texts: Texts, language: str) -> None:
    for word in SAID_TOO_MUCH[language]:
        text = f"{texts.by_language[language]['confirmation']} {word}"
        assert about_health(text, language) is not None, word


@pytest.mark.parametrize(("kind", "language"), EVERY_TEXT)
def test_what_a_text_asks_for_is_understood_when_it_comes(
    texts: Texts, kind: str, language: str
) -> None:
    spoken = Language(language)
    meant = {
        YES_WORDS[spoken]: Intent.YES, CANCEL_WORDS[spoken]: Intent.CANCEL, "NON": Intent.NO,
        "STOP": Intent.STOP, "START": Intent.START,
    }  # fmt: skip
    asked = ASKED_WORD.findall(texts.by_language[language][kind])
    for word in asked:
        assert understand(word).intent is meant[word], word


@pytest.mark.parametrize("language", PATIENT_LANGUAGES)
@pytest.mark.parametrize("kind", ["confirmation", "reminder", "appointment_changed", "help"])
def test_the_language_says_how_to_cancel(texts: Texts, kind: str, language: str) -> None:
    assert CANCEL_WORDS[Language(language)] in texts.by_language[language][kind]


def test_no_placeholder_holds_anything_about_health() -> None:
    said = frozenset().union(*(shape.allowed for shape in SHAPES.values()))

    assert said == {
        "sender", "day", "time", "address", "phone", "link", "code", "choices", "answer",
        "reason", "delay", "words", "count",
    }  # fmt: skip


@pytest.mark.parametrize("language", PATIENT_LANGUAGES)
@pytest.mark.parametrize("kind", TO_PATIENTS_WITH_AN_APPOINTMENT)
def test_every_message_about_an_appointment_says_what_to_do_if_it_gets_worse(
    texts: Texts, kind: MessageKind, language: str
) -> None:
    assert IF_IT_GETS_WORSE[language] in texts.by_language[language][kind]
    assert "{phone}" in texts.by_language[language][kind]


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

    @pytest.mark.parametrize(
        ("kind", "language"), [("greeting", "fr"), ("help", "xx"), ("offer", "en")]
    )
    def test_a_message_that_does_not_exist_is_told(
        self, texts: Texts, kind: str, language: str
    ) -> None:
        with pytest.raises(TextsError, match=f"no text for {kind} in {language}"):
            texts.render(kind, language)

    @pytest.mark.parametrize(
        ("kind", "wished", "sent"),
        [("help", "uk", "uk"), ("offer", "uk", "fr"), ("help", "xx", "fr"), ("help", "fr", "fr")],
    )
    def test_what_a_language_lacks_is_sent_in_french(
        self, texts: Texts, kind: str, wished: str, sent: str
    ) -> None:
        assert texts.language_for(kind, wished) == sent

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
            ("help", "{sender} {phone} {prénom} 15", "{prénom} cannot be said in this message"),
            ("help", "{sender} {phone}, au 115", "does not name the 15"),
            ("help", "{sender} {phone} 15, le Médecin.", '"Médecin" says something about health'),
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
        assert sms_texts.faults_of("stop_acknowledged", "fr", "{sender}") == []

    def test_a_text_that_is_missing_is_told(self, tmp_path: Path) -> None:
        folder = a_copy(tmp_path)
        (folder / "fr" / "help.txt").unlink()

        assert sms_texts.check(folder) == ["fr/help: missing"]

    def test_another_language_says_what_french_says(self, tmp_path: Path) -> None:
        folder = a_copy(tmp_path)
        (folder / "en" / "stop_acknowledged.txt").write_text("{sender}", encoding="utf-8")

        assert sms_texts.check(folder) == ["en/stop_acknowledged: {phone} not as in French"]

    def test_a_language_that_is_missing_or_has_too_much_is_told(self, tmp_path: Path) -> None:
        folder = a_copy(tmp_path)
        (folder / "en" / "offer_taken.txt").write_text("{sender} {code}", encoding="utf-8")
        (folder / "tr" / "help.txt").unlink()
        shutil.rmtree(folder / "uk")
        (folder / "xx").mkdir()

        assert sms_texts.check(folder) == [
            "uk: no texts",
            "xx: nobody reads it",
            "en/offer_taken: is not sent in this language",
            "tr/help: missing",
        ]

    def test_without_french_there_is_nothing_to_compare_with(self, tmp_path: Path) -> None:
        (tmp_path / "en").mkdir()

        assert sms_texts.check(tmp_path) == [f"{tmp_path.name}/fr: no texts"]
