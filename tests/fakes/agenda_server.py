"""A small HTTP server that holds agendas, and can be told to misbehave."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Answer = Callable[[BaseHTTPRequestHandler], None]


class AgendaServer:
    """`with AgendaServer() as server:` then put files in `server.files` and fetch `server.url`.

    A path of `files` holds a body, which is served with an ETag of its own, or a function that
    answers. `asked` holds the path and headers of each question. `over` is set when the test ends:
    whoever answers slowly stops then.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes | Answer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.over = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append((self.path, dict(self.headers.items())))
                held = outer.files.get(self.path)
                if held is None:
                    self.send_error(404)
                elif callable(held):
                    held(self)
                else:
                    outer.serve(self, held)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, path: str = "/agenda.ics") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def serve(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        """The body, or 304 for whoever has it already."""
        etag = f'"{hash(body)}"'
        known = request.headers.get("If-None-Match") == etag
        request.send_response(304 if known else 200)
        request.send_header("ETag", etag)
        request.send_header("Content-Length", "0" if known else str(len(body)))
        request.end_headers()
        if not known:
            request.wfile.write(body)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def redirect(to: str, status: int = 302) -> Answer:
    """Sends whoever asks to another address."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Location", to)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer
