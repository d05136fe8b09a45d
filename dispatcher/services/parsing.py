"""From what was typed or posted to a command, with a French sentence for each field that is wrong."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from dispatcher.domain.errors import InvalidError

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
    "less_than_equal": "Indiquez au plus {le}.",
    "literal_error": "Choisissez une valeur de la liste.",
    "list_type": "Ce champ doit être une liste.",
    "too_short": "Choisissez au moins une valeur.",
    "too_long": "Il y a trop de valeurs.",
    "timezone_aware": "Indiquez l’heure avec son décalage, par exemple 2026-11-23T14:30:00+01:00.",
    "model_type": "Ce champ doit être un objet.",
    "model_attributes_type": "Ce champ doit être un objet.",
}
_BY_BEGINNING: Mapping[str, str] = {
    "date_": "Indiquez une date qui existe, par exemple 03/02/1950.",
    "datetime_": "Indiquez une date et une heure, par exemple 2026-11-23T14:30:00+01:00.",
    "uuid_": "Cet identifiant n’a pas la bonne forme.",
    "is_instance": "Cette valeur n’a pas la bonne forme.",
}
UNKNOWN = "Cette valeur ne convient pas."


def parse(model: type[M], data: Mapping[str, Any]) -> M:
    """Build a command. Raises InvalidError with a sentence by dotted field (`patient.phone`)."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InvalidError(
            {
                ".".join(str(part) for part in fault["loc"]) or "body": _sentence(fault)
                for fault in error.errors(include_url=False, include_input=False)
            }
        ) from None


def _sentence(fault: ErrorDetails) -> str:
    kind = fault["type"]
    if kind in _SENTENCES:
        return _SENTENCES[kind].format(**fault.get("ctx", {}))
    for beginning, sentence in _BY_BEGINNING.items():
        if kind.startswith(beginning):
            return sentence
    return UNKNOWN
