"""The hour that words mean on Monday 23 November 2026 at 9:00 in Paris; only certain ones count."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dispatcher.domain.spoken_hours import hour_meant

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def said(words: str, now: datetime = NOW, zone: ZoneInfo = PARIS) -> str | None:
    """Day and hour on the zone's clocks; None when no hour is meant for certain."""
    meant = hour_meant(words, now, zone)
    return None if meant is None else f"{meant.astimezone(zone):%d/%m %H:%M}"


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("à 17h30", "23/11 17:30"),
        ("17h30", "23/11 17:30"),
        ("17:30", "23/11 17:30"),
        ("17 h 30", "23/11 17:30"),
        ("17 H 30.", "23/11 17:30"),
        ("17 heures 30", "23/11 17:30"),
        ("1730", "23/11 17:30"),
        ("17h", "23/11 17:00"),
        ("à 17", "23/11 17:00"),
        ("à 11 h", "23/11 11:00"),
        ("a 11 h", "23/11 11:00"),
        ("à 11 h 30", "23/11 11:30"),
        ("à 17 heures", "23/11 17:00"),
        ("à 17:30", "23/11 17:30"),
        ("à 17 h 30 demain", "24/11 17:30"),
        ("12h05 min", "23/11 12:05"),
        ("midi", "23/11 12:00"),
        ("à midi et demi", "23/11 12:30"),
        ("à 17h30 merci", "23/11 17:30"),
        ("je le prends à 17h30", "23/11 17:30"),
        ("d’accord pour 17h30", "23/11 17:30"),
        ("demain 9h", "24/11 09:00"),
        ("demain à 9h00", "24/11 09:00"),
        ("demain matin 9h", "24/11 09:00"),
        ("9h du matin demain", "24/11 09:00"),
        ("après-demain 14h", "25/11 14:00"),
        ("aujourd’hui 18h", "23/11 18:00"),
        ("ce soir 8h", "23/11 20:00"),
        ("à 5h cet après-midi", "23/11 17:00"),
        ("mardi 10h", "24/11 10:00"),
        ("mercredi 25/11 à 10h15", "25/11 10:15"),
        ("le 24 novembre à 10h", "24/11 10:00"),
        ("1er décembre 9h", "01/12 09:00"),
        ("demain mardi 9h", "24/11 09:00"),
        ("8h", "24/11 08:00"),  # it is nine: the next time the clocks show eight
        ("lundi 8h", "23/11 08:00"),  # today by name, and past: for the service to refuse
    ],
)
def test_an_hour_that_is_said(words: str, meant: str) -> None:
    assert said(words) == meant


@pytest.mark.parametrize(
    "words",
    [
        "",
        "je suis en congé",
        "17",  # seventeen what?
        "vers 17h",
        "pas avant 17h",
        "avant 18h",
        "après 18h",
        "à partir de 17h",
        "entre 17h et 18h",
        "17h ou 18h",
        "à 17 h ou à 18 h",
        "de 17 h à 18 h",
        "dans 2h",
        "demain",
        "à 25h",
        "17h75",
        "31/02 10h",
        "demain mercredi 9h",  # tomorrow is Tuesday
        "17h, 2e étage",
        "14h du matin",
        "si elle peut à 17h",
        "06 39 98 12 30",
    ],
)
def test_what_is_not_certain_is_no_hour(words: str) -> None:
    assert said(words) is None


def test_the_zone_is_the_territorys() -> None:
    reunion = ZoneInfo("Indian/Reunion")  # four hours ahead of UTC: it is noon there
    assert said("à 17h30", zone=reunion) == "23/11 17:30"
    assert hour_meant("à 17h30", NOW, reunion) == datetime(2026, 11, 23, 13, 30, tzinfo=UTC)
    assert said("11h", zone=reunion) == "24/11 11:00"


def test_an_hour_that_spring_skips_is_no_hour_and_one_that_comes_twice_is_the_first() -> None:
    before_spring = datetime(2027, 3, 27, 12, 0, tzinfo=UTC)
    assert said("demain 2h30", before_spring) is None
    before_winter = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
    assert hour_meant("demain 2h30", before_winter, PARIS) == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    )
