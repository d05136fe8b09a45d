"""A server in Redis' place that is none."""

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

NONSENSE = (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"+OK\r\n", b"\x00\xff")
"""Of another program, of a liar, and of nobody: the last is no answer and never ends."""


class _Nonsense(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    words = b""


class _Answer(socketserver.BaseRequestHandler):
    server: _Nonsense

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while self.request.recv(65536):
                self.request.sendall(self.server.words)


@contextlib.contextmanager
def talking(socket_file: Path, words: bytes) -> Iterator[None]:
    """In Valkey's place, somebody who answers whatever they are told with the same words."""
    with _Nonsense(str(socket_file), _Answer) as server:
        server.words = words
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
    socket_file.unlink()
