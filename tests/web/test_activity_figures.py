"""Every indicator on the page, compared, on the map, down to the acts, and as files."""

import csv
import io
import zipfile
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.indicators.registry import INDICATORS
from dispatcher.domain.roles import Account, Role
from dispatcher.services import appointments
from dispatcher.services.commands import CloseRequest
from dispatcher.web.activity_period import Asked, compared
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.web.pages import Browser

DAY = "du=2026-11-23&au=2026-11-23"
SignIn = Callable[[Account], Browser]


@pytest.fixture
def coordinator(town: Town, signed_in: SignIn) -> Browser:
    """The town's coordinator."""
    return signed_in(town.account(Role.COORDINATOR))


def unfilled(town: Town, times: int, **changes: object) -> None:
    for _ in range(times):
        appointments.close_request(
            town.house,
            town.regulator,
            town.request(**changes),
            CloseRequest(status="unfilled", reason="NO_TAKER"),
        )


def test_every_indicator_stands_on_the_page_with_its_formula(
    coordinator: Browser, town: Town
) -> None:
    unfilled(town, 1)
    page = coordinator.get(f"/activite?{DAY}")
    for code, indicator in INDICATORS.items():
        if code not in {"satisfaction_points", "satisfaction_net"}:
            assert indicator.label.replace(NBSP, " ") in page.text, code
            assert indicator.formula.replace(NBSP, " ") in page.text, code
    assert "Aucun volontaire disponible" in page.text


def test_two_periods_are_compared(coordinator: Browser, town: Town, clock: FakeClock) -> None:
    unfilled(town, 2)
    clock.advance(hours=24)
    unfilled(town, 3)
    page = coordinator.get("/activite?du=2026-11-24&au=2026-11-24&comparer=precedente")
    counts = page.texts("td", "count")
    start = counts.index("+50 %")
    assert counts[start - 2 : start + 1] == ["3", "2", "+50 %"]
    assert "Comparaison : le 23 novembre 2026." in page.text


@pytest.mark.parametrize(
    ("how", "first", "last"),
    [
        ("precedente", "2024-02-28", "2024-02-28"),
        ("annee", "2023-02-28", "2023-02-28"),
    ],
)
def test_the_year_before_a_leap_day_is_the_day_before(how: str, first: str, last: str) -> None:
    leap = Asked.of("2024-02-29", "2024-02-29")
    assert compared(leap, how) == Asked.of(first, last)
    assert compared(leap, "") is None


def test_the_map_tells_where_nobody_could_help(coordinator: Browser, town: Town) -> None:
    unfilled(town, 1)
    town.request(patient={"commune": "39097"})
    page = coordinator.get(f"/activite?{DAY}")
    told = f"Lons-le-Saunier{NBSP}: 1 demande, 0 avec rendez-vous, 1 sans solution"
    assert told in page.html
    assert 'class="map__circle map__circle--many"' in page.html
    assert 'class="map__circle map__circle--none"' in page.html
    picture = coordinator.client.get("/activite/fond.svg")
    assert picture.mimetype == "image/svg+xml"
    assert picture.get_data().startswith(b"<svg")


def test_a_figure_leads_to_its_acts_by_codes_alone(coordinator: Browser, town: Town) -> None:
    unfilled(town, 2)
    town.request()
    page = coordinator.get(f"/activite/actes?indicateur=unfilled&{DAY}")
    assert page.h1 == "Demandes sans solution"
    assert page.text.count("Sans solution : aucun volontaire disponible") == 2
    assert "PATIENTE" not in page.text.upper()
    assert "39300" not in page.text


def test_acts_of_a_long_period_are_shown_by_days(
    coordinator: Browser, town: Town, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatcher.reads.acts.ENOUGH", 1)
    unfilled(town, 2)
    clock.advance(hours=24)
    unfilled(town, 1)
    page = coordinator.get("/activite/actes?indicateur=unfilled&du=2026-11-23&au=2026-11-24")
    assert "du 23 au 24 novembre 2026 : 3" in page.text
    assert page.text.count("Sans solution :") == 1
    older = coordinator.get(
        next(link for link in page.links() if "au=2026-11-23" in link and "actes" in link)
    )
    assert older.text.count("Sans solution :") == 2


def test_every_figure_leads_to_what_it_is_made_of(coordinator: Browser, town: Town) -> None:
    doctor = town.volunteer()
    town.slot(doctor, hours=2, minutes=120, places=2)
    town.request()
    keep_promises(town.house)
    page = coordinator.get(f"/activite?{DAY}")
    links = {
        link.split("indicateur=")[1].split("&")[0]: link
        for link in page.links()
        if link.startswith("/activite/actes?")
    }
    assert {"slots_opened", "volunteers_active", "within_delay_share", "time_to_booking"} <= set(
        links
    )
    for code, said in {
        # slot, practitioner, opened, used, lost, counts for
        "slots_opened": "2 1 0 2",
        "slots_used": "2 1 0 1",
        "volunteers_active": "Jours de présence",
        "time_to_appointment": "oui 2 h",
        "within_delay_share": "1 sur 1",
    }.items():
        assert said in coordinator.get(links[code]).text, code
    assert "Aucun acte" in coordinator.get(f"/activite/actes?indicateur=unfilled&{DAY}").text


@pytest.mark.parametrize("code", ["nothing", ""])
def test_what_has_no_acts_is_not_there(coordinator: Browser, code: str) -> None:
    coordinator.get(f"/activite/actes?indicateur={code}&{DAY}", status=404)


def test_another_territory_s_acts_are_not_told(
    coordinator: Browser, town: Town, clock: FakeClock
) -> None:
    elsewhere = Town.found(town.house, clock, "voisin", phone="03 53 01 00 03")
    unfilled(elsewhere, 1)
    assert "Aucun acte" in coordinator.get(f"/activite/actes?indicateur=unfilled&{DAY}").text


def test_the_file_of_indicators_masks_small_counts(coordinator: Browser, town: Town) -> None:
    unfilled(town, 6)
    unfilled(town, 1, patient={"commune": "39097"})
    unfilled(town, 9, patient={"commune": "39198"})
    answer = coordinator.client.get(f"/activite/indicateurs.csv?{DAY}")
    data = answer.get_data()
    assert data.startswith(b"\xef\xbb\xbfCode;Indicateur;Valeur")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))
    figures = {row[0]: row[2] for row in rows if len(row) == 7}
    assert (figures["requests"], figures["within_delay_share"]) == ("16", "")
    told = {row[3]: row[5] for row in rows if len(row) == 6 and row[0] == "unfilled"}
    assert told["NO_TAKER"] == "16"
    assert (told["39198"], told["39300"], told["39097"]) == ("9", "masqué", "masqué")


def test_the_workbook_has_numbers_and_days_in_its_cells(coordinator: Browser, town: Town) -> None:
    unfilled(town, 2)
    answer = coordinator.client.get(f"/activite.xlsx?{DAY}")
    assert answer.headers["Content-Disposition"].endswith(
        "activite-jura-2026-11-23-2026-11-23.xlsx"
    )
    with zipfile.ZipFile(io.BytesIO(answer.get_data())) as book:
        sheets = [
            ET.fromstring(book.read(f"xl/worksheets/sheet{each}.xml"))  # noqa: S314 - our own
            for each in (1, 2, 3)
        ]
    names = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    requests = sheets[0].find(".//x:c[@r='C2']", names)
    assert requests is not None
    assert requests.get("t") is None  # a number
    assert requests.findtext("x:v", namespaces=names) == "2"
    day = sheets[2].find(".//x:c[@r='A2']", names)
    assert day is not None
    assert day.findtext("x:v", namespaces=names) == "46349"  # 23 November 2026
    assert all(sheet.find(".//x:f", names) is None for sheet in sheets)  # no formula


def test_a_period_turned_round_gives_no_file(coordinator: Browser, town: Town) -> None:
    turned = "du=2026-11-02&au=2026-11-01"
    for path in ("/activite.xlsx", "/activite/indicateurs.csv", "/activite/actes"):
        answer = coordinator.client.get(f"{path}?{turned}&indicateur=unfilled")
        assert answer.status_code == 422, path
