"""What the house asks of whoever carries SMS, and the four ways in which it may go wrong.

A second provider is one new file here: it implements `SmsGateway` and nothing else changes.
"""

from collections.abc import Collection
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
