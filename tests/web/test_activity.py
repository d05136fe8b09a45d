"""The coordinator's page: figures counted by hand, and the same ones for a spreadsheet."""

import csv
import io
from collections.abc import Callable

import pytest
from sqlalchemy import select

from dispatcher.domain.events import ENGINE, SatisfactionAnswered
from dispatcher.domain.roles import Account, Role
from dispatcher.papers.spreadsheets import harmless
from dispatcher.services import appointments
from dispatcher.services.commands import CancelRequest, CloseRequest
from dispatcher.services.house import House
from dispatcher.storage.requests import Appointment
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.web.pages import Browser, Page

NOVEMBER = "/activite?du=2026-11-01&au=2026-11-30"
CSV = "/activite.csv?du=2026-11-23&au=2026-11-24"
SignIn = Callable[[Account], Browser]


@pytest.fixture
def coordinator(town: Town, signed_in: SignIn) -> Browser:
    """The town's coordinator."""
    return signed_in(town.account(Role.COORDINATOR))


def cards(page: Page) -> dict[str, str]:
    """Label and value with its detail of every card."""
    labels = [text for text in page.texts("dt") if text]
    return dict(zip(labels, page.texts("dd"), strict=True))


def rows(browser: Browser, path: str = CSV) -> list[dict[str, str]]:
    answer = browser.client.get(path)
    assert answer.status_code == 200
    text = answer.get_data().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def a_day(town: Town, clock: FakeClock) -> None:
    """Six requests of Monday 23 November, with six different ends.

    One volunteer opens five places: a period of four and a slot of one. Five requests are booked,
    the first at 11:00 (two hours after asking).
    """
    house = town.house
    doctor = town.volunteer()
    town.slot(doctor, hours=2, minutes=120, places=4)
    town.slot(doctor, hours=6)
    came, missed, cancelled, unfilled, expected = (town.request() for _ in range(5))
    keep_promises(house)
    redirected = town.request(need={"profession": "60", "delay_hours": 4})
    keep_promises(house)
    for request, status in ((came, "fulfilled"), (missed, "no_show")):
        appointments.close_request(
            house,
            town.regulator,
            request,
            CloseRequest(status=status),  # type: ignore[arg-type]
        )
    appointments.cancel_request(house, town.regulator, cancelled, CancelRequest(by="regulator"))
    appointments.close_request(
        house, town.regulator, unfilled, CloseRequest(status="unfilled", reason="NO_SLOT")
    )
    appointments.close_request(
        house, town.regulator, redirected, CloseRequest(status="redirected", reason="15")
    )
    appointment = town.the_appointment(expected)
    assert appointment is not None
    clock.advance(minutes=1)


def test_a_day_is_counted(coordinator: Browser, town: Town, clock: FakeClock) -> None:
    a_day(town, clock)

    page = coordinator.get(NOVEMBER)

    assert page.h1 == "Activité"
    assert "du 1er au 30 novembre 2026" in page.text
    found = cards(page)
    assert found["Demandes"] == "6 dont 0 en attente"
    # came, missed and expected keep their appointment: three of six
    assert found["Rendez-vous pris"] == "3 50 %"
    assert found["Rendez-vous honorés"] == "1 33 %"
    assert found["Patients non venus"] == "1 33 %"
    assert found["Dans le délai demandé"] == "100 % 3 sur 3 rendez-vous"
    assert found["Demandes annulées"] == "1 17 %"
    assert found["Réorientées"] == "1 17 %"
    assert found["Sans solution"] == "1 17 %"
    assert found["Volontaires actifs"].startswith("1")
    assert found["Places ouvertes"] == "5"
    assert found["Places utilisées"] == "3 60 %"


def test_half_of_the_patients_wait_less_than_the_median(coordinator: Browser, town: Town) -> None:
    for hours in (2, 3, 10):
        town.slot(hours=hours)
        town.request()
        keep_promises(town.house)
    assert cards(coordinator.get(NOVEMBER))["Attente médiane"].startswith("3 h")


def test_what_is_not_known_is_a_dash_and_not_zero(coordinator: Browser) -> None:
    found = cards(coordinator.get(NOVEMBER))
    assert found["Demandes"].startswith("0")
    assert found["Dans le délai demandé"].startswith("—")
    assert found["Attente médiane"].startswith("—")
    assert "Aucune demande dans cette période." in coordinator.get(NOVEMBER).text


def test_the_table_s_colours_add_up_to_all_requests(
    coordinator: Browser, town: Town, clock: FakeClock
) -> None:
    a_day(town, clock)
    page = coordinator.get("/activite?du=2026-11-23&au=2026-11-23")
    figures = [int(text) for text in page.texts("td", "number")]
    requests, booked, *outcomes, within_delay, opened, used = figures[:12]
    assert outcomes == [1, 1, 0, 1, 1, 1, 1]  # honoured, expected, waiting, missed, …
    assert requests == sum(outcomes) == 6
    assert booked == 3  # honoured, expected or missed
    assert (within_delay, opened, used) == (3, 5, 3)


def test_a_request_counts_in_the_period_it_was_opened_in_whenever_it_ends(
    coordinator: Browser, town: Town, clock: FakeClock
) -> None:
    town.slot(hours=24)
    request = town.request(need={"delay_hours": 48})
    keep_promises(town.house)
    clock.advance(hours=25)
    appointments.close_request(
        town.house, town.regulator, request, CloseRequest(status="fulfilled")
    )

    monday = cards(coordinator.get("/activite?du=2026-11-23&au=2026-11-23"))
    tuesday = cards(coordinator.get("/activite?du=2026-11-24&au=2026-11-24"))

    assert monday["Rendez-vous honorés"].startswith("1")
    assert monday["Places ouvertes"] == "0"
    assert tuesday["Demandes"].startswith("0")
    assert tuesday["Places ouvertes"] == "1"
    assert tuesday["Places utilisées"].startswith("1")


def test_a_place_that_the_practitioner_takes_back_was_not_offered(
    coordinator: Browser, town: Town
) -> None:
    town.slot(places=3, minutes=60)
    request = town.request()
    keep_promises(town.house)
    appointment = town.the_appointment(request)
    assert appointment is not None
    appointments.cancel_by_practitioner(town.house, town.regulator, appointment.id)

    found = cards(coordinator.get(NOVEMBER))

    assert found["Places ouvertes"] == "2"
    assert found["Places utilisées"].startswith("0")


def test_days_are_the_territory_s(house: House, clock: FakeClock, signed_in: SignIn) -> None:
    reunion = Town.found(house, clock, "reunion", "Indian/Reunion", "974", "03 53 01 00 02")
    coordinator = signed_in(reunion.account(Role.COORDINATOR))
    clock.advance(hours=12, minutes=30)  # 20:30 UTC on Monday, 00:30 on Tuesday over there
    reunion.request(patient={"commune": "97411"})
    assert cards(coordinator.get("/activite?du=2026-11-23&au=2026-11-23"))["Demandes"][0] == "0"
    assert cards(coordinator.get("/activite?du=2026-11-24&au=2026-11-24"))["Demandes"][0] == "1"


def test_a_neighbour_s_activity_is_not_ours(
    house: House, town: Town, clock: FakeClock, coordinator: Browser
) -> None:
    neighbour = Town.found(house, clock, "voisin", phone="03 53 01 00 03")
    neighbour.slot()
    neighbour.request()
    keep_promises(house)
    found = cards(coordinator.get(NOVEMBER))
    assert found["Demandes"].startswith("0")
    assert found["Places ouvertes"] == "0"


@pytest.mark.parametrize("role", [Role.REGULATOR, Role.PRACTITIONER, Role.ADMINISTRATOR])
def test_the_figures_are_the_coordinator_s(town: Town, signed_in: SignIn, role: Role) -> None:
    volunteer = town.volunteer() if role == Role.PRACTITIONER else None
    browser = signed_in(town.account(role, volunteer))
    browser.get("/activite", status=403)
    browser.get("/activite.csv", status=403)


# The period


def test_the_month_so_far_is_shown_unless_told_otherwise(coordinator: Browser) -> None:
    page = coordinator.get("/activite")
    assert "du 1er au 23 novembre 2026" in page.text
    assert "/activite.csv?du=2026-11-01&au=2026-11-23" in page.links()


@pytest.mark.parametrize(
    ("period", "first", "rows"),
    [
        ("du=2026-11-01&au=2026-11-30", "dim. 01/11", 30),
        ("du=2026-11-23&au=2027-01-10", "23/11 – 29/11", 7),
        ("du=2026-11-01&au=2027-10-31", "novembre 2026", 12),
    ],
)
def test_long_periods_are_told_by_week_then_by_month(
    coordinator: Browser, town: Town, period: str, first: str, rows: int
) -> None:
    town.request()
    page = coordinator.get(f"/activite?{period}")
    labels = [text for text in page.texts("th") if "/" in text or "20" in text]
    assert (labels[0], len(labels)) == (first, rows)


@pytest.mark.parametrize(
    ("period", "field", "sentence"),
    [
        ("du=hier&au=2026-11-30", "du", "Indiquez une date qui existe."),
        ("du=2026-11-01&au=2026-02-30", "au", "Indiquez une date qui existe."),
        ("du=2026-11-02&au=2026-11-01", "au", "La fin de la période précède son début."),
        ("du=0001-01-01&au=2026-11-01", "du", "Indiquez une date entre 2000 et 2100."),
        ("du=2026-11-01&au=9999-12-31", "au", "Indiquez une date entre 2000 et 2100."),
        ("du=2020-01-01&au=2026-11-01", "au", "La période compte trois ans au plus."),
    ],
)
def test_a_period_that_is_none_gets_a_sentence_and_no_figures(
    coordinator: Browser, period: str, field: str, sentence: str
) -> None:
    page = coordinator.get(f"/activite?{period}", status=422)
    assert page.field_error(field) == sentence
    assert page.texts("dt") == []
    # what was typed is still there
    assert f'value="{period.split("&", maxsplit=1)[0][3:]}"' in page.html
    assert coordinator.client.get(f"/activite.csv?{period}").status_code == 422


# The spreadsheet


def test_the_csv_holds_the_days_and_the_period(
    coordinator: Browser, town: Town, clock: FakeClock
) -> None:
    a_day(town, clock)

    monday, tuesday, total = rows(coordinator)

    assert monday == {
        "Jour": "2026-11-23",
        "Demandes": "6",
        "Rendez-vous pris": "3",
        "Honorées": "1",
        "Issue non notée": "1",
        "En attente": "0",
        "Non venus": "1",
        "Annulées": "1",
        "Réorientées": "1",
        "Sans solution": "1",
        "Dans le délai": "3",
        "Places ouvertes": "5",
        "Places utilisées": "3",
        "Part dans le délai (%)": "100,0",
        "Attente médiane (min)": "",
        "Volontaires actifs": "",
        "Satisfaction (sur 10)": "",
        "Réponses": "",
        "Recommandation nette": "",
    }
    assert (tuesday["Demandes"], tuesday["Part dans le délai (%)"]) == ("0", "")
    assert (total["Jour"], total["Demandes"], total["Volontaires actifs"]) == ("Total", "6", "1")
    assert total["Attente médiane (min)"] == "120,0"


def test_what_patients_think_is_shown_once_some_have_said_it(
    coordinator: Browser, town: Town, clock: FakeClock
) -> None:
    a_day(town, clock)
    assert "Satisfaction" not in cards(coordinator.get(NOVEMBER))
    with town.house.db.reading() as session:
        appointments = session.scalars(select(Appointment).order_by(Appointment.booked_at)).all()
    with town.house.db.transaction(town.territory_id, ENGINE) as unit:
        for appointment, score in zip(appointments, (9, 3, 5), strict=False):
            unit.record(
                SatisfactionAnswered(
                    request_id=appointment.request_id, appointment_id=appointment.id, score=score
                )
            )

    found = cards(coordinator.get(NOVEMBER))

    # (9 + 3 + 5) / 3; one of three would recommend, two would not
    assert found["Satisfaction"] == "5,7 sur 10, 3 réponses"
    assert found["Recommandation nette"].startswith("\u221233")
    total = rows(coordinator)[-1]
    assert (total["Satisfaction (sur 10)"], total["Réponses"]) == ("5,7", "3")
    assert total["Recommandation nette"] == "-33,3"


def test_the_csv_opens_in_a_french_spreadsheet(coordinator: Browser) -> None:
    answer = coordinator.client.get(CSV)
    assert answer.get_data().startswith(b"\xef\xbb\xbfJour;Demandes;Rendez-vous pris;Honor")
    assert answer.mimetype == "text/csv"
    assert (
        answer.headers["Content-Disposition"]
        == "attachment; filename=activite-jura-2026-11-23-2026-11-24.csv"
    )


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=HYPERLINK(A1)", "'=HYPERLINK(A1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("2026-11-23", "2026-11-23"),
        ("-33,3", "-33,3"),
        ("-33,3+1", "'-33,3+1"),
        ("", ""),
    ],
)
def test_no_cell_is_taken_for_a_formula(cell: str, written: str) -> None:
    assert harmless(cell) == written
