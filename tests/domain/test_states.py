"""The states and their transitions, and how a refusal is told."""

import pytest

from dispatcher.domain.errors import TransitionError
from dispatcher.domain.states import (
    APPOINTMENT_TRANSITIONS,
    REQUEST_TRANSITIONS,
    SLOT_TRANSITIONS,
    AppointmentStatus,
    Attention,
    RequestStatus,
    SlotStatus,
    check_transition,
    in_words,
    pressing,
)


def test_every_state_has_words_and_a_row_in_its_table() -> None:
    assert set(REQUEST_TRANSITIONS) == set(RequestStatus)
    assert set(SLOT_TRANSITIONS) == set(SlotStatus)
    assert set(APPOINTMENT_TRANSITIONS) == set(AppointmentStatus)
    for status in (*RequestStatus, *SlotStatus, *AppointmentStatus):
        assert in_words(status)


def test_states_of_the_same_name_are_told_apart() -> None:
    assert in_words(RequestStatus.CANCELLED) == "annulée"
    assert in_words(AppointmentStatus.CANCELLED) == "annulé"
    assert in_words(RequestStatus.OPEN) == "à traiter"
    assert in_words(SlotStatus.OPEN) == "ouvert"


def test_a_step_that_the_table_does_not_allow_is_refused_with_the_reason() -> None:
    with pytest.raises(TransitionError) as refused:
        check_transition(REQUEST_TRANSITIONS, RequestStatus.CANCELLED, RequestStatus.BOOKED)
    assert refused.value.sentence == (
        "L’état actuel est «\u00a0annulée\u00a0»\u00a0:"
        " il ne peut pas devenir «\u00a0rendez-vous pris\u00a0»."
    )


def test_what_is_over_never_lives_again() -> None:
    for ended in (RequestStatus.CANCELLED, RequestStatus.REDIRECTED, RequestStatus.UNFILLED):
        assert REQUEST_TRANSITIONS[ended] == frozenset()
    assert APPOINTMENT_TRANSITIONS[AppointmentStatus.CANCELLED] == frozenset()
    assert SLOT_TRANSITIONS[SlotStatus.CLOSED] == frozenset()


def test_an_allowed_step_is_taken_without_a_word() -> None:
    check_transition(REQUEST_TRANSITIONS, RequestStatus.SEARCHING, RequestStatus.BOOKED)


@pytest.mark.parametrize(
    ("asked", "comes_up", "stays"),
    [
        (None, Attention.NO_SLOT, Attention.NO_SLOT),
        (Attention.NO_SLOT, Attention.NOBODY_ANSWERED, Attention.NOBODY_ANSWERED),
        (Attention.NOBODY_ANSWERED, Attention.HOUR_MISSING, Attention.HOUR_MISSING),
        (Attention.MESSAGE, Attention.NO_SLOT, Attention.NO_SLOT),
        (Attention.NO_SLOT, Attention.DEADLINE, Attention.DEADLINE),
        (Attention.DEADLINE, Attention.NOBODY_ANSWERED, Attention.DEADLINE),
        (Attention.DEADLINE, Attention.HOUR_MISSING, Attention.DEADLINE),
        (Attention.DEADLINE, None, Attention.DEADLINE),
        (None, Attention.MESSAGE, Attention.MESSAGE),
        (Attention.NO_SLOT, Attention.MESSAGE, Attention.NO_SLOT),
        (Attention.NO_SLOT, None, None),
        (Attention.MESSAGE, Attention.CALL_BACK, Attention.CALL_BACK),
        (Attention.CALL_BACK, Attention.MESSAGE, Attention.CALL_BACK),
        (Attention.NO_SLOT, Attention.CALL_BACK, Attention.NO_SLOT),
    ],
)
def test_the_more_pressing_stays_in_front_of_the_regulator(
    asked: Attention | None, comes_up: Attention | None, stays: Attention | None
) -> None:
    assert pressing(asked, comes_up) == stays
