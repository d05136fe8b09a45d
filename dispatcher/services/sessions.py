"""Sessions: opening one, whose it is, ending one's own."""

import dataclasses
import uuid
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, delete, or_, select, update

from dispatcher.domain import sessions
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.events import SessionsEnded, UserSignedIn
from dispatcher.domain.roles import Account, Role
from dispatcher.services.accounts import OPEN, account_in, is_password
from dispatcher.services.house import House
from dispatcher.services.passwords import NOT_THE_PRESENT_ONE, password_hash_of
from dispatcher.services.second_factors import check_code
from dispatcher.storage.accounts import User
from dispatcher.storage.columns import table_of
from dispatcher.storage.delegations import Delegation
from dispatcher.storage.engines import rows_changed
from dispatcher.storage.passkeys import Passkey
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.second_factors import SecondFactor
from dispatcher.storage.sessions import UserSession
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit

STRONG = frozenset({"psc"})
"""What asks for two factors before it answers: nobody who came so has to set up ours."""
_SESSIONS = table_of(UserSession)
_FOUND = (  # asked with every page, and so built once
    OPEN.add_columns(
        UserSession.began_at,
        UserSession.seen_at,
        UserSession.proved_at,
        UserSession.is_strong,
        Territory.second_factor_roles,
        or_(
            SecondFactor.confirmed_at.is_not(None),
            select(Passkey.id).where(Passkey.user_id == User.id).exists(),
        ).label("has_factor"),
    )
    .join(UserSession, UserSession.user_id == User.id)
    .outerjoin(SecondFactor, SecondFactor.user_id == User.id)
    .where(UserSession.id == bindparam("session"), UserSession.epoch == User.session_epoch)
)
_ACTED_FOR = (
    select(Practitioner)
    .join(Delegation, Delegation.practitioner_id == Practitioner.id)
    .where(
        Delegation.user_id == bindparam("user"),
        Delegation.practitioner_id == bindparam("practitioner"),
        Delegation.ended_at.is_(None),
        Practitioner.active,
    )
)
_NOTE = (
    update(_SESSIONS)
    .where(_SESSIONS.c.id == bindparam("session"), _SESSIONS.c.seen_at < bindparam("now"))
    .values(seen_at=bindparam("now"))
)


@dataclasses.dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that holds, and who it is."""

    id: UUID
    account: Account
    is_to_be_noted: bool
    """Whether an action of its owner is due to be written down."""
    is_fresh: bool
    """Whether its owner proved who they are a short time ago."""
    must_enrol: bool
    """Whether the territory asks this role for double authentication, and there is none yet."""


def open_session(house: House, account: Account, device: str, by: str = "password") -> UUID:
    """Begin a session on a device named in words; what is left of the account's old ones goes.

    `by` is what its owner proved last: password, code, passkey or psc.
    """
    session_id = uuid.uuid4()
    with house.db.transaction(account.territory_id, account.actor) as unit:
        unit.session.execute(
            delete(_SESSIONS).where(
                _SESSIONS.c.user_id == account.user_id,
                or_(
                    _SESSIONS.c.epoch != account.session_epoch,
                    _SESSIONS.c.began_at < unit.now - sessions.LONGEST,
                    _SESSIONS.c.seen_at < unit.now - sessions.IDLE,
                ),
            )
        )
        unit.session.add(
            UserSession(
                id=session_id,
                user_id=account.user_id,
                epoch=account.session_epoch,
                device=device,
                began_at=unit.now,
                seen_at=unit.now,
                proved_at=unit.now,
                is_strong=by in STRONG,
            )
        )
        unit.record(UserSignedIn(user_id=account.user_id, by=by))
    return session_id


def session_of(house: House, session_id: UUID, acts_for: UUID | None = None) -> OpenSession | None:
    """Whose session it is; None once it has ended, in whatever way.

    A secretary's acts for the practitioner `acts_for`, as long as the delegation lasts.
    """
    with house.db.reading() as reading:
        row = reading.execute(_FOUND, {"session": session_id}).one_or_none()
        if row is None:
            return None
        now = house.clock()
        if sessions.is_over(row.began_at, row.seen_at, now):
            return None
        account = account_in(row)
        is_weak = not (row.has_factor or row.is_strong)
        must_enrol = is_weak and account.role in row.second_factor_roles
        if account.role == Role.DELEGATE and acts_for is not None:
            asked = {"user": account.user_id, "practitioner": acts_for}
            practitioner = reading.scalars(_ACTED_FOR, asked).one_or_none()
            if practitioner is not None:
                account = dataclasses.replace(
                    account,
                    role=Role.PRACTITIONER,
                    practitioner_id=practitioner.id,
                    acts_for=practitioner.display_name,
                )
    is_fresh = now - (row.proved_at or row.began_at) <= sessions.PROVED_FOR
    return OpenSession(
        session_id, account, now - row.seen_at > sessions.NOTED_EVERY, is_fresh, must_enrol
    )


def note_action(house: House, session_id: UUID) -> None:
    """Its owner did something: the session goes on from now."""
    with house.db.writing() as session:
        session.execute(_NOTE, {"session": session_id, "now": house.clock()})


def prove_again(
    house: House, account: Account, session_id: UUID, present: str, code: str = ""
) -> None:
    """Whoever has the session knows the password as well, or has the second factor's code.

    Raises InvalidError (`present`), CodeRefusedError.
    """
    if code.strip():
        check_code(house, account, code)
    elif not is_password(password_hash_of(house, account), present):
        raise InvalidError({"present": NOT_THE_PRESENT_ONE})
    note_proof(house, account, session_id)


def note_proof(house: House, account: Account, session_id: UUID) -> None:
    """The owner of the session has just proved again who they are."""
    with house.db.writing() as session:
        session.execute(
            update(_SESSIONS)
            .where(_SESSIONS.c.id == session_id, _SESSIONS.c.user_id == account.user_id)
            .values(proved_at=house.clock())
        )


def end_session(house: House, account: Account, session_id: UUID) -> None:
    """End one of one's own sessions; of one that is another's, or over, nothing changes."""
    with house.db.transaction(account.territory_id, account.actor) as unit:
        _end(unit, account, _SESSIONS.c.id == session_id)


def end_other_sessions(house: House, account: Account, session_id: UUID) -> int:
    """End all of one's own sessions but this one; returns how many there were."""
    with house.db.transaction(account.territory_id, account.actor) as unit:
        return _end(unit, account, _SESSIONS.c.id != session_id)


def _end(unit: Unit, account: Account, which: ColumnElement[bool]) -> int:
    own = delete(_SESSIONS).where(_SESSIONS.c.user_id == account.user_id, which)
    ended = rows_changed(unit.session.execute(own))
    if ended:
        unit.record(SessionsEnded(user_id=account.user_id, count=ended))
    return ended
