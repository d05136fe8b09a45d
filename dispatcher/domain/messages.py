"""SMS that leave: their kinds, their states, and what a provider's answers mean for them."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

from dispatcher.domain.figures import whole_number


class MessageKind(StrEnum):
    """Why a message is sent. Each has its text, `config/sms/<language>/<kind>.txt`."""

    CONFIRMATION = "confirmation"
    """To the patient: an appointment is booked."""
    PRACTITIONER_NOTICE = "practitioner_notice"
    """To the practitioner: one of their places is taken."""
    CANCELLED_BY_PRACTITIONER = "cancelled_by_practitioner"
    """To the patient."""
    CANCELLED_BY_PATIENT = "cancelled_by_patient"
    """To the practitioner."""
    CANCELLED_BY_REGULATOR_PATIENT = "cancelled_by_regulator_patient"
    CANCELLED_BY_REGULATOR_PRACTITIONER = "cancelled_by_regulator_practitioner"
    CANCEL_ACKNOWLEDGED = "cancel_acknowledged"
    """To the patient, after ANNULER."""
    CONFIRM_ACKNOWLEDGED = "confirm_acknowledged"
    """To the patient, after OUI."""
    WHICH_APPOINTMENT = "which_appointment"
    """To a patient who answered without a code and has several live appointments."""
    NOT_UNDERSTOOD = "not_understood"
    STOP_ACKNOWLEDGED = "stop_acknowledged"
    START_ACKNOWLEDGED = "start_acknowledged"
    HELP = "help"
    REMINDER = "reminder"
    """To the patient: the appointment comes near."""
    APPOINTMENT_CHANGED = "appointment_changed"
    """To the patient: the appointment has another hour or another place."""
    LATE_NOTICE = "late_notice"
    """To the practitioner: the patient said that they will be late."""
    NO_SHOW_FOLLOW_UP = "no_show_follow_up"
    """To a patient who did not come."""
    SATISFACTION = "satisfaction"
    """To a patient who was seen: a mark from 0 to 10."""
    SATISFACTION_THANKS = "satisfaction_thanks"
    CALL_BACK_NOTED = "call_back_noted"
    """To whoever wrote RAPPEL: somebody will telephone."""
    REGULATOR_ANSWER = "regulator_answer"
    """What a regulator wrote in answer to an SMS of the inbox."""
    CLOSING_QUESTION = "closing_question"
    """To a practitioner, the next morning: who came, of what nobody closed?"""
    PUBLICATION_QUESTION = "publication_question"
    """To a practitioner, the evening before: publish tomorrow's hours?"""
    AGENDA_UNREAD = "agenda_unread"
    """To a practitioner: the agenda that they linked is not read, and closes nothing."""
    REINFORCEMENT_CALL = "reinforcement_call"
    """To a practitioner, in a crisis: open places?"""
    INVITATION = "invitation"
    """To a practitioner: come and open a first slot."""
    OFFER = "offer"
    """To a volunteer: do you take this request?"""
    OFFER_TAKEN = "offer_taken"
    """To those who were asked as well: somebody took it, or it is over."""
    OFFER_TOO_LATE = "offer_too_late"
    """To a volunteer whose answer came after that."""
    OFFER_CHOOSE_HOUR = "offer_choose_hour"
    """To the volunteer who said yes first."""
    OFFER_HOUR_REFUSED = "offer_hour_refused"
    """To the same: the yes counts, the hour cannot be taken."""
    OFFER_RELEASED = "offer_released"
    """To a volunteer whose yes was given up for want of an hour."""
    OFFER_STANDS = "offer_stands"
    """To a volunteer who says no to what is booked already."""
    OFFER_WHICH = "offer_which"
    """To a volunteer who answered without a code and has several questions open."""
    OFFER_UNKNOWN = "offer_unknown"
    """To a volunteer who answered with a code of which they were asked nothing."""


CAN_WAIT: Final = frozenset(
    {
        MessageKind.REMINDER,
        MessageKind.NO_SHOW_FOLLOW_UP,
        MessageKind.SATISFACTION,
        MessageKind.SATISFACTION_THANKS,
        MessageKind.CLOSING_QUESTION,
        MessageKind.PUBLICATION_QUESTION,
        MessageKind.AGENDA_UNREAD,
    }
)
"""Not sent in quiet hours, and sent after whatever else there is to send."""


BEFORE_THE_HOUR: Final = frozenset(
    {MessageKind.CONFIRMATION, MessageKind.REMINDER, MessageKind.APPOINTMENT_CHANGED}
)
"""Worth nothing to a patient once the hour of their appointment has come."""


OF_A_LIVE_APPOINTMENT: Final = frozenset(
    {
        MessageKind.CONFIRMATION,
        MessageKind.PRACTITIONER_NOTICE,
        MessageKind.REMINDER,
        MessageKind.APPOINTMENT_CHANGED,
        MessageKind.CONFIRM_ACKNOWLEDGED,
        MessageKind.LATE_NOTICE,
    }
)
"""What says « come », or that somebody does: untrue of an appointment that is off."""


class MessageStatus(StrEnum):
    """Where an outgoing SMS is."""

    QUEUED = "queued"
    """Written down; nobody has been called."""
    SENDING = "sending"
    """A worker called the provider and its answer is not recorded: perhaps sent, perhaps not."""
    SENT = "sent"
    """The provider has it, and says under which number of its own."""
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    """The operator gave up."""
    FAILED = "failed"
    """The provider took it, then gave up; or our attempts are spent."""
    REFUSED = "refused"
    """The provider did not take it, or we did not ask: landline, STOP, too late."""


class ErrorClass(StrEnum):
    """What an error of the provider asks us to do."""

    PERMANENT = "permanent"
    """Never again with this message: a person telephones."""
    RETRY = "retry"
    """Later, with growing pauses."""
    OPTED_OUT = "opted_out"
    """The person said STOP: never again to this number."""
    LANDLINE = "landline"
    """The number takes no SMS: a person telephones, and corrects the number."""
    AUTH = "auth"
    """Our account is refused: nothing leaves until an administrator acts."""


_FINAL: Final = frozenset(
    {
        MessageStatus.DELIVERED,
        MessageStatus.UNDELIVERED,
        MessageStatus.FAILED,
        MessageStatus.REFUSED,
    }
)

UNSENT: Final = frozenset({MessageStatus.QUEUED, MessageStatus.SENDING})
"""The provider has not said that it took the message: it is still owed."""

NOT_ARRIVED: Final = _FINAL - {MessageStatus.DELIVERED}
"""The message will not be read: if somebody had to be told, a person has to do it."""

MESSAGE_TRANSITIONS: Mapping[MessageStatus, frozenset[MessageStatus]] = {
    # Receipts overtake each other and our own record: any step forward may be skipped.
    MessageStatus.QUEUED: frozenset({MessageStatus.SENDING, MessageStatus.SENT}) | _FINAL,
    MessageStatus.SENDING: frozenset({MessageStatus.SENT}) | _FINAL,
    MessageStatus.SENT: _FINAL - {MessageStatus.REFUSED},
    MessageStatus.DELIVERED: frozenset(),
    MessageStatus.UNDELIVERED: frozenset(),
    MessageStatus.FAILED: frozenset(),
    MessageStatus.REFUSED: frozenset(),
}

_FROM_TWILIO: Mapping[str, MessageStatus] = {
    "accepted": MessageStatus.SENT,
    "scheduled": MessageStatus.SENT,
    "queued": MessageStatus.SENT,
    "sending": MessageStatus.SENT,
    "sent": MessageStatus.SENT,
    "delivered": MessageStatus.DELIVERED,
    "read": MessageStatus.DELIVERED,
    "undelivered": MessageStatus.UNDELIVERED,
    # Some of it arrived: a person has to look, as if none had.
    "partially_delivered": MessageStatus.UNDELIVERED,
    "failed": MessageStatus.FAILED,
    "canceled": MessageStatus.FAILED,
}

# Twilio's dictionary, docs/api/errors. New codes appear and old ones split (July 2024), so what
# is not listed falls to `_by_status`.
_ERROR_CLASSES: Mapping[int, ErrorClass] = {
    14107: ErrorClass.RETRY,  # too many messages, our own account
    20003: ErrorClass.AUTH,  # wrong or suspended credentials
    20404: ErrorClass.AUTH,  # no such account or Messaging Service
    20429: ErrorClass.RETRY,  # too many requests
    21211: ErrorClass.PERMANENT,  # no such number
    21408: ErrorClass.PERMANENT,  # country not enabled for our account
    21606: ErrorClass.AUTH,  # the sender is not ours, or sends no SMS
    21610: ErrorClass.OPTED_OUT,  # said STOP
    21611: ErrorClass.RETRY,  # the sender's queue is full
    21612: ErrorClass.PERMANENT,  # no route
    21614: ErrorClass.LANDLINE,  # not a mobile: for France, every landline
    30001: ErrorClass.RETRY,  # queue overflow
    30002: ErrorClass.AUTH,  # account suspended
    30003: ErrorClass.RETRY,  # handset switched off or out of reach
    30004: ErrorClass.PERMANENT,  # blocked
    30005: ErrorClass.PERMANENT,  # unknown number
    30006: ErrorClass.LANDLINE,  # landline or unreachable operator
    30007: ErrorClass.PERMANENT,  # filtered
    30008: ErrorClass.RETRY,  # unknown error: once more
    63038: ErrorClass.RETRY,  # daily limit of the account
}


SUPERSEDED: Final = "superseded"
"""The error code of a message that something else overtook before it left."""

ARRIVED_LATE: Final = "arrived_late"
"""The error code of a message that the operator gave up, and said later to have arrived."""

_AGAIN_AFTER: Mapping[int, tuple[timedelta, ...]] = {
    30001: (timedelta(minutes=5), timedelta(minutes=30)),
    30003: (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=4)),
    30008: (timedelta(minutes=10),),
}
"""By code of a receipt that says « not now »: how long until each further attempt."""


def again_after(error_code: str | None, times: int) -> timedelta | None:
    """How long to wait before a message that did not arrive is written once more.

    `times` is how often it was sent already, 1 at least. None when it would not help, or was tried
    often enough: who takes no SMS at all is telephoned.
    """
    number = whole_number(error_code or "")
    if number is None:
        return None
    pauses = _AGAIN_AFTER.get(number, ())
    return pauses[times - 1] if times <= len(pauses) else None


def moves_forward(before: MessageStatus, after: MessageStatus) -> bool:
    """True when a receipt that says `after` changes a message that is `before`.

    False for a repetition and for what arrives late: a message never goes backwards, and the
    receipt is then a no-op, not an error.
    """
    return after in MESSAGE_TRANSITIONS[before]


def status_from_twilio(status: str) -> MessageStatus | None:
    """What one of Twilio's statuses means for an outgoing message.

    None for a status that speaks of messages received, and for one that is not known: whoever asks
    then leaves the message as it is.
    """
    return _FROM_TWILIO.get(status.strip().lower())


def classify_error(code: int | None, http_status: int | None) -> ErrorClass:
    """What to do about one of Twilio's error codes.

    `http_status` is that of the refused call, None for a code that came with a receipt; it decides
    where the code is not in the table.
    """
    if code is not None and code in _ERROR_CLASSES:
        return _ERROR_CLASSES[code]
    return _by_status(http_status)


def _by_status(http_status: int | None) -> ErrorClass:
    match http_status:
        case 401 | 403 | 404 | 407:  # our account, our address or our proxy: not this message
            return ErrorClass.AUTH
        case 408 | 429:
            return ErrorClass.RETRY
        case int() if http_status >= 500:  # noqa: PLR2004 - HTTP's own frontier
            return ErrorClass.RETRY
        case _:
            return ErrorClass.PERMANENT
