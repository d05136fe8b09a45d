"""The lists of the forms: whole, consistent, and typed as French is."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.catalogue import DIRECTORY, BadCatalogueError, Catalogue, Entry
from dispatcher.domain.matching.columns import TELECONSULTATION
from dispatcher.domain.matching.feasibility import GENERALISTS
from dispatcher.domain.policy import DELAYS


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


def entries(catalogue: Catalogue) -> Iterator[Entry]:
    for entry_list in (
        catalogue.professions,
        catalogue.specialties,
        catalogue.modalities,
        catalogue.visibilities,
        catalogue.origins,
        catalogue.motives,
        catalogue.redirections,
        catalogue.unfilled_reasons,
        catalogue.cancellers,
        catalogue.cancellations,
        catalogue.languages,
    ):
        yield from entry_list.values()


def test_the_delays_that_can_be_asked_are_those_that_a_territory_sets_waves_for(
    catalogue: Catalogue,
) -> None:
    """The domain knows no configuration: it has a list of its own, the same one."""
    assert catalogue.delays == DELAYS


def test_the_codes_that_the_interface_promises_are_there(catalogue: Catalogue) -> None:
    assert {"10", "21", "40", "50", "60", "70"} <= set(catalogue.professions)
    assert "SM54" in catalogue.specialties
    assert set(catalogue.modalities) == {"AMB", "HH", "VR"}
    assert set(catalogue.visibilities) == {"PUBLIC", "PRO", "SNP", "CPTS"}
    assert set(catalogue.origins) == {
        "SAS",
        "116117",
        "PRACTICE",
        "PHARMACY",
        "ED",
        "HOSPITAL",
        "PATIENT",
    }
    assert catalogue.delays == (4, 8, 12, 24, 48, 72)
    assert set(catalogue.redirections) == {
        "ADVICE",
        "15",
        "ED",
        "NEIGHBOUR_CPTS",
        "PROTOCOL_SORE_THROAT",
        "PROTOCOL_CYSTITIS",
        "OTHER",
    }
    assert set(catalogue.cancellers) == {"patient", "practitioner", "regulator"}
    assert "OTHER" in catalogue.unfilled_reasons
    assert next(iter(catalogue.languages)) == "fr"


def test_the_engine_and_the_lists_speak_of_the_same_codes(catalogue: Catalogue) -> None:
    assert TELECONSULTATION in catalogue.modalities
    assert set(catalogue.professions) >= set(GENERALISTS)
    assert set(catalogue.specialties) >= GENERALISTS["10"]


def test_every_profession_has_a_motive_and_the_way_out_of_another_one(
    catalogue: Catalogue,
) -> None:
    for profession in catalogue.professions:
        assert catalogue.motives_for(profession)[-1].code == "OTHER"


def test_motives_are_those_of_the_profession(catalogue: Catalogue) -> None:
    pharmacist = [motive.code for motive in catalogue.motives_for("21")]
    assert pharmacist == ["SORE_THROAT", "URINARY", "CONTRACEPTION", "OTHER"]
    assert "TOOTH_PAIN" not in [motive.code for motive in catalogue.motives_for("10")]
    assert catalogue.motives_for("99") == []


def test_each_side_gives_its_own_reasons_for_cancelling(catalogue: Catalogue) -> None:
    by_practitioner = [reason.code for reason in catalogue.cancellations_by("practitioner")]
    assert by_practitioner == ["ABSENT", "EMERGENCY", "OUT_OF_SCOPE", "OTHER"]
    assert "ABSENT" not in [reason.code for reason in catalogue.cancellations_by("patient")]


def bad_typography(label: str) -> bool:
    """A straight apostrophe, or an ordinary space where French has a non-breaking one."""
    return bool(re.search(r"'|\.\.\.| [:;?!»]|« |(?<!\d)\s$", label))


def test_labels_are_typed_as_french_is(catalogue: Catalogue) -> None:
    assert [entry for entry in entries(catalogue) if bad_typography(entry.label)] == []
    assert all(entry.label.strip() == entry.label != "" for entry in entries(catalogue))


def test_the_check_of_typography_sees_what_it_is_there_to_see() -> None:
    assert bad_typography("Douleur d'oreille")
    assert bad_typography("Grossesse : suivi")
    assert not bad_typography("Grossesse\u00a0: suivi d’urgence")


def copy_of_the_lists(directory: Path, old: str, new: str) -> Path:
    """The catalogue with one passage changed, which must be there."""
    changed = 0
    for path in DIRECTORY.glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        changed += old in text
        (directory / path.name).write_text(text.replace(old, new, 1), encoding="utf-8")
    assert changed
    return directory


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('code = "FEVER"', 'code = "FIÈVRE"', "FIÈVRE"),
        ('code = "COUGH"', 'code = "FEVER"', "twice"),
        ('professions = ["40"]', 'professions = ["44"]', "44"),
        ('label = "Pédiatrie"\nprofession = "10"', 'label = "Pédiatrie"\nprofession = "11"', "11"),
        ('by = ["regulator"]', 'by = ["somebody"]', "somebody"),
    ],
)
def test_a_bad_entry_is_refused_by_name(tmp_path: Path, old: str, new: str, named: str) -> None:
    directory = copy_of_the_lists(tmp_path, old, new)
    with pytest.raises(BadCatalogueError, match=named):
        Catalogue.load(directory)


@pytest.mark.parametrize(
    ("motive", "age", "sex", "offered"),
    [
        ("SORE_THROAT", 9, "male", None),
        ("SORE_THROAT", 10, "male", "SORE_THROAT"),
        ("SORE_THROAT", 90, None, "SORE_THROAT"),
        ("URINARY", 15, "female", None),
        ("URINARY", 16, "female", "CYSTITIS"),
        ("URINARY", 65, None, "CYSTITIS"),
        ("URINARY", 66, "female", None),
        ("URINARY", 40, "male", None),
        ("FEVER", 40, "female", None),
        (None, 40, "female", None),
    ],
)
def test_a_protocol_is_offered_to_whom_the_law_names(
    catalogue: Catalogue, motive: str | None, age: int, sex: str | None, offered: str | None
) -> None:
    found = catalogue.protocol_for(motive, age, sex)
    assert (found.code if found else None) == offered
