"""A crisis: further searches, calls answered by hours that are published, and all as before."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from dispatcher.domain.errors import InvalidError, NotFoundError, TransitionError
from dispatcher.domain.roles import Account, Role
from dispatcher.reads import episodes
from dispatcher.services.commands import OpenEpisode, OpenHours
from dispatcher.services.episodes import (
    EpisodeOpenError,
    answer_call,
    call_reinforcements,
    close_episode,
    open_episode,
)
from dispatcher.services.house import House
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.territories import Territory
from tests.builders import Town
from tests.houses import keep_promises
from tests.services.tables import events, kinds, messages, row_counts, text_of
from tests.threads import at_once

DOLE = "39198"  # 40 km from Lons-le-Saunier


@pytest.fixture
def boss(town: Town) -> Account:
    return town.account(Role.ADMINISTRATOR)


def begun(town: Town, boss: Account, radius_km: float = 80) -> UUID:
    return open_episode(town.house, boss, OpenEpisode(name="Grippe", radius_km=radius_km))


def secrets_of(house: House) -> list[str]:
    return [
        text_of(house, each).rpartition("/renfort/")[2]
        for each in messages(house, "reinforcement_call")
    ]


def hours(town: Town, ahead: float = 2, places: int = 6) -> OpenHours:
    start = town.in_hours(ahead)
    return OpenHours(start=start, end=start + timedelta(hours=3), places=places)


def test_a_crisis_searches_further_at_once_and_closing_it_restores_what_was(
    house: House, town: Town, boss: Account
) -> None:
    with house.db.writing() as session:
        session.get_one(Territory, town.territory_id).settings = {
            "outside_hours": True,
            "radius_km": 10.0,
            "enlarge_km": 0.0,
        }
    town.slot(town.volunteer(commune=DOLE))
    first = town.request()
    keep_promises(house)
    assert town.the_request(first).status == "searching"

    episode_id = begun(town, boss)
    keep_promises(house)
    assert town.the_request(first).status == "booked"

    town.slot(town.volunteer(commune=DOLE))
    for _ in range(2):
        close_episode(house, boss, episode_id)
    keep_promises(house)
    with house.db.reading() as session:
        territory = session.get_one(Territory, town.territory_id)
    assert (territory.crisis_km, territory.settings["radius_km"]) == (None, 10.0)
    second = town.request()
    keep_promises(house)
    assert town.the_request(second).status == "searching"
    assert [kind for kind in kinds(house) if kind.startswith("episode")] == [
        "episode_opened",
        "episode_closed",
    ]


def test_a_territory_has_one_crisis_at_a_time_even_of_two_administrators(
    house: House, town: Town, boss: Account
) -> None:
    def begin() -> UUID | None:
        try:
            return begun(town, boss)
        except EpisodeOpenError:
            return None

    tries: list[Callable[[], UUID | None]] = [begin, begin]
    assert [found is None for found in sorted(at_once(tries), key=str)].count(True) == 1
    with pytest.raises(InvalidError):
        begun(town, boss, radius_km=600)


def test_everybody_of_a_profession_is_called_once_and_their_yes_publishes_hours_that_serve(
    house: House, town: Town, boss: Account
) -> None:
    doctor, silent = town.volunteer(), town.volunteer()
    town.volunteer(profession="60", specialty=None)
    with house.db.writing() as session:
        session.get_one(Practitioner, silent.id).phone = None
    request_id = town.request()
    episode_id = begun(town, boss)
    assert call_reinforcements(house, boss, episode_id, ["10"]) == 1
    assert call_reinforcements(house, boss, episode_id, ["10"]) == 0
    called = [data for kind, data in events(house) if kind == "reinforcements_called"]
    assert (called[0]["called"], called[0]["unreachable"]) == (1, 1)
    (secret,) = secrets_of(house)

    for _ in range(2):  # sent twice it is one answer
        answer_call(house, secret, hours(town))
    keep_promises(house)
    (slot,) = town.slots_of(doctor)
    assert (slot.places, slot.taken) == (6, 1)
    assert town.the_request(request_id).status == "booked"
    (call,) = episodes.calls(house.db, town.territory_id, episode_id)
    assert (call.status, call.places) == ("comes", 6)

    answer_call(house, secret, None)
    (call,) = episodes.calls(house.db, town.territory_id, episode_id)
    assert call.status == "stays"


def test_what_cannot_be_published_or_is_over_changes_nothing(
    house: House, town: Town, boss: Account
) -> None:
    doctor = town.volunteer()
    town.slot(doctor, hours=2)
    episode_id = begun(town, boss)
    with pytest.raises(InvalidError):
        call_reinforcements(house, boss, episode_id, [])
    call_reinforcements(house, boss, episode_id, ["10"])
    (secret,) = secrets_of(house)
    before = row_counts(house)
    with pytest.raises(InvalidError) as refused:
        answer_call(house, secret, hours(town))  # they are offered then already
    assert set(refused.value.fields) == {"start"}
    with pytest.raises(NotFoundError):
        answer_call(house, "inconnu", None)
    assert row_counts(house) == before
    close_episode(house, boss, episode_id)
    with pytest.raises(TransitionError):
        answer_call(house, secret, None)
    with pytest.raises(TransitionError):
        call_reinforcements(house, boss, episode_id, ["10"])


def test_each_hour_says_what_it_has_to_give(house: House, town: Town) -> None:
    """Nine o’clock: a period of six places from eleven to two, a slot at a quarter to ten."""
    town.slot(hours=2, minutes=180, places=6)
    town.slot(hours=0.75)
    town.request()
    keep_promises(house)
    shown = episodes.capacity(house.db, town.territory_id, town.clock.now)
    assert [(each.places, each.taken) for each in shown[:6]] == [
        (1, 1),
        (0, 0),
        (2, 0),
        (2, 0),
        (2, 0),
        (0, 0),
    ]
    assert len(shown) == episodes.HOURS_AHEAD


def test_the_report_tells_the_episode_and_nothing_else(
    house: House, town: Town, boss: Account
) -> None:
    town.request()
    keep_promises(house)
    town.clock.advance(hours=1)
    episode_id = begun(town, boss)
    town.slot(hours=2)
    town.request()
    keep_promises(house)
    town.clock.advance(hours=1)
    town.request()
    keep_promises(house)
    close_episode(house, boss, episode_id)
    town.clock.advance(hours=1)
    town.request()

    found = episodes.episode(house.db, town.territory_id, episode_id)
    assert found is not None
    told = episodes.report(house.db, town.territory_id, found, town.clock.now)
    assert (told.requests, told.with_appointment, told.waiting) == (2, 0, 2)
    assert (told.places, told.taken) == (1, 1)
    assert list(told.by_hour.values()) == [1, 1]
