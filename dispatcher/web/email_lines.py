"""What a request's timeline says of the e-mails that told a practitioner."""

from collections.abc import Mapping
from typing import Any

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.emails import EmailKind, EmailStatus
from dispatcher.domain.messages import SUPERSEDED

KINDS: Mapping[EmailKind, str] = {
    EmailKind.INVITATION: "invitation",
    EmailKind.ACTIVITY_REPORT: "rapport mensuel",
    EmailKind.OFFER: "sollicitation",
    EmailKind.PRACTITIONER_NOTICE: "annonce du rendez-vous",
    EmailKind.CANCELLED_BY_PATIENT: "annulation par le patient",
    EmailKind.CANCELLED_BY_REGULATOR_PRACTITIONER: "annulation par la régulation",
    EmailKind.LATE_NOTICE: "annonce d’un retard",
    EmailKind.CLOSING_QUESTION: "venu ou non venu",
    EmailKind.PUBLICATION_QUESTION: "créneaux du lendemain à publier",
    EmailKind.AGENDA_UNREAD: "agenda relié qui n’est plus lu",
    EmailKind.REINFORCEMENT_CALL: "appel à renfort",
}
_ENDS: Mapping[EmailStatus, str] = {
    EmailStatus.SENT: "envoyé",
    EmailStatus.REFUSED: "adresse refusée, SMS envoyé s’il a un mobile",
    EmailStatus.FAILED: "pas parti à temps, SMS envoyé s’il a un mobile",
}


def queued(event: Any, _story: object) -> str:  # noqa: ANN401 - as every sentence of the timeline
    """An e-mail was written."""
    return f"E-mail écrit au praticien{NBSP}: {KINDS[EmailKind(event.email_kind)]}"


def progressed(event: Any, _story: object) -> str:  # noqa: ANN401 - as every sentence of the timeline
    """How it ended."""
    if event.error_code == SUPERSEDED:
        return f"E-mail au praticien{NBSP}: sans objet avant l’envoi"
    return f"E-mail au praticien{NBSP}: {_ENDS[EmailStatus(event.status)]}"
