"""From what was typed or posted to a command, with a French sentence for each wrong field."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, RefusedError

M = TypeVar("M", bound=BaseModel)

MISSING = "Ce champ est nécessaire."
_SENTENCES: Mapping[str, str] = {
    "missing": MISSING,
    "extra_forbidden": "Ce champ n’existe pas.",
    "string_too_short": MISSING,
    "string_too_long": "Ce texte est trop long ({max_length} caractères au plus).",
    "string_type": "Ce champ doit être un texte.",
    "int_type": "Ce champ doit être un nombre entier.",
    "int_parsing": "Ce champ doit être un nombre entier.",
    "int_from_float": "Ce champ doit être un nombre entier.",
    "bool_type": "Ce champ doit être vrai ou faux.",
    "bool_parsing": "Ce champ doit être vrai ou faux.",
    "greater_than_equal": "Indiquez au moins {ge}.",
    "greater_than": "Indiquez plus de {gt}.",
    "float_type": "Ce champ doit être un nombre.",
    "float_parsing": "Ce champ doit être un nombre.",
    "finite_number": "Ce champ doit être un nombre.",
    "dict_type": "Ce champ doit être un objet.",
    "less_than_equal": "Indiquez au plus {le}.",
    "literal_error": "Choisissez une valeur de la liste.",
    "list_type": "Ce champ doit être une liste.",
    "too_short": "Choisissez au moins une valeur.",
    "too_long": "Il y a trop de valeurs.",
    "timezone_aware": "Indiquez l’heure avec son décalage, par exemple 2026-11-23T14:30:00+01:00.",
    "model_type": "Ce champ doit être un objet.",
    "model_attributes_type": "Ce champ doit être un objet.",
    "control_character": "Ce texte contient un caractère qui ne peut pas être enregistré.",
    "implausible_instant": "Cette date est trop lointaine.",
}
_BY_BEGINNING: Mapping[str, str] = {
    "date_": "Indiquez une date qui existe, par exemple 03/02/1950.",
    "datetime_": "Indiquez une date et une heure, par exemple 2026-11-23T14:30:00+01:00.",
    "time_": "Indiquez une heure, par exemple 14:30.",
    "uuid_": "Cet identifiant n’a pas la bonne forme.",
    "is_instance": "Cette valeur n’a pas la bonne forme.",
}
UNKNOWN = "Cette valeur ne convient pas."
DAY_IN_JSON = "Indiquez une date qui existe, par exemple 1950-02-03."


class MalformedError(RefusedError):
    """What was posted is no JSON."""

    status = 400
    field = "body"

    def __init__(self) -> None:
        super().__init__(
            "malformed-json",
            "Le corps de l’appel n’est pas du JSON valable. Rien n’a été modifié.",
        )


def parse(model: type[M], data: Mapping[str, Any]) -> M:
    """Build a command. Raises InvalidError with a sentence by dotted field (`patient.phone`)."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InvalidError(_by_field(error)) from None


def parse_json(model: type[M], body: bytes) -> M:
    """Build a command from JSON, whose types count: "24" is no number, 0 is no date.

    Raises MalformedError, and InvalidError with a sentence by dotted field (`patient.phone`).
    """
    try:
        return model.model_validate_json(body, strict=True)
    except ValidationError as error:
        if error.errors(include_url=False, include_input=False)[0]["type"] == "json_invalid":
            raise MalformedError from None
        raise InvalidError(_for_machines(_by_field(error))) from None


def parse_query(model: type[M], query: Mapping[str, str]) -> M:
    """Build what a query string asks for. Raises InvalidError with a sentence by parameter."""
    try:
        return model.model_validate(query)
    except ValidationError as error:
        raise InvalidError(_for_machines(_by_field(error))) from None


def _for_machines(faults: Mapping[str, str]) -> dict[str, str]:
    """The same, with a day as an application writes it."""
    return {
        field: DAY_IN_JSON if sentence == _BY_BEGINNING["date_"] else sentence
        for field, sentence in faults.items()
    }


def _by_field(error: ValidationError) -> dict[str, str]:
    return {
        ".".join(str(part) for part in fault["loc"]) or "body": _sentence(fault)
        for fault in error.errors(include_url=False, include_input=False)
    }


def _sentence(fault: ErrorDetails) -> str:
    kind = fault["type"]
    if kind == "enum":
        expected = fault["ctx"]["expected"].replace("'", "").replace(" or ", " ou ")
        return f"Choisissez parmi{NBSP}: {expected}."
    if kind in _SENTENCES:
        figures = {name: _figure(value) for name, value in fault.get("ctx", {}).items()}
        return _SENTENCES[kind].format(**figures)
    for beginning, sentence in _BY_BEGINNING.items():
        if kind.startswith(beginning):
            return sentence
    return UNKNOWN


def _figure(value: object) -> object:
    """A limit as it is written in French: 500 and not 500.0, 0,5 and not 0.5."""
    return f"{value:g}".replace(".", ",") if isinstance(value, float) else value
