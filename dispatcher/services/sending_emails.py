"""Sending e-mails: by a promise, tried until it is late; a notice that fails goes by SMS."""

import base64
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from config.logging import get_logger
from dispatcher.domain.calling import MUST_BE_KNOWN
from dispatcher.domain.emails import EMAIL_TRANSITIONS, UNSENT, EmailKind, EmailStatus
from dispatcher.domain.events import ENGINE, EmailProgressed
from dispatcher.domain.messages import OF_A_LIVE_APPOINTMENT, SUPERSEDED, MessageKind
from dispatcher.domain.states import LIVE_APPOINTMENTS, LIVE_OFFERS, AppointmentStatus
from dispatcher.gateways.email import (
    Attachment,
    EmailGateway,
    EmailRefused,
    EmailRetry,
    OutgoingEmail,
)
from dispatcher.papers.calendar_files import Expected, practitioners_file
from dispatcher.services.appointment_notices import AppointmentNotices
from dispatcher.services.house import House
from dispatcher.services.pauses import pause_until_retry
from dispatcher.storage import keeping
from dispatcher.storage.emails import Email
from dispatcher.storage.engines import rows_changed
from dispatcher.storage.offers import Offer
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.slots import Slot
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Claim, LeaseLostError, Unit

log = get_logger(__name__)
RETRY_SECONDS, RETRY_LONGEST_SECONDS = 60.0, 1800.0
"""Between these the pauses grow while a server does not take it (`pauses`). A server that does not
know us yet wants a quarter of an hour (greylisting, RFC 6647)."""
EXPIRED = "expired"
ATTEMPTS_SPENT = "attempts_spent"
NO_SERVER = "no SMTP server is set"
WITH_A_FILE = frozenset(
    {
        EmailKind.PRACTITIONER_NOTICE,
        EmailKind.CANCELLED_BY_PATIENT,
        EmailKind.CANCELLED_BY_REGULATOR_PRACTITIONER,
    }
)
"""They carry the appointment for a calendar, made when they leave, as it stands then."""


def send_email(house: House, claim: Claim) -> None:
    """Hand one e-mail to the server: claim, call, record.

    What is no longer true is not sent. One whose answer was lost is sent again under the same
    Message-ID: SMTP knows no other way to settle it. What is temporary is tried again until the
    e-mail would be late; an error of ours, as any job's, a few times.
    """
    with house.db.reading() as session:
        found = session.execute(
            select(Email, Territory.name)
            .join(Territory, Territory.id == Email.territory_id)
            .where(
                Email.id == claim.id("email_id"), Email.status.in_([each.value for each in UNSENT])
            )
        ).one_or_none()
        is_overtaken = found is not None and _overtaken(session, found.Email)
    if found is None:
        house.db.keep(claim)
        return
    email = found.Email
    if is_overtaken:
        _record(house, claim, email, EmailStatus.FAILED, SUPERSEDED)
        return
    if email.expires_at <= house.clock():
        _record(house, claim, email, EmailStatus.FAILED, EXPIRED)
        return
    if house.email is None:
        _later(house, claim, email, NO_SERVER)
        return
    if not _begin(house, claim, email):
        house.db.keep(claim)
        return
    _call(house, house.email, claim, email, _outgoing(house, email, found.name))


def give_up(house: House, claim: Claim) -> None:
    """The last attempt at an e-mail ended in an error of ours."""
    with house.db.reading() as session:
        email = session.get(Email, claim.id("email_id"))
    if email is not None:
        _record(house, None, email, EmailStatus.FAILED, ATTEMPTS_SPENT)


def _begin(house: House, claim: Claim, email: Email) -> bool:
    """Write down that a server is called now. Raises LeaseLostError; False if it has left since."""
    now = house.clock()
    with house.db.writing() as session:
        if not keeping.is_owned(session, claim):
            raise LeaseLostError
        begun = session.execute(
            update(Email)
            .where(Email.id == email.id, Email.status.in_([each.value for each in UNSENT]))
            .values(status=EmailStatus.SENDING.value, sending_since=now, updated_at=now)
        )
        return rows_changed(begun) == 1


def _call(
    house: House, gateway: EmailGateway, claim: Claim, email: Email, outgoing: OutgoingEmail
) -> None:
    try:
        gateway.send(outgoing)
    except EmailRefused as problem:
        _record(house, claim, email, EmailStatus.REFUSED, str(problem.code))
    except EmailRetry as problem:
        if problem.is_ours:
            log.critical("email_account_refused", reason=str(problem))
        _later(house, claim, email, str(problem))
    else:
        _record(house, claim, email, EmailStatus.SENT)


def _later(house: House, claim: Claim, email: Email, reason: str) -> None:
    """It is owed until it is late, whatever the attempts."""
    now = house.clock()
    pause = pause_until_retry(
        email.created_at, now, shortest=RETRY_SECONDS, longest=RETRY_LONGEST_SECONDS
    )
    keeping.defer(house.db, claim, min(now + pause, email.expires_at), reason)


def _record(
    house: House,
    claim: Claim | None,
    email: Email,
    status: EmailStatus,
    error_code: str | None = None,
) -> None:
    """Keep how it ended; what was attached goes, what must be known follows by SMS."""
    with house.db.transaction(email.territory_id, ENGINE, keeping=claim) as unit:
        row = unit.session.get_one(Email, email.id, with_for_update=True)
        if status not in EMAIL_TRANSITIONS[EmailStatus(row.status)]:
            return
        row.status, row.error_code, row.updated_at = status.value, error_code, unit.now
        row.attachment = None
        unit.record(
            EmailProgressed(
                email_id=row.id,
                practitioner_id=row.practitioner_id,
                request_id=row.request_id,
                status=status.value,
                error_code=error_code,
            )
        )
        if status is EmailStatus.REFUSED:
            _trust_no_more(unit, row)
        if status is not EmailStatus.SENT and error_code != SUPERSEDED:
            _tell_by_sms(house, unit, row)


def _trust_no_more(unit: Unit, email: Email) -> None:
    """The practitioner is told by SMS from now on, if that is the address they still have."""
    if email.practitioner_id is None:
        return
    practitioner = unit.session.get_one(Practitioner, email.practitioner_id, with_for_update=True)
    sealed = practitioner.email
    opened = unit.cipher.open
    if sealed is not None and opened("practitioners.email", practitioner.id, sealed) == opened(
        "emails.address", email.id, email.address
    ):
        practitioner.email_refused_at = unit.now


def _tell_by_sms(house: House, unit: Unit, email: Email) -> None:
    """What somebody would miss, or wait for in vain, without having read it."""
    if email.appointment_id is None or email.kind not in MUST_BE_KNOWN:
        return
    appointment = unit.session.get_one(Appointment, email.appointment_id)
    if appointment.ends_at > unit.now:
        notices = AppointmentNotices(house, unit, appointment.id)
        notices.to_practitioner(MessageKind(email.kind), by_sms=True)


def _overtaken(session: Session, email: Email) -> bool:
    """Whether it says « come » of an appointment that is off, or asks what is answered by now."""
    if email.offer_id is not None:
        status = session.scalar(select(Offer.status).where(Offer.id == email.offer_id))
        return status not in LIVE_OFFERS
    if email.appointment_id is not None and email.kind in OF_A_LIVE_APPOINTMENT:
        status = session.scalar(
            select(Appointment.status).where(Appointment.id == email.appointment_id)
        )
        return status not in LIVE_APPOINTMENTS
    return False


def _outgoing(house: House, email: Email, sender_name: str) -> OutgoingEmail:
    opened = house.db.cipher.open
    subject, _, body = opened("emails.text", email.id, email.text).partition("\n")
    attachment = None
    if email.attachment is not None:
        attachment = Attachment(
            email.attachment_name or "",
            email.attachment_type or "",
            base64.b64decode(opened("emails.attachment", email.id, email.attachment)),
        )
    elif email.kind in WITH_A_FILE and email.appointment_id is not None:
        attachment = _calendar_file(house, email.appointment_id)
    return OutgoingEmail(
        email_id=email.id,
        to=opened("emails.address", email.id, email.address),
        subject=subject,
        body=body,
        sender_name=sender_name,
        written_at=email.created_at,
        attachment=attachment,
    )


def _calendar_file(house: House, appointment_id: UUID) -> Attachment:
    """The appointment for the practitioner's calendar; of one that is off, what takes it back."""
    with house.db.reading() as session:
        known = session.execute(
            select(Appointment, CareRequest.code, Slot.modality, Place, Territory)
            .join(CareRequest, CareRequest.id == Appointment.request_id)
            .join(Slot, Slot.id == Appointment.slot_id)
            .join(Place, Place.id == Slot.place_id)
            .join(Territory, Territory.id == Appointment.territory_id)
            .where(Appointment.id == appointment_id)
        ).one()
    appointment, place = known.Appointment, known.Place
    is_at_the_practice = known.modality == "AMB"
    expected = Expected(
        appointment_id=appointment.id,
        code=known.code,
        booked_at=appointment.booked_at,
        start=appointment.start_at,
        end=appointment.ends_at,
        address=f"{place.address}, {place.postcode} {place.commune_name}"
        if is_at_the_practice
        else "",
        territory_name=known.Territory.name,
        is_cancelled=appointment.status == AppointmentStatus.CANCELLED,
    )
    file = practitioners_file(expected, ZoneInfo(known.Territory.timezone))
    return Attachment("rendez-vous.ics", "text/calendar", file)
