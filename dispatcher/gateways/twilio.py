"""SMS through Twilio's own SDK; the one module that imports it.

The SDK's resources cost as much again to import as all the rest (11 MB after 21, 0.4 s): only a
`TwilioSms` loads them, and when it is made, so that no first send waits for it.

Twilio has no idempotency key. What stands in for one: our message id in the status callback's URL,
so that the first receipt settles a send whose answer was lost; then `find`, on Twilio's list.
"""

import ssl
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

import requests
from twilio.base.exceptions import TwilioException
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from config.settings import Settings
from dispatcher.domain.messages import ErrorClass, MessageStatus, classify_error, status_from_twilio
from dispatcher.gateways import twilio_ear
from dispatcher.gateways.sms import (
    Accepted,
    Found,
    OutgoingSms,
    SmsRefused,
    SmsRetry,
    SmsUncertain,
)

if TYPE_CHECKING:
    from twilio.rest.api.v2010.account.message import MessageInstance

listen = twilio_ear.listen
CONNECT_TIMEOUT: Final = 3.0
READ_TIMEOUT: Final = 10.0
"""Seconds. Past them the send is uncertain, and settled without a second one; together well under a
promise's lease, so that no send outlives its worker's claim."""

MESSAGING_SERVICE: Final = "MG"
"""What the identifier of a Messaging Service begins with."""

LONGEST_VALIDITY: Final = 36_000
SHORTEST_VALIDITY: Final = 10
"""Seconds. Twilio takes 1 to 36,000 and advises more than 5."""

_CLOCKS_MAY_DIFFER: Final = timedelta(seconds=5)
"""Between Twilio's clock, cut to the second, and ours."""

_LIST_LIMIT: Final = 200
_PAGE_SIZE: Final = 50
_TRIAL_PREFIX: Final = "Sent from your Twilio trial account - "
_LONGEST_PAUSE: Final = 3600.0
"""Seconds: a Retry-After beyond it is taken for this much."""

_SUCCESS: Final = range(200, 300)
_CLIENT_ERROR: Final = 400
_REQUEST_TIMEOUT: Final = 408
_SERVER_ERROR: Final = 500

_BEFORE_THE_REQUEST: Final = (
    requests.ConnectTimeout,
    NewConnectionError,
    ConnectTimeoutError,
    ssl.SSLCertVerificationError,
)


def connect(settings: Settings) -> "TwilioSms":
    """The gateway that the environment's TWILIO_… describe. Raises ValueError without them."""
    twilio = settings.twilio
    if twilio is None:
        raise ValueError("Twilio's variables are missing")
    return TwilioSms(
        account_sid=twilio.account_sid,
        auth_token=twilio.auth_token,
        public_base_url=settings.public_base_url,
        messaging_service_sid=twilio.messaging_service_sid,
        sender=twilio.sender,
        senders=dict(twilio.senders),
        api_base_url=twilio.api_base_url,
    )


class TwilioSms:
    """The real gateway: sends through a Messaging Service, or from one number."""

    def __init__(  # noqa: PLR0913 - each by its name
        self,
        *,
        account_sid: str,
        auth_token: str,
        public_base_url: str,
        messaging_service_sid: str | None = None,
        sender: str | None = None,
        senders: Mapping[str, str] | None = None,
        api_base_url: str | None = None,
        connect_timeout: float = CONNECT_TIMEOUT,
        read_timeout: float = READ_TIMEOUT,
    ) -> None:
        """Prepare, without calling anybody. Timeouts are seconds.

        `senders` gives territories, by code, a number or a Messaging Service (MG…) of their own;
        the others share the first two. `api_base_url` sends every call to another scheme and host:
        an emulator, or Twilio's European region. Raises ValueError with neither service nor sender,
        or on a base URL that is not one.
        """
        shared = messaging_service_sid or sender
        if not shared:
            raise ValueError("Twilio needs a Messaging Service or a sender")
        self._shared = shared
        self._senders = dict(senders or {})
        self._callback = f"{public_base_url.rstrip('/')}/twilio/status"
        client = Client(  # type: ignore[no-untyped-call]  # the SDK is annotated in part
            account_sid,
            auth_token,
            http_client=_Http(api_base_url, (connect_timeout, read_timeout)),
            # Left out, the SDK would read TWILIO_* from the environment behind our settings' back;
            # an empty mapping counts as left out.
            environment={"TWILIO_SETTINGS": "given"},
        )
        self._messages = client.messages

    def send(self, message: OutgoingSms) -> Accepted:
        """See `SmsGateway.send`. A 5xx or a lost answer is uncertain; 429 was not sent."""
        with _sending():
            created = self._messages.create(
                to=message.to,
                body=message.body,
                status_callback=f"{self._callback}?{urlencode({'m': message.message_id})}",
                **_origin(self.sender_of(message.territory_code)),
                **_validity(message),
            )
            if not isinstance(created.sid, str):
                raise SmsUncertain("Twilio's answer has no sid")
            return Accepted(created.sid, _status(created))

    def sender_of(self, territory_code: str) -> str:
        """See `SmsGateway.sender_of`."""
        return self._senders.get(territory_code, self._shared)

    def find(
        self, message: OutgoingSms, since: datetime, known_sids: Collection[str] = ()
    ) -> Found | None:
        """See `SmsGateway.find`.

        Twilio filters on the date of sending, to the day, and what still waits in its queue has
        none: so when the day's list does not have the message, the number's latest are read too.
        """
        earliest = since.astimezone(UTC) - _CLOCKS_MAY_DIFFER
        midnight = earliest.replace(hour=0, minute=0, second=0, microsecond=0)
        with _asking():
            for filters in ({"date_sent_after": midnight}, {}):
                for listed in self._messages.stream(
                    to=message.to, limit=_LIST_LIMIT, page_size=_PAGE_SIZE, **filters
                ):
                    if _is_it(listed, message, earliest, known_sids):
                        return Found(str(listed.sid), _status(listed), listed.error_code)
        return None


def _origin(sender: str) -> dict[str, str]:
    name = "messaging_service_sid" if sender.startswith(MESSAGING_SERVICE) else "from_"
    return {name: sender}


def _validity(message: OutgoingSms) -> dict[str, int]:
    if message.validity_seconds is None:
        return {}
    seconds = min(max(message.validity_seconds, SHORTEST_VALIDITY), LONGEST_VALIDITY)
    return {"validity_period": seconds}


def _status(listed: "MessageInstance") -> MessageStatus:
    """Twilio answered, so it has the message, even under a status that is new to us."""
    return status_from_twilio(str(listed.status)) or MessageStatus.SENT


def _is_it(
    listed: "MessageInstance", message: OutgoingSms, earliest: datetime, known_sids: Collection[str]
) -> bool:
    moment = listed.date_created or listed.date_sent
    return (
        listed.sid not in known_sids
        and listed.to == message.to
        and str(listed.direction).startswith("outbound")
        and isinstance(moment, datetime)
        and moment >= earliest
        and (listed.body or "").removeprefix(_TRIAL_PREFIX).strip() == message.body.strip()
    )


class _Http:
    """The SDK's way out, in place of its own client.

    That one logs telephone numbers, hides the headers of a refusal, can give one thread the answer
    of another (it keeps the last in an attribute), and has no timeout.
    """

    is_async = False

    def __init__(self, base_url: str | None, timeout: tuple[float, float]) -> None:
        base = urlsplit(base_url or "")
        if base_url and (base.scheme not in {"http", "https"} or not base.netloc):
            raise ValueError("TWILIO_API_BASE_URL must be http(s)://host[:port]")
        self._base = base
        self._timeout = timeout
        self._of_thread = threading.local()

    def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002 - ours are set once, for connecting and reading
        allow_redirects: bool = False,  # noqa: FBT001, FBT002 - the SDK's signature
    ) -> Response:
        """Called by the SDK.

        Raises _Refusal on all that is not success, _Unreadable on a success that is not Twilio's.
        """
        answer = self._session().request(
            method.upper(),
            self._at_base(url),
            params=params,
            data=data,
            headers=headers,
            auth=auth,
            timeout=self._timeout,
            allow_redirects=allow_redirects,
        )
        if answer.status_code not in _SUCCESS:
            raise _Refusal(answer)
        try:
            content = answer.json()
        except ValueError as error:
            raise _Unreadable from error
        if not isinstance(content, dict):
            raise _Unreadable
        return Response(answer.status_code, answer.text, answer.headers)

    def _session(self) -> requests.Session:
        """One per thread, kept alive between sends: a Session is not promised to be shareable."""
        session: requests.Session | None = getattr(self._of_thread, "session", None)
        if session is None:
            session = self._of_thread.session = requests.Session()
        return session

    def _at_base(self, url: str) -> str:
        if not self._base.netloc:
            return url
        parts = urlsplit(url)
        return urlunsplit((self._base.scheme, self._base.netloc, parts.path, parts.query, ""))


class _Refusal(Exception):
    """An answer of Twilio's that is not success."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__(f"HTTP {answer.status_code}")
        self.status = answer.status_code
        self.code = _code_in(answer)
        self.after = _retry_after(answer.headers.get("Retry-After"))

    @property
    def is_no_answer(self) -> bool:
        """The server says nothing about the message: it may have been taken before it broke."""
        return self.status >= _SERVER_ERROR or self.status == _REQUEST_TIMEOUT

    @property
    def error_class(self) -> ErrorClass:
        if self.status < _CLIENT_ERROR:  # a redirection: something stands between Twilio and us
            return ErrorClass.RETRY
        return classify_error(self.code, self.status)

    def as_problem(self) -> SmsRefused | SmsRetry:
        if self.error_class is ErrorClass.RETRY:
            return SmsRetry(f"HTTP {self.status} ({self.code})", after=self.after)
        return SmsRefused(self.code, self.error_class)


class _Unreadable(Exception):
    """A success whose body is not Twilio's."""


@contextmanager
def _sending() -> Iterator[None]:
    """Only what is certainly not sent may be sent again: all the rest is uncertain."""
    try:
        yield
    except _Refusal as refusal:
        if refusal.is_no_answer:
            raise SmsUncertain(str(refusal), after=refusal.after) from refusal
        raise refusal.as_problem() from refusal
    except requests.RequestException as error:
        if _never_left(error):
            raise SmsRetry(type(error).__name__) from error
        raise SmsUncertain(type(error).__name__) from error
    except (TwilioException, _Unreadable) as error:
        raise SmsUncertain(type(error).__name__) from error


@contextmanager
def _asking() -> Iterator[None]:
    """Asking can always be done again."""
    try:
        yield
    except _Refusal as refusal:
        if refusal.is_no_answer:
            raise SmsRetry(str(refusal), after=refusal.after) from refusal
        raise refusal.as_problem() from refusal
    except (requests.RequestException, TwilioException, _Unreadable) as error:
        raise SmsRetry(type(error).__name__) from error


def _never_left(error: requests.RequestException) -> bool:
    """True when the request cannot have reached anybody: no connection, or no trust in it.

    Reads what the error wraps, never its __context__, which may be an older send's.
    """
    wrapped: object = error
    while wrapped is not None:
        if isinstance(wrapped, _BEFORE_THE_REQUEST):
            return True
        wrapped = (
            getattr(wrapped, "reason", None)
            or getattr(wrapped, "original_error", None)
            or (wrapped.args[0] if isinstance(wrapped, Exception) and wrapped.args else None)
        )
    return False


def _code_in(answer: requests.Response) -> int | None:
    try:
        code = answer.json()["code"]
    except (ValueError, KeyError, TypeError):
        return None
    return code if isinstance(code, int) else None


def _retry_after(header: str | None) -> float | None:
    """Seconds, from a number or an HTTP date (RFC 9110 §10.2.3); None when it says nothing."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            moment = parsedate_to_datetime(header)
        except ValueError:
            return None
        seconds = (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_PAUSE)
