"""The page on which a territory words its SMS: list, example, preview, refusal, conflict."""

from collections.abc import Callable

import pytest

from config.sms_texts import PATIENT_LANGUAGES, SHAPES
from dispatcher.domain.roles import Account, Role
from dispatcher.reads.own_texts import texts_of_territory
from dispatcher.services.settings import change_settings
from dispatcher.web import texts_form
from tests.builders import Town
from tests.web.pages import Browser, Page

NBSP = "\u00a0"
LIST = "/reglages/textes"
PATH = f"{LIST}/fr/confirmation"
PREVIEW = f"{PATH}/apercu"
OWN = "{territoire} : venez {jour} {heure}, {adresse}. {téléphone} {lien} Sinon, le 15."
STORED = "{sender} : venez {day} {time}, {address}. {phone} {link} Sinon, le 15."


@pytest.fixture
def coordinator(town: Town) -> Account:
    return town.account(Role.COORDINATOR)


@pytest.fixture
def office(coordinator: Account, signed_in: Callable[[Account], Browser]) -> Browser:
    return signed_in(coordinator)


def write(office: Browser, text: str, status: int = 200) -> Page:
    return office.submit(office.get(PATH).form(PATH), {"text": text}, status=status)


def preview(office: Browser, text: str) -> Page:
    """What the page shows while this is being written."""
    form = office.get(PATH).form(PATH)
    data = form.filled({"text": text})
    return Page.of(office.client.post(PREVIEW, data=data))


def own(town: Town) -> dict[tuple[str, str], str]:
    return dict(texts_of_territory(town.house.db, town.territory_id).own)


@pytest.mark.parametrize("language", PATIENT_LANGUAGES)
def test_every_message_of_a_language_is_listed_and_opens(office: Browser, language: str) -> None:
    page = office.get(f"{LIST}?langue={language}")
    expected = [
        f"{LIST}/{language}/{kind}" for kind, shape in SHAPES.items() if language in shape.languages
    ]
    listed = [link for link in page.links() if link.startswith(f"{LIST}/")]
    assert sorted(listed) == sorted(expected)
    assert ("Aux professionnels" in page.text) == (language == "fr")
    for link in expected:
        assert office.get(link).form(link).values["text"]


def test_a_language_that_nobody_is_written_to_in_is_not_there(office: Browser) -> None:
    office.get(f"{LIST}?langue=wo", status=404)
    office.get(f"{LIST}/en/offer", status=404)
    office.get(f"{LIST}/fr/inconnu", status=404)


def test_settings_lead_to_the_texts(office: Browser) -> None:
    assert LIST in office.get("/reglages").links()


def test_the_form_names_what_is_replaced_in_french(office: Browser) -> None:
    page = office.get(PATH)
    assert (
        page.form(PATH)
        .values["text"]
        .startswith(f"{{territoire}}{NBSP}: rendez-vous {{jour}} {{heure}}, {{adresse}}.")
    )
    assert "{téléphone} le téléphone du territoire – nécessaire" in page.text


@pytest.mark.parametrize("kind", list(SHAPES))
def test_the_french_names_lead_back_to_the_stored_ones(town: Town, kind: str) -> None:
    for language in SHAPES[kind].languages:
        text = town.house.texts.of(kind, language)
        assert texts_form.stored(texts_form.shown(text)) == text


@pytest.mark.parametrize("typed", ["{Téléphone}", "{ telephone }", "{TÉLÉPHONE}", "{phone}"])
def test_a_name_may_be_typed_carelessly(typed: str) -> None:
    assert texts_form.stored(typed) == "{phone}"


def test_a_text_is_kept_and_listed_as_the_territorys(town: Town, office: Browser) -> None:
    page = write(office, OWN)
    assert "Texte enregistré" in page.text
    assert page.form(PATH).values["text"] == OWN
    assert own(town) == {("confirmation", "fr"): STORED}
    assert "Texte du territoire" in office.get(LIST).text


def test_a_text_that_leaks_is_refused_with_its_word_and_kept_as_typed(
    town: Town, office: Browser
) -> None:
    typed = f"{OWN} Votre kiné {{motif}} vous attend."
    page = write(office, typed, status=422)
    said = page.field_error("text")
    assert "« kiné » en dit trop" in said
    assert "ne peut pas dire {motif}" in said
    assert page.form(PATH).values["text"] == typed
    assert own(town) == {}


def test_a_text_that_loses_a_placeholder_is_refused_by_its_french_name(office: Browser) -> None:
    page = write(office, OWN.replace("{lien}", ""), status=422)
    assert page.field_error("text") == "Il manque {lien} : ce message doit le dire."


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("x" * 601, "Ce texte est trop long (600 caractères au plus)."),
        ("a\x07b", "Ce texte contient un caractère qui ne peut pas être enregistré."),
        ("", "Écrivez un texte, ou revenez au texte par défaut."),
    ],
)
def test_what_is_no_text_is_refused(office: Browser, typed: str, sentence: str) -> None:
    assert write(office, typed, status=422).field_error("text") == sentence


def test_the_way_back_to_the_default(town: Town, office: Browser) -> None:
    assert not office.get(PATH).has_form(f"{PATH}/par-defaut")
    page = write(office, OWN)
    page = office.submit(page.form(f"{PATH}/par-defaut"))
    assert "texte par défaut" in page.text
    assert own(town) == {}


def test_whoever_saves_after_somebody_else_sees_their_text_first(
    town: Town, office: Browser, signed_in: Callable[[Account], Browser]
) -> None:
    mine = office.get(PATH).form(PATH)
    colleague = signed_in(town.account(Role.ADMINISTRATOR))
    write(colleague, OWN)
    other = OWN.replace("venez", "on vous attend")
    page = office.submit(mine, {"text": other}, status=409)
    assert "Ce texte a changé pendant que vous l’écriviez" in page.text
    assert OWN in page.text
    assert page.form(PATH).values["text"] == other
    assert own(town) == {("confirmation", "fr"): STORED}

    office.submit(page.form(PATH))
    assert own(town)["confirmation", "fr"].startswith("{sender} : on vous attend")


class TestThePreview:
    def test_it_shows_the_example_its_encoding_and_its_segments(self, office: Browser) -> None:
        page = office.get(PATH)
        assert (
            "CPTS jura : rendez-vous mardi 24 novembre à 14 h 30" in page.text
            or "CPTS jura : rendez-vous lundi 23 novembre à 14 h 30" in page.text
        )
        assert f"2{NBSP}SMS," in page.html
        assert "alphabet des SMS, GSM 7" in page.text.replace(NBSP, " ")

    def test_it_follows_what_is_written_and_keeps_nothing(
        self, town: Town, office: Browser
    ) -> None:
        page = preview(office, OWN)
        assert page.status == 200
        assert "CPTS jura : venez" in page.text
        assert page.form(PATH).values["text"] == OWN
        assert own(town) == {}

    def test_it_says_what_is_wrong_already(self, office: Browser) -> None:
        page = preview(office, OWN.replace("{jour}", "chez le médecin"))
        assert "Il manque {jour}" in page.text
        assert "« médecin » en dit trop" in page.text.replace(NBSP, " ")
        assert "CPTS jura : venez chez le médecin" in page.text

    def test_what_cannot_be_filled_in_is_not_shown(self, office: Browser) -> None:
        page = preview(office, OWN + " {motif}")
        assert "ne peut pas dire {motif}" in page.text
        assert "CPTS jura : venez" not in page.text

    def test_an_emoji_costs_nothing_and_a_letter_of_another_alphabet_is_named(
        self, office: Browser
    ) -> None:
        assert "GSM" in preview(office, OWN + " 🎉").text
        page = preview(office, OWN + " Ж")
        assert "UCS" in page.text
        assert "imposent l’alphabet étendu" in page.text
        assert "3 SMS au lieu de 2 avec le texte par défaut." in page.text.replace(NBSP, " ")

    def test_the_price_is_unknown_until_the_territory_says_it(
        self, town: Town, coordinator: Account, office: Browser
    ) -> None:
        assert "Prix inconnu" in office.get(PATH).text
        change_settings(town.house, coordinator, {"sms": {"segment_cents": 7.6}})
        assert "Prix : environ 15,2 centimes" in office.get(PATH).text.replace(NBSP, " ")

    def test_arabic_is_written_from_the_right(self, office: Browser) -> None:
        page = office.get(f"{LIST}/ar/confirmation")
        assert 'dir="rtl"' in page.html
        assert "UCS" in page.text


def test_the_price_of_an_sms_is_a_setting(office: Browser) -> None:
    page = office.get("/reglages")
    assert "Prix d’un SMS par défaut : inconnu" in page.text
    page = office.submit(page.form("/reglages"), {"sms.segment_cents": "cher"}, status=422)
    assert page.field_error("sms.segment_cents") == "Indiquez un nombre."
