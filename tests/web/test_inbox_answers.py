"""What a regulator does with an SMS that was not understood: answers it, or says whose it is."""

from uuid import UUID

import pytest

from dispatcher.domain.roles import Role
from dispatcher.services.commands import ChangeText
from dispatcher.services.inbox import LONGEST_ANSWER
from dispatcher.services.own_texts import change_text, digest
from dispatcher.services.receiving import receive_message
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.services.tables import kinds, messages, row_counts, text_of
from tests.web.pages import Browser, Form, Page
from tests.web.test_inbox import PATIENT, SignIn, booked, write

INBOX = "/messages-recus"
HEALTH = "Le docteur vous attend au premier étage."


def form_to(page: Page, end: str) -> Form:
    return next(form for form in page.forms() if form.action.endswith(end))


def looked_for(desk: Browser, message_id: UUID, words: str) -> Page:
    """The inbox after a search beside one conversation."""
    return desk.submit(form_to(desk.get(INBOX), "/chercher"), {"message": message_id, "q": words})


@pytest.fixture
def asked(town: Town, clock: FakeClock) -> None:
    """A patient who asks something we do not understand."""
    booked(town)
    write(town, clock, "C’est au quel étage ?")


def answers(town: Town, sms: FakeSms, phone: str = PATIENT) -> list[str]:
    keep_promises(town.house)
    return [body for body in sms.bodies_to(phone) if "Deuxième" in body or "docteur" in body]


@pytest.mark.usefixtures("asked")
def test_an_answer_leaves_by_sms_and_the_message_is_dealt_with(
    desk: Browser, town: Town, sms: FakeSms
) -> None:
    form = form_to(desk.get(INBOX), "/repondre")

    page = desk.submit(form, {"words": "  Deuxième étage,\n porte bleue. "})

    assert "Réponse envoyée, message traité." in page.text
    assert "Aucun message ne vous attend." in page.text
    (answer,) = answers(town, sms)
    assert answer.startswith("CPTS jura : Deuxième étage, porte bleue.")
    assert "0353010001" in answer
    (written,) = messages(town.house, "regulator_answer")
    assert written.request_id is not None
    assert town.the_request(written.request_id).attention is None
    assert kinds(town.house, written.request_id)[-3:].count("message_handled") == 1
    shown = desk.get(f"/demandes/{written.request_id}").text
    assert "SMS écrit au patient : réponse de la régulation" in shown
    assert "Deuxième étage, porte bleue." in shown


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "Écrivez votre réponse."),
        (" \n ", "Écrivez votre réponse."),
        ("é" * (LONGEST_ANSWER + 1), "Écrivez 300 caractères au plus ; il y en a 301."),
        (HEALTH, "« docteur » dit quelque chose de la santé"),
    ],
)
def test_what_cannot_be_sent_stays_in_the_form_as_it_was_typed(
    desk: Browser, town: Town, words: str, sentence: str
) -> None:
    form = form_to(desk.get(INBOX), "/repondre")
    before = row_counts(town.house)

    page = desk.submit(form, {"words": words}, status=422)

    assert sentence in page.text
    assert form_to(page, "/repondre").values["words"].strip() == words.strip()
    assert row_counts(town.house) == before


@pytest.mark.usefixtures("asked")
def test_words_that_may_be_about_health_leave_only_once_somebody_has_confirmed_them(
    desk: Browser, town: Town, sms: FakeSms
) -> None:
    page = desk.get(INBOX)
    assert "confirm" not in form_to(page, "/repondre").values
    refused = desk.submit(form_to(page, "/repondre"), {"words": HEALTH}, status=422)

    desk.submit(form_to(refused, "/repondre"), {"confirm": "1"})

    assert [HEALTH in body for body in answers(town, sms)] == [True]


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "1 SMS"),
        ("Deuxième étage.", "1 SMS"),
        # « CPTS jura : » and the telephone make 12 + 17 of the 160 characters
        ("a" * 131, "1 SMS, 160 caractères"),
        ("a" * 132, "2 SMS, 161 caractères"),
        ("Так", "UCS-2"),
        ("a" * 310, "10 de trop"),
        ("prenez votre traitement", "« traitement » dit quelque chose de la santé"),
    ],
)
def test_while_one_types_the_page_says_what_the_answer_costs(
    desk: Browser, words: str, said: str
) -> None:
    form = form_to(desk.get(INBOX), "/repondre")
    address = form.action.replace("/repondre", "/compter")

    answer = desk.client.post(address, data=form.filled({"words": words}))

    assert answer.status_code == 200
    assert said in Page.of(answer).text


@pytest.mark.usefixtures("asked")
def test_what_it_costs_is_counted_in_the_territorys_own_wording(desk: Browser, town: Town) -> None:
    default = town.house.texts.of("regulator_answer", "fr")
    own = ChangeText(
        kind="regulator_answer", language="fr", text="{sender} : {words}", base=digest(default)
    )
    change_text(town.house, town.account(Role.COORDINATOR), own)
    form = form_to(desk.get(INBOX), "/repondre")
    address = form.action.replace("/repondre", "/compter")

    answer = desk.client.post(address, data=form.filled({"words": "a" * 132}))

    assert "1 SMS, 144 caractères" in Page.of(answer).text


@pytest.mark.usefixtures("asked")
def test_two_regulators_do_not_answer_the_same_message(
    desk: Browser, town: Town, sms: FakeSms, signed_in: SignIn
) -> None:
    form = form_to(desk.get(INBOX), "/repondre")
    colleague = signed_in(town.account(Role.REGULATOR))
    colleague.submit(form_to(colleague.get(INBOX), "/repondre"), {"words": "Deuxième."})

    page = desk.submit(form, {"words": "Deuxième étage, à gauche."}, status=409)

    assert "Quelqu’un a déjà traité ce message." in page.text
    assert "Deuxième étage, à gauche." in page.text  # what was typed is not lost
    assert len(answers(town, sms)) == 1


def test_a_patient_is_answered_in_the_frame_of_their_language(
    desk: Browser, town: Town, clock: FakeClock
) -> None:
    town.slot()
    town.request(patient={"phone": PATIENT, "language": "uk"})
    keep_promises(town.house)
    write(town, clock, "Де це?")

    desk.submit(form_to(desk.get(INBOX), "/repondre"), {"words": "2 поверх"})

    (written,) = messages(town.house, "regulator_answer")
    assert "2 поверх" in text_of(town.house, written)
    assert written.encoding == "UCS-2"


# STOP


def test_a_number_that_said_stop_is_shown_with_since_when_and_cannot_be_answered(
    desk: Browser, town: Town, clock: FakeClock
) -> None:
    town.slot()
    request_id = town.request(patient={"phone": PATIENT})
    keep_promises(town.house)
    write(town, clock, "une question")
    form = form_to(desk.get(INBOX), "/repondre")
    assert "STOP envoyé" not in desk.get(f"/demandes/{request_id}").text
    write(town, clock, "STOP")

    page = desk.get(INBOX)

    assert "Ce numéro a envoyé STOP (9 h 02) : il ne reçoit plus de SMS." in page.text
    assert not any(each.action.endswith("/repondre") for each in page.forms())
    assert "STOP envoyé (9 h 02)" in desk.get(f"/demandes/{request_id}").text
    before = row_counts(town.house)
    refused = desk.submit(form, {"words": "Deuxième étage."}, status=409)
    assert "il ne reçoit plus de SMS" in refused.text
    assert row_counts(town.house) == before

    write(town, clock, "START")
    assert "STOP envoyé" not in desk.get(f"/demandes/{request_id}").text


def test_a_stop_said_to_a_neighbour_is_not_ours(
    desk: Browser, town: Town, clock: FakeClock
) -> None:
    neighbour = Town.found(town.house, clock, "voisin", phone="03 53 01 00 03")
    booked(neighbour)
    write(neighbour, clock, "STOP")
    clock.advance(minutes=1)
    booked(town)
    write(town, clock, "une question")

    assert "a envoyé STOP" not in desk.get(INBOX).text


# Calling back


def test_who_asks_to_be_called_stands_on_the_board_and_in_the_inbox(
    desk: Browser, town: Town, clock: FakeClock
) -> None:
    booked(town)
    assert "À rappeler 0" in desk.get("/demandes").text
    write(town, clock, "RAPPEL")

    board = desk.get("/demandes").text
    assert "À rappeler 1" in board
    assert "À rappeler : le patient le demande par SMS" in board
    assert "À rappeler" in desk.get(INBOX).texts("span", "chip")

    desk.submit(form_to(desk.get(INBOX), "/traiter"))
    assert "À rappeler 0" in desk.get("/demandes").text


def test_a_practitioner_without_a_request_who_asks_to_be_called_is_counted_too(
    desk: Browser, town: Town
) -> None:
    volunteer = town.volunteer(last_name="Vuillet")
    receive_message(town.house, "+33" + volunteer.phone[1:], "rappelez-moi", "SM1")

    assert "À rappeler 1" in desk.get("/demandes").text
    assert "Dr Anne Vuillet" in desk.get(INBOX).text


# Linking


@pytest.fixture
def other(town: Town, clock: FakeClock) -> str:
    """A message of a daughter's telephone, about her mother's request, which is another number's.

    Returns the mother's request.
    """
    volunteer = town.volunteer(last_name="Vuillet")
    mother = town.request(
        patient={"last_name": "Perrin", "first_name": "Odile", "phone": "0639980077"}
    )
    receive_message(town.house, "+33" + volunteer.phone[1:], "pour Mme Perrin, plutôt mardi", "SM1")
    return str(mother)


@pytest.mark.parametrize("query", ["perrin", "06 39 98 00 77", "{code}"])
def test_a_message_is_linked_to_the_request_that_a_search_finds(
    desk: Browser, town: Town, other: str, query: str
) -> None:
    request = town.the_request(UUID(other))
    (message,) = [each for each in messages(town.house) if each.direction == "in"]
    asked = query.format(code=request.code)
    page = looked_for(desk, message.id, asked)
    assert "Odile PERRIN" in page.text

    after = desk.submit(form_to(page, "/rattacher"))

    assert "Message rattaché à la demande." in after.text
    assert f"Demande {request.code}" in after.text
    assert town.the_request(request.id).attention == "message"
    shown = desk.get(f"/demandes/{other}").text
    assert "SMS reçu rattaché à la demande" in shown
    assert "pour Mme Perrin, plutôt mardi" in shown

    desk.submit(form_to(desk.get(INBOX), "/traiter"))
    assert town.the_request(request.id).attention is None


def test_a_search_that_finds_nothing_says_so_and_keeps_what_was_typed(
    desk: Browser, town: Town, other: str
) -> None:
    (message,) = [each for each in messages(town.house) if each.direction == "in"]
    page = looked_for(desk, message.id, "zzz")
    assert "Aucune demande ne correspond à cette recherche." in page.text
    assert 'value="zzz"' in page.html


@pytest.mark.usefixtures("asked")
def test_a_search_for_a_message_that_a_colleague_dealt_with_says_so(desk: Browser) -> None:
    form = form_to(desk.get(INBOX), "/chercher")
    desk.submit(form_to(desk.get(INBOX), "/traiter"))
    assert "Ce message a été traité entre-temps." in desk.submit(form, {"q": "perrin"}).text


def test_a_message_is_linked_neither_to_a_neighbour_s_request_nor_to_none(
    desk: Browser, town: Town, clock: FakeClock, other: str
) -> None:
    neighbour = Town.found(town.house, clock, "voisin", phone="03 53 01 00 03")
    foreign = neighbour.request()
    (message,) = [each for each in messages(town.house) if each.direction == "in"]
    form = form_to(looked_for(desk, message.id, "perrin"), "/rattacher")
    before = row_counts(town.house)

    desk.submit(form, {"request": str(foreign)}, status=404)
    desk.submit(form, {"request": "rien"}, status=422)

    assert row_counts(town.house) == before


def test_linking_to_another_request_calms_the_first(
    desk: Browser, town: Town, clock: FakeClock
) -> None:
    town.slot()
    first = town.request(patient={"phone": PATIENT})
    keep_promises(town.house)
    town.slot(hours=4)
    second = town.request(patient={"last_name": "Perrin", "phone": "0639980077"})
    write(town, clock, "RAPPEL")
    assert town.the_request(first).attention == "call_back"
    (message,) = [each for each in messages(town.house) if each.direction == "in"]

    page = looked_for(desk, message.id, "perrin")
    desk.submit(form_to(page, "/rattacher"))

    assert town.the_request(first).attention is None
    assert town.the_request(second).attention == "call_back"
