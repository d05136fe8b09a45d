"""E-mail by SMTP (RFC 5321), over TLS, to one recipient at a time.

SMTP cannot be asked afterwards whether a message was taken: one whose answer was lost is sent once
more under the same Message-ID, by which mailboxes know it (RFC 5322, 3.6.4).
"""

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Final, Protocol
from uuid import UUID

from config.settings import Smtp

STEP_TIMEOUT: Final = 5.0
"""Seconds for connecting, and for each answer."""
WHOLE_TIMEOUT: Final = 15.0
"""Seconds for the whole conversation: less than a promise's lease."""
_PERMANENT = 500
_TOO_LARGE = frozenset({523, 552})
"""Answered to MAIL FROM by servers that were told the size."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with an e-mail."""

    name: str
    media_type: str
    """« application/pdf »."""
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OutgoingEmail:
    """One e-mail to send. Address and text stay out of its repr, and so out of logs."""

    email_id: UUID
    to: str = field(repr=False)
    subject: str = field(repr=False)
    body: str = field(repr=False)
    sender_name: str
    """Shown before our address: the territory's name."""
    written_at: datetime
    attachment: Attachment | None = None


class EmailProblem(Exception):
    """The server did not answer for the message."""


class EmailRefused(EmailProblem):
    """It said no to this message or this address, and would again."""

    def __init__(self, code: int) -> None:
        super().__init__(f"refused: {code}")
        self.code = code


class EmailRetry(EmailProblem):
    """Not taken, or the answer was lost: worth another try. `is_ours`: our account is at fault."""

    def __init__(self, reason: str, *, is_ours: bool = False) -> None:
        super().__init__(reason)
        self.is_ours = is_ours


class EmailGateway(Protocol):
    """Whoever carries e-mail. Safe to share between threads."""

    def send(self, message: OutgoingEmail) -> None:
        """Hand it over. Raises EmailRefused or EmailRetry, and no other error of the network's."""


class SmtpEmail:
    """The real one."""

    def __init__(
        self,
        smtp: Smtp,
        *,
        tls: ssl.SSLContext | None = None,
        step_timeout: float = STEP_TIMEOUT,
        whole_timeout: float = WHOLE_TIMEOUT,
    ) -> None:
        """`tls` is a test's, whose server has a certificate of its own."""
        self._smtp = smtp
        self._tls = tls or ssl.create_default_context()
        self._step = step_timeout
        self._whole = whole_timeout
        self._address = parseaddr(smtp.sender)[1]

    def send(self, message: OutgoingEmail) -> None:
        """See `EmailGateway.send`."""
        ready = self._written(message)
        with _telling(), self._connected() as server:
            server.send_message(ready, self._address, [message.to])

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """A server that knows us, for no longer than the whole may last."""
        smtp, name = self._smtp, self._address.rpartition("@")[2]
        where = (smtp.host, smtp.port, name, self._step)
        server = (
            _BoundedTls(*where, self._whole, self._tls)
            if smtp.security == "implicit"
            else _Bounded(*where, self._whole)
        )
        try:
            if smtp.security == "starttls":
                server.starttls(context=self._tls)
            if smtp.user is not None:
                server.login(smtp.user, smtp.password)
            yield server
            # what was answered for is sent, whatever becomes of the good-bye
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.quit()
        finally:
            server.close()

    def _written(self, message: OutgoingEmail) -> EmailMessage:
        """As it leaves; the same again each time it is sent."""
        ready = EmailMessage()
        ready["From"] = Address(message.sender_name, addr_spec=self._address)
        ready["To"] = message.to
        ready["Subject"] = message.subject
        ready["Date"] = format_datetime(message.written_at)
        ready["Message-ID"] = f"<{message.email_id}@{self._address.rpartition('@')[2]}>"
        ready["Content-Language"] = "fr"
        ready["Auto-Submitted"] = "auto-generated"  # RFC 3834: absence machines do not answer it
        ready.set_content(message.body, cte="quoted-printable")
        if message.attachment is not None:
            main, _, sub = message.attachment.media_type.partition("/")
            ready.add_attachment(
                message.attachment.content,
                maintype=main,
                subtype=sub,
                filename=message.attachment.name,
            )
        return ready


class _Bounded(smtplib.SMTP):
    """A conversation that ends in time: a byte now and then would never time out. Seconds."""

    def __init__(self, host: str, port: int, name: str, step: float, whole: float) -> None:
        self.late = self._cut_after(whole)
        super().__init__(host, port, name, step)

    def _cut_after(self, whole: float) -> threading.Timer:
        """Whoever waits for an answer then is told that the connection was lost."""
        late = threading.Timer(whole, self._cut)
        late.daemon = True
        late.start()
        return late

    def _cut(self) -> None:
        with contextlib.suppress(OSError):
            if self.sock is not None:
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """See `SMTP.close`."""
        self.late.cancel()
        super().close()


class _BoundedTls(_Bounded, smtplib.SMTP_SSL):
    """The same, in TLS from the first byte."""

    def __init__(
        self, host: str, port: int, name: str, step: float, whole: float, tls: ssl.SSLContext
    ) -> None:
        self.late = self._cut_after(whole)
        smtplib.SMTP_SSL.__init__(self, host, port, name, timeout=step, context=tls)


@contextmanager
def _telling() -> Iterator[None]:
    """What a server can answer, as what is to be done about it. No text of it is kept."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        ((code, _),) = error.recipients.values()
        raise _answered(code) from error
    except smtplib.SMTPAuthenticationError as error:
        raise EmailRetry(f"SMTP {error.smtp_code}", is_ours=True) from error
    except smtplib.SMTPSenderRefused as error:
        if error.smtp_code in _TOO_LARGE:
            raise EmailRefused(error.smtp_code) from error
        is_ours = error.smtp_code >= _PERMANENT
        raise EmailRetry(f"SMTP {error.smtp_code}", is_ours=is_ours) from error
    except smtplib.SMTPDataError as error:
        raise _answered(error.smtp_code) from error
    except smtplib.SMTPResponseException as error:
        raise EmailRetry(f"SMTP {error.smtp_code}") from error
    except (smtplib.SMTPNotSupportedError, ssl.SSLCertVerificationError) as error:
        raise EmailRetry(type(error).__name__, is_ours=True) from error
    except (smtplib.SMTPException, OSError) as error:
        raise EmailRetry(type(error).__name__) from error


def _answered(code: int) -> EmailProblem:
    return EmailRefused(code) if code >= _PERMANENT else EmailRetry(f"SMTP {code}")
