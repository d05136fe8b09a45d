"""An agenda is fetched from a public address, within limits, or its owner is told why not."""

import ipaddress
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler

import pytest

from dispatcher.domain.agendas.problems import AgendaProblem
from dispatcher.gateways.agendas import (
    Address,
    AgendaNotFetchedError,
    HttpAgendas,
    is_public,
    normal_url,
)
from tests.fakes.agenda_server import AgendaServer, Answer, redirect

FILE = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
SOON = 0.5
"""Seconds that the slow are given here."""


@pytest.fixture
def server() -> Iterator[AgendaServer]:
    with AgendaServer() as running:
        running.files["/agenda.ics"] = FILE
        yield running


@pytest.fixture
def source(server: AgendaServer) -> HttpAgendas:
    """One that may call the test's own machine, on the server's port."""
    return HttpAgendas(
        allows=lambda address: address.is_loopback,
        ports=frozenset({server.port}),
        step_timeout=SOON,
        whole_timeout=2 * SOON,
    )


def problem_of(fetch: Callable[[], object]) -> AgendaProblem:
    with pytest.raises(AgendaNotFetchedError) as refused:
        fetch()
    return refused.value.problem


def test_a_file_is_fetched_and_not_again_while_it_has_not_changed(
    server: AgendaServer, source: HttpAgendas
) -> None:
    first = source.fetch(server.url())
    assert first is not None
    assert first.content == FILE
    assert source.fetch(server.url(), first.etag, first.last_modified) is None
    server.files["/agenda.ics"] = FILE + b"\r\n"
    again = source.fetch(server.url(), first.etag, first.last_modified)
    assert again is not None
    assert again.content == FILE + b"\r\n"


def test_the_name_is_asked_for_and_the_query_goes_with_it(
    server: AgendaServer, source: HttpAgendas
) -> None:
    server.files["/a.ics?key=1%202"] = FILE
    url = server.url("/a.ics?key=1%202#ignored").replace("127.0.0.1", "localhost")
    assert source.fetch(url) is not None
    (path, headers) = server.asked[-1]
    assert path == "/a.ics?key=1%202"
    assert headers["Host"] == f"localhost:{server.port}"
    assert headers["Accept-Encoding"] == "identity"


def test_redirections_are_followed_four_times(server: AgendaServer, source: HttpAgendas) -> None:
    for number in range(4):
        server.files[f"/{number}"] = redirect(f"/{number + 1}", (301, 302, 307, 308)[number])
    server.files["/4"] = FILE
    assert source.fetch(server.url("/0")) is not None
    server.files["/4"] = redirect("/5")
    server.files["/5"] = FILE
    told = problem_of(lambda: source.fetch(server.url("/0")))
    assert told is AgendaProblem.TOO_MANY_REDIRECTS


@pytest.mark.parametrize(
    "elsewhere",
    ["http://127.0.0.1:1/", "http://169.254.169.254/latest", "http://[::ffff:10.0.0.1]/"],
)
def test_a_redirection_into_a_private_network_is_not_followed(
    server: AgendaServer, elsewhere: str
) -> None:
    """Nobody but the server's own port may be called, as nobody but the public network is."""
    server.files["/away"] = redirect(elsewhere)
    here = HttpAgendas(
        allows=lambda address: address.is_loopback, ports=frozenset({server.port, 80})
    )
    told = problem_of(lambda: here.fetch(server.url("/away")))
    assert told is AgendaProblem.ADDRESS_REFUSED
    assert [path for path, _ in server.asked] == ["/away"]


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("192.0.2.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("2001:0:a00:1::", False),
    ],
)
def test_only_addresses_of_the_public_network_are_called(text: str, *, public: bool) -> None:
    assert is_public(ipaddress.ip_address(text)) is public


def test_our_own_machine_is_refused_by_default(server: AgendaServer) -> None:
    for host in ("127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"):
        told = problem_of(partial(HttpAgendas().fetch, f"http://{host}:80/agenda.ics"))
        assert told in {AgendaProblem.ADDRESS_REFUSED, AgendaProblem.NAME_UNKNOWN}
    assert problem_of(lambda: HttpAgendas().fetch(server.url())) is AgendaProblem.ADDRESS_REFUSED
    assert server.asked == []


def test_a_name_with_one_private_address_is_refused_and_the_checked_one_is_called(
    server: AgendaServer,
) -> None:
    """A name that answers otherwise the second time leads nowhere else."""
    answers = [["127.0.0.1"], ["127.0.0.1", "10.0.0.1"]]
    asked: list[str] = []

    def resolve(host: str, _: int) -> list[str]:
        asked.append(host)
        return answers.pop(0)

    source = HttpAgendas(
        allows=lambda address: address.is_loopback,
        resolve=resolve,
        ports=frozenset({server.port}),
    )
    url = server.url().replace("127.0.0.1", "agenda.example")
    assert source.fetch(url) is not None
    assert asked == ["agenda.example"]
    assert problem_of(lambda: source.fetch(url)) is AgendaProblem.ADDRESS_REFUSED


@pytest.mark.parametrize(
    "url",
    [
        "agenda",
        "ftp://agenda.example/a.ics",
        "file:///etc/passwd",
        "http://",
        "http:///a.ics",
        "http://agenda.example:port/a.ics",
        "http://agenda.example:0/",
        "http://moi:secret@agenda.example/",
        "http://agenda.example/a b.ics",
        "http://agenda.example/\r\nHost: ailleurs",
        "http://[::1/a.ics",
        "http://agenda.example/" + "a" * 2000,
        "http://agendaé.example/",
    ],
)
def test_what_is_no_address_is_told(url: str, source: HttpAgendas) -> None:
    assert problem_of(lambda: normal_url(url)) is AgendaProblem.ADDRESS_UNREADABLE
    assert problem_of(lambda: source.fetch(url)) is AgendaProblem.ADDRESS_UNREADABLE


def test_webcal_is_https() -> None:
    assert normal_url(" webcal://agenda.example/a.ics ") == "https://agenda.example/a.ics"
    assert normal_url("WebCal://agenda.example") == "https://agenda.example"


def _sends(*pieces: bytes) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        for piece in pieces:
            request.wfile.write(piece)

    return answer


def _status(code: int) -> Answer:
    return lambda request: request.send_error(code)


def _zipped(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Encoding", "gzip")
    request.end_headers()


def _cut_off(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(FILE)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (_status(404), AgendaProblem.GONE),
        (_status(410), AgendaProblem.GONE),
        (_status(403), AgendaProblem.GONE),
        (_status(500), AgendaProblem.SERVER_FAULT),
        (_status(429), AgendaProblem.SERVER_FAULT),
        (_status(304), AgendaProblem.SERVER_FAULT),
        (_sends(*[b"x" * (1 << 20)] * 6), AgendaProblem.TOO_LARGE),
        (_zipped, AgendaProblem.SERVER_FAULT),
        (_cut_off, AgendaProblem.NO_ANSWER),
        (redirect("ftp://agenda.example/"), AgendaProblem.ADDRESS_UNREADABLE),
    ],
)
def test_a_server_that_misbehaves_is_told(
    server: AgendaServer, source: HttpAgendas, answer: Answer, problem: AgendaProblem
) -> None:
    server.files["/agenda.ics"] = answer
    assert problem_of(lambda: source.fetch(server.url())) is problem


def test_one_that_says_nothing_or_a_byte_now_and_then_is_not_waited_for(
    server: AgendaServer, source: HttpAgendas
) -> None:
    def silent(_: BaseHTTPRequestHandler) -> None:
        server.over.wait()

    def drips(start: bytes) -> Answer:
        def answer(request: BaseHTTPRequestHandler) -> None:
            request.wfile.write(b"HTTP/1.0 200 OK\r\n" + start)
            with suppress(OSError):  # it is hung up on
                while not server.over.wait(SOON / 5):
                    request.wfile.write(b"x")

        return answer

    announced = b"Content-Length: 90000\r\n\r\n"
    for answer in (silent, drips(b"X-Slow: "), drips(announced), drips(b"\r\n")):
        server.files["/agenda.ics"] = answer
        assert problem_of(lambda: source.fetch(server.url())) is AgendaProblem.TOO_SLOW


def test_nobody_at_the_other_end_is_told(source: HttpAgendas) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    alone = HttpAgendas(allows=lambda _: True, ports=frozenset({port}))
    assert problem_of(lambda: alone.fetch(f"http://127.0.0.1:{port}/")) is AgendaProblem.NO_ANSWER
    assert problem_of(lambda: source.fetch("http://127.0.0.1:1/")) is AgendaProblem.ADDRESS_REFUSED


def test_a_guard_that_lets_everybody_through_would_be_seen(server: AgendaServer) -> None:
    def everybody(_: Address) -> bool:
        return True

    careless = HttpAgendas(allows=everybody, ports=frozenset({server.port}))
    assert careless.fetch(server.url()) is not None
