"""An iCalendar file is read as its owner means it; what cannot be read is told with its line."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain.agendas.reading import (
    AgendaReading,
    AgendaUnreadableError,
    Fault,
    Span,
    read_agenda,
)

PARIS, REUNION = ZoneInfo("Europe/Paris"), ZoneInfo("Indian/Reunion")
FIRST = datetime(2026, 10, 20, tzinfo=UTC)
LAST = datetime(2026, 11, 20, tzinfo=UTC)


def event(*lines: str) -> str:
    return "".join(f"{line}\r\n" for line in ("BEGIN:VEVENT", *lines, "END:VEVENT"))


def file_of(*events: str) -> bytes:
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//essai//FR\r\n"
    return (head + "".join(events) + "END:VCALENDAR\r\n").encode()


def read(*events: str, zone: ZoneInfo = PARIS, word: str = "") -> AgendaReading:
    return read_agenda(file_of(*events), zone, FIRST, LAST, word)


def span(start: str, end: str) -> Span:
    """« 10-21 08:00 » of 2026, UTC."""
    first, last = (
        datetime.strptime(f"2026-{moment}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
        for moment in (start, end)
    )
    return Span(first, last)


@pytest.mark.parametrize(
    ("lines", "zone", "busy"),
    [
        # an instant in UTC
        (["DTSTART:20261021T080000Z", "DTEND:20261021T083000Z"],
         PARIS, ("10-21 08:00", "10-21 08:30")),
        # wall time in a zone: summer time until 25 October
        (["DTSTART;TZID=Europe/Paris:20261021T100000", "DURATION:PT30M"],
         REUNION, ("10-21 08:00", "10-21 08:30")),
        # the zone's name as Outlook writes it; winter time
        (["DTSTART;TZID=Romance Standard Time:20261028T100000", "DURATION:PT30M"],
         REUNION, ("10-28 09:00", "10-28 09:30")),
        # no zone: the territory's
        (["DTSTART:20261028T100000", "DTEND:20261028T110000"],
         REUNION, ("10-28 06:00", "10-28 07:00")),
        # a whole day, from local midnight to local midnight; the day of the change has 25 hours
        (["DTSTART;VALUE=DATE:20261025"], PARIS, ("10-24 22:00", "10-25 23:00")),
        (["DTSTART;VALUE=DATE:20261025", "DTEND;VALUE=DATE:20261027"],
         REUNION, ("10-24 20:00", "10-26 20:00")),
    ],
)  # fmt: skip
def test_hours_are_read_in_their_zone(
    lines: list[str], zone: ZoneInfo, busy: tuple[str, str]
) -> None:
    found = read(event("UID:1", *lines), zone=zone)
    assert found.busy == (span(*busy),)
    assert found.findings == ()


@pytest.mark.parametrize(
    "line",
    [
        "STATUS:CANCELLED",
        "TRANSP:TRANSPARENT",
        "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
        "UID:5b1c@rendez-vous.invalid",
        "DTEND:20261021T080000Z",
        "DURATION:PT0S",
    ],
)
def test_what_keeps_nobody_busy_does_not_count(line: str) -> None:
    other = "DTEND:20261021T090000Z"
    lines = ["DTSTART:20261021T080000Z", line]
    if not line.startswith(("DTEND", "DURATION")):
        lines.append(other)
    assert read(event(*lines)).busy == ()
    assert read(event("UID:1", "DTSTART:20261021T080000Z", other)).busy != ()


def test_a_weekly_event_keeps_its_wall_time_over_the_change_and_minds_its_exceptions() -> None:
    weekly = event(
        "UID:1",
        "DTSTART;TZID=Europe/Paris:20260901T140000",
        "DTEND;TZID=Europe/Paris:20260901T150000",
        "RRULE:FREQ=WEEKLY;BYDAY=TU",
        "EXDATE;TZID=Europe/Paris:20261103T140000",
    )
    moved = event(
        "UID:1",
        "RECURRENCE-ID;TZID=Europe/Paris:20261110T140000",
        "DTSTART;TZID=Europe/Paris:20261112T090000",
        "DTEND;TZID=Europe/Paris:20261112T100000",
    )
    assert read(weekly, moved).busy == (
        span("10-20 12:00", "10-20 13:00"),
        span("10-27 13:00", "10-27 14:00"),
        span("11-12 08:00", "11-12 09:00"),
        span("11-17 13:00", "11-17 14:00"),
    )


def test_hours_that_touch_or_overlap_are_one() -> None:
    found = read(
        event("UID:1", "DTSTART:20261021T090000Z", "DTEND:20261021T100000Z"),
        event("UID:2", "DTSTART:20261021T080000Z", "DTEND:20261021T090000Z"),
        event("UID:3", "DTSTART:20261021T093000Z", "DTEND:20261021T094500Z"),
        event("UID:4", "DTSTART:20261021T110000Z", "DTEND:20261021T120000Z"),
    )
    assert found.busy == (span("10-21 08:00", "10-21 10:00"), span("10-21 11:00", "10-21 12:00"))


def test_an_event_with_the_agreed_word_is_offered_whatever_its_case_and_accents() -> None:
    found = read(
        event("UID:1", "SUMMARY:SNP dédié", "DTSTART:20261021T080000Z", "DTEND:20261021T090000Z"),
        event("UID:2", "SUMMARY:Réunion", "DTSTART:20261021T100000Z", "DTEND:20261021T110000Z"),
        word="snp DEDIE",
    )
    assert [each.span for each in found.offered] == [span("10-21 08:00", "10-21 09:00")]
    assert found.busy == (span("10-21 10:00", "10-21 11:00"),)
    key = found.offered[0].key
    again = event(
        "UID:1", "SUMMARY:snp dédié", "DTSTART:20261021T080000Z", "DTEND:20261021T090000Z"
    )
    assert read(again, word="SNP dédié").offered[0].key == key
    longer = again.replace("T090000Z", "T093000Z")
    assert read(longer, word="SNP dédié").offered[0].key != key


@pytest.mark.parametrize(
    ("lines", "fault", "counts"),
    [
        (["DTSTART:2026-10-21", "DTEND:20261021T090000Z"], Fault.EVENT_UNREADABLE, False),
        (["DTSTART:20261021T080000Z", "DTEND:demain"], Fault.EVENT_UNREADABLE, False),
        (["DTSTART:20261021T080000Z", "DURATION:PT30M", "RRULE:FREQ=QUOTIDIEN"],
         Fault.EVENT_UNREADABLE, False),
        (["DTEND:20261021T090000Z"], Fault.NO_START, False),
        (["DTSTART:20261021T080000Z", "DTEND:20261021T070000Z"], Fault.ENDS_BEFORE_START, False),
        (["DTSTART:20261021T080000Z", "DTEND;VALUE=DATE:20261022"], Fault.ENDS_BEFORE_START, False),
        (["DTSTART;TZID=Europe/Lons:20261021T100000", "DURATION:PT30M"], Fault.ZONE_UNKNOWN, True),
        (["DTSTART:20261021T080000Z", "DURATION:PT30M", "RRULE:FREQ=SECONDLY"],
         Fault.RULE_TOO_DENSE, True),
        (["DTSTART:20261021T080000Z", "DURATION:PT30M", "RRULE:FREQ=HOURLY;BYMINUTE=0,15,30,45"],
         Fault.RULE_TOO_DENSE, True),
    ],
)  # fmt: skip
def test_an_event_that_cannot_be_read_is_told_with_its_line_and_the_others_count(
    lines: list[str], fault: Fault, *, counts: bool
) -> None:
    good = event("UID:2", "DTSTART:20261022T080000Z", "DTEND:20261022T090000Z")
    found = read(good, event("UID:1", *lines), good.replace("20261022", "20261023"))
    # three lines of the file, then the five of the first event
    assert [(each.fault, each.line) for each in found.findings] == [(fault, 9)]
    others = (span("10-22 08:00", "10-22 09:00"), span("10-23 08:00", "10-23 09:00"))
    mine = (span("10-21 08:00", "10-21 08:30"),) if counts else ()
    assert found.busy == (*mine, *others)


@pytest.mark.parametrize(
    ("content", "fault", "line"),
    [
        (b"", Fault.NOT_A_CALENDAR, 1),
        (b"<!doctype html><html><body>Connectez-vous</body></html>", Fault.NOT_A_CALENDAR, 1),
        (b"\xff\xfe\x00", Fault.NOT_A_CALENDAR, 1),
        (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n", Fault.CUT_OFF, 3),
        (b"BEGIN:VCALENDAR\r\nsans deux-points\r\nEND:VCALENDAR\r\n", Fault.LINE_UNREADABLE, 2),
        (b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", Fault.LINE_UNREADABLE, 2),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n", Fault.LINE_UNREADABLE, 3),
    ],
)
def test_a_file_that_is_no_calendar_is_refused_with_the_line(
    content: bytes, fault: Fault, line: int
) -> None:
    with pytest.raises(AgendaUnreadableError) as refused:
        read_agenda(content, PARIS, FIRST, LAST)
    assert (refused.value.finding.fault, refused.value.finding.line) == (fault, line)


def test_more_occurrences_than_anybody_has_are_refused() -> None:
    every_half_hour = event(
        "UID:1", "DTSTART:20200101T000000Z", "DURATION:PT5M", "RRULE:FREQ=HOURLY;BYMINUTE=0,30"
    )
    many = [every_half_hour.replace("UID:1", f"UID:{number}") for number in range(4)]
    assert read(*many[:2]).busy
    with pytest.raises(AgendaUnreadableError) as refused:
        read_agenda(file_of(*many), PARIS, FIRST, FIRST + timedelta(days=31))
    assert refused.value.finding.fault is Fault.TOO_MANY


@given(
    st.lists(
        st.tuples(st.integers(0, 40 * 24 * 4), st.integers(1, 40)),
        max_size=30,
    )
)
def test_busy_time_is_in_order_apart_and_covers_every_event(events: list[tuple[int, int]]) -> None:
    quarter = timedelta(minutes=15)
    begin = FIRST - timedelta(days=3)
    spans = [
        Span(begin + start * quarter, begin + (start + length) * quarter)
        for start, length in events
    ]
    written = [
        event(
            f"UID:{n}", f"DTSTART:{each.start:%Y%m%dT%H%M%SZ}", f"DTEND:{each.end:%Y%m%dT%H%M%SZ}"
        )
        for n, each in enumerate(spans)
    ]
    busy = read(*written).busy
    assert all(before.end < after.start for before, after in pairwise(busy))
    shown = [each for each in spans if each.end > FIRST and each.start < LAST]
    for each in shown:
        assert any(one.start <= each.start and each.end <= one.end for one in busy)
    for one in busy:
        moments = [one.start + n * quarter for n in range((one.end - one.start) // quarter)]
        assert all(any(each.start <= now < each.end for each in shown) for now in moments)


@given(st.binary(max_size=400))
def test_whatever_comes_is_read_or_refused(noise: bytes) -> None:
    for content in (noise, b"BEGIN:VCALENDAR\r\n" + noise + b"\r\nEND:VCALENDAR\r\n"):
        with suppress(AgendaUnreadableError):
            read_agenda(content, PARIS, FIRST, LAST)
