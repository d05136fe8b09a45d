"""What all processes of this room begin with: settings, logs, a house, and an ear for signals."""

import os
import signal
import threading
from types import FrameType

from config.logging import configure, remember
from config.settings import Settings
from dispatcher.bootstrap import build
from dispatcher.services.house import House
from workers.bell import RqBell


def prepare(name: str) -> House:
    """Read the environment, write logs as JSON and build the house, with its bell."""
    settings = Settings.from_environment(os.environ)
    configure(settings.log_level)
    remember(process_name=name)
    return build(settings, bell=RqBell(settings.redis_url))


class Stop:
    """Becomes true when the process is told to end (SIGTERM, SIGINT)."""

    def __init__(self) -> None:
        self._told = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._tell)

    def _tell(self, _number: int, _frame: FrameType | None) -> None:
        self._told.set()

    def wait(self, seconds: float) -> bool:
        """Wait that long, or until told; True when told."""
        return self._told.wait(seconds)
