"""The steps of a request in French sentences, one for each kind of event that can be among them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from dispatcher.domain import calendar, events
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.events import ActorKind, Event
from dispatcher.domain.figures import whole_number
from dispatcher.domain.gp_searches import GP_SEARCH_IN_WORDS, GpSearchStatus
from dispatcher.domain.inbound import Intent
from dispatcher.domain.matching import explain
from dispatcher.domain.matching.feasibility import Reason
from dispatcher.domain.messages import (
    ARRIVED_LATE,
    ErrorClass,
    MessageKind,
    MessageStatus,
    classify_error,
)
from dispatcher.domain.phones import PhoneKind
from dispatcher.domain.states import Attention, OfferStatus
from dispatcher.reads.request_history import Step
from dispatcher.reads.request_page import RequestPage
from dispatcher.web import desk_steps, email_lines
from dispatcher.web.story import Story
from dispatcher.web.wording import Wording

REASONS_TOLD = 3
ATTENTION: Mapping[str, str] = {
    Attention.NO_SLOT: f"Aucun créneau publié ne convient{NBSP}: la recherche continue",
    Attention.DEADLINE: f"Le délai demandé approche{NBSP}: aucun rendez-vous n’est pris",
    Attention.PATIENT_CANCELLED: "Le patient a annulé son rendez-vous",
    Attention.UNDELIVERED: f"À appeler{NBSP}: le patient n’a pas reçu son SMS",
    Attention.NOTICE_UNDELIVERED: f"À appeler{NBSP}: le professionnel n’a pas reçu son SMS",
    Attention.MESSAGE: "Un SMS reçu est à lire",
    Attention.CALL_BACK: f"À rappeler{NBSP}: le patient le demande par SMS",
    Attention.NOBODY_ANSWERED: "Aucun volontaire sollicité n’a accepté",
    Attention.HOUR_MISSING: f"Un praticien a accepté{NBSP}: l’heure reste à choisir",
}
"""Why a request is in front of the regulator."""
BY: Mapping[str, str] = {
    "patient": "le patient",
    "practitioner": "le praticien",
    "regulator": "la régulation",
}
MESSAGE_KINDS: Mapping[MessageKind, str] = {
    MessageKind.CONFIRMATION: "confirmation du rendez-vous",
    MessageKind.PRACTITIONER_NOTICE: "annonce du rendez-vous",
    MessageKind.REMINDER: "rappel du rendez-vous",
    MessageKind.APPOINTMENT_CHANGED: "changement du rendez-vous",
    MessageKind.LATE_NOTICE: "annonce d’un retard",
    MessageKind.NO_SHOW_FOLLOW_UP: "suite d’une absence",
    MessageKind.SATISFACTION: "question de satisfaction",
    MessageKind.SATISFACTION_THANKS: "remerciement",
    MessageKind.CALL_BACK_NOTED: "accusé d’une demande de rappel",
    MessageKind.REGULATOR_ANSWER: "réponse de la régulation",
    MessageKind.CANCELLED_BY_PRACTITIONER: "annulation par le praticien",
    MessageKind.CANCELLED_BY_PATIENT: "annulation par le patient",
    MessageKind.CANCELLED_BY_REGULATOR_PATIENT: "annulation par la régulation",
    MessageKind.CANCELLED_BY_REGULATOR_PRACTITIONER: "annulation par la régulation",
    MessageKind.CANCEL_ACKNOWLEDGED: "accusé de l’annulation",
    MessageKind.CONFIRM_ACKNOWLEDGED: "accusé de la confirmation",
    MessageKind.WHICH_APPOINTMENT: "demande de précision",
    MessageKind.NOT_UNDERSTOOD: "réponse non comprise",
    MessageKind.STOP_ACKNOWLEDGED: f"accusé du{NBSP}STOP",
    MessageKind.START_ACKNOWLEDGED: "reprise des SMS",
    MessageKind.HELP: "aide",
    MessageKind.CLOSING_QUESTION: "venu ou non venu",
    MessageKind.PUBLICATION_QUESTION: "créneaux du lendemain à publier",
    MessageKind.AGENDA_UNREAD: "agenda relié qui n’est plus lu",
    MessageKind.REINFORCEMENT_CALL: "appel à renfort",
    MessageKind.INVITATION: "invitation",
    MessageKind.OFFER: "sollicitation",
    MessageKind.OFFER_TAKEN: "demande pourvue ou close",
    MessageKind.OFFER_TOO_LATE: "réponse arrivée trop tard",
    MessageKind.OFFER_CHOOSE_HOUR: "heure à choisir",
    MessageKind.OFFER_HOUR_REFUSED: "heure refusée",
    MessageKind.OFFER_RELEASED: "demande reprise",
    MessageKind.OFFER_STANDS: "rendez-vous déjà pris",
    MessageKind.OFFER_WHICH: "demande de précision",
    MessageKind.OFFER_UNKNOWN: "numéro de demande inconnu",
}
MESSAGE_STATUS: Mapping[MessageStatus, str] = {
    MessageStatus.QUEUED: "en attente d’envoi",
    MessageStatus.SENDING: "envoi en cours",
    MessageStatus.SENT: "envoyé",
    MessageStatus.DELIVERED: "remis",
    MessageStatus.UNDELIVERED: "non remis",
    MessageStatus.FAILED: "échec de l’envoi",
    MessageStatus.REFUSED: "refusé",
}
INTENTS: Mapping[Intent, str] = {
    Intent.YES: "OUI",
    Intent.NO: "NON",
    Intent.CANCEL: "annulation",
    Intent.STOP: "STOP",
    Intent.START: "reprise des SMS",
    Intent.HELP: "demande d’aide",
    Intent.CALL_BACK: "demande de rappel",
    Intent.MARK: "note de satisfaction",
    Intent.UNKNOWN: "à lire",
}
ERRORS: Mapping[ErrorClass, str] = {
    ErrorClass.PERMANENT: f"le numéro ne peut pas être joint{NBSP}: appelez ou corrigez-le",
    ErrorClass.RETRY: "le téléphone est éteint ou hors réseau",
    ErrorClass.OPTED_OUT: f"le destinataire a demandé de ne plus recevoir de SMS{NBSP}: appelez-le",
    ErrorClass.LANDLINE: f"ce numéro ne reçoit pas de SMS{NBSP}: appelez et corrigez-le",
    ErrorClass.AUTH: f"le service d’envoi refuse notre compte{NBSP}: prévenez l’administrateur",
}
OUR_ERRORS: Mapping[str, str] = {
    "opted_out": ERRORS[ErrorClass.OPTED_OUT],
    PhoneKind.LANDLINE: f"ligne fixe, qui ne reçoit pas de SMS{NBSP}: appelez",
    PhoneKind.FOREIGN: f"numéro étranger, auquel aucun SMS n’est envoyé{NBSP}: appelez",
    PhoneKind.SPECIAL: f"numéro spécial, qui ne reçoit pas de SMS{NBSP}: appelez",
    ARRIVED_LATE: "l’opérateur a dit ensuite l’avoir remis",
    "superseded": "le rendez-vous a changé avant l’envoi",
    "expired": f"envoyé trop tard, il n’aurait plus de sens{NBSP}: appelez",
}
ENGINE = "Automatique"
ACTORS: Mapping[ActorKind, str] = {
    ActorKind.REGULATOR: "Régulation",
    ActorKind.PRACTITIONER: "Praticien",
    ActorKind.DELEGATE: "Secrétariat",
    ActorKind.REQUESTER: "Demandeur",
    ActorKind.COORDINATOR: "Coordination",
    ActorKind.ADMINISTRATOR: "Administration",
    ActorKind.PATIENT: "Patient",
    ActorKind.ENGINE: ENGINE,
    ActorKind.CLOCK: ENGINE,
    ActorKind.OPERATOR: "Exploitation",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline."""

    text: str
    at: str
    by: str


def lines(page: RequestPage, wording: Wording) -> list[Line]:
    """The timeline, newest first."""
    return told(page, reversed(page.steps), wording)


def told(page: RequestPage, steps: Iterable[Step], wording: Wording) -> list[Line]:
    """Some steps of the page's request, in their order."""
    story = Story(
        wording,
        page.practitioners,
        {message.id: message.to_role for message in page.messages},
        frozenset(each.id for each in page.messages if not each.is_out and each.practitioner_name),
        page.work.names,
    )
    return [_line(step, story) for step in steps]


def track(message_id: UUID, page: RequestPage, wording: Wording) -> str:
    """The states that an SMS went through, each with its hour: « envoyé 9 h 12, remis 9 h 13 »."""
    states = [
        (step.event.status, step.at)
        for step in page.steps
        if isinstance(step.event, events.MessageProgressed) and step.event.message_id == message_id
    ]
    return ", ".join(
        f"{MESSAGE_STATUS[MessageStatus(status)]} {wording.moment(at)}" for status, at in states
    )


def error_in_words(error_code: str | None) -> str:
    """What a failed SMS asks the regulator to do; empty when there was no error."""
    if error_code is None:
        return ""
    if error_code in OUR_ERRORS:
        return OUR_ERRORS[error_code]
    return ERRORS[classify_error(whole_number(error_code), None)]


def _line(step: Step, story: Story) -> Line:
    sentence = SENTENCES[type(step.event)](step.event, story)
    return Line(
        text=sentence,
        at=story.wording.moment(step.at),
        by=_author(step, story),
    )


def _author(step: Step, story: Story) -> str:
    """Who did it; of a secretary also for whom."""
    name = step.actor_name or ACTORS[step.actor.kind]
    practitioner_id = getattr(step.event, "practitioner_id", None)
    if step.actor.kind is ActorKind.DELEGATE and practitioner_id is not None:
        return f"{name}, pour {story.practitioner(practitioner_id)}"
    return name


def _opened(event: events.RequestOpened, story: Story) -> str:
    words = story.wording
    text = (
        f"Demande enregistrée{NBSP}: {words.profession(event.profession)},"
        f" sous {event.delay_hours}{NBSP}h, {words.origin(event.origin)}"
    )
    return f"{text} (seconde demande confirmée)" if event.duplicate_confirmed else text


def _found_nothing(event: events.SearchFoundNothing, _story: Story) -> str:
    counts = {Reason(reason): count for reason, count in event.refused.items()}
    told = explain.render_refused(counts)[:REASONS_TOLD]
    if not told:
        return f"Aucun créneau ne convient{NBSP}: aucun n’est publié"
    return f"Aucun créneau ne convient{NBSP}: {', '.join(told)}"


def _escalated(event: events.RequestEscalated, _story: Story) -> str:
    return ATTENTION.get(event.attention, "Remise devant la régulation")


def _attended(event: events.RequestAttended, _story: Story) -> str:
    is_patient = event.attention == Attention.UNDELIVERED
    whom = "Patient" if is_patient else "Professionnel"
    return f"{whom} prévenu par téléphone, à défaut de SMS"


def _enlarged(event: events.RequestEnlarged, _story: Story) -> str:
    if event.radius_km is None:
        return "Rayon de recherche du territoire rétabli"
    radius = explain.distance_in_words(event.radius_km)
    return f"Recherche élargie à {radius} à vol d’oiseau"


def _reopened(event: events.RequestReopened, _story: Story) -> str:
    if event.cause == "practitioner_cancelled":
        return "Recherche relancée après l’annulation du praticien"
    return "Demande remise à traiter après l’annulation du patient"


def _redirected(event: events.RequestRedirected, story: Story) -> str:
    entry = story.wording.catalogue.redirections.get(event.to)
    return f"Patient réorienté{NBSP}: {entry.label if entry else event.to}"


def _unfilled(event: events.RequestUnfilled, story: Story) -> str:
    entry = story.wording.catalogue.unfilled_reasons.get(event.cause)
    return f"Close sans solution{NBSP}: {entry.label if entry else event.cause}"


def _effect(event: events.EffectNoted, story: Story) -> str:
    entry = story.wording.catalogue.effects.get(event.effect)
    text = entry.label if entry else event.effect
    return text if event.holds else f"Mention retirée{NBSP}: {text}"


def _booked(event: events.AppointmentBooked, story: Story) -> str:
    when = calendar.day_and_hour(event.start, story.wording.zone)
    who = story.practitioner(event.practitioner_id)
    text = f"Rendez-vous pris{NBSP}: {when}, {who}"
    if not event.within_delay:
        text += ", après le délai demandé"
    if event.overridden:
        passed = ", ".join(explain.REASON_IN_WORDS[Reason(code)] for code in event.overridden)
        text += f", malgré{NBSP}: {passed}"
    return text


def _cancelled(event: events.AppointmentCancelled, story: Story) -> str:
    when = calendar.day_and_hour(event.start, story.wording.zone)
    if event.by == "move":
        return f"Rendez-vous du {when} déplacé"
    return f"Rendez-vous du {when} annulé par {BY.get(event.by, event.by)}"


def _queued(event: events.MessageQueued, _story: Story) -> str:
    kind = MESSAGE_KINDS[MessageKind(event.message_kind)]
    return f"SMS écrit {_to(event.to_role)}{NBSP}: {kind}"


def _progressed(event: events.MessageProgressed, story: Story) -> str:
    status = MESSAGE_STATUS[MessageStatus(event.status)]
    to_role = story.to_role.get(event.message_id)
    text = f"SMS {_to(to_role)}{NBSP}: {status}"
    why = error_in_words(event.error_code)
    return f"{text}, {why}" if why else text


def _received(event: events.MessageReceived, story: Story) -> str:
    whose = "d’un praticien" if event.message_id in story.from_practitioners else "du patient"
    return f"SMS reçu {whose}{NBSP}: {INTENTS[Intent(event.intent)]}"


def _to(role: str | None) -> str:
    return "au praticien" if role == "practitioner" else "au patient"


def _asked(event: events.VolunteersAsked, _story: Story) -> str:
    if not event.asked:
        return f"Aucun volontaire ne peut être sollicité{NBSP}: {_unreachable(event.unreachable)}"
    who = "1 volontaire sollicité" if event.asked == 1 else f"{event.asked} volontaires sollicités"
    text = f"Vague n°{NBSP}{event.wave}{NBSP}: {who}"
    return f"{text}, {_unreachable(event.unreachable)}" if event.unreachable else text


def _unreachable(count: int) -> str:
    return f"{count} injoignable{'s' if count > 1 else ''} par SMS"


def _offered(event: events.OfferMade, story: Story) -> str:
    text = f"Sollicitation{NBSP}: {story.practitioner(event.practitioner_id)}"
    if event.distance_km is None:
        return text
    return f"{text}, à {explain.distance_in_words(event.distance_km)}"


def _accepted(event: events.OfferAccepted, story: Story) -> str:
    who = story.practitioner(event.practitioner_id)
    return f"Acceptée par {who}" if event.hour else f"Acceptée par {who}, heure à choisir"


def _declined(event: events.OfferDeclined, story: Story) -> str:
    return f"Déclinée par {story.practitioner(event.practitioner_id)}"


def _ended(event: events.OfferEnded, story: Story) -> str:
    who = story.practitioner(event.practitioner_id)
    if event.status == OfferStatus.EXPIRED:
        return f"Sollicitation expirée{NBSP}: {who}"
    return f"Sollicitation sans objet{NBSP}: {who}"


def _answered_late(event: events.OfferAnsweredLate, story: Story) -> str:
    who = story.practitioner(event.practitioner_id)
    return f"Réponse tardive de {who}{NBSP}: {INTENTS[Intent(event.intent)]}"


def _always(text: str) -> "Sentence":
    return lambda _event, _story: text


Sentence = Callable[[Any, Story], str]
SENTENCES: Mapping[type[Event], Sentence] = {
    events.RequestOpened: _opened,
    events.SearchFoundNothing: _found_nothing,
    events.RequestEscalated: _escalated,
    events.RequestAttended: _attended,
    events.PatientReached: _always(f"Le SMS est finalement passé{NBSP}: plus personne à appeler"),
    events.RequestReopened: _reopened,
    events.GpSearchMoved: lambda event, _: (
        f"Recherche d’un médecin traitant{NBSP}: {GP_SEARCH_IN_WORDS[GpSearchStatus(event.status)]}"
    ),
    events.RequestValidated: _always("Demande validée par la régulation"),
    events.RequestSearched: _always("Recherche relancée"),
    events.RequestEnlarged: _enlarged,
    events.RequestCancelled: lambda event, _: f"Demande annulée par {BY.get(event.by, event.by)}",
    events.RequestRedirected: _redirected,
    events.RequestUnfilled: _unfilled,
    events.BookingLost: _always("La place proposée venait d’être prise"),
    events.EffectNoted: _effect,
    events.AppointmentBooked: _booked,
    events.AppointmentConfirmed: _always("Le patient a confirmé sa venue"),
    events.PatientLate: lambda event, _: (
        f"Le patient annonce un retard d’environ {event.minutes}{NBSP}min"
    ),
    events.AppointmentCancelled: _cancelled,
    events.AppointmentFulfilled: _always("Patient venu"),
    events.AppointmentMissed: _always("Patient non venu"),
    events.MessageQueued: _queued,
    events.MessageProgressed: _progressed,
    events.MessageReceived: _received,
    events.VolunteersAsked: _asked,
    events.OfferMade: _offered,
    events.OfferAccepted: _accepted,
    events.OfferDeclined: _declined,
    events.OfferEnded: _ended,
    events.OfferAnsweredLate: _answered_late,
    events.SatisfactionAnswered: lambda event, _: (
        f"Note de satisfaction{NBSP}: {event.score} sur{NBSP}10"
    ),
    events.MessageLinked: _always("SMS reçu rattaché à la demande"),
    events.EmailQueued: email_lines.queued,
    events.EmailProgressed: email_lines.progressed,
    events.MessageHandled: _always("SMS reçu marqué comme traité"),
    **desk_steps.SENTENCES,
}
"""By kind of event: all those that carry a request."""
