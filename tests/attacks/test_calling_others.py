"""Whoever gives the address of their agenda cannot have our server call its neighbours."""

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.gateways.agendas import (
    AgendaNotFetchedError,
    HttpAgendas,
    is_public,
    normal_url,
    resolved,
)
from tests.fakes.agenda_server import AgendaServer, redirect

SOME = settings(max_examples=200, deadline=None, derandomize=True)
INSIDE = (
    ipaddress.IPv4Network("10.0.0.0/8"),
    ipaddress.IPv4Network("127.0.0.0/8"),
    ipaddress.IPv4Network("169.254.0.0/16"),
    ipaddress.IPv4Network("172.16.0.0/12"),
    ipaddress.IPv4Network("192.168.0.0/16"),
)
SPELLINGS = (
    "http://127.0.0.1:{port}/", "http://127.1:{port}/", "http://2130706433:{port}/",
    "http://0x7f000001:{port}/", "http://0177.0.0.1:{port}/", "http://0:{port}/",
    "http://[::1]:{port}/", "http://[::ffff:127.0.0.1]:{port}/", "http://[::ffff:7f00:1]:{port}/",
    "http://[0:0:0:0:0:0:0:1]:{port}/", "http://localhost:{port}/", "http://LOCALHOST.:{port}/",
    "http://93.184.216.34@127.0.0.1:{port}/", "http://127.0.0.1#@93.184.216.34:{port}/",
    "http://127.0.0.1%2f@93.184.216.34:{port}/", "http://[::1%25lo]:{port}/",
    "gopher://127.0.0.1:{port}/_GET", "file:///etc/passwd", "ftp://127.0.0.1:{port}/",
    "dict://127.0.0.1:{port}/", "webcal://127.0.0.1:{port}/", "http://\u2460\u2461\u2466.0.0.1:{port}/",
)  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_our_own_machine_is_not_called_however_it_is_written(spelling: str) -> None:
    with AgendaServer() as server:
        server.files["/"] = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
        # every port allowed: what refuses is the address alone
        source = HttpAgendas(ports=frozenset({server.port, 80, 443}))
        with pytest.raises(AgendaNotFetchedError):
            source.fetch(spelling.format(port=server.port))
        assert server.asked == []


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_nor_by_a_redirection(spelling: str) -> None:
    with AgendaServer() as server, AgendaServer() as inside:
        inside.files["/"] = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
        server.files["/a"] = redirect(spelling.format(port=inside.port))
        source = HttpAgendas(
            allows=is_public_but_named,
            resolve=lambda host, port: resolved(
                "127.0.0.1" if host == "agenda.example" else host, port
            ),
            ports=frozenset({server.port, inside.port}),
        )
        with pytest.raises(AgendaNotFetchedError):
            source.fetch(f"http://agenda.example:{server.port}/a")
        assert inside.asked == []


_first = {"named": True}


def is_public_but_named(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """The test's server passes once for a public one; what it leads to is judged as it is."""
    return _first.pop("named", False) or is_public(address)


@pytest.fixture(autouse=True)
def once_more() -> None:
    _first["named"] = True


@SOME
@given(
    st.sampled_from(INSIDE).flatmap(
        lambda net: st.integers(0, net.num_addresses - 1).map(net.__getitem__)
    )
)
def test_no_private_address_is_public_in_any_of_its_forms(address: ipaddress.IPv4Address) -> None:
    assert not is_public(address)
    number = int(address)
    for within in (
        ipaddress.IPv6Address((0xFFFF << 32) | number),
        ipaddress.IPv6Address((0x0064FF9B << 96) | number),
        ipaddress.IPv6Address((0x2002 << 112) | (number << 80)),
        ipaddress.IPv6Address(number),
    ):
        assert not is_public(within), within


@SOME
@given(st.text(max_size=60))
def test_any_text_is_an_address_or_told_to_be_none(text: str) -> None:
    for wish in (text, f"http://{text}/", f"https://agenda.example/{text}", f"webcal://{text}"):
        try:
            url = normal_url(wish)
        except AgendaNotFetchedError:
            continue
        assert url.startswith(("http://", "https://"))
        assert url.isascii()
        assert "\r" not in url
        assert "\n" not in url
