"""An HTTP server that answers as Twilio's Messages API does, and can be told to misbehave.

In a test: `with TwilioEmulator() as twilio: …`. As a process of its own, for tests that kill
everything: `python -m tests.fakes.twilio_emulator --port N --log FILE`; what it accepted is then
in FILE (`read_log`), and it is told what to do by `POST /emulator/next|receipts|inbound`.
"""

import argparse
import base64
import contextlib
import json
import signal
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from typing import Self
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from tests.fakes.twilio_messages import EmulatedMessage, JsonObject, MessageStore, Refusal
from tests.fakes.twilio_webhooks import Receipts, Webhooks

ACCOUNT_SID = "AC" + "0" * 32
AUTH_TOKEN = "emulated-token"
MESSAGING_SERVICE_SID = "MG" + "0" * 32
SENDER = "+33639989999"


@dataclass(frozen=True)
class Fault:
    """What happens to the next send instead of the ordinary answer, or around it.

    `accepts`: the message is taken before the fault shows. `seconds`: time passed first. `status`:
    answered instead of 201. `silent`: no answer until the client gives up. `reset`: the connection
    is cut. `garbage`: the body of a 201 that is not Twilio's.
    """

    accepts: bool = False
    seconds: float = 0.0
    status: int | None = None
    code: int | None = None
    retry_after: str | None = None
    silent: bool = False
    reset: bool = False
    garbage: str | None = None


def too_many(retry_after: str | None = None) -> Fault:
    return Fault(status=429, code=20429, retry_after=retry_after)


def server_error(status: int = 500, *, accepts: bool) -> Fault:
    return Fault(status=status, accepts=accepts)


def refused(status: int, code: int | None) -> Fault:
    return Fault(status=status, code=code)


def slow(seconds: float) -> Fault:
    return Fault(accepts=True, seconds=seconds)


def silent(*, accepts: bool) -> Fault:
    return Fault(silent=True, accepts=accepts)


def reset(*, accepts: bool) -> Fault:
    return Fault(reset=True, accepts=accepts)


def garbage(body: str = "<html>Welcome to the hotel's network</html>") -> Fault:
    return Fault(garbage=body, accepts=True)


class TwilioEmulator:
    """The emulated account. `latency` (seconds) is spent on each send; `receipts` follow it."""

    def __init__(
        self,
        *,
        address: str = "127.0.0.1",
        port: int = 0,
        log: Path | None = None,
        receipts: Receipts | None = None,
        account_sid: str = ACCOUNT_SID,
        auth_token: str = AUTH_TOKEN,
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.receipts = receipts
        self.latency = 0.0
        self.keeps_opt_outs = False
        """Whether Twilio handles STOP itself: the number is refused (21610) until its START."""
        self.store = MessageStore(account_sid, log)
        self.webhooks = Webhooks(auth_token)
        self.requests: list[tuple[str, str]] = []
        self.stopping = threading.Event()
        self._faults: deque[Fault] = deque()
        self._server = _Server((address, port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def base_url(self) -> str:
        return "http://{}:{}".format(*self._server.server_address[:2])

    @property
    def connections(self) -> int:
        """How many connections were opened since the start."""
        return self._server.opened

    @property
    def accepted(self) -> list[EmulatedMessage]:
        """Every message taken, whatever was answered: the truth that I4 is checked against."""
        return list(self.store.messages)

    def start(self) -> None:
        self.webhooks.start()
        self._thread.start()

    def stop(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.cut_connections()
        self._server.server_close()
        self._thread.join()
        self.webhooks.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def next(self, *faults: Fault) -> None:
        """One fault for each of the next calls to the API, in order."""
        self._faults.extend(faults)

    def next_fault(self) -> Fault | None:
        return self._faults.popleft() if self._faults else None

    def send_receipt(
        self, message: EmulatedMessage, status: str, error_code: int | None = None
    ) -> None:
        """One receipt more, now: late, repeated or backwards."""
        self.webhooks.later(message, status, error_code, time.monotonic())

    def receive(
        self,
        from_: str,
        body: str | None,
        webhook_url: str,
        *,
        sid: str | None = None,
        signed: str | None = None,
    ) -> int | None:
        """Someone answers by SMS: post it to the webhook. Returns the status we answered.

        The same `sid` again is a replay; `signed` replaces the true signature; without a `body` it
        is a picture.
        """
        sid = sid or f"SM{uuid4().hex}"
        form = {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "From": from_,
            "MessageSid": sid,
            "NumMedia": "1" if body is None else "0",
            "NumSegments": "1",
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "SmsStatus": "received",
            "To": SENDER,
        }
        if body is not None:
            form["Body"] = body
            opted = self.store.hear(from_, body) if self.keeps_opt_outs else None
            form |= {"OptOutType": opted} if opted else {}
        return self.webhooks.post(webhook_url, form, signed)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], emulator: TwilioEmulator) -> None:
        super().__init__(address, _Handler)
        self.emulator = emulator
        self._open: set[socket.socket] = set()
        self.opened = 0

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        connection, address = super().get_request()
        self._open.add(connection)
        self.opened += 1
        return connection, address

    def close_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        if isinstance(request, socket.socket):
            self._open.discard(request)
        super().close_request(request)

    def cut_connections(self) -> None:
        """Keep-alive connections would otherwise hold their threads for ever."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal: `requests` has it."""

    def _answer(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = urlsplit(self.path)
        emulator = self.server.emulator
        if parts.path.startswith("/emulator/"):
            self._control(parts.path.removeprefix("/emulator/"), body)
            return
        emulator.requests.append((method, self.path))
        fault = emulator.next_fault() or Fault(accepts=True)
        emulator.stopping.wait(fault.seconds or emulator.latency)
        try:
            self._check_account(parts.path)
            if method == "POST":
                form = dict(parse_qsl(body.decode(), keep_blank_values=True))
                answer = self._created(form) if fault.accepts else {}
                status = 201
            else:
                status, answer = 200, self._read(parts.path, dict(parse_qsl(parts.query)))
        except Refusal as refusal:
            self._reply(refusal.status, refusal.body)
            return
        self._reply_with(fault, status, answer)

    def _created(self, form: Mapping[str, str]) -> JsonObject:
        emulator = self.server.emulator
        message = emulator.store.accept(form)
        resource = message.resource()
        if emulator.receipts:
            emulator.webhooks.plan(message, emulator.receipts)
        return resource

    def _read(self, path: str, query: Mapping[str, str]) -> JsonObject:
        store = self.server.emulator.store
        if path.endswith("/Messages.json"):
            return store.page(path, query)
        return store.get(path.rpartition("/")[2].removesuffix(".json")).resource()

    def _check_account(self, path: str) -> None:
        emulator = self.server.emulator
        expected = f"{emulator.account_sid}:{emulator.auth_token}"
        given = self.headers.get("Authorization", "")
        if given != f"Basic {base64.b64encode(expected.encode()).decode()}":
            raise Refusal(401, 20003, "Authenticate")
        if not path.startswith(f"/2010-04-01/Accounts/{emulator.account_sid}/Messages"):
            raise Refusal(404, 20404, f"The requested resource {path} was not found")

    def _reply_with(self, fault: Fault, status: int, answer: JsonObject) -> None:
        if fault.silent:
            self.server.emulator.stopping.wait()
            self.close_connection = True
        elif fault.reset:
            linger = struct.pack("ii", 1, 0)  # closing then sends RST
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.server.close_request(self.connection)
            self.close_connection = True
        elif fault.garbage is not None:
            self._send(status, fault.garbage.encode(), {})
        elif fault.status is not None:
            headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
            problem: JsonObject = {"message": "as told", "status": fault.status}
            if fault.code is not None:
                problem["code"] = fault.code
            self._reply(fault.status, problem, headers)
        else:
            self._reply(status, answer)

    def _reply(
        self, status: int, answer: JsonObject | list[object], headers: Mapping[str, str] = {}
    ) -> None:
        self._send(status, json.dumps(answer).encode(), headers)

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        with contextlib.suppress(ConnectionError):  # the client has given up
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    def _control(self, verb: str, body: bytes) -> None:
        """What tests in another process ask."""
        emulator = self.server.emulator
        given = json.loads(body or b"null")
        if verb == "next":
            emulator.next(*(Fault(**fault) for fault in given))
        elif verb == "receipts":
            emulator.receipts = Receipts(**given) if given else None
        elif verb == "inbound":
            status = emulator.receive(given["from"], given["body"], given["webhook_url"])
            self._reply(200, {"answered": status})
            return
        self._reply(200, [_shown(message) for message in emulator.accepted])


def _shown(message: EmulatedMessage) -> JsonObject:
    """A message as control answers show it, our own id beside Twilio's."""
    return {**message.resource(), "message_id": message.message_id}


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True, help="where accepted messages are noted")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds on each send")
    parser.add_argument("--receipts", choices=("delivered", "none"), default="delivered")
    arguments = parser.parse_args()
    receipts = Receipts() if arguments.receipts == "delivered" else None
    ended = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with TwilioEmulator(
        address=arguments.address, port=arguments.port, log=arguments.log, receipts=receipts
    ) as emulator:
        emulator.latency = arguments.latency
        print(emulator.base_url, flush=True)
        ended.wait()


if __name__ == "__main__":
    main()
