"""No person gets into the logs, whoever writes them."""

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from config.logging import (
    MASK,
    configure,
    get_logger,
    is_private,
    remember,
    remembered,
    without_phones,
)

PHONES = [
    "06 39 98 12 34",
    "0639981234",
    "06.39.98.12.34",
    "06-39-98-12-34",
    "06\u00a039\u00a098\u00a012\u00a034",
    "06\u202f39\u202f98\u202f12\u202f34",
    "(06) 39 98 12 34",
    "+33639981234",
    "+33 6 39 98 12 34",
    "+33 (0)6 39 98 12 34",
    "0033 6 39 98 12 34",
    "33639981234",
    "%2B33639981234",
    "+262692123456",
    "262692123456",
    "+41 79 123 45 67",
    "+1-212-555-0123",
    "01 99 00 12 34",
]

NOT_PHONES = [
    "2026-11-23T14:30:00.123456+01:00",
    "3f8a1c52-0b1d-4c9e-9a55-061234567890",
    "06123456-0789-4123-8456-123456789012",
    "SM0639981234abcdef0639981234abcdef",
    "39300",
    "10003456789",
    "1763800000.123",
    "4821",
    "HTTP/1.1",
    "0.000123456",
]


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    written = io.StringIO()
    configure("INFO", written)
    yield written
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


def last(written: io.StringIO) -> dict[str, object]:
    line: dict[str, object] = json.loads(written.getvalue().splitlines()[-1])
    return line


@pytest.mark.parametrize("phone", PHONES)
def test_a_telephone_number_is_masked_in_any_shape(phone: str) -> None:
    masked = without_phones(f"sent to {phone}, twice")

    assert MASK in masked
    assert not any(digits in masked for digits in ("98", "123", "692", "212", "99"))
    assert masked.endswith(", twice")


@pytest.mark.parametrize("text", NOT_PHONES)
def test_an_instant_an_id_and_a_postcode_are_left(text: str) -> None:
    assert without_phones(f"a {text} b") == f"a {text} b"


def test_a_line_is_json_with_its_level_and_its_instant(lines: io.StringIO) -> None:
    get_logger("dispatcher.tests").info("request opened", request="4821", tries=2)

    line = last(lines)
    assert line["event"] == "request opened"
    assert line["level"] == "info"
    assert line["logger"] == "dispatcher.tests"
    assert line["request"] == "4821"
    assert line["tries"] == 2
    assert str(line["at"]).endswith("Z")


def test_fields_named_like_people_are_masked_at_any_depth(lines: io.StringIO) -> None:
    get_logger("t").warning(
        "odd request",
        last_name="Perrin",
        patient={"first_name": "Ana"},
        held=[{"to": "+33639981234", "segments": 2}],
        message_body="RDV lundi",
        job_name="send_message",
    )

    line = last(lines)
    assert line["last_name"] == line["patient"] == line["message_body"] == MASK
    assert line["held"] == [{"to": MASK, "segments": 2}]
    assert line["job_name"] == "send_message"
    assert not {"Perrin", "Ana", "lundi"} & set(lines.getvalue().replace('"', " ").split())


def test_what_a_library_logs_is_masked_after_its_arguments_are_put_in(lines: io.StringIO) -> None:
    logging.getLogger("some.library").error("POST To=%s Body=%s", "+33639981234", "à 0639981234")

    assert "639981234" not in lines.getvalue()
    assert last(lines)["event"] == f"POST To={MASK} Body=à {MASK}"


def test_a_traceback_is_masked_with_the_values_a_database_repeats(lines: io.StringIO) -> None:
    failure = ValueError(
        "UNIQUE constraint failed: patients.phone\n"
        "[SQL: INSERT INTO patients (last_name) VALUES (?)]\n"
        "[parameters: ('Perrin', '0639981234')]\n"
        "DETAIL:  Key (last_name)=(Perrin) already exists."
    )
    try:
        raise failure
    except ValueError:
        get_logger("t").exception("booking failed")

    assert "Perrin" not in lines.getvalue()
    assert "0639981234" not in lines.getvalue()
    assert "UNIQUE constraint failed" in str(last(lines)["exception"])


def test_the_guard_sees_what_it_has_to_mask(lines: io.StringIO) -> None:
    """The companion: without the redaction the planted values would stand in the line."""
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter)
    handler.formatter.processors = [
        step for step in handler.formatter.processors if "redact" not in repr(step)
    ]

    get_logger("t").info("odd", last_name="Perrin", text="06 39 98 12 34")

    assert "Perrin" in lines.getvalue()
    assert "06 39 98 12 34" in lines.getvalue()


def test_ids_are_on_every_line_until_others_are_remembered(lines: io.StringIO) -> None:
    remember(request_id="r-1")
    get_logger("t").info("first")
    logging.getLogger("some.library").warning("second")
    assert [json.loads(line)["request_id"] for line in lines.getvalue().splitlines()] == ["r-1"] * 2
    assert remembered("request_id") == "r-1"

    remember(job_id="j-1")
    get_logger("t").info("third")

    assert "request_id" not in last(lines)
    assert last(lines)["job_id"] == "j-1"
    assert remembered("request_id") is None


def test_logs_go_to_the_standard_error_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        configure("WARNING")
        handler = root.handlers[0]
        assert isinstance(handler, logging.StreamHandler)
        assert handler.stream is sys.stderr
        assert root.level == logging.WARNING
    finally:
        root.handlers[:], level = before
        root.setLevel(level)
        structlog.reset_defaults()


@pytest.mark.parametrize(
    ("field", "private"),
    [
        ("Phone", True),
        ("from-", True),
        ("api_token", True),
        ("queue_name", False),
        ("request_id", False),
        ("segments", False),
    ],
)
def test_a_field_is_private_by_its_name(field: str, private: bool) -> None:  # noqa: FBT001
    assert is_private(field) is private
