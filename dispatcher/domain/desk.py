"""Who works on a request: for how long somebody who took it in hand is taken to have it."""

from datetime import datetime, timedelta
from uuid import UUID

IN_HAND_FOR = timedelta(hours=12)
"""As long as a session lasts at most: whoever went home without handing over has it no more."""


def in_hand(user_id: UUID | None, since: datetime | None, now: datetime) -> UUID | None:
    """Who has a request in hand at an aware instant; None for nobody, or nobody any more."""
    if user_id is None or since is None or now - since >= IN_HAND_FOR:
        return None
    return user_id
