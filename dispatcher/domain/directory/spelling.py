"""The directory writes in capitals and without accents; people read names and streets."""

import re
from typing import Final

_SMALL: Final = frozenset(
    "a au aux d de des du en et l la le les sous sur".split()  # noqa: SIM905 - words, as words
)
_ACRONYMS: Final = frozenset(
    "BP CDS CH CHU EHPAD EURL HLM MSP SARL SAS SCM SCP SELARL ZA ZAC ZI".split()  # noqa: SIM905 - the same
)
_WORD = re.compile(r"[^\W\d_]+")


def as_name(text: str) -> str:
    """« LE GOFF-MARTIN » as « Le Goff-Martin »; what has small letters already stays."""
    tidy = " ".join(text.replace("'", "’").split())
    if tidy != tidy.upper():
        return tidy
    return _WORD.sub(lambda found: found[0].capitalize(), tidy)


def as_address(text: str) -> str:
    """« 9B RUE DE L'EGLISE » as « 9B Rue de l’Eglise »; what has small letters already stays."""
    tidy = " ".join(text.replace("'", "’").split())
    if tidy != tidy.upper() and not re.search(r"[A-Z]{4}", tidy):
        return tidy

    def spelled(found: re.Match[str]) -> str:
        word = found[0]
        if word in _ACRONYMS or (found.start() and tidy[found.start() - 1].isdigit()):
            return word
        if word.lower() in _SMALL and found.start():
            return word.lower()
        return word.capitalize()

    return _WORD.sub(spelled, tidy)
