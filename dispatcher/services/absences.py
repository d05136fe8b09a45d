"""Absences: nothing is offered meanwhile, and whoever is expected is kept or cancelled."""

import uuid
from datetime import timedelta
from uuid import UUID

from sqlalchemy import and_, select

from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.events import AbsenceCancelled, AbsenceDeclared
from dispatcher.domain.roles import Account
from dispatcher.services.clearing import Cleared, Decisions, clear
from dispatcher.services.commands import DeclareAbsence
from dispatcher.services.house import House
from dispatcher.services.occurrences import publish_ahead
from dispatcher.services.publication import queue_on
from dispatcher.storage.schedules import Absence
from dispatcher.storage.slots import Slot

LONGEST = timedelta(days=366)


def declare_absence(
    house: House, account: Account, command: DeclareAbsence, decisions: Decisions
) -> Cleared:
    """Close what is offered between two instants, and have templates leave it out.

    Raises InvalidError by field, NotFoundError for an account that is no practitioner's,
    PatientsConcernedError while somebody expected meanwhile has no decision.
    """
    owner, absence_id = account.practitioner_id, uuid.uuid4()
    if owner is None:
        raise NotFoundError
    with house.db.transaction(account.territory_id, account.actor) as unit:
        if command.end <= command.start:
            raise InvalidError({"end": "La fin de l’absence précède son début."})
        if command.end <= unit.now:
            raise InvalidError({"end": "Cette absence est déjà passée."})
        if command.end - command.start > LONGEST:
            raise InvalidError({"end": "Une absence dure un an au plus."})
        meanwhile = and_(Slot.start_at < command.end, Slot.ends_at > command.start)
        cleared = clear(house, unit, owner, meanwhile, decisions, forget_template=True)
        unit.session.add(
            Absence(
                id=absence_id,
                territory_id=unit.territory_id,
                practitioner_id=owner,
                start_at=command.start,
                ends_at=command.end,
                declared_at=unit.now,
            )
        )
        unit.record(
            AbsenceDeclared(
                absence_id=absence_id,
                practitioner_id=owner,
                start=command.start,
                end=command.end,
                kept=cleared.kept,
                cancelled=cleared.cancelled,
            )
        )
    return cleared


def cancel_absence(house: House, account: Account, absence_id: UUID) -> int:
    """Be there after all: templates publish again; how many slots. Raises NotFoundError."""
    if account.practitioner_id is None:
        raise NotFoundError
    with house.db.transaction(account.territory_id, account.actor) as unit:
        queue_on(unit, account.practitioner_id)
        absence = unit.session.scalars(
            select(Absence).where(
                Absence.id == absence_id, Absence.practitioner_id == account.practitioner_id
            )
        ).one_or_none()
        if absence is None:
            raise NotFoundError
        if absence.cancelled_at is not None or absence.ends_at <= unit.now:
            return 0
        absence.cancelled_at = unit.now
        unit.session.flush()  # templates look for absences in the database
        unit.record(
            AbsenceCancelled(absence_id=absence_id, practitioner_id=account.practitioner_id)
        )
        return publish_ahead(unit, account.practitioner_id)
