"""Invitations: what their link opens, and what coordination sees of those that were sent."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from dispatcher.domain.roles import Role
from dispatcher.reads.limits import own_address
from dispatcher.storage.accounts import User
from dispatcher.storage.emails import Email
from dispatcher.storage.encryption import digest_token
from dispatcher.storage.invitations import Invitation
from dispatcher.storage.messages import Message
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True)
class Welcome:
    """What somebody who was invited sees first; telephones are E.164."""

    territory_name: str
    department: str
    inviter: str
    title: str
    last_name: str
    first_name: str
    rpps: str | None
    profession: str
    specialty: str | None
    phone: str | None
    email: str | None
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """One invitation as coordination sees it. `delivery` is the state of its e-mail or SMS."""

    id: UUID
    channel: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    accepted_at: datetime | None
    delivery: str


@dataclass(frozen=True, slots=True)
class Invitee:
    """A professional of the directory, how they are reached, and how they were invited."""

    id: UUID
    name: str
    profession: str
    rpps: str | None
    phone: str | None
    email: str | None
    has_account: bool
    active: bool
    invitations: tuple[Sent, ...]


def valid_invitation(secret: str, now: datetime) -> Select[Invitation]:
    """The invitation that a secret opens, if it still does."""
    return select(Invitation).where(
        Invitation.digest == digest_token(secret),
        Invitation.expires_at > now,
        Invitation.revoked_at.is_(None),
        Invitation.accepted_at.is_(None),
    )


def welcome(db: Database, secret: str) -> Welcome | None:
    """What the link shows; None once it is not, or not any more, good."""
    with db.reading() as session:
        found = session.scalars(valid_invitation(secret, db.clock())).one_or_none()
        if found is None:
            return None
        practitioner = session.get_one(Practitioner, found.practitioner_id)
        territory = session.get_one(Territory, found.territory_id)
        inviter = session.scalar(select(User.display_name).where(User.id == found.invited_by))
        places = session.scalars(
            select(Place)
            .where(Place.practitioner_id == practitioner.id, Place.closed_at.is_(None))
            .order_by(Place.label, Place.id)
        ).all()
    return Welcome(
        territory_name=territory.name,
        department=territory.department,
        inviter=inviter or territory.name,
        title=practitioner.title,
        last_name=practitioner.last_name,
        first_name=practitioner.first_name,
        rpps=practitioner.rpps,
        profession=practitioner.profession,
        specialty=practitioner.specialty,
        phone=practitioner.phone,
        email=own_address(db.cipher, practitioner),
        places=tuple(
            ", ".join(
                part
                for part in (place.label, place.address, f"{place.postcode} {place.commune_name}")
                if part.strip()
            )
            for place in places
        ),
    )


def invitee(db: Database, territory_id: UUID, practitioner_id: UUID) -> Invitee | None:
    """A professional of the territory with their invitations, the latest first."""
    with db.reading() as session:
        practitioner = session.get(Practitioner, practitioner_id)
        if practitioner is None or practitioner.territory_id != territory_id:
            return None
        known = session.scalar(
            select(User.id)
            .where(
                User.practitioner_id == practitioner_id,
                User.role == Role.PRACTITIONER.value,
                User.active,
            )
            .limit(1)
        )
        rows = session.scalars(
            select(Invitation)
            .where(Invitation.practitioner_id == practitioner_id)
            .order_by(Invitation.created_at.desc(), Invitation.id)
        ).all()
        delivery = _deliveries(session, [row.id for row in rows])
    return Invitee(
        id=practitioner.id,
        name=practitioner.display_name,
        profession=practitioner.profession,
        rpps=practitioner.rpps,
        phone=practitioner.phone,
        email=own_address(db.cipher, practitioner),
        has_account=known is not None,
        active=practitioner.active,
        invitations=tuple(
            Sent(
                row.id,
                row.channel,
                row.created_at,
                row.expires_at,
                row.revoked_at,
                row.accepted_at,
                delivery.get(f"invitation:{row.id}", ""),
            )
            for row in rows
        ),
    )


def _deliveries(session: Session, ids: list[UUID]) -> dict[str, str]:
    """By purpose, how far the e-mail or the SMS of each got."""
    purposes = [f"invitation:{each}" for each in ids]
    found = session.execute(select(Email.purpose, Email.status).where(Email.purpose.in_(purposes)))
    said = {row.purpose: row.status for row in found}
    texts = session.execute(
        select(Message.purpose, Message.status).where(Message.purpose.in_(purposes))
    )
    return said | {row.purpose or "": row.status for row in texts}
