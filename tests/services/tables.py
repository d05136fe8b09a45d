"""What the tables hold, for tests that compare before and after."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from dispatcher.services.house import House
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.messages import Message
from dispatcher.storage.models import METADATA
from dispatcher.storage.promises import Promise


def row_counts(house: House) -> dict[str, int]:
    """How many rows each table has: the same before and after a refusal."""
    with house.db.reading() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in METADATA.sorted_tables
        }


def events(house: House, request_id: UUID | None = None) -> list[tuple[str, dict[str, Any]]]:
    """Kind and data of the log's events, of one request or all, in order."""
    query = select(LoggedEvent.kind, LoggedEvent.data).order_by(LoggedEvent.id)
    if request_id is not None:
        query = query.where(LoggedEvent.request_id == request_id)
    with house.db.reading() as session:
        return [(kind, data) for kind, data in session.execute(query)]


def kinds(house: House, request_id: UUID | None = None) -> list[str]:
    return [kind for kind, _ in events(house, request_id)]


def promises(house: House, job: str) -> list[Promise]:
    """The promises of a job that are still owed, the earliest due first."""
    with house.db.reading() as session:
        return list(
            session.scalars(
                select(Promise)
                .where(Promise.job == job, Promise.done_at.is_(None), Promise.dead_at.is_(None))
                .order_by(Promise.due_at, Promise.id)
            )
        )


def messages(house: House, kind: str | None = None) -> list[Message]:
    """The SMS written or received, in order."""
    query = select(Message).order_by(Message.created_at, Message.kind)
    if kind is not None:
        query = query.where(Message.kind == kind)
    with house.db.reading() as session:
        return list(session.scalars(query))


def text_of(house: House, message: Message) -> str:
    return house.db.cipher.open("messages.body", message.id, message.body)
