"""The week that a demonstration's territory has behind it, lived through the real services.

Nothing is written into tables from the side: a clock is set back, requests are opened, matched,
honoured or missed, and the log, the messages and the figures are what they would have been.
"""

import heapq
import itertools
import random
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from dispatcher.bootstrap import build
from dispatcher.demo.timetable import of_day
from dispatcher.demo.town import Town
from dispatcher.domain.jobs import Job
from dispatcher.domain.messages import MessageStatus
from dispatcher.gateways.sms import Accepted, Found, OutgoingSms
from dispatcher.services import (
    answers,
    appointments,
    asking,
    matching,
    offers,
    reminders,
    requests,
    sending,
    sending_again,
    slots,
)
from dispatcher.services.commands import CancelRequest, CloseRequest, OpenRequest, PublishSlot
from dispatcher.services.house import House
from dispatcher.services.requesting import ask_for_patient
from dispatcher.storage import keeping
from dispatcher.storage.requests import Appointment
from dispatcher.storage.unit import Claim

WORKING_DAYS = 6
REQUESTS_A_DAY = (3, 5)
SUNDAY = 6
SEED = 39
"""The same weeks at every first start; only the dates differ."""
FIRST_NAMES = ("Alice", "Bruno", "Chloé", "David", "Emma", "Farid", "Gilles", "Inès", "Jules",
               "Léa", "Malik", "Nina", "Oscar", "Rose", "Simon", "Zoé")  # fmt: skip
NEEDS: tuple[Mapping[str, Any], ...] = (
    {"profession": "10", "modalities": ["AMB"], "delay_hours": 24},
    {"profession": "10", "modalities": ["AMB"], "delay_hours": 48},
    {"profession": "10", "modalities": ["AMB", "VR"], "delay_hours": 12},
    {"profession": "10", "modalities": ["AMB"], "delay_hours": 8},
    {"profession": "60", "modalities": ["HH"], "delay_hours": 24},
    {"profession": "50", "modalities": ["AMB"], "delay_hours": 48},
    {"profession": "40", "modalities": ["AMB"], "delay_hours": 24},
)
WEIGHTS = (8, 6, 3, 3, 4, 1, 1)
ORIGINS = ("SAS", "SAS", "116117", "PHARMACY", "PRACTICE", "ED", "PATIENT")
SERVICES: Mapping[Job, Callable[[House, Claim], object]] = {
    Job.MATCH_WAITING: matching.match_waiting,
    Job.ESCALATE_REQUEST: matching.escalate_request,
    Job.SEND_MESSAGE: sending.send_message,
    Job.SEND_UNHURRIED: sending.send_unhurried,
    Job.SEND_AGAIN: sending_again.send_again,
    Job.REMIND_PATIENT: reminders.remind_patient,
    Job.FOLLOW_UP_VISIT: reminders.follow_up_visit,
    Job.ASK_VOLUNTEERS: asking.ask_volunteers,
    Job.EXPIRE_OFFERS: offers.expire_offers,
    Job.MISS_HOUR: answers.miss_hour,
}
LEASE_SECONDS = 60.0
REDIRECTED, CANCELLED, CAME, WITH_GP = 0.6, 0.05, 0.93, 0.7
"""Shares of what becomes of requests; those who neither cancel nor come are the rest."""


class PastNetwork:
    """A gateway of the past: whatever was sent has arrived, and stands on no telephone."""

    def send(self, message: OutgoingSms) -> Accepted:
        """Deliver at once."""
        del message
        return Accepted(f"PAST{secrets.token_hex(14)}", MessageStatus.DELIVERED)

    def sender_of(self, territory_code: str) -> str:
        """One for all."""
        del territory_code
        return "past"

    def find(
        self, message: OutgoingSms, since: datetime, known_sids: Collection[str] = ()
    ) -> Found | None:
        """Nothing was ever lost."""
        del message, since, known_sids
        return None


@dataclass
class _Past:
    """The weeks behind: a clock that is set, and what is still to happen."""

    town: Town
    plan: Mapping[str, Any]
    now: datetime
    dice: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311
    house: House = field(init=False)
    people: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _events: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    _count: "itertools.count[int]" = field(default_factory=itertools.count)

    def at(self, moment: datetime, action: Callable[[], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._count), action))

    def play(self, until: datetime) -> None:
        """Let everything happen, in order, up to `until`."""
        while self._events and self._events[0][0] < until:
            self.now, _, action = heapq.heappop(self._events)
            action()
            self.keep_promises()

    def keep_promises(self) -> None:
        """Do what is due, as the workers would."""
        while owed := keeping.due(self.house.db, 200):
            for ring in owed:
                claim = keeping.claim(self.house.db, ring.promise_id, LEASE_SECONDS)
                if claim is not None:
                    SERVICES[claim.job](self.house, claim)


def first_lived_day(house: House, town: Town) -> date:
    """The local day on which the week begins that is lived through."""
    return _working_days(house.clock().astimezone(ZoneInfo(town.timezone)).date())[0]


def live_through(house: House, town: Town, plan: Mapping[str, Any]) -> None:
    """Give the territory its past, and the morning's first requests."""
    zone = ZoneInfo(town.timezone)
    now = house.clock()
    days = _working_days(now.astimezone(zone).date())
    past = _Past(town, plan, datetime.combine(days[0], time(6), zone))
    past.house = build(house.settings, sms=PastNetwork(), clock=lambda: past.now)
    try:
        for day in days:
            past.at(datetime.combine(day, time(6), zone), _publishing(past, day, zone))
            for _ in range(past.dice.randint(*REQUESTS_A_DAY)):
                minute = past.dice.randrange(8 * 60, 18 * 60)
                opened = datetime.combine(day, time(minute // 60, minute % 60), zone)
                past.at(opened, _opening(past))
        past.play(until=now - timedelta(minutes=30))
    finally:
        past.house.db.dispose()
    for need in (NEEDS[0], NEEDS[4], NEEDS[6]):
        requests.open_request(house, town.regulator, _request(past, need))
    ask_for_patient(house, town.requester, _request(past, NEEDS[1]))


def _working_days(today: date) -> list[date]:
    """The last WORKING_DAYS days before today that are no Sundays, in order."""
    before = (today - timedelta(days=ahead) for ahead in itertools.count(1))
    days = itertools.islice((day for day in before if day.weekday() != SUNDAY), WORKING_DAYS)
    return sorted(days)


def _publishing(past: _Past, day: date, zone: ZoneInfo) -> Callable[[], None]:
    def publish() -> None:
        timetables = [person["timetable"] for person in past.plan["practitioners"]]
        slots.publish_slots(
            past.house,
            past.town.coordinator,
            [
                PublishSlot(
                    practitioner=volunteer.id,
                    place=volunteer.place,
                    start=offer.start,
                    end=offer.end,
                    places=offer.places,
                    modality=offer.modality,
                )
                for volunteer, timetable in zip(past.town.volunteers, timetables, strict=True)
                for offer in of_day(timetable, day, zone)
            ],
        )

    return publish


def _opening(past: _Past) -> Callable[[], None]:
    def open_it() -> None:
        (need,) = past.dice.choices(NEEDS, WEIGHTS)
        request_id = requests.open_request(past.house, past.town.regulator, _request(past, need))
        past.at(past.now + timedelta(minutes=1), lambda: _then(past, request_id))

    return open_it


def _then(past: _Past, request_id: UUID) -> None:
    """What becomes of a request once the engine has seen it."""
    with past.house.db.reading() as session:
        appointment = session.scalars(
            select(Appointment).where(
                Appointment.request_id == request_id, Appointment.status == "booked"
            )
        ).one_or_none()
    luck = past.dice.random()
    if appointment is None:
        ending = (
            CloseRequest(status="redirected", reason="ADVICE")
            if luck < REDIRECTED
            else CloseRequest(status="unfilled", reason="NO_VOLUNTEER")
        )
        past.at(
            past.now + timedelta(hours=1),
            lambda: appointments.close_request(past.house, past.town.regulator, request_id, ending),
        )
    elif luck < CANCELLED and appointment.start_at > past.now + timedelta(hours=1):
        past.at(
            past.now + timedelta(minutes=20),
            lambda: appointments.cancel_request(
                past.house, past.town.regulator, request_id, CancelRequest(by="regulator")
            ),
        )
    else:
        came = luck < CAME
        past.at(
            appointment.start_at + timedelta(minutes=25),
            lambda: appointments.record_attendance(
                past.house, past.town.regulator, appointment.id, came=came
            ),
        )


def _request(past: _Past, need: Mapping[str, Any]) -> OpenRequest:
    number = next(past.people)
    series = 2000 if past.plan["department"] == "39" else 3000
    return OpenRequest.model_validate(
        {
            "territory": past.town.code,
            "patient": {
                "last_name": past.dice.choice(past.plan["names"]),
                "first_name": past.dice.choice(FIRST_NAMES),
                "birth_date": date(past.dice.randint(1935, 2020), past.dice.randint(1, 12), 15),
                "phone": f"063998{series + number % 1000:04d}",
                "commune": past.dice.choice(past.plan["communes"]),
                "has_gp": past.dice.random() < WITH_GP,
            },
            "need": dict(need),
            "origin": past.dice.choice(ORIGINS),
            "confirm_duplicate": True,
        }
    )
