"""Finding a médecin traitant for a patient without one, step by step."""

import uuid
from typing import Literal
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects import postgresql, sqlite

from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.events import EffectNoted, GpSearchMoved
from dispatcher.domain.gp_searches import GpSearchStatus, check_gp_search, priorities
from dispatcher.domain.roles import Account
from dispatcher.services.commands import PatientShape
from dispatcher.services.house import House
from dispatcher.storage.columns import table_of
from dispatcher.storage.gp_searches import OPEN, GpSearch
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.unit import Unit

GP_FOUND = "GP_FOUND"
"""The effect of the request, as the catalogue has it: the figures count it."""
PHYSICIAN = "10"
_OPEN_SEARCH = {
    dialect.__name__.rpartition(".")[2]: dialect.insert(table_of(GpSearch)).on_conflict_do_nothing(
        index_elements=["patient_id"], index_where=text(OPEN)
    )
    for dialect in (postgresql, sqlite)
}


def open_gp_search(unit: Unit, request_id: UUID, patient_id: UUID, patient: PatientShape) -> None:
    """Put a patient who has no médecin traitant on the coordinators' list, once.

    To be called in the transaction that writes the request, whose own event tells that they have
    none.
    """
    if patient.has_gp or patient.gp is not None:
        return
    unit.session.execute(
        _OPEN_SEARCH[unit.session.get_bind().dialect.name],
        {
            "id": uuid.uuid4(),
            "territory_id": unit.territory_id,
            "patient_id": patient_id,
            "request_id": request_id,
            "status": GpSearchStatus.TO_CONTACT.value,
            "ald": patient.ald,
            "c2s": patient.c2s,
            "declined_by": [],
            "created_at": unit.now,
            "updated_at": unit.now,
        },
    )


def propose_gp(house: House, account: Account, search_id: UUID, practitioner_id: UUID) -> None:
    """A doctor of the territory was proposed to the patient, or asked about them.

    Raises NotFoundError, TransitionError, InvalidError on `practitioner`.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        search = _lock(unit, search_id)
        known = unit.session.scalar(
            select(Practitioner.id).where(
                Practitioner.id == practitioner_id,
                Practitioner.territory_id == unit.territory_id,
                Practitioner.profession == PHYSICIAN,
                Practitioner.active,
            )
        )
        if known is None:
            raise InvalidError({"practitioner": "Choisissez un médecin de la liste."})
        _move(unit, search, GpSearchStatus.PROPOSED, known)


def answer_gp(
    house: House,
    account: Account,
    search_id: UUID,
    status: GpSearchStatus,
    by: Literal["patient", "practitioner"] = "practitioner",
) -> None:
    """Write down what came of it: accepted, declined by whom, or to be contacted again.

    A doctor who declines is not proposed again. An acceptance is noted with the request, where the
    figures count it, and taken back there when it is taken back here. Saying it twice changes
    nothing. Raises NotFoundError, TransitionError.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        search = _lock(unit, search_id)
        before = GpSearchStatus(search.status)
        if before == status:
            return
        doctor = search.practitioner_id
        if status == GpSearchStatus.DECLINED and by == "practitioner" and doctor is not None:
            search.declined_by = [*search.declined_by, str(doctor)]
        _move(unit, search, status, None if status == GpSearchStatus.TO_CONTACT else doctor)
        if GpSearchStatus.ACCEPTED in {before, status}:
            holds = status == GpSearchStatus.ACCEPTED
            unit.record(EffectNoted(request_id=search.request_id, effect=GP_FOUND, holds=holds))


def mark_priority(house: House, account: Account, search_id: UUID, *, ald: bool, c2s: bool) -> None:
    """Write down what the patient said about themself. Raises NotFoundError."""
    with house.db.transaction(account.territory_id, account.actor) as unit:
        search = _lock(unit, search_id)
        if (search.ald, search.c2s) == (ald, c2s):
            return
        search.ald, search.c2s = ald, c2s
        _record(unit, search)


def _move(
    unit: Unit, search: GpSearch, status: GpSearchStatus, practitioner_id: UUID | None
) -> None:
    check_gp_search(GpSearchStatus(search.status), status)
    search.status = status.value
    search.practitioner_id = practitioner_id
    _record(unit, search)


def _record(unit: Unit, search: GpSearch) -> None:
    search.updated_at = unit.now
    age = unit.session.get_one(CareRequest, search.request_id).age
    unit.record(
        GpSearchMoved(
            request_id=search.request_id,
            practitioner_id=search.practitioner_id,
            search_id=search.id,
            status=search.status,
            priorities=[each.value for each in priorities(age, ald=search.ald, c2s=search.c2s)],
        )
    )


def _lock(unit: Unit, search_id: UUID) -> GpSearch:
    search = unit.session.scalars(
        select(GpSearch)
        .where(GpSearch.id == search_id, GpSearch.territory_id == unit.territory_id)
        .with_for_update()
    ).one_or_none()
    if search is None:
        raise NotFoundError
    return search
