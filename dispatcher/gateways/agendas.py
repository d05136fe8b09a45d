"""Fetching a practitioner's agenda from the address they gave, and from nowhere else.

The address is a stranger's wish that our server calls somebody (SSRF): only public addresses are
called, the one that was checked is the one that is called, and each redirection is checked again.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import SplitResult, urljoin, urlsplit

from dispatcher.domain.agendas.problems import AgendaProblem

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

STEP_TIMEOUT: Final = 5.0
"""Seconds for connecting, and for each piece of the answer."""
WHOLE_TIMEOUT: Final = 15.0
"""Seconds for everything, redirections included: less than a promise's lease."""
MOST_BYTES: Final = 5 << 20
"""A practice's year is under one megabyte."""
MOST_REDIRECTS: Final = 4
PORTS: Final = {"http": 80, "https": 443}
PIECE: Final = 64 << 10
LONGEST_ADDRESS: Final = 2000

_OK, _NOT_MODIFIED = 200, 304
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({401, 403, 404, 410})


class AgendaNotFetchedError(Exception):
    """The agenda was not fetched; the address is in neither the message nor the logs."""

    def __init__(self, problem: AgendaProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Fetched:
    """An agenda's file, and what to send back when asking whether it has changed."""

    content: bytes
    etag: str | None
    last_modified: str | None


class AgendaSource(Protocol):
    """Whoever fetches agendas. Safe to share between threads."""

    def fetch(
        self, url: str, etag: str | None = None, last_modified: str | None = None
    ) -> Fetched | None:
        """The file behind `url`; None when it has not changed since those were given.

        Raises AgendaNotFetchedError.
        """
        ...


def normal_url(text: str) -> str:
    """The address as it will be called. Raises AgendaNotFetchedError.

    `webcal://`, which agendas write in their links, is https.
    """
    url = text.strip()
    if url.lower().startswith(("webcal://", "webcals://")):
        url = "https://" + url.partition("://")[2]
    _checked(url)
    return url


def is_public(address: Address) -> bool:
    """Whether an address is one of the public Internet's, in whatever form it is written."""
    if isinstance(address, ipaddress.IPv6Address):
        within = address.ipv4_mapped or address.sixtofour
        if address.teredo is not None or any(address in each for each in _TRANSLATED):
            return False
        if within is not None:
            return is_public(within)
    return address.is_global and not address.is_multicast


_TRANSLATED = (
    ipaddress.IPv6Network("64:ff9b::/96"),  # RFC 6052: behind a translator
    ipaddress.IPv6Network("64:ff9b:1::/48"),  # RFC 8215: the same, within a network
    ipaddress.IPv6Network("::/96"),  # RFC 4291: « IPv4-compatible », long out of use
)
"""IPv6 that stands for an IPv4 address, which may be a private one."""


def resolved(host: str, port: int) -> list[str]:
    """The addresses of a name. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]).partition("%")[0] for each in found]


class HttpAgendas:
    """The real source: http and https, to public addresses."""

    def __init__(
        self,
        *,
        allows: Callable[[Address], bool] = is_public,
        resolve: Callable[[str, int], list[str]] = resolved,
        ports: frozenset[int] = frozenset(PORTS.values()),
        step_timeout: float = STEP_TIMEOUT,
        whole_timeout: float = WHOLE_TIMEOUT,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`allows` says which addresses may be called; a test's server is on its own machine."""
        self._allows = allows
        self._resolve = resolve
        self._ports = ports
        self._step = step_timeout
        self._whole = whole_timeout
        self._tls = tls or ssl.create_default_context()

    def fetch(
        self, url: str, etag: str | None = None, last_modified: str | None = None
    ) -> Fetched | None:
        """See `AgendaSource.fetch`."""
        deadline = time.monotonic() + self._whole
        headers = {"Accept": "text/calendar, text/plain;q=0.5", "Accept-Encoding": "identity"}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        for _ in range(MOST_REDIRECTS + 1):
            with _telling(deadline), self._answer(url, headers, deadline) as answer:
                if answer.status in _REDIRECTS:
                    url = urljoin(url, answer.getheader("Location", ""))
                    continue
                if answer.status == _NOT_MODIFIED and (etag or last_modified):
                    return None
                if answer.status != _OK:
                    gone = answer.status in _GONE
                    raise AgendaNotFetchedError(
                        AgendaProblem.GONE if gone else AgendaProblem.SERVER_FAULT
                    )
                content = _content(answer)
                if time.monotonic() >= deadline:  # cut off where its length was not announced
                    raise AgendaNotFetchedError(AgendaProblem.TOO_SLOW)
                return Fetched(content, answer.getheader("ETag"), answer.getheader("Last-Modified"))
        raise AgendaNotFetchedError(AgendaProblem.TOO_MANY_REDIRECTS)

    @contextmanager
    def _answer(
        self, url: str, headers: dict[str, str], deadline: float
    ) -> Iterator[http.client.HTTPResponse]:
        parts = _checked(url)
        port = parts.port or PORTS[parts.scheme]
        if port not in self._ports:
            raise AgendaNotFetchedError(AgendaProblem.ADDRESS_REFUSED)
        host = parts.hostname or ""
        address = self._address(host, port)
        connection = _Pinned(
            host, port, address, self._step, self._tls if parts.scheme == "https" else None
        )
        late = threading.Timer(max(deadline - time.monotonic(), 0), connection.cut)
        late.start()
        try:
            path = f"{parts.path or '/'}{'?' * bool(parts.query)}{parts.query}"
            connection.request("GET", path, headers=headers)
            with connection.getresponse() as answer:
                yield answer
        finally:
            late.cancel()
            connection.close()

    def _address(self, host: str, port: int) -> str:
        """The address that will be called: a name that has a private one too is refused."""
        addresses = self._resolve(host, port)
        if not all(self._allows(ipaddress.ip_address(each)) for each in addresses):
            raise AgendaNotFetchedError(AgendaProblem.ADDRESS_REFUSED)
        return addresses[0]


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was checked, under the name that was asked for.

    Resolving the name a second time could give another address.
    """

    def __init__(
        self, host: str, port: int, address: str, timeout: float, tls: ssl.SSLContext | None
    ) -> None:
        super().__init__(host, port, timeout=timeout)
        self.default_port = PORTS["https" if tls else "http"]  # left out of the Host header
        self._address = address
        self._tls = tls
        self._seconds = timeout
        self._called: socket.socket | None = None

    def connect(self) -> None:
        """Connect, and have the certificate checked against the name."""
        self.sock = socket.create_connection((self._address, self.port), self._seconds)
        if self._tls is not None:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host)
        self._called = self.sock

    def cut(self) -> None:
        """End it from another thread: a piece every few seconds would never time out."""
        with suppress(OSError):
            if self._called is not None:
                self._called.shutdown(socket.SHUT_RDWR)


def _checked(url: str) -> SplitResult:
    """The parts of an address that may be called. Raises AgendaNotFetchedError."""
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise AgendaNotFetchedError(AgendaProblem.ADDRESS_UNREADABLE) from error
    written = url.isascii() and url.isprintable() and " " not in url
    if not (named and written and len(url) <= LONGEST_ADDRESS and parts.scheme in PORTS):
        raise AgendaNotFetchedError(AgendaProblem.ADDRESS_UNREADABLE)
    if parts.username is not None or parts.password is not None:
        raise AgendaNotFetchedError(AgendaProblem.ADDRESS_UNREADABLE)
    return parts


def _content(answer: http.client.HTTPResponse) -> bytes:
    """The body, piece by piece: whoever sends without end is stopped."""
    if answer.getheader("Content-Encoding", "identity").lower() != "identity":
        raise AgendaNotFetchedError(AgendaProblem.SERVER_FAULT)
    announced, content = answer.length, bytearray()
    while piece := answer.read1(PIECE):
        content += piece
        if len(content) > MOST_BYTES:
            raise AgendaNotFetchedError(AgendaProblem.TOO_LARGE)
    if announced is not None and len(content) < announced:
        raise http.client.IncompleteRead(b"", announced - len(content))
    return bytes(content)


@contextmanager
def _telling(deadline: float) -> Iterator[None]:
    """The network's errors as problems; past the deadline, they are ours."""
    try:
        yield
    except socket.gaierror as error:
        raise AgendaNotFetchedError(AgendaProblem.NAME_UNKNOWN) from error
    except ssl.SSLCertVerificationError as error:
        raise AgendaNotFetchedError(AgendaProblem.CERTIFICATE_REFUSED) from error
    except TimeoutError as error:
        raise AgendaNotFetchedError(AgendaProblem.TOO_SLOW) from error
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        is_late = time.monotonic() >= deadline
        raise AgendaNotFetchedError(
            AgendaProblem.TOO_SLOW if is_late else AgendaProblem.NO_ANSWER
        ) from error
