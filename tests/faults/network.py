"""Machines of a network that this machine plays: network namespaces on one bridge.

Everything stands in a namespace of its own, the bridge too: nothing of the machine's own network is
touched or reached. Needs Linux, root and iproute2.
"""

import contextlib
import ctypes
import os
import secrets
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self, TypeVar

import pytest

from dispatcher.demo.tether import Tether

CLONE_NEWNET = 0x40000000  # <linux/sched.h>
SUBNET = "10.77.0"
HERE = f"{SUBNET}.1"
"""Where the test itself stands: its callers, and the provider."""
ADDRESSES = [f"{SUBNET}.{number}" for number in range(1, 10)]
BRIDGE = "hosts"
Result = TypeVar("Result")


class NoNetwork(Exception):
    """Namespaces cannot be made here; the message is the reason to show."""


def apart(work: Callable[[], Result]) -> Result:
    """Do this in a network of its own, with a bridge; skip the test, visibly, where none is made.

    In a thread: what it starts is in that network too, and nothing else of this process.
    """
    results: list[Result] = []
    errors: list[BaseException] = []

    def alone() -> None:
        try:
            _leave_the_network()
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again below, pytest's skips too
            errors.append(error)

    thread = threading.Thread(target=alone)
    thread.start()
    thread.join()
    for error in errors:
        if isinstance(error, NoNetwork):
            pytest.skip(f"no network namespaces: {error}")
        raise error
    return results[0]


def _leave_the_network() -> None:
    """Put this thread in a new one, which has a bridge. Raises NoNetwork."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
        raise NoNetwork(os.strerror(ctypes.get_errno()))
    ip("link", "set", "lo", "up")
    ip("link", "add", BRIDGE, "type", "bridge")
    ip("addr", "add", f"{HERE}/24", "dev", BRIDGE)
    ip("link", "set", BRIDGE, "up")


def ip(*arguments: str) -> None:
    """Run iproute2's `ip`. Raises NoNetwork."""
    try:
        done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise NoNetwork("iproute2 is not installed") from error
    if done.returncode:
        raise NoNetwork(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


class Host:
    """A machine: an address, a cable to the bridge, processes, started again when they die."""

    def __init__(self, name: str, number: int, folder: Path) -> None:
        self.name = name
        self.address = f"{SUBNET}.{number}"
        self.deaths = 0
        """How many of its processes ended though nobody told them to."""
        self._space = f"snp-{secrets.token_hex(4)}-{name}"
        self._cable = f"snp{number}"
        self._log = folder / f"{name}.log"
        self._tether = Tether()
        self._commands: dict[str, tuple[Sequence[str], Mapping[str, str]]] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def within(self, *command: str) -> list[str]:
        """The command, to be run on this machine."""
        return ["ip", "netns", "exec", self._space, *command]

    def run(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start a process, and start it again whenever it dies."""
        self._commands[name] = (command, environment)
        self._start(name)

    def restart_the_dead(self) -> None:
        """As its supervisor does."""
        for name, process in list(self._running.items()):
            if process.poll() is not None:
                self.deaths += 1
                self._start(name)

    def stop(self, name: str) -> None:
        """Stop a process in good order, for good."""
        process = self._running.pop(name)
        process.terminate()
        process.wait(timeout=30)

    def cut_off(self) -> None:
        """No packet comes or goes any more, and nobody is told: the cable to the switch is up."""
        self._plug("nomaster")

    def join(self) -> None:
        """It is in the network again."""
        self._plug("master", BRIDGE)

    def _plug(self, *where: str) -> None:
        # no NoNetwork any more, which would skip the test
        subprocess.run(["ip", "link", "set", self._cable, *where], check=True)

    def _start(self, name: str) -> None:
        command, environment = self._commands[name]
        with self._log.open("ab") as output:
            self._running[name] = self._tether.start(
                self.within(*command), output=output, environment={**os.environ, **environment}
            )

    def __enter__(self) -> Self:
        ip("netns", "add", self._space)
        ip("link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns", self._space)
        ip("link", "set", self._cable, "master", BRIDGE, "up")
        ip("-n", self._space, "addr", "add", f"{self.address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            ip("-n", self._space, "link", "set", device, "up")
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running.values():
            process.kill()
        for process in self._running.values():
            process.wait(timeout=10)
        self._tether.close()
        with contextlib.suppress(NoNetwork):
            ip("netns", "del", self._space)


@contextlib.contextmanager
def hosts(folder: Path, *names: str) -> Iterator[list[Host]]:
    """Machines of these names, each reaching all others."""
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(Host(name, number, folder))
            for number, name in enumerate(names, start=2)
        ]
