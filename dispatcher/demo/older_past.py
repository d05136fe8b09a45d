"""The year before a demonstration's last week: what a log keeps of it, and nothing else.

The last week is lived through the real services (`history`). Of the year before, patients and
requests are long erased, as they would be, and the log remains: so every figure, chart and list of
acts has something to show, for the price of one insert. Times are the territory's own.
"""

import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from dispatcher.demo.town import Town
from dispatcher.domain.events import (
    ENGINE,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentFulfilled,
    AppointmentMissed,
    EffectNoted,
    Event,
    GpSearchMoved,
    OfferAccepted,
    OfferEnded,
    OfferMade,
    RequestCancelled,
    RequestOpened,
    RequestRedirected,
    RequestUnfilled,
    SatisfactionAnswered,
    SearchFoundNothing,
    SlotPassed,
    SlotPublished,
)
from dispatcher.domain.gp_searches import GpSearchStatus, priorities
from dispatcher.services.house import House
from dispatcher.storage.columns import table_of
from dispatcher.storage.log import LoggedEvent, log_row

DAYS = 400
"""A year and the month before it, so that a month can be compared with the same one a year ago."""
SUNDAY, SATURDAY = 6, 5
SEED = 71
FIRST_HOUR, LAST_HOUR = 8, 18
REQUESTS_A_DAY = (2, 5)
"""At the beginning; they grow by half until the end."""
ORIGINS = ("SAS", "SAS", "SAS", "116117", "PHARMACY", "PRACTICE", "ED", "PATIENT")
DELAYS = (8, 12, 24, 24, 24, 48)
ENDS = (("visit", 80), ("redirected", 9), ("unfilled", 6), ("cancelled", 5))
VISITS = (("came", 84), ("missed", 5), ("patient", 7), ("practitioner", 3), ("unsaid", 1))
REDIRECTIONS = ("ADVICE", "ADVICE", "15", "ED", "PROTOCOL_CYSTITIS")
UNFILLED = ("NO_TAKER", "NO_SLOT", "TOO_FAR")
MARKS = (10, 10, 9, 9, 9, 8, 8, 7, 6, 3)
UNTAKEN, WITH_GP, ASKED, MARKED = 0.18, 0.7, 0.2, 0.3
ED_AVOIDED, GP_FOUND, PRIORITY = 0.15, 0.2, 0.3
"""Shares: of slots nobody took, of patients with a médecin traitant, and so on."""
NEEDS: Sequence[tuple[str, str]] = (("10", "AMB"), ("10", "AMB"), ("10", "AMB"), ("60", "HH"))


def remember(house: House, town: Town, plan: Mapping[str, Any], last: date) -> int:
    """Write the log of the days that end with `last`; how many events."""
    told = _Year(house, town, plan)
    first = last - timedelta(days=DAYS - 1)
    for number in range(DAYS):
        told.day(first + timedelta(days=number), 1 + 0.5 * number / DAYS)
    rows = [
        log_row(event, town.territory_id, at, ENGINE)
        for at, event in sorted(told.events, key=lambda each: each[0])
        if at < datetime.combine(last + timedelta(days=1), time(), ZoneInfo(town.timezone))
    ]
    with house.db.writing() as session:
        session.connection().execute(insert(table_of(LoggedEvent)), rows)
    return len(rows)


@dataclass
class _Year:
    house: House
    town: Town
    plan: Mapping[str, Any]
    dice: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311
    events: list[tuple[datetime, Event]] = field(default_factory=list)

    def day(self, day: date, growth: float) -> None:
        """A day's requests, and the slots that nobody took."""
        if day.weekday() == SUNDAY:
            return
        share = 0.4 if day.weekday() == SATURDAY else 1.0
        for _ in range(round(self.dice.randint(*REQUESTS_A_DAY) * growth * share)):
            self._request(self._at(day))
        for profession, modality in NEEDS:
            if self.dice.random() < UNTAKEN * share:
                self._untaken(profession, modality, self._at(day))

    def _request(self, asked: datetime) -> None:
        dice, request = self.dice, self._id()
        profession, modality = dice.choice(NEEDS)
        delay, origin = dice.choice(DELAYS), dice.choice(ORIGINS)
        has_gp = dice.random() < WITH_GP
        low = 10 * dice.randrange(10)
        regulated = origin in {"SAS", "116117"}
        self._say(
            asked,
            RequestOpened(
                request_id=request,
                profession=profession,
                specialty=None,
                modalities=[modality],
                delay_hours=delay,
                due_at=asked + timedelta(hours=delay),
                origin=origin,
                regulated=regulated,
                has_gp=has_gp,
                commune=dice.choice(self.plan["communes"]),
                age_band=f"{low}-{low + 9}",
                duplicate_confirmed=False,
                motive_group=dice.choice([*self.house.catalogue.motive_groups, None]),
                regulated_for_sas=regulated or None,
            ),
        )
        given = asked + timedelta(seconds=1 + dice.expovariate(1 / 4))
        end = self._one_of(ENDS)
        later = asked + timedelta(minutes=20 + dice.randrange(90))
        if end == "visit":
            if dice.random() < ASKED:
                given = self._asking(request, profession, asked)
            self._visit(request, profession, modality, asked, given, delay, has_gp=has_gp)
        elif end == "redirected":
            to = dice.choice(REDIRECTIONS)
            self._say(later, RequestRedirected(request_id=request, to=to))
        elif end == "unfilled":
            self._say(asked, SearchFoundNothing(request_id=request, refused={"too_far": 2}))
            self._asking(request, profession, asked, taken=False)
            cause = dice.choice(UNFILLED)
            self._say(later, RequestUnfilled(request_id=request, cause=cause))
        else:
            self._say(later, RequestCancelled(request_id=request, by="patient"))

    def _asking(
        self, request: UUID, profession: str, asked: datetime, *, taken: bool = True
    ) -> datetime:
        """Two volunteers are asked; when the first one said yes."""
        at = asked + timedelta(minutes=2)
        answered = at + timedelta(minutes=self.dice.randint(2, 18))
        if taken:
            self._say(asked, SearchFoundNothing(request_id=request, refused={"full": 3}))
        for number in range(2):
            about: dict[str, Any] = {
                "offer_id": self._id(),
                "request_id": request,
                "practitioner_id": self._somebody(profession),
            }
            self._say(at, OfferMade(**about, wave=1, distance_km=self._kilometres()))
            if taken and number == 0:
                self._say(answered, OfferAccepted(**about, hour=True))
            else:
                status = "too_late" if taken else "expired"
                self._say(answered, OfferEnded(**about, status=status))
        return answered

    def _visit(
        self,
        request: UUID,
        profession: str,
        modality: str,
        asked: datetime,
        given: datetime,
        delay: int,
        *,
        has_gp: bool,
    ) -> None:
        dice = self.dice
        wait = timedelta(hours=1 + dice.expovariate(1 / 7))
        start = (given + wait).replace(minute=dice.choice((0, 20, 40)), second=0, microsecond=0)
        start += timedelta(hours=1)
        who, slot = self._published(profession, modality, start, asked - timedelta(hours=20))
        about: dict[str, Any] = {
            "request_id": request,
            "appointment_id": self._id(),
            "slot_id": slot,
            "practitioner_id": who,
            "start": start,
        }
        self._say(
            given,
            AppointmentBooked(
                **about,
                within_delay=start - asked <= timedelta(hours=delay),
                decided_by="engine",
                distance_km=self._kilometres(),
                overridden=[],
                neighbour=False,
            ),
        )
        after = start + timedelta(minutes=25)
        end = self._one_of(VISITS)
        if end == "came":
            self._say(after, AppointmentFulfilled(**about))
            self._afterwards(about, after, has_gp=has_gp)
        elif end == "missed":
            self._say(after, AppointmentMissed(**about))
        elif end != "unsaid":
            gone = given + (start - given) / 2
            self._say(gone, AppointmentCancelled(**about, by=end))
            self._say(gone, RequestCancelled(request_id=request, by=end))
        taken = 0 if end in {"patient", "practitioner"} else 1
        self._say(
            after,
            SlotPassed(slot_id=slot, practitioner_id=who, start=start, places=1, taken=taken),
        )

    def _afterwards(self, about: Mapping[str, Any], after: datetime, *, has_gp: bool) -> None:
        request, dice = about["request_id"], self.dice
        if dice.random() < MARKED:
            marked = after + timedelta(hours=2 + dice.randrange(20))
            mark = dice.choice(MARKS)
            self._say(
                marked,
                SatisfactionAnswered(
                    request_id=request, appointment_id=about["appointment_id"], score=mark
                ),
            )
        if dice.random() < ED_AVOIDED:
            self._say(after, EffectNoted(request_id=request, effect="ED_AVOIDED", holds=True))
        if not has_gp and dice.random() < GP_FOUND:
            self._found_gp(request, after)

    def _found_gp(self, request: UUID, at: datetime) -> None:
        ages = (self.dice.randrange(100), self.dice.random(), self.dice.random())
        why = priorities(ages[0], ald=ages[1] < PRIORITY, c2s=ages[2] < PRIORITY)
        self._say(
            at,
            GpSearchMoved(
                request_id=request,
                practitioner_id=self._somebody("10"),
                search_id=self._id(),
                status=GpSearchStatus.ACCEPTED.value,
                priorities=[each.value for each in why],
            ),
        )
        self._say(at, EffectNoted(request_id=request, effect="GP_FOUND", holds=True))

    def _untaken(self, profession: str, modality: str, start: datetime) -> None:
        who, slot = self._published(profession, modality, start, start - timedelta(hours=30))
        self._say(
            start + timedelta(minutes=25),
            SlotPassed(slot_id=slot, practitioner_id=who, start=start, places=1, taken=0),
        )

    def _published(
        self, profession: str, modality: str, start: datetime, at: datetime
    ) -> tuple[UUID, UUID]:
        who, slot = self._somebody(profession), self._id()
        self._say(
            at,
            SlotPublished(
                slot_id=slot,
                practitioner_id=who,
                start=start,
                end=start + timedelta(minutes=20),
                places=1,
                modality=modality,
                visibility=["SNP", "CPTS"],
                profession=profession,
            ),
        )
        return who, slot

    def _somebody(self, profession: str) -> UUID:
        people = zip(self.town.volunteers, self.plan["practitioners"], strict=True)
        return self.dice.choice(
            [who.id for who, planned in people if planned["profession"] == profession]
        )

    def _at(self, day: date) -> datetime:
        minute = self.dice.randrange(FIRST_HOUR * 60, LAST_HOUR * 60)
        zone = ZoneInfo(self.town.timezone)
        return datetime.combine(day, time(minute // 60, minute % 60), zone)

    def _one_of(self, shares: Sequence[tuple[str, int]]) -> str:
        (found,) = self.dice.choices([what for what, _ in shares], [share for _, share in shares])
        return found

    def _kilometres(self) -> float:
        return round(1 + self.dice.expovariate(1 / 6), 1)

    def _id(self) -> UUID:
        return uuid.UUID(int=self.dice.getrandbits(128), version=4)

    def _say(self, at: datetime, event: Event) -> None:
        self.events.append((at, event))
