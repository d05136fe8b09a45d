"""Which slots may be given to a need: each rule, at its edges."""

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from dispatcher.domain.matching.feasibility import BIT, Reason, feasibility, reasons_of
from dispatcher.domain.matching.needs import Limits, Need, OpenSlot
from tests.domain.morning import (
    COLLEAGUE,
    DOCTOR,
    NEED,
    NOW,
    SLOT,
    hours,
    north,
    walk_in,
)

Reasons = tuple[Reason, ...]
NOTHING: Reasons = ()


def test_the_slot_next_door_may_be_given() -> None:
    assert feasibility(NEED, SLOT, NOW) == ()


@pytest.mark.parametrize(
    ("asked", "offered", "reason"),
    [
        # asking for no speciality asks for general practice, under any of its codes or none
        (None, "SM54", None),
        (None, "SM53", None),
        (None, "SM26", None),
        (None, None, None),
        (None, "SM40", Reason.SPECIALTY),
        ("SM54", "SM53", None),
        ("SM54", None, None),
        ("SM54", "SM40", Reason.SPECIALTY),
        # a specialist is asked for by name
        ("SM40", "SM40", None),
        ("SM40", "SM54", Reason.SPECIALTY),
        ("SM40", None, Reason.SPECIALTY),
    ],
)
def test_a_specialist_is_proposed_only_when_asked_for(
    asked: str | None, offered: str | None, reason: Reason | None
) -> None:
    found = feasibility(replace(NEED, specialty=asked), replace(SLOT, specialty=offered), NOW)
    assert found == (() if reason is None else (reason,))


@pytest.mark.parametrize(
    ("profession", "asked", "offered", "against"),
    [
        ("60", None, "SI05", NOTHING),  # an advanced practice nurse is still a nurse
        ("60", "SI05", None, (Reason.SPECIALTY,)),
        ("40", None, "SCD03", NOTHING),  # médecine bucco-dentaire is general dentistry
        ("40", None, "SCD01", (Reason.SPECIALTY,)),  # orthodontics is not
        ("70", None, None, NOTHING),
    ],
)
def test_outside_medicine_a_speciality_narrows_dentists_alone(
    profession: str, asked: str | None, offered: str | None, against: Reasons
) -> None:
    need = replace(NEED, profession=profession, specialty=asked)
    slot = replace(SLOT, profession=profession, specialty=offered)
    assert feasibility(need, slot, NOW) == against


@pytest.mark.parametrize(
    ("slot", "reason"),
    [
        (replace(SLOT, profession="60", specialty=None), Reason.PROFESSION),
        (replace(SLOT, modality="HH"), Reason.MODALITY),
        (replace(SLOT, visibility=frozenset({"PRO", "PUBLIC"})), Reason.VISIBILITY),
        (replace(SLOT, taken=1), Reason.FULL),
        (replace(walk_in(3, 6, places=4), taken=4), Reason.FULL),
        (replace(SLOT, daily_cap=8, booked_that_day=8), Reason.PRACTITIONER_CAP),
        (replace(SLOT, daily_cap=8, booked_that_day=9), Reason.PRACTITIONER_CAP),
        (replace(SLOT, start=hours(-1)), Reason.PAST),
    ],
)
def test_what_does_not_fit_is_refused_for_its_reason(slot: OpenSlot, reason: Reason) -> None:
    assert feasibility(NEED, slot, NOW) == (reason,)


@pytest.mark.parametrize(
    "slot",
    [
        replace(SLOT, visibility=frozenset({"CPTS", "PRO"})),  # one in common is enough
        replace(SLOT, daily_cap=8, booked_that_day=7),
        replace(walk_in(3, 6, places=4), taken=3),
    ],
)
def test_what_just_fits_may_be_given(slot: OpenSlot) -> None:
    assert feasibility(NEED, slot, NOW) == ()


def test_every_reason_is_told_in_order() -> None:
    slot = replace(SLOT, profession="60", modality="HH", taken=1, latitude=north(31))
    assert feasibility(NEED, slot, NOW) == (
        Reason.PROFESSION,
        Reason.MODALITY,
        Reason.TOO_FAR,
        Reason.FULL,
    )


def test_an_excluded_practitioner_is_not_proposed() -> None:
    need = replace(NEED, excluded_practitioners=frozenset({DOCTOR}))
    assert feasibility(need, SLOT, NOW) == (Reason.EXCLUDED,)
    assert feasibility(need, replace(SLOT, practitioner_id=COLLEAGUE), NOW) == ()


@pytest.mark.parametrize(("kilometres", "against"), [(29.9, NOTHING), (30.1, (Reason.TOO_FAR,))])
def test_the_radius_is_the_limit(kilometres: float, against: Reasons) -> None:
    slot = replace(SLOT, latitude=north(kilometres))
    assert feasibility(NEED, slot, NOW) == against


def test_without_a_radius_nothing_is_too_far() -> None:
    need = replace(NEED, radius_km=math.inf)
    assert feasibility(need, replace(SLOT, latitude=-21.0, longitude=55.5), NOW) == ()


def test_teleconsultation_knows_no_distance() -> None:
    slot = replace(SLOT, modality="VR", latitude=north(300))
    assert feasibility(replace(NEED, modalities=frozenset({"VR"})), slot, NOW) == ()


def test_a_home_visit_knows_distance_as_the_surgery_does() -> None:
    slot = replace(SLOT, modality="HH", latitude=north(31))
    need = replace(NEED, modalities=frozenset({"HH"}))
    assert feasibility(need, slot, NOW) == (Reason.TOO_FAR,)


@pytest.mark.parametrize(
    ("need", "slot"),
    [
        (replace(NEED, longitude=None, latitude=None), SLOT),
        (NEED, replace(SLOT, longitude=None, latitude=None)),
    ],
)
def test_a_distance_that_is_not_known_is_no_refusal(need: Need, slot: OpenSlot) -> None:
    assert feasibility(need, slot, NOW) == ()


@pytest.mark.parametrize(
    ("age", "youngest", "oldest", "against"),
    [
        (3, 3, 15, NOTHING),
        (15, 3, 15, NOTHING),
        (2, 3, 15, (Reason.AGE,)),
        (16, 3, 15, (Reason.AGE,)),
        (90, 16, None, NOTHING),
        (90, None, 80, (Reason.AGE,)),
        (0, None, None, NOTHING),
        # not knowing is no refusal where there is no limit, and one where there is
        (None, None, None, NOTHING),
        (None, 3, None, (Reason.AGE,)),
        (None, None, 80, (Reason.AGE,)),
    ],
)
def test_limits_of_age_are_included(
    age: int | None, youngest: int | None, oldest: int | None, against: Reasons
) -> None:
    slot = replace(SLOT, min_age=youngest, max_age=oldest)
    assert feasibility(replace(NEED, age=age), slot, NOW) == against


@pytest.mark.parametrize(
    ("start", "notice", "reason"),
    [
        (0.0, 0, None),  # starting now, nobody wants to know beforehand
        (0.5, 30, None),  # exactly the notice
        (0.49, 30, Reason.TOO_SOON),
        (-0.01, 0, Reason.PAST),
        (-0.01, 30, Reason.PAST),  # past and not also too soon
    ],
)
def test_an_appointment_leaves_its_practitioner_the_notice(
    start: float, notice: int, reason: Reason | None
) -> None:
    slot = replace(SLOT, start=hours(start), minimum_notice=timedelta(minutes=notice))
    assert feasibility(NEED, slot, NOW) == (() if reason is None else (reason,))


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        (3, 6, None),
        (-2, 0.5, None),  # begun, with exactly half an hour left
        (-2, 0.49, Reason.PAST),
        (-2, -1, Reason.PAST),
        (0.1, 3, None),  # notice does not concern it
        (1, 1.25, None),  # a short one takes patients at its start
    ],
)
def test_a_walk_in_period_takes_patients_until_half_an_hour_before_its_end(
    start: float, end: float, reason: Reason | None
) -> None:
    found = feasibility(NEED, walk_in(start, end), NOW)
    assert found == (() if reason is None else (reason,))


def test_the_margin_of_a_walk_in_period_is_a_setting() -> None:
    slot = walk_in(-2, 0.4)
    assert feasibility(NEED, slot, NOW, Limits(walk_in_margin=timedelta(minutes=20))) == ()


@pytest.mark.parametrize(
    ("slot", "reason"),
    [
        (replace(SLOT, start=hours(24)), None),  # at the very end of the delay
        (replace(SLOT, start=hours(24.01)), Reason.TOO_LATE),
        (walk_in(23, 30), None),
        (walk_in(25, 30), Reason.TOO_LATE),
    ],
)
def test_the_delay_is_over_when_the_patient_would_be_seen_after_it(
    slot: OpenSlot, reason: Reason | None
) -> None:
    assert feasibility(NEED, slot, NOW) == (() if reason is None else (reason,))


def test_a_walk_in_patient_who_can_only_come_late_is_seen_late() -> None:
    # free from 22 h on, due by 20 h: the period that goes on until 23 h does not help
    need = replace(NEED, due_at=hours(12), earliest=hours(14))
    assert feasibility(need, walk_in(3, 15), NOW) == (Reason.TOO_LATE,)


def test_a_territorys_grace_comes_on_top_of_the_delay() -> None:
    late = replace(SLOT, start=hours(25))
    assert feasibility(NEED, late, NOW, Limits(grace=timedelta(hours=1))) == ()
    assert feasibility(NEED, late, NOW, Limits(grace=timedelta(minutes=59))) == (Reason.TOO_LATE,)


@pytest.mark.parametrize(
    ("slot", "reason"),
    [
        (replace(SLOT, start=hours(5)), None),
        (replace(SLOT, start=hours(4.99)), Reason.TOO_EARLY),
        (walk_in(3, 6), None),  # comes in the middle of it
        (walk_in(3, 5.5), None),  # comes at the last call
        (walk_in(3, 5.49), Reason.TOO_EARLY),
    ],
)
def test_nobody_is_expected_before_they_can_come(slot: OpenSlot, reason: Reason | None) -> None:
    need = replace(NEED, earliest=hours(5))
    assert feasibility(need, slot, NOW) == (() if reason is None else (reason,))


@pytest.mark.parametrize(
    ("sex", "received", "against"),
    [
        (None, None, NOTHING),
        ("female", None, NOTHING),
        ("female", "female", NOTHING),
        ("male", "female", (Reason.SEX,)),
        # not knowing is a refusal where there is a limit, as with age
        (None, "male", (Reason.SEX,)),
    ],
)
def test_who_receives_women_only_receives_women_only(
    sex: str | None, received: str | None, against: Reasons
) -> None:
    assert feasibility(replace(NEED, sex=sex), replace(SLOT, patient_sex=received), NOW) == against


@pytest.mark.parametrize(
    ("asked", "spoken", "against"),
    [
        (None, {"fr"}, NOTHING),
        ("fr", {"fr"}, NOTHING),
        ("ar", {"fr", "ar"}, NOTHING),
        ("ar", {"fr", "tr"}, (Reason.LANGUAGE,)),
    ],
)
def test_who_needs_another_language_is_received_in_it(
    asked: str | None, spoken: set[str], against: Reasons
) -> None:
    slot = replace(SLOT, languages=frozenset(spoken))
    assert feasibility(replace(NEED, language=asked), slot, NOW) == against


@pytest.mark.parametrize(
    ("needs", "modality", "is_step_free", "against"),
    [
        (False, "AMB", False, NOTHING),
        (True, "AMB", True, NOTHING),
        (True, "AMB", False, (Reason.STEP_FREE,)),
        # nobody climbs a step at home or on the telephone
        (True, "HH", False, NOTHING),
        (True, "VR", False, NOTHING),
    ],
)
def test_steps_stand_in_the_way_of_offices_alone(
    *, needs: bool, modality: str, is_step_free: bool, against: Reasons
) -> None:
    need = replace(NEED, needs_step_free=needs, modalities=frozenset({modality}))
    slot = replace(SLOT, modality=modality, step_free=is_step_free)
    assert feasibility(need, slot, NOW) == against


@pytest.mark.parametrize(
    ("travel", "modality", "kilometres", "against"),
    [
        (math.inf, "AMB", 29.0, NOTHING),
        (5.0, "AMB", 4.9, NOTHING),
        (5.0, "AMB", 5.1, (Reason.CANNOT_TRAVEL,)),
        # both are told: neither alone would be enough
        (5.0, "AMB", 31.0, (Reason.TOO_FAR, Reason.CANNOT_TRAVEL)),
        # not even next door, whose distance is that of the commune to itself
        (0.0, "AMB", 0.0, (Reason.CANNOT_TRAVEL,)),
        # whoever comes to the patient is limited by the radius alone
        (0.0, "HH", 29.0, NOTHING),
        (0.0, "HH", 31.0, (Reason.TOO_FAR,)),
        (0.0, "VR", 300.0, NOTHING),
    ],
)
def test_how_far_the_patient_can_go_limits_offices_alone(
    travel: float, modality: str, kilometres: float, against: Reasons
) -> None:
    need = replace(NEED, travel_km=travel, modalities=frozenset({modality}))
    slot = replace(SLOT, modality=modality, latitude=north(kilometres))
    assert feasibility(need, slot, NOW) == against


@pytest.mark.parametrize(("travel", "against"), [(5.0, NOTHING), (0.0, (Reason.CANNOT_TRAVEL,))])
def test_a_distance_that_is_not_known_stops_only_who_cannot_go_anywhere(
    travel: float, against: Reasons
) -> None:
    slot = replace(SLOT, longitude=None, latitude=None)
    assert feasibility(replace(NEED, travel_km=travel), slot, NOW) == against


@pytest.mark.parametrize(
    ("enlarged", "kilometres", "against"),
    [
        (45.0, 44.9, NOTHING),
        (45.0, 45.1, (Reason.TOO_FAR,)),
        (None, 30.1, (Reason.TOO_FAR,)),
        # an enlargement never narrows
        (20.0, 29.9, NOTHING),
    ],
)
def test_the_enlarged_radius_is_the_limit_where_there_is_one(
    enlarged: float | None, kilometres: float, against: Reasons
) -> None:
    need = replace(NEED, enlarged_km=enlarged)
    assert feasibility(need, replace(SLOT, latitude=north(kilometres)), NOW) == against


@pytest.mark.parametrize(
    ("cap", "booked", "against"),
    [
        (None, 50, NOTHING),
        (10, 9, NOTHING),
        (10, 10, (Reason.WEEKLY_CAP,)),
        (10, 11, (Reason.WEEKLY_CAP,)),
    ],
)
def test_a_week_s_cap_is_a_cap(cap: int | None, booked: int, against: Reasons) -> None:
    slot = replace(SLOT, weekly_cap=cap, booked_that_week=booked)
    assert feasibility(NEED, slot, NOW) == against


def test_what_starts_outside_the_hours_of_unscheduled_care_is_not_given() -> None:
    assert feasibility(NEED, replace(SLOT, outside_hours=True), NOW) == (Reason.OUTSIDE_HOURS,)


def test_each_reason_has_a_bit_of_its_own() -> None:
    assert sum(BIT.values()) == 2 ** len(Reason) - 1
    assert reasons_of(sum(BIT.values())) == tuple(Reason)
    assert reasons_of(0) == ()
