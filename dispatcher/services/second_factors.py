"""Double authentication: an application's codes (TOTP), codes on paper, and who must have them.

Passkeys count as well; they are made and checked in services/passkeys.py.
"""

import hmac
import secrets
import uuid
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import pyotp
from sqlalchemy import Select, delete, func, or_, select, update
from sqlalchemy.orm import Session

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError, TransitionError
from dispatcher.domain.events import (
    PasskeyRemoved,
    RecoveryCodesRenewed,
    RecoveryCodeUsed,
    SecondFactorRemoved,
    SecondFactorRequired,
    SecondFactorSet,
)
from dispatcher.domain.roles import Account, Role
from dispatcher.services.accounts import PASSWORD_SIGNS, hashed, is_password
from dispatcher.services.house import House
from dispatcher.services.passwords import NOT_THE_PRESENT_ONE, password_hash_of
from dispatcher.storage.accounts import User
from dispatcher.storage.engines import rows_changed
from dispatcher.storage.passkeys import Passkey
from dispatcher.storage.second_factors import RecoveryCode, SecondFactor
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit

SECRET_FIELD = "second_factors.secret"  # noqa: S105 - the name of a column
STEP_SECONDS = 30
STEPS_ASTRAY = 1
"""A telephone's clock may be half a minute wrong, either way."""
RECOVERY_CODES = 10
RECOVERY_GROUPS, RECOVERY_GROUP_LENGTH = 2, 5
"""Ten signs out of 31, 49 bits behind argon2id: short enough to be copied by hand."""
NOT_A_CODE = "Ce code ne convient pas. Attendez le suivant, puis saisissez-le."


class CodeRefusedError(RefusedError):
    """Neither the application's code of the moment nor a recovery code that is left."""

    status = 401

    def __init__(self) -> None:
        super().__init__(
            "code-refused",
            "Ce code ne convient pas, ou a déjà servi. Attendez le suivant, ou prenez un code de"
            " secours.",
        )


def has_second_factor(house: House, account: Account) -> bool:
    """Whether more than the password is asked of the account: a code or a passkey."""
    with house.db.reading() as session:
        return has_any_factor(session, account.user_id)


def has_any_factor(session: Session, user_id: UUID) -> bool:
    """Whether an account has an application that is confirmed, or a passkey."""
    found = session.scalar(select(or_(_confirmed(user_id).exists(), _passkeys(user_id).exists())))
    return bool(found)


def begin_second_factor(house: House, account: Account, present: str) -> None:
    """Make a secret for an application; it holds for nothing until `confirm_second_factor`.

    Raises InvalidError for the present password, TransitionError where there is one already.
    """
    _prove(house, account, present)
    factor_id = uuid.uuid4()
    with house.db.transaction(account.territory_id, account.actor) as unit:
        lock_user(unit, account.user_id)
        if unit.session.scalar(_confirmed(account.user_id)) is not None:
            raise TransitionError("La double authentification est déjà active.")
        unit.session.execute(delete(SecondFactor).where(SecondFactor.user_id == account.user_id))
        unit.session.add(
            SecondFactor(
                id=factor_id,
                user_id=account.user_id,
                secret=unit.cipher.seal(SECRET_FIELD, factor_id, pyotp.random_base32()),
                created_at=unit.now,
            )
        )


def confirm_second_factor(house: House, account: Account, code: str) -> list[str]:
    """The application has shown a right code: from now on one is asked after the password.

    Returns the recovery codes, which nobody can read again. Raises InvalidError, NotFoundError.
    """
    codes, rows = new_recovery_codes(account.user_id)
    with house.db.transaction(account.territory_id, account.actor) as unit:
        lock_user(unit, account.user_id)
        factor = unit.session.scalars(
            select(SecondFactor).where(
                SecondFactor.user_id == account.user_id, SecondFactor.confirmed_at.is_(None)
            )
        ).one_or_none()
        if factor is None:
            raise NotFoundError
        secret = unit.cipher.open(SECRET_FIELD, factor.id, factor.secret)
        step = _step_of(secret, code, unit.now)
        if step is None:
            raise InvalidError({"code": NOT_A_CODE})
        factor.confirmed_at, factor.last_step = unit.now, step
        replace_recovery_codes(unit, account.user_id, rows)
        unit.record(SecondFactorSet(user_id=account.user_id))
    return codes


def renew_recovery_codes(house: House, account: Account) -> list[str]:
    """Give oneself other codes on paper; those of before open nothing any more.

    Raises NotFoundError where double authentication is not in force.
    """
    codes, rows = new_recovery_codes(account.user_id)
    with house.db.transaction(account.territory_id, account.actor) as unit:
        lock_user(unit, account.user_id)
        if not has_any_factor(unit.session, account.user_id):
            raise NotFoundError
        replace_recovery_codes(unit, account.user_id, rows)
        unit.record(RecoveryCodesRenewed(user_id=account.user_id))
    return codes


def check_code(house: House, account: Account, code: str) -> None:
    """Take a code of the application, or one on paper; each is taken once.

    Raises CodeRefusedError.
    """
    with house.db.reading() as session:
        factor = session.scalars(
            select(SecondFactor).where(
                SecondFactor.user_id == account.user_id, SecondFactor.confirmed_at.is_not(None)
            )
        ).one_or_none()
        left = session.execute(
            select(RecoveryCode.id, RecoveryCode.hashed).where(
                RecoveryCode.user_id == account.user_id, RecoveryCode.used_at.is_(None)
            )
        ).all()
    if factor is not None:
        secret = house.db.cipher.open(SECRET_FIELD, factor.id, factor.secret)
        step = _step_of(secret, code, house.clock())
        if step is not None:
            _take_step(house, account, step)
            return
    plain = _plain(code)
    is_one = len(plain) == RECOVERY_GROUPS * RECOVERY_GROUP_LENGTH
    found = next((row.id for row in left if is_one and is_password(row.hashed, plain)), None)
    if found is None:
        raise CodeRefusedError
    _take_recovery_code(house, account, found)


def remove_second_factor(house: House, account: Account, present: str) -> None:
    """Go without codes again, or begin anew with another telephone. Raises InvalidError."""
    _prove(house, account, present)
    with house.db.transaction(account.territory_id, account.actor) as unit:
        _remove_application(unit, account.user_id)
        forget_codes_without_factor(unit, account.user_id)


def take_second_factor_away(house: House, account: Account, user_id: UUID) -> None:
    """Help somebody of the territory who lost telephone, passkeys and paper; their sessions end.

    Raises NotFoundError, and RefusedError for oneself: that asks for the password.
    """
    if user_id == account.user_id:
        raise RefusedError("own-account", f"Retirez la vôtre depuis «{NBSP}Mon compte{NBSP}».")
    with house.db.transaction(account.territory_id, account.actor) as unit:
        user = lock_user(unit, user_id)
        had_any = has_any_factor(unit.session, user_id)
        _remove_application(unit, user_id)
        for passkey in unit.session.scalars(_passkeys(user_id)).all():
            unit.session.delete(passkey)
            unit.record(PasskeyRemoved(user_id=user_id, passkey_id=passkey.id))
        forget_codes_without_factor(unit, user_id)
        if had_any:
            user.session_epoch += 1


def require_second_factor(house: House, account: Account, roles: Collection[Role]) -> None:
    """Ask these roles of the territory for double authentication, and no others."""
    wished = sorted(role.value for role in roles)
    with house.db.transaction(account.territory_id, account.actor) as unit:
        territory = unit.session.scalars(
            select(Territory).where(Territory.id == unit.territory_id).with_for_update()
        ).one()
        if sorted(territory.second_factor_roles) != wished:
            territory.second_factor_roles = wished
            unit.record(SecondFactorRequired(roles=wished))


def _prove(house: House, account: Account, present: str) -> None:
    if not is_password(password_hash_of(house, account), present):
        raise InvalidError({"present": NOT_THE_PRESENT_ONE})


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The step whose code it is, among those that a telephone may be in at `now`."""
    totp, typed = pyotp.TOTP(secret, interval=STEP_SECONDS), "".join(code.split())
    current = int(now.timestamp()) // STEP_SECONDS
    found = None
    for step in range(current - STEPS_ASTRAY, current + STEPS_ASTRAY + 1):
        if hmac.compare_digest(totp.at(step * STEP_SECONDS).encode(), typed.encode()):
            found = step
    return found


def _take_step(house: House, account: Account, step: int) -> None:
    with house.db.writing() as session:
        taken = session.execute(
            update(SecondFactor)
            .where(SecondFactor.user_id == account.user_id, SecondFactor.last_step < step)
            .where(SecondFactor.confirmed_at.is_not(None))
            .values(last_step=step)
        )
        if rows_changed(taken) != 1:
            raise CodeRefusedError


def _take_recovery_code(house: House, account: Account, code_id: UUID) -> None:
    with house.db.transaction(account.territory_id, account.actor) as unit:
        taken = unit.session.execute(
            update(RecoveryCode)
            .where(RecoveryCode.id == code_id, RecoveryCode.used_at.is_(None))
            .values(used_at=unit.now)
        )
        if rows_changed(taken) != 1:
            raise CodeRefusedError
        left = unit.session.scalar(
            select(func.count())
            .select_from(RecoveryCode)
            .where(RecoveryCode.user_id == account.user_id, RecoveryCode.used_at.is_(None))
        )
        unit.record(RecoveryCodeUsed(user_id=account.user_id, left=left or 0))


def new_recovery_codes(user_id: UUID) -> tuple[list[str], list[RecoveryCode]]:
    """What is shown, and what is kept of it; hashing takes 200 ms: never in a transaction."""
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    return codes, [
        RecoveryCode(id=uuid.uuid4(), user_id=user_id, hashed=hashed(code))
        for code in map(_plain, codes)
    ]


def replace_recovery_codes(unit: Unit, user_id: UUID, rows: list[RecoveryCode]) -> None:
    """Those of before open nothing any more."""
    unit.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    unit.session.add_all(rows)


def forget_codes_without_factor(unit: Unit, user_id: UUID) -> None:
    """Codes on paper stand in for something: they go with the last of it."""
    unit.session.flush()  # what was removed a moment ago must be seen
    if not has_any_factor(unit.session, user_id):
        unit.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def _remove_application(unit: Unit, user_id: UUID) -> None:
    gone = unit.session.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id))
    if rows_changed(gone):
        unit.record(SecondFactorRemoved(user_id=user_id))


def lock_user(unit: Unit, user_id: UUID) -> User:
    """An account of the territory, held until the transaction ends. Raises NotFoundError."""
    user = unit.session.scalars(
        select(User)
        .where(User.id == user_id, User.territory_id == unit.territory_id)
        .with_for_update()
    ).one_or_none()
    if user is None:
        raise NotFoundError
    return user


def _confirmed(user_id: UUID) -> Select[UUID]:
    return select(SecondFactor.id).where(
        SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None)
    )


def _passkeys(user_id: UUID) -> Select[Passkey]:
    return select(Passkey).where(Passkey.user_id == user_id)


def _recovery_code() -> str:
    """« k7tqm-2vxnd »."""
    return "-".join(
        "".join(secrets.choice(PASSWORD_SIGNS) for _ in range(RECOVERY_GROUP_LENGTH))
        for _ in range(RECOVERY_GROUPS)
    )


def _plain(code: str) -> str:
    return "".join(sign for sign in code.lower() if sign.isalnum())
