"""What regulators did with a request among themselves, in the sentences of its timeline."""

from collections.abc import Callable, Mapping
from typing import Any

from dispatcher.domain import events
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.events import Event
from dispatcher.web.story import Story


def _handed(event: events.RequestHanded, story: Story) -> str:
    if event.user_id is None:
        return "Demande remise à toute la régulation"
    return f"En main de {story.regulators.get(event.user_id, 'la régulation')}"


FIELDS: Mapping[str, str] = {
    "patient.last_name": "nom",
    "patient.first_name": "prénom",
    "patient.birth_date": "date de naissance",
    "patient.phone": "téléphone",
    "patient.commune": "commune",
    "need.motive": "motif",
    "need.note": "précision",
    "need.delay_hours": "délai",
}


def _corrected(event: events.RequestCorrected, _story: Story) -> str:
    return f"Demande corrigée{NBSP}: {', '.join(FIELDS.get(each, each) for each in event.fields)}"


SENTENCES: Mapping[type[Event], Callable[[Any, Story], str]] = {
    events.RequestCorrected: _corrected,
    events.RequestHanded: _handed,
    events.RequestNoted: lambda _event, _story: "Note laissée à la régulation",
}
"""By kind of event."""
