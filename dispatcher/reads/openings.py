"""Who opened patients' files, for the administrator of the territory; never who the patient is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from dispatcher.domain.events import ActorKind
from dispatcher.domain.openings import Way
from dispatcher.storage.accounts import User
from dispatcher.storage.openings import FileOpening
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database

MOST = 1000
OPERATOR_NAME = "Ligne de commande"


@dataclass(frozen=True, slots=True)
class Opening:
    """One file opened by one person, the first time within an hour.

    `elsewhere` names the territory of an account that is not the patient's own.
    """

    at: datetime
    who: str
    kind: ActorKind
    elsewhere: str
    way: Way
    patient_id: UUID
    code: str | None
    """Of the request; None where the file was shown without one."""
    request_id: UUID | None


def openings(
    db: Database,
    territory_id: UUID,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    actor_id: UUID | None = None,
    patients: Collection[UUID] | None = None,
    most: int = MOST,
) -> list[Opening]:
    """Those of a territory's patients, the last one first, `most` at most.

    `since` is included and `until` is not; `patients` are the rows of one person.
    """
    query = _openings().where(FileOpening.territory_id == territory_id)
    if since is not None:
        query = query.where(FileOpening.opened_at >= since)
        query = query.where(FileOpening.hour >= since.replace(minute=0, second=0, microsecond=0))
    if until is not None:
        query = query.where(FileOpening.opened_at < until, FileOpening.hour < until)
    if actor_id is not None:
        query = query.where(FileOpening.actor_id == actor_id)
    if patients is not None:
        query = query.where(FileOpening.patient_id.in_(patients))
    with db.reading() as session:
        return [_opening(row) for row in session.execute(query.limit(most))]


def openings_of(session: Session, patient_id: UUID) -> list[Opening]:
    """All of one patient's file, for the copy that they are handed."""
    query = _openings().where(FileOpening.patient_id == patient_id)
    return [_opening(row) for row in session.execute(query)]


def _openings() -> Select[*tuple[Any, ...]]:
    return (
        select(FileOpening, User, Practitioner, Territory, CareRequest.code)
        .outerjoin(User, User.id == FileOpening.actor_id)
        .outerjoin(Practitioner, Practitioner.id == FileOpening.actor_id)
        .outerjoin(
            Territory,
            (Territory.id.in_([User.territory_id, Practitioner.territory_id]))
            & (Territory.id != FileOpening.territory_id),
        )
        .outerjoin(CareRequest, CareRequest.id == FileOpening.request_id)
        .order_by(FileOpening.opened_at.desc(), FileOpening.patient_id, FileOpening.actor_id)
    )


def _opening(row: Row[Any]) -> Opening:
    opened: FileOpening = row.FileOpening
    known = row.User or row.Practitioner
    return Opening(
        at=opened.opened_at,
        who=known.display_name if known else OPERATOR_NAME,
        kind=ActorKind(opened.actor_kind),
        elsewhere=row.Territory.name if row.Territory else "",
        way=Way(opened.way),
        patient_id=opened.patient_id,
        code=row.code,
        request_id=opened.request_id,
    )
