"""What is measured on one request."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from dispatcher.domain.indicators.stories import Outcome, Request

PROMOTER, DETRACTOR = 9, 6
"""From this mark up, and up to that one: the net promoter score's own bounds."""


def stands_as(*outcomes: Outcome) -> Callable[[Request], int]:
    """Whether it stands so."""
    return lambda request: request.outcome in outcomes


def seen_within(hours: int) -> Callable[[Request], int]:
    """Whether the hour of its appointment is at most so far from asking."""
    limit = timedelta(hours=hours)
    return lambda request: (seen := request.seen_after()) is not None and seen <= limit


def cancelled_by(who: str) -> Callable[[Request], int]:
    """How many of its appointments they cancelled."""
    return lambda request: request.cancellers.count(who)


def to_first_offer(request: Request) -> Iterable[timedelta]:
    """From asking to the first volunteer who was asked."""
    made = [offer.made_at for offer in request.offers.values()]
    return (min(made) - request.opened_at,) if made else ()


def to_booking(request: Request) -> Iterable[timedelta]:
    """From asking to the first appointment that was given."""
    given = request.appointments
    return (given[0].given_at - request.opened_at,) if given else ()


def to_seen(request: Request) -> Iterable[timedelta]:
    """From asking to the hour of the appointment that stands."""
    return () if (seen := request.seen_after()) is None else (seen,)


def to_yes(request: Request) -> Iterable[timedelta]:
    """From asking a volunteer to their yes."""
    return [
        offer.accepted_at - offer.made_at
        for offer in request.offers.values()
        if offer.accepted_at is not None
    ]


def net_promoters(request: Request) -> int:
    """How many marks are of promoters, less those of detractors."""
    return sum((mark >= PROMOTER) - (mark <= DETRACTOR) for mark in request.marks.values())
