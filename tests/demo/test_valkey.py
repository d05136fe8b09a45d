"""The embedded Valkey: what is acknowledged is kept, and no one but us is served."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from dispatcher.demo.valkey import (
    LONGEST_SOCKET_PATH,
    RunningValkey,
    ValkeyError,
    answers,
    socket_path,
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningValkey]:
    with RunningValkey(tmp_path / 'a "folder" with spaces') as server:
        yield server


def client(server: RunningValkey) -> redis.Redis:
    return redis.Redis.from_url(server.url)


def test_it_answers_on_a_socket_of_its_owner_alone(server: RunningValkey) -> None:
    with client(server) as connection:
        assert connection.ping()
    assert server.socket_file.stat().st_mode & 0o777 == 0o700
    assert answers(server.socket_file)


def test_data_is_kept_over_a_restart(server: RunningValkey) -> None:
    with client(server) as connection:
        connection.rpush("queue", "a", "b")

    server.restart()

    with client(server) as connection:
        assert connection.lrange("queue", 0, -1) == [b"a", b"b"]


def test_data_is_kept_over_kill_9(server: RunningValkey) -> None:
    with client(server) as connection:
        connection.rpush("queue", "a", "b")

    server.kill()
    assert not answers(server.socket_file)
    server.start()

    with client(server) as connection:
        assert connection.lrange("queue", 0, -1) == [b"a", b"b"]


def test_it_stops_with_its_block(tmp_path: Path) -> None:
    with RunningValkey(tmp_path) as server:
        assert answers(server.socket_file)

    assert not answers(server.socket_file)
    server.stop()  # a second time does no harm


def test_a_folder_with_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    long = tmp_path / ("d" * LONGEST_SOCKET_PATH)

    with RunningValkey(long) as server, client(server) as connection:
        assert len(bytes(server.socket_file)) <= LONGEST_SOCKET_PATH
        assert connection.ping()

    assert not server.socket_file.parent.exists()


def test_a_short_path_keeps_the_socket_beside_the_data() -> None:
    assert socket_path(Path("/srv/demo/valkey")) == Path("/srv/demo/valkey/valkey.sock")


def test_a_folder_whose_name_rq_cannot_read_gets_its_socket_elsewhere() -> None:
    for folder in ("/srv/two words/valkey", "/srv/a=b/valkey"):
        elsewhere = socket_path(Path(folder))
        assert " " not in str(elsewhere)
        assert "=" not in str(elsewhere)
        elsewhere.parent.rmdir()


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").write_text("a file where Valkey wants a folder")

    with pytest.raises(ValkeyError, match=r"(?i)append"):
        RunningValkey(tmp_path).start()
