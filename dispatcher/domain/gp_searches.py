"""Finding a médecin traitant for whoever said they have none: states, and who comes first."""

from collections.abc import Mapping
from enum import StrEnum

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import TransitionError

OLD = 70
"""Years from which the ACI's lines on the médecin traitant count somebody apart."""


class GpSearchStatus(StrEnum):
    """Where the search for a patient's médecin traitant stands."""

    TO_CONTACT = "to_contact"
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class Priority(StrEnum):
    """Why somebody comes first: each has its line in the contracts."""

    OVER_70 = "over_70"
    ALD = "ald"
    """A long-term illness."""
    C2S = "c2s"
    """The complementary cover of people of small means."""


GP_SEARCH_IN_WORDS: Mapping[GpSearchStatus, str] = {
    GpSearchStatus.TO_CONTACT: "à contacter",
    GpSearchStatus.PROPOSED: "proposé",
    GpSearchStatus.ACCEPTED: "accepté",
    GpSearchStatus.DECLINED: "refusé",
}
OPEN_GP_SEARCHES = (GpSearchStatus.TO_CONTACT, GpSearchStatus.PROPOSED)
GP_SEARCH_TRANSITIONS: Mapping[GpSearchStatus, frozenset[GpSearchStatus]] = {
    GpSearchStatus.TO_CONTACT: frozenset({GpSearchStatus.PROPOSED, GpSearchStatus.DECLINED}),
    # Another doctor may be proposed while the first has not answered.
    GpSearchStatus.PROPOSED: frozenset(GpSearchStatus),
    GpSearchStatus.DECLINED: frozenset({GpSearchStatus.TO_CONTACT, GpSearchStatus.PROPOSED}),
    # A wrong mark is taken back.
    GpSearchStatus.ACCEPTED: frozenset({GpSearchStatus.TO_CONTACT}),
}


def priorities(age: int, *, ald: bool, c2s: bool) -> list[Priority]:
    """Why they come first; nothing for everybody else."""
    said = {Priority.OVER_70: age >= OLD, Priority.ALD: ald, Priority.C2S: c2s}
    return [priority for priority, holds in said.items() if holds]


def check_gp_search(before: GpSearchStatus, after: GpSearchStatus) -> None:
    """Raise TransitionError with its reason unless the table allows the step."""
    if after not in GP_SEARCH_TRANSITIONS[before]:
        was, wanted = GP_SEARCH_IN_WORDS[before], GP_SEARCH_IN_WORDS[after]
        raise TransitionError(
            f"L’état actuel est «{NBSP}{was}{NBSP}»{NBSP}: il ne peut pas devenir"
            f" «{NBSP}{wanted}{NBSP}»."
        )
