"""Sending one SMS: claim, call, record; never twice, even when the provider's answer is lost."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, or_, select, update

from config.logging import get_logger
from dispatcher.domain.events import ENGINE
from dispatcher.domain.messages import CAN_WAIT, UNSENT, ErrorClass, MessageStatus
from dispatcher.domain.policy import Policy
from dispatcher.domain.sms_policy import quiet_end
from dispatcher.gateways.sms import OutgoingSms, SmsProblem, SmsRefused, SmsRetry, SmsUncertain
from dispatcher.services.house import House
from dispatcher.services.notices import note_stop
from dispatcher.services.overtaken import overtaken, waits_until
from dispatcher.services.pacing import lanes_of, put_off, take
from dispatcher.services.pauses import pause_until_retry
from dispatcher.services.progress import keep_progress
from dispatcher.storage import keeping
from dispatcher.storage.columns import table_of
from dispatcher.storage.engines import rows_changed
from dispatcher.storage.lanes import Lane, LaneFullError
from dispatcher.storage.messages import Message
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Claim, LeaseLostError

log = get_logger(__name__)
RETRY_SECONDS, RETRY_LONGEST_SECONDS = 5.0, 600.0
"""Between these the pauses grow while the provider is away (`pauses`)."""
EXPIRED = "expired"
UNSETTLED = "unsettled"
ATTEMPTS_SPENT = "attempts_spent"
LONGEST_VALIDITY = timedelta(hours=10)
"""The longest ValidityPeriod that Twilio takes is 36,000 s."""

_OWED = (
    select(Message, Territory.code, Territory.timezone, Territory.settings)
    .join(Territory, Territory.id == Message.territory_id)
    .where(Message.id == bindparam("message"), Message.status.in_(UNSENT))
)
_MESSAGES = table_of(Message)
_BEGIN = (
    update(_MESSAGES)
    .where(
        _MESSAGES.c.id == bindparam("message"),
        _MESSAGES.c.status.in_(UNSENT),
        or_(_MESSAGES.c.sending_since.is_(None), _MESSAGES.c.sending_since == bindparam("before")),
    )
    .values(
        status=MessageStatus.SENDING.value,
        sending_since=bindparam("now"),
        updated_at=bindparam("now"),
    )
)


def send_message(house: House, claim: Claim) -> None:
    """Hand one message to the provider.

    Before the call the row says `sending`, with the hour: whoever finds it so afterwards knows
    that an answer was lost, and asks receipts and the provider's list before sending again.
    """
    why_not = after = None
    with house.db.reading() as session:
        found = session.execute(_OWED, {"message": claim.id("message_id")}).one_or_none()
        if found is not None:
            why_not = overtaken(session, house.db.cipher, found.Message)
            after = waits_until(session, house.db.cipher, found.Message, house.clock())
    if found is None:
        house.db.keep(claim)
        return
    message, code = found.Message, found.code
    policy = Policy.in_force(found.settings).sms
    now = house.clock()
    if message.sending_since is not None and not _settled(house, claim, message, code, now):
        return
    if why_not is None and _is_over(message, now):
        why_not = EXPIRED
    if why_not is not None:
        _record(house, claim, message, MessageStatus.REFUSED, error_code=why_not)
        return
    if message.kind in CAN_WAIT:
        after = quiet_end(now, ZoneInfo(found.timezone), policy) or after
    if after is not None:
        keeping.defer(house.db, claim, after, "quiet hours, or an earlier one to the same number")
        return
    try:
        begun = _begin(house, claim, message, lanes_of(house, message, code, policy))
    except LaneFullError as full:
        put_off(house, claim, message, full)
        return
    if begun is None:
        house.db.keep(claim)
        return
    time.sleep(begun.wait)  # its turn is that near: the provider's allowed rate is kept
    _call(house, claim, message, _outgoing(house, message, code, now), begun.at)


def send_unhurried(house: House, claim: Claim) -> None:
    """The same for a message that can wait, which has a queue of its own."""
    send_message(house, claim)


def _settled(house: House, claim: Claim, message: Message, code: str, now: datetime) -> bool:
    """Settle a send whose answer was lost. True if it certainly never reached the provider."""
    if message.provider_sid is not None:  # a receipt that said nothing else gave its number
        _record(house, claim, message, MessageStatus.SENT, sid=message.provider_sid)
        return False
    since = message.sending_since or now
    settle_at = since + timedelta(seconds=house.settings.sms_settle_after)
    if now < settle_at:
        keeping.defer(house.db, claim, settle_at)
        return False
    try:
        found = house.sms.find(
            _outgoing(house, message, code, now), since, _sids_of_number(house, message)
        )
    except (SmsRetry, SmsRefused) as problem:
        if _is_over(message, now):  # nobody will ever know: a person has to telephone
            _record(house, claim, message, MessageStatus.FAILED, error_code=UNSETTLED)
        else:
            _later(house, claim, message, problem)
        return False
    if found is None:
        return True
    error = None if found.error_code is None else str(found.error_code)
    _record(house, claim, message, found.status, sid=found.sid, error_code=error)
    return False


@dataclass(frozen=True, slots=True)
class _Begun:
    """A send that was written down; the call is to be made `wait` seconds later."""

    at: datetime
    wait: float


def _begin(house: House, claim: Claim, message: Message, lanes: Sequence[Lane]) -> _Begun | None:
    """Write down when the provider is called. None if a receipt was faster.

    Raises LeaseLostError when the promise has passed to another worker, LaneFullError when a limit
    is reached: nothing is written then.
    """
    now = house.clock()
    with house.db.writing() as session:
        if not keeping.is_owned(session, claim):
            raise LeaseLostError
        begun = session.execute(
            _BEGIN, {"message": message.id, "before": message.sending_since, "now": now}
        )
        if rows_changed(begun) != 1:
            return None
        return _Begun(now, take(session, lanes, now))


def _call(
    house: House, claim: Claim, message: Message, outgoing: OutgoingSms, begun_at: datetime
) -> None:
    try:
        accepted = house.sms.send(outgoing)
    except SmsUncertain as problem:
        _later(house, claim, message, problem, at_least=house.settings.sms_settle_after)
    except SmsRetry as problem:
        _certainly_not_sent(house, message, begun_at)
        _later(house, claim, message, problem)
    except SmsRefused as problem:
        if problem.error_class == ErrorClass.AUTH:
            # Our account is at fault, not the message: it stays owed, and /health says so.
            log.critical("sms_account_refused", code=problem.code)
            _certainly_not_sent(house, message, begun_at)
            _later(house, claim, message, problem)
            return
        code = "" if problem.code is None else str(problem.code)
        stopped = problem.error_class == ErrorClass.OPTED_OUT
        _record(house, claim, message, MessageStatus.REFUSED, error_code=code, stopped=stopped)
    else:
        _record(house, claim, message, accepted.status, sid=accepted.sid)


def _later(
    house: House,
    claim: Claim,
    message: Message,
    problem: SmsProblem,
    *,
    at_least: float = RETRY_SECONDS,
) -> None:
    """Nothing is wrong with the message: it is owed until it expires, whatever the attempts.

    The pause grows with its age, from `at_least` seconds on.
    """
    now = house.clock()
    pause = pause_until_retry(
        message.created_at,
        now,
        shortest=at_least,
        longest=RETRY_LONGEST_SECONDS,
        asked=problem.after or 0.0,
    )
    keeping.defer(house.db, claim, now + pause, str(problem))


def give_up(house: House, claim: Claim) -> None:
    """The last attempt at a message ended in an error of ours: a person has to telephone."""
    with house.db.reading() as session:
        message = session.get(Message, claim.id("message_id"))
    if message is not None:
        _record(house, None, message, MessageStatus.FAILED, error_code=ATTEMPTS_SPENT)


def _record(
    house: House,
    claim: Claim | None,
    message: Message,
    status: MessageStatus,
    *,
    sid: str | None = None,
    error_code: str | None = None,
    stopped: bool = False,
) -> None:
    """Keep the provider's answer, never backwards: a receipt may have been faster.

    With `stopped`, the provider knows of a STOP that we do not: it is ours from now on.
    """
    with house.db.transaction(message.territory_id, ENGINE, keeping=claim) as unit:
        keep_progress(unit, message.id, status, sid=sid, error_code=error_code)
        if stopped:
            phone = unit.cipher.open("messages.phone", message.id, message.phone)
            note_stop(unit, phone, message.id)


def _certainly_not_sent(house: House, message: Message, begun_at: datetime) -> None:
    """The provider did not take it: the row is as it was before this very call."""
    with house.db.writing() as session:
        session.execute(
            update(Message)
            .where(
                Message.id == message.id,
                Message.status == MessageStatus.SENDING,
                Message.sending_since == begun_at,
            )
            .values(status=MessageStatus.QUEUED.value, sending_since=None)
        )


def _sids_of_number(house: House, message: Message) -> list[str]:
    """Provider numbers already accounted for, among the messages to the same telephone."""
    with house.db.reading() as session:
        sids = session.scalars(
            select(Message.provider_sid).where(
                Message.phone_hash == message.phone_hash, Message.provider_sid.is_not(None)
            )
        )
        return [sid for sid in sids if sid is not None]


def _outgoing(house: House, message: Message, code: str, now: datetime) -> OutgoingSms:
    cipher, row = house.db.cipher, message.id
    validity = None
    if message.expires_at is not None:
        left = min(message.expires_at - now, LONGEST_VALIDITY)
        validity = max(int(left.total_seconds()), 1)
    return OutgoingSms(
        message_id=row,
        to=cipher.open("messages.phone", row, message.phone),
        body=cipher.open("messages.body", row, message.body),
        territory_code=code,
        validity_seconds=validity,
    )


def _is_over(message: Message, now: datetime) -> bool:
    """Whether the message would only confuse whoever reads it now."""
    return message.expires_at is not None and message.expires_at <= now + timedelta(seconds=1)
