"""What was typed or posted: a command, or a French sentence at the field that is wrong."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain.errors import InvalidError
from dispatcher.services.commands import BookSlot, CreateUser, OpenRequest, PublishSlot
from dispatcher.services.parsing import UNKNOWN, MalformedError, parse, parse_json

ID = "00000000-0000-4000-8000-000000000001"


def asked(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "territory": "jura",
        "patient": {
            "last_name": "Dupré",
            "first_name": "Anne",
            "birth_date": "1950-02-03",
            "phone": "06 39 98 00 12",
            "commune": "39300",
        },
        "need": {"profession": "10", "delay_hours": 24},
        "origin": "SAS",
    }
    for name, change in changes.items():
        if isinstance(change, dict):
            values[name] = values.get(name, {}) | change
        else:
            values[name] = change
    return values


def published(**changes: Any) -> dict[str, Any]:
    return {
        "practitioner": ID,
        "place": ID,
        "start": "2026-11-23T14:30:00+01:00",
        "end": "2026-11-23T15:00:00+01:00",
    } | changes


CASES: list[tuple[type[Any], dict[str, Any], str, str]] = [
    (OpenRequest, asked(patient={"last_name": "   "}), "patient.last_name", "est nécessaire"),
    (OpenRequest, asked(patient={"last_name": "x" * 81}), "patient.last_name", "80 caractères"),
    (OpenRequest, asked(patient={"last_name": 3}), "patient.last_name", "un texte"),
    (OpenRequest, asked(patient={"last_name": "a\x00b"}), "patient.last_name", "caractère"),
    (OpenRequest, asked(patient={"birth_date": "31/02/1950"}), "patient.birth_date", "existe"),
    (OpenRequest, asked(patient={"gp": "nobody"}), "patient.gp", "identifiant"),
    (OpenRequest, asked(patient={"nickname": "Nana"}), "patient.nickname", "n’existe pas"),
    (OpenRequest, asked(patient="Anne"), "patient", "un objet"),
    (OpenRequest, asked(need={"delay_hours": "demain"}), "need.delay_hours", "nombre entier"),
    (OpenRequest, asked(need={"delay_hours": 4.5}), "need.delay_hours", "nombre entier"),
    (OpenRequest, asked(need={"modalities": []}), "need.modalities", "au moins une"),
    (OpenRequest, asked(need={"modalities": ["AMB"] * 4}), "need.modalities", "trop de valeurs"),
    (OpenRequest, asked(need={"modalities": "AMB"}), "need.modalities", "une liste"),
    (OpenRequest, asked(need={"note": "x" * 501}), "need.note", "500 caractères"),
    (OpenRequest, asked(need={"earliest": "2026-11-23T10:00"}), "need.earliest", "décalage"),
    (OpenRequest, asked(need={"earliest": "tantôt"}), "need.earliest", "une heure"),
    (OpenRequest, asked(regulated={"at": "9999-12-31T23:59:59Z"}), "regulated.at", "lointaine"),
    (OpenRequest, asked(confirm_duplicate="peut-être"), "confirm_duplicate", "vrai ou faux"),
    (PublishSlot, published(places=0), "places", "au moins 1"),
    (PublishSlot, published(places=101), "places", "au plus 100"),
    (PublishSlot, published(start=None), "start", ""),
    (BookSlot, {}, "slot", "est nécessaire"),
    (CreateUser, {"role": "dieu"}, "role", "valeur de la liste"),
]


def test_each_thing_that_is_wrong_has_its_field_and_its_sentence() -> None:
    for model, data, field, words in CASES:
        with pytest.raises(InvalidError) as refused:
            parse(model, data)
        told = refused.value.fields
        assert field in told, (data, told)
        assert words in told[field], told
        assert told[field][0].isupper()
        assert told[field].endswith(".")


def test_json_is_read_by_its_types_and_words_are_stripped() -> None:
    body = json.dumps(asked(patient={"last_name": "  Dupré "})).encode()

    command = parse_json(OpenRequest, body)

    assert command.patient.last_name == "Dupré"
    assert command.need.modalities == ["AMB"]
    with pytest.raises(InvalidError) as refused:
        parse_json(OpenRequest, json.dumps(asked(need={"delay_hours": "24"})).encode())
    assert "nombre entier" in refused.value.fields["need.delay_hours"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"nul", b'{"a": 1,}'])
def test_what_is_no_json_is_told_as_such(body: bytes) -> None:
    with pytest.raises(MalformedError) as refused:
        parse_json(OpenRequest, body)
    assert refused.value.status == 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["territory", "patient", "need", "phone", "start", "slot", "x"]), inner
        )
    ),
    max_leaves=8,
)


def told(model: type[Any], value: object) -> dict[str, str]:
    """The sentences by field; none when it is a command, or no JSON at all."""
    try:
        parse_json(model, json.dumps(value).encode())
    except MalformedError:
        return {}
    except InvalidError as refused:
        return refused.fields or {"": "Input"}
    return {}


@given(value=JSON, model=st.sampled_from([OpenRequest, PublishSlot, BookSlot, CreateUser]))
def test_whatever_is_posted_is_a_command_or_a_refusal_in_french(
    value: object, model: type[Any]
) -> None:
    for sentence in told(model, value).values():
        assert sentence
        assert "Input" not in sentence


def test_a_fault_that_nobody_thought_of_has_a_sentence_too() -> None:
    assert UNKNOWN.endswith(".")
