"""E-mail over a real socket: what leaves, and what each answer of a server means."""

import ssl
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.settings import Smtp
from dispatcher.gateways.email import (
    Attachment,
    EmailRefused,
    EmailRetry,
    OutgoingEmail,
    SmtpEmail,
)
from tests.fakes.smtp_server import PASSWORD, USER, SmtpServer, certificate

NUMBER = uuid.UUID("6f2d7a30-0000-4000-8000-000000000001")


def message(attachment: Attachment | None = None) -> OutgoingEmail:
    return OutgoingEmail(
        email_id=NUMBER,
        to="anne.vuillet@exemple.fr",
        subject="CPTS du Jura vous invite à ouvrir des créneaux",
        body="Bonjour,\n\nDeux minutes suffisent\u00a0: …\n.\n",
        sender_name="CPTS du Jura",
        written_at=datetime(2026, 11, 23, 8, tzinfo=UTC),
        attachment=attachment,
    )


def gateway(
    server: SmtpServer,
    security: str = "none",
    pem: Path | None = None,
    password: str | None = None,
    whole: float = 15.0,
) -> SmtpEmail:
    smtp = Smtp(
        host="127.0.0.1",
        port=server.port,
        security=security,
        user=USER if password else None,
        password=password or "",
        sender="snp@relais.example",
    )
    tls = ssl.create_default_context(cafile=str(pem)) if pem else None
    return SmtpEmail(smtp, tls=tls, whole_timeout=whole)


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"))


def test_an_email_arrives_as_it_was_written_with_a_number_of_its_own() -> None:
    with SmtpServer() as server:
        gateway(server).send(message(Attachment("novembre.pdf", "application/pdf", b"%PDF-1.7")))

    (taken,) = server.taken
    assert server.envelopes == [("snp@relais.example", "anne.vuillet@exemple.fr")]
    assert taken["From"] == "CPTS du Jura <snp@relais.example>"
    assert taken["Subject"] == "CPTS du Jura vous invite à ouvrir des créneaux"
    assert taken["Message-ID"] == f"<{NUMBER}@relais.example>"
    assert taken["Date"] == "Mon, 23 Nov 2026 08:00:00 +0000"
    assert taken["Auto-Submitted"] == "auto-generated"
    body = taken.get_body()
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == message().body
    (file,) = taken.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("novembre.pdf", b"%PDF-1.7")


@pytest.mark.parametrize("security", ["starttls", "implicit"])
def test_account_and_message_go_over_tls(security: str, pem: Path) -> None:
    with SmtpServer(pem, implicit=security == "implicit") as server:
        gateway(server, security, pem, PASSWORD).send(message())

    assert len(server.taken) == 1
    assert server.spoken.index("AUTH") > (
        server.spoken.index("STARTTLS") if security == "starttls" else 0
    )


@pytest.mark.parametrize("offered", [True, False])
def test_nothing_is_said_to_a_server_that_cannot_show_who_it_is(
    pem: Path, *, offered: bool
) -> None:
    """Its certificate is not trusted, or it has no TLS at all: neither account nor message."""
    with SmtpServer(pem if offered else None) as server, pytest.raises(EmailRetry) as refused:
        gateway(server, "starttls", None, PASSWORD).send(message())

    assert refused.value.is_ours
    assert not {"AUTH", "MAIL", "DATA"} & set(server.spoken)


@pytest.mark.parametrize(
    ("answers", "problem", "is_ours"),
    [
        ({"RCPT": "550 unknown"}, EmailRefused, False),
        ({"RCPT": "450 greylisted"}, EmailRetry, False),
        ({"MAIL": "552 too large"}, EmailRefused, False),
        ({"MAIL": "553 not your address"}, EmailRetry, True),
        ({"MAIL": "451 later"}, EmailRetry, False),
        ({"DATA": "554 no"}, EmailRefused, False),
        ({".": "554 looks like spam"}, EmailRefused, False),
        ({".": "452 full"}, EmailRetry, False),
        ({"AUTH": "535 who"}, EmailRetry, True),
        ({"CONNECT": "421 busy"}, EmailRetry, False),
        ({"EHLO": "554 go away"}, EmailRetry, False),
    ],
)
def test_a_no_for_now_is_tried_again_and_a_no_for_good_is_not(
    answers: dict[str, str],
    problem: type[EmailRefused] | type[EmailRetry],
    is_ours: bool,  # noqa: FBT001 - a column of the table
) -> None:
    with SmtpServer() as server:
        server.answers = answers
        with pytest.raises(problem) as raised:
            gateway(server, password=PASSWORD).send(message())

    assert server.taken == []
    assert getattr(raised.value, "is_ours", False) is is_ours
    assert "exemple.fr" not in str(raised.value)


def test_an_answer_that_was_lost_is_worth_another_try_under_the_same_number() -> None:
    with SmtpServer() as server:
        server.hangs_up_at = "."
        with pytest.raises(EmailRetry):
            gateway(server).send(message())
        server.hangs_up_at = ""
        gateway(server).send(message())

    first, second = server.taken
    assert first.as_bytes() == second.as_bytes()


@pytest.mark.parametrize("answer", ["500 what", ""])
def test_a_bad_good_bye_does_not_make_an_email_that_was_taken_leave_again(answer: str) -> None:
    with SmtpServer() as server:
        if answer:
            server.answers = {"QUIT": answer}
        else:
            server.hangs_up_at = "QUIT"
        gateway(server).send(message())

    assert len(server.taken) == 1


@pytest.mark.parametrize("step", ["CONNECT", "RCPT", "."])
def test_a_server_that_falls_silent_is_left_in_time(step: str) -> None:
    with SmtpServer() as server:
        server.silent_at = step
        began = time.monotonic()
        with pytest.raises(EmailRetry):
            gateway(server, whole=0.3).send(message())

    assert time.monotonic() - began < 3


def test_a_server_that_is_not_there_is_tried_again() -> None:
    with SmtpServer() as server:
        absent = gateway(server)

    with pytest.raises(EmailRetry) as refused:
        absent.send(message())
    assert not refused.value.is_ours
