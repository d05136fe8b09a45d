"""Moving a booked appointment to another slot: one transaction, told once as « déplacé »."""

from uuid import UUID

from sqlalchemy import select

from dispatcher.domain.errors import InvalidError, TransitionError
from dispatcher.domain.events import AppointmentCancelled
from dispatcher.domain.messages import SUPERSEDED, MessageKind, MessageStatus
from dispatcher.domain.roles import Account
from dispatcher.domain.states import AppointmentStatus
from dispatcher.services.appointment_notices import AppointmentNotices
from dispatcher.services.appointments import live_appointment
from dispatcher.services.booking import Choice, choose, take_place
from dispatcher.services.calling import weigh_calls
from dispatcher.services.commands import BookSlot
from dispatcher.services.house import House
from dispatcher.services.idempotency import CallKey
from dispatcher.services.offers import end_acceptance
from dispatcher.services.places import give_back
from dispatcher.services.progress import keep_progress
from dispatcher.services.requests import lock_request
from dispatcher.storage.messages import Message
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.slots import Slot
from dispatcher.storage.unit import Unit

BY_MOVE = "move"
"""Who « cancelled » the old appointment, in its row and in the log: nobody gave it up."""


def move_appointment(
    house: House,
    account: Account,
    request_id: UUID,
    command: BookSlot,
    call: CallKey | None = None,
) -> UUID:
    """Give a booked request the slot that a regulator chose instead of its own.

    The new place is taken by the same guard as any other, and only then is the old one free: the
    patient never stands without one. Raises NotFoundError, SlotFullError, NotFeasibleError as
    `book_by_hand`, InvalidError for the slot it has already, TransitionError where there is no
    appointment to come.
    """
    _must_be_another(house, account, request_id, command.slot)
    choice = choose(house, account, request_id, command)
    with house.db.transaction(account.territory_id, account.actor) as unit:
        request = lock_request(unit, request_id)
        before = live_appointment(unit, request_id)
        if before is None or before.ends_at <= unit.now:
            raise TransitionError("Cette demande n’a pas de rendez-vous à déplacer.")
        if before.slot_id == command.slot:  # somebody else moved it there meanwhile
            raise InvalidError({"slot": "C’est déjà le créneau de ce rendez-vous."})
        appointment_id = _move(house, unit, request, before, choice)
        if call is not None:
            call.remember(unit, appointment_id)
    return appointment_id


def _must_be_another(house: House, account: Account, request_id: UUID, slot_id: UUID) -> None:
    """The slot it has would be found full, which says nothing to whoever chose it."""
    with house.db.reading() as session:
        own = session.scalar(
            select(Appointment.slot_id).where(
                Appointment.request_id == request_id,
                Appointment.territory_id == account.territory_id,
                Appointment.status != AppointmentStatus.CANCELLED,
            )
        )
    if own == slot_id:
        raise InvalidError({"slot": "C’est déjà le créneau de ce rendez-vous."})


def _move(
    house: House, unit: Unit, request: CareRequest, before: Appointment, choice: Choice
) -> UUID:
    # Both slots in the order of their ids: two moves that cross do not wait for each other.
    both = select(Slot.id).where(Slot.id.in_([before.slot_id, choice.slot_id])).order_by(Slot.id)
    unit.session.execute(both.with_for_update()).all()
    before.status = AppointmentStatus.CANCELLED
    before.ended_at = unit.now
    before.ended_by = BY_MOVE
    end_acceptance(unit, request, taken_back=False)
    request.updated_at = unit.now
    unit.session.flush()
    withdraw_unsent(unit, before)
    unit.record(
        AppointmentCancelled(
            request_id=request.id,
            appointment_id=before.id,
            slot_id=before.slot_id,
            practitioner_id=before.practitioner_id,
            start=before.start_at,
            by=BY_MOVE,
        )
    )
    appointment_id = take_place(
        house, unit, choice, request.due_at, MessageKind.APPOINTMENT_CHANGED
    )
    give_back(unit, before, to_others=True)
    notices = AppointmentNotices(house, unit, before.id)
    notices.to_practitioner(MessageKind.CANCELLED_BY_REGULATOR_PRACTITIONER)
    weigh_calls(unit, request.id)  # what did not arrive of the old hour is no longer true
    return appointment_id


def withdraw_unsent(unit: Unit, before: Appointment) -> None:
    """What was written about the old hour and has not left must not arrive after the new one."""
    unsent = unit.session.scalars(
        select(Message.id).where(
            Message.appointment_id == before.id,
            Message.to_role == "patient",
            Message.status == MessageStatus.QUEUED,
        )
    )
    for message_id in unsent.all():
        keep_progress(unit, message_id, MessageStatus.REFUSED, sid=None, error_code=SUPERSEDED)
