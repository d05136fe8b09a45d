"""Twilio's emulator as a process that also notes when each message came, for P4b and P10.

`python -m bench.provider PORT FILE RECEIPTS [LATENCY]`: the receipts that follow each message are
given with commas between them, or `none`; the latency of a send in seconds; each line of FILE is a
message's id, its telephone and its instant by time.monotonic(), which processes of one machine
share.
"""

import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.twilio_emulator import TwilioEmulator
from tests.fakes.twilio_messages import EmulatedMessage, MessageStore
from tests.fakes.twilio_webhooks import Receipts


class NotingStore(MessageStore):
    """What the emulator keeps, and when it came."""

    def __init__(self, account_sid: str, notes: Path) -> None:
        super().__init__(account_sid, None)
        self._notes = notes

    def accept(self, form: Mapping[str, str]) -> EmulatedMessage:
        """Take a message. Raises Refusal as Twilio does."""
        message = super().accept(form)
        with self._notes.open("a", encoding="utf-8") as file:
            file.write(f"{message.message_id} {message.to} {time.monotonic()}\n")
        return message


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message at the provider."""

    message_id: str
    to: str
    at: float


def read_arrivals(notes: Path) -> list[Arrival]:
    """Every message that came, in order."""
    if not notes.exists():
        return []
    lines = notes.read_text(encoding="utf-8").splitlines()
    return [
        Arrival(message_id, to, float(at))
        for message_id, to, at in (line.split() for line in lines)
    ]


def main() -> None:
    """Serve until SIGTERM, receipts included."""
    port, notes = int(sys.argv[1]), Path(sys.argv[2])
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    receipts = None if sys.argv[3] == "none" else Receipts(tuple(sys.argv[3].split(",")))
    emulator = TwilioEmulator(port=port, receipts=receipts)
    emulator.latency = float(sys.argv[4]) if len(sys.argv) > 4 else 0.0
    emulator.store = NotingStore(emulator.account_sid, notes)
    with emulator:
        ended.wait()


if __name__ == "__main__":
    main()
