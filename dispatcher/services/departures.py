"""Taking a professional out of a territory's directory, and in again: nobody who waits is lost."""

from uuid import UUID

from sqlalchemy import select, update

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import NotFoundError, RefusedError
from dispatcher.domain.events import PractitionerActivityChanged, UserAccessChanged
from dispatcher.domain.roles import Account
from dispatcher.services.clearing import PatientsConcernedError, clear
from dispatcher.services.house import House
from dispatcher.services.invitations import end_invitations
from dispatcher.services.occurrences import publish_ahead
from dispatcher.services.publication import queue_on
from dispatcher.storage.accounts import User
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.slots import Slot
from dispatcher.storage.unit import Unit


def deactivate_practitioner(house: House, account: Account, practitioner_id: UUID) -> None:
    """Close what they still offer, their invitation and their accounts; their past stays.

    Their templates publish nothing until they are taken in again. Saying it twice changes nothing.
    Raises NotFoundError, RefusedError (`patients-expected`) while somebody waits to be seen.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        if not _known(unit, practitioner_id):
            return
        try:
            clear(house, unit, practitioner_id, Slot.ends_at > unit.now, {}, forget_template=True)
        except PatientsConcernedError as error:
            raise RefusedError("patients-expected", _whom(unit, error.appointment_ids)) from error
        end_invitations(unit, practitioner_id)
        closed = unit.session.scalars(
            update(User)
            .where(User.practitioner_id == practitioner_id, User.active)
            .values(active=False, session_epoch=User.session_epoch + 1)
            .returning(User.id)
        ).all()
        for user_id in closed:
            unit.record(UserAccessChanged(user_id=user_id, active=False))
        _set(unit, practitioner_id, active=False)


def reactivate_practitioner(house: House, account: Account, practitioner_id: UUID) -> None:
    """Take them in again: their templates publish, their accounts stay closed.

    Raises NotFoundError.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        if not _known(unit, practitioner_id):
            _set(unit, practitioner_id, active=True)
            unit.session.flush()  # templates ask the database who is active
            queue_on(unit, practitioner_id)
            publish_ahead(unit, practitioner_id)


def _known(unit: Unit, practitioner_id: UUID) -> bool:
    """Whether they are active; their row is locked from here on. Raises NotFoundError."""
    practitioner = unit.session.get(Practitioner, practitioner_id, with_for_update=True)
    if practitioner is None or practitioner.territory_id != unit.territory_id:
        raise NotFoundError
    return practitioner.active


def _set(unit: Unit, practitioner_id: UUID, *, active: bool) -> None:
    unit.session.get_one(Practitioner, practitioner_id).active = active
    unit.record(PractitionerActivityChanged(practitioner_id=practitioner_id, active=active))


def _whom(unit: Unit, appointment_ids: tuple[UUID, ...]) -> str:
    codes = unit.session.scalars(
        select(CareRequest.code)
        .join(Appointment, Appointment.request_id == CareRequest.id)
        .where(Appointment.id.in_(appointment_ids))
        .order_by(CareRequest.code)
    ).all()
    several = len(codes) > 1
    return (
        f"{'Des patients sont attendus' if several else 'Un patient est attendu'} chez cette"
        f" personne (demande{'s' if several else ''} n°{NBSP}{', '.join(codes)}){NBSP}: déplacez ou"
        f" annulez d’abord {'leurs rendez-vous' if several else 'son rendez-vous'}."
    )
