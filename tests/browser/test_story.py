"""The story of the README, walked through by keyboard, mouse and thumb on real parts."""

import re
import time
from collections.abc import Callable
from datetime import date
from typing import TypeVar

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, TELEPHONE, Demonstration, Visitors, overflow

pytestmark = [pytest.mark.browser, pytest.mark.journeys]

T = TypeVar("T")
PATIENT_PHONE = "06 39 98 77 01"
PATIENT_E164 = "+33639987701"
BOOKED_WITHIN_MS = 10_000
APPOINTMENT = re.compile(r"Rendez-vous pris")


def enter_request_by_keyboard(page: Page) -> None:
    """The form of a new request, in the order of the conversation, without a mouse."""
    keys = page.keyboard

    def write(*words: str) -> None:
        for word in words:
            keys.type(word)
            keys.press("Tab")

    expect(page.get_by_label("Téléphone", exact=True)).to_be_focused()
    write(PATIENT_PHONE, "Ménétrier", "Lucie", "03/02/1950")
    keys.type("lons-le-sau")
    expect(page.get_by_role("option").first).to_contain_text("Lons-le-Saunier")
    keys.press("Enter")
    keys.press("Tab")
    keys.type("Aucun")  # a list takes the first letters
    keys.press("Tab")
    keys.press("1")  # médecin
    expect(page.get_by_role("checkbox", name="au cabinet")).to_be_checked()
    for _ in range(3):  # from the profession to the last of the three modalities
        keys.press("Tab")
    keys.press("Tab")
    expect(page.get_by_label("Motif")).to_be_focused()
    keys.press("Tab")
    write("douleur depuis deux jours")
    keys.press("4")  # 24 h
    expect(page.get_by_role("radio", name="24 h")).to_be_checked()
    keys.press("Tab")
    keys.press("1")  # SAS
    expect(page.get_by_role("radio", name=re.compile("SAS"))).to_be_checked()
    keys.press("Control+Enter")


def messages(page: Page, number: str) -> list[dict[str, str]]:
    """What the demonstration's telephones have received at this number."""
    answer = page.request.get("/demo/messages.json")
    assert answer.ok
    return [sms for sms in answer.json() if number in {sms["to"], sms["from"]}]


def test_a_request_is_booked_told_cancelled_and_comes_back(
    visitor: Visitors, demonstration: Demonstration
) -> None:
    regulator = visitor.sign_in("regulator")
    regulator.keyboard.press("n")
    expect(regulator.get_by_role("heading", name="Nouvelle demande", level=1)).to_be_visible()
    enter_request_by_keyboard(regulator)

    # The page of the request shows the appointment by itself, with the reasons of the choice.
    expect(regulator.get_by_text(APPOINTMENT).first).to_be_visible(timeout=BOOKED_WITHIN_MS)
    expect(regulator.get_by_text("Pourquoi ce créneau")).to_be_visible()
    expect(regulator.locator(".reasons").get_by_text("dans le délai")).to_be_visible()
    request_url = regulator.url

    # Both SMS are on the demonstration's telephone.
    telephone = visitor.open("/demo/telephone")
    telephone.get_by_role("button", name=re.compile("Ménétrier")).click()
    bubble = telephone.get_by_role("log").get_by_text("CPTS Démo Jura").first
    expect(bubble).to_contain_text("15")
    (confirmation,) = messages(telephone, PATIENT_E164)
    assert "édecin" not in confirmation["body"]

    # The patient's page, on a telephone: when, where, calendar, cancel.
    link = re.search(r"https?://\S+/r/\S+", confirmation["body"])
    assert link is not None
    patient = visitor.open(link[0], TELEPHONE)
    expect(patient.get_by_role("heading", name="Votre rendez-vous", level=1)).to_be_visible()
    expect(patient.get_by_role("link", name="Itinéraire")).to_be_visible()
    expect(patient.get_by_text("appelez le 15").first).to_be_visible()
    with patient.expect_download() as download:
        patient.get_by_role("link", name="Ajouter au calendrier").click()
    assert "BEGIN:VCALENDAR" in download.value.path().read_text(encoding="utf-8")
    assert patient.context.cookies() == []
    assert overflow(patient) <= 0

    # ANNULER by SMS frees the slot, tells the practitioner, and the request is to be handled.
    answer = telephone.request.post(
        "/demo/inbound", data={"from": PATIENT_E164, "body": "Annuler svp"}
    )
    assert answer.ok
    regulator.goto(request_url)
    expect(regulator.get_by_text("à traiter", exact=False).first).to_be_visible()
    regulator.goto("/demandes")
    expect(regulator.get_by_text("Ménétrier").first).to_be_visible()
    patient.reload()
    expect(patient.get_by_role("heading", name=re.compile("est annulé"))).to_be_visible()

    # The regulator starts the search again, and books.
    regulator.goto(request_url)
    regulator.get_by_role("button", name="Relancer la recherche").click()
    expect(regulator.get_by_text(APPOINTMENT).first).to_be_visible(timeout=BOOKED_WITHIN_MS)


def test_a_practitioner_publishes_on_a_telephone_and_marks_who_came(
    visitor: Visitors, demonstration: Demonstration
) -> None:
    practitioner = visitor.sign_in("practitioner", TELEPHONE)
    expect(practitioner.get_by_role("heading", name="Mon agenda", level=1)).to_be_visible()
    assert overflow(practitioner) <= 0
    practitioner.get_by_role("link", name="Publier un créneau").click()
    practitioner.get_by_text("Une plage de plusieurs patients").click()
    practitioner.get_by_label("Nombre de patients").fill("3")
    practitioner.get_by_role("group", name="Jour").get_by_text("Demain").click()
    practitioner.get_by_label("Heure de début").select_option("20:30")
    practitioner.get_by_role("button", name="Publier").click()
    expect(practitioner.get_by_text("0 place prise sur 3").first).to_be_visible()

    account = demonstration.account("practitioner")
    token = demonstration.account("regulator")["token"]
    headers = {"Authorization": f"Bearer {token}"}
    me = next(
        found
        for found in practitioner.request.get(
            "/api/v1/practitioners?territory=demo-jura", headers=headers
        ).json()
        if found["display_name"] == account["display_name"]
    )
    opened = practitioner.request.post(
        "/api/v1/requests",
        headers=headers,
        data={
            "territory": "demo-jura",
            "patient": {
                "last_name": "Vernier",
                "first_name": "Paul",
                "birth_date": "1961-05-06",
                "phone": "0639987702",
                "commune": "39300",
                "has_gp": True,
                "gp": me["id"],
            },
            "need": {"profession": "10", "modalities": ["AMB"], "delay_hours": 48},
            "origin": "PRACTICE",
        },
    )
    assert opened.status == 201
    visit = practitioner.locator(".visit", has_text="Vernier")

    def agenda_shows_the_patient() -> None:
        practitioner.goto("/agenda")
        expect(visit).to_be_visible(timeout=1_000)

    _eventually(agenda_shows_the_patient)
    visit.get_by_role("button", name="Venu", exact=False).first.click()
    expect(practitioner.get_by_text("patient venu").first).to_be_visible()
    expect(visit.get_by_text("Venu", exact=True).first).to_be_visible()


def test_a_practitioner_who_cancels_sends_the_patient_on(
    visitor: Visitors, demonstration: Demonstration
) -> None:
    token = demonstration.account("regulator")["token"]
    headers = {"Authorization": f"Bearer {token}"}
    page = visitor.sign_in("regulator")
    opened = page.request.post(
        "/api/v1/requests",
        headers=headers,
        data={
            "territory": "demo-jura",
            "patient": {
                "last_name": "Arnoux",
                "first_name": "Jeanne",
                "birth_date": "1990-05-06",
                "phone": "0639987703",
                "commune": "39300",
            },
            "need": {"profession": "10", "modalities": ["AMB"], "delay_hours": 48},
            "origin": "PATIENT",
        },
    ).json()

    def booked() -> str:
        story = page.request.get(f"/api/v1/requests/{opened['id']}", headers=headers).json()
        assert story["status"] == "booked"
        return str(story["appointment"]["id"])

    first = _eventually(booked)
    cancelled = page.request.post(
        f"/api/v1/requests/{opened['id']}/cancel",
        headers=headers,
        data={"by": "practitioner", "reason": "urgence"},
    )
    assert cancelled.ok

    def booked_elsewhere() -> None:
        assert booked() != first

    _eventually(booked_elsewhere)
    bodies = [sms["body"] for sms in messages(page, "+33639987703")]
    assert any("annulé" in body for body in bodies)


def test_a_coordinator_sees_the_activity_and_takes_it_away(visitor: Visitors) -> None:
    coordinator = visitor.sign_in("coordinator")
    expect(coordinator.get_by_role("heading", name="Activité", level=1)).to_be_visible()
    today = date.today()  # noqa: DTZ011 - the machine's own day is near enough for a wide period
    coordinator.goto(f"/activite?du={today.replace(year=today.year - 1)}&au={today}")
    expect(coordinator.get_by_role("table").first).to_be_visible()
    expect(coordinator.locator("canvas").first).to_be_visible()
    with coordinator.expect_download() as download:
        coordinator.get_by_role("link", name=re.compile("CSV")).first.click()
    assert ";" in download.value.path().read_text(encoding="utf-8-sig")


def test_everybody_is_told_when_to_call_15(visitor: Visitors) -> None:
    for role in ("regulator", "practitioner", "coordinator", "administrator"):
        page = visitor.sign_in(role, DESKTOP)
        expect(page.get_by_text("Signes de gravité").first).to_be_visible()


def _eventually(check: Callable[[], T]) -> T:
    """What `check` gives as soon as its assertions hold; its last failure after the deadline."""
    deadline = time.monotonic() + BOOKED_WITHIN_MS / 1000
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
