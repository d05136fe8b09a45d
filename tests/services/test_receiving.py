"""An SMS came in: it is done once if it is certain, and shown to a person if it is not."""

from uuid import UUID

import pytest
from sqlalchemy import select

from dispatcher.services.house import House
from dispatcher.services.inbox import handle_messages
from dispatcher.services.receiving import receive_message
from dispatcher.storage.messages import Message, OptOut
from tests.builders import Town, mobile
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.invariants import check
from tests.services.tables import events, kinds, messages, row_counts
from tests.threads import at_once

PATIENT = "+33639980042"
STRANGER = "+33639980777"


@pytest.fixture
def request_id(house: House, town: Town) -> UUID:
    """A booked request; the patient has the SMS."""
    town.slot()
    asked = town.request(patient={"phone": mobile(42)})
    keep_promises(house)
    return asked


@pytest.fixture
def two(house: House, town: Town) -> list[UUID]:
    """Two live appointments of one telephone: a mother and her child, at two hours."""
    town.slot(hours=2)
    town.slot(hours=4)
    asked = [town.request(patient={"phone": mobile(42)}) for _ in range(2)]
    keep_promises(house)
    return asked


def receive(house: House, body: str, sid: str = "SM1", phone: str = PATIENT) -> bool:
    known = receive_message(house, phone, body, sid)
    check(house.db.engine, house.clock())
    return known


def status(town: Town, request_id: UUID) -> str | None:
    appointment = town.the_appointment(request_id)
    return appointment.status if appointment else None


def answers(house: House, sms: FakeSms, phone: str = PATIENT) -> list[str]:
    """What the number was sent after its confirmations."""
    keep_promises(house)
    return [body for body in sms.bodies_to(phone) if "/r/" not in body]


@pytest.mark.parametrize("body", ["ANNULER", "annuler svp", "Bonjour, j’annule. Désolé"])
def test_annuler_frees_the_place_tells_the_practitioner_and_stands_before_the_regulator(
    house: House, town: Town, sms: FakeSms, request_id: UUID, body: str
) -> None:
    assert receive(house, body)

    request = town.the_request(request_id)
    assert (request.status, request.attention) == ("open", "patient_cancelled")
    (received,) = messages(house, "cancel")
    assert (received.request_id, received.direction) == (request_id, "in")
    assert received.handled_at == house.clock()
    assert len(messages(house, "cancelled_by_patient")) == 1
    (answer,) = answers(house, sms)
    assert "est annulé" in answer
    assert "15" in answer
    assert kinds(house, request_id).count("message_received") == 1


@pytest.mark.parametrize("body", ["OUI", "oui merci", "Ok"])
def test_oui_confirms_the_only_appointment(
    house: House, town: Town, sms: FakeSms, request_id: UUID, body: str
) -> None:
    assert receive(house, body)

    assert status(town, request_id) == "confirmed"
    (answer,) = answers(house, sms)
    assert "est confirmé" in answer


def test_oui_twice_confirms_once_and_is_answered_once(
    house: House, town: Town, sms: FakeSms, request_id: UUID
) -> None:
    receive(house, "OUI", "SM1")
    receive(house, "OUI", "SM2")

    assert kinds(house, request_id).count("appointment_confirmed") == 1
    assert len(answers(house, sms)) == 1


def test_with_a_code_the_appointment_of_that_code_is_meant(
    house: House, town: Town, two: list[UUID]
) -> None:
    first, second = two
    receive(house, f"ANNULER {town.the_request(second).code}", "SM1")
    receive(house, f"oui n° {town.the_request(first).code}", "SM2")

    assert (status(town, first), status(town, second)) == ("confirmed", None)


@pytest.mark.parametrize(("body", "word"), [("OUI", "OUI"), ("j’annule", "ANNULER")])
def test_without_a_code_several_appointments_are_asked_about(
    house: House, town: Town, sms: FakeSms, two: list[UUID], body: str, word: str
) -> None:
    receive(house, body)

    assert [status(town, each) for each in two] == ["booked", "booked"]
    (answer,) = answers(house, sms)
    codes = [town.the_request(each).code for each in two]
    assert all(code in answer for code in codes)
    assert "11 h" in answer  # 09:00 and two hours
    assert "13 h" in answer
    assert answer.rstrip().rpartition(":")[2].strip() in {f"{word} {code}" for code in codes}


def test_a_code_that_is_nobodys_goes_to_the_regulator(
    house: House, town: Town, request_id: UUID
) -> None:
    code = town.the_request(request_id).code
    wrong = "9999" if code != "9999" else "9998"

    receive(house, f"ANNULER {wrong}")

    assert status(town, request_id) == "booked"
    (received,) = messages(house, "cancel")
    assert received.handled_at is None
    assert town.the_request(request_id).attention == "message"


@pytest.mark.parametrize("body", ["NON", "je ne sais pas", "", "👍", "10", "OUI mais non"])
def test_what_is_not_certain_changes_nothing_and_goes_to_the_regulator(
    house: House, town: Town, sms: FakeSms, request_id: UUID, body: str
) -> None:
    """NON answers no question of ours, and is never a STOP."""
    receive(house, body)

    assert status(town, request_id) == "booked"
    assert town.the_request(request_id).attention == "message"
    (received,) = [message for message in messages(house) if message.direction == "in"]
    assert (received.handled_at, received.request_id) == (None, request_id)
    opened = house.db.cipher.open("messages.body", received.id, received.body)
    assert opened == body  # kept as it was written
    (answer,) = answers(house, sms)
    assert "pas compris" in answer
    with house.db.reading() as session:
        assert session.scalars(select(OptOut)).all() == []


@pytest.mark.parametrize("body", ["RAPPEL", "Rappelez-moi svp", "please call me", "اتصل بي"])
def test_who_asks_to_be_telephoned_is_told_so_and_stands_on_the_board(
    house: House, town: Town, sms: FakeSms, request_id: UUID, body: str
) -> None:
    receive(house, body)

    assert status(town, request_id) == "booked"
    assert town.the_request(request_id).attention == "call_back"
    (received,) = messages(house, "call_back")
    assert (received.handled_at, received.request_id) == (None, request_id)
    (answer,) = answers(house, sms)
    assert "nous vous rappelons" in answer

    assert handle_messages(house, town.regulator, received.id) == 1
    assert town.the_request(request_id).attention is None


def test_asking_to_be_called_comes_before_a_message_that_is_to_be_read(
    house: House, town: Town, request_id: UUID
) -> None:
    receive(house, "je ne sais pas", "SM1")
    receive(house, "rappel", "SM2")
    assert town.the_request(request_id).attention == "call_back"

    receive(house, "alors ?", "SM3")
    assert town.the_request(request_id).attention == "call_back"


def test_asking_to_be_called_takes_nothing_more_urgent_away(
    house: House, town: Town, request_id: UUID
) -> None:
    receive(house, "ANNULER", "SM1")
    receive(house, "RAPPEL", "SM2")

    assert town.the_request(request_id).attention == "patient_cancelled"
    assert len(messages(house, "call_back_noted")) == 1


def test_a_machine_that_answers_ours_is_not_answered_for_ever(
    house: House, town: Town, clock: FakeClock, request_id: UUID
) -> None:
    for number in range(5):
        receive(house, "Je suis absent jusqu’à lundi.", f"SM{number}")
    assert len(messages(house, "not_understood")) == 1

    clock.advance(hours=1, minutes=1)
    receive(house, "Je suis absent jusqu’à lundi.", "SM9")
    assert len(messages(house, "not_understood")) == 2


def test_the_inbox_is_empty_again_once_a_regulator_has_dealt_with_it(
    house: House, town: Town, request_id: UUID
) -> None:
    receive(house, "je ne sais pas", "SM1")
    (received,) = [message for message in messages(house) if message.direction == "in"]

    assert handle_messages(house, town.regulator, received.id) == 1

    assert town.the_request(request_id).attention is None
    assert handle_messages(house, town.regulator, received.id) == 0


def test_an_answer_after_the_appointment_is_nobodys_to_carry_out(
    house: House, town: Town, clock: FakeClock, request_id: UUID
) -> None:
    clock.advance(hours=2, minutes=20)

    receive(house, "ANNULER")

    assert status(town, request_id) == "booked"
    assert town.the_request(request_id).attention == "message"


# Replays


@pytest.mark.parametrize("body", ["ANNULER", "OUI", "STOP", "START", "AIDE", "n’importe quoi"])
def test_the_same_sms_delivered_again_does_nothing(
    house: House, town: Town, request_id: UUID, body: str
) -> None:
    receive(house, body)
    before = row_counts(house)

    for _ in range(3):
        assert receive(house, body)

    assert row_counts(house) == before


def test_the_same_sms_delivered_by_eight_threads_at_once_is_carried_out_once(
    house: House, town: Town, request_id: UUID
) -> None:
    assert all(at_once([lambda: receive_message(house, PATIENT, "ANNULER", "SM1")] * 8))

    assert kinds(house, request_id).count("appointment_cancelled") == 1
    assert len(messages(house, "cancel")) == 1
    check(house.db.engine, house.clock())


def test_another_sms_with_the_same_words_is_another_sms(
    house: House, town: Town, request_id: UUID
) -> None:
    """The companion: what makes a replay is the provider's number alone."""
    receive(house, "bonjour", "SM1")
    receive(house, "bonjour", "SM2")

    assert len([message for message in messages(house) if message.direction == "in"]) == 2


# STOP


def stopped(house: House) -> list[OptOut]:
    with house.db.reading() as session:
        return list(session.scalars(select(OptOut)))


def test_stop_is_kept_acknowledged_once_and_honoured(
    house: House, town: Town, sms: FakeSms, request_id: UUID
) -> None:
    receive(house, "STOP", "SM1")
    receive(house, "stop", "SM2")
    assert len(stopped(house)) == 1
    assert kinds(house).count("phone_opted_out") == 1
    assert all("ne recevrez plus" in body for body in answers(house, sms))

    town.slot()
    again = town.request(patient={"phone": mobile(42), "last_name": "Autre"})
    keep_promises(house)

    request = town.the_request(again)
    assert (request.status, request.attention) == ("booked", None)
    assert town.to_call(request.id) == ["patient"]
    refused = [
        message for message in messages(house, "confirmation") if message.status == "refused"
    ]
    assert [(message.request_id, message.error_code) for message in refused] == [
        (again, "opted_out")
    ]
    assert len([body for body in sms.bodies_to(PATIENT) if "/r/" in body]) == 1
    assert status(town, request_id) == "booked"  # STOP cancels nothing


def test_two_first_stops_at_once_are_both_taken_and_one_is_noted(
    house: House, town: Town, request_id: UUID
) -> None:
    calls = [lambda sid=sid: receive(house, "STOP", sid) for sid in ("SM1", "SM2", "SM3", "SM4")]

    assert all(at_once(calls))

    assert len(stopped(house)) == 1
    assert kinds(house).count("phone_opted_out") == 1


def test_start_takes_stop_back(house: House, town: Town, sms: FakeSms, request_id: UUID) -> None:
    receive(house, "STOP", "SM1")
    receive(house, "START", "SM2")

    assert stopped(house) == []
    assert kinds(house).count("phone_opted_in") == 1
    town.slot()
    town.request(patient={"phone": mobile(42), "last_name": "Autre"})
    keep_promises(house)
    assert len([body for body in sms.bodies_to(PATIENT) if "/r/" in body]) == 2


def test_stop_counts_for_every_territory_that_writes_from_this_number(
    house: House, town: Town, clock: FakeClock, request_id: UUID
) -> None:
    neighbours = Town.found(house, clock, "ain", department="01")
    neighbours.slot()
    neighbours.request(patient={"phone": mobile(42)})
    keep_promises(house)

    receive(house, "STOP")

    assert {opt_out.territory_id for opt_out in stopped(house)} == {
        town.territory_id,
        neighbours.territory_id,
    }


def test_help_says_what_can_be_answered(
    house: House, town: Town, sms: FakeSms, request_id: UUID
) -> None:
    receive(house, "AIDE")

    (answer,) = answers(house, sms)
    assert all(word in answer for word in ("OUI", "ANNULER", "STOP", "15"))
    assert status(town, request_id) == "booked"


# Who


def test_a_number_that_nobody_knows_changes_nothing_and_gets_no_answer(
    house: House, town: Town, sms: FakeSms, request_id: UUID
) -> None:
    before = row_counts(house)

    for body in ("ANNULER", "OUI", "STOP", "START", "bonjour"):
        assert not receive(house, body, phone=STRANGER)

    assert row_counts(house) == before
    assert answers(house, sms, STRANGER) == []


def test_a_practitioner_who_answers_cancels_nobodys_appointment(
    house: House, town: Town, sms: FakeSms
) -> None:
    volunteer = town.volunteer(phone=mobile(5001))
    town.slot(volunteer)
    request_id = town.request()
    keep_promises(house)

    assert receive(house, "ANNULER", phone="+33639985001")

    assert status(town, request_id) == "booked"
    with house.db.reading() as session:
        received = session.scalars(select(Message).where(Message.direction == "in")).one()
    assert (received.handled_at, received.request_id) == (None, None)


def test_what_was_written_is_sealed_and_not_in_the_log(
    house: House, town: Town, request_id: UUID
) -> None:
    receive(house, "Ma jambe gauche est toute bleue")

    (received,) = messages(house, "unknown")
    assert "jambe" not in received.body
    assert "jambe" not in str(events(house))
    assert received.phone_hash == house.db.cipher.hash(PATIENT)
