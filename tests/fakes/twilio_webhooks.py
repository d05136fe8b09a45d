"""What the emulated Twilio posts to us: receipts and messages received, signed as Twilio signs."""

import base64
import hashlib
import heapq
import hmac
import itertools
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from tests.fakes.twilio_messages import EmulatedMessage

_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_TIMEOUT = 10.0


@dataclass(frozen=True)
class Receipts:
    """Which receipts follow an accepted message.

    `statuses` are posted in that order, `delay` seconds after acceptance and apart, the last with
    `error_code`, each `times` over. `before_answer`: posted before the send is even answered.
    """

    statuses: tuple[str, ...] = ("queued", "sent", "delivered")
    delay: float = 0.0
    error_code: int | None = None
    times: int = 1
    before_answer: bool = False


@dataclass(frozen=True)
class Posted:
    """A webhook that was called; `status` is our answer, None when there was none."""

    url: str
    form: Mapping[str, str]
    status: int | None


def signature(token: str, url: str, form: Mapping[str, str]) -> str:
    """X-Twilio-Signature, worked out from Twilio's description rather than by its SDK."""
    signed = url + "".join(name + form[name] for name in sorted(form))
    digest = hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


class Webhooks:
    """Posts what is due, in order, from one thread of its own."""

    def __init__(self, auth_token: str) -> None:
        self._auth_token = auth_token
        self._due: list[tuple[float, int, EmulatedMessage, str, int | None]] = []
        self._order = itertools.count()
        self._change = threading.Condition()
        self._busy = False
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="twilio-webhooks")
        self.posted: list[Posted] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._change:
            self._stopping = True
            self._change.notify_all()
        self._thread.join()

    def plan(self, message: EmulatedMessage, receipts: Receipts) -> None:
        last = len(receipts.statuses) - 1
        for step, status in enumerate(receipts.statuses):
            error_code = receipts.error_code if step == last else None
            due = time.monotonic() + receipts.delay * (step + 1)
            for _ in range(receipts.times):
                if receipts.before_answer:
                    self._post_receipt(message, status, error_code)
                else:
                    self.later(message, status, error_code, due)

    def later(
        self, message: EmulatedMessage, status: str, error_code: int | None, due: float
    ) -> None:
        with self._change:
            heapq.heappush(self._due, (due, next(self._order), message, status, error_code))
            self._change.notify_all()

    def wait(self, timeout: float = 10.0) -> None:
        """Until nothing is left to post. Raises TimeoutError."""
        with self._change:
            if not self._change.wait_for(lambda: not self._due and not self._busy, timeout):
                raise TimeoutError(f"{len(self._due)} receipts are still to be posted")

    def post(self, url: str, form: Mapping[str, str], signed: str | None = None) -> int | None:
        """Call a webhook; `signed` replaces the true signature.

        Returns the status that was answered, None when nobody did.
        """
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "X-Twilio-Signature": signed or signature(self._auth_token, url, form),
            "User-Agent": "TwilioProxy/1.1",
        }
        request = urllib.request.Request(url, urlencode(form).encode(), headers)  # noqa: S310 - our own servers
        status: int | None
        try:
            with _NO_PROXY.open(request, timeout=_TIMEOUT) as answer:
                status = answer.status
        except urllib.error.HTTPError as error:
            with error:
                status = error.code
        except OSError:
            status = None
        self.posted.append(Posted(url, form, status))
        return status

    def _run(self) -> None:
        while True:
            with self._change:
                while not self._stopping and not self._is_due():
                    pause = self._due[0][0] - time.monotonic() if self._due else None
                    self._change.wait(pause)
                if self._stopping:
                    return
                _, _, message, status, error_code = heapq.heappop(self._due)
                self._busy = True
            self._post_receipt(message, status, error_code)
            with self._change:
                self._busy = False
                self._change.notify_all()

    def _is_due(self) -> bool:
        return bool(self._due) and self._due[0][0] <= time.monotonic()

    def _post_receipt(self, message: EmulatedMessage, status: str, error_code: int | None) -> None:
        message.progress(status, error_code)
        if not message.status_callback:
            return
        form = {
            "AccountSid": message.account_sid,
            "ApiVersion": "2010-04-01",
            "MessageSid": message.sid,
            "MessageStatus": status,
            "SmsSid": message.sid,
            "SmsStatus": status,
            "To": message.to,
        }
        if message.from_:
            form["From"] = message.from_
        if message.messaging_service_sid:
            form["MessagingServiceSid"] = message.messaging_service_sid
        if error_code:
            form["ErrorCode"] = str(error_code)
        self.post(message.status_callback, form)
