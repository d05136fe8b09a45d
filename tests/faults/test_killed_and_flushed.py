"""Workers and relay killed with -9, Valkey emptied: no request lost, none twice, no SMS twice."""

import random
import time
from pathlib import Path
from uuid import UUID

import pytest
from redis import Redis

from tests.builders import mobile
from tests.faults.stage import stage

pytestmark = pytest.mark.faults

REQUESTS = 200
VOLUNTEERS = 10
PLACES = 24
"""More places than requests: whoever is left without one was lost."""
KILLS = 10
FLUSHES = 5
BETWEEN_KILLS_SECONDS = 1.2
PATIENCE_SECONDS = 120.0


def test_two_hundred_requests_survive_kills_and_an_emptied_valkey(
    database_url: str, tmp_path: Path
) -> None:
    dice = random.Random(20261122)
    answered: list[UUID] = []
    flushes = 0
    with stage(database_url, tmp_path) as on, Redis.from_url(on.valkey.url) as redis:
        for _ in range(VOLUNTEERS):
            on.town.slot(on.town.volunteer(), hours=2, minutes=300, places=PLACES)
        with on.crew() as crew:
            next_kill = time.monotonic() + BETWEEN_KILLS_SECONDS
            while len(answered) < REQUESTS or crew.kills < KILLS:
                if len(answered) < REQUESTS:
                    number = len(answered)
                    answered.append(on.town.request(patient={"phone": mobile(number)}))
                if time.monotonic() > next_kill:
                    crew.kill_one(dice)
                    next_kill = time.monotonic() + BETWEEN_KILLS_SECONDS
                    if flushes < FLUSHES:
                        redis.flushall()
                        flushes += 1
                crew.restart_the_dead()
            on.wait_until_settled(crew, PATIENCE_SECONDS)

        assert (crew.kills >= KILLS, flushes) == (True, FLUSHES)
        booked = on.counted("SELECT count(*) FROM care_requests WHERE status = 'booked'")
        accepted = on.provider.accepted()
        assert (booked, len(accepted)) == (REQUESTS, 2 * REQUESTS)
        on.check(answered)
