"""Who may call our webhooks: Twilio's signature."""

from werkzeug.datastructures import MultiDict

from dispatcher.gateways.twilio_ear import signature_is_valid
from tests.fakes.twilio_webhooks import signature

TOKEN = "emulated-token"
URL = "https://snp.example.org/twilio/status?m=0d9f2a54-7a0e-4a3e-9b5e-2f0a4c1b7d11"
FORM = {"MessageSid": "SM1", "MessageStatus": "delivered", "Body": "à 17 h 30, œuf"}


def test_what_twilio_signed_is_let_in() -> None:
    assert signature_is_valid(TOKEN, URL, FORM, signature(TOKEN, URL, FORM))


def test_a_signature_worked_out_by_hand_is_let_in() -> None:
    # The text https://snp.example.org/twilio/inboundBodyOUIFrom+33639980012 (address, then names
    # and values in the order of the names), through openssl's sha1 hmac with the token, in base64.
    by_hand = "zRclfhtLG7XtSDNmwQK4xfWeb84="

    assert signature_is_valid(
        TOKEN,
        "https://snp.example.org/twilio/inbound",
        {"From": "+33639980012", "Body": "OUI"},
        by_hand,
    )


def test_a_form_as_flask_reads_it_is_let_in() -> None:
    assert signature_is_valid(TOKEN, URL, MultiDict(FORM), signature(TOKEN, URL, FORM))


def test_a_changed_value_is_kept_out() -> None:
    signed = signature(TOKEN, URL, FORM)

    assert not signature_is_valid(TOKEN, URL, FORM | {"MessageStatus": "failed"}, signed)


def test_a_receipt_turned_to_another_message_is_kept_out() -> None:
    signed = signature(TOKEN, URL, FORM)
    other = URL.replace("0d9f2a54", "1d9f2a54")

    assert not signature_is_valid(TOKEN, other, FORM, signed)


def test_another_token_is_kept_out() -> None:
    assert not signature_is_valid(TOKEN, URL, FORM, signature("another", URL, FORM))


def test_no_signature_is_kept_out() -> None:
    assert not signature_is_valid(TOKEN, URL, FORM, None)
    assert not signature_is_valid(TOKEN, URL, FORM, "")


def test_a_signature_is_read_whether_twilio_wrote_the_port_or_not() -> None:
    with_port = URL.replace("example.org/", "example.org:443/")

    assert signature_is_valid(TOKEN, URL, FORM, signature(TOKEN, with_port, FORM))


def test_bytes_that_are_no_text_are_kept_out_without_a_fuss() -> None:
    assert not signature_is_valid(TOKEN, URL, {"Body": "\ud800"}, "anything")
    assert not signature_is_valid(TOKEN, "https://snp.example.org:port/", FORM, "anything")
