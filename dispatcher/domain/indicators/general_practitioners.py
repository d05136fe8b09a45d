"""What is counted of patients without a médecin traitant: each of the contracts' groups apart."""

from collections.abc import Callable, Mapping, Sequence

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.gp_searches import Priority
from dispatcher.domain.indicators.definition import RequestCount, Unit
from dispatcher.domain.indicators.stories import Request

_OPENED = "request_opened"
_GROUPS: Mapping[Priority, str] = {
    Priority.OVER_70: f"70{NBSP}ans ou plus",
    Priority.ALD: "ALD",
    Priority.C2S: "C2S",
}


def _found_for(group: Priority) -> Callable[[Request], int]:
    return lambda request: group in request.gp_found_for


WITHOUT_GP: Sequence[RequestCount] = (
    RequestCount(
        code="without_gp",
        label="Patients sans médecin traitant",
        formula="Demandes de patients qui ont dit ne pas avoir de médecin traitant.",
        events=(_OPENED,),
        unit=Unit.REQUESTS,
        count=lambda request: request.has_gp is False,
    ),
    RequestCount(
        code="gp_found",
        label="Médecin traitant trouvé",
        formula=(
            "Demandes à la suite desquelles un médecin a accepté le patient, ou dont la régulation"
            " a noté un médecin traitant trouvé."
        ),
        events=(_OPENED, "effect_noted"),
        unit=Unit.REQUESTS,
        count=lambda request: "GP_FOUND" in request.effects,
    ),
    *(
        RequestCount(
            code=f"gp_found_{group.value}",
            label=f"Médecin traitant trouvé, {words}",
            formula=f"Parmi elles, patients de la liste de la coordination{NBSP}: {words}.",
            events=(_OPENED, "gp_search_moved"),
            unit=Unit.REQUESTS,
            count=_found_for(group),
        )
        for group, words in _GROUPS.items()
    ),
)
