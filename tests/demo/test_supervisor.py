"""What `./snp demo` promises about its processes, its port and its data."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.demo.running import PATIENCE, ROOT, Demonstration, gone, until


def pid_that_answers(address: str) -> int:
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=PATIENCE)
    try:
        connection.request("GET", "/")
        return int(json.loads(connection.getresponse().read())["pid"])
    finally:
        connection.close()


@pytest.fixture
def demonstrate(tmp_path: Path) -> Iterator[Callable[..., Demonstration]]:
    started: list[Demonstration] = []

    def start(
        *options: str, data: Path = tmp_path / "données de démo", port: int = 0
    ) -> Demonstration:
        stage = str(ROOT / "tests/demo/stage.py")
        started.append(Demonstration([stage, str(port), str(data), *options], data))
        return started[-1]

    yield start
    for demonstration in started:
        demonstration.process.kill()
        demonstration.ended()
    assert until(lambda: True if all(gone(demonstration) for demonstration in started) else None)


Demonstrate = Callable[..., Demonstration]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything_within_ten_seconds(
    demonstrate: Demonstrate, number: signal.Signals
) -> None:
    demonstration = demonstrate()
    demonstration.ready()
    assert (
        len(demonstration.processes()) == 6
    )  # valkey, gunicorn and its worker, two workers, clock
    asked_at = time.monotonic()

    demonstration.process.send_signal(number)

    assert demonstration.ended() == 0
    assert time.monotonic() - asked_at < 10
    assert demonstration.processes() == set()
    assert demonstration.lines[-1] == "Tout est arrêté."


def test_a_program_deaf_to_sigterm_is_killed(demonstrate: Demonstrate) -> None:
    demonstration = demonstrate("--deaf")
    demonstration.ready()
    asked_at = time.monotonic()

    demonstration.process.terminate()

    assert demonstration.ended() == 0
    assert time.monotonic() - asked_at < 10
    assert demonstration.processes() == set()


def test_ctrl_c_twice_does_not_wait_for_a_deaf_program(demonstrate: Demonstrate) -> None:
    demonstration = demonstrate("--deaf")
    demonstration.ready()
    asked_at = time.monotonic()

    demonstration.process.send_signal(signal.SIGINT)
    until(lambda: True if len(demonstration.processes()) < 5 else None)
    demonstration.process.send_signal(signal.SIGINT)

    assert demonstration.ended() == 0
    assert time.monotonic() - asked_at < 5


def test_kill_9_of_the_supervisor_leaves_nothing_and_the_next_run_finds_the_data(
    demonstrate: Demonstrate,
) -> None:
    first = demonstrate()
    first.ready()
    secrets = (first.data / "secrets.json").read_text()

    first.process.kill()
    second = demonstrate()
    second.ready()

    assert first.ended() == -signal.SIGKILL
    assert {process.ppid() for process in second.processes()} <= {
        second.process.pid,
        second.named("gunicorn").pid,
    }
    assert (second.data / "secrets.json").read_text() == secrets
    assert (second.data / "runs").read_text() == "xx"


def test_kill_9_leaves_nothing_even_if_nobody_starts_again(demonstrate: Demonstrate) -> None:
    demonstration = demonstrate()
    demonstration.ready()

    demonstration.process.kill()

    assert until(lambda: gone(demonstration))


@pytest.mark.parametrize("name", ["valkey-server", "signal.pause"])
def test_what_falls_is_started_again(demonstrate: Demonstrate, name: str) -> None:
    demonstration = demonstrate()
    demonstration.ready()
    fallen = next(
        process for process in demonstration.processes() if name in " ".join(process.cmdline())
    )

    fallen.kill()

    until(lambda: True if "il repart dans 0,5\u00a0s." in demonstration.output else None)
    assert until(lambda: True if len(demonstration.processes()) == 6 else None)
    assert fallen not in demonstration.processes()


def test_a_fallen_site_answers_again_at_the_same_address(demonstrate: Demonstrate) -> None:
    demonstration = demonstrate()
    address = demonstration.ready()
    before = pid_that_answers(address)

    demonstration.named("gunicorn").kill()

    # the supervisor holds the socket: whoever calls meanwhile waits instead of being refused
    until(lambda: True if "Le processus web" in demonstration.output else None)
    assert pid_that_answers(address) != before


def test_demo_json_tells_where_and_with_which_accounts(demonstrate: Demonstrate) -> None:
    demonstration = demonstrate()
    address = demonstration.ready()

    file = demonstration.data / "demo.json"

    assert json.loads(file.read_text()) == {
        "base_url": address,
        "territories": [{"code": "demo-jura", "timezone": "Europe/Paris"}],
        "accounts": [],
    }
    assert demonstration.data.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600
    assert (demonstration.data / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_fresh_starts_over(demonstrate: Demonstrate) -> None:
    first = demonstrate()
    first.ready()
    secrets = (first.data / "secrets.json").read_text()
    first.process.terminate()
    first.ended()

    second = demonstrate("--fresh")
    second.ready()

    assert (second.data / "secrets.json").read_text() != secrets
    assert (second.data / "runs").read_text() == "x"


def test_a_busy_port_is_refused_with_a_remedy(demonstrate: Demonstrate) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        demonstration = demonstrate(port=port)

        assert demonstration.ended() == 2

    assert demonstration.output == (
        f"Le port {port} est déjà utilisé sur cette machine. "
        "Choisissez-en un autre, par exemple\u00a0: ./snp demo --port 8100"
    )


def test_a_second_demonstration_on_the_same_folder_is_refused(demonstrate: Demonstrate) -> None:
    first = demonstrate()
    first.ready()

    second = demonstrate()

    assert second.ended() == 2
    assert "Une démonstration tourne déjà" in second.output
    assert f"(processus {first.process.pid})" in second.output
    assert len(first.processes()) == 6


def test_somebody_elses_folder_is_refused_and_left_alone(
    demonstrate: Demonstrate, tmp_path: Path
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    demonstration = demonstrate("--fresh", data=tmp_path)

    assert demonstration.ended() == 2
    assert "contient déjà autre chose" in demonstration.output
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_failing_preparation_is_shown_and_everything_stops(demonstrate: Demonstrate) -> None:
    demonstration = demonstrate("--failing")

    assert demonstration.ended() == 1

    assert "Le processus preparation n’a pas pu démarrer" in demonstration.output
    assert "  the migration went wrong" in demonstration.lines
    assert demonstration.processes() == set()


def test_data_of_this_schema_are_prepared_while_everything_starts(
    demonstrate: Demonstrate,
) -> None:
    first = demonstrate()
    first.ready()
    first.process.terminate()
    first.ended()
    (first.data / "clock").unlink()

    demonstrate("--together").ready()


def test_data_of_an_older_schema_are_migrated_before_anything_starts(
    demonstrate: Demonstrate,
) -> None:
    first = demonstrate()
    first.ready()
    first.process.terminate()
    first.ended()
    (first.data / "clock").unlink()

    second = demonstrate("--together", "--newer")

    assert second.ended() == 1
    assert "the clock was not started meanwhile" in second.output


def test_nobody_reading_the_output_stops_nothing(demonstrate: Demonstrate, tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    data = tmp_path / "unread"
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "tests/demo/stage.py"), "0", str(data)],
        stdout=writing,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
    )
    os.close(writing)
    try:
        until(lambda: True if (data / "demo.json").exists() else None)
        assert process.poll() is None
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0
