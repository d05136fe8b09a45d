"""The file of evidence: dated, hashed, the acts behind each line and nobody's name."""

import csv
import hashlib
import io
import zipfile
from uuid import uuid4

import pytest

from dispatcher.domain.errors import NotFoundError
from dispatcher.domain.roles import Account, Role
from dispatcher.papers.evidence import pseudonym
from dispatcher.reads.evidence import bundle_content, bundles
from dispatcher.services.appointments import close_request
from dispatcher.services.commands import CloseRequest
from dispatcher.services.contract_years import contract_years
from dispatcher.services.contracts import save_contract
from dispatcher.services.evidence import ask_evidence
from dispatcher.services.house import House
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.services.tables import events
from tests.services.test_contracts import TERMS

WITH_MORE = (
    TERMS.replace("variable_eur = 15000", "variable_eur = 25000")
    + """
[[mission.line]]
code = "delai"
label = "Part dans le délai"
eur = 5000
source = "log"
indicator = "within_delay_share"
target = 0.8

[[mission.line]]
code = "sas"
label = "Médecins du SAS"
eur = 5000
source = "log"
indicator = "sas_doctors"
target = 2
"""
)


@pytest.fixture
def coordinator(house: House, town: Town) -> Account:
    account = town.account(Role.COORDINATOR)
    save_contract(house, account, WITH_MORE)
    return account


def rows(content: bytes, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = archive.read(name).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def test_a_bundle_has_every_act_hashes_and_no_person(
    house: House, town: Town, coordinator: Account, clock: FakeClock
) -> None:
    town.slot(hours=2, minutes=120, places=6)
    requests = [town.request() for _ in range(6)]
    keep_promises(house)
    clock.advance(hours=5)
    for request in requests:
        close_request(house, town.regulator, request, CloseRequest(status="fulfilled"))
    (year,) = contract_years(house.db, town.territory_id)

    bundle_id = ask_evidence(house, coordinator, year.first)
    # asked again while it waits: the same one
    assert ask_evidence(house, coordinator, year.first) == bundle_id
    keep_promises(house)

    (card,) = bundles(house.db, town.territory_id, year.first)
    _, content = bundle_content(house.db, town.territory_id, bundle_id)
    assert (card.id, card.digest) == (bundle_id, hashlib.sha256(content).hexdigest())
    made = [data for kind, data in events(house) if kind == "evidence_made"]
    assert [each["digest"] for each in made] == [card.digest]

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert set(files) == {
        "dossier.pdf",
        "dossier.xlsx",
        "lignes.csv",
        "actes-rdv.csv",
        "actes-delai.csv",
        "actes-sas.csv",
        "empreintes-sha256.txt",
    }
    said = files["empreintes-sha256.txt"].decode().split()
    assert dict(zip(said[1::2], said[::2], strict=True)) == {
        name: hashlib.sha256(body).hexdigest()
        for name, body in files.items()
        if not name.startswith("empreintes")
    }

    acts = rows(content, "actes-rdv.csv")
    assert [act["Acte"] for act in acts] == [pseudonym(request) for request in requests]
    assert {act["Enregistrée le"] for act in acts} == {"23/11/2026"}
    assert {act["Délai (h)"] for act in acts} <= {"2", "2,0"}
    assert {act["Issue"] for act in acts} == {"Patient venu"}
    everything = b"".join(files.values()).decode("utf-8", "ignore")
    assert all(str(request) not in everything for request in requests)
    assert "Patiente" not in everything

    lines = {line["Ligne"]: line for line in rows(content, "lignes.csv")}
    assert lines["Rendez-vous honorés"]["Acquis (€)"] == "5000"
    assert lines["Rendez-vous honorés"]["Actes"] == "6"
    # what the rows count for gives the line's value
    assert sum(int(act["Compte pour"]) for act in acts) == int(
        lines["Rendez-vous honorés"]["Valeur"]
    )
    shares = rows(content, "actes-delai.csv")
    assert {(act["Compte pour"], act["Sur"]) for act in shares} == {("1", "1")}
    assert lines["Part dans le délai"]["Valeur"] == "1"
    # the one slot is visible to the SAS; a list of one is not told
    assert "leur liste reste dans la maison" in files["actes-sas.csv"].decode("utf-8-sig")

    town.request()
    keep_promises(house)
    assert bundle_content(house.db, town.territory_id, bundle_id)[1] == content


def test_a_list_too_long_for_a_workbook_is_whole_in_its_csv(
    house: House,
    town: Town,
    coordinator: Account,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dispatcher.papers.evidence.LONGEST_SHEET", 5)
    town.slot(hours=2, minutes=120, places=6)
    requests = [town.request() for _ in range(6)]
    keep_promises(house)
    clock.advance(hours=5)
    for request in requests:
        close_request(house, town.regulator, request, CloseRequest(status="fulfilled"))
    (year,) = contract_years(house.db, town.territory_id)
    bundle_id = ask_evidence(house, coordinator, year.first)
    keep_promises(house)

    _, content = bundle_content(house.db, town.territory_id, bundle_id)

    assert len(rows(content, "actes-rdv.csv")) == 6
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        book = zipfile.ZipFile(io.BytesIO(archive.read("dossier.xlsx")))
    text = book.read("xl/sharedStrings.xml").decode()
    assert "6 actes\u00a0: leur liste est dans actes-rdv.csv." in text
    assert pseudonym(requests[0]) not in text


def test_a_bundle_of_no_year_or_of_another_territory_is_not_there(
    house: House, town: Town, coordinator: Account, clock: FakeClock
) -> None:
    (year,) = contract_years(house.db, town.territory_id)
    elsewhere = Town.found(house, clock, code="ain")
    with pytest.raises(NotFoundError):
        ask_evidence(house, elsewhere.account(Role.COORDINATOR), year.first)
    bundle_id = ask_evidence(house, coordinator, year.first)
    with pytest.raises(NotFoundError):
        bundle_content(house.db, town.territory_id, bundle_id)  # it is not made yet
    keep_promises(house)
    with pytest.raises(NotFoundError):
        bundle_content(house.db, elsewhere.territory_id, bundle_id)
    with pytest.raises(NotFoundError):
        bundle_content(house.db, town.territory_id, uuid4())
