"""The patient's page in six languages: whole, remembered by its address, Arabic right to left."""

# ruff: noqa: RUF001 - the letters of six languages

from pathlib import Path

import pytest

from dispatcher.domain.languages import Language
from dispatcher.web import patient_words
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.web.pages import Browser, Page
from tests.web.test_patient import calendar_file, link_to_page

WORDS = patient_words.load()
OTHERS = [language for language in Language if language is not Language.FRENCH]


def booked(town: Town, sms: FakeSms, language: str | None = None) -> str:
    town.slot(hours=2.5)
    town.request(patient={"language": language})
    keep_promises(town.house)
    return link_to_page(sms)


def html(page: Page) -> dict[str, str]:
    return {name: page.root.get(name, "") for name in ("lang", "dir")}


@pytest.mark.parametrize("language", list(Language))
def test_the_page_speaks_the_language_the_patient_is_written_to_in(
    somebody: Browser, town: Town, sms: FakeSms, language: Language
) -> None:
    address = booked(town, sms, language.value)
    page = somebody.get(address)

    direction = "rtl" if language is Language.ARABIC else "ltr"
    assert html(page) == {"lang": language.value, "dir": direction}
    assert page.h1 == WORDS[language]["title"]
    said = [WORDS[language][key].replace("\u00a0", " ") for key in ("worse_call", "will_come")]
    assert all(words in page.text for words in said)
    assert "39000 Lons-le-Saunier" in page.text  # what stands on the door
    question = somebody.get(f"{address}/annuler")
    assert question.h1 == WORDS[language]["cancel_title"].replace("\u00a0", " ")
    gone = somebody.submit(question.forms()[0])
    assert gone.h1 == WORDS[language]["gone_title"]


@pytest.mark.parametrize(
    ("language", "when"),
    [
        ("fr", "Aujourd’hui, lundi 23 novembre 11 h 30"),
        ("en", "Today, Monday 23 November 11:30"),
        ("pt", "Hoje, segunda-feira, 23 de novembro 11h30"),
        ("tr", "Bugün, 23 Kasım Pazartesi 11:30"),
        ("uk", "Сьогодні, понеділок, 23 листопада 11:30"),
        ("ar", "اليوم، الاثنين 23/11 11:30"),
    ],
)
def test_day_and_hour_are_said_as_the_language_does(
    somebody: Browser, town: Town, sms: FakeSms, language: str, when: str
) -> None:
    assert when in somebody.get(booked(town, sms, language)).text


def test_a_language_once_chosen_stays_in_every_address_and_sets_no_cookie(
    somebody: Browser, town: Town, sms: FakeSms
) -> None:
    address = booked(town, sms)
    french = somebody.get(address)
    assert [link for link in french.links() if "langue=" in link] == [
        f"{address}?langue={language.value}" for language in Language
    ]

    page = somebody.get(f"{address}?langue=uk")

    assert page.root.get("lang") == "uk"
    assert f"{address}/annuler?langue=uk" in page.links()
    assert f"{address}/rendez-vous.ics?langue=uk" in page.links()
    after = somebody.submit(page.form(f"{address}/confirmer?langue=uk"))
    assert WORDS[Language.UKRAINIAN]["confirmed"] in after.text
    assert "Set-Cookie" not in after.response.headers


@pytest.mark.parametrize("language", ["xx", "", "FR", "ar<script>"])
def test_a_language_that_is_none_is_the_patient_s_own(
    somebody: Browser, town: Town, sms: FakeSms, language: str
) -> None:
    assert somebody.get(f"{booked(town, sms, 'tr')}?langue={language}").root.get("lang") == "tr"


def test_a_link_that_leads_nowhere_can_be_read_too(somebody: Browser) -> None:
    page = somebody.get("/r/inconnu?langue=pt", status=404)
    assert (page.h1, page.root.get("lang")) == (WORDS[Language.PORTUGUESE]["unknown_title"], "pt")


def test_the_calendar_entry_is_in_the_language_of_the_page(
    somebody: Browser, town: Town, sms: FakeSms
) -> None:
    (event,) = calendar_file(somebody, booked(town, sms, "en")).walk("VEVENT")
    assert str(event["SUMMARY"]) == "Appointment"


def test_at_night_the_page_says_in_its_language_when_somebody_answers(
    somebody: Browser, town: Town, sms: FakeSms, clock: FakeClock
) -> None:
    town.slot(hours=26)
    town.request(patient={"language": "en"}, need={"delay_hours": 48})
    keep_promises(town.house)
    address = link_to_page(sms)
    clock.advance(hours=13)  # ten in the evening

    text = somebody.get(address).text

    assert "answers again on Tuesday 24 November at 8:00" in text
    assert "116 117" in text


# The data


def test_every_language_says_what_french_says() -> None:
    assert patient_words.faults_of(WORDS) == []
    assert set(WORDS) == set(Language)


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_was_left_in_french(language: Language) -> None:
    same = {key for key, said in WORDS[language].items() if said == WORDS[Language.FRENCH][key]}
    assert same <= {"late_button"}


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('title = "Your appointment"', "", "en/title: missing"),
        ("{phone}", "{fon}", "en/call: not as in French"),
        ('route = "Directions"', 'route = ""', "en/route: empty"),
        ('route = "Directions"', 'route = "Directions"\nroad = "x"', "en/road: unknown"),
    ],
)
def test_half_a_translation_does_not_start(
    tmp_path: Path, before: str, after: str, fault: str
) -> None:
    for path in patient_words.DIRECTORY.glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        if path.stem == "en":
            text = text.replace(before, after)
        (tmp_path / path.name).write_text(text, encoding="utf-8")

    with pytest.raises(patient_words.WordsError, match=fault):
        patient_words.load(tmp_path)


@pytest.mark.parametrize("language", list(Language))
def test_the_page_names_no_motive_profession_or_speciality(town: Town, language: Language) -> None:
    catalogue = town.house.catalogue
    said = str(WORDS[language]).casefold()
    labels = [entry.label for entry in catalogue.professions.values()]
    labels += [entry.label for entry in catalogue.motives.values()]
    assert not [label for label in labels if label.casefold() in said]
