"""What the emulated Twilio keeps: messages, as its Messages API shows and lists them."""

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

JsonObject = dict[str, object]
FINAL = frozenset({"delivered", "undelivered", "failed", "canceled"})


@dataclass
class EmulatedMessage:
    """A message that the emulator accepted; dates have seconds, as Twilio's."""

    sid: str
    account_sid: str
    to: str
    from_: str | None
    messaging_service_sid: str | None
    body: str
    status_callback: str | None
    status: str
    validity_period: int | None = None
    error_code: int | None = None
    date_created: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    date_sent: datetime | None = None

    @property
    def message_id(self) -> str | None:
        """Our own id, from the status callback's query; None when the sender gave none."""
        values = parse_qs(urlsplit(self.status_callback or "").query).get("m")
        return values[0] if values else None

    def progress(self, status: str, error_code: int | None) -> None:
        """Receipts may be posted out of order; what became of the message is settled once."""
        if self.status not in FINAL:
            self.status, self.error_code = status, error_code
        if status in {"sent", "delivered", "undelivered"} and self.date_sent is None:
            self.date_sent = datetime.now(UTC).replace(microsecond=0)

    def resource(self) -> JsonObject:
        path = f"/2010-04-01/Accounts/{self.account_sid}/Messages/{self.sid}"
        return {
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": format_datetime(self.date_created),
            "date_sent": format_datetime(self.date_sent) if self.date_sent else None,
            "date_updated": format_datetime(self.date_sent or self.date_created),
            "direction": "outbound-api",
            "error_code": self.error_code,
            "error_message": None,
            "from": self.from_,
            "messaging_service_sid": self.messaging_service_sid,
            "num_media": "0",
            "num_segments": "0" if self.messaging_service_sid else "1",
            "price": None,
            "price_unit": None,
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{path}/Media.json"},
            "to": self.to,
            "uri": f"{path}.json",
        }

    def log_line(self) -> str:
        line = {
            "sid": self.sid,
            "account_sid": self.account_sid,
            "to": self.to,
            "from_": self.from_,
            "messaging_service_sid": self.messaging_service_sid,
            "body": self.body,
            "status_callback": self.status_callback,
            "status": self.status,
            "date_created": self.date_created.isoformat(),
        }
        return json.dumps(line, ensure_ascii=False) + "\n"


class Refusal(Exception):
    """A 4xx that Twilio answers."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: JsonObject = {
            "code": code,
            "message": message,
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": status,
        }


_OPT_OUTS = frozenset(
    {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
)
_OPT_INS = frozenset({"START", "YES", "UNSTOP"})
_HELPS = frozenset({"HELP", "INFO"})


class MessageStore:
    """All that was accepted, in order.

    Written to `log` before the answer leaves and read back at start: a kill -9 of anything, the
    emulator included, loses nothing of the truth.
    """

    def __init__(self, account_sid: str, log: Path | None) -> None:
        self._account_sid = account_sid
        self._log = log
        self._lock = threading.Lock()
        self.opted_out: set[str] = set()
        self.origin = ""
        """Before the addresses of a list's pages: Twilio gives paths, its description says URIs."""
        self.messages: list[EmulatedMessage] = list(read_log(log)) if log else []

    def accept(self, form: Mapping[str, str]) -> EmulatedMessage:
        """Raises Refusal as Twilio does: missing or wrong parameters, landline, STOP."""
        to = self._checked(form)
        service = form.get("MessagingServiceSid")
        message = EmulatedMessage(
            sid=f"SM{uuid4().hex}",
            account_sid=self._account_sid,
            to=to,
            from_=None if service else form["From"],
            messaging_service_sid=service,
            body=form["Body"],
            status_callback=form.get("StatusCallback"),
            status="accepted" if service else "queued",
            validity_period=int(form["ValidityPeriod"]) if "ValidityPeriod" in form else None,
        )
        with self._lock:
            self.messages.append(message)
            if self._log:
                with self._log.open("a", encoding="utf-8") as file:
                    file.write(message.log_line())
        return message

    def hear(self, phone: str, body: str) -> str | None:
        """Twilio's own handling of STOP: the word must stand alone. Returns `OptOutType`."""
        word = body.strip().upper()
        if word in _OPT_OUTS:
            self.opted_out.add(phone)
            return "STOP"
        if word in _OPT_INS:
            self.opted_out.discard(phone)
            return "START"
        return "HELP" if word in _HELPS else None

    def get(self, sid: str) -> EmulatedMessage:
        for message in self.messages:
            if message.sid == sid:
                return message
        raise Refusal(404, 20404, "The requested resource was not found")

    def page(self, path: str, query: Mapping[str, str]) -> JsonObject:
        """A page of the list, latest first. A filter on DateSent leaves out what is not sent."""
        size = min(int(query.get("PageSize", "50")), 1000)
        number = int(query.get("Page", "0"))
        found = [m for m in reversed(self.messages) if _passes(m, query)]
        shown = found[number * size : (number + 1) * size]

        def uri(page: int) -> str:
            token = {"PageToken": f"PA{page}"} if page else {}
            asked = {**query, "PageSize": size, "Page": page, **token}
            return f"{self.origin}{path}?{urlencode(asked)}"

        return {
            "first_page_uri": uri(0),
            "next_page_uri": uri(number + 1) if len(found) > (number + 1) * size else None,
            "previous_page_uri": uri(number - 1) if number else None,
            "uri": uri(number),
            "page": number,
            "page_size": size,
            "start": number * size,
            "end": number * size + max(len(shown) - 1, 0),
            "messages": [message.resource() for message in shown],
        }

    def _checked(self, form: Mapping[str, str]) -> str:
        to = form.get("To", "")
        digits = to.removeprefix("+")
        if not (to.startswith("+") and digits.isdecimal() and 8 <= len(digits) <= 15):
            raise Refusal(400, 21211, "Invalid 'To' Phone Number")
        if not (form.get("From") or form.get("MessagingServiceSid")):
            raise Refusal(400, 21603, "A 'From' or 'MessagingServiceSid' is required")
        if not form.get("Body"):
            raise Refusal(400, 21602, "Message body is required")
        callback = urlsplit(form.get("StatusCallback", "https://none.example"))
        if callback.scheme not in {"http", "https"} or "_" in callback.netloc:
            raise Refusal(400, 21609, "The 'StatusCallback' URL is not a valid URL")
        validity = form.get("ValidityPeriod", "36000")
        if not (validity.isdecimal() and 1 <= int(validity) <= 36_000):
            raise Refusal(400, 30_036, "The Validity Period is invalid")
        if to.startswith(("+331", "+332", "+333", "+334", "+335", "+339")):
            raise Refusal(400, 21614, "'To' number is not a valid mobile number")
        if to in self.opted_out:
            raise Refusal(400, 21610, "Attempt to send to unsubscribed recipient")
        return to


def read_log(log: Path) -> Iterator[EmulatedMessage]:
    """The messages that a log holds; none when there is no such file yet."""
    if not log.exists():
        return
    for line in log.read_text(encoding="utf-8").splitlines():
        data = json.loads(line)
        data["date_created"] = datetime.fromisoformat(data["date_created"])
        yield EmulatedMessage(**data)


def _passes(message: EmulatedMessage, query: Mapping[str, str]) -> bool:
    if query.get("To", message.to) != message.to:
        return False
    if "From" in query and query["From"] != message.from_:
        return False
    for name, allowed in (("DateSent", (0,)), ("DateSent<", (-1, 0)), ("DateSent>", (0, 1))):
        if name in query:
            if message.date_sent is None:
                return False
            asked = datetime.fromisoformat(query[name]).date()
            sent = message.date_sent.date()
            if (sent > asked) - (sent < asked) not in allowed:
                return False
    return True
