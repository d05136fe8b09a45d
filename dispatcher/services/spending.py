"""Random numbers that are good once: a passkey's challenge, the state of a sign-in elsewhere."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatcher.domain.passkeys import VALID_FOR, digest_of
from dispatcher.storage.passkeys import SpentChallenge


class SpentError(ValueError):
    """It has served before."""


def spend(session: Session, number: bytes, now: datetime) -> None:
    """Take a random number once, in the transaction of what it allows. Raises SpentError.

    Callers refuse numbers older than VALID_FOR by themselves, so none is remembered longer.
    """
    session.execute(delete(SpentChallenge).where(SpentChallenge.spent_at < now - 2 * VALID_FOR))
    session.add(SpentChallenge(digest=digest_of(number), spent_at=now))
    try:
        session.flush()  # whoever comes second is told here
    except IntegrityError as error:
        raise SpentError from error
