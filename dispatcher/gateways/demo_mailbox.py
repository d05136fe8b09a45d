"""The demonstration mailbox: a small SQLite file in place of an SMTP server."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from dispatcher.gateways.demo_file import DemonstrationFile
from dispatcher.gateways.email import Attachment, OutgoingEmail

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS emails (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    email_id TEXT NOT NULL UNIQUE,
    to_address TEXT NOT NULL,
    sender_name TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    written_at TEXT NOT NULL,
    attachment_name TEXT,
    attachment_type TEXT,
    attachment BLOB
)
"""


@dataclass(frozen=True, slots=True)
class DemonstrationEmail:
    """An e-mail as its mailbox shows it."""

    number: int
    """Grows with each e-mail that arrives."""
    to: str
    sender_name: str
    subject: str
    body: str
    written_at: datetime
    attachment_name: str | None


class DemonstrationMailbox:
    """A gateway that delivers at once, and the other end of it: everybody's mailbox."""

    def __init__(self, path: Path) -> None:
        """Make the file and its folder unless they are there."""
        self._file = DemonstrationFile(path, _SCHEMA)

    def send(self, message: OutgoingEmail) -> None:
        """Deliver an e-mail; the same `email_id` again is delivered once. No problem ever."""
        attached = message.attachment
        with self._file.connection() as connection:
            connection.execute(
                "INSERT INTO emails (email_id, to_address, sender_name, subject, body, written_at,"
                " attachment_name, attachment_type, attachment)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (email_id) DO NOTHING",
                (
                    str(message.email_id),
                    message.to,
                    message.sender_name,
                    message.subject,
                    message.body,
                    message.written_at.astimezone(UTC).isoformat(timespec="milliseconds"),
                    attached and attached.name,
                    attached and attached.media_type,
                    attached and attached.content,
                ),
            )

    def emails(self, limit: int = 200) -> list[DemonstrationEmail]:
        """The latest e-mails, at most `limit`, the newest first."""
        with self._file.connection() as connection:
            rows = connection.execute(
                "SELECT id, to_address, sender_name, subject, body, written_at, attachment_name"
                " FROM emails ORDER BY id DESC LIMIT ?",
                (limit,),
            ).fetchall()
        return [
            DemonstrationEmail(
                number=row["id"],
                to=row["to_address"],
                sender_name=row["sender_name"],
                subject=row["subject"],
                body=row["body"],
                written_at=datetime.fromisoformat(row["written_at"]),
                attachment_name=row["attachment_name"],
            )
            for row in rows
        ]

    def attachment(self, number: int) -> Attachment | None:
        """The file that came with an e-mail, if one did."""
        with self._file.connection() as connection:
            row = connection.execute(
                "SELECT attachment_name, attachment_type, attachment FROM emails"
                " WHERE id = ? AND attachment IS NOT NULL",
                (number,),
            ).fetchone()
        if row is None:
            return None
        return Attachment(row["attachment_name"], row["attachment_type"], row["attachment"])
