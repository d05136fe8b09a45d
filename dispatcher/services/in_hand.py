"""Who has a request in hand, what colleagues tell each other about it, and who looks at it."""

import uuid
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dispatcher.domain import calendar
from dispatcher.domain.desk import in_hand
from dispatcher.domain.errors import InHandError, InvalidError, NotFoundError
from dispatcher.domain.events import RequestHanded, RequestNoted
from dispatcher.domain.roles import Account, Role
from dispatcher.services.commands import WriteNote
from dispatcher.services.house import House
from dispatcher.services.requests import lock_request
from dispatcher.storage.accounts import User
from dispatcher.storage.columns import table_of
from dispatcher.storage.desk import RequestNote, RequestViewer
from dispatcher.storage.requests import CareRequest

FORGOTTEN_AFTER = timedelta(hours=1)
"""Who looked at a request this long ago is not remembered."""

_VIEWERS = table_of(RequestViewer)
_ON_VIEWERS = {
    dialect.__name__.rpartition(".")[2]: dialect.insert(_VIEWERS)
    for dialect in (postgresql, sqlite)
}
_SEEN = {
    name: statement.on_conflict_do_update(
        index_elements=["request_id", "user_id"], set_={"seen_at": statement.excluded.seen_at}
    )
    for name, statement in _ON_VIEWERS.items()
}
_FORGET = delete(_VIEWERS).where(_VIEWERS.c.seen_at < bindparam("before"))


def hand_request(
    house: House, account: Account, request_id: UUID, to: UUID | None, instead_of: UUID | None
) -> None:
    """Give the request to a regulator of the territory, or back to all with None.

    `instead_of` is who had it, as the page showed. Raises InHandError where somebody else has
    taken it meanwhile, InvalidError on `to`, NotFoundError.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        request = lock_request(unit, request_id)
        _stand_aside(house, unit.session, account, request, instead_of)
        if to is not None and not _is_regulator(unit.session, account.territory_id, to):
            raise InvalidError({"to": "Choisissez un collègue de la liste."})
        if in_hand(request.in_hand_of, request.in_hand_since, unit.now) == to:
            return
        request.in_hand_of = to
        request.in_hand_since = None if to is None else unit.now
        request.updated_at = unit.now
        unit.record(RequestHanded(request_id=request_id, user_id=to))


def heed_colleague(house: House, account: Account, request_id: UUID, known: UUID | None) -> None:
    """Refuse to act on a request that a colleague has taken in hand since the page was shown.

    `known` is who had it then. Raises InHandError, NotFoundError.
    """
    with house.db.reading() as session:
        request = session.scalars(
            select(CareRequest).where(
                CareRequest.id == request_id, CareRequest.territory_id == account.territory_id
            )
        ).one_or_none()
        if request is None:
            raise NotFoundError
        _stand_aside(house, session, account, request, known)


def note_request(house: House, account: Account, request_id: UUID, note: WriteNote) -> None:
    """Leave words for colleagues beside the request. Raises NotFoundError."""
    with house.db.transaction(account.territory_id, account.actor) as unit:
        request = lock_request(unit, request_id)
        note_id = uuid.uuid4()
        unit.session.add(
            RequestNote(
                id=note_id,
                territory_id=unit.territory_id,
                request_id=request_id,
                author_id=account.user_id,
                written_at=unit.now,
                text=unit.cipher.seal("request_notes.text", note_id, note.text),
            )
        )
        request.updated_at = unit.now
        unit.record(RequestNoted(request_id=request_id, note_id=note_id))


def see_request(house: House, account: Account, request_id: UUID) -> None:
    """Remember that the account's browser shows the request now. Raises UnavailableError.

    It is no act of theirs, so nothing is logged.
    """
    with house.db.writing() as session:
        now = house.clock()
        session.execute(
            _SEEN[session.get_bind().dialect.name],
            {"request_id": request_id, "user_id": account.user_id, "seen_at": now},
        )
        session.execute(_FORGET, {"before": now - FORGOTTEN_AFTER})


def _stand_aside(
    house: House, session: Session, account: Account, request: CareRequest, known: UUID | None
) -> None:
    now = house.clock()
    holder = in_hand(request.in_hand_of, request.in_hand_since, now)
    if holder is None or holder in {account.user_id, known} or request.in_hand_since is None:
        return
    name = session.scalars(select(User.display_name).where(User.id == holder)).one()
    since = calendar.relative_day_and_hour(request.in_hand_since, now, ZoneInfo(account.timezone))
    raise InHandError(name, since)


def _is_regulator(session: Session, territory_id: UUID, user_id: UUID) -> bool:
    found = session.scalar(
        select(User.id).where(
            User.id == user_id,
            User.territory_id == territory_id,
            User.role == Role.REGULATOR.value,
            User.active,
        )
    )
    return found is not None
