"""A worker killed between the provider's acceptance and the record, a hundred times over."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from redis import Redis

from dispatcher.domain.jobs import Job
from dispatcher.services import matching
from dispatcher.storage import keeping
from dispatcher.storage.unit import Ring
from tests.builders import mobile
from tests.fakes.twilio_emulator import silent
from tests.faults.crew import wait_until
from tests.faults.processes import Forked
from tests.faults.stage import Stage, stage

pytestmark = pytest.mark.faults

KILLS = 100
PATIENCE_SECONDS = 60.0


def start_worker(on: Stage) -> Forked:
    return Forked("workers.main", on.environment, on.folder / "workers.log")


def confirmations_due(on: Stage) -> Sequence[Ring]:
    """A hundred appointments booked, of which nobody has been told."""
    on.town.slot(on.town.volunteer(phone=None), hours=2, minutes=300, places=KILLS)
    for number in range(KILLS):
        on.town.request(patient={"phone": mobile(number)})
    for ring in keeping.due(on.house.db, 10 * KILLS):
        claim = keeping.claim(on.house.db, ring.promise_id, 20)
        if claim is not None and ring.job is Job.MATCH_WAITING:
            matching.match_waiting(on.house, claim)
    rings = [ring for ring in keeping.due(on.house.db, 10 * KILLS) if ring.job is Job.SEND_MESSAGE]
    assert len(rings) == KILLS
    return rings


def test_a_hundred_workers_die_with_the_answer_and_each_patient_got_one_sms(
    database_url: str, tmp_path: Path
) -> None:
    with stage(database_url, tmp_path) as on, Redis.from_url(on.valkey.url) as redis:
        rings = confirmations_due(on)
        redis.flushall()
        worker = start_worker(on)
        for kills, ring in enumerate(rings, start=1):
            on.provider.misbehave([silent(accepts=True)])  # taken, and no answer comes
            on.house.bell.ring([ring])
            wait_until(
                lambda kills=kills: len(on.provider.accepted()) == kills,  # type: ignore[misc]
                PATIENCE_SECONDS,
                f"message {kills} is with the provider",
            )
            following = start_worker(on)
            worker.kill()
            worker.wait(PATIENCE_SECONDS)
            worker = following
        worker.kill()
        worker.wait(PATIENCE_SECONDS)

        # of none is anything known but that it was begun
        assert on.counted("SELECT count(*) FROM messages WHERE status = 'sending'") == KILLS
        with on.crew(workers=1) as crew:
            on.wait_until_settled(crew, PATIENCE_SECONDS)

        accepted = on.provider.accepted()
        assert set(Counter(accepted).values()) == {1}
        assert len(accepted) == KILLS
        assert on.counted("SELECT count(*) FROM messages WHERE status = 'sent'") == KILLS
        on.check()
