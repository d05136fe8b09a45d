"""A small HTTP client for load: one loop, as many connections as asked, bounded in time and count.

It is not `wrk`, so that nothing has to be installed. It takes its share of the machine's processor
time from the server that it measures, the same for the limit and for ours: `Tally.busy` says how
much, and a ratio seen through it is nearer to 1 than the true one, never by more than that share.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PATIENCE = 60.0
SHOWN = 300
"""Characters of an unexpected answer that are kept."""


@dataclass
class Tally:
    """What came back. Durations are seconds from the first byte sent to the last received."""

    elapsed: float = 0.0
    busy: float = 0.0
    """Share of one core that this client used."""
    statuses: Counter[int] = field(default_factory=Counter)
    durations: list[float] = field(default_factory=list)
    answered_at: dict[int, float] = field(default_factory=dict)
    """time.monotonic() of the answer to each request, by its place in the order of sending."""
    unexpected: str = ""

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.durations) / self.elapsed

    def require(self, status: int) -> "Tally":
        """Raise RuntimeError unless every answer had this status."""
        if set(self.statuses) != {status}:
            raise RuntimeError(f"answers: {dict(self.statuses)}; one said: {self.unexpected}")
        return self


def sum_of(tallies: Sequence[Tally]) -> Tally:
    """Several rounds as one, without saying which request was answered when."""
    whole = Tally()
    for tally in tallies:
        whole.elapsed += tally.elapsed
        whole.busy += tally.busy / len(tallies)
        whole.statuses += tally.statuses
        whole.durations += tally.durations
    return whole


def post_request(url: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of a POST of JSON on a connection that stays open."""
    parts = urlsplit(url)
    lines = [
        f"POST {parts.path} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def pour(
    url: str,
    requests: Iterator[bytes],
    *,
    connections: int,
    seconds: float,
    expected: int = 201,
) -> Tally:
    """Keep `connections` busy until `seconds` have passed or `requests` are used up."""
    return asyncio.run(_pour(url, requests, connections, seconds, expected, None))


def drip(
    url: str, requests: Iterator[bytes], *, per_second: float, seconds: float, expected: int = 201
) -> Tally:
    """Send one request each 1 / `per_second`, whether or not the one before was answered."""
    return asyncio.run(_pour(url, requests, 32, seconds, expected, 1 / per_second))


async def _pour(
    url: str,
    requests: Iterator[bytes],
    connections: int,
    seconds: float,
    expected: int,
    interval: float | None,
) -> Tally:
    parts = urlsplit(url)
    tally = Tally()
    loop = asyncio.get_running_loop()
    cpu, begun = time.process_time(), time.monotonic()
    pace = _pace(requests, begun, begun + seconds, interval)

    async def converse() -> None:
        protocol = await _connect(loop, parts.hostname or "", parts.port or 80)
        for place, due, request in pace:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            sent = time.monotonic()
            status, body = await asyncio.wait_for(protocol.ask(request), PATIENCE)
            done = time.monotonic()
            tally.statuses[status] += 1
            tally.durations.append(done - sent)
            tally.answered_at[place] = done
            if status != expected and not tally.unexpected:
                tally.unexpected = body[:SHOWN].decode(errors="replace")
        protocol.close()

    await asyncio.gather(*(converse() for _ in range(connections)))
    tally.elapsed = time.monotonic() - begun
    tally.busy = (time.process_time() - cpu) / tally.elapsed
    return tally


def _pace(
    requests: Iterator[bytes], begun: float, until: float, interval: float | None
) -> Iterator[tuple[int, float, bytes]]:
    """Each request with its place and the moment it is due; shared by all connections."""
    for place, request in enumerate(requests):
        due = begun + place * interval if interval else time.monotonic()
        if due >= until:
            return
        yield place, due, request


async def _connect(loop: asyncio.AbstractEventLoop, host: str, port: int) -> "_Conversation":
    factory: Callable[[], _Conversation] = _Conversation
    _, protocol = await loop.create_connection(factory, host, port)
    return protocol


class _Conversation(asyncio.Protocol):
    """One connection: a request, its answer, the next."""

    def __init__(self) -> None:
        self._received = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body. Raises ConnectionError when the server hangs up."""
        assert self._transport is not None
        self._received = b""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, ended, body = self._received.partition(b"\r\n\r\n")
        if not ended or self._answer is None or self._answer.done():
            return
        marker = head.lower().find(b"content-length:")
        length = int(head[marker + 15 :].split(b"\r\n", 1)[0]) if marker >= 0 else 0
        if len(body) >= length:
            self._answer.set_result((int(head[9:12]), body))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("the server hung up"))

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()
