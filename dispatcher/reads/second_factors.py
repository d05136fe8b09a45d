"""How an account stands with double authentication."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from dispatcher.storage.passkeys import Passkey
from dispatcher.storage.second_factors import RecoveryCode, SecondFactor
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True)
class SecondFactorFacts:
    """In force since `confirmed_at`; before that, `secret` is what the application is told."""

    confirmed_at: datetime | None
    secret: str
    """Empty once it is confirmed: it is shown to nobody any more."""


def own_second_factor(db: Database, user_id: UUID) -> SecondFactorFacts | None:
    """Of one account; None where nothing was begun."""
    with db.reading() as session:
        factor = session.scalars(
            select(SecondFactor).where(SecondFactor.user_id == user_id)
        ).one_or_none()
        if factor is None:
            return None
    secret = ""
    if factor.confirmed_at is None:
        secret = db.cipher.open("second_factors.secret", factor.id, factor.secret)
    return SecondFactorFacts(factor.confirmed_at, secret)


def codes_left(db: Database, user_id: UUID) -> int:
    """How many codes on paper an account has left."""
    with db.reading() as session:
        left = session.scalar(
            select(func.count())
            .select_from(RecoveryCode)
            .where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
        )
    return left or 0


def with_second_factor(db: Database, users: Collection[UUID]) -> set[UUID]:
    """Those of these accounts of whom more than the password is asked: a code or a passkey."""
    confirmed = select(SecondFactor.user_id).where(
        SecondFactor.user_id.in_(users), SecondFactor.confirmed_at.is_not(None)
    )
    passkeys = select(Passkey.user_id).where(Passkey.user_id.in_(users))
    with db.reading() as session:
        return {*session.scalars(confirmed), *session.scalars(passkeys)}


def roles_asked_for_codes(db: Database, territory_id: UUID) -> list[str]:
    """The roles of which a territory asks double authentication."""
    with db.reading() as session:
        return session.scalars(
            select(Territory.second_factor_roles).where(Territory.id == territory_id)
        ).one()
