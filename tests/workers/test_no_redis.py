"""What stands at Redis' address may be no Redis: the bell never raises, and begins anew."""

from pathlib import Path
from uuid import uuid4

import pytest
from redis import Redis
from redis.exceptions import InvalidResponse

from dispatcher.demo.valkey import RunningValkey
from dispatcher.domain.jobs import Job
from dispatcher.storage.unit import Ring
from tests.fakes.no_redis import NONSENSE, talking
from workers import bell
from workers.bell import RqBell


def test_the_stand_in_says_what_it_is_told_to(tmp_path: Path) -> None:
    path = tmp_path / "valkey.sock"
    with (
        talking(path, NONSENSE[0]),
        Redis(unix_socket_path=str(path), protocol=2) as redis,
        pytest.raises(InvalidResponse),
    ):
        redis.ping()


def test_nonsense_is_no_answer_and_nobody_who_rings_is_harmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bell, "REST_SECONDS", 0.0)
    path = tmp_path / "valkey.sock"
    ringer = RqBell(f"unix://{path}?db=0")
    for words in (*NONSENSE, b":-1\r\n", b"*0\r\n", b"$5\r\nhello\r\n", b"-LOADING\r\n"):
        with talking(path, words):
            ringer.ring([Ring(uuid4(), Job.MATCH_WAITING)])
            assert not ringer.answers()
            assert ringer.depths() == {}
    ringer.connection.close()

    with RunningValkey(tmp_path):  # and then it is Redis again, at the same address
        assert ringer.answers()
        ringer.ring([Ring(uuid4(), Job.MATCH_WAITING)])
        assert ringer.depths()["urgent"] == 1
    ringer.connection.close()


def test_after_a_failure_nobody_waits_for_redis_for_a_moment(tmp_path: Path) -> None:
    path = tmp_path / "valkey.sock"
    ringer = RqBell(f"unix://{path}?db=0")
    ringer.ring([Ring(uuid4(), Job.MATCH_WAITING)])
    with RunningValkey(tmp_path):
        ringer.ring([Ring(uuid4(), Job.MATCH_WAITING)])
        assert ringer.depths()["urgent"] == 0  # the relay's next turn has it
    ringer.connection.close()
