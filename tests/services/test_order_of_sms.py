"""Two SMS about one request to one number: whoever reads them believes the later one."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from dispatcher.gateways.sms import SmsProblem, SmsRetry, SmsUncertain
from dispatcher.services.appointments import cancel_by_practitioner
from dispatcher.services.booking import book_by_hand
from dispatcher.services.commands import BookSlot
from dispatcher.services.house import House
from dispatcher.storage.messages import Message
from dispatcher.storage.promises import Promise
from tests.builders import Town, Volunteer, mobile
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.services.offering import answers, asked_volunteer, e164, statuses, waits
from tests.services.tables import messages

PATIENT = "+33639980042"


def given_up(house: House, town: Town, hours: float = 4) -> UUID:
    """A request whose practitioner cancels; nobody else has a slot."""
    own = town.volunteer(phone=None)
    slot = town.slot(own, hours=hours)
    asked = town.request(patient={"phone": mobile(42)}, need={"delay_hours": 48})
    book_by_hand(house, town.regulator, asked, BookSlot(slot=slot))
    keep_promises(house)
    return asked


def practitioner_cancels(house: House, town: Town, asked: UUID) -> None:
    appointment = town.the_appointment(asked)
    assert appointment is not None
    cancel_by_practitioner(house, town.regulator, appointment.id)
    keep_promises(house)


def book_again(house: House, town: Town, clock: FakeClock, asked: UUID) -> None:
    clock.advance(seconds=20)
    slot = town.slot(town.volunteer(phone=None), hours=6)
    book_by_hand(house, town.regulator, asked, BookSlot(slot=slot))
    keep_promises(house)


def said(sms: FakeSms) -> list[str]:
    """What the patient was told after their first confirmation: « annulé » or « confirmé »."""
    return [
        "annulé" if "annulé" in body.lower() else "confirmé" for body in sms.bodies_to(PATIENT)[1:]
    ]


@pytest.mark.parametrize(
    "problem", [SmsRetry("HTTP 429", after=90), SmsUncertain("HTTP 503", after=600)]
)
def test_a_confirmation_waits_for_the_cancellation_before_it(
    house: House, town: Town, clock: FakeClock, sms: FakeSms, problem: SmsProblem
) -> None:
    asked = given_up(house, town)
    sms.fail_next(problem)
    practitioner_cancels(house, town, asked)
    book_again(house, town, clock, asked)
    assert said(sms) == []
    clock.advance(seconds=(problem.after or 0) - 20)
    keep_promises(house)
    clock.advance(seconds=1)
    keep_promises(house)
    assert said(sms) == ["annulé", "confirmé"]


def test_what_concerns_another_request_waits_for_nothing(
    house: House, town: Town, clock: FakeClock, sms: FakeSms
) -> None:
    asked = given_up(house, town)
    sms.fail_next(SmsRetry("HTTP 429", after=90))
    practitioner_cancels(house, town, asked)
    clock.advance(seconds=20)
    slot = town.slot(town.volunteer(phone=None), hours=6)
    other = town.request(patient={"phone": mobile(42)}, need={"delay_hours": 48})
    book_by_hand(house, town.regulator, other, BookSlot(slot=slot))
    keep_promises(house)
    assert said(sms) == ["confirmé"]


def test_a_reminder_that_waits_for_the_morning_is_in_nobodys_way(
    house: House, town: Town, clock: FakeClock, sms: FakeSms
) -> None:
    asked = given_up(house, town, hours=25)  # Tuesday 10:00
    clock.advance(hours=12)  # Monday 21:00: the reminder is kept until 8:00
    keep_promises(house)
    assert [each.status for each in messages(house, "reminder")] == ["queued"]
    practitioner_cancels(house, town, asked)
    assert said(sms) == ["annulé"]


@pytest.mark.parametrize("what", ["expired", "dead"])
def test_what_nothing_will_send_any_more_is_not_waited_for(
    house: House, town: Town, clock: FakeClock, sms: FakeSms, what: str
) -> None:
    asked = given_up(house, town)
    sms.fail_next(SmsRetry("HTTP 429", after=3600))
    practitioner_cancels(house, town, asked)
    with house.db.writing() as session:
        if what == "expired":
            session.execute(
                update(Message)
                .where(Message.status == "queued")
                .values(expires_at=clock.now + timedelta(seconds=10))
            )
        else:
            session.execute(
                update(Promise).where(Promise.done_at.is_(None)).values(dead_at=clock.now)
            )
    book_again(house, town, clock, asked)
    assert said(sms) == ["confirmé"]


def test_a_volunteer_whose_question_never_left_hears_neither_it_nor_its_end(
    house: House, town: Town, clock: FakeClock, sms: FakeSms
) -> None:
    late, quick = asked_volunteer(town), asked_volunteer(town)
    sms.fail_next(SmsRetry("HTTP 429", after=120))
    asked = waits(town, clock)
    if not sms.bodies_to(e164(quick)):
        late, quick = quick, late
    answers(town, quick, "OUI")
    clock.advance(minutes=3)
    keep_promises(house)
    assert sms.bodies_to(e164(late)) == []
    assert _ends(house, late) == [("offer", "superseded"), ("offer_taken", "superseded")]
    assert statuses(house, asked)[late.id] == "too_late"


def _ends(house: House, volunteer: Volunteer) -> list[tuple[str, str | None]]:
    return [
        (each.kind, each.error_code)
        for each in messages(house)
        if each.practitioner_id == volunteer.id
    ]
