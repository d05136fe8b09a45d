"""What the house asks of whoever carries SMS, and the four ways in which it may go wrong.

A second provider is one new file here, and nothing else changes: `connect(settings)` gives its
`SmsGateway`, `listen(settings)` the `SmsEar` that reads what it calls us for.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dispatcher.domain.messages import ErrorClass, MessageStatus


@dataclass(frozen=True, slots=True)
class OutgoingSms:
    """One SMS to send. Number and text stay out of its repr, and so out of logs."""

    message_id: UUID
    to: str = field(repr=False)
    """E.164."""
    body: str = field(repr=False)
    """As it will leave: `gsm.encode(…).text`."""
    territory_code: str
    validity_seconds: int | None = None
    """Past this the provider drops it; None: the provider's own limit. At least 1: what is already
    too late is for the caller to refuse."""

    def __post_init__(self) -> None:
        """Raise ValueError on a validity that has passed."""
        if self.validity_seconds is not None and self.validity_seconds < 1:
            raise ValueError("an SMS whose validity has passed is not to be sent")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has the message: its number for it, and our status."""

    sid: str
    status: MessageStatus


@dataclass(frozen=True, slots=True)
class Found:
    """A message that the provider turned out to have; `error_code` if it has failed since."""

    sid: str
    status: MessageStatus
    error_code: int | None = None


class SmsProblem(Exception):
    """The send did not end with an answer that says accepted.

    `after` is how many seconds the provider asks to be left alone, if it said so.
    """

    def __init__(self, reason: str, *, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class SmsRefused(SmsProblem):
    """The provider said no, and the same message would be refused again."""

    def __init__(self, code: int | None, error_class: ErrorClass) -> None:
        super().__init__(f"refused: {error_class} ({code})")
        self.code = code
        self.error_class = error_class


class SmsRetry(SmsProblem):
    """Certainly not sent, and worth another try."""


class SmsUncertain(SmsProblem):
    """Perhaps sent: the answer was lost.

    Never send again before the receipts and `find` were asked.
    """


class SmsGateway(Protocol):
    """Whoever carries SMS. Safe to share between threads."""

    def send(self, message: OutgoingSms) -> Accepted:
        """Hand the message over.

        Raises SmsRefused, SmsRetry or SmsUncertain, and no other error of the network's.
        """

    def sender_of(self, territory_code: str) -> str:
        """Which of its senders carries a territory's messages: each has a rate of its own."""

    def find(
        self, message: OutgoingSms, since: datetime, known_sids: Collection[str] = ()
    ) -> Found | None:
        """Look among what the provider took for this message; None when it never arrived there.

        `since` is when the send began (aware); `known_sids` are messages already accounted for,
        which a same text to the same number must not be confused with. Raises SmsRetry when the
        provider cannot be asked now, SmsRefused when it will not answer us.
        """


@dataclass(frozen=True, slots=True)
class HttpCall:
    """What a provider sent to `/<provider>/status` or `/<provider>/inbound`."""

    url: str
    """The address it called, query string included, on PUBLIC_BASE_URL."""
    headers: Mapping[str, str]
    """Names in lower case."""
    query: Mapping[str, str]
    form: Mapping[str, str]
    """Empty for a body that is no form; may be a multi-dict."""
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """How a message fares; `status` and `error_code` in Twilio's words, which the house keeps."""

    sid: str
    status: str
    error_code: str | None
    message_id: UUID | None
    """Ours, where the provider gives back what the send was given."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message that somebody sent us; repeated, it has the same `sid`."""

    sid: str
    sender: str = field(repr=False)
    body: str = field(repr=False)
    written_to: Sequence[str]
    """The senders of ours that it was written to, as settings name them."""


class NotSigned(Exception):
    """Nothing shows that the provider called: nothing is believed."""


class Unreadable(Exception):
    """The provider called, and what has to be there is not."""


class SmsEar(Protocol):
    """What a provider calls us for. Believes nothing that is not signed."""

    def receipt(self, call: HttpCall) -> Receipt:
        """How a message fares. Raises NotSigned and Unreadable."""

    def received(self, call: HttpCall) -> Received:
        """A message that somebody sent us. Raises NotSigned and Unreadable."""

    def reply(self, text: str | None) -> tuple[str, str]:
        """Media type and body that answer a message received, with `text` or with nothing."""
