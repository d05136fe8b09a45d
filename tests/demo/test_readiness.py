"""« Prêt » is said when every process has shown life since the demonstration opened, not before."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from dispatcher.demo.supervisor import living

OPENED = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
BEFORE = (OPENED - timedelta(seconds=1)).isoformat()
AFTER = (OPENED + timedelta(seconds=1)).isoformat()

Site = Callable[[int, str], str]


@contextmanager
def answering(status: int, body: str) -> Iterator[str]:
    """A site that answers this to everything; its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def site() -> Iterator[Site]:
    with ExitStack() as stack:
        yield lambda status, body: stack.enter_context(answering(status, body))


def test_what_has_ticked_since_the_opening_lives(site: Site) -> None:
    health = {"redis": True, "ticks": {"relay": AFTER, "clock": BEFORE}}

    assert living(site(200, json.dumps(health)), OPENED) == {"web", "relay"}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (503, json.dumps({"redis": True, "ticks": {"relay": AFTER}})),
        (200, json.dumps({"redis": False, "ticks": {"relay": AFTER}})),
        (200, "<p>another site</p>"),
        (200, json.dumps({"status": "ok"})),
    ],
)
def test_a_site_that_is_not_well_shows_no_life(site: Site, status: int, body: str) -> None:
    assert living(site(status, body), OPENED) == set()


def test_a_site_that_does_not_answer_shows_no_life() -> None:
    assert living("http://127.0.0.1:9", OPENED) == set()
