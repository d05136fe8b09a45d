"""The demonstration's telephone: only in a demonstration, and a number's answer acts as an SMS."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from dispatcher.domain.roles import Role
from dispatcher.gateways.email import OutgoingEmail
from dispatcher.services.commands import ChangeLimits
from dispatcher.services.house import House
from dispatcher.services.practitioners import change_limits
from dispatcher.web.application import create_app
from tests.builders import Town
from tests.fakes.bell import RecordingBell
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises, open_house, settings_for
from tests.web.pages import Browser

PATIENT = "+33639980001"
PATHS = (
    "/demo/telephone",
    "/demo/messages.json",
    "/demo/contacts.json",
    "/demo/courrier",
    "/demo/courrier/suite",
    "/demo/courrier/1/piece-jointe",
)


@pytest.fixture
def staged(
    database_url: str, clock: FakeClock, bell: RecordingBell, tmp_path: Path
) -> Iterator[House]:
    """The house of a demonstration: its own telephone in place of Twilio."""
    settings = settings_for(database_url, demonstration_directory=tmp_path)
    with open_house(database_url, clock=clock, sms=None, bell=bell, settings=settings) as opened:
        yield opened


@pytest.fixture
def stage(staged: House, clock: FakeClock) -> Town:
    return Town.found(staged, clock)


@pytest.fixture
def visitor(staged: House) -> Browser:
    """Anybody in front of the demonstration."""
    return Browser(create_app(staged))


def booked(stage: Town) -> None:
    stage.slot(stage.volunteer(last_name="Vuillet"))
    stage.request(patient={"last_name": "Girod", "first_name": "Émile", "phone": PATIENT})
    keep_promises(stage.house)


@pytest.mark.parametrize("path", PATHS)
def test_outside_a_demonstration_there_is_no_telephone(somebody: Browser, path: str) -> None:
    assert somebody.client.get(path).status_code == 404


def test_outside_a_demonstration_nobody_writes_in_a_number_s_name(
    somebody: Browser, town: Town
) -> None:
    town.slot()
    request = town.request()
    keep_promises(town.house)
    somebody.client.get("/connexion")
    answer = somebody.client.post("/demo/inbound", json={"from": PATIENT, "body": "ANNULER"})
    assert answer.status_code == 404
    assert town.the_appointment(request) is not None


def test_the_page_knows_whose_numbers_they_are(visitor: Browser, stage: Town) -> None:
    booked(stage)
    page = visitor.get("/demo/telephone")
    assert page.h1 == "Téléphone de démonstration"
    assert "Dr Anne Vuillet" in page.html
    found = {each["phone"]: each for each in visitor.client.get("/demo/contacts.json").get_json()}
    assert found[PATIENT] == {"phone": PATIENT, "label": "Émile Girod", "kind": "patient"}
    assert [each["label"] for each in found.values() if each["kind"] == "practitioner"] == [
        "Dr Anne Vuillet"
    ]


def test_every_sms_is_told_in_order(visitor: Browser, stage: Town) -> None:
    booked(stage)

    messages = visitor.client.get("/demo/messages.json").get_json()

    assert {message["direction"] for message in messages} == {"out"}
    assert PATIENT in {message["to"] for message in messages}
    assert len(messages) == 2
    assert [message["id"] for message in messages] == sorted(each["id"] for each in messages)
    assert set(messages[0]) == {"id", "direction", "to", "from", "body", "at", "status"}
    latest = visitor.client.get("/demo/messages.json?limit=1").get_json()
    assert latest == messages[-1:]


def test_a_telephone_that_looks_again_is_told_that_nothing_changed(
    visitor: Browser, stage: Town
) -> None:
    booked(stage)
    first = visitor.client.get("/demo/messages.json")
    again = {"If-None-Match": first.headers["ETag"]}
    assert visitor.client.get("/demo/messages.json", headers=again).status_code == 304

    visitor.client.post("/demo/inbound", json={"from": PATIENT, "body": "merci"})

    assert visitor.client.get("/demo/messages.json", headers=again).status_code == 200


def test_annuler_in_a_patient_s_name_cancels(visitor: Browser, stage: Town) -> None:
    slot = stage.slot(stage.volunteer())
    request = stage.request(patient={"phone": PATIENT})
    keep_promises(stage.house)

    answer = visitor.client.post("/demo/inbound", json={"from": PATIENT, "body": "ANNULER"})
    keep_promises(stage.house)

    assert answer.status_code == 201
    assert answer.get_json()["known"] is True
    assert stage.the_appointment(request) is None
    assert stage.the_slot(slot).taken == 0
    told = visitor.client.get("/demo/messages.json").get_json()
    assert [message["body"] for message in told if message["direction"] == "in"] == ["ANNULER"]
    assert "annulé" in [message["body"] for message in told if message["to"] == PATIENT][-1]


def test_a_number_is_read_as_people_write_it(visitor: Browser, stage: Town) -> None:
    booked(stage)
    answer = visitor.client.post("/demo/inbound", json={"from": "06 39 98 00 01", "body": "OUI"})
    assert answer.get_json()["known"] is True


def test_a_stranger_s_sms_is_kept_and_changes_nothing(visitor: Browser, stage: Town) -> None:
    booked(stage)
    answer = visitor.client.post("/demo/inbound", json={"from": "+33639987777", "body": "ANNULER"})
    assert answer.status_code == 201
    assert answer.get_json()["known"] is False
    told = visitor.client.get("/demo/messages.json").get_json()
    assert [(sms["direction"], sms["body"]) for sms in told[-2:]] == [
        ("in", "ANNULER"),
        ("out", told[-1]["body"]),
    ]
    assert told[-1]["to"] == "+33639987777"
    assert "lié à aucune demande de soins" in told[-1]["body"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"{", 400, None),
        (b"[]", 422, "body"),
        (b"{}", 422, "from"),
        (b'{"from": "douze", "body": "OUI"}', 422, "from"),
        (b'{"from": 12, "body": "OUI"}', 422, "from"),
        (b'{"from": "+33639980001"}', 422, "body"),
        (b'{"from": "+33639980001", "body": "OUI", "x": 1}', 422, "x"),
        (b'{"from": "+33639980001", "body": "' + b"a" * 1601 + b'"}', 422, "body"),
    ],
)
def test_what_is_no_sms_is_refused_with_its_field(
    visitor: Browser, stage: Town, body: bytes, status: int, field: str | None
) -> None:
    del stage
    answer = visitor.client.post("/demo/inbound", data=body)
    problem = answer.get_json()
    assert answer.status_code == problem["status"] == status
    assert answer.mimetype == "application/problem+json"
    assert problem["detail"]
    assert field in [fault["field"] for fault in problem.get("errors", [])] or field is None
    assert visitor.client.get("/demo/messages.json").get_json() == []


def test_an_email_lies_in_the_mailbox_with_its_file_and_its_links(
    visitor: Browser, stage: Town
) -> None:
    assert "Aucun e-mail pour l’instant" in visitor.get("/demo/courrier").text
    volunteer = stage.volunteer()
    change_limits(
        stage.house,
        stage.account(Role.PRACTITIONER, volunteer),
        ChangeLimits(email="anne.vuillet@jura.example", notice_channel="email"),
    )
    stage.slot(volunteer)
    request = stage.request()
    keep_promises(stage.house)

    page = visitor.get("/demo/courrier")

    assert f"n° {stage.the_request(request).code}" in page.text.replace("\u00a0", " ")
    assert "anne.vuillet@jura.example" in page.text
    (link,) = [link for link in page.links() if "/p/" in link]
    (file,) = [link for link in page.links() if link.endswith("/piece-jointe")]
    assert visitor.client.get(link).status_code == 200
    attached = visitor.client.get(file)
    assert attached.data.startswith(b"BEGIN:VCALENDAR")
    assert "rendez-vous.ics" in attached.headers["Content-Disposition"]
    assert visitor.client.get(file.replace("/1/", "/2/")).status_code == 404


def test_the_same_email_is_delivered_once(staged: House, clock: FakeClock) -> None:
    assert staged.mailbox is not None
    message = OutgoingEmail(uuid4(), "a@jura.example", "Objet", "Texte", "CPTS", clock())
    for _ in range(2):
        staged.mailbox.send(message)
    (letter,) = staged.mailbox.emails()
    assert (letter.subject, letter.written_at) == ("Objet", clock())
