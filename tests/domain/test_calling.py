"""Who has to be telephoned, from what became of the messages they must know."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from dispatcher.domain.calling import Copy, Whom, has_to_be_called
from dispatcher.domain.messages import MessageKind, MessageStatus

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
FIRST, SECOND = UUID(int=1), UUID(int=2)
COME, OFF = MessageKind.CONFIRMATION, MessageKind.CANCELLED_BY_PRACTITIONER
NOTICE = MessageKind.PRACTITIONER_NOTICE
ARRIVED, LOST = MessageStatus.DELIVERED, MessageStatus.UNDELIVERED
QUEUED, SENT, REFUSED = MessageStatus.QUEUED, MessageStatus.SENT, MessageStatus.REFUSED


def copy(
    kind: MessageKind,
    status: MessageStatus,
    *,
    minutes: float = 5,
    error: str | None = None,
    of: UUID = FIRST,
    live: bool = True,
    starts_in: float = 180,
    purpose: str | None = None,
) -> Copy:
    """A message that was written so many minutes ago about the appointment `of`."""
    return Copy(
        kind=kind,
        purpose=purpose or f"{kind}:{of}",
        status=status,
        error_code=error,
        written_at=NOW - timedelta(minutes=minutes),
        appointment_id=of,
        starts_at=NOW + timedelta(minutes=starts_in),
        is_live=live,
    )


def asked(*copies: Copy, called: float | None = None, whom: Whom = Whom.PATIENT) -> bool:
    """With the last call so many minutes ago."""
    at = None if called is None else NOW - timedelta(minutes=called)
    return has_to_be_called(whom, copies, at, NOW)


@pytest.mark.parametrize(
    ("status", "error", "calls"),
    [
        (ARRIVED, None, False),
        (SENT, None, False),
        (LOST, "30003", True),
        (LOST, "arrived_late", False),
        (MessageStatus.FAILED, "attempts_spent", True),
        (REFUSED, "landline", True),
        (REFUSED, "opted_out", True),
        (REFUSED, "expired", True),
        (REFUSED, "superseded", False),
    ],
)
@pytest.mark.parametrize("kind", [COME, OFF])
def test_what_did_not_arrive_is_told_by_telephone(
    kind: MessageKind,
    status: MessageStatus,
    error: str | None,
    calls: bool,  # noqa: FBT001
) -> None:
    assert asked(copy(kind, status, error=error)) is calls


@pytest.mark.parametrize(
    ("minutes", "starts_in", "calls"),
    [
        (14, 180, False),
        (15, 180, True),
        (1, 30, False),
        (2, 61, False),
        (2, 60, True),
    ],
)
@pytest.mark.parametrize("status", [QUEUED, MessageStatus.SENDING])
def test_what_does_not_leave_is_told_after_a_quarter_of_an_hour_or_at_once_where_it_is_near(
    status: MessageStatus,
    minutes: float,
    starts_in: float,
    calls: bool,  # noqa: FBT001
) -> None:
    assert asked(copy(COME, status, minutes=minutes, starts_in=starts_in)) is calls


class TestTheLastWordCounts:
    def test_who_never_knew_of_it_and_reads_that_it_is_off_is_not_called(self) -> None:
        assert not asked(copy(COME, LOST, minutes=9, live=False), copy(OFF, ARRIVED, live=False))

    def test_who_knew_of_it_and_did_not_read_that_it_is_off_is(self) -> None:
        assert asked(copy(COME, ARRIVED, minutes=9, live=False), copy(OFF, LOST, live=False))

    def test_even_when_they_read_of_another_one_since(self) -> None:
        before = copy(COME, ARRIVED, minutes=9, live=False), copy(OFF, LOST, live=False)
        assert asked(*before, copy(COME, ARRIVED, minutes=1, of=SECOND))

    def test_written_at_the_same_instant_the_cancellation_is_the_last(self) -> None:
        both = copy(COME, LOST, live=False), copy(OFF, ARRIVED, live=False)
        assert not asked(*both)
        assert not asked(*reversed(both))

    def test_a_confirmation_of_what_is_off_without_a_word_is_nothing_to_tell(self) -> None:
        """Moved, or cancelled by the patient themselves."""
        assert not asked(copy(COME, LOST, live=False))

    @pytest.mark.parametrize(("second", "calls"), [(ARRIVED, False), (SENT, True), (LOST, True)])
    def test_of_two_attempts_one_has_to_arrive(
        self,
        second: MessageStatus,
        calls: bool,  # noqa: FBT001
    ) -> None:
        said: dict[str, Any] = {"purpose": "confirmation:1"}
        both = copy(COME, LOST, minutes=20, **said), copy(COME, second, **said)
        assert asked(*both) is calls


class TestCalledAlready:
    @pytest.mark.parametrize(("called", "calls"), [(3, False), (5, False), (6, True), (None, True)])
    def test_what_was_written_before_the_call_is_known(
        self,
        called: float | None,
        calls: bool,  # noqa: FBT001
    ) -> None:
        assert asked(copy(COME, LOST, minutes=5), called=called) is calls

    def test_an_attempt_after_the_call_says_nothing_new(self) -> None:
        said: dict[str, Any] = {"purpose": "confirmation:1"}
        both = copy(COME, LOST, minutes=20, **said), copy(COME, LOST, minutes=2, **said)
        assert not asked(*both, called=10)


class TestPractitioners:
    @pytest.mark.parametrize(
        ("status", "error", "starts_in", "calls"),
        [
            (LOST, "30003", 180, True),
            (REFUSED, "21614", 180, True),
            (REFUSED, "landline", 180, False),
            (REFUSED, "opted_out", 180, False),
            (LOST, "30003", 25 * 60, False),
            (LOST, "30003", -5, False),
            (QUEUED, None, 180, False),
        ],
    )
    def test_they_are_called_for_what_is_near_and_failed_by_mischance(
        self,
        status: MessageStatus,
        error: str | None,
        starts_in: float,
        calls: bool,  # noqa: FBT001
    ) -> None:
        notice = copy(NOTICE, status, error=error, starts_in=starts_in, minutes=30)
        assert asked(notice, whom=Whom.PRACTITIONER) is calls

    def test_what_one_did_not_read_is_not_told_to_the_other(self) -> None:
        assert not asked(copy(NOTICE, LOST))
        assert not asked(copy(COME, LOST), whom=Whom.PRACTITIONER)
