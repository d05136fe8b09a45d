"""Logs: one JSON object per line on the standard error, with ids, without people.

Whatever is logged goes through `redact`, the libraries' lines included: numbers of telephones are
masked wherever they stand, and fields named like a name, a telephone or a text are masked whole.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "[masqué]"

PRIVATE_FIELDS = frozenset(
    {
        "address", "authorization", "birth_date", "birthdate", "body", "comment", "cookie",
        "cookies", "email", "family", "first_name", "from", "from_", "full_name", "given",
        "last_name", "login", "mail", "mobile", "name", "names", "note", "number", "parameters",
        "params", "password", "patient", "payload", "phone", "phones", "reason_text", "recipient",
        "secret", "sender", "sms", "telephone", "text", "to", "token", "words",
    }
)  # fmt: skip
"""Fields that hold a person, a telephone, a text or a secret: masked whole, whatever they hold."""
PRIVATE_ENDINGS = ("_body", "_key", "_name", "_note", "_password", "_phone", "_text", "_token")
PUBLIC_FIELDS = frozenset(
    {"event_name", "file_name", "func_name", "job_name", "logger_name", "process_name",
     "queue_name", "thread_name"}
)  # fmt: skip
"""What ends like a private field and is none."""

_SEPARATOR = r"[\s.\-/()\u00a0\u2009\u202f]{0,3}"
_PHONE = re.compile(
    # not in the middle of a number, a word or an identifier
    r"(?<![0-9A-Za-z])"
    r"(?:"
    # international: + or 00 (or %2B, in an address), then 8 to 15 digits
    rf"(?:\+|%2[Bb]|00){_SEPARATOR}(?:\d{_SEPARATOR}){{7,14}}\d"
    # the same without its +: France, then its overseas departments and territories
    rf"|(?:33|262|508|590|594|596|681|687|689){_SEPARATOR}\d(?:{_SEPARATOR}\d\d){{4}}"
    # national: ten digits, by twos or not
    rf"|0[1-9](?:{_SEPARATOR}\d\d){{4}}"
    r")"
    r"(?![0-9A-Za-z])"
)
# a database's complaint repeats the values it was given
_PARAMETERS = re.compile(r"\[(?:parameters|SQL parameters): .*?\](?=\n|$)", re.DOTALL)
_DETAIL = re.compile(r"(DETAIL: +(?:Key|Failing row).*?)\(.*\)", re.DOTALL)


def without_phones(text: str) -> str:
    """The text with every telephone number masked, French or international."""
    return _PHONE.sub(MASK, text)


def is_private(field: str) -> bool:
    """Does a field of this name hold a person, a telephone, a text or a secret?"""
    name = field.lower().replace("-", "_")
    return name in PRIVATE_FIELDS or (name.endswith(PRIVATE_ENDINGS) and name not in PUBLIC_FIELDS)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask what must not be kept; the last step before a line is written."""
    return {key: _masked(key, value) for key, value in event.items()}


def _masked(field: str, value: object) -> object:
    if is_private(field) and value is not None:
        return MASK
    return _without_people(value)


def _without_people(value: object) -> object:
    match value:
        case bool() | int() | float() | None:
            return value
        case Mapping():
            return {
                without_phones(str(key)): _masked(str(key), held) for key, held in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [_without_people(held) for held in value]
        case _:
            text = _PARAMETERS.sub(f"[parameters: {MASK}]", str(value))
            return without_phones(_DETAIL.sub(rf"\1{MASK}", text))


def configure(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every log of this process, structlog's and the libraries', to `stream` as JSON.

    `stream` is the standard error unless a test wants it elsewhere. Raises ValueError for a level
    that does not exist.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redact,
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("gunicorn.access", "gunicorn.error", "rq.worker", "alembic"):
        library = logging.getLogger(name)
        library.handlers[:] = []
        library.propagate = True
    # each says on every line what the line of ours says better, arguments included
    for name in ("rq.worker", "rq.job", "twilio.http_client", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module, to be called with an event and fields: `log.info("sent", id=…)`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def remember(**ids: object) -> None:
    """Put these on every line from here on, in this thread or job: request_id, job_id, promise_id.

    What was remembered before is forgotten.
    """
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**ids)


def remembered(key: str) -> str | None:
    """What is on every line under this key, to hand it on: a request's id into its promise."""
    value = structlog.contextvars.get_contextvars().get(key)
    return None if value is None else str(value)
