"""Who has to be telephoned, in the words of the board and of a request's page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dispatcher.domain.calling import Whom
from dispatcher.services.calling import ASKS
from dispatcher.web.timeline import ATTENTION

ABOUT: Mapping[Whom, str] = {Whom.PATIENT: "le patient", Whom.PRACTITIONER: "le professionnel"}


@dataclass(frozen=True, slots=True)
class Call:
    """One telephone call that is asked for."""

    whom: str
    about: str
    text: str


def asked(to_call: Iterable[Whom]) -> list[Call]:
    """Each with its sentence."""
    return [Call(whom.value, ABOUT[whom], ATTENTION[ASKS[whom]]) for whom in to_call]
