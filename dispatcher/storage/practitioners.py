"""Volunteers and the places where they see patients."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Id, Instant, Record, Sealed


class Practitioner(Record):
    """A volunteer (effecteur). Names and numbers here are professional data, shown to patients."""

    __tablename__ = "practitioners"
    __table_args__ = (
        UniqueConstraint("territory_id", "rpps"),
        CheckConstraint("daily_cap IS NULL OR daily_cap > 0", "daily_cap"),
        CheckConstraint("weekly_cap IS NULL OR weekly_cap > 0", "weekly_cap"),
        # every SMS that comes in asks whose number it is
        Index("practitioners_by_phone", "phone"),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"), index=True)
    rpps: Mapped[str | None]
    profession: Mapped[Code]
    """TRE_G15."""
    specialty: Mapped[str | None]
    """TRE_R38."""
    title: Mapped[str]
    last_name: Mapped[str]
    first_name: Mapped[str]
    phone: Mapped[str | None]
    """The practitioner's own mobile, E.164: notices go there."""
    email: Mapped[Sealed | None]
    """Their own address: invitations and reports go there. Shown to nobody but their territory's
    coordination."""
    notice_channel: Mapped[Code] = mapped_column(default="sms", server_default="sms")
    """A `NoticeChannel`: how they wish to be told."""
    email_refused_at: Mapped[datetime | None]
    """Since when no server takes their address: they are told by SMS until it is changed."""
    min_age: Mapped[int | None]
    max_age: Mapped[int | None]
    daily_cap: Mapped[int | None]
    """Appointments a day through this software at most."""
    weekly_cap: Mapped[int | None]
    """The same from Monday to Sunday."""
    patient_sex: Mapped[Code | None]
    """`female` or `male` where only these are received; None for everybody."""
    languages: Mapped[list[str]] = mapped_column(default=lambda: ["fr"], server_default='["fr"]')
    """ISO 639-1."""
    accepts_offers: Mapped[bool] = mapped_column(default=False, server_default=false())
    """May be asked by SMS for a patient when no published slot fits."""
    modalities: Mapped[list[str]] = mapped_column(default=lambda: ["AMB"], server_default='["AMB"]')
    """What they take when they are asked: AMB, HH, VR."""
    minimum_notice_minutes: Mapped[int] = mapped_column(default=30)
    slot_revision: Mapped[int] = mapped_column(default=0)
    """Raised by whoever changes the slots: the row that two such changes queue on."""
    accepts_new_patients: Mapped[bool | None]
    """As a general practitioner of their own; None where nobody has said. Typed here alone."""
    imported: Mapped[dict[str, Any] | None]
    """What imports of the national directory wrote here, by column; the rest was typed."""
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[Instant]

    @property
    def display_name(self) -> str:
        """« Dr Anne Vuillet »."""
        return " ".join(part for part in (self.title, self.first_name, self.last_name) if part)


class Place(Record):
    """A FHIR Location where a practitioner works."""

    __tablename__ = "places"

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"), index=True)
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"), index=True)
    label: Mapped[str]
    address: Mapped[str]
    """First line of the address: number and street."""
    postcode: Mapped[str]
    commune: Mapped[Code]
    """INSEE code."""
    commune_name: Mapped[str]
    step_free: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Reached and entered without a step."""
    longitude: Mapped[float | None]
    latitude: Mapped[float | None]
    phone: Mapped[str | None]
    access: Mapped[str] = mapped_column(default="", server_default="")
    """How to get in, in words for the patient: « interphone 12, deuxième étage »."""
    finess: Mapped[Code | None]
    siret: Mapped[Code | None]
    imported: Mapped[dict[str, Any] | None]
    """As a practitioner's; `key` is what the directory knows the place by."""
    closed_at: Mapped[datetime | None]
    """Nothing is published there any more; its past stays."""
