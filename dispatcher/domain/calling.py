"""Whom somebody has to telephone, because an SMS did not tell them what they must know.

Decided afresh from the messages themselves, whatever else is asked about a request: nothing that
comes up, or is dealt with, hides a patient who would stand before a closed door.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Final
from uuid import UUID

from dispatcher.domain.messages import (
    ARRIVED_LATE,
    NOT_ARRIVED,
    SUPERSEDED,
    UNSENT,
    MessageKind,
    MessageStatus,
)

LATE: Final = timedelta(minutes=15)
"""A message that has not left by then is told by telephone: the provider is away."""
NEAR: Final = timedelta(hours=1)
"""So near its appointment a message that does not leave at once is told by telephone."""
AT_ONCE: Final = timedelta(minutes=2)
"""How long a message may take to leave that leaves at once."""
PRACTITIONERS_DAY: Final = timedelta(hours=24)
"""A practitioner reads of what is farther off in their agenda."""


class Whom(StrEnum):
    """Who has to be told: the reader of a message (`Message.to_role`)."""

    PATIENT = "patient"
    PRACTITIONER = "practitioner"


COME: Final[Mapping[MessageKind, Whom]] = {
    MessageKind.CONFIRMATION: Whom.PATIENT,
    MessageKind.APPOINTMENT_CHANGED: Whom.PATIENT,
    MessageKind.PRACTITIONER_NOTICE: Whom.PRACTITIONER,
}
"""What says that there is an appointment: without it somebody misses it."""
OFF: Final[Mapping[MessageKind, Whom]] = {
    MessageKind.CANCELLED_BY_PRACTITIONER: Whom.PATIENT,
    MessageKind.CANCELLED_BY_REGULATOR_PATIENT: Whom.PATIENT,
    MessageKind.CANCELLED_BY_PATIENT: Whom.PRACTITIONER,
    MessageKind.CANCELLED_BY_REGULATOR_PRACTITIONER: Whom.PRACTITIONER,
}
"""What says that there is none: without it somebody comes, or waits, for nothing."""
MUST_BE_KNOWN: Final[Mapping[MessageKind, Whom]] = {**COME, **OFF}


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A message that somebody must know, sent for the first time or once more."""

    kind: MessageKind
    purpose: str
    """What it was for when it was first sent: the same for all its copies."""
    status: MessageStatus
    error_code: str | None
    written_at: datetime
    appointment_id: UUID
    starts_at: datetime
    is_live: bool
    """Whether the appointment still stands."""


def has_to_be_called(
    whom: Whom, copies: Iterable[Copy], called_at: datetime | None, now: datetime
) -> bool:
    """Whether the last word about one of the appointments did not reach them.

    `copies` are the messages of a request, to whomever. What was written before they were called
    (`called_at`) they know. A practitioner is called for what is near and failed by mischance: who
    wants no SMS, or has a landline, reads the agenda.
    """
    theirs = [each for each in copies if MUST_BE_KNOWN[each.kind] is whom]
    return any(
        _is_unknown(whom, list(said), called_at, now)
        for _, said in groupby(sorted(theirs, key=_by_appointment), key=_by_appointment)
    )


def _by_appointment(copy: Copy) -> UUID:
    return copy.appointment_id


def _is_unknown(whom: Whom, said: list[Copy], called_at: datetime | None, now: datetime) -> bool:
    """Whether the last word about this one appointment is not known."""
    first = {
        purpose: min(each.written_at for each in said if each.purpose == purpose)
        for purpose in {each.purpose for each in said}
    }
    last = max(said, key=lambda each: (first[each.purpose], each.kind in OFF))
    written_at = first[last.purpose]
    if (last.kind in COME and not last.is_live) or (called_at and written_at <= called_at):
        return False
    copies = [each for each in said if each.purpose == last.purpose]
    if any(
        each.status == MessageStatus.DELIVERED or each.error_code == ARRIVED_LATE for each in copies
    ):
        return False
    if whom is Whom.PRACTITIONER:
        is_near = now < last.starts_at <= now + PRACTITIONERS_DAY
        return is_near and any(_failed_by_mischance(each) for each in copies)
    return any(_failed(each) or _is_late(each, now) for each in copies)


def _failed(copy: Copy) -> bool:
    return copy.status in NOT_ARRIVED and copy.error_code != SUPERSEDED


def _failed_by_mischance(copy: Copy) -> bool:
    """Whether somebody tried: our own reasons not to send are words, the provider's numbers."""
    code = copy.error_code or ""
    return _failed(copy) and (copy.status != MessageStatus.REFUSED or code.isdecimal())


def _is_late(copy: Copy, now: datetime) -> bool:
    if copy.status not in UNSENT:
        return False
    waited = now - copy.written_at
    return waited >= LATE or (waited >= AT_ONCE and copy.starts_at - now <= NEAR)
