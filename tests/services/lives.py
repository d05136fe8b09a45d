"""Everything that people, telephones and time can do to a territory, to be mixed at random."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from dispatcher.domain.errors import RefusedError
from dispatcher.gateways.sms import SmsRetry, SmsUncertain
from dispatcher.services import answers, appointments, asking, moving, requests, slots
from dispatcher.services.booking import book_by_hand
from dispatcher.services.commands import BookSlot, CancelRequest, CloseRequest
from dispatcher.services.offers import link_token
from dispatcher.services.receipts import record_receipt
from dispatcher.services.receiving import receive_message
from dispatcher.storage.messages import Message
from dispatcher.storage.offers import Offer
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.slots import Slot
from tests.builders import Town, mobile
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises

T = TypeVar("T")
PHONES = (1, 2, 3)
"""Few telephones, so that several appointments share one."""

AGE: dict[type, InstrumentedAttribute[datetime]] = {
    CareRequest: CareRequest.asked_at,
    Slot: Slot.published_at,
    Appointment: Appointment.booked_at,
}
"""When things came into being: their ids are random, and chance must be repeatable."""


class Dice(Protocol):
    """Whoever chooses, as `random.Random.choice` does."""

    def __call__(self, choices: Sequence[T], /) -> T: ...


class Life:
    """One territory, and the steps that may be taken in it; refusals are part of life."""

    def __init__(self, town: Town, clock: FakeClock, sms: FakeSms, dice: Dice) -> None:
        self.town, self.clock, self.sms, self.dice = town, clock, sms, dice
        self.house = town.house
        self.volunteers = [
            town.volunteer(accepts_offers=True),
            town.volunteer(daily_cap=2, accepts_offers=True),
            town.volunteer(),
        ]
        self.steps: list[Callable[[], Any]] = [
            self.ask,
            self.publish,
            self.work,
            self.work_while_the_provider_fails,
            self.book,
            self.move,
            self.cancel,
            self.give_up_an_appointment,
            self.attend,
            self.close,
            self.search_again,
            self.withdraw,
            self.answer,
            self.receipt,
            self.wait,
            self.ask_volunteers,
            self.release,
            self.answer_an_offer,
            self.open_a_link,
        ]

    def step(self) -> None:
        """Something happens."""
        try:
            self.dice(self.steps)()
        except RefusedError:
            return

    def ask(self) -> None:
        self.town.request(
            patient={"phone": mobile(self.dice(PHONES))},
            need={"delay_hours": self.dice((4, 24, 72))},
        )

    def publish(self) -> None:
        self.town.slot(
            self.dice(self.volunteers),
            hours=self.dice((1, 2, 5, 26)),
            minutes=self.dice((20, 90)),
            places=self.dice((1, 2, 3)),
        )

    def work(self) -> None:
        keep_promises(self.house)

    def work_while_the_provider_fails(self) -> None:
        self.sms.fail_next(SmsUncertain("lost"), taken=self.dice((True, False)))
        self.sms.fail_next(SmsRetry("away"))
        keep_promises(self.house)
        self.sms.recover()

    def book(self) -> None:
        book_by_hand(
            self.house,
            self.town.regulator,
            self._any(CareRequest),
            BookSlot(slot=self._any(Slot), override=self.dice((None, "Parce que."))),
        )

    def move(self) -> None:
        moving.move_appointment(
            self.house,
            self.town.regulator,
            self._any(CareRequest),
            BookSlot(slot=self._any(Slot), override=self.dice((None, "Parce que."))),
        )

    def cancel(self) -> None:
        by = self.dice(("patient", "practitioner", "regulator"))
        appointments.cancel_request(
            self.house,
            self.town.regulator,
            self._any(CareRequest),
            CancelRequest.model_validate({"by": by}),
        )

    def give_up_an_appointment(self) -> None:
        appointments.cancel_by_practitioner(self.house, self.town.regulator, self._any(Appointment))

    def attend(self) -> None:
        appointments.record_attendance(
            self.house,
            self.town.regulator,
            self._any(Appointment),
            came=self.dice((True, False)),
        )

    def close(self) -> None:
        status = self.dice(("fulfilled", "no_show", "redirected", "unfilled"))
        appointments.close_request(
            self.house,
            self.town.regulator,
            self._any(CareRequest),
            CloseRequest.model_validate({"status": status}),
        )

    def search_again(self) -> None:
        requests.search_again(self.house, self.town.regulator, self._any(CareRequest))

    def withdraw(self) -> None:
        slots.withdraw_slot(self.house, self.town.regulator, self._any(Slot))

    def answer(self) -> None:
        phone = f"+33{mobile(self.dice(PHONES))[1:]}"
        body = self.dice(("ANNULER", "OUI", "NON", "STOP", "START", "bonjour"))
        receive_message(self.house, phone, body, self.dice(("SM1", uuid4().hex)))

    def ask_volunteers(self) -> None:
        asking.ask_now(self.house, self.town.regulator, self._any(CareRequest))

    def release(self) -> None:
        answers.release_acceptance(self.house, self.town.regulator, self._any(CareRequest))

    def answer_an_offer(self) -> None:
        phone = f"+33{self.dice(self.volunteers).phone[1:]}"
        body = self.dice(
            ("OUI", "NON", "OUI {code}", "NON {code} absent", "OUI {code} à 11h", "OUI {code} 14h")
        )
        with self.house.db.reading() as session:
            codes = session.scalars(
                select(CareRequest.code).order_by(CareRequest.asked_at, CareRequest.id)
            ).all()
        code = self.dice(codes) if codes else "9999"
        receive_message(self.house, phone, body.format(code=code), self.dice(("SM2", uuid4().hex)))

    def open_a_link(self) -> None:
        token = link_token(self.house, self._any_offer())
        hour = self.dice((None, self.clock.now + timedelta(minutes=self.dice((-5, 10, 50, 500)))))
        if self.dice((True, True, False)):
            answers.accept_by_link(self.house, token, hour)
        else:
            answers.decline_by_link(self.house, token, "pas libre")

    def receipt(self) -> None:
        if self.sms.taken:
            taken = self.dice(self.sms.taken)
            status = self.dice(("queued", "sent", "delivered", "undelivered", "failed"))
            record_receipt(self.house, taken.message.message_id, taken.sid, status, None)

    def wait(self) -> None:
        self.clock.advance(minutes=self.dice((1, 30, 180)))

    def settle(self) -> None:
        """Let everything that is owed be done."""
        for _ in range(6):
            keep_promises(self.house)
            self.clock.advance(minutes=11)
        keep_promises(self.house)

    def wrongly_sent(self) -> list[str]:
        """Texts that a number got more or less often than it was to.

        Counted by number and text, as the provider's list shows them: where two messages say the
        same to the same telephone, a lost answer may be settled for one as for the other.
        """
        taken = Counter((each.message.to, each.message.body) for each in self.sms.taken)
        cipher = self.house.db.cipher
        with self.house.db.reading() as session:
            written = Counter(
                (
                    cipher.open("messages.phone", row.id, row.phone),
                    cipher.open("messages.body", row.id, row.body),
                )
                for row in session.scalars(select(Message).where(Message.direction == "out"))
                if row.status not in {"queued", "refused"}
            )
        return [
            f"{body[:40]}… to {to}: {taken[to, body]} times, not {written[to, body]}"
            for to, body in taken | written
            if taken[to, body] != written[to, body]
        ]

    def _any_offer(self) -> UUID:
        """The same for offers: those of a wave came into being together."""
        people = [each.id for each in self.volunteers]
        with self.house.db.reading() as session:
            rows = session.execute(select(Offer.id, Offer.made_at, Offer.practitioner_id)).all()
        known = sorted(rows, key=lambda row: (row.made_at, people.index(row.practitioner_id)))
        return self.dice(known).id if known else uuid4()

    def _any(self, model: type[CareRequest] | type[Slot] | type[Appointment]) -> UUID:
        """One of them, or one that does not exist."""
        with self.house.db.reading() as session:
            known = session.scalars(select(model.id).order_by(AGE[model], model.id)).all()
        return self.dice(known) if known else uuid4()
