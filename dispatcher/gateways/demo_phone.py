"""The demonstration telephone: a small SQLite file in place of Twilio."""

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, TypedDict
from uuid import uuid4

from dispatcher.domain.messages import MessageStatus
from dispatcher.gateways.demo_file import DemonstrationFile
from dispatcher.gateways.sms import Accepted, Found, OutgoingSms

DEMONSTRATION_NUMBER: Final = "+33639989999"
"""The number the territories' SMS come from, in Arcep's range for fiction."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sid TEXT NOT NULL UNIQUE,
    message_id TEXT UNIQUE,
    direction TEXT NOT NULL CHECK (direction IN ('out', 'in')),
    to_number TEXT NOT NULL,
    from_number TEXT NOT NULL,
    body TEXT NOT NULL,
    at TEXT NOT NULL,
    status TEXT NOT NULL
)
"""

DemonstrationSms = TypedDict(
    "DemonstrationSms",
    {
        "id": int,
        "direction": Literal["out", "in"],
        "to": str,
        "from": str,
        "body": str,
        "at": str,
        "status": str,
    },
)
"""One line of `GET /demo/messages.json`; `at` is ISO 8601 in UTC."""


class DemonstrationTelephone:
    """A gateway that delivers at once, and the other end of it: the telephones' screens."""

    def __init__(
        self,
        path: Path,
        *,
        number: str = DEMONSTRATION_NUMBER,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Make the file and its folder unless they are there. `now` gives aware instants."""
        self._file = DemonstrationFile(path, _SCHEMA)
        self._number = number
        self._now = now

    def send(self, message: OutgoingSms) -> Accepted:
        """Deliver a message; the same `message_id` again is delivered once, and answers the same.

        Never raises a problem of `gateways.sms`: this network has no faults.
        """
        with self._file.connection() as connection:
            row = connection.execute(
                "INSERT INTO messages"
                " (sid, message_id, direction, to_number, from_number, body, at, status)"
                " VALUES (?, ?, 'out', ?, ?, ?, ?, ?)"
                # An update that changes nothing, because DO NOTHING would return nothing.
                " ON CONFLICT (message_id) DO UPDATE SET message_id = excluded.message_id"
                " RETURNING sid, status",
                (
                    _new_sid(),
                    str(message.message_id),
                    message.to,
                    self._number,
                    message.body,
                    self._instant(),
                    MessageStatus.DELIVERED,
                ),
            ).fetchone()
        return Accepted(row["sid"], MessageStatus(row["status"]))

    def sender_of(self, territory_code: str) -> str:  # noqa: ARG002 - one telephone shows them all
        """See `SmsGateway.sender_of`."""
        return "demonstration"

    def find(
        self,
        message: OutgoingSms,
        since: datetime,  # noqa: ARG002 - this telephone knows our own ids: it needs no clue
        known_sids: Collection[str] = (),  # noqa: ARG002 - the same
    ) -> Found | None:
        """See `SmsGateway.find`: here by our own id, which settles it."""
        with self._file.connection() as connection:
            row = connection.execute(
                "SELECT sid, status FROM messages WHERE message_id = ?", (str(message.message_id),)
            ).fetchone()
        return Found(row["sid"], MessageStatus(row["status"])) if row else None

    def receive(self, from_: str, to: str, body: str) -> str:
        """Note an SMS that a telephone sends to us; returns the sid of the message received."""
        sid = _new_sid()
        with self._file.connection() as connection:
            connection.execute(
                "INSERT INTO messages (sid, direction, to_number, from_number, body, at, status)"
                " VALUES (?, 'in', ?, ?, ?, ?, 'received')",
                (sid, to, from_, body, self._instant()),
            )
        return sid

    def messages(self, limit: int = 200) -> list[DemonstrationSms]:
        """The latest messages, at most `limit`, in the order in which they came."""
        with self._file.connection() as connection:
            rows = connection.execute(
                "SELECT id, direction, to_number, from_number, body, at, status FROM messages"
                " ORDER BY id DESC LIMIT ?",
                (limit,),
            ).fetchall()
        return [
            {
                "id": row["id"],
                "direction": row["direction"],
                "to": row["to_number"],
                "from": row["from_number"],
                "body": row["body"],
                "at": row["at"],
                "status": row["status"],
            }
            for row in reversed(rows)
        ]

    def _instant(self) -> str:
        return self._now().astimezone(UTC).isoformat(timespec="milliseconds")


def _new_sid() -> str:
    return f"SM{uuid4().hex}"
