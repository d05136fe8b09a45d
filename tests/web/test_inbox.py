"""The SMS that a person has to read: there until somebody says that they are dealt with."""

from collections.abc import Callable

import pytest

from dispatcher.domain.roles import Account, Role
from dispatcher.services.receiving import receive_message
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.web.pages import Browser, Form, Page

PATIENT = "+33639980001"
SignIn = Callable[[Account], Browser]


def booked(town: Town) -> None:
    town.slot(town.volunteer(last_name="Vuillet"))
    town.request(patient={"last_name": "Girod", "first_name": "Émile", "phone": PATIENT})
    keep_promises(town.house)


def write(town: Town, clock: FakeClock, body: str, phone: str = PATIENT) -> None:
    """An SMS from that number, a minute after the one before."""
    clock.advance(minutes=1)
    assert receive_message(town.house, phone, body, f"SM{body}{clock.now}")
    keep_promises(town.house)


def handling(page: Page) -> Form:
    return next(form for form in page.forms() if form.action.endswith("/traiter"))


def test_an_empty_inbox_says_so(desk: Browser) -> None:
    page = desk.get("/messages-recus")
    assert page.h1 == "SMS reçus"
    assert "Aucun message ne vous attend." in page.text


def test_a_question_is_shown_with_who_asks_and_what_was_said_before(
    desk: Browser, town: Town, clock: FakeClock
) -> None:
    booked(town)
    write(town, clock, "C’est au quel étage ?")

    page = desk.get("/messages-recus")

    assert "Émile GIROD" in page.text
    assert "06 39 98 00 01" in page.text
    said = page.texts("p", "message__body")
    assert said[0].startswith("CPTS jura : rendez-vous lundi 23 novembre")
    assert said[1] == "C’est au quel étage ?"
    assert said[2].startswith("CPTS jura : nous n'avons pas compris")
    assert page.texts("span", "chip") == ["Envoyé", "À lire", "Envoyé"]


@pytest.mark.parametrize("body", ["OUI", "ANNULER", "STOP", "AIDE"])
def test_what_is_understood_by_itself_does_not_arrive_here(
    desk: Browser, town: Town, clock: FakeClock, body: str
) -> None:
    booked(town)
    write(town, clock, body)
    assert "Aucun message ne vous attend." in desk.get("/messages-recus").text


def test_a_message_that_is_dealt_with_leaves_and_calms_its_request(
    desk: Browser, town: Town, clock: FakeClock
) -> None:
    town.slot()
    request = town.request(patient={"phone": PATIENT})
    keep_promises(town.house)
    write(town, clock, "peut-être")
    assert town.the_request(request).attention == "message"

    page = desk.submit(handling(desk.get("/messages-recus")))

    assert "Message marqué comme traité." in page.text
    assert "Aucun message ne vous attend." in page.text
    assert town.the_request(request).attention is None


def test_two_regulators_deal_with_it_once(desk: Browser, town: Town, clock: FakeClock) -> None:
    booked(town)
    write(town, clock, "peut-être")
    form = handling(desk.get("/messages-recus"))
    desk.submit(form)
    assert "Ce message avait déjà été traité." in desk.submit(form).text


def test_what_arrived_since_the_page_was_opened_stays(
    desk: Browser, town: Town, clock: FakeClock
) -> None:
    town.slot()
    request = town.request(patient={"phone": PATIENT})
    keep_promises(town.house)
    write(town, clock, "une question")
    form = handling(desk.get("/messages-recus"))
    write(town, clock, "une autre")

    page = desk.submit(form)

    assert page.texts("span", "chip").count("À lire") == 1
    assert town.the_request(request).attention == "message"


def test_several_messages_of_one_number_are_one_conversation(
    desk: Browser, town: Town, clock: FakeClock
) -> None:
    booked(town)
    write(town, clock, "une question")
    write(town, clock, "une autre")
    page = desk.get("/messages-recus")
    assert len([form for form in page.forms() if form.action.endswith("/traiter")]) == 1
    assert "Aucun message ne vous attend." in desk.submit(handling(page)).text


def test_a_practitioner_who_writes_is_named(desk: Browser, town: Town, clock: FakeClock) -> None:
    volunteer = town.volunteer(last_name="Vuillet")
    town.slot(volunteer)
    town.request()
    keep_promises(town.house)
    write(town, clock, "je suis en retard", phone="+33" + volunteer.phone[1:])
    page = desk.get("/messages-recus")
    assert "Dr Anne Vuillet" in page.text
    assert "professionnel" in page.text


def test_a_neighbour_s_messages_are_neither_seen_nor_dealt_with(
    town: Town, clock: FakeClock, desk: Browser, signed_in: SignIn
) -> None:
    neighbour = Town.found(town.house, clock, "voisin", phone="03 53 01 00 03")
    booked(neighbour)
    write(neighbour, clock, "peut-être")
    form = handling(signed_in(neighbour.regulator).get("/messages-recus"))
    assert "Aucun message ne vous attend." in desk.get("/messages-recus").text

    clock.advance(minutes=1)  # the territory that wrote last is the one that is answered
    booked(town)
    write(town, clock, "moi aussi")
    own = handling(desk.get("/messages-recus"))
    desk.submit(Form(form.action, "post", "", own.values), status=404)

    assert "À lire" in signed_in(neighbour.regulator).get("/messages-recus").text


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.COORDINATOR, Role.ADMINISTRATOR])
def test_messages_are_read_by_regulators_alone(town: Town, signed_in: SignIn, role: Role) -> None:
    volunteer = town.volunteer() if role == Role.PRACTITIONER else None
    signed_in(town.account(role, volunteer)).get("/messages-recus", status=403)
