"""Accounts: making them, signing in, API tokens."""

import re
import secrets
import uuid
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError
from dispatcher.domain.events import (
    OPERATOR,
    Actor,
    PasswordReplaced,
    TokenIssued,
    UserAccessChanged,
    UserCreated,
)
from dispatcher.domain.passwords import fault_of_password
from dispatcher.domain.roles import Account, Role
from dispatcher.services.commands import CreateUser
from dispatcher.services.delegations import add_delegation
from dispatcher.services.house import House
from dispatcher.services.practices import faults_of_practice, join_practice
from dispatcher.storage.accounts import ApiToken, User
from dispatcher.storage.encryption import digest_token
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit

TOKEN_PREFIX = "snp_"  # noqa: S105 - a prefix to find leaked tokens by
TOKEN_BYTES = 32
PASSWORD_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105 - none is taken for another
PASSWORD_GROUPS, PASSWORD_GROUP_LENGTH = 4, 5
"""Twenty signs out of 31: 99 bits, in groups that can be read out on the telephone."""
LOGIN_TAKEN = "Cet identifiant est déjà pris."
_LOGIN = re.compile(r"[a-z0-9][a-z0-9.@_-]*")
# OWASP's floor for argon2id: 19 MiB, two passes (19 ms here).
_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
_ABSENT = _HASHER.hash(secrets.token_hex())


# Asked with every call and page, and so built once.
OPEN = (
    select(
        User.id.label("user_id"),
        User.login,
        User.display_name,
        User.role,
        User.practitioner_id,
        User.session_epoch,
        User.password_hash,
        Territory.id.label("territory_id"),
        Territory.code.label("territory_code"),
        Territory.name.label("territory_name"),
        Territory.timezone,
        Territory.department,
    )
    .join(Territory, Territory.id == User.territory_id)
    .where(User.active)
)
_BY_LOGIN = OPEN.where(User.login == bindparam("login"))
_BY_ID = OPEN.where(User.id == bindparam("user"))
_BY_TOKEN = OPEN.join(ApiToken, ApiToken.user_id == User.id).where(
    ApiToken.digest == bindparam("digest"), ApiToken.revoked_at.is_(None)
)


class SignInRefusedError(RefusedError):
    """Wrong login or password: the sentence does not say which."""

    status = 401

    def __init__(self) -> None:
        super().__init__("sign-in-refused", "L’identifiant ou le mot de passe ne convient pas.")


def create_user(house: House, command: CreateUser, actor: Actor = OPERATOR) -> UUID:
    """Make an account. Raises InvalidError naming the field."""
    login = command.login.lower()
    faults: dict[str, str] = {}
    with house.db.reading() as session:
        territory = session.execute(
            select(Territory.id, Territory.department, Territory.name).where(
                Territory.code == command.territory
            )
        ).one_or_none()
        territory_id = territory.id if territory else None
        department = territory.department if territory else ""
        if territory_id is None:
            faults["territory"] = "Ce territoire n’existe pas."
        elif command.role == "requester":
            faults |= faults_of_practice(house, command.practice, department)
        if fault := fault_of_login(session, login):
            faults["login"] = fault
        is_delegate = command.role == "delegate"
        if command.role == "practitioner" or (is_delegate and command.practitioner is not None):
            known = session.scalar(
                select(Practitioner.id).where(
                    Practitioner.id == command.practitioner,
                    Practitioner.territory_id == territory_id,
                )
            )
            if known is None:
                faults["practitioner"] = "Ce professionnel n’existe pas dans le territoire."
    faults |= _faults_of_password(command, territory.name if territory else "")
    if faults or territory_id is None:
        raise InvalidError(faults)
    user_id = uuid.uuid4()
    password_hash = _HASHER.hash(command.password)
    try:
        with house.db.transaction(territory_id, actor) as unit:
            unit.session.add(
                User(
                    id=user_id,
                    territory_id=territory_id,
                    login=login,
                    password_hash=password_hash,
                    role=command.role,
                    display_name=command.display_name,
                    practitioner_id=(
                        command.practitioner if command.role == "practitioner" else None
                    ),
                    created_at=unit.now,
                )
            )
            unit.record(UserCreated(user_id=user_id, role=command.role))
            if is_delegate and command.practitioner is not None:
                unit.session.flush()  # the delegation refers to the account
                add_delegation(unit, user_id, command.practitioner)
            if command.role == "requester" and command.practice is not None:
                unit.session.flush()  # so does its membership
                join_practice(unit, user_id, command.practice, department)
    except IntegrityError as error:  # somebody took the login at the same moment
        raise InvalidError({"login": LOGIN_TAKEN}) from error
    return user_id


def _faults_of_password(command: CreateUser, territory: str) -> dict[str, str]:
    about = (command.login, command.display_name, territory)
    fault = fault_of_password(command.password, about)
    return {"password": fault} if fault else {}


def fault_of_login(session: Session, login: str) -> str | None:
    """What stands against a login, in lower case; None if it can be taken."""
    if not _LOGIN.fullmatch(login):
        return "Un identifiant n’a que des lettres sans accent, des chiffres et .@_-"
    taken = session.scalar(select(User.id).where(User.login == login))
    return LOGIN_TAKEN if taken else None


def hashed(password: str) -> str:
    """A password as it is kept; some 20 ms, so never in a transaction."""
    return _HASHER.hash(password)


def is_password(password_hash: str, password: str) -> bool:
    """Whether the hash is this password's; some 20 ms, so never in a transaction."""
    try:
        return _HASHER.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def new_password() -> str:
    """A random password that can be read out: « k7tqm-2vxnd-… »."""
    return "-".join(
        "".join(secrets.choice(PASSWORD_SIGNS) for _ in range(PASSWORD_GROUP_LENGTH))
        for _ in range(PASSWORD_GROUPS)
    )


def replace_password(house: House, account: Account, user_id: UUID) -> tuple[str, str]:
    """Give an account of the territory a new password; returns its login and that password.

    Its sessions end. Raises NotFoundError.
    """
    password = new_password()
    password_hash = _HASHER.hash(password)
    with house.db.transaction(account.territory_id, account.actor) as unit:
        user = _lock_user(unit, user_id)
        user.password_hash = password_hash
        user.session_epoch += 1
        unit.record(PasswordReplaced(user_id=user_id))
        return user.login, password


def set_active(house: House, account: Account, user_id: UUID, *, active: bool) -> None:
    """Close an account of the territory, which ends its sessions, or open it again.

    Saying it twice changes nothing. Raises NotFoundError, and RefusedError for one's own account:
    a territory must not lose its last administrator by a slip.
    """
    if user_id == account.user_id:
        raise RefusedError("own-account", "Vous ne pouvez pas désactiver votre propre compte.")
    with house.db.transaction(account.territory_id, account.actor) as unit:
        user = _lock_user(unit, user_id)
        if user.active == active:
            return
        user.active = active
        user.session_epoch += 1
        unit.record(UserAccessChanged(user_id=user_id, active=active))


def sign_in(house: House, login: str, password: str) -> Account:
    """Check a password; a session is not opened here.

    Raises SignInRefusedError, after the same work whether or not the login exists.
    """
    with house.db.reading() as session:
        found = session.execute(_BY_LOGIN, {"login": login.strip().lower()}).one_or_none()
    password_hash = found.password_hash if found else _ABSENT
    if not is_password(password_hash, password) or found is None:
        raise SignInRefusedError
    account = account_in(found)
    if _HASHER.check_needs_rehash(password_hash):
        renewed = _HASHER.hash(password)
        with house.db.transaction(account.territory_id, account.actor) as unit:
            # guarded: the password may have been replaced meanwhile
            unit.session.execute(
                update(User)
                .where(User.id == account.user_id, User.password_hash == password_hash)
                .values(password_hash=renewed)
            )
    return account


def account_of(house: House, user_id: UUID) -> Account | None:
    """An account that may sign in, by its id."""
    with house.db.reading() as session:
        found = session.execute(_BY_ID, {"user": user_id}).one_or_none()
    return account_in(found) if found else None


def account_of_token(house: House, token: str) -> Account | None:
    """The account behind an API token; None if unknown or revoked."""
    with house.db.reading() as session:
        found = session.execute(_BY_TOKEN, {"digest": digest_token(token)}).one_or_none()
    return account_in(found) if found else None


def issue_token(house: House, user_id: UUID, label: str, actor: Actor = OPERATOR) -> str:
    """Make an API token; it is shown once and only its digest is kept."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    with house.db.reading() as session:
        territory_id = session.scalar(select(User.territory_id).where(User.id == user_id))
    if territory_id is None:
        raise InvalidError({"login": "Ce compte n’existe pas."})
    token_id = uuid.uuid4()
    with house.db.transaction(territory_id, actor) as unit:
        unit.session.add(
            ApiToken(
                id=token_id,
                user_id=user_id,
                digest=digest_token(token),
                label=label,
                created_at=unit.now,
            )
        )
        unit.record(TokenIssued(user_id=user_id, token_id=token_id))
    return token


def user_id_of(session: Session, login: str) -> UUID | None:
    """The account that signs in as `login`."""
    return session.scalar(select(User.id).where(User.login == login.strip().lower()))


def _lock_user(unit: Unit, user_id: UUID) -> User:
    user = unit.session.scalars(
        select(User)
        .where(User.id == user_id, User.territory_id == unit.territory_id)
        .with_for_update()
    ).one_or_none()
    if user is None:
        raise NotFoundError
    return user


def account_in(row: Row[*tuple[Any, ...]]) -> Account:
    """The account that a row of OPEN describes."""
    return Account(
        user_id=row.user_id,
        login=row.login,
        display_name=row.display_name,
        role=Role(row.role),
        territory_id=row.territory_id,
        territory_code=row.territory_code,
        territory_name=row.territory_name,
        timezone=row.timezone,
        department=row.department,
        practitioner_id=row.practitioner_id,
        session_epoch=row.session_epoch,
    )
