"""What was tried for a request that waits: its searches, and the volunteers who were asked."""

from collections.abc import Iterator

from dispatcher.domain import events
from dispatcher.domain.events import Event
from dispatcher.reads.request_history import Step
from dispatcher.reads.request_page import RequestPage
from dispatcher.web import timeline
from dispatcher.web.timeline import Line
from dispatcher.web.wording import Wording

TRIED: frozenset[type[Event]] = frozenset(
    {
        events.SearchFoundNothing,
        events.RequestSearched,
        events.RequestEnlarged,
        events.AppointmentBooked,
        events.AppointmentCancelled,
    }
)


def attempts(page: RequestPage, wording: Wording) -> list[Line]:
    """In the order of time. Of searches in a row only the last is told, with what it found."""
    return timeline.told(page, _worth_telling(page), wording)


def _worth_telling(page: RequestPage) -> Iterator[Step]:
    tried = [step for step in page.steps if type(step.event) in TRIED]
    for place, step in enumerate(tried):
        following = tried[place + 1].event if place + 1 < len(tried) else None
        is_search = isinstance(step.event, events.SearchFoundNothing)
        if not (is_search and isinstance(following, events.SearchFoundNothing)):
            yield step
