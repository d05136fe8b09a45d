"""Patients without a médecin traitant, and the doctors near them who take new patients."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, case, func, literal, or_, select

from dispatcher.domain.geography import distance_km
from dispatcher.domain.gp_searches import (
    OLD,
    GpSearchStatus,
    Priority,
    priorities,
)
from dispatcher.domain.matching.feasibility import GENERALISTS
from dispatcher.storage.encryption import Cipher
from dispatcher.storage.gp_searches import GpSearch
from dispatcher.storage.patients import Patient
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.unit import Database

MOST = 300
NEAREST = 12
PHYSICIAN = "10"


@dataclass(frozen=True, slots=True)
class GpSearchFacts:
    """One patient of the list. `phone` is E.164, `commune` an INSEE code, `age` at the request."""

    id: UUID
    patient_id: UUID
    status: GpSearchStatus
    priorities: tuple[Priority, ...]
    ald: bool
    c2s: bool
    first_name: str
    last_name: str
    birth_date: date
    phone: str
    commune: str
    age: int
    longitude: float | None
    latitude: float | None
    practitioner_name: str
    declined_by: frozenset[UUID]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class NearDoctor:
    """A doctor who takes new patients; kilometres as the crow flies, None where not known."""

    id: UUID
    display_name: str
    address: str
    phone: str
    """E.164 of the practice, or empty: a practitioner's own mobile is for SMS of the house."""
    distance_km: float | None


def gp_searches(
    db: Database, territory_id: UUID, statuses: Sequence[GpSearchStatus]
) -> list[GpSearchFacts]:
    """Those in these states: who has most reasons to come first, then who waits longest."""
    reasons = (CareRequest.age >= OLD, GpSearch.ald, GpSearch.c2s)
    query = (
        _searches(territory_id)
        .where(GpSearch.status.in_([status.value for status in statuses]))
        .order_by(
            sum((case((reason, 1), else_=0) for reason in reasons), literal(0)).desc(),
            GpSearch.created_at,
            GpSearch.id,
        )
        .limit(MOST)
    )
    with db.reading() as session:
        return [_facts(row, db.cipher) for row in session.execute(query)]


def gp_search(db: Database, territory_id: UUID, search_id: UUID) -> GpSearchFacts | None:
    """One of them; None where the territory has no such search."""
    with db.reading() as session:
        row = session.execute(_searches(territory_id).where(GpSearch.id == search_id)).one_or_none()
        return None if row is None else _facts(row, db.cipher)


def counts(db: Database, territory_id: UUID) -> dict[GpSearchStatus, int]:
    """How many are in which state."""
    with db.reading() as session:
        rows = session.execute(
            select(GpSearch.status, func.count())
            .where(GpSearch.territory_id == territory_id)
            .group_by(GpSearch.status)
        )
        known = {GpSearchStatus(status): number for status, number in rows}
    return {status: known.get(status, 0) for status in GpSearchStatus}


def near_doctors(db: Database, territory_id: UUID, search: GpSearchFacts) -> list[NearDoctor]:
    """Generalists who take new patients of that age and have not said no, the nearest first."""
    with db.reading() as session:
        rows = session.execute(
            select(Practitioner, Place)
            .join(Place, Place.practitioner_id == Practitioner.id)
            .where(
                Practitioner.territory_id == territory_id,
                Practitioner.profession == PHYSICIAN,
                or_(
                    Practitioner.specialty.is_(None),
                    Practitioner.specialty.in_(GENERALISTS[PHYSICIAN]),
                ),
                Practitioner.active,
                Practitioner.accepts_new_patients.is_(True),
                or_(Practitioner.min_age.is_(None), Practitioner.min_age <= search.age),
                or_(Practitioner.max_age.is_(None), Practitioner.max_age >= search.age),
                Place.closed_at.is_(None),
            )
            .order_by(Practitioner.last_name, Practitioner.id)
        ).all()
    nearest: dict[UUID, NearDoctor] = {}
    for practitioner, place in rows:
        if practitioner.id in search.declined_by:
            continue
        near = _near(practitioner, place, search)
        known = nearest.get(practitioner.id)
        if known is None or _reach(near) < _reach(known):
            nearest[practitioner.id] = near
    return sorted(nearest.values(), key=_reach)[:NEAREST]


def _reach(near: NearDoctor) -> float:
    return float("inf") if near.distance_km is None else near.distance_km


def _near(practitioner: Practitioner, place: Place, search: GpSearchFacts) -> NearDoctor:
    km = None
    if (
        search.longitude is not None
        and search.latitude is not None
        and place.longitude is not None
        and place.latitude is not None
    ):
        km = distance_km(search.longitude, search.latitude, place.longitude, place.latitude)
    return NearDoctor(
        practitioner.id,
        practitioner.display_name,
        f"{place.address}, {place.postcode} {place.commune_name}",
        place.phone or "",
        km,
    )


def _searches(territory_id: UUID) -> Select[*tuple[Any, ...]]:
    return (
        select(GpSearch, Patient, CareRequest, Practitioner)
        .join(Patient, Patient.id == GpSearch.patient_id)
        .join(CareRequest, CareRequest.id == GpSearch.request_id)
        .outerjoin(Practitioner, Practitioner.id == GpSearch.practitioner_id)
        .where(GpSearch.territory_id == territory_id)
    )


def _facts(row: Row[Any], cipher: Cipher) -> GpSearchFacts:
    search, patient, request = row.GpSearch, row.Patient, row.CareRequest
    doctor = row.Practitioner
    return GpSearchFacts(
        id=search.id,
        patient_id=search.patient_id,
        status=GpSearchStatus(search.status),
        priorities=tuple(priorities(request.age, ald=search.ald, c2s=search.c2s)),
        ald=search.ald,
        c2s=search.c2s,
        first_name=cipher.open("patients.first_name", patient.id, patient.first_name),
        last_name=cipher.open("patients.last_name", patient.id, patient.last_name),
        birth_date=date.fromisoformat(
            cipher.open("patients.birth_date", patient.id, patient.birth_date)
        ),
        phone=cipher.open("patients.phone", patient.id, patient.phone),
        commune=request.commune,
        age=request.age,
        longitude=request.longitude,
        latitude=request.latitude,
        practitioner_name=doctor.display_name if doctor else "",
        declined_by=frozenset(UUID(each) for each in search.declined_by),
        created_at=search.created_at,
        updated_at=search.updated_at,
    )
