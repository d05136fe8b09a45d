"""Territories with somebody who calls their API, and the bodies that they send."""

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bench.load import post_request
from dispatcher.services import accounts
from dispatcher.services.commands import PublishSlot
from dispatcher.services.house import House
from dispatcher.services.slots import publish_slots
from tests.builders import LONS, Town, mobile
from tests.fakes.clock import FakeClock

PATH = "/api/v1/requests"
FIRST_NUMBER, NUMBERS = 6000, 3900
"""Of the mobiles set aside for fiction those that no practitioner of `tests.builders` has, used in
turn; names tell the patients apart."""
_patients = itertools.count(1)


@dataclass(frozen=True)
class CallingTown:
    """A territory and the API token of its regulator."""

    town: Town
    token: str

    def body(self, number: int) -> bytes:
        """A patient's request, as an application of a SAS would send it."""
        return json.dumps(
            {
                "territory": self.town.code,
                "patient": {
                    "last_name": f"Patiente{number}",
                    "first_name": "Camille",
                    "birth_date": "1950-02-03",
                    "phone": phone_of(number),
                    "commune": LONS,
                    "has_gp": False,
                },
                "need": {
                    "profession": "10",
                    "modalities": ["AMB"],
                    "note": "fièvre depuis hier soir, tousse beaucoup",
                    "delay_hours": 24,
                },
                "origin": "SAS",
            }
        ).encode()

    def publish(
        self, volunteers: int, slots: int, *, places: int = 1, minutes_each: int = 10
    ) -> None:
        """Slots from an hour from now on, one after the other for each of the volunteers."""
        town = self.town
        town.clock.now = town.house.clock()
        length = timedelta(minutes=minutes_each * places)
        for _ in range(volunteers):
            holder = town.volunteer()
            first = town.in_hours(1)
            publish_slots(
                town.house,
                town.regulator,
                [
                    PublishSlot(
                        practitioner=holder.id,
                        place=holder.place,
                        start=first + number * length,
                        end=first + (number + 1) * length,
                        places=places,
                    )
                    for number in range(slots)
                ],
            )

    def post(self, base_url: str, number: int) -> bytes:
        """The same as the bytes of a call."""
        return post_request(
            base_url + PATH, self.body(number), {"Authorization": f"Bearer {self.token}"}
        )


def phone_of(number: int) -> str:
    """The telephone of a patient, as typed."""
    return mobile(FIRST_NUMBER + number % NUMBERS)


def calling_towns(house: House, count: int) -> list[CallingTown]:
    """New territories, each with a regulator who has a token."""
    clock = FakeClock(datetime.now(UTC))
    made = []
    for number in range(count):
        town = Town.found(house, clock, code=f"banc-{number}")
        token = accounts.issue_token(house, town.regulator.user_id, "bench")
        made.append(CallingTown(town, token))
    return made


def calls(towns: Sequence[CallingTown], base_url: str, most: int) -> Iterator[bytes]:
    """Calls of all territories in turn, at most `most`, each for another patient."""
    for caller in itertools.islice(itertools.cycle(towns), most):
        yield caller.post(base_url, next(_patients))
