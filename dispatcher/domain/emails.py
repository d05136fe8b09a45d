"""E-mails to professionals: why one is sent, how far it got, and what an address looks like.

Patients are never written to by e-mail, and no e-mail says who one is.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.messages import MessageKind

LONGEST_ADDRESS: Final = 254
LONGEST_MAILBOX: Final = 64
"""Characters, before the @ (RFC 5321, 4.5.3.1)."""

_SIGNS = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"({_SIGNS}(?:\.{_SIGNS})*)@((?:{_LABEL}\.)+{_LABEL})")


class EmailKind(StrEnum):
    """Why an e-mail is sent. Each has its text, `config/emails/<kind>.txt`."""

    INVITATION = "invitation"
    """To a practitioner: come and open a first slot."""
    ACTIVITY_REPORT = "activity_report"
    """To whoever a coordinator names: last month's figures, as PDF."""
    OFFER = "offer"
    """This and what follows: what a practitioner is told by SMS (`MessageKind`), by e-mail."""
    PRACTITIONER_NOTICE = "practitioner_notice"
    CANCELLED_BY_PATIENT = "cancelled_by_patient"
    CANCELLED_BY_REGULATOR_PRACTITIONER = "cancelled_by_regulator_practitioner"
    LATE_NOTICE = "late_notice"
    CLOSING_QUESTION = "closing_question"
    PUBLICATION_QUESTION = "publication_question"
    AGENDA_UNREAD = "agenda_unread"
    REINFORCEMENT_CALL = "reinforcement_call"


NOTICES: Final[Mapping[MessageKind, EmailKind]] = {
    MessageKind(kind.value): kind
    for kind in EmailKind
    if kind not in {EmailKind.INVITATION, EmailKind.ACTIVITY_REPORT}
}
"""What goes by e-mail to whom wishes it, in place of its SMS or beside it."""


class NoticeChannel(StrEnum):
    """How a practitioner wishes to be told. What is answered within minutes is asked by SMS too."""

    SMS = "sms"
    EMAIL = "email"
    BOTH = "both"


class EmailStatus(StrEnum):
    """Where an e-mail is. Whether it was read, nobody tells."""

    QUEUED = "queued"
    SENDING = "sending"
    """A server was called and its answer is not recorded."""
    SENT = "sent"
    """The server answered for it."""
    REFUSED = "refused"
    """The server said no, and would again: mostly an address that does not exist."""
    FAILED = "failed"
    """It did not leave in time."""


UNSENT: Final = (EmailStatus.QUEUED, EmailStatus.SENDING)
EMAIL_TRANSITIONS: Mapping[EmailStatus, frozenset[EmailStatus]] = {
    EmailStatus.QUEUED: frozenset(
        {EmailStatus.SENDING, EmailStatus.SENT, EmailStatus.REFUSED, EmailStatus.FAILED}
    ),
    EmailStatus.SENDING: frozenset(
        {EmailStatus.QUEUED, EmailStatus.SENT, EmailStatus.REFUSED, EmailStatus.FAILED}
    ),
    EmailStatus.SENT: frozenset(),
    EmailStatus.REFUSED: frozenset(),
    EmailStatus.FAILED: frozenset(),
}


class NotAnEmail(ValueError):
    """What was typed cannot be an address; `sentence` tells a person why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def normal_address(text: str) -> str:
    """One address in its usual form (RFC 5321, without quotes, comments and IP addresses).

    The server's name is put in lower case; what stands before the @ is the server's to read and
    stays. Raises NotAnEmail.
    """
    typed = text.strip()
    found = _ADDRESS.fullmatch(typed)
    if found is None or len(typed) > LONGEST_ADDRESS or len(found[1]) > LONGEST_MAILBOX:
        if "@" in typed and not typed.isascii():
            raise NotAnEmail("Une adresse e-mail n’a pas d’accents.")
        raise NotAnEmail(f"Écrivez une adresse e-mail, par exemple{NBSP}: nom@exemple.fr.")
    return f"{found[1]}@{found[2].lower()}"
