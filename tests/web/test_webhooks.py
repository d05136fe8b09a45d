"""Twilio's webhooks: signed calls are understood once, everything else changes nothing."""

import itertools
from collections.abc import Mapping
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.messages import Message
from tests.builders import Town
from tests.fakes.sms import FakeSms
from tests.fakes.twilio_webhooks import signature
from tests.houses import keep_promises

STRANGER = "+33639989999"
_numbers = itertools.count(1)


def call(
    app: Flask, town: Town, path: str, form: Mapping[str, str], *, token: str | None = None
) -> TestResponse:
    settings = town.house.settings
    assert settings.twilio is not None
    url = settings.public_base_url + path
    signed = signature(token or settings.twilio.auth_token, url, form)
    return app.test_client().post(path, data=form, headers={"X-Twilio-Signature": signed})


def sms(sender: str, body: str) -> dict[str, str]:
    return {"MessageSid": f"SM{next(_numbers):032d}", "From": sender, "Body": body}


def rows(town: Town) -> tuple[int, int]:
    """Messages and events."""
    with town.house.db.reading() as session:
        return (
            session.scalar(select(func.count()).select_from(Message)) or 0,
            session.scalar(select(func.count()).select_from(LoggedEvent)) or 0,
        )


@pytest.fixture
def booked(town: Town) -> UUID:
    town.slot(hours=3)
    request_id = town.request(patient={"phone": "0639980012"})
    keep_promises(town.house)
    return request_id


def test_a_signed_sms_is_understood_and_the_reply_is_empty(
    app: Flask, town: Town, booked: UUID
) -> None:
    answer = call(app, town, "/twilio/inbound", sms("+33639980012", "ANNULER"))

    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    assert "<Message>" not in answer.text
    assert town.the_request(booked).status == "open"


def test_a_forged_signature_is_refused_in_french_and_changes_nothing(
    app: Flask, town: Town, booked: UUID
) -> None:
    before = rows(town)

    answer = call(app, town, "/twilio/inbound", sms("+33639980012", "ANNULER"), token="f" * 32)

    assert (answer.status_code, answer.text) == (403, "Signature refusée.\n")
    assert rows(town) == before
    assert town.the_request(booked).status == "booked"


@pytest.mark.parametrize("path", ["/twilio/inbound", "/twilio/status"])
@pytest.mark.parametrize("headers", [{}, {"X-Twilio-Signature": ""}, {"X-Twilio-Signature": "é"}])
def test_a_missing_signature_is_refused_and_logged_without_the_body(
    app: Flask, town: Town, path: str, headers: dict[str, str]
) -> None:
    before = rows(town)
    form = sms("+33639980012", "ma jambe est bleue") | {"MessageStatus": "sent"}

    with capture_logs() as logs:
        answer = app.test_client().post(path, data=form, headers=headers)

    assert answer.status_code == 403
    assert rows(town) == before
    assert [entry["event"] for entry in logs].count("signature_refused") == 1
    assert "jambe" not in str(logs)
    assert "33639980012" not in str(logs)


def test_an_sms_delivered_again_by_the_provider_is_answered_and_done_once(
    app: Flask, town: Town, booked: UUID
) -> None:
    form = sms("+33639980012", "OUI")
    assert call(app, town, "/twilio/inbound", form).status_code == 200
    before = rows(town)

    again = call(app, town, "/twilio/inbound", form)
    changed = call(app, town, "/twilio/inbound", form | {"Body": "ANNULER"})

    assert (again.status_code, changed.status_code) == (200, 200)
    assert rows(town) == before
    assert town.the_request(booked).status == "booked"


@pytest.mark.parametrize("field", ["To", "MessagingServiceSid"])
def test_the_sender_that_was_written_to_says_which_territory_is_meant(
    app: Flask, town: Town, booked: UUID, field: str
) -> None:
    neighbours = Town.found(town.house, town.clock, "ain", department="01")
    neighbours.slot(hours=3)
    theirs = neighbours.request(patient={"phone": "06 39 98 00 12"})
    keep_promises(town.house)
    assert isinstance(town.house.sms, FakeSms)
    town.house.sms.senders = {"ain": "OURS-IN-AIN"}

    form = sms("+33639980012", "ANNULER") | {field: "OURS-IN-AIN"}
    assert call(app, town, "/twilio/inbound", form).status_code == 200

    assert town.the_request(booked).status == "booked"
    assert neighbours.the_request(theirs).status == "open"


@pytest.mark.parametrize("sender", ["INFO", "38200", "+33ABC", "+0639980012", "+33 6 39", "+" * 16])
def test_a_sender_that_is_no_telephone_gets_no_answer_and_changes_nothing(
    app: Flask, town: Town, sender: str
) -> None:
    before = rows(town)

    answer = call(app, town, "/twilio/inbound", sms(sender, "Bonjour"))

    assert (answer.status_code, "<Message>" in answer.text) == (200, False)
    assert rows(town) == before


@pytest.mark.parametrize("form", [{"Body": ""}, {"NumMedia": "1"}])
def test_an_sms_without_text_is_kept_for_a_person(
    app: Flask, town: Town, booked: UUID, form: dict[str, str]
) -> None:
    received = sms("+33639980012", "") | form
    if "Body" not in form:
        received.pop("Body")

    assert call(app, town, "/twilio/inbound", received).status_code == 200

    assert town.the_request(booked).attention == "message"
    with town.house.db.reading() as session:
        message = session.scalars(select(Message).where(Message.direction == "in")).one()
    assert message.handled_at is None


@pytest.mark.parametrize("query", ["", "?m=rien", f"?m={UUID(int=1)}"])
@pytest.mark.parametrize("status", ["delivered", "failed", "jamais vu"])
def test_a_receipt_of_a_message_that_is_not_ours_is_taken_and_changes_nothing(
    app: Flask, town: Town, booked: UUID, query: str, status: str
) -> None:
    before = rows(town)
    form = {"MessageSid": "SM" + "e" * 32, "MessageStatus": status}

    assert call(app, town, f"/twilio/status{query}", form).status_code == 204

    assert rows(town) == before


def test_a_form_that_was_changed_on_the_way_is_refused(app: Flask, town: Town) -> None:
    settings = town.house.settings
    assert settings.twilio is not None
    form = sms("+33639980012", "OUI")
    signed = signature(
        settings.twilio.auth_token, f"{settings.public_base_url}/twilio/inbound", form
    )

    changed = app.test_client().post(
        "/twilio/inbound",
        data=form | {"Body": "ANNULER"},
        headers={"X-Twilio-Signature": signed},
    )

    assert changed.status_code == 403


def test_a_stranger_is_told_where_to_turn_and_nothing_is_written(app: Flask, town: Town) -> None:
    before = rows(town)

    answer = call(app, town, "/twilio/inbound", sms(STRANGER, "bonjour, je suis malade"))

    assert answer.status_code == 200
    assert "lié à aucune demande de soins" in answer.text
    assert "appelez le 15" in answer.text
    assert rows(town) == before


def test_a_machine_that_answers_our_answers_is_left_alone(app: Flask, town: Town) -> None:
    replies = [
        "<Message>" in call(app, town, "/twilio/inbound", sms(STRANGER, "auto")).text
        for _ in range(4)
    ]

    assert replies == [True, True, False, False]
    other = call(app, town, "/twilio/inbound", sms("+33639989998", "allo"))
    assert "<Message>" in other.text  # the companion: another number still has its answers


@pytest.mark.parametrize("word", ["STOP", "start"])
def test_a_stranger_s_stop_is_the_provider_s_to_answer(app: Flask, town: Town, word: str) -> None:
    assert "<Message>" not in call(app, town, "/twilio/inbound", sms(STRANGER, word)).text


def test_a_receipt_moves_its_message_and_an_unknown_one_is_taken_quietly(
    app: Flask, town: Town, booked: UUID
) -> None:
    with town.house.db.reading() as session:
        message = session.scalars(select(Message).where(Message.request_id == booked)).first()
    assert message is not None
    form = {"MessageSid": message.provider_sid or "SM" + "1" * 32, "MessageStatus": "delivered"}

    known = call(app, town, f"/twilio/status?m={message.id}", form)
    unknown = call(app, town, "/twilio/status", {"MessageSid": "SMx", "MessageStatus": "sent"})

    assert (known.status_code, unknown.status_code) == (204, 204)
    with town.house.db.reading() as session:
        assert session.get_one(Message, message.id).status == "delivered"


@pytest.mark.parametrize("path", ["/twilio/inbound", "/twilio/status"])
def test_a_call_without_its_fields_or_too_large_is_refused(
    app: Flask, town: Town, path: str
) -> None:
    assert call(app, town, path, {"Body": "OUI"}).status_code == 400
    too_large = {"MessageSid": "SM1", "From": STRANGER, "Body": "x" * 100_000}
    before = rows(town)
    with capture_logs() as logs:
        assert call(app, town, path, too_large).status_code == 413
    assert rows(town) == before
    assert "xxx" not in str(logs)
