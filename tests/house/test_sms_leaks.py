"""No SMS can say what the catalogue calls a reason for care, or who gives it."""

import pytest

from config.catalogue import Catalogue
from config.sms_leaks import about_health
from config.sms_texts import PATIENT_LANGUAGES


def _said_of_a_patient() -> list[str]:
    """Every label of the catalogue that tells why somebody asks or who sees them, and its parts."""
    catalogue = Catalogue.load()
    lists = (
        catalogue.professions,
        catalogue.specialties,
        catalogue.motives,
        catalogue.motive_groups,
    )
    labels = [entry.label for entries in lists for entry in entries.values()]
    return sorted({part for label in labels for part in [label, *label.split(", ")]})


@pytest.mark.parametrize("label", _said_of_a_patient())
def test_whatever_the_catalogue_calls_it_no_text_may(label: str) -> None:
    for said in (label, label.upper(), f"Rappel : {label.lower().rstrip('s')}s demain."):
        assert about_health(said, "fr") is not None


@pytest.mark.parametrize("language", PATIENT_LANGUAGES)
@pytest.mark.parametrize("label", ["Vertiges", "Migraine", "Sinusite", "Neurologie"])
def test_a_french_label_is_seen_in_a_text_of_any_language(language: str, label: str) -> None:
    assert about_health(f"CPTS: {label}", language) is not None


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "fr",
            "Votre rendez-vous est déplacé : 5 minutes à pied, suivi d’un autre en cas d’urgence.",
        ),
        ("pt", "A hora dos encontros mudou."),
        ("en", "Any trouble? It is simple and urgent."),
    ],
)
def test_ordinary_words_are_not_refused(language: str, said: str) -> None:
    assert about_health(said, language) is None
