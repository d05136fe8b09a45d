"""Scenarios: read with a sentence for each mistake, drawn the same from the same seed."""

import tomllib
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dispatcher.domain.errors import InvalidError
from dispatcher.domain.policy import Policy
from dispatcher.domain.simulation.comparing import compare, prices_of, simulate
from dispatcher.domain.simulation.drawing import draw_past, draw_weeks
from dispatcher.domain.simulation.policies import PolicyName
from dispatcher.domain.simulation.scenario import (
    Asking,
    Scenario,
    Shape,
    Supply,
    Volunteering,
    read_scenario,
)

SCENARIOS = Path(__file__).parents[2] / "bench" / "scenarios"
SMALL = Scenario(
    days=2,
    past_weeks=1,
    asking=replace(Asking(), per_day=25),
    supply=replace(Supply(), practitioners=8, ratio=0.9),
)


def around_the_clock(changes: dict[str, Any]) -> list[tuple[datetime, bool]]:
    """The local starts of slots drawn at all hours of all days, and whether outside hours."""
    supply = {
        "practitioners": 8, "hours": [1] * 24, "weekdays": [1] * 7, "saturday_until": 24,
    }  # fmt: skip
    scenario = read_scenario({"days": 3, "supply": supply, **changes})
    slots = draw_weeks(scenario)[0].slots
    return [(slot.start.astimezone(scenario.zone), slot.outside_hours) for slot in slots]


@pytest.mark.parametrize("name", ["base", "scarce", "ample", "rural"])
def test_the_scenarios_of_the_benchmarks_can_be_read(name: str) -> None:
    scenario = read_scenario(tomllib.loads((SCENARIOS / f"{name}.toml").read_text("utf-8")))
    assert scenario.name == name
    assert (scenario.asking.per_day, scenario.supply.practitioners) == (400, 60)
    assert scenario.asking.delays == {24: 0.5, 48: 0.5}
    assert scenario.supply.late_share == 0.3


def test_scarce_is_85_percent_of_base_and_nothing_else() -> None:
    base, scarce = (
        read_scenario(tomllib.loads((SCENARIOS / f"{name}.toml").read_text("utf-8")))
        for name in ("base", "scarce")
    )
    assert scarce.supply.ratio == pytest.approx(0.85 * base.supply.ratio)
    assert base == replace(
        scarce, name="base", supply=replace(scarce.supply, ratio=base.supply.ratio)
    )


def test_an_empty_scenario_is_the_default_one() -> None:
    assert read_scenario({}) == Scenario()


@pytest.mark.parametrize("policy", [{}, {"road_factor": 1.5}, {"outside_hours": True}])
def test_settings_that_name_no_radius_leave_it_at_thirty_kilometres(policy: dict[str, Any]) -> None:
    scenario = read_scenario({"policy": policy})
    assert scenario.policy == Policy.from_mapping({"radius_km": 30, **policy})
    assert read_scenario({"policy": {"radius_km": 12}}).policy.radius_km == 12


@pytest.mark.parametrize(
    ("policy", "enlarged"), [({}, 45.0), ({"radius_km": 12}, 18.0), ({"enlarge_km": 5}, 35.0)]
)
def test_a_search_goes_as_far_beyond_the_radius_as_the_settings_say(
    policy: dict[str, Any], enlarged: float
) -> None:
    scenario = replace(SMALL, policy=read_scenario({"policy": policy}).policy)
    needs = draw_weeks(scenario)[0].needs
    assert {need.enlarged_km for need in needs} == {enlarged}


@pytest.mark.parametrize(("policy", "until"), [({}, 12), ({"saturday_until": 14}, 14)])
def test_slots_at_night_and_on_days_of_rest_are_outside_hours(
    policy: dict[str, Any], until: int
) -> None:
    # from Saturday 7 to Monday 9 November 2026, and the 48 h after: Wednesday 11 is a holiday
    used = {5: range(8, until), 6: range(0), 0: range(8, 20), 1: range(8, 20), 2: range(0)}
    slots = around_the_clock({"first_day": date(2026, 11, 7), "policy": policy})
    assert {start.weekday() for start, _ in slots} == set(used)
    for start, outside in slots:
        assert outside == (start.hour not in used[start.weekday()]), start
    always = around_the_clock({"first_day": date(2026, 11, 7), "policy": {"outside_hours": True}})
    assert not any(outside for _, outside in always)


@pytest.mark.parametrize(("department", "outside"), [("39", {False}), ("67", {True})])
def test_the_holidays_are_those_of_the_scenarios_departement(
    department: str, outside: set[bool]
) -> None:
    # 26 December 2025, a Friday: a public holiday in Alsace-Moselle alone
    slots = around_the_clock({"first_day": date(2025, 12, 26), "department": department})
    assert {told for start, told in slots if start.day == 26 and 8 <= start.hour < 20} == outside


def test_slots_outside_hours_serve_nobody_unless_the_settings_say_so() -> None:
    on_sunday = {
        "first_day": date(2026, 11, 8), "days": 1, "past_weeks": 0,
        "demand": {"per_day": 25, "delays": {"4": 1}},
        "supply": {"practitioners": 8, "weekdays": [0, 0, 0, 0, 0, 0, 1]},
    }  # fmt: skip
    assert simulate(read_scenario(on_sunday)).served == 0
    assert simulate(read_scenario({**on_sunday, "policy": {"outside_hours": True}})).served > 0


@pytest.mark.parametrize("name", ["base", "scarce", "ample", "rural"])
def test_no_slot_of_the_benchmarks_lies_outside_hours_or_beyond_the_radius(name: str) -> None:
    """Their figures are those that they were before either was taken into account."""
    scenario = read_scenario(tomllib.loads((SCENARIOS / f"{name}.toml").read_text("utf-8")))
    stretches = [*draw_weeks(scenario), *draw_past(scenario)]
    assert not any(slot.outside_hours for each in stretches for slot in each.slots)
    assert all(need.limit_km == need.radius_km for each in stretches for need in each.needs)


@pytest.mark.parametrize(
    ("stored", "key", "sentence"),
    [
        ({"wekks": 2}, "wekks", "Cette clé n’existe pas."),
        ({"weeks": 0}, "weeks", "Indiquez un nombre entre 1 et 53."),
        ({"weeks": 2.5}, "weeks", "Indiquez un nombre entier."),
        ({"weeks": True}, "weeks", "Indiquez un nombre entier."),
        ({"name": ""}, "name", "Indiquez un texte."),
        ({"first_day": "lundi"}, "first_day", "Indiquez une date, par exemple 2026-11-02, sans"),
        ({"department": "99"}, "department", 'Indiquez un département, par exemple "39"'),
        ({"department": 39}, "department", 'Indiquez un département, par exemple "39"'),
        ({"timezone": "Paris"}, "timezone", "Le fuseau horaire « Paris » est inconnu."),
        ({"demand": 3}, "demand", "Indiquez une table de valeurs."),
        ({"demand": {"per_dya": 3}}, "demand.per_dya", "Cette clé n’existe pas."),
        ({"demand": {"per_day": "400"}}, "demand.per_day", "Indiquez un nombre."),
        ({"demand": {"per_day": float("nan")}}, "demand.per_day", "Indiquez un nombre."),
        ({"demand": {"per_day": -1}}, "demand.per_day", "Indiquez un nombre entre 1 et 20 000."),
        ({"demand": {"per_day": 10**400}}, "demand.per_day", "Indiquez un nombre entre 1 et"),
        (
            {"demand": {"hours": [1, 2]}},
            "demand.hours",
            "Indiquez 24 nombres de 0 à 1 000 000, non",
        ),
        ({"demand": {"weekdays": [0] * 7}}, "demand.weekdays", "Indiquez 7 nombres de 0 à"),
        ({"demand": {"weekdays": [10**400] * 7}}, "demand.weekdays", "Indiquez 7 nombres de 0 à"),
        ({"demand": {"delays": {"24": 10**400}}}, "demand.delays", "Indiquez des parts"),
        ({"supply": {"late_hours": [1, 10**400]}}, "supply.late_hours", "Indiquez deux nombres"),
        ({"policy": {"radius_km": 10**400}}, "policy.radius_km", "Indiquez un rayon"),
        ({"demand": {"delays": {"25": 1}}}, "demand.delays", "Choisissez parmi 4, 8, 12, 24"),
        ({"demand": {"delays": {"24": -1}}}, "demand.delays", "Indiquez des parts"),
        ({"demand": {"professions": {}}}, "demand.professions", "Indiquez des parts"),
        ({"supply": {"late_hours": [5, 2]}}, "supply.late_hours", "Indiquez deux nombres"),
        ({"territory": {"shape": "ile"}}, "territory.shape", "Choisissez parmi town, valley"),
        ({"policy": {"weights": {"wait": -1}}}, "policy.weights.wait", "Indiquez un nombre"),
        ({"policy": {"radius_km": 0}}, "policy.radius_km", "Indiquez un rayon"),
        ({"policy": 7}, "policy", "Indiquez une table de valeurs."),
        ({"policy": {"escalate_share": 0.5}}, "policy.escalate_share", "Une simulation n’a pas de"),
        (
            {"policy": {"offers": {"hour_minutes": 15}}},
            "policy.offers.hour_minutes",
            "Une simulation n’a pas de régulateur",
        ),
    ],
)
def test_each_mistake_is_told_with_its_key(stored: dict[str, Any], key: str, sentence: str) -> None:
    with pytest.raises(InvalidError) as refused:
        read_scenario(stored)
    assert list(refused.value.fields) == [key]
    told = refused.value.fields[key].replace("\u00a0", " ").replace("\u202f", " ")
    assert told.startswith(sentence)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(InvalidError) as refused:
        read_scenario({"weeks": 0, "supply": {"ratio": "x", "foo": 1}})
    assert set(refused.value.fields) == {"weeks", "supply.ratio", "supply.foo"}


def test_the_same_seed_draws_the_same_week_and_another_seed_another() -> None:
    assert draw_weeks(SMALL) == draw_weeks(SMALL)
    assert list(draw_past(SMALL)) == list(draw_past(SMALL))
    assert draw_weeks(SMALL) != draw_weeks(replace(SMALL, seed=2))


def test_practitioners_and_map_stay_when_the_seed_of_the_calls_changes() -> None:
    def places(scenario: Scenario) -> set[tuple[object, object, object]]:
        slots = draw_weeks(replace(scenario, days=7))[0].slots
        return {(s.practitioner_id, s.longitude, s.latitude) for s in slots}

    assert places(SMALL) == places(replace(SMALL, seed=2))
    elsewhere = replace(SMALL, territory=replace(SMALL.territory, seed=2))
    assert places(SMALL) != places(elsewhere)


@pytest.mark.parametrize("shape", list(Shape))
def test_calls_and_slots_come_in_the_numbers_asked_for(shape: Shape) -> None:
    scenario = replace(
        SMALL, days=7, territory=replace(SMALL.territory, shape=shape),
        asking=replace(Asking(), per_day=400), supply=replace(Supply(), ratio=1.0),
    )  # fmt: skip
    week = draw_weeks(scenario)[0]
    assert len(week.calls) == pytest.approx(2800, rel=0.08)
    monday_to_sunday = [s for s in week.slots if s.day < scenario.first_day + timedelta(7)]
    assert len(monday_to_sunday) == pytest.approx(2800, rel=0.08)
    weekdays = Counter(slot.day.weekday() for slot in week.slots)
    assert weekdays[6] == 0
    assert all(
        s.start.astimezone(scenario.zone).hour < 12 for s in week.slots if s.day.weekday() == 5
    )
    late = [p for p in week.publications if p.at > scenario.start]
    assert len(late) / len(week.publications) == pytest.approx(0.3, abs=0.03)
    assert all(p.at < p.slot.start for p in week.publications)


def test_every_profession_has_somebody() -> None:
    scenario = replace(SMALL, days=7, asking=replace(Asking(), professions={"10": 0.9, "60": 0.1}))
    week = draw_weeks(scenario)[0]
    assert {slot.profession for slot in week.slots} == {"10", "60"}
    assert {call.need.profession for call in week.calls} == {"10", "60"}


def test_the_engine_without_a_past_does_exactly_what_it_does_without_prices() -> None:
    cold = replace(SMALL, past_weeks=0)
    assert prices_of(cold).points == {}
    tallies = compare(cold, [PolicyName.ENGINE, PolicyName.SCORE])
    assert tallies[PolicyName.ENGINE] == tallies[PolicyName.SCORE]


def test_a_past_gives_prices_and_the_optimum_is_a_bound_for_everybody() -> None:
    assert prices_of(SMALL).points
    tallies = compare(SMALL)
    best = tallies[PolicyName.OPTIMUM]
    assert set(tallies) == set(PolicyName)
    for name, tally in tallies.items():
        assert tally.requests == best.requests
        assert tally.cost >= best.cost - 1e-9, name
        assert tally.served <= best.served, name


def test_the_same_seed_gives_the_same_figures() -> None:
    asked = replace(SMALL, volunteering=Volunteering(share=0.5, yes=0.5), weeks=2)
    told: list[float] = []
    first = simulate(asked, told.append)
    assert first == simulate(asked)
    assert first.asked > 0
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_territory_without_requests_or_slots_is_simulated_too() -> None:
    nothing = replace(SMALL, supply=replace(SMALL.supply, ratio=0.0))
    tally = simulate(nothing)
    assert tally.served == 0
    assert set(tally.unfilled) == {"no_slot"}
    assert compare(nothing)[PolicyName.OPTIMUM].served == 0
