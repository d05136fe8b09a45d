"""Reading the national directory, and what it changes of what is known here."""

import io
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain.directory.extract import (
    LONGEST_LINE,
    MOST_FINDINGS,
    Entry,
    Fault,
    Tally,
    Wanted,
    read_extract,
)
from dispatcher.domain.directory.header import Column, Header, HeaderError
from dispatcher.domain.directory.people import (
    PLACE_FIELDS,
    Known,
    KnownPlace,
    Person,
    Verdict,
    compare,
    people_of,
)
from dispatcher.domain.directory.spelling import as_address, as_name
from tests.fakes.rpps_extract import COORDINATES, HEADER, cells, extract, line, rpps

COMMUNES = frozenset({"39300", "39362", "75056", "20004"})
WANTED = Wanted(COMMUNES, frozenset({"10", "60"}), COMMUNES | {"25056"})


def read(file: io.BytesIO, wanted: Wanted = WANTED) -> tuple[list[Entry], Tally]:
    tally = Tally()
    return list(read_extract(file, wanted, tally)), tally


# The header


def test_the_header_of_today_is_read_whole() -> None:
    header = Header.read("".join(f"{name}|" for name in HEADER).encode())

    assert header.count == 56
    assert set(header.places) == set(Column)
    assert header.places[Column.COMMUNE] == HEADER.index("Code commune (coord. structure)")


@pytest.mark.parametrize(
    "spelled",
    [
        lambda name: name.upper(),
        lambda name: name.replace("'", "’"),
        lambda name: name.replace(COORDINATES, " (structure)"),
        lambda name: name.replace(COORDINATES, "(coord structure)"),
        lambda name: name.replace("Libellé", "libelle").replace("é", "e"),
        lambda name: f"  {name.replace(' ', '  ')}\t",
        lambda name: name.replace("d'identifiant", "identifiant"),
    ],
)
def test_columns_are_found_however_they_are_spelled(spelled: object) -> None:
    names = [spelled(name) for name in HEADER]  # type: ignore[operator]  # a column of the table
    header = Header.read("|".join(reversed(names)).encode())

    assert set(header.places) == set(Column)
    assert header.places[Column.NUMBER] == 56 - 1 - HEADER.index("Identifiant PP")


def test_the_mark_of_utf8_and_windows_letters_are_read() -> None:
    whole = "|".join(HEADER)
    for raw in (whole.encode("utf-8-sig"), whole.encode("cp1252")):
        assert set(Header.read(raw).places) == set(Column)


@pytest.mark.parametrize(
    ("without", "missing"),
    [
        (("Code commune (coord. structure)",), ("Code commune (coord. structure)",)),
        (("Nom d'exercice", "Code profession"), ("Nom d'exercice", "Code profession")),
        (("Identifiant PP", "Identification nationale PP"), ("Identifiant PP",)),
    ],
)
def test_a_missing_column_is_named(without: tuple[str, ...], missing: tuple[str, ...]) -> None:
    with pytest.raises(HeaderError) as refused:
        Header.read("|".join(name for name in HEADER if name not in without).encode())
    assert refused.value.missing == missing


@pytest.mark.parametrize(
    "first",
    [b"", b"<!DOCTYPE html>", b"a;b;c;d;e;f", b"PK\x03\x04" + bytes(100), b"a|b|c|d|e|f|g"],
)
def test_what_is_no_extract_is_told_from_one_that_lacks_a_column(first: bytes) -> None:
    with pytest.raises(HeaderError) as refused:
        Header.read(first)
    assert refused.value.missing == ()


# Lines


def test_a_line_becomes_what_people_read() -> None:
    (entry,), tally = read(extract(line(cells(7, Indice_répétition_voie="B"))))

    assert entry == Entry(
        number=2,
        rpps="99900000078",
        title="Dr",
        last_name="Essai7",
        first_name="Anne-Marie",
        profession="10",
        skill="SM54",
        employed=False,
        site="R99900000007",
        label="",
        address="7b Rue de l’Essai",
        postcode="39000",
        commune="39300",
        phone="0384000000",
        finess="",
        siret="",
    )
    assert (tally.read, tally.kept, tally.faults) == (1, 1, {})


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, True),
        ({"Code_commune": "39097"}, False),
        ({"Code_profession": "70"}, False),
        ({"Code_catégorie_professionnelle": "E"}, False),
        ({"Code_commune": "75115"}, True),
        ({"Code_commune": ""}, False),
        ({"Identifiant_PP": "012600631"}, False),
        ({"Nom_d'exercice": " "}, False),
        ({"Numéro_FINESS_site": "39078000"}, True),
        ({"Identifiant_PP": "99900000071"}, True),
    ],
)
def test_lines_of_the_wished_communes_and_professions_are_kept(
    changes: dict[str, str], *, kept: bool
) -> None:
    entries, _ = read(extract(line(cells(7, **changes))))
    assert bool(entries) is kept


@pytest.mark.parametrize(
    ("raw", "fault", "refused"),
    [
        (line(cells(7)) + "|", Fault.COLUMNS, True),
        (line(cells(7))[:-40], Fault.COLUMNS, True),
        ("x" * LONGEST_LINE * 3, Fault.TOO_LONG, True),
        (line(cells(7, Identifiant_PP="012600631")), Fault.NO_RPPS, True),
        (line(cells(7, **{"Type_d'identifiant_PP": "0"})), Fault.NO_RPPS, True),
        (line(cells(7, Identifiant_PP="99900000071")), Fault.RPPS_KEY, False),
        (line(cells(7, **{"Prénom_d'exercice": ""})), Fault.NO_NAME, True),
        (line(cells(7, Numéro_FINESS_site="39078")), Fault.SITE_KEY, False),
        (line(cells(7, Numéro_SIRET_site="12345678901234")), Fault.SITE_KEY, False),
        (line(cells(7, Code_commune="39999")), Fault.UNKNOWN_COMMUNE, True),
    ],
)
def test_what_is_wrong_with_a_line_is_told_with_its_number(
    raw: str, fault: Fault, *, refused: bool
) -> None:
    """A key that does not fit is told and never refused; the lines around are read all the same."""
    entries, tally = read(extract(line(cells(1)), raw, line(cells(2))))

    assert [(found.number, found.fault) for found in tally.findings] == [(3, fault)]
    assert [entry.number for entry in entries] == ([2, 4] if refused else [2, 3, 4])


def test_a_line_as_windows_writes_it_is_read_and_told() -> None:
    file = extract()
    file.seek(0, io.SEEK_END)
    file.write(line(cells(7, **{"Nom_d'exercice": "LEFÈVRE"})).encode("cp1252") + b"\r\n")
    file.seek(0)
    (entry,), tally = read(file)

    assert entry.last_name == "Lefèvre"
    assert [found.fault for found in tally.findings] == [Fault.ENCODING]


def test_what_is_told_is_bounded_and_what_is_counted_is_not() -> None:
    entries, tally = read(extract(*["a|b"] * (MOST_FINDINGS + 5)))

    assert entries == []
    assert (len(tally.findings), tally.faults[Fault.COLUMNS]) == (MOST_FINDINGS, MOST_FINDINGS + 5)


def test_progress_is_told_in_bytes_up_to_the_last() -> None:
    told: list[int] = []
    file = extract(*[line(cells(7))] * 3)
    list(read_extract(file, WANTED, Tally(), told.append))

    assert told == [len(file.getvalue())]


@given(st.binary(max_size=2000))
def test_no_bytes_whatever_make_reading_fail(junk: bytes) -> None:
    file = extract()
    file.seek(0, io.SEEK_END)
    file.write(junk + b"\n" + line(cells(7)).encode() + b"\n")
    file.seek(0)
    entries, _ = read(file)

    assert entries[-1].rpps == rpps(7)


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("LE GOFF-MARTIN", "Le Goff-Martin"),
        ("O'BRIEN", "O’Brien"),
        ("  DE   LA TOUR ", "De La Tour"),
        ("McDonald", "McDonald"),
    ],
)
def test_names_are_read_as_people_write_them(written: str, read_as: str) -> None:
    assert as_name(written) == read_as


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("9B RUE DE L'EGLISE", "9B Rue de l’Eglise"),
        ("9b Rue DE LA REPUBLIQUE", "9b Rue de la Republique"),
        ("MSP DU LAC", "MSP du Lac"),
        ("LA GARE", "La Gare"),
        ("12 rue des Arcades", "12 rue des Arcades"),
        ("", ""),
    ],
)
def test_streets_are_read_as_people_write_them(written: str, read_as: str) -> None:
    assert as_address(written) == read_as


# What it changes


def person(**changes: str) -> Person:
    (entry,), _ = read(extract(line(cells(7, **changes))))
    (found,) = people_of([entry], ["SM54", "SM53"])
    return found


def known(
    values: Mapping[str, str],
    imported: Mapping[str, str] | None = None,
    places: tuple[KnownPlace, ...] = (),
) -> Known:
    typed = {"title": "Dr", "profession": "10", "specialty": "SM54"}
    return Known("us", {**typed, **values}, imported, places)


OURS = {"last_name": "Essai7", "first_name": "Anne-Marie"}


def test_the_lines_of_one_number_are_one_person_with_several_places() -> None:
    lines = [
        cells(7),
        cells(8),
        cells(7, Code_commune="39362", Identifiant_technique_de_la_structure="R2"),
        cells(7, **{"Code_savoir-faire": "SM02"}),
    ]
    entries, _ = read(extract(*map(line, lines)))
    first, second = people_of(entries, ["SM54", "SM53"])

    assert (first.lines, second.lines) == ((2, 4, 5), (3,))
    assert [site.values["commune"] for site in first.sites] == ["39300", "39362"]
    assert first.values["specialty"] == "SM54", "the one that requests ask for"
    assert first.sites[0].values["label"] == "Cabinet"


def test_somebody_who_is_not_here_is_new_unless_their_namesake_has_no_number() -> None:
    assert compare(person(), None).verdict is Verdict.NEW
    assert compare(person(), None, known(OURS)).verdict is Verdict.WITHOUT_NUMBER


def test_what_is_empty_is_filled_and_what_was_typed_stays_and_is_told() -> None:
    plan = compare(person(), known(OURS | {"title": "", "specialty": "SM53"}))

    assert plan.verdict is Verdict.UPDATED
    assert plan.changes == {"title": "Dr"}
    assert plan.kept == ("specialty",)


def test_what_an_import_wrote_follows_the_directory_until_somebody_types_over_it() -> None:
    married = person(**{"Nom_d'exercice": "ESSAI7-MARTIN"})
    as_imported = known(OURS, OURS)
    typed_over = known(OURS | {"last_name": "Essai7 Durand"}, OURS)

    assert compare(married, as_imported).changes == {"last_name": "Essai7-Martin"}
    assert compare(person(), typed_over).changes == {}
    assert compare(person(), typed_over).kept == ("last_name",)


@pytest.mark.parametrize(
    ("theirs", "verdict"),
    [
        ({"Nom_d'exercice": "ESSAI7"}, Verdict.SAME),
        ({"Nom_d'exercice": "DURAND"}, Verdict.OTHER_NAME),
        ({"Nom_d'exercice": "ESSAI7 DURAND"}, Verdict.SAME),
        ({"Nom_d'exercice": "DURAND", "Prénom_d'exercice": "PAUL"}, Verdict.OTHER_NAME),
    ],
)
def test_a_number_known_under_another_name_changes_nothing(
    theirs: dict[str, str], verdict: Verdict
) -> None:
    here = known(OURS, None, (place(site_values(person())),))
    plan = compare(person(**theirs), here)

    assert plan.verdict is verdict
    assert (plan.changes, plan.new_sites) == ({}, ())


def test_a_new_name_of_somebody_who_came_by_an_import_is_a_new_name() -> None:
    plan = compare(person(**{"Nom_d'exercice": "DURAND"}), known(OURS, OURS))
    other = compare(
        person(**{"Nom_d'exercice": "DURAND", "Prénom_d'exercice": "PAUL"}), known(OURS, OURS)
    )

    assert plan.changes == {"last_name": "Durand"}
    assert other.verdict is Verdict.OTHER_NAME


def site_values(of: Person) -> dict[str, str]:
    return dict(of.sites[0].values)


def place(values: Mapping[str, str], imported: Mapping[str, str] | None = None) -> KnownPlace:
    return KnownPlace("here", dict.fromkeys(PLACE_FIELDS, "") | dict(values), imported)


@pytest.mark.parametrize(
    "here",
    [
        place({"address": "1 ailleurs", "commune": "39362"}, {"key": "R99900000007"}),
        place({"address": "ailleurs", "commune": "39362", "finess": "390780001"}),
        place({"address": "7, RUE DE L’ESSAI", "commune": "39300"}),
    ],
)
def test_a_place_is_known_by_the_directorys_key_its_number_or_its_address(
    here: KnownPlace,
) -> None:
    theirs = person(Numéro_FINESS_site="390780001")
    plan = compare(theirs, known(OURS, None, (here,)))

    assert plan.new_sites == ()
    assert [change.id for change in plan.places] == ["here"]


def test_a_place_that_the_directory_does_not_have_any_more_stays_and_is_told() -> None:
    elsewhere = place({"address": "2 Impasse", "commune": "39362"}, {"key": "R1"})
    typed = place({"address": "3 Impasse", "commune": "39362"})
    plan = compare(person(), known(OURS, None, (elsewhere, replace(typed, id="typed"))))

    assert plan.gone == 1
    assert len(plan.new_sites) == 1


@given(
    ours=st.dictionaries(st.sampled_from(PLACE_FIELDS), st.sampled_from(["", "a", "b"])),
    imported=st.none()
    | st.dictionaries(st.sampled_from(PLACE_FIELDS), st.sampled_from(["", "a", "b"])),
    theirs=st.fixed_dictionaries(
        {name: st.sampled_from(["", "a", "b", "c"]) for name in PLACE_FIELDS}
    ),
)
def test_nothing_that_was_typed_here_is_ever_replaced(
    ours: dict[str, str], imported: dict[str, str] | None, theirs: dict[str, str]
) -> None:
    base = person()
    site = replace(base.sites[0], values=theirs)
    here = place(ours, None if imported is None else imported | {"key": site.key})
    if here.imported is None:
        here = replace(here, values={**here.values, "siret": "9"})
        site = replace(site, values={**theirs, "siret": "9"})
    plan = compare(replace(base, sites=(site,)), known(OURS, None, (here,)))

    (change,) = plan.places
    for name, value in change.changes.items():
        mine = here.values[name]
        assert not mine or (here.imported or {}).get(name, "") == mine, "only what an import wrote"
        assert value
        assert value != mine
