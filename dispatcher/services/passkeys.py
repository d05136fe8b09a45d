"""Passkeys: added on « Mon compte », and taken as a second step or as the whole sign-in.

A challenge is a random number that the caller binds to one browser; each is taken once.
"""

import uuid
from typing import Annotated, Any
from uuid import UUID

from pydantic import StringConstraints
from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from dispatcher.domain import passkeys
from dispatcher.domain.errors import RefusedError
from dispatcher.domain.events import PasskeyAdded, PasskeyRemoved
from dispatcher.domain.passkeys import Site, UnusableAnswerError
from dispatcher.domain.roles import Account
from dispatcher.services.accounts import OPEN, account_in
from dispatcher.services.commands import Shape, Writable
from dispatcher.services.house import House
from dispatcher.services.second_factors import (
    forget_codes_without_factor,
    lock_user,
    new_recovery_codes,
    replace_recovery_codes,
)
from dispatcher.services.spending import SpentError, spend
from dispatcher.storage.accounts import User
from dispatcher.storage.engines import rows_changed
from dispatcher.storage.passkeys import Passkey
from dispatcher.storage.second_factors import RecoveryCode

MOST_PASSKEYS = 20
_OWNED = (
    OPEN.add_columns(
        Passkey.id.label("passkey_id"), Passkey.public_key, Passkey.sign_count.label("counted")
    )
    .join(Passkey, Passkey.user_id == User.id)
    .where(Passkey.credential_id == bindparam("credential"))
)


class PasskeyRefusedError(RefusedError):
    """The answer does not fit; the sentence does not say why, nor whether the passkey is known."""

    status = 401

    def __init__(self) -> None:
        super().__init__("passkey-refused", "Cette clé d’accès n’a pas été acceptée. Recommencez.")


class NamePasskey(Shape):
    """Its owner's word for it."""

    name: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=passkeys.NAME_LENGTH),
        Writable,
    ]


def options_to_add(house: House, account: Account, site: Site, challenge: bytes) -> dict[str, Any]:
    """What the browser is told to make a passkey; one that is there already is not made again."""
    known = _known(house, account)
    return passkeys.creation_options(
        site, challenge, account.user_id, account.login, account.display_name, known
    )


def options_to_prove(
    house: House, account: Account | None, site: Site, challenge: bytes
) -> dict[str, Any]:
    """What the browser is told to use one; any of the site's, for whoever is not known yet."""
    return passkeys.request_options(site, challenge, _known(house, account) if account else ())


def add_passkey(
    house: House, account: Account, site: Site, challenge: bytes, answer: str, named: NamePasskey
) -> list[str]:
    """Keep what the browser made.

    Returns recovery codes where this is the first thing that they stand in for, else nothing.
    Raises PasskeyRefusedError, and RefusedError where there are MOST_PASSKEYS.
    """
    try:
        made = passkeys.made(site, challenge, answer)
    except UnusableAnswerError as error:
        raise PasskeyRefusedError from error
    passkey_id = uuid.uuid4()
    codes, rows = new_recovery_codes(account.user_id)
    try:
        with house.db.transaction(account.territory_id, account.actor) as unit:
            spend(unit.session, challenge, unit.now)
            lock_user(unit, account.user_id)
            count = select(func.count()).select_from(Passkey)
            if (unit.session.scalar(count.where(Passkey.user_id == account.user_id)) or 0) >= (
                MOST_PASSKEYS
            ):
                raise RefusedError(
                    "too-many-passkeys", f"Un compte a {MOST_PASSKEYS} clés d’accès au plus."
                )
            unit.session.add(
                Passkey(
                    id=passkey_id,
                    user_id=account.user_id,
                    credential_id=made.credential_id,
                    public_key=made.public_key,
                    sign_count=made.sign_count,
                    synced=made.synced,
                    name=named.name,
                    created_at=unit.now,
                )
            )
            held = select(RecoveryCode.id).where(RecoveryCode.user_id == account.user_id)
            has_codes = unit.session.scalar(select(held.exists()))
            if not has_codes:
                replace_recovery_codes(unit, account.user_id, rows)
            unit.record(PasskeyAdded(user_id=account.user_id, passkey_id=passkey_id))
    except SpentError as error:
        raise PasskeyRefusedError from error
    except IntegrityError as error:  # another account, or this one a moment ago, has it
        raise PasskeyRefusedError from error
    return [] if has_codes else codes


def check_passkey(
    house: House, account: Account | None, site: Site, challenge: bytes, answer: str
) -> Account:
    """Whose passkey answered the challenge; only that of `account`, where one is given.

    Raises PasskeyRefusedError, whatever was wrong.
    """
    try:
        named = passkeys.credential_id_in(answer)
        with house.db.reading() as session:
            found = session.execute(_OWNED, {"credential": named}).one_or_none()
        if found is None or (account is not None and found.user_id != account.user_id):
            raise PasskeyRefusedError
        owner = account_in(found)
        used = passkeys.used(
            site, challenge, answer, owner.user_id, found.public_key, found.counted
        )
        with house.db.writing() as session:
            spend(session, challenge, house.clock())
            noted = session.execute(
                update(Passkey)
                .where(Passkey.id == found.passkey_id, Passkey.sign_count == found.counted)
                .values(sign_count=used.sign_count, synced=used.synced, used_at=house.clock())
            )
            if rows_changed(noted) != 1:  # removed, or used elsewhere, at this very moment
                raise PasskeyRefusedError
    except (UnusableAnswerError, SpentError) as error:
        raise PasskeyRefusedError from error
    return owner


def remove_passkey(house: House, account: Account, passkey_id: UUID) -> None:
    """Take one of one's own away; with the last way the recovery codes go.

    Of one that is another's, or gone, nothing changes.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        lock_user(unit, account.user_id)
        gone = unit.session.execute(
            delete(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == account.user_id)
        )
        if rows_changed(gone) != 1:
            return
        forget_codes_without_factor(unit, account.user_id)
        unit.record(PasskeyRemoved(user_id=account.user_id, passkey_id=passkey_id))


def _known(house: House, account: Account) -> list[str]:
    with house.db.reading() as session:
        ids = select(Passkey.credential_id).where(Passkey.user_id == account.user_id)
        return list(session.scalars(ids.order_by(Passkey.created_at)))
