"""Files that come from outside: agendas, extracts of the directory, contracts."""

import contextlib
import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.agreements import DIRECTORY
from dispatcher.domain.agendas.reading import AgendaUnreadableError, read_agenda
from dispatcher.domain.directory.extract import Tally, Wanted, read_extract
from dispatcher.domain.directory.header import HeaderError
from dispatcher.services.contract_files import ContractFileError, read_contract
from dispatcher.services.directory_files import NotAnExtractError, opened_extract
from tests.fakes.rpps_extract import cells, extract, line

SOME = settings(max_examples=80, deadline=None, derandomize=True)
PARIS = ZoneInfo("Europe/Paris")
FIRST, LAST = datetime(2026, 10, 20, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)
NAMES = (
    "BEGIN", "END", "DTSTART", "DTEND", "DURATION", "RRULE", "EXDATE", "RDATE", "RECURRENCE-ID",
    "UID", "SUMMARY", "STATUS", "TRANSP", "DTSTART;TZID=Europe/Paris", "DTSTART;TZID=../../x",
    "DTSTART;VALUE=DATE", "TZID", "ATTACH;ENCODING=BASE64", "X",
)  # fmt: skip
VALUES = (
    "VEVENT", "VCALENDAR", "VTIMEZONE", "VALARM", "20261021T080000Z", "20261021",
    "99991231T235959Z",
    "00010101T000000", "20261325T250000", "PT30M", "-P1D", "P999999999W", "FREQ=SECONDLY",
    "FREQ=SECONDLY;COUNT=999999999", "FREQ=YEARLY;BYEASTER=1", "FREQ=DAILY;INTERVAL=0", "CONFIRMED",
    "TRANSPARENT", "file:///etc/passwd", "=1+1", "\\n\\,;:", "",
)  # fmt: skip
LINES = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)).map(":".join),
        st.text(max_size=30),
    ),
    max_size=14,
)
EXAMPLE = (DIRECTORY / "examples" / "acces-aux-soins.toml").read_text("utf-8")
EXTRACT = extract(line(cells(7)), line(cells(8))).getvalue()


def spoiled(whole: bytes) -> st.SearchStrategy[bytes]:
    """The file with a piece of it replaced by anything."""
    return st.tuples(st.integers(0, len(whole)), st.integers(0, 60), st.binary(max_size=40)).map(
        lambda cut: whole[: cut[0]] + cut[2] + whole[cut[0] + cut[1] :]
    )


@SOME
@given(LINES)
def test_any_agenda_is_read_or_refused(lines: list[str]) -> None:
    inside = "\r\n".join(lines)
    for text in (
        inside,
        f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{inside}\r\nEND:VEVENT\r\nEND:VCALENDAR",
    ):
        with contextlib.suppress(AgendaUnreadableError):
            found = read_agenda(text.encode(), PARIS, FIRST, LAST, "snp")
            assert all(span.start < span.end for span in found.busy)


@SOME
@given(st.binary(max_size=200))
def test_bytes_that_are_no_agenda_are_refused(content: bytes) -> None:
    with contextlib.suppress(AgendaUnreadableError):
        read_agenda(content, PARIS, FIRST, LAST, "")


@SOME
@given(spoiled(EXTRACT))
def test_any_extract_is_read_or_refused(content: bytes) -> None:
    communes = frozenset({"39300"})
    with contextlib.suppress(HeaderError):
        list(
            read_extract(
                io.BytesIO(content), Wanted(communes, frozenset({"10"}), communes), Tally()
            )
        )


def zipped(members: list[tuple[str, bytes]]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


@SOME
@given(st.one_of(st.binary(max_size=100), spoiled(zipped([("extrait.txt", EXTRACT)]))))
def test_any_archive_is_opened_or_refused(content: bytes) -> None:
    with contextlib.suppress(NotAnExtractError), opened_extract(io.BytesIO(content)) as found:
        while found.stream.read(1 << 16):
            pass


@SOME
@given(spoiled(EXAMPLE.encode()))
def test_any_contract_is_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(ContractFileError):
        read_contract(content.decode("utf-8", "replace"))


@pytest.mark.parametrize(
    "broken", [b"", b"\0", b"PK\x03\x04", zipped([]), zipped([("../../etc/passwd", b"x")])]
)
def test_what_is_no_archive_never_leads_out_of_its_folder(broken: bytes) -> None:
    with contextlib.suppress(NotAnExtractError), opened_extract(io.BytesIO(broken)):
        pass


def test_a_reader_that_breaks_would_be_seen() -> None:
    """The companion: a reader that lets one error through fails the property."""

    def careless(text: str) -> int:
        return len(text) // text.count("VEVENT")

    def property_of(read: Callable[[str], int]) -> Callable[[], None]:
        @SOME
        @given(LINES)
        def holds(lines: list[str]) -> None:
            read("\r\n".join(lines))

        return holds

    with pytest.raises(ZeroDivisionError):
        property_of(careless)()
