"""Telling practitioners that an agenda of theirs is not read: it closes nothing meanwhile."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from dispatcher.domain import languages
from dispatcher.domain.languages import Language
from dispatcher.domain.messages import MessageKind
from dispatcher.services.house import House
from dispatcher.services.practitioner_notices import Notice, tell_practitioners
from dispatcher.storage.agendas import AgendaFeed
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit

TOLD_AFTER = timedelta(hours=2)
"""Servers are away for some minutes; whoever has just linked an agenda sees what is wrong."""
USEFUL_FOR = timedelta(days=1)


def tell_unread(house: House, unit: Unit, feed: AgendaFeed, zone: ZoneInfo) -> None:
    """Tell the owner, once for each time that it ceased to be read."""
    since = feed.read_at or feed.created_at
    if unit.now - since < TOLD_AFTER:
        return
    practitioner = unit.session.get_one(Practitioner, feed.practitioner_id)
    notice = Notice(
        kind=MessageKind.AGENDA_UNREAD,
        practitioner_id=practitioner.id,
        phone=practitioner.phone,
        purpose=f"{MessageKind.AGENDA_UNREAD.value}:{feed.id}:{since.isoformat()}",
        values={
            "sender": unit.session.get_one(Territory, unit.territory_id).name,
            "day": languages.day(since, zone, Language.FRENCH),
            "time": languages.at(since, zone, Language.FRENCH),
            "link": f"{house.settings.public_base_url}/agenda/agendas",
        },
        expires_at=unit.now + USEFUL_FOR,
    )
    tell_practitioners(house, unit, [notice])
