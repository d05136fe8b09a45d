"""A practitioner's own rules, as they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from dispatcher.domain.errors import NotFoundError
from dispatcher.domain.roles import Account
from dispatcher.storage.encryption import Cipher
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.unit import Database

EMAIL_FIELD = "practitioners.email"


@dataclass(frozen=True, slots=True)
class OwnPlace:
    """A place where they work, and whether it is entered without a step."""

    id: UUID
    label: str
    commune_name: str
    step_free: bool


@dataclass(frozen=True, slots=True)
class OwnLimits:
    """Whom they receive and how many; codes are FHIR's, ISO 639-1's and HL7's, ages in years."""

    patient_sex: str | None
    min_age: int | None
    max_age: int | None
    languages: Sequence[str]
    daily_cap: int | None
    weekly_cap: int | None
    minimum_notice_minutes: int
    accepts_offers: bool
    accepts_new_patients: bool | None
    modalities: Sequence[str]
    phone: str | None
    """Their mobile, E.164: notices and offers go there."""
    email: str | None
    notice_channel: str
    """A `NoticeChannel`."""
    email_refused_at: datetime | None
    """Since when their address takes nothing."""
    places: tuple[OwnPlace, ...]


def own_address(cipher: Cipher, practitioner: Practitioner) -> str | None:
    """A practitioner's e-mail address, opened."""
    if practitioner.email is None:
        return None
    return cipher.open(EMAIL_FIELD, practitioner.id, practitioner.email)


def own_limits(db: Database, account: Account) -> OwnLimits:
    """Those of the practitioner who is signed in. Raises NotFoundError without one."""
    with db.reading() as session:
        practitioner = session.scalars(
            select(Practitioner).where(
                Practitioner.id == account.practitioner_id,
                Practitioner.territory_id == account.territory_id,
            )
        ).one_or_none()
        if practitioner is None:
            raise NotFoundError
        places = session.scalars(
            select(Place)
            .where(Place.practitioner_id == practitioner.id, Place.closed_at.is_(None))
            .order_by(Place.label, Place.id)
        ).all()
    return OwnLimits(
        patient_sex=practitioner.patient_sex,
        min_age=practitioner.min_age,
        max_age=practitioner.max_age,
        languages=tuple(practitioner.languages),
        daily_cap=practitioner.daily_cap,
        weekly_cap=practitioner.weekly_cap,
        minimum_notice_minutes=practitioner.minimum_notice_minutes,
        accepts_offers=practitioner.accepts_offers,
        accepts_new_patients=practitioner.accepts_new_patients,
        modalities=tuple(practitioner.modalities),
        phone=practitioner.phone,
        email=own_address(db.cipher, practitioner),
        notice_channel=practitioner.notice_channel,
        email_refused_at=practitioner.email_refused_at,
        places=tuple(
            OwnPlace(place.id, place.label, place.commune_name, place.step_free) for place in places
        ),
    )
