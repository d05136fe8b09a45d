"""P11: thousands of SMS wait, one worker sends them: the allowed rate is kept, the urgent go first.

Reminders are queued all at once; while they leave, confirmations are written one by one, each by a
commit that rings, as a booking does. The provider's emulator answers after its latency and notes
when each message came; the limit is the rate that the provider allows (SMS_RATE).
"""

import argparse
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bench.callers import calling_towns
from bench.figures import Figure, median, percentile, run
from bench.provider import Arrival, read_arrivals
from bench.stage import (
    ENGINES,
    broker,
    database,
    environment,
    free_port,
    processes,
    ringing_house_of,
)
from dispatcher.domain.events import ENGINE
from dispatcher.domain.messages import MessageKind
from dispatcher.services.house import House
from dispatcher.services.notices import Sms, queue_all
from dispatcher.storage.territories import Territory

KEPT_WITHIN = 0.05
WINDOW_SECONDS = 10.0
LONGEST_WAIT_SECONDS = 2.0
"""For a confirmation among reminders: what the worker has begun, and its turn."""
BATCH = 200
POLL_SECONDS = 0.25
FICTION = 10_000
"""Numbers that Arcep sets aside for mobiles: 06 39 98 00 00 to 99 99."""


@dataclass(frozen=True)
class Seen:
    """What came, and when the confirmations were written. Seconds by time.monotonic()."""

    arrivals: Sequence[Arrival]
    written: dict[str, float]


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    """Each engine: the rate, what was lost or doubled, how long confirmations waited."""
    for engine in arguments.engines:
        seen = _send(engine, arguments)
        count, rate = arguments.messages, arguments.rate
        what = f"{count} SMS, {engine}, one worker, {arguments.latency * 1000:.0f} ms"
        instants = sorted(arrival.at for arrival in seen.arrivals)
        mean = (len(instants) - 1) / (instants[-1] - instants[0])
        yield Figure(
            number="P11",
            what=f"{what}: mean rate",
            unit="/s",
            ours=mean,
            limit=rate,
            limit_is="allowed",
            ratio=mean / rate,
            target="within 5 %",
            holds=abs(mean / rate - 1) <= KEPT_WITHIN,
        )
        busiest = _busiest(instants) / WINDOW_SECONDS
        yield Figure(
            number="P11",
            what=f"{what}: busiest {WINDOW_SECONDS:g} s",
            unit="/s",
            ours=busiest,
            limit=rate,
            limit_is="allowed",
            ratio=busiest / rate,
            target="not over by more than 5 %",
            holds=busiest / rate <= 1 + KEPT_WITHIN,
        )
        came = Counter(arrival.message_id for arrival in seen.arrivals)
        wrong = count - len(came) + sum(times - 1 for times in came.values())
        yield Figure(
            number="P11",
            what=f"{what}: lost or doubled",
            unit="SMS",
            ours=wrong,
            target="0",
            holds=wrong == 0,
        )
        at = {arrival.message_id: arrival.at for arrival in seen.arrivals}
        waits = [at[message_id] - begun for message_id, begun in seen.written.items()]
        yield Figure(
            number="P11",
            what=f"{what}: confirmation waits, p50 {median(waits) * 1000:.0f} ms, longest",
            unit="s",
            ours=max(waits),
            target=f"< {LONGEST_WAIT_SECONDS:g} s",
            holds=max(waits) < LONGEST_WAIT_SECONDS,
        )
        yield Figure(
            number="P11",
            what=f"{what}: confirmation waits, p95",
            unit="s",
            ours=percentile(waits, 0.95),
            target=f"< {LONGEST_WAIT_SECONDS:g} s",
            holds=percentile(waits, 0.95) < LONGEST_WAIT_SECONDS,
        )


def _send(engine: str, arguments: argparse.Namespace) -> Seen:
    port = free_port()
    with broker() as redis, database(engine) as url:
        told = environment(url, redis_url=redis.url, provider_url=f"http://127.0.0.1:{port}")
        told["SMS_RATE"] = f"{arguments.rate:g}"
        with ringing_house_of(told) as house, processes(told) as started:
            (caller,) = calling_towns(house, 1)
            _lift_limits(house, caller.town.territory_id)
            arrivals = started.start_provider(port, "none", str(arguments.latency))
            urgent = arguments.messages // 10
            numbers = iter(range(arguments.messages))
            for first in range(0, arguments.messages - urgent, BATCH):
                size = min(BATCH, arguments.messages - urgent - first)
                kinds = MessageKind.REMINDER
                _write(house, caller.town.territory_id, kinds, [next(numbers) for _ in range(size)])
            started.start_relay()
            started.start_workers(1)
            written = _confirm(house, caller.town.territory_id, numbers, urgent, arguments)
            _wait_for(arrivals, arguments)
            return Seen(read_arrivals(arrivals), written)


def _lift_limits(house: House, territory_id: uuid.UUID) -> None:
    """It is the provider's rate that is measured, at any hour of the day."""
    with house.db.writing() as session:
        territory = session.get_one(Territory, territory_id)
        territory.settings = {
            **territory.settings,
            "sms": {"per_minute": 60_000, "quiet_from": 0, "quiet_until": 0},
        }


def _write(
    house: House, territory_id: uuid.UUID, kind: MessageKind, numbers: Sequence[int]
) -> list[uuid.UUID | None]:
    said = dict.fromkeys(("sender", "day", "time", "address", "phone", "link"), "mesure")
    with house.db.transaction(territory_id, ENGINE) as unit:
        return queue_all(
            house,
            unit,
            [
                Sms(
                    kind=kind,
                    to_role="patient",
                    phone=f"+3363998{number % FICTION:04d}",
                    purpose=f"{kind.value}:{number}",
                    values=said | {"link": str(number)},
                    expires_at=unit.now + timedelta(days=1),
                )
                for number in numbers
            ],
        )


def _confirm(
    house: House,
    territory_id: uuid.UUID,
    numbers: Iterator[int],
    urgent: int,
    arguments: argparse.Namespace,
) -> dict[str, float]:
    """Write the confirmations evenly over the time that the reminders take."""
    written: dict[str, float] = {}
    begun = time.monotonic()
    for place in range(urgent):
        pause = begun + place * arguments.messages / arguments.rate / urgent * 0.9
        time.sleep(max(0.0, pause - time.monotonic()))
        instant = time.monotonic()
        (message_id,) = _write(house, territory_id, MessageKind.CONFIRMATION, [next(numbers)])
        written[str(message_id)] = instant
    return written


def _wait_for(arrivals: Path, arguments: argparse.Namespace) -> None:
    """Until all came, or three times as long as it should take. What is missing is a figure."""
    deadline = time.monotonic() + 3 * arguments.messages / arguments.rate + 30
    while len(read_arrivals(arrivals)) < arguments.messages and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _busiest(instants: Sequence[float]) -> int:
    """The most that came within any WINDOW_SECONDS."""
    most = first = 0
    for last, instant in enumerate(instants):
        while instants[first] <= instant - WINDOW_SECONDS:
            first += 1
        most = max(most, last - first + 1)
    return most


def declare(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--rate", type=float, default=10.0, help="SMS a second that are allowed")
    parser.add_argument("--latency", type=float, default=0.05, help="of the provider, seconds")


if __name__ == "__main__":
    run(__doc__, measure, declare)
