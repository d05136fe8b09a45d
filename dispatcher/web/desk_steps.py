"""What regulators did with a request among themselves, in the sentences of its timeline."""

from collections.abc import Callable, Mapping
from typing import Any

from dispatcher.domain import events
from dispatcher.domain.events import Event
from dispatcher.web.story import Story


def _handed(event: events.RequestHanded, story: Story) -> str:
    if event.user_id is None:
        return "Demande remise à toute la régulation"
    return f"En main de {story.regulators.get(event.user_id, 'la régulation')}"


SENTENCES: Mapping[type[Event], Callable[[Any, Story], str]] = {
    events.RequestHanded: _handed,
    events.RequestNoted: lambda _event, _story: "Note laissée à la régulation",
}
"""By kind of event."""
