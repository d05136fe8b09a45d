"""Agendas in memory, linked and read as a worker would."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select

from dispatcher.domain.events import Event
from dispatcher.domain.roles import Account
from dispatcher.reads.agenda import own_places
from dispatcher.services.agendas import add_agenda, read_now
from dispatcher.services.commands import AddAgenda
from dispatcher.services.house import House
from dispatcher.storage.agendas import AgendaFeed
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.slots import Slot
from tests.builders import Volunteer
from tests.houses import keep_promises

URL = "https://agenda.example/secret-4711.ics"


def agenda(*events: tuple[datetime, datetime] | tuple[datetime, datetime, str]) -> bytes:
    """A file with these events: start, end, perhaps a title."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//essai//FR"]
    for number, (start, end, *title) in enumerate(events):
        lines += ["BEGIN:VEVENT", f"UID:{number}"]
        lines += [f"SUMMARY:{text}" for text in title]
        lines += [
            f"{name}:{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
            for name, moment in (("DTSTART", start), ("DTEND", end))
        ]
        lines.append("END:VEVENT")
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def linked(house: House, practice: Account, **changes: object) -> UUID:
    feed_id = add_agenda(house, practice, AddAgenda.model_validate({"url": URL} | changes))
    keep_promises(house)
    return feed_id


def a_volunteer(house: House, practice: Account) -> Volunteer:
    """The practitioner behind an account."""
    assert practice.practitioner_id is not None
    (place,) = own_places(house.db, practice)
    return Volunteer(practice.practitioner_id, place.id, "")


def read_again(house: House, practice: Account, feed_id: UUID) -> None:
    read_now(house, practice, feed_id)
    keep_promises(house)


def the_feed(house: House, feed_id: UUID) -> AgendaFeed:
    with house.db.reading() as session:
        return session.get_one(AgendaFeed, feed_id)


def the_slots(house: House) -> Sequence[Slot]:
    with house.db.reading() as session:
        return session.scalars(select(Slot).order_by(Slot.start_at, Slot.published_at)).all()


def recorded(house: House, *kinds: type[Event]) -> list[str]:
    wanted = [kind.kind() for kind in kinds]
    with house.db.reading() as session:
        return list(
            session.scalars(
                select(LoggedEvent.kind)
                .where(LoggedEvent.kind.in_(wanted))
                .order_by(LoggedEvent.id)
            )
        )
