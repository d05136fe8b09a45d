"""In which language a patient is written to, and that their messages and answers are in it."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from dispatcher.domain.errors import InvalidError
from dispatcher.services.commands import OpenRequest
from dispatcher.services.house import House
from dispatcher.services.parsing import parse
from dispatcher.services.receiving import receive_message
from dispatcher.storage.messages import Message
from dispatcher.storage.patients import Patient
from tests.builders import Town, mobile
from tests.houses import keep_promises
from tests.services.tables import messages, row_counts, text_of

PHONE = "+33639980042"


def ask(
    town: Town, patient: dict[str, Any] | None = None, need: dict[str, Any] | None = None
) -> UUID:
    """A request of the same person as before."""
    who = {"phone": mobile(42), "last_name": "Essai"}
    return town.request(patient=who | (patient or {}), need=need or {}, confirm_duplicate=True)


def language(house: House) -> str:
    """That of the only patient there is."""
    with house.db.reading() as session:
        return session.scalars(select(Patient.language)).one()


def last(house: House, kind: str) -> tuple[Message, str]:
    found = [
        message
        for message in messages(house)
        if message.kind == kind and message.direction == "out"
    ]
    return found[-1], text_of(house, found[-1])


@pytest.mark.parametrize(
    ("patient", "need", "spoken"),
    [
        ({}, {}, "fr"),
        ({"language": "uk"}, {}, "uk"),
        ({}, {"language": "ar"}, "ar"),
        ({}, {"language": "wo"}, "fr"),  # received in Wolof, written to in French
        ({"language": "fr"}, {"language": "ar"}, "fr"),
        ({"language": "tr"}, {"language": "ar"}, "tr"),
    ],
)
def test_the_language_of_the_sms_follows_that_of_the_reception_unless_told(
    house: House, town: Town, patient: dict[str, Any], need: dict[str, Any], spoken: str
) -> None:
    ask(town, patient, need)

    assert language(house) == spoken


@pytest.mark.parametrize(
    ("patient", "need", "spoken"),
    [
        ({}, {}, "uk"),
        ({}, {"language": "wo"}, "uk"),
        ({}, {"language": "ar"}, "ar"),
        ({"language": "fr"}, {}, "fr"),
    ],
)
def test_what_is_known_of_a_person_holds_until_something_else_is_said(
    house: House, town: Town, patient: dict[str, Any], need: dict[str, Any], spoken: str
) -> None:
    ask(town, {"language": "uk"})
    ask(town, patient, need)

    assert language(house) == spoken


def test_a_language_without_texts_is_refused_by_its_name(house: House, town: Town) -> None:
    typed = town.asking().model_dump(mode="python")
    typed["patient"]["language"] = "wo"
    with pytest.raises(InvalidError) as refused:
        parse(OpenRequest, typed)

    assert refused.value.fields == {"patient.language": "Choisissez une valeur de la liste."}
    assert row_counts(house)["patients"] == 0


def test_a_patient_is_told_in_their_language_and_the_practitioner_in_french(
    house: House, town: Town
) -> None:
    volunteer = town.volunteer()
    town.slot(volunteer, hours=5.5)
    ask(town, {"language": "uk"})
    keep_promises(house)

    to_patient, said = last(house, "confirmation")
    assert "ваш запис – " in said
    assert to_patient.encoding == "UCS-2"
    assert "nouveau rendez-vous" in last(house, "practitioner_notice")[1]


def test_a_visit_at_home_is_said_in_the_language(house: House, town: Town) -> None:
    town.slot(town.volunteer(), hours=5.5, modality="HH")
    ask(town, {"language": "tr"}, {"modalities": ["HH"]})
    keep_promises(house)

    assert ", evinizde. Tel." in last(house, "confirmation")[1]


@pytest.mark.parametrize(
    ("spoken", "yes", "thanks"),
    [
        ("en", "yes", "is confirmed"),
        ("pt", "Sim!", "esta confirmada"),
        ("tr", "evet", "onaylandi"),
        ("uk", "так", "підтверджено"),
        ("ar", "نعم", "تم تأكيد"),
    ],
)
def test_the_answer_to_an_answer_is_in_the_language(
    house: House, town: Town, spoken: str, yes: str, thanks: str
) -> None:
    town.slot(town.volunteer(), hours=5.5)
    ask(town, {"language": spoken})
    keep_promises(house)
    receive_message(house, PHONE, yes, "SM1")

    assert thanks in last(house, "confirm_acknowledged")[1]


def test_which_appointment_is_asked_in_the_language(house: House, town: Town) -> None:
    for hours in (5.5, 7):
        town.slot(town.volunteer(), hours=hours)
    codes = [town.the_request(ask(town, {"language": "pt"})).code for _ in range(2)]
    keep_promises(house)
    receive_message(house, PHONE, "ANULAR", "SM1")

    said = last(house, "which_appointment")[1]
    assert "de que marcacao se trata?" in said
    assert "Responda ANULAR seguido" in said
    assert all(code in said for code in codes)


def test_a_number_shared_by_several_is_answered_in_the_language_of_the_last(
    house: House, town: Town
) -> None:
    ask(town, {"last_name": "Premier", "language": "ar"})
    town.clock.advance(minutes=1)
    ask(town, {"last_name": "Second", "language": "en"})
    town.slot(town.volunteer(), hours=5.5)
    keep_promises(house)
    receive_message(house, PHONE, "HELP", "SM1")

    assert "reply YES to confirm" in last(house, "help")[1]
