"""Inviting a practitioner by e-mail or SMS, and what they do by the link: check, and begin."""

import uuid
from datetime import timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from dispatcher.domain import calendar, phones
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.emails import EmailKind, NotAnEmail, normal_address
from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError
from dispatcher.domain.events import (
    Actor,
    ActorKind,
    InvitationAccepted,
    InvitationRevoked,
    PractitionerInvited,
    UserCreated,
)
from dispatcher.domain.messages import MessageKind
from dispatcher.domain.passwords import fault_of_password
from dispatcher.domain.roles import Account, Role
from dispatcher.reads.invitations import valid_invitation
from dispatcher.reads.limits import EMAIL_FIELD, own_address
from dispatcher.services.accounts import LOGIN_TAKEN, account_of, fault_of_login, hashed
from dispatcher.services.commands import EmailText, Name, PasswordText, Shape, ShortText
from dispatcher.services.emails import NewEmail, queue_email
from dispatcher.services.house import House
from dispatcher.services.notices import Sms, queue_sms, shown_phone, signed_link
from dispatcher.storage.accounts import User
from dispatcher.storage.encryption import digest_token
from dispatcher.storage.invitations import Invitation
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit

VALID_FOR = timedelta(days=14)
USEFUL_FOR = timedelta(days=2)
"""An invitation that could not be sent for longer is sent no more: somebody has to look."""
PATH = "bienvenue"
NOT_VALID = (
    "Ce lien n’est pas ou n’est plus valable. Demandez une nouvelle invitation à votre CPTS, ou"
    " connectez-vous si votre compte est déjà ouvert."
)


class Invite(Shape):
    """How somebody is invited; the address that is not used may be left out."""

    channel: Literal["email", "sms"]
    email: EmailText | None = None
    phone: ShortText | None = None


class Accept(Shape):
    """What a practitioner says of themself when they begin."""

    last_name: Name
    first_name: Name
    phone: ShortText | None = None
    email: EmailText | None = None
    login: Name
    password: PasswordText


def invite(house: House, account: Account, practitioner_id: UUID, command: Invite) -> UUID:
    """Send a practitioner of the territory a link that is good for two weeks; earlier ones end.

    Where they can be reached is kept. Raises NotFoundError, InvalidError by field, RefusedError
    (`has-account`).
    """
    email, phone = _reached(house, account, command)
    invitation_id = uuid.uuid4()
    secret = signed_link(house, "invitation", invitation_id)
    with house.db.transaction(account.territory_id, account.actor) as unit:
        practitioner = _lock(unit, practitioner_id)
        known = select(User.id).where(
            User.practitioner_id == practitioner_id,
            User.role == Role.PRACTITIONER.value,
            User.active,
        )
        if unit.session.scalar(known.limit(1)) is not None:
            raise RefusedError("has-account", "Cette personne a déjà un compte.")
        if phone is not None:
            practitioner.phone = phone
        if email is not None:
            practitioner.email = unit.cipher.seal(EMAIL_FIELD, practitioner_id, email)
            practitioner.email_refused_at = None
        end_invitations(unit, practitioner_id)
        invitation = Invitation(
            id=invitation_id,
            territory_id=unit.territory_id,
            practitioner_id=practitioner_id,
            invited_by=account.user_id,
            channel=command.channel,
            digest=digest_token(secret),
            created_at=unit.now,
            expires_at=unit.now + VALID_FOR,
        )
        unit.session.add(invitation)
        unit.session.flush()  # what is sent refers to the practitioner, and the address is theirs
        unit.record(
            PractitionerInvited(
                practitioner_id=practitioner_id,
                invitation_id=invitation_id,
                channel=command.channel,
            )
        )
        _send(house, unit, account, invitation, secret, email=email, phone=phone)
    return invitation_id


def revoke(house: House, account: Account, practitioner_id: UUID) -> None:
    """End the links that a practitioner was sent. Raises NotFoundError."""
    with house.db.transaction(account.territory_id, account.actor) as unit:
        _lock(unit, practitioner_id)
        end_invitations(unit, practitioner_id)


def accept_invitation(house: House, secret: str, command: Accept) -> Account:
    """Open the account of whoever was invited, with what they corrected; the link then ends.

    Raises NotFoundError for a link that is not, or not any more, good, InvalidError by field.
    """
    user_id, login = uuid.uuid4(), command.login.lower()
    with house.db.reading() as session:
        found = session.scalars(valid_invitation(secret, house.clock())).one_or_none()
        if found is None:
            raise NotFoundError(NOT_VALID)
        territory = session.get_one(Territory, found.territory_id)
        faults = {} if (fault := fault_of_login(session, login)) is None else {"login": fault}
    about = (command.first_name, command.last_name, login, territory.name)
    if fault := fault_of_password(command.password, about):
        faults["password"] = fault
    told = _told(command, territory.department, faults)
    password_hash = hashed(command.password)
    actor = Actor(ActorKind.PRACTITIONER, user_id)
    try:
        with house.db.transaction(found.territory_id, actor) as unit:
            invitation = unit.session.scalars(
                valid_invitation(secret, unit.now).with_for_update()
            ).one_or_none()
            if invitation is None:
                raise NotFoundError(NOT_VALID)
            practitioner = _lock(unit, invitation.practitioner_id)
            changed = _correct(unit, practitioner, told)
            invitation.accepted_at = unit.now
            unit.session.add(
                User(
                    id=user_id,
                    territory_id=unit.territory_id,
                    login=login,
                    password_hash=password_hash,
                    role=Role.PRACTITIONER.value,
                    display_name=practitioner.display_name,
                    practitioner_id=practitioner.id,
                    created_at=unit.now,
                )
            )
            unit.record(
                InvitationAccepted(
                    practitioner_id=practitioner.id,
                    invitation_id=invitation.id,
                    changed=changed,
                )
            )
            unit.record(UserCreated(user_id=user_id, role=Role.PRACTITIONER.value))
    except IntegrityError as error:  # somebody took the login at the same moment
        raise InvalidError({"login": LOGIN_TAKEN}) from error
    account = account_of(house, user_id)
    if account is None:
        raise NotFoundError(NOT_VALID)
    return account


def _reached(house: House, account: Account, command: Invite) -> tuple[str | None, str | None]:
    """Address and mobile as they are kept. Raises InvalidError."""
    faults: dict[str, str] = {}
    email = _address(command.email, faults)
    phone = _mobile(command.phone, account.department, faults)
    if command.channel == "email":
        if house.email is None:
            faults["channel"] = (
                f"Aucun serveur d’e-mail n’est réglé sur ce site{NBSP}: invitez par SMS."
            )
        elif email is None and "email" not in faults:
            faults["email"] = "Écrivez l’adresse à laquelle envoyer l’invitation."
    elif phone is None and "phone" not in faults:
        faults["phone"] = "Écrivez le mobile auquel envoyer l’invitation."
    if faults:
        raise InvalidError(faults)
    return email, phone


def _send(
    house: House,
    unit: Unit,
    account: Account,
    invitation: Invitation,
    secret: str,
    *,
    email: str | None,
    phone: str | None,
) -> None:
    """Write the e-mail or the SMS with the link down to be sent."""
    territory = unit.session.get_one(Territory, unit.territory_id)
    zone, region = ZoneInfo(territory.timezone), phones.region_of(territory.department)
    said = {
        "sender": territory.name,
        "phone": shown_phone(territory.phone, territory.department),
        "link": f"{house.settings.public_base_url}/{PATH}/{secret}",
    }
    until = calendar.day(invitation.expires_at, zone)
    purpose = f"invitation:{invitation.id}"
    if invitation.channel == "email":
        queue_email(
            house,
            unit,
            NewEmail(
                kind=EmailKind.INVITATION,
                address=email or "",
                purpose=purpose,
                values=said
                | {
                    "inviter": account.display_name,
                    "until": until,
                    "phone": phones.normalise(territory.phone, region).display(),
                },
                practitioner_id=invitation.practitioner_id,
                expires_at=unit.now + USEFUL_FOR,
            ),
        )
        return
    queue_sms(
        house,
        unit,
        Sms(
            kind=MessageKind.INVITATION,
            to_role="practitioner",
            phone=phone or "",
            purpose=purpose,
            values=said | {"day": until},
            practitioner_id=invitation.practitioner_id,
            expires_at=unit.now + USEFUL_FOR,
        ),
    )


def _told(command: Accept, department: str, faults: dict[str, str]) -> dict[str, str | None]:
    """What is kept of what they said, by column. Raises InvalidError, with `faults` among it."""
    told = {
        "last_name": command.last_name,
        "first_name": command.first_name,
        "phone": _mobile(command.phone, department, faults),
        "email": _address(command.email, faults),
    }
    if faults:
        raise InvalidError(faults)
    return told


def _correct(unit: Unit, practitioner: Practitioner, told: dict[str, str | None]) -> list[str]:
    """Write what differs; returns the names. What is left empty is taken off."""
    changed = [name for name in ("last_name", "first_name", "phone")
               if getattr(practitioner, name) != told[name]]  # fmt: skip
    for name in changed:
        setattr(practitioner, name, told[name])
    if own_address(unit.cipher, practitioner) != (email := told["email"]):
        changed.append("email")
        practitioner.email_refused_at = None
        practitioner.email = email and unit.cipher.seal(EMAIL_FIELD, practitioner.id, email)
    return changed


def end_invitations(unit: Unit, practitioner_id: UUID) -> None:
    """End the links that they were sent, in the caller's transaction."""
    for row in unit.session.scalars(
        select(Invitation)
        .where(
            Invitation.practitioner_id == practitioner_id,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
        .with_for_update()
    ):
        row.revoked_at = unit.now
        unit.record(InvitationRevoked(practitioner_id=practitioner_id, invitation_id=row.id))


def _lock(unit: Unit, practitioner_id: UUID) -> Practitioner:
    practitioner = unit.session.get(Practitioner, practitioner_id, with_for_update=True)
    if practitioner is None or practitioner.territory_id != unit.territory_id:
        raise NotFoundError
    return practitioner


def _address(typed: str | None, faults: dict[str, str]) -> str | None:
    if not typed:
        return None
    try:
        return normal_address(typed)
    except NotAnEmail as error:
        faults["email"] = error.sentence
        return None


def _mobile(typed: str | None, department: str, faults: dict[str, str]) -> str | None:
    if not typed:
        return None
    try:
        return phones.normalise_mobile(typed, phones.region_of(department)).e164
    except phones.NotAPhone as error:
        faults["phone"] = error.sentence
        return None
