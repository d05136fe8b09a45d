"""Twilio at its worst, workers killed meanwhile: every SMS leaves exactly once."""

import random
from pathlib import Path
from uuid import UUID

import pytest

from tests.builders import mobile
from tests.fakes.twilio_emulator import (
    Fault,
    garbage,
    reset,
    server_error,
    silent,
    slow,
    too_many,
)
from tests.faults.stage import stage

pytestmark = pytest.mark.faults

REQUESTS = 30
KILLS = 3
SETTLE_AFTER = 14
"""Seconds: longer than a call may last, as `.env.example` asks."""
PATIENCE_SECONDS = 120.0

FAULTS: list[Fault] = [
    too_many(),
    too_many("1"),
    server_error(accepts=True),
    server_error(accepts=False),
    server_error(503, accepts=True),
    reset(accepts=True),
    reset(accepts=False),
    garbage(),
    garbage('{"sid": 7}'),
    Fault(status=200, accepts=True),  # a success that is not that of a creation
    slow(12),  # taken after we have given up, and before we ask what became of it
    silent(accepts=True),  # outlasts the lease: another worker takes over, the late one is too late
    silent(accepts=False),
    Fault(status=401, code=20003),  # our account, for a moment
]


def test_every_sms_leaves_once_though_the_provider_fails_in_every_way(
    database_url: str, tmp_path: Path
) -> None:
    dice = random.Random(20261123)
    faults = [*FAULTS, *[Fault(accepts=True)] * 10, *FAULTS[:8]]
    dice.shuffle(faults)
    with stage(database_url, tmp_path, settle_after=SETTLE_AFTER) as on:
        on.provider.misbehave(faults)
        on.town.slot(on.town.volunteer(), hours=2, minutes=300, places=REQUESTS)
        with on.crew() as crew:
            answered: list[UUID] = []
            for number in range(REQUESTS):
                answered.append(on.town.request(patient={"phone": mobile(number)}))
                if number % (REQUESTS // KILLS) == 5:
                    crew.kill_one(dice)
            on.wait_until_settled(crew, PATIENCE_SECONDS)

        accepted = on.provider.accepted()
        assert (crew.kills, len(accepted)) == (KILLS, 2 * REQUESTS)
        on.check(answered)
