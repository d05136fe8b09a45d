"""Whatever the provider posts with its true signature, and whatever forms claim to be."""

import itertools
from collections.abc import Mapping
from urllib.parse import quote
from uuid import uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatcher.services.house import House
from dispatcher.storage.messages import Message
from tests.builders import Town
from tests.fakes.twilio_webhooks import signature
from tests.houses import keep_promises
from tests.invariants import check
from tests.services.tables import messages

# Both engines see this: what an engine refuses (NUL, lone surrogates) is part of it.
SOME = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
PATIENT = "+33639980012"
AWKWARD = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "OUI", "NON", "STOP", "ANNULER", "oui 0000", "OUI à 25h61", "NON " + "x" * 1700,
            "\0", "\r\n\r\n", "'; DROP TABLE messages; --", "{{7*7}}", "<Response/>", "\u202e",
            "\U0001d40e\U0001d414\U0001d408", "+33639980012", "+" * 40,
            "sent", "delivered", "failed", "undelivered", "30003",
            "99999999999999999999", "-1", "1e309",
        ]
    ),
)  # fmt: skip
FIELDS = (
    "MessageSid", "SmsSid", "From", "To", "Body", "MessageStatus", "SmsStatus", "ErrorCode",
    "AccountSid", "NumMedia", "MessagingServiceSid", "Été",
)  # fmt: skip
FORMS = st.dictionaries(st.sampled_from(FIELDS), AWKWARD, max_size=8)
_sids = itertools.count(1)


@pytest.fixture
def known(house: House, town: Town) -> Message:
    """A message of ours that the provider has, to a patient with an appointment."""
    town.slot(hours=3)
    town.request(patient={"phone": "0639980012"})
    keep_promises(house)
    (sent,) = messages(house, "confirmation")
    return sent


def post(app: Flask, house: House, path: str, form: Mapping[str, str]) -> int:
    """With the signature that Twilio itself would have made."""
    assert house.settings.twilio is not None
    signed = signature(
        house.settings.twilio.auth_token, house.settings.public_base_url + path, form
    )
    answer = app.test_client().post(path, data=form, headers={"X-Twilio-Signature": signed})
    return answer.status_code


@SOME
@given(form=FORMS, about=st.sampled_from(["known", "unknown", "none", "x", "é", "%00"]))
def test_any_receipt_is_taken_or_refused_and_nothing_breaks(
    app: Flask, house: House, known: Message, form: dict[str, str], about: str
) -> None:
    ids = {"known": str(known.id), "unknown": str(uuid4()), "none": ""}
    path = f"/twilio/status?m={quote(ids.get(about, about))}"
    assert post(app, house, path, form) in {204, 400}
    check(house.db.engine, house.clock())


@SOME
@given(form=FORMS, is_patient=st.booleans())
def test_any_sms_received_is_understood_or_kept_and_nothing_breaks(
    app: Flask, house: House, known: Message, form: dict[str, str], *, is_patient: bool
) -> None:
    del known
    if is_patient:
        form = {"MessageSid": f"SM{next(_sids):032d}", "Body": "", **form, "From": PATIENT}
    assert post(app, house, "/twilio/inbound", form) in {200, 400}
    check(house.db.engine, house.clock())


@SOME
@given(form=FORMS)
def test_no_form_passes_without_its_signature(
    app: Flask, known: Message, form: dict[str, str]
) -> None:
    client = app.test_client()
    for path in (f"/twilio/status?m={known.id}", "/twilio/inbound"):
        for headers in ({}, {"X-Twilio-Signature": "AAAA"}):
            assert client.post(path, data=form, headers=headers).status_code == 403
