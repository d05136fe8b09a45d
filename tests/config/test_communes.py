"""Communes as a regulator looks for them: by postcode, by name, however it is typed."""

from pathlib import Path

import pytest

from config.communes import GEO, Commune, Communes, search_key


@pytest.fixture(scope="module")
def communes() -> Communes:
    return Communes.load()


def names(found: list[Commune]) -> list[str]:
    return [commune.name for commune in found]


def test_all_communes_are_there(communes: Communes) -> None:
    assert len(communes) == 34_969
    assert len({commune.insee for commune in communes}) == 34_969


def test_a_commune_is_known_by_its_insee_code_which_is_not_its_postcode(
    communes: Communes,
) -> None:
    assert communes.get("39300") == Commune(
        insee="39300",
        name="Lons-le-Saunier",
        department="39",
        region="27",
        population=16_618,
        postcodes=("39000",),
        longitude=5.55825,
        latitude=46.67175,
    )
    assert names(communes.search("39300"))[0] == "Champagnole"
    assert communes.get("00000") is None


def test_what_is_not_known_is_none_and_not_zero(communes: Communes) -> None:
    kerguelen = communes.get("98412")
    assert kerguelen is not None
    assert kerguelen.population is None
    assert kerguelen.longitude is None
    assert kerguelen.latitude is None
    assert kerguelen.postcodes == ()
    assert kerguelen.label == "Archipel des Kerguelen"


def test_a_label_tells_communes_of_one_name_apart(communes: Communes) -> None:
    labels = [commune.label for commune in communes.search("saint-claude", limit=2)]
    assert labels == ["Saint-Claude (97120)", "Saint-Claude (39200)"]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("39000", "Lons-le-Saunier"),
        ("39 000", "Lons-le-Saunier"),
        ("lons-le", "Lons-le-Saunier"),
        ("LONS LE SAUNIER", "Lons-le-Saunier"),
        ("lons saunier", "Lons-le-Saunier"),
        ("equevillon", "Équevillon"),
        ("Équevillon", "Équevillon"),
        ("st-laurent-en-gr", "Saint-Laurent-en-Grandvaux"),
        ("st laurent en gr", "Saint-Laurent-en-Grandvaux"),
        ("ste suzanne 974", "Sainte-Suzanne"),
        ("97441", "Sainte-Suzanne"),
        ("steenvo", "Steenvoorde"),
        ("oeuf", "Œuf-en-Ternois"),
        ("œuf", "Œuf-en-Ternois"),
        ("l'haÿ", "L'Haÿ-les-Roses"),
        ("l’hay les", "L'Haÿ-les-Roses"),
        ("paris 15", "Paris"),
        ("75116", "Paris"),
        ("69003", "Lyon"),
        ("20000", "Ajaccio"),
        ("champagnole 39300", "Champagnole"),
        ("  dole ", "Dole"),
    ],
)
def test_it_is_found_however_it_is_typed(communes: Communes, typed: str, first: str) -> None:
    assert names(communes.search(typed))[0] == first


def test_the_exact_name_comes_first_then_the_most_populous_that_begin_so(
    communes: Communes,
) -> None:
    assert names(communes.search("ney", limit=3))[:1] == ["Ney"]
    assert names(communes.search("lons"))[:2] == ["Lons", "Lons-le-Saunier"]
    populations = [commune.population or 0 for commune in communes.search("saint-a")]
    assert populations == sorted(populations, reverse=True)


def test_a_word_inside_the_name_is_found_after_names_that_begin_so(communes: Communes) -> None:
    found = names(communes.search("saunier"))
    assert "Lons-le-Saunier" in found
    assert found.index("Saunières") < found.index("Lons-le-Saunier")


def test_ones_own_departement_comes_first(communes: Communes) -> None:
    assert names(communes.search("lons", near_departement="39"))[:2] == ["Lons-le-Saunier", "Lons"]
    near = communes.search("st", near_departement="974")
    assert {commune.department for commune in near[:5]} == {"974"}
    # what only exists elsewhere is found all the same
    assert names(communes.search("ajaccio", near_departement="39")) == ["Ajaccio"]


def test_a_postcode_is_found_from_its_first_digits(communes: Communes) -> None:
    found = communes.search("974", limit=50)
    assert {commune.department for commune in found} == {"974"}
    assert len(found) == 24
    assert found[0].name == "Saint-Denis"


def test_a_postcode_and_a_name_narrow_each_other(communes: Communes) -> None:
    assert communes.search("39300 cize")[0].department == "39"


@pytest.mark.parametrize("typed", ["", "   ", "-", "zzzz", "99999", "xyz 39300", "'"])
def test_what_is_no_commune_finds_none(communes: Communes, typed: str) -> None:
    assert communes.search(typed) == []


def test_no_more_are_shown_than_fit(communes: Communes) -> None:
    assert len(communes.search("s")) == 12
    assert len(communes.search("s", limit=3, near_departement="39")) == 3


def test_no_commune_is_shown_twice(communes: Communes) -> None:
    for typed in ("saint", "st", "ste", "le", "la roche", "39"):
        found = communes.search(typed, limit=40, near_departement="39")
        assert len({commune.insee for commune in found}) == len(found)


def test_keys_keep_what_matters() -> None:
    assert search_key("L’Haÿ-les-Roses") == "l hay les roses"
    assert search_key("  STE  Croix ") == "sainte croix"
    assert search_key("Castillon (Savès)") == "castillon saves"


def test_the_national_table_gives_each_departement_its_radius(communes: Communes) -> None:
    assert len(communes.radius_km) == len(communes.enlarge_km) == 101
    assert (communes.radius_km["39"], communes.enlarge_km["39"]) == (30.0, 15.0)
    assert (communes.radius_km["974"], communes.enlarge_km["974"]) == (10.0, 5.0)
    assert (communes.radius_km["75"], communes.enlarge_km["75"]) == (5.0, 3.0)
    assert communes.radius_km["976"] == 0.0


def test_every_departement_of_france_has_a_radius(communes: Communes) -> None:
    collectivities = {"975", "977", "978", "984", "986", "987", "988", "989"}
    departements = {commune.department for commune in communes} - collectivities
    assert departements == set(communes.radius_km)


def test_a_radius_file_with_words_for_figures_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "communes.csv").write_text(
        (GEO / "communes.csv").read_text(encoding="utf-8")[:200].rsplit("\n", 1)[0],
        encoding="utf-8",
    )
    (tmp_path / "radius.toml").write_text(
        '[[radius]]\ndefault_km = "far"\nenlarge_km = 1\ndepartements = ["39"]\n', encoding="utf-8"
    )
    with pytest.raises(TypeError, match="far"):
        Communes.load(tmp_path)
