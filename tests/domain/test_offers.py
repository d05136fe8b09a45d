"""Whom a request is put to, in what order, and at which hours; worked out by hand."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from dispatcher.domain.matching.needs import Need
from dispatcher.domain.offers import (
    Office,
    Volunteer,
    free_span,
    has_room,
    hours_between,
    next_wave,
    ways_of,
    weeks_around,
)

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""Monday 9:00 in Paris."""
PARIS = ZoneInfo("Europe/Paris")
HERE = (5.55, 46.67)
KM_NORTH = 1 / 111.195
"""Degrees of latitude in a kilometre: 6371.0088 km times pi over 180 make 111.195 km a degree."""


def need(**changes: Any) -> Need:
    values: dict[str, Any] = {
        "request_id": UUID(int=1),
        "profession": "10",
        "specialty": None,
        "modalities": frozenset({"AMB"}),
        "age": 76,
        "longitude": HERE[0],
        "latitude": HERE[1],
        "asked_at": NOW,
        "due_at": NOW + timedelta(hours=4),
        "earliest": None,
        "gp_id": None,
        "excluded_practitioners": frozenset(),
        "sees": frozenset({"SNP"}),
        "radius_km": 30.0,
    }
    return Need(**(values | changes))


def office(number: int, km: float | None = 1.0, *, step_free: bool = False) -> Office:
    """A place that many kilometres north of the patient; None for one that is on no map."""
    if km is None:
        return Office(UUID(int=100 + number), None, None, step_free)
    return Office(UUID(int=100 + number), HERE[0], HERE[1] + km * KM_NORTH, step_free)


def volunteer(number: int, km: float | None = 1.0, **changes: Any) -> Volunteer:
    values: dict[str, Any] = {
        "practitioner_id": UUID(int=number),
        "profession": "10",
        "specialty": "SM54",
        "modalities": frozenset({"AMB"}),
        "offices": (office(number, km),),
    }
    return Volunteer(**(values | changes))


def asked(volunteers: list[Volunteer], size: int = 5, **changes: Any) -> list[int]:
    """The numbers of those who are asked next, in order."""
    wave = next_wave(need(**changes), volunteers, size, NOW)
    return [way.practitioner_id.int for way in wave.asked]


class TestOrder:
    def test_the_nearest_first_as_many_as_fit_in_a_wave(self) -> None:
        three = [volunteer(1, 9), volunteer(2, 3), volunteer(3, 6)]
        assert asked(three) == [2, 3, 1]
        assert asked(three, size=2) == [2, 3]

    def test_each_time_somebody_was_asked_counts_like_five_kilometres(self) -> None:
        near_but_asked = volunteer(1, 3, asked_lately=2)  # 3 + 2 × 5 = 13
        assert asked([near_but_asked, volunteer(2, 12.9)]) == [2, 1]
        assert asked([near_but_asked, volunteer(2, 13.1)]) == [1, 2]

    def test_ties_go_to_the_smaller_id(self) -> None:
        assert asked([volunteer(3, 5), volunteer(2, 5)]) == [2, 3]

    def test_a_distance_that_is_not_known_comes_last(self) -> None:
        assert asked([volunteer(1, None), volunteer(2, 29)]) == [2, 1]

    def test_the_patients_own_are_asked_before_and_without_the_others(self) -> None:
        people = [volunteer(1, 2), volunteer(2, 20, own=1), volunteer(3, 25, own=0)]
        assert asked(people) == [3, 2]
        assert asked(people[:1]) == [1]

    def test_an_own_one_who_cannot_be_reached_holds_nobody_up(self) -> None:
        wave = next_wave(need(), [volunteer(1), volunteer(2, own=0, is_reachable=False)], 5, NOW)
        assert [way.practitioner_id.int for way in wave.asked] == [1]
        assert [found.int for found in wave.unreachable] == [2]

    def test_nobody_at_all_is_an_empty_wave(self) -> None:
        assert next_wave(need(), [], 5, NOW).asked == ()


class TestRules:
    @pytest.mark.parametrize(
        ("changes", "rules"),
        [
            ({"profession": "60"}, {}),
            ({"specialty": "SM42"}, {}),
            ({"modalities": frozenset({"VR"})}, {}),
            ({"max_age": 75}, {}),
            ({"min_age": 77}, {}),
            ({"patient_sex": "female"}, {"sex": "male"}),
            ({"patient_sex": "female"}, {}),
            ({}, {"language": "pt"}),
            ({}, {"needs_step_free": True}),
            ({}, {"excluded_practitioners": frozenset({UUID(int=1)})}),
            ({}, {"travel_km": 0.0}),
            ({}, {"travel_km": 0.9}),
            ({"offices": (office(1, 31),)}, {}),
            ({"offices": ()}, {}),
            ({"has_room": False}, {}),
        ],
    )
    def test_a_rule_that_stands_against_somebody(
        self, changes: dict[str, Any], rules: dict[str, Any]
    ) -> None:
        assert asked([volunteer(1, **changes)], **rules) == []

    @pytest.mark.parametrize(
        ("changes", "rules"),
        [
            ({"max_age": 76, "min_age": 76}, {}),
            ({"patient_sex": "female"}, {"sex": "female"}),
            ({"languages": frozenset({"fr", "pt"})}, {"language": "pt"}),
            ({"offices": (office(1, 1, step_free=True),)}, {"needs_step_free": True}),
            ({}, {"travel_km": 1.1}),
            ({"offices": (office(1, 44),)}, {"enlarged_km": 45.0}),
            ({"modalities": frozenset({"HH"})}, {"modalities": frozenset({"HH"}), "travel_km": 0}),
            ({"offices": (office(1, 600),), "modalities": frozenset({"VR"})},
             {"modalities": frozenset({"AMB", "VR"})}),
        ],
    )  # fmt: skip
    def test_and_its_other_side(self, changes: dict[str, Any], rules: dict[str, Any]) -> None:
        assert asked([volunteer(1, **changes)], **rules) == [1]

    def test_the_place_is_the_nearest_that_fits_and_the_way_the_first_that_both_can(self) -> None:
        two = (office(1, 9), office(2, 4), office(3, 1))
        changes: dict[str, Any] = {"offices": two, "modalities": frozenset({"AMB", "HH", "VR"})}
        someone = volunteer(1, **changes)

        way = ways_of(need(), [someone], NOW)[someone.practitioner_id]
        assert (way.place_id, way.modality) == (UUID(int=103), "AMB")
        assert way.distance_km == pytest.approx(1.0, abs=0.01)

        at_home = need(modalities=frozenset({"AMB", "HH"}), travel_km=0.0)
        assert ways_of(at_home, [someone], NOW)[someone.practitioner_id].modality == "HH"

    def test_hours_and_the_hour_of_asking_play_no_part(self) -> None:
        """Nothing about the wait is asked of a place without an hour: the volunteer chooses it."""
        late = need(due_at=NOW - timedelta(hours=1), earliest=NOW + timedelta(hours=9))
        assert UUID(int=1) in ways_of(late, [volunteer(1)], NOW)


class TestRoom:
    @pytest.mark.parametrize(
        ("booked", "daily", "weekly", "room"),
        [
            ({}, None, None, True),
            ({date(2026, 11, 23): 2}, 2, None, True),  # Monday full, Tuesday free
            ({date(2026, 11, 23): 2, date(2026, 11, 24): 2}, 2, None, False),
            ({date(2026, 11, 23): 1}, 2, None, True),
            ({date(2026, 11, 27): 3}, None, 3, False),  # Friday counts in the same week
            ({date(2026, 11, 22): 3}, None, 3, True),  # Sunday before does not
            ({date(2026, 11, 23): 2, date(2026, 11, 26): 1}, 2, 3, False),
        ],
    )
    def test_caps_over_the_days_of_a_wait_until_tuesday_evening(
        self, booked: dict[date, int], daily: int | None, weekly: int | None, *, room: bool
    ) -> None:
        until = NOW + timedelta(hours=34)
        assert has_room(booked, NOW, until, PARIS, daily_cap=daily, weekly_cap=weekly) is room

    def test_weeks_are_those_of_the_zone(self) -> None:
        sunday_night = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # Monday 0:30 in Paris
        assert weeks_around(sunday_night, NOW, PARIS) == (date(2026, 11, 23), date(2026, 11, 30))


class TestHours:
    def test_quarters_after_now_and_until_the_end(self) -> None:
        found = hours_between(NOW + timedelta(minutes=7), NOW + timedelta(minutes=45), PARIS)
        assert [hour - NOW for hour in found] == [timedelta(minutes=m) for m in (15, 30, 45)]

    def test_now_itself_is_too_late(self) -> None:
        assert hours_between(NOW, NOW + timedelta(minutes=14), PARIS) == []

    def test_quarters_of_the_zones_clocks(self) -> None:
        """Nepal is 5:45 ahead of UTC: its quarters are those of UTC; Adelaide's half hours too."""
        found = hours_between(NOW, NOW + timedelta(hours=1), ZoneInfo("Asia/Kathmandu"))
        assert [f"{hour.astimezone(ZoneInfo('Asia/Kathmandu')):%M}" for hour in found] == [
            "00", "15", "30", "45",
        ]  # fmt: skip

    def test_a_slot_of_a_quarter_that_ends_where_another_of_theirs_begins(self) -> None:
        quarter = timedelta(minutes=15)
        assert free_span(NOW, [], []) == (NOW, NOW + quarter)
        begins = NOW + timedelta(minutes=10)
        assert free_span(NOW, [], [begins]) == (NOW, begins)
        assert free_span(NOW, [], [NOW + quarter, NOW - quarter]) == (NOW, NOW + quarter)

    @pytest.mark.parametrize(
        ("start", "minutes", "is_free"),
        [(-15, 15, True), (-15, 16, False), (0, 15, False), (14, 15, False), (15, 15, True)],
    )
    def test_never_over_somebody_they_see(self, start: int, minutes: int, *, is_free: bool) -> None:
        begins = NOW + timedelta(minutes=start)
        busy = [(begins, begins + timedelta(minutes=minutes))]
        assert (free_span(NOW, busy, []) is not None) is is_free
