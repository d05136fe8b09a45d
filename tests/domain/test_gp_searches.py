"""Who comes first for a médecin traitant, and what may follow what."""

import pytest

from dispatcher.domain.errors import TransitionError
from dispatcher.domain.gp_searches import (
    GP_SEARCH_TRANSITIONS,
    GpSearchStatus,
    Priority,
    check_gp_search,
    priorities,
)


@pytest.mark.parametrize(
    ("age", "said", "first"),
    [
        (69, "", []),
        (70, "", [Priority.OVER_70]),
        (12, "ald", [Priority.ALD]),
        (88, "ald c2s", [Priority.OVER_70, Priority.ALD, Priority.C2S]),
    ],
)
def test_who_comes_first(age: int, said: str, first: list[Priority]) -> None:
    assert priorities(age, ald="ald" in said, c2s="c2s" in said) == first


def test_nobody_is_accepted_whom_no_doctor_was_proposed() -> None:
    with pytest.raises(TransitionError) as refused:
        check_gp_search(GpSearchStatus.TO_CONTACT, GpSearchStatus.ACCEPTED)
    assert "à contacter" in refused.value.sentence
    assert "accepté" in refused.value.sentence
    check_gp_search(GpSearchStatus.PROPOSED, GpSearchStatus.ACCEPTED)


def test_every_state_can_be_left() -> None:
    assert all(GP_SEARCH_TRANSITIONS[status] for status in GpSearchStatus)
