"""A small HTTP server that answers OSRM's table service, and can be told to misbehave."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from dispatcher.domain.geography import Point, distance_km

Metres = float | None


def twice_the_flight(origin: Point, destination: Point) -> Metres:
    """A road that is twice as long as the crow's flight."""
    return 2000.0 * distance_km(*origin, *destination)


class RoutingServer:
    """`with RoutingServer() as server:` then ask `server.url`.

    `asked` holds how many origins and destinations each question had.
    `answer` may be replaced by a body to send instead of a table, `status` by another than 200;
    nothing is answered while `answering` is cleared.
    """

    def __init__(self, metres: Callable[[Point, Point], Metres] = twice_the_flight) -> None:
        self.metres = metres
        self.asked: list[tuple[int, int]] = []
        self.paths: list[str] = []
        self.answer: str | None = None
        self.status = 200
        self.answering = threading.Event()
        self.answering.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answering.wait()
                body = outer.table(self.path).encode()
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/osrm"

    def table(self, path: str) -> str:
        """What OSRM would answer."""
        self.paths.append(path)
        address = urlsplit(path)
        prefix = "/osrm/table/v1/driving/"
        assert address.path.startswith(prefix), path
        points = [
            (float(longitude), float(latitude))
            for longitude, latitude in (
                point.split(",") for point in address.path.removeprefix(prefix).split(";")
            )
        ]
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        assert query["annotations"] == "distance"
        origins, destinations = (
            [points[int(number)] for number in query[name].split(";")]
            for name in ("sources", "destinations")
        )
        self.asked.append((len(origins), len(destinations)))
        if self.answer is not None:
            return self.answer
        table = [[self.metres(here, there) for there in destinations] for here in origins]
        return json.dumps({"code": "Ok", "distances": table})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.answering.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
