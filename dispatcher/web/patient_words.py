"""The words of the patient's page, one file of data for each language."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from dispatcher.domain.languages import Language

DIRECTORY: Final = Path(__file__).resolve().parents[1] / "translations" / "patient"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")

Words = Mapping[str, Any]
"""By key: a sentence with named placeholders, or a list of them."""


class WordsError(ValueError):
    """A language lacks something; the message names every fault."""


def load(directory: Path = DIRECTORY) -> Mapping[Language, Words]:
    """The words by language. Raises WordsError: a site does not start with half of a language."""
    words = {
        language: tomllib.loads((directory / f"{language}.toml").read_text(encoding="utf-8"))
        for language in Language
    }
    if faults := faults_of(words):
        raise WordsError("\n".join(faults))
    return words


def faults_of(words: Mapping[Language, Words]) -> list[str]:
    """Where a language does not say what French says, one line each."""
    reference = words[Language.FRENCH]
    faults = []
    for language, own in words.items():
        faults += [f"{language}/{key}: missing" for key in sorted(reference.keys() - own.keys())]
        faults += [f"{language}/{key}: unknown" for key in sorted(own.keys() - reference.keys())]
        faults += [
            f"{language}/{key}: not as in French"
            for key in sorted(reference.keys() & own.keys())
            if _shape(own[key]) != _shape(reference[key])
        ]
        faults += [f"{language}/{key}: empty" for key, said in own.items() if not said]
    return faults


def _shape(said: Any) -> Any:  # noqa: ANN401 - a sentence or a list of them, as TOML gives it
    """What a translation has to keep: the placeholders, and how many sentences there are."""
    if isinstance(said, str):
        return sorted(_PLACEHOLDER.findall(said))
    return [_shape(each) for each in said]
