"""What the database holds, to see that a refused call changed nothing."""

from sqlalchemy import func, select

from dispatcher.services.house import House
from dispatcher.storage.columns import Record


def rows(house: House) -> dict[str, int]:
    """How many rows each table has."""
    with house.db.reading() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Record.metadata.sorted_tables
        }
