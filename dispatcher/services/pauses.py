"""How long what a provider did not take waits for its next try."""

import random
from datetime import datetime, timedelta

JITTER = 0.5
"""A pause is stretched by up to this share, so that many retries do not come back together."""
SHARE_OF_AGE = 0.25
"""The older a message is, the longer it waits."""


def pause_until_retry(
    begun: datetime, now: datetime, *, shortest: float, longest: float, asked: float = 0.0
) -> timedelta:
    """A share of the age, between `shortest` and `longest` seconds before it is stretched.

    `asked` is how many seconds the provider wants to be left alone: never less.
    """
    share = (now - begun).total_seconds() * SHARE_OF_AGE
    pause = max(shortest, min(share, longest), asked)
    return timedelta(seconds=pause * (1 + random.random() * JITTER))  # noqa: S311 - no secret
