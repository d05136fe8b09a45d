"""P13: the regulators' board with 500 live cards, asked for by 50 browsers at once.

The web process is the production's; each browser asks as the page's script does, with the tag of
what it shows. For half of the time one regulator takes a request in hand every other second. What
changes is told apart from what does not: a 304, or the whole part.
"""

import argparse
import http.client
import random
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from bench.figures import Figure, percentile, run
from bench.rows import FIRST_CODE, copy_requests
from bench.stage import ENGINES, database, environment, free_port, house_of, processes
from dispatcher.domain.roles import Account
from dispatcher.services.house import House
from dispatcher.services.in_hand import hand_request
from tests.builders import PASSWORD, Town
from tests.fakes.clock import FakeClock

PART = "/demandes/tableau"
SAME_MS, CHANGED_MS = 50.0, 250.0
PATTERNS = 20
EVERY = 3.0
"""Seconds between two questions of one browser, as the page has it."""
NOT_MODIFIED = 304


@dataclass
class Seen:
    """How long answers took, in milliseconds."""

    same: list[float] = field(default_factory=list)
    changed: list[float] = field(default_factory=list)
    largest: int = 0
    """Bytes of the part."""


def cards(house: House, count: int) -> tuple[Town, list[UUID]]:
    """A territory with that many live requests."""
    town = Town.found(house, FakeClock(datetime.now(UTC)))
    patterns = [town.request(need={"delay_hours": 48}) for _ in range(PATTERNS)]
    made = list(patterns)
    for number, pattern in enumerate(patterns):
        share = (count - PATTERNS) // PATTERNS
        made += copy_requests(house, pattern, share, FIRST_CODE + number * share)
    return town, made


def cookie_of(port: int, login: str) -> str:
    """A session, opened as a person does."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/connexion")
    page = connection.getresponse()
    body, cookie = page.read().decode(), page.headers["Set-Cookie"].partition(";")[0]
    found = re.search(r'name="csrf_token" value="([^"]+)"', body)
    assert found
    form = urlencode({"csrf_token": found[1], "login": login, "password": PASSWORD})
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/connexion", form, headers)
    signed_in = connection.getresponse()
    signed_in.read()
    assert signed_in.status == http.HTTPStatus.FOUND, signed_in.status
    given = signed_in.headers.get_all("Set-Cookie") or []
    return "; ".join(each.partition(";")[0] for each in given)


def poll(port: int, cookie: str, until: float, seen: Seen, lock: threading.Lock) -> None:
    """One browser: ask, wait, ask again."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    etag = ""
    time.sleep(random.uniform(0, EVERY))  # browsers were not opened at the same moment
    is_first = True
    while time.monotonic() < until:
        headers = {"Cookie": cookie, "X-Live": "1"} | ({"If-None-Match": etag} if etag else {})
        begun = time.perf_counter()
        connection.request("GET", PART, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - begun) * 1000
        etag = answer.headers["ETag"]
        with lock:
            if not is_first:
                (seen.same if answer.status == NOT_MODIFIED else seen.changed).append(took)
            seen.largest = max(seen.largest, len(body))
        is_first = False
        time.sleep(max(0.0, EVERY - took / 1000))


def change(house: House, account: Account, made: list[UUID], until: float, each: float) -> None:
    """A regulator who takes one request after the other in hand."""
    while time.monotonic() < until:
        hand_request(house, account, random.choice(made), account.user_id, None)
        time.sleep(each)


def watch(url: str, arguments: argparse.Namespace) -> Seen:
    """Everybody at the board for a while."""
    port = free_port()
    told = environment(url, port=port)
    seen, lock = Seen(), threading.Lock()
    with house_of(told) as house, processes(told) as started:
        town, made = cards(house, arguments.cards)
        started.start_web(port, processes=arguments.processes)
        cookie = cookie_of(port, town.regulator.login)
        until = time.monotonic() + arguments.seconds
        browsers = [
            threading.Thread(target=poll, args=(port, cookie, until, seen, lock))
            for _ in range(arguments.browsers)
        ]
        for browser in browsers:
            browser.start()
        # for the second half of the time nothing changes
        quiet = until - arguments.seconds / 2
        change(house, town.regulator, made, quiet, arguments.change)
        for browser in browsers:
            browser.join()
    return seen


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    """Both engines, what changes told apart from what does not."""
    for engine in arguments.engines:
        with database(engine) as url:
            seen = watch(url, arguments)
        for what, values, target in (
            ("nothing changed", seen.same, SAME_MS),
            ("changed", seen.changed, CHANGED_MS),
        ):
            shown = percentile(values, 0.95)
            yield Figure(
                number="P13",
                what=f"{engine}, {arguments.cards} cards, {what} ({len(values)}), p95",
                unit="ms",
                ours=shown,
                target=f"< {target:.0f} ms",
                holds=shown < target,
            )


def declare(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--cards", type=int, default=500)
    parser.add_argument("--browsers", type=int, default=50)
    parser.add_argument("--processes", type=int, default=2, help="gunicorn's workers")
    parser.add_argument("--seconds", type=float, default=45.0)
    parser.add_argument("--change", type=float, default=2.0, help="seconds between two changes")


if __name__ == "__main__":
    run(__doc__, measure, declare)
