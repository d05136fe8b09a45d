"""`./snp demo`: the whole house on this machine, from nothing to « Prêt », and back to nothing."""

import errno
import http.client
import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from dispatcher.demo import valkey
from dispatcher.demo.directory import DemonstrationDirectory, Unusable
from dispatcher.demo.programs import (
    Program,
    ProgramFailed,
    StopAsked,
    Supervisor,
    last_lines,
)
from dispatcher.demo.tether import Tether

ROOT = Path(__file__).resolve().parents[2]
MIGRATIONS = ROOT / "dispatcher" / "storage" / "migrations" / "versions"
ADDRESS = "127.0.0.1"
SPARE_PORT = 8100
BACKLOG = 256
SECONDS_TO_PREPARE = 120.0
SECONDS_TO_ANSWER = 60.0

REFUSED = 2
FAILED = 1


@dataclass(frozen=True, slots=True)
class Cast:
    """The programs of a demonstration beside Valkey.

    `preparation` runs to its end before the `players` start, unless the data are already of this
    `schema`: then all start together. Players are given the descriptor of the socket that web has
    to serve. All is well when /health shows a tick of each of `ticking`; then `reserves` follow,
    which would only have made the others slower to load.
    """

    preparation: Sequence[str]
    players: Callable[[int], Mapping[str, Sequence[str]]]
    reserves: Mapping[str, Sequence[str]]
    ticking: frozenset[str]
    schema: str


def real_cast() -> Cast:
    """Migrations and territories; then web, workers, relay and clock."""
    python = (sys.executable, "-P", "-m")
    worker = (*python, "workers.main")
    return Cast(
        preparation=(*python, "dispatcher.demo.prepare"),
        players=lambda listener: {
            "web": (
                *python,
                "gunicorn",
                *("--config", str(ROOT / "config" / "gunicorn.py")),
                *("--bind", f"fd://{listener}"),
                "wsgi:app",
            ),
            "worker-1": worker,
            "relay": (*python, "workers.relay"),
            "clock": (*python, "workers.clock"),
        },
        reserves={"worker-2": worker},
        ticking=frozenset({"web", "clock", "relay", "worker"}),
        schema=" ".join(sorted(version.name for version in MIGRATIONS.glob("*.py"))),
    )


def say(sentence: str) -> None:
    """Tell the person at the terminal; nobody may be reading any more, and that stops nothing."""
    try:
        print(sentence, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except ValueError:  # closed
        return


def demonstrate(*, port: int, data: Path, fresh: bool, cast: Cast | None = None) -> int:
    """Run the demonstration until it is told to stop; the exit code.

    0: stopped as asked; 2: refused (port or folder in use), nothing touched; 1: something did not
    come up, and its log is shown. `port` 0 takes a free one.
    """
    os.umask(0o077)
    try:
        with DemonstrationDirectory(data, say) as directory, listen(port) as listener:
            if fresh:
                directory.start_over()
            directory.forget_description()
            return _run(directory, listener, cast or real_cast())
    except Unusable as refusal:
        say(str(refusal))
        return REFUSED


def listen(port: int) -> socket.socket:
    """The socket of the site, held by the supervisor so that a restart of the web loses nobody.

    Raises Unusable when the port is taken or not ours to take.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        _refuse_shared(port)
        listener.bind((ADDRESS, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        busy = error.errno == errno.EADDRINUSE
        raise Unusable(
            (f"Le port {port} est déjà utilisé" if busy else f"Le port {port} n’est pas permis")
            + " sur cette machine. Choisissez-en un autre, "
            f"par exemple : ./snp demo --port {SPARE_PORT if port != SPARE_PORT else port + 1}"
        ) from error
    return listener


def _refuse_shared(port: int) -> None:
    """MacOS would let us listen on a port beside a server that listens on all addresses."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        if port and probe.connect_ex((ADDRESS, port)) == 0:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def _run(directory: DemonstrationDirectory, listener: socket.socket, cast: Cast) -> int:
    base_url = f"http://{ADDRESS}:{listener.getsockname()[1]}"
    broker = directory.path / "valkey"
    broker_socket = valkey.socket_path(broker)
    environment = {
        **os.environ,
        **directory.secrets(),
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": f"sqlite:///{directory.path / 'dispatcher.sqlite3'}",
        "REDIS_URL": valkey.url_of(broker_socket),
        "PUBLIC_BASE_URL": base_url,
        "DEMO_DIRECTORY": str(directory.path),
        "WEB_CONCURRENCY": "1",
        "GUNICORN_CMD_ARGS": "",
    }

    def program(name: str, command: Sequence[str], *, last_to_stop: bool = False) -> Program:
        descriptors = [directory.process_lock]
        if name == "web":
            descriptors.append(listener.fileno())
        return Program(name, command, environment, ROOT, descriptors, last_to_stop)

    say(f"Démonstration, données dans {directory.path}")
    started_at, opened_at = time.monotonic(), datetime.now(UTC)
    try:
        with (
            Tether() as tether,
            Supervisor(directory.logs, say, tether) as supervisor,
        ):
            supervisor.start(
                program("valkey", valkey.command(broker, broker_socket), last_to_stop=True)
            )
            is_prepared = supervisor.begin(program("preparation", cast.preparation))
            supervisor.wait_for(
                lambda: valkey.answers(broker_socket), SECONDS_TO_ANSWER, name="valkey"
            )
            if directory.schema != cast.schema:
                supervisor.wait_for(is_prepared, SECONDS_TO_PREPARE, name="preparation")
                directory.schema = cast.schema
                say(f"Base de données et file d’attente : {_seconds(started_at)}")
            for name, command in cast.players(listener.fileno()).items():
                supervisor.start(program(name, command))
            supervisor.wait_for(is_prepared, SECONDS_TO_PREPARE, name="preparation")
            supervisor.wait_for(
                lambda: cast.ticking <= living(base_url, opened_at), SECONDS_TO_ANSWER, name="web"
            )
            say(f"Site, exécutants, relais et horloge : {_seconds(started_at)}")
            for name, command in cast.reserves.items():
                supervisor.start(program(name, command))
            directory.describe(base_url)
            say(f"Prêt : {base_url}")
            say(f"Ctrl-C pour tout arrêter. Journaux : {directory.logs}")
            supervisor.watch()
    except StopAsked:
        say("Tout est arrêté.")
        return 0
    except ProgramFailed as failure:
        say(f"Le processus {failure.name} n’a pas pu démarrer. Fin de {failure.log} :")
        for line in last_lines(failure.log):
            say(f"  {line}")
        return FAILED
    finally:
        if broker_socket.parent != broker:
            shutil.rmtree(broker_socket.parent, ignore_errors=True)
    raise AssertionError("the supervisor only ends by being stopped")


def living(base_url: str, since: datetime) -> set[str]:
    """Which processes have signalled life since then, and "web" if the site is well.

    Empty unless GET /health answers 200 and finds Redis there.
    """
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=2)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        health = json.loads(answer.read())
        if answer.status != http.HTTPStatus.OK or not health["redis"]:
            return set()
        ticks = {name: datetime.fromisoformat(at) for name, at in health["ticks"].items()}
        return {"web"} | {name for name, at in ticks.items() if at >= since}
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return set()
    finally:
        connection.close()


def _seconds(since: float) -> str:
    return f"{time.monotonic() - since:.1f} s".replace(".", ",")
