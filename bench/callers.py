"""Territories with somebody who calls their API, and the bodies that they send."""

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.load import post_request
from dispatcher.services import accounts
from dispatcher.services.house import House
from tests.builders import LONS, Town, mobile
from tests.fakes.clock import FakeClock

PATH = "/api/v1/requests"
NUMBERS = 9000
"""Mobiles set aside for fiction that are used in turn; names tell the patients apart."""
_patients = itertools.count(1)


@dataclass(frozen=True)
class CallingTown:
    """A territory and the API token of its regulator."""

    town: Town
    token: str

    def body(self) -> bytes:
        """The next patient's request, as an application of a SAS would send it."""
        number = next(_patients)
        return json.dumps(
            {
                "territory": self.town.code,
                "patient": {
                    "last_name": f"Patiente{number}",
                    "first_name": "Camille",
                    "birth_date": "1950-02-03",
                    "phone": mobile(number % NUMBERS),
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

    def post(self, base_url: str) -> bytes:
        """The same as the bytes of a call."""
        return post_request(base_url + PATH, self.body(), {"Authorization": f"Bearer {self.token}"})


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
    """Calls of all territories in turn, at most `most`."""
    for caller in itertools.islice(itertools.cycle(towns), most):
        yield caller.post(base_url)
