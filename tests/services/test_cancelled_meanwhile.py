"""A practitioner cancels while the patient confirms and the reminder leaves: one end, told to all.

Fault F9: real commits, all at the same moment.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from sqlalchemy import select

from dispatcher.domain.errors import RefusedError
from dispatcher.domain.roles import Account, Role
from dispatcher.services import appointments
from dispatcher.services.house import House
from dispatcher.storage.messages import Message
from tests.builders import Town, mobile
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.invariants import check
from tests.threads import at_once

PATIENTS = 8
EVENING_BEFORE = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
"""18 h in Paris: reminders are due."""
REFUSED = "transition-refused"
OFF = "cancelled_by_practitioner"


def outcome(work: Callable[[], object]) -> str:
    try:
        work()
    except RefusedError as refused:
        return refused.code
    return "done"


def test_the_patient_ends_with_the_truth_whoever_was_first(
    house: House, town: Town, sms: FakeSms, clock: FakeClock
) -> None:
    accounts: dict[UUID, Account] = {}
    for number in range(PATIENTS):
        doctor = town.volunteer()
        account = town.account(Role.PRACTITIONER, doctor)
        town.slot(doctor, hours=25)
        request = town.request(patient={"phone": mobile(number)}, need={"delay_hours": 72})
        keep_promises(house)
        appointment = town.the_appointment(request)
        assert appointment is not None
        accounts[appointment.id] = account
    links = {body.partition("/r/")[2].split()[0] for body in confirmations(house, sms)}
    assert len(links) == PATIENTS
    clock.now = EVENING_BEFORE

    def cancel(appointment: UUID) -> None:
        appointments.cancel_by_practitioner(house, accounts[appointment], appointment)

    works: list[Callable[[], object]] = [
        *(partial(outcome, partial(cancel, appointment)) for appointment in accounts),
        *(partial(outcome, partial(appointments.confirm_by_link, house, link)) for link in links),
        *(partial(keep_promises, house) for _ in range(2)),
    ]
    said = at_once(works)
    keep_promises(house)

    assert said[:PATIENTS] == ["done"] * PATIENTS
    assert set(said[PATIENTS : 2 * PATIENTS]) <= {"done", REFUSED}
    for number in range(PATIENTS):
        told = kinds_to(house, sms, f"+33639980{number:03d}")
        assert told in (["confirmation", OFF], ["confirmation", "reminder", OFF])
    accepted = [taken.message.message_id for taken in sms.taken]
    check(house.db.engine, clock.now, settled=True, accepted=accepted)


def confirmations(house: House, sms: FakeSms) -> list[str]:
    kinds = kind_of_messages(house)
    return [
        each.message.body for each in sms.taken if kinds[each.message.message_id] == "confirmation"
    ]


def kinds_to(house: House, sms: FakeSms, phone: str) -> list[str]:
    """What reached that telephone, in order."""
    kinds = kind_of_messages(house)
    return [kinds[each.message.message_id] for each in sms.taken if each.message.to == phone]


def kind_of_messages(house: House) -> dict[UUID, str]:
    with house.db.reading() as session:
        return {row.id: row.kind for row in session.execute(select(Message.id, Message.kind))}
