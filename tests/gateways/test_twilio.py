"""Sending: our real Twilio client, over HTTP, against the emulator."""

import socket
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from uuid import UUID

import pytest

from dispatcher.domain.messages import ErrorClass, MessageStatus
from dispatcher.gateways.sms import OutgoingSms, SmsGateway, SmsRefused, SmsRetry, SmsUncertain
from dispatcher.gateways.twilio import TwilioSms
from tests.fakes import twilio_emulator as emulated
from tests.fakes.twilio_emulator import Fault, TwilioEmulator
from tests.gateways.clients import (
    PATIENT,
    TEXT,
    a_server_of_doubtful_identity,
    an_sms,
    client_of,
)


def test_it_is_a_gateway(gateway: TwilioSms) -> None:
    as_protocol: SmsGateway = gateway

    assert as_protocol is gateway


class TestSending:
    def test_a_message_arrives_as_it_was_written(
        self, twilio: TwilioEmulator, gateway: TwilioSms
    ) -> None:
        message = an_sms()

        accepted = gateway.send(message)

        [arrived] = twilio.accepted
        assert arrived.sid == accepted.sid
        assert arrived.to == PATIENT
        assert arrived.body == TEXT
        assert arrived.messaging_service_sid == emulated.MESSAGING_SERVICE_SID
        assert arrived.from_ is None
        assert accepted.status is MessageStatus.SENT

    def test_our_id_travels_in_the_address_of_the_receipts(
        self, twilio: TwilioEmulator, gateway: TwilioSms
    ) -> None:
        message = OutgoingSms(
            UUID("0d9f2a54-7a0e-4a3e-9b5e-2f0a4c1b7d11"), PATIENT, TEXT, "demo-jura"
        )

        gateway.send(message)

        assert twilio.accepted[0].status_callback == (
            "https://snp.example.org/twilio/status?m=0d9f2a54-7a0e-4a3e-9b5e-2f0a4c1b7d11"
        )

    def test_one_number_can_stand_in_for_a_messaging_service(self, twilio: TwilioEmulator) -> None:
        gateway = TwilioSms(
            account_sid=emulated.ACCOUNT_SID,
            auth_token=emulated.AUTH_TOKEN,
            sender="+33639989999",
            public_base_url="https://snp.example.org",
            api_base_url=twilio.base_url,
        )

        gateway.send(an_sms())

        [arrived] = twilio.accepted
        assert (arrived.from_, arrived.messaging_service_sid) == ("+33639989999", None)

    @pytest.mark.parametrize(
        ("validity", "asked"), [(None, None), (3600, 3600), (1, 10), (72 * 3600, 36_000)]
    )
    def test_the_validity_is_brought_within_what_twilio_takes(
        self, twilio: TwilioEmulator, gateway: TwilioSms, validity: int | None, asked: int | None
    ) -> None:
        gateway.send(an_sms(validity=validity))

        assert twilio.accepted[0].validity_period == asked

    def test_a_validity_that_has_passed_is_no_message(self) -> None:
        with pytest.raises(ValueError, match="validity"):
            an_sms(validity=0)

    def test_one_connection_carries_many_messages(
        self, twilio: TwilioEmulator, gateway: TwilioSms
    ) -> None:
        for _ in range(5):
            gateway.send(an_sms())

        assert len(twilio.accepted) == 5
        assert twilio.connections == 1

    def test_threads_share_a_gateway_and_get_their_own_answers(
        self, twilio: TwilioEmulator, gateway: TwilioSms
    ) -> None:
        twilio.latency = 0.01
        answers: dict[UUID, str] = {}

        def send_ten() -> None:
            for _ in range(10):
                message = an_sms()
                answers[message.message_id] = gateway.send(message).sid

        threads = [threading.Thread(target=send_ten) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        truth = {UUID(str(taken.message_id)): taken.sid for taken in twilio.accepted}
        assert len(truth) == 40
        assert answers == truth


class TestRefusals:
    @pytest.mark.parametrize(
        ("to", "code", "error_class"),
        [
            ("+33353010012", 21614, ErrorClass.LANDLINE),
            ("+3312", 21211, ErrorClass.PERMANENT),
            ("nobody", 21211, ErrorClass.PERMANENT),
        ],
    )
    def test_a_number_that_takes_no_sms_is_refused_for_good(
        self,
        twilio: TwilioEmulator,
        gateway: TwilioSms,
        to: str,
        code: int,
        error_class: ErrorClass,
    ) -> None:
        with pytest.raises(SmsRefused) as refusal:
            gateway.send(an_sms(to=to))

        assert (refusal.value.code, refusal.value.error_class) == (code, error_class)
        assert twilio.accepted == []

    def test_a_number_that_said_stop_is_refused_as_such(
        self, twilio: TwilioEmulator, gateway: TwilioSms
    ) -> None:
        twilio.store.opted_out.add(PATIENT)

        with pytest.raises(SmsRefused) as refusal:
            gateway.send(an_sms())

        assert (refusal.value.code, refusal.value.error_class) == (21610, ErrorClass.OPTED_OUT)

    def test_wrong_credentials_are_our_fault_and_not_the_message_s(
        self, twilio: TwilioEmulator
    ) -> None:
        with pytest.raises(SmsRefused) as refusal:
            client_of(twilio.base_url, auth_token="wrong").send(an_sms())

        assert (refusal.value.code, refusal.value.error_class) == (20003, ErrorClass.AUTH)

    @pytest.mark.parametrize(
        ("status", "code", "error_class"),
        [
            (400, 21999, ErrorClass.PERMANENT),
            (400, None, ErrorClass.PERMANENT),
            (404, None, ErrorClass.AUTH),
            (403, None, ErrorClass.AUTH),
        ],
    )
    def test_a_code_that_is_new_to_us_is_classed_by_its_http_status(
        self,
        twilio: TwilioEmulator,
        gateway: TwilioSms,
        status: int,
        code: int | None,
        error_class: ErrorClass,
    ) -> None:
        twilio.next(emulated.refused(status, code))

        with pytest.raises(SmsRefused) as refusal:
            gateway.send(an_sms())

        assert (refusal.value.code, refusal.value.error_class) == (code, error_class)

    def test_a_problem_never_tells_the_number_or_the_text(
        self, twilio: TwilioEmulator, gateway: TwilioSms, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        message = an_sms(to="+33353010012")

        with pytest.raises(SmsRefused) as refusal:
            gateway.send(message)

        told = f"{message!r} {refusal.value} {refusal.value.__cause__} {caplog.text}"
        assert "353010012" not in told
        assert "rendez-vous" not in told


class TestCertainlyNotSent:
    @pytest.mark.parametrize(("header", "after"), [(None, None), ("7", 7.0), ("soon", None)])
    def test_too_many_requests_says_when_to_come_back(
        self, twilio: TwilioEmulator, gateway: TwilioSms, header: str | None, after: float | None
    ) -> None:
        twilio.next(emulated.too_many(header))

        with pytest.raises(SmsRetry) as retry:
            gateway.send(an_sms())

        assert retry.value.after == after
        assert twilio.accepted == []

    def test_a_date_to_come_back_at_is_understood_too(
        self, twilio: TwilioEmulator, gateway: TwilioSms
    ) -> None:
        in_a_minute = datetime.now(UTC) + timedelta(seconds=60)
        twilio.next(emulated.too_many(format_datetime(in_a_minute, usegmt=True)))

        with pytest.raises(SmsRetry) as retry:
            gateway.send(an_sms())

        assert retry.value.after is not None
        assert 55 < retry.value.after <= 60

    @pytest.mark.parametrize(("header", "after"), [("-3", 0.0), ("9999999", 3600.0)])
    def test_a_senseless_pause_is_brought_within_an_hour(
        self, twilio: TwilioEmulator, gateway: TwilioSms, header: str, after: float
    ) -> None:
        twilio.next(emulated.too_many(header))

        with pytest.raises(SmsRetry) as retry:
            gateway.send(an_sms())

        assert retry.value.after == after

    def test_a_full_queue_at_twilio_is_worth_another_try(
        self, twilio: TwilioEmulator, gateway: TwilioSms
    ) -> None:
        twilio.next(emulated.refused(400, 21611))

        with pytest.raises(SmsRetry):
            gateway.send(an_sms())

    def test_a_redirection_means_that_twilio_was_not_reached(
        self, twilio: TwilioEmulator, gateway: TwilioSms
    ) -> None:
        twilio.next(emulated.refused(302, None))

        with pytest.raises(SmsRetry):
            gateway.send(an_sms())

    def test_nobody_listening_means_not_sent(self) -> None:
        with socket.socket() as bound:  # bound and not listening: connections are refused
            bound.bind(("127.0.0.1", 0))
            gateway = client_of(f"http://127.0.0.1:{bound.getsockname()[1]}")

            with pytest.raises(SmsRetry):
                gateway.send(an_sms())

    def test_a_certificate_that_cannot_be_trusted_means_not_sent(self, tmp_path: Path) -> None:
        with a_server_of_doubtful_identity(tmp_path) as base_url, pytest.raises(SmsRetry):
            client_of(base_url).send(an_sms())


class TestPerhapsSent:
    @pytest.mark.parametrize(
        "fault",
        [
            emulated.server_error(500, accepts=True),
            emulated.server_error(503, accepts=True),
            emulated.refused(408, None),
            emulated.reset(accepts=True),
            emulated.garbage(),
            emulated.garbage("[]"),
            emulated.garbage("{}"),
        ],
        ids=lambda fault: str(fault.status or fault.garbage or "reset"),
    )
    def test_an_answer_that_says_nothing_is_never_taken_for_a_refusal(
        self, twilio: TwilioEmulator, gateway: TwilioSms, fault: Fault
    ) -> None:
        twilio.next(fault)

        with pytest.raises(SmsUncertain):
            gateway.send(an_sms())

    def test_a_broken_handshake_proves_nothing(self, twilio: TwilioEmulator) -> None:
        gateway = client_of(twilio.base_url.replace("http://", "https://"))

        with pytest.raises(SmsUncertain):
            gateway.send(an_sms())

    def test_a_503_says_when_to_come_back(self, twilio: TwilioEmulator, gateway: TwilioSms) -> None:
        twilio.next(Fault(status=503, retry_after="30"))

        with pytest.raises(SmsUncertain) as lost:
            gateway.send(an_sms())

        assert lost.value.after == 30.0

    def test_a_500_that_did_not_take_the_message_is_uncertain_all_the_same(
        self, twilio: TwilioEmulator, gateway: TwilioSms
    ) -> None:
        twilio.next(emulated.server_error(accepts=False))

        with pytest.raises(SmsUncertain):
            gateway.send(an_sms())

        assert twilio.accepted == []

    @pytest.mark.parametrize(
        ("fault", "taken"),
        [(emulated.silent(accepts=True), 1), (emulated.silent(accepts=False), 0)],
        ids=["taken", "not taken"],
    )
    def test_silence_is_uncertain_whether_the_message_was_taken_or_not(
        self, twilio: TwilioEmulator, fault: Fault, taken: int
    ) -> None:
        twilio.next(fault)

        with pytest.raises(SmsUncertain):
            client_of(twilio.base_url, read_timeout=0.2).send(an_sms())

        assert len(twilio.accepted) == taken

    def test_a_slow_answer_in_time_is_an_answer(self, twilio: TwilioEmulator) -> None:
        twilio.next(emulated.slow(0.3))

        accepted = client_of(twilio.base_url, read_timeout=5.0).send(an_sms())

        assert accepted.sid == twilio.accepted[0].sid

    def test_an_older_failure_to_connect_says_nothing_about_this_send(
        self, twilio: TwilioEmulator, gateway: TwilioSms
    ) -> None:
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            unreachable = client_of(f"http://127.0.0.1:{bound.getsockname()[1]}")
            twilio.next(emulated.reset(accepts=True))

            def send_by_another_way() -> None:
                try:
                    unreachable.send(an_sms())
                except SmsRetry:
                    gateway.send(an_sms())

            with pytest.raises(SmsUncertain):
                send_by_another_way()


class TestWhatItIsBuiltWith:
    def test_it_needs_somebody_to_send_from(self) -> None:
        with pytest.raises(ValueError, match="Messaging Service or a sender"):
            TwilioSms(account_sid="AC", auth_token="t", public_base_url="https://snp.example.org")

    @pytest.mark.parametrize("base", ["127.0.0.1:4010", "ftp://127.0.0.1", "https://"])
    def test_a_base_address_that_is_none_is_refused_at_once(self, base: str) -> None:
        with pytest.raises(ValueError, match="TWILIO_API_BASE_URL"):
            client_of(base)

    def test_without_a_base_address_it_calls_twilio_itself(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # The environment would send the SDK elsewhere, were it let read it.
        monkeypatch.setenv("TWILIO_REGION", "nowhere")
        gateway = TwilioSms(
            account_sid=emulated.ACCOUNT_SID,
            auth_token="t",
            sender="+33639989999",
            public_base_url="https://snp.example.org",
        )
        called: list[str] = []

        def note(_method: str, url: str, **_: object) -> None:
            called.append(url)
            raise SmsRetry("noted")

        monkeypatch.setattr("requests.Session.request", lambda _, *a, **k: note(*a, **k))

        with pytest.raises(SmsRetry, match="noted"):
            gateway.send(an_sms())

        assert called == [
            f"https://api.twilio.com/2010-04-01/Accounts/{emulated.ACCOUNT_SID}/Messages.json"
        ]
