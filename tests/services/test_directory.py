"""An import of the national directory: read, chosen, previewed, written; nothing typed is lost."""

import io
import zipfile
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError
from dispatcher.domain.events import OPERATOR
from dispatcher.domain.roles import Account, Role
from dispatcher.services import directory
from dispatcher.services.directory import Choice, choose, report_of, start_import
from dispatcher.services.directory_files import NotAnExtractError
from dispatcher.services.directory_reading import communes_of, read_directory
from dispatcher.services.house import House
from dispatcher.storage.directory import DirectoryImport, DirectoryLine
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.practitioners import Place, Practitioner
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.fakes.rpps_extract import HEADER, cells, extract, line, rpps
from tests.houses import keep_promises

JURA = ("39300", "39362")


@pytest.fixture
def coordinator(town: Town) -> Account:
    return town.account(Role.COORDINATOR)


def read(house: House, town: Town, *lines: str, communes: tuple[str, ...] = JURA) -> UUID:
    return read_directory(
        house, town.territory_id, OPERATOR, extract(*lines), "extrait.txt", communes
    )


def imported(
    house: House, town: Town, *lines: str, professions: tuple[str, ...] = ("10",), **more: Any
) -> dict[str, int]:
    """Read, chosen and imported; how many people by verdict."""
    account = town.account(Role.COORDINATOR)
    import_id = read(house, town, *lines)
    choice = Choice(communes=list(JURA), professions=list(professions), **more)
    choose(house, town.territory_id, account.actor, import_id, choice)
    previewed = verdicts(report_of(house, town.territory_id, import_id)["people"])
    start_import(house, account, import_id)
    keep_promises(house)
    with house.db.reading() as session:
        row = session.get_one(DirectoryImport, import_id)
        assert (row.status, row.progress) == ("done", 1.0)
        assert session.scalar(select(func.count()).select_from(DirectoryLine)) == 0
        assert row.result == previewed, "the preview said so"
        return {name: int(count) for name, count in row.result.items()}


def verdicts(people: list[dict[str, Any]]) -> dict[str, int]:
    return Counter(each["verdict"] for each in people)


def by_number(house: House, number: int) -> Practitioner | None:
    with house.db.reading() as session:
        return session.scalars(
            select(Practitioner).where(Practitioner.rpps == rpps(number))
        ).one_or_none()


def places(house: House, practitioner: Practitioner) -> list[Place]:
    with house.db.reading() as session:
        return list(
            session.scalars(
                select(Place)
                .where(Place.practitioner_id == practitioner.id)
                .order_by(Place.commune, Place.id)
            )
        )


def test_whom_was_chosen_is_here_with_their_places_and_is_asked_nothing(
    house: House, town: Town
) -> None:
    second = cells(7, Code_commune="39362", Identifiant_technique_de_la_structure="R2")
    nurse = cells(8, Code_profession="60")
    hospital = cells(9, Code_mode_exercice="S")
    found = imported(house, town, *map(line, (cells(7), second, nurse, hospital)))

    assert found == {"new": 1}
    doctor = by_number(house, 7)
    assert doctor is not None
    assert (doctor.display_name, doctor.profession, doctor.specialty) == (
        "Dr Anne-Marie Essai7",
        "10",
        "SM54",
    )
    assert (doctor.accepts_offers, doctor.accepts_new_patients, doctor.email) == (
        False,
        None,
        None,
    )
    first, other = places(house, doctor)
    assert (first.address, first.postcode, first.commune_name, first.phone) == (
        "7 Rue de l’Essai",
        "39000",
        "Lons-le-Saunier",
        "+33384000000",
    )
    assert first.longitude is not None
    assert other.commune == "39362"
    assert (by_number(house, 8), by_number(house, 9)) == (None, None)
    with house.db.reading() as session:
        told = session.scalars(
            select(LoggedEvent)
            .where(LoggedEvent.kind.in_(["practitioner_imported", "directory_imported"]))
            .order_by(LoggedEvent.id)
        ).all()
    assert [(row.kind, row.actor_kind) for row in told] == [
        ("practitioner_imported", "operator"),
        ("directory_imported", "operator"),
    ]


def test_importing_the_same_again_changes_nothing(house: House, town: Town) -> None:
    lines = [line(cells(number)) for number in range(120)]

    assert imported(house, town, *lines) == {"new": 120}
    assert imported(house, town, *lines) == {"same": 120}
    with house.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Place)) == 120


def test_what_was_typed_here_is_not_lost_and_what_is_told_says_so(house: House, town: Town) -> None:
    imported(house, town, line(cells(7)))
    doctor = by_number(house, 7)
    assert doctor is not None
    with house.db.writing() as session:  # as « mes lieux » and « mes règles » would
        session.execute(
            update(Place)
            .where(Place.practitioner_id == doctor.id)
            .values(label="Cabinet du parc", access="Interphone 12")
        )
        session.execute(
            update(Practitioner)
            .where(Practitioner.id == doctor.id)
            .values(first_name="Anne", daily_cap=4, accepts_new_patients=True)
        )
    moved = cells(7, Numéro_Voie="9", Raison_sociale_site="SELARL ESSAI", Téléphone="0384000001")

    assert imported(house, town, line(moved)) == {"updated": 1}

    after = by_number(house, 7)
    assert after is not None
    (place,) = places(house, after)
    assert (place.address, place.phone) == ("9 Rue de l’Essai", "+33384000001")
    assert (place.label, place.access) == ("Cabinet du parc", "Interphone 12")
    assert (after.first_name, after.daily_cap, after.accepts_new_patients) == ("Anne", 4, True)
    with house.db.reading() as session:
        row = session.scalars(
            select(DirectoryImport).order_by(DirectoryImport.asked_at.desc())
        ).first()
    assert row is not None
    (told,) = [each for row in _reports(house) for each in row if each["verdict"] == "updated"]
    assert told["changed"] == ["place.address", "place.phone"]
    assert told["kept"] == ["first_name", "place.label"]


def _reports(house: House) -> list[list[dict[str, Any]]]:
    with house.db.reading() as session:
        ids = list(session.scalars(select(DirectoryImport.id)))
        territory_id = session.scalars(select(DirectoryImport.territory_id)).first()
    assert territory_id is not None
    return [report_of(house, territory_id, each)["people"] for each in ids]


def test_somebody_typed_here_keeps_all_that_they_typed_and_gains_what_was_empty(
    house: House, town: Town
) -> None:
    volunteer = town.volunteer(rpps=rpps(7), last_name="Essaï7", first_name="Anne")

    assert imported(house, town, line(cells(7))) == {"updated": 1}

    doctor = by_number(house, 7)
    assert doctor is not None
    assert (doctor.id, doctor.last_name, doctor.phone) == (
        volunteer.id,
        "Essaï7",
        f"+33{volunteer.phone[1:]}",
    )
    assert len(places(house, doctor)) == 2, "the directory's place was not known here"


def test_a_number_known_under_another_name_and_a_namesake_without_number_are_left_alone(
    house: House, town: Town
) -> None:
    town.volunteer(rpps=rpps(7), last_name="Vuillet", first_name="Paul")
    town.volunteer(last_name="Essai8", first_name="Anne Marie")

    found = imported(house, town, line(cells(7)), line(cells(8)))

    assert found == {"other_name": 1, "without_number": 1}
    unchanged = by_number(house, 7)
    assert unchanged is not None
    assert (unchanged.last_name, len(places(house, unchanged))) == ("Vuillet", 1)
    assert by_number(house, 8) is None


def test_the_archive_that_is_downloaded_is_read_as_its_text(house: House, town: Town) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("PS_LibreAcces_Dipl_AutExerc_202611.txt", "autre|fichier")
        made.writestr(
            "PS_LibreAcces_Personne_activite_202611.txt", extract(line(cells(7))).getvalue()
        )
    shares: list[float] = []
    import_id = read_directory(
        house, town.territory_id, OPERATOR, archive, "PS.zip", JURA, shares.append
    )

    assert shares == [1.0]
    with house.db.reading() as session:
        row = session.get_one(DirectoryImport, import_id)
    assert (row.status, row.tally["kept"]) == ("read", 1)


def _zip(*names: str) -> io.BytesIO:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        for name in names:
            made.writestr(name, "x")
    archive.seek(0)
    return archive


def _damaged() -> io.BytesIO:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a.txt", extract(*[line(cells(7))] * 500).getvalue())
    raw = bytearray(whole.getvalue())
    raw[200:260] = bytes(60)
    return io.BytesIO(bytes(raw))


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (lambda: io.BytesIO(b""), "n’est pas l’extraction"),
        (lambda: io.BytesIO(b"<html><body>Erreur 404</body></html>\n"), "n’est pas l’extraction"),
        (lambda: io.BytesIO(b"\x00" * 100_000), "n’est pas l’extraction"),
        (lambda: _zip("a.txt", "b.txt"), "ne contient pas le fichier attendu"),
        (lambda: _zip("photo.jpg"), "ne contient pas le fichier attendu"),
        (_damaged, "est chiffrée ou abîmée"),
        (
            lambda: extract(header=[name for name in HEADER if not name.startswith("Code com")]),
            "Il manque une colonne à ce fichier\u00a0: «\u00a0Code commune (coord. structure)",
        ),
        (lambda: extract(line(cells(7, Code_commune="25056"))), "Aucune des 1 lignes"),
    ],
)
def test_a_file_that_is_no_extract_is_named_and_nothing_stays(
    house: House, town: Town, file: Callable[[], io.BytesIO], told: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        read_directory(house, town.territory_id, OPERATOR, file(), "x", JURA)

    assert told in refused.value.sentence
    with house.db.reading() as session:
        for table in (DirectoryImport, DirectoryLine):
            assert session.scalar(select(func.count()).select_from(table)) == 0


def test_a_column_that_is_missing_is_a_refusal_of_the_file(house: House, town: Town) -> None:
    with pytest.raises(NotAnExtractError) as refused:
        read_directory(house, town.territory_id, OPERATOR, io.BytesIO(b"a|b\n"), "x", JURA)
    assert (refused.value.status, refused.value.field) == (422, "file")


def test_a_worker_that_is_killed_is_followed_by_one_that_goes_on_behind_it(
    house: House, town: Town, coordinator: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = read(house, town, *[line(cells(number)) for number in range(120)])
    choice = Choice(communes=list(JURA), professions=["10"])
    choose(house, town.territory_id, coordinator.actor, import_id, choice)
    lots: list[float] = []

    def dies(share: float) -> None:
        lots.append(share)
        if len(lots) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        directory.run_import(house, import_id, dies)
    directory.run_import(house, import_id, lots.append)

    assert [round(share, 2) for share in lots] == [0.42, 0.83, 1.0]
    with house.db.reading() as session:
        row = session.get_one(DirectoryImport, import_id)
        people = session.scalar(
            select(func.count()).where(Practitioner.territory_id == town.territory_id)
        )
        assert (row.status, row.result, people) == ("done", {"new": 120}, 120)
    assert len(report_of(house, town.territory_id, import_id)["people"]) == 120


def test_an_import_that_was_started_twice_runs_once(
    house: House, town: Town, coordinator: Account
) -> None:
    import_id = read(house, town, line(cells(7)))
    with pytest.raises(RefusedError, match="nothing-chosen"):
        start_import(house, coordinator, import_id)
    choice = Choice(communes=["39300"], professions=["10"])
    choose(house, town.territory_id, coordinator.actor, import_id, choice)
    start_import(house, coordinator, import_id)
    start_import(house, coordinator, import_id)
    with pytest.raises(RefusedError, match="import-begun"):
        choose(house, town.territory_id, coordinator.actor, import_id, choice)

    assert keep_promises(house) == 1
    start_import(house, coordinator, import_id)
    assert keep_promises(house) == 0


@pytest.mark.parametrize(
    ("communes", "professions", "field"),
    [([], ["10"], "communes"), (["39300"], [], "professions")],
)
def test_nothing_chosen_is_told_by_its_field(
    house: House, town: Town, communes: list[str], professions: list[str], field: str
) -> None:
    import_id = read(house, town, line(cells(7)))
    with pytest.raises(InvalidError) as refused:
        choose(
            house,
            town.territory_id,
            OPERATOR,
            import_id,
            Choice(communes=communes, professions=professions),
        )
    assert list(refused.value.fields) == [field]


def test_a_new_file_replaces_the_one_that_was_only_read(house: House, town: Town) -> None:
    first = read(house, town, line(cells(7)))
    second = read(house, town, line(cells(8)))

    with house.db.reading() as session:
        assert session.get(DirectoryImport, first) is None
        assert session.get(DirectoryImport, second) is not None
        assert session.scalars(select(DirectoryLine.rpps)).all() == [rpps(8)]


def test_an_import_of_another_territory_is_not_there(
    house: House, town: Town, clock: FakeClock
) -> None:
    elsewhere = Town.found(house, clock, code="doubs", department="25")
    import_id = read(house, town, line(cells(7)))
    stranger = elsewhere.account(Role.COORDINATOR)

    with pytest.raises(NotFoundError):
        start_import(house, stranger, import_id)
    with pytest.raises(NotFoundError):
        report_of(house, elsewhere.territory_id, import_id)
    imported(house, town, line(cells(7)))
    assert imported(house, elsewhere, line(cells(7))) == {"new": 1}


def test_the_communes_of_a_departement_are_known_and_others_are_told(
    house: House, town: Town
) -> None:
    assert {"39300", "97411"} <= set(communes_of(house, ["39", "974"]))
    with pytest.raises(InvalidError, match="invalid") as refused:
        communes_of(house, ["39", "20"])
    assert "Département inconnu\u00a0: 20" in refused.value.fields["departments"]


def test_who_left_the_extract_is_told_and_nothing_is_changed_about_them(
    house: House, town: Town
) -> None:
    here = [line(cells(number)) for number in (7, 8)]
    nurse = line(cells(9, Code_profession="60"))
    imported(house, town, *here, nurse, professions=("10", "60"))
    others = [town.volunteer(rpps=rpps(10), commune="39478"), town.volunteer(rpps=None)]

    # 8 now works in another commune that was read, 9 is of a profession that is not chosen
    moved = line(cells(8, Code_commune="39362"))
    assert imported(house, town, moved) == {"updated": 1, "absent": 1}

    (told,) = [each for row in _reports(house) for each in row if each["verdict"] == "absent"]
    gone = by_number(house, 7)
    assert gone is not None
    assert (told["rpps"], told["practitioner"]) == (rpps(7), str(gone.id))
    assert gone.active
    with house.db.reading() as session:
        assert all(session.get_one(Practitioner, each.id).active for each in others)
