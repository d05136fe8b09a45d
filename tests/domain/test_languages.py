"""Days and hours as each language says them, in a territory's zone."""

# ruff: noqa: RUF001 - letters of other alphabets are what is tested

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dispatcher.domain import languages
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.languages import Language, language_of

PARIS = ZoneInfo("Europe/Paris")
REUNION = ZoneInfo("Indian/Reunion")
TUESDAY = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)
LATE_ON_SUNDAY = datetime(2026, 11, 1, 22, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "day", "hour"),
    [
        ("fr", f"mardi{NBSP}24{NBSP}novembre", f"14{NBSP}h{NBSP}30"),
        ("en", "Tuesday 24 November", "14:30"),
        ("ar", "الثلاثاء 24/11", "14:30"),
        ("pt", "terça-feira, 24 de novembro", "14h30"),
        ("tr", "24 Kasım Salı", "14:30"),
        ("uk", "вівторок, 24 листопада", "14:30"),
    ],
)
def test_a_day_and_an_hour(language: str, day: str, hour: str) -> None:
    assert languages.day(TUESDAY, PARIS, Language(language)) == day
    assert languages.hour(TUESDAY, PARIS, Language(language)) == hour


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", f"lundi{NBSP}2{NBSP}novembre à 2{NBSP}h{NBSP}05"),
        ("en", "Monday 2 November at 2:05"),
        ("ar", "الاثنين 2/11 الساعة 2:05"),
        ("pt", "segunda-feira, 2 de novembro, às 2h05"),
        ("tr", "2 Kasım Pazartesi saat 2:05"),
        ("uk", "понеділок, 2 листопада, о 2:05"),
    ],
)
def test_both_are_those_of_the_territory(language: str, said: str) -> None:
    """22 h 05 UTC on Sunday is five past two on Monday in La Réunion."""
    assert languages.day_and_hour(LATE_ON_SUNDAY, REUNION, Language(language)) == said


@pytest.mark.parametrize(
    ("language", "hour_utc", "said"),
    [
        ("pt", 0, "à 1h00"),
        ("pt", 23, "às 0h00"),
        ("pt", 8, "às 9h00"),
        ("uk", 10, "об 11:00"),
        ("uk", 0, "о 1:00"),
        ("fr", 8, f"à 9{NBSP}h"),
        ("en", 8, "at 9:00"),
    ],
)
def test_the_word_before_an_hour_follows_it(language: str, hour_utc: int, said: str) -> None:
    instant = datetime(2026, 11, 24, hour_utc, tzinfo=UTC)

    assert languages.at(instant, PARIS, Language(language)) == said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", f"entre 14{NBSP}h{NBSP}30 et 18{NBSP}h"),
        ("en", "between 14:30 and 18:00"),
        ("ar", "بين الساعة 14:30 و18:00"),
        ("pt", "entre as 14h30 e as 18h00"),
        ("tr", "saat 14:30-18:00 arası"),
        ("uk", "з 14:30 до 18:00"),
    ],
)
def test_a_period(language: str, said: str) -> None:
    end = datetime(2026, 11, 24, 17, tzinfo=UTC)

    assert languages.between(TUESDAY, end, PARIS, Language(language)) == said


def test_every_language_has_every_word() -> None:
    for language in Language:
        assert languages.at_home(language)
        assert languages.remotely(language)
        assert languages.YES_WORDS[language] != languages.CANCEL_WORDS[language]


def test_an_address_keeps_its_number_before_its_street_among_arabic_words() -> None:
    where = "12 rue du Commerce, Lons-le-Saunier"

    assert languages.address(where, Language.ARABIC) == f"\u200e{where}\u200e"
    assert languages.address(where, Language.UKRAINIAN) == where


def test_a_list_has_the_comma_of_its_language() -> None:
    assert languages.listed(["1", "2"], Language.ARABIC) == "1، 2"
    assert languages.listed(["1", "2"], Language.TURKISH) == "1, 2"


def test_only_arabic_is_written_from_the_right() -> None:
    assert [language for language in Language if language.is_right_to_left] == [Language.ARABIC]


@pytest.mark.parametrize(
    ("code", "language"), [("uk", Language.UKRAINIAN), ("wo", None), ("", None), (None, None)]
)
def test_a_language_that_patients_are_not_written_to_in_is_none(
    code: str | None, language: Language | None
) -> None:
    assert language_of(code) is language
