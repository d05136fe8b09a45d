"""Care requests and the appointments booked for them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatcher.storage.columns import Code, Id, Instant, Record, Sealed

LIVE = "status IN ('open', 'searching', 'offering', 'booked')"
"""As the partial index has it; whoever inserts with ON CONFLICT names it in the same words."""


class CareRequest(Record):
    """A request for unscheduled care (FHIR ServiceRequest)."""

    __tablename__ = "care_requests"
    __table_args__ = (
        CheckConstraint("delay_hours > 0", "delay_hours"),
        CheckConstraint("radius_km IS NULL OR radius_km > 0", "radius_km"),
        CheckConstraint("travel_km IS NULL OR travel_km >= 0", "travel_km"),
        Index("requests_waiting", "territory_id", "status", "due_at"),
        Index("requests_by_patient", "patient_id"),
        Index("requests_by_opener", "opened_by", "asked_at"),
        Index(
            "one_live_request_per_code",
            "territory_id",
            "code",
            unique=True,
            sqlite_where=text(LIVE),
            postgresql_where=text(LIVE),
        ),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    code: Mapped[Code]
    """Four digits that people say and type; unique among the territory's live requests."""
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"))
    status: Mapped[Code]
    attention: Mapped[str | None]
    """Why the regulator should look (`no_slot`, `deadline`, …); None when nothing is asked."""
    call_patient_since: Mapped[datetime | None]
    """Since when the patient has to be telephoned, because no SMS told them; beside `attention`."""
    call_practitioner_since: Mapped[datetime | None]
    profession: Mapped[Code]
    specialty: Mapped[str | None]
    modalities: Mapped[list[str]]
    motive: Mapped[str | None]
    note: Mapped[Sealed | None]
    delay_hours: Mapped[int]
    asked_at: Mapped[Instant]
    earliest_at: Mapped[datetime | None]
    due_at: Mapped[Instant]
    origin: Mapped[Code]
    regulated_by: Mapped[str | None]
    regulated_at: Mapped[datetime | None]
    regulated_for_sas: Mapped[bool | None]
    """Whether the doctor who regulated it did so for the SAS; None where none did."""
    commune: Mapped[Code]
    longitude: Mapped[float | None]
    latitude: Mapped[float | None]
    age: Mapped[int]
    sex: Mapped[Code | None]
    """`female` or `male` (FHIR AdministrativeGender); None when it was not asked."""
    language: Mapped[Code | None]
    """ISO 639-1, of a patient who needs to be received in it; None for French."""
    needs_step_free: Mapped[bool] = mapped_column(default=False, server_default=false())
    travel_km: Mapped[float | None]
    """How far the patient can go, as the crow flies; 0 for not at all, None for no limit."""
    radius_km: Mapped[float | None]
    """A search radius that a regulator set for this request; None for the territory's."""
    accepted_offer_id: Mapped[UUID | None]
    """The first yes: from then on nobody else books this request."""
    waves: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many times volunteers were asked."""
    has_gp: Mapped[bool]
    gp_id: Mapped[UUID | None] = mapped_column(ForeignKey("practitioners.id"))
    excluded_practitioners: Mapped[list[str]]
    """Ids of practitioners who cancelled on this request: they are not proposed again."""
    refused: Mapped[dict[str, Any]]
    """The last search's refusals: counts by reason, and the near misses, as codes and numbers."""
    in_hand_of: Mapped[UUID | None]
    """The regulator who took it in hand, see `domain.desk.in_hand` for how long that holds."""
    in_hand_since: Mapped[datetime | None]
    opened_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    closing_code: Mapped[str | None]
    closing_note: Mapped[Sealed | None]
    to_validate: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Asked for by a requester, and no regulator has had it searched yet; only while `open`."""
    updated_at: Mapped[Instant]


class Appointment(Record):
    """A place of a slot, taken for a request."""

    __tablename__ = "appointments"
    __table_args__ = (
        Index(
            "one_live_appointment_per_request",
            "request_id",
            unique=True,
            sqlite_where=text("status <> 'cancelled'"),
            postgresql_where=text("status <> 'cancelled'"),
        ),
        Index("appointments_by_slot", "slot_id"),
        Index("appointments_by_practitioner", "practitioner_id", "start_at"),
        Index("appointments_by_territory", "territory_id", "start_at"),
    )

    id: Mapped[Id]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territories.id"))
    request_id: Mapped[UUID] = mapped_column(ForeignKey("care_requests.id"))
    slot_id: Mapped[UUID] = mapped_column(ForeignKey("slots.id"))
    practitioner_id: Mapped[UUID] = mapped_column(ForeignKey("practitioners.id"))
    status: Mapped[Code]
    start_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    distance_km: Mapped[float | None]
    terms: Mapped[list[dict[str, Any]]]
    """Why this slot: the named terms of its cost, as codes and numbers."""
    refused: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """Why not the others, at that moment: counts by reason and near misses, as in a request.

    With the reasons that were passed over, where a person chose.
    """
    decided_by: Mapped[Code]
    override_note: Mapped[Sealed | None]
    link_digest: Mapped[str] = mapped_column(unique=True)
    """Digest of the token in the patient's link."""
    booked_at: Mapped[Instant]
    late_minutes: Mapped[int | None]
    """The delay that the patient announced, see `domain.lateness.delay_in_force`."""
    late_at: Mapped[datetime | None]
    """When they announced it."""
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    """Who cancelled: patient, practitioner or regulator; `move` where it has another slot."""
