"""The log of a year of a large territory, as it would have been written; nothing but the log."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from config.communes import Communes
from dispatcher.domain.events import (
    ENGINE,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentFulfilled,
    AppointmentMissed,
    Event,
    MessageProgressed,
    MessageQueued,
    OfferAccepted,
    OfferEnded,
    OfferMade,
    RequestEscalated,
    RequestOpened,
    RequestUnfilled,
    SearchFoundNothing,
    SlotPassed,
    SlotPublished,
    VolunteersAsked,
)
from dispatcher.storage.log import log_row

DAYS = 365
PRACTITIONERS = 400
COMMUNES = 150
ASKED = 4
PROFESSIONS = ("10", "10", "10", "10", "60", "60", "50", "40", "70", "21")
ORIGINS = ("SAS", "SAS", "SAS", "116117", "PHARMACY", "PRACTICE", "ED", "HOSPITAL", "PATIENT")
MOTIVES = ("INFECTION", "RESPIRATORY", "DIGESTIVE", "LOCOMOTOR", "SKIN_WOUND", "OTHER", None)
OPENING = 7 * 3600
"""The first call of a day, in seconds after midnight UTC; the last one is twelve hours later."""

Row = dict[str, object]


@dataclass
class Year:
    """`requests` of a territory over a year that ends with `last`, and what became of them."""

    territory_id: uuid.UUID
    requests: int
    last: date
    communes: list[str]
    chance: random.Random = field(default_factory=lambda: random.Random(9))

    @classmethod
    def of(cls, territory_id: uuid.UUID, requests: int, last: date, communes: Communes) -> "Year":
        """A year in the Jura."""
        codes = [each.insee for each in communes if each.department == "39"][:COMMUNES]
        return cls(territory_id, requests, last, codes)

    def rows(self) -> Iterator[Row]:
        """Every row of the log, day by day, each story in its order."""
        volunteers = [(self._id(), self.chance.choice(PROFESSIONS)) for _ in range(PRACTITIONERS)]
        first = self.last - timedelta(days=DAYS - 1)
        made = 0
        for day in range(DAYS):
            midnight = datetime.combine(first + timedelta(days=day), time(), UTC)
            wanted = self.requests * (day + 1) // DAYS
            for _ in range(wanted - made):
                yield from self._story(midnight, volunteers)
            made = wanted

    def _story(self, midnight: datetime, volunteers: list[tuple[uuid.UUID, str]]) -> Iterator[Row]:
        chance, request = self.chance, self._id()
        asked_at = midnight + timedelta(seconds=OPENING + chance.random() * 12 * 3600)
        practitioner, profession = chance.choice(volunteers)
        yield self._row(
            asked_at,
            RequestOpened(
                request_id=request,
                profession=profession,
                specialty=None,
                modalities=["AMB"] if chance.random() < 0.8 else ["AMB", "VR"],
                delay_hours=24,
                due_at=asked_at + timedelta(hours=24),
                origin=chance.choice(ORIGINS),
                regulated=True,
                has_gp=chance.random() < 0.7,
                commune=chance.choice(self.communes),
                age_band=f"{(low := 10 * chance.randrange(9))}-{low + 9}",
                duplicate_confirmed=False,
                motive_group=chance.choice(MOTIVES),
            ),
        )
        booked_at = asked_at + timedelta(seconds=chance.expovariate(1 / 3))
        if chance.random() < 0.22:
            booked_at = asked_at + timedelta(minutes=5 + chance.random() * 60)
            yield from self._asking(request, asked_at, booked_at, volunteers)
        if chance.random() < 0.1:
            yield self._row(
                booked_at + timedelta(hours=20),
                RequestUnfilled(request_id=request, cause="NO_TAKER"),
            )
            return
        yield from self._visit(request, booked_at, practitioner, profession)

    def _asking(
        self,
        request: uuid.UUID,
        asked_at: datetime,
        answered_at: datetime,
        volunteers: list[tuple[uuid.UUID, str]],
    ) -> Iterator[Row]:
        at = asked_at + timedelta(minutes=3)
        yield self._row(asked_at, SearchFoundNothing(request_id=request, refused={"too_far": 3}))
        yield self._row(asked_at, RequestEscalated(request_id=request, attention="no_slot"))
        yield self._row(
            at,
            VolunteersAsked(
                request_id=request, wave=1, asked=ASKED, unreachable=0, asked_by="engine"
            ),
        )
        for number in range(ASKED):
            offer, whom = self._id(), self.chance.choice(volunteers)[0]
            about: dict[str, Any] = {
                "offer_id": offer,
                "request_id": request,
                "practitioner_id": whom,
            }
            yield self._row(at, OfferMade(**about, wave=1, distance_km=4.2))
            yield from self._message(at, request, "offer", "practitioner")
            if number == 0:
                yield self._row(answered_at, OfferAccepted(**about, hour=True))
            else:
                yield self._row(answered_at, OfferEnded(**about, status="too_late"))

    def _visit(
        self, request: uuid.UUID, at: datetime, practitioner: uuid.UUID, profession: str
    ) -> Iterator[Row]:
        chance, slot = self.chance, self._id()
        start = at + timedelta(hours=1 + chance.random() * 26)
        about: dict[str, Any] = {
            "slot_id": slot,
            "practitioner_id": practitioner,
            "start": start,
        }
        yield self._row(
            at - timedelta(days=1),
            SlotPublished(
                **about,
                end=start + timedelta(minutes=20),
                places=1 if chance.random() < 0.8 else 2,
                modality="AMB",
                visibility=["SNP"],
                profession=profession,
            ),
        )
        about |= {"request_id": request, "appointment_id": self._id()}
        yield self._row(
            at,
            AppointmentBooked(
                **about,
                within_delay=start - at < timedelta(hours=24),
                decided_by="engine",
                distance_km=4.2,
                overridden=[],
                neighbour=False,
            ),
        )
        yield from self._message(at, request, "confirmation", "patient")
        yield from self._message(at, request, "practitioner_notice", "practitioner")
        end = chance.random()
        if end < 0.05:
            yield self._row(at + timedelta(minutes=30), AppointmentCancelled(**about, by="patient"))
        elif end < 0.1:
            yield self._row(start + timedelta(hours=1), AppointmentMissed(**about))
        else:
            told = {key: value for key, value in about.items() if key != "start"}
            yield self._row(at + timedelta(minutes=10), AppointmentConfirmed(**told))
            yield self._row(start + timedelta(hours=1), AppointmentFulfilled(**about))
        passed = {key: about[key] for key in ("slot_id", "practitioner_id", "start")}
        yield self._row(start + timedelta(hours=1), SlotPassed(**passed, places=1, taken=1))

    def _message(self, at: datetime, request: uuid.UUID, kind: str, role: str) -> Iterator[Row]:
        message = self._id()
        yield self._row(
            at,
            MessageQueued(
                message_id=message,
                message_kind=kind,
                to_role=role,
                request_id=request,
                appointment_id=None,
            ),
        )
        for status in ("sent", "delivered"):
            yield self._row(
                at,
                MessageProgressed(
                    message_id=message, request_id=request, status=status, error_code=None
                ),
            )

    def _row(self, at: datetime, event: Event) -> Row:
        return log_row(event, self.territory_id, at, ENGINE)

    def _id(self) -> uuid.UUID:
        return uuid.UUID(int=self.chance.getrandbits(128), version=4)
