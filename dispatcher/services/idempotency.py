"""`Idempotency-Key`: a call repeated after a lost answer makes nothing new."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from dispatcher.domain.errors import RefusedError
from dispatcher.services.house import House
from dispatcher.storage.accounts import IdempotencyKey
from dispatcher.storage.unit import Unit

KEY_LENGTH = 200


class KeyReusedError(RefusedError):
    """The same key came with another call."""

    status = 422

    def __init__(self) -> None:
        super().__init__(
            "idempotency-key-reused",
            "Cette clé d’idempotence a déjà servi pour un autre appel.",
        )


class SameCallError(Exception):
    """The same call came at the same moment and was faster; this one changed nothing."""


@dataclass(frozen=True, slots=True)
class CallKey:
    """One API call under its key."""

    user_id: UUID
    key: str
    fingerprint: str

    @classmethod
    def of(cls, user_id: UUID, key: str, method: str, path: str, body: bytes) -> "CallKey":
        """The key of a call; what the body says is kept as a digest only."""
        call = f"{method} {path}\n".encode() + body
        return cls(user_id, key[:KEY_LENGTH], hashlib.sha256(call).hexdigest())

    def remember(self, unit: Unit, resource_id: UUID) -> None:
        """Tie the key to what the call made, in the same commit.

        The primary key makes a second call at the same moment fail. Raises SameCallError, upon
        which `once` finds this one's result.
        """
        unit.session.add(
            IdempotencyKey(
                user_id=self.user_id,
                key=self.key,
                fingerprint=self.fingerprint,
                resource_id=resource_id,
                created_at=unit.now,
            )
        )
        try:
            unit.session.flush()  # a repeated call must stop here, before it changes anything
        except IntegrityError as error:
            raise SameCallError from error


def once(house: House, call: CallKey | None, act: Callable[[], UUID]) -> UUID:
    """Do what a call asks unless it was done under its key before; returns what it made.

    `act` ties its result to `call` in its own commit. Where the same call comes twice at the same
    moment, the slower one is refused, by its key or because the faster one already took the place,
    and gives the faster one's result. Raises KeyReusedError, and whatever `act` raises.
    """
    if call is None:
        return act()
    earlier = earlier_result(house, call)
    if earlier is not None:
        return earlier
    try:
        return act()
    except (SameCallError, RefusedError):
        made_meanwhile = earlier_result(house, call)
        if made_meanwhile is None:
            raise
        return made_meanwhile


def earlier_result(house: House, call: CallKey) -> UUID | None:
    """What the same call made before; None if it is the first. Raises KeyReusedError."""
    with house.db.reading() as session:
        row = session.scalars(
            select(IdempotencyKey).where(
                IdempotencyKey.user_id == call.user_id, IdempotencyKey.key == call.key
            )
        ).one_or_none()
    if row is None:
        return None
    if row.fingerprint != call.fingerprint:
        raise KeyReusedError
    return row.resource_id
