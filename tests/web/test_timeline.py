"""Every event that a request's timeline can meet has its French sentence."""

import dataclasses
from datetime import datetime
from typing import Any, get_args, get_type_hints
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from config.catalogue import Catalogue
from config.communes import Communes
from dispatcher.domain.emails import EmailKind
from dispatcher.domain.events import EVENTS, ActorKind, Event
from dispatcher.domain.inbound import Intent
from dispatcher.domain.matching.feasibility import Reason
from dispatcher.domain.messages import ErrorClass, MessageKind, MessageStatus
from dispatcher.domain.states import Attention
from dispatcher.web import timeline
from dispatcher.web.story import Story
from dispatcher.web.wording import Wording
from tests.fakes.clock import MONDAY_MORNING

OF_REQUESTS = {
    kind: cls
    for kind, cls in EVENTS.items()
    if "request_id" in {field.name for field in dataclasses.fields(cls)}
}
SAMPLES: dict[str, Any] = {
    "profession": "10",
    "origin": "SAS",
    "attention": "no_slot",
    "cause": "NO_SLOT",
    "by": "patient",
    "to": "15",
    "status": "sent",
    "message_kind": MessageKind.CONFIRMATION.value,
    "email_kind": EmailKind.PRACTITIONER_NOTICE.value,
    "intent": Intent.UNKNOWN.value,
    "refused": {Reason.TOO_FAR.value: 2},
    "overridden": [Reason.TOO_FAR.value],
    "error_code": None,
    "wave": 1,
    "asked": 2,
    "unreachable": 1,
    "score": 9,
    "effect": "ED_AVOIDED",
    "minutes": 15,
}


SAMPLES_OF: dict[str, dict[str, Any]] = {"gp_search_moved": {"status": "proposed"}}
"""Where an event of that kind holds other codes under the same name."""


@pytest.fixture(scope="module")
def story() -> Story:
    wording = Wording(Catalogue.load(), Communes.load(), ZoneInfo("Europe/Paris"), MONDAY_MORNING)
    return Story(wording, {}, {})


def sample(cls: type[Event]) -> Event:
    """An event of that kind with plausible values."""
    hints, samples = get_type_hints(cls), SAMPLES | SAMPLES_OF.get(cls.kind(), {})
    return cls(
        **{
            field.name: samples[field.name] if field.name in samples else _any(hints[field.name])
            for field in dataclasses.fields(cls)
        }
    )


def _any(hint: Any) -> Any:
    hint = next((part for part in get_args(hint) if part in {str, UUID}), hint)
    values = {UUID: uuid4(), str: "x", int: 24, bool: True, datetime: MONDAY_MORNING}
    return values.get(hint)


def test_every_event_of_a_request_has_its_sentence(story: Story) -> None:
    assert {cls.kind() for cls in timeline.SENTENCES} == set(OF_REQUESTS)
    for kind, cls in OF_REQUESTS.items():
        sentence = timeline.SENTENCES[cls](sample(cls), story)
        assert sentence[0].isupper(), kind
        assert "None" not in sentence, kind


def test_an_event_without_a_sentence_is_missed() -> None:
    """The companion: taking one away makes the two sets differ."""
    known = {cls.kind() for cls in timeline.SENTENCES}
    assert known - {"request_opened"} != set(OF_REQUESTS)


def test_every_code_that_an_event_can_hold_has_words() -> None:
    assert set(timeline.MESSAGE_KINDS) == set(MessageKind)
    assert set(timeline.MESSAGE_STATUS) == set(MessageStatus)
    assert set(timeline.INTENTS) == set(Intent)
    assert set(timeline.ERRORS) == set(ErrorClass)
    assert set(timeline.ACTORS) == set(ActorKind)
    assert set(timeline.BY) == set(Catalogue.load().cancellers)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (None, ""),
        ("opted_out", "ne plus recevoir de SMS"),
        ("21610", "ne plus recevoir de SMS"),
        ("expired", "trop tard"),
        ("30003", "éteint ou hors réseau"),
        ("21614", "ne reçoit pas de SMS"),
        ("20003", "refuse notre compte"),
        ("99999", "ne peut pas être joint"),
        ("", "ne peut pas être joint"),
    ],
)
def test_an_error_of_the_provider_says_what_to_do(code: str | None, words: str) -> None:
    said = timeline.error_in_words(code)
    assert words in said
    assert bool(said) == bool(words)


def test_every_reason_to_look_has_words() -> None:
    assert set(timeline.ATTENTION) == set(Attention)
