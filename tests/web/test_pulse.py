"""The board says when the machines behind it are not at work, and when they are again."""

import threading
from collections.abc import Sequence

import pytest
from flask import Flask

from dispatcher.services.house import House
from dispatcher.storage.unit import Ring
from dispatcher.web.pulse import Pulse, Trouble
from tests.builders import Town
from tests.fakes.bell import RecordingBell
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.web.pages import Browser

BOARD, PART = "/demandes", "/demandes/tableau"
AWAY = "La file de travail ne répond pas."
LATE = "Les recherches et les SMS ont du retard."
PATIENCE = 10.0


def test_with_redis_away_the_front_takes_requests_and_the_board_says_what_waits(
    town: Town, desk: Browser, bell: RecordingBell, clock: FakeClock
) -> None:
    etag = desk.part(PART).etag
    bell.is_there = False
    clock.advance(seconds=6)

    town.request(patient={"last_name": "Baud"})
    said = desk.part(PART, etag)
    assert AWAY in said.text
    assert "Les demandes sont bien enregistrées" in said.text
    assert "BAUD" in said.text
    assert AWAY in desk.get(BOARD).text

    bell.is_there = True
    clock.advance(seconds=6)
    assert AWAY not in desk.part(PART, said.etag).text


def test_nothing_else_changed_and_the_board_is_still_sent_again_when_redis_goes_and_comes(
    town: Town, desk: Browser, bell: RecordingBell, clock: FakeClock
) -> None:
    """Within one minute: what was rendered under the first tag is shown again."""
    etags = [desk.part(PART).etag]
    for is_there in (False, True):
        bell.is_there = is_there
        clock.advance(seconds=6)
        page = desk.part(PART, etags[-1])
        etags.append(page.etag)
        assert (AWAY in page.text) is not is_there
    assert etags[0] == etags[2] != etags[1]


def test_machines_that_fall_behind_are_told_too(
    town: Town, desk: Browser, clock: FakeClock
) -> None:
    town.request()
    clock.advance(seconds=70)  # and neither relay nor worker came
    assert LATE in desk.get(BOARD).text

    keep_promises(town.house)
    clock.advance(seconds=6)
    assert LATE not in desk.get(BOARD).text


class SlowBell(RecordingBell):
    """A Redis that neither answers nor refuses, until `told`."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.told = threading.Event()
        self.times = 0

    def ring(self, rings: Sequence[Ring]) -> None:
        """Nothing comes of it."""

    def answers(self) -> bool:
        self.times += 1
        self.asked.set()
        self.told.wait(PATIENCE)
        return False


@pytest.fixture
def bell(request: pytest.FixtureRequest) -> RecordingBell:
    return SlowBell() if "hangs" in request.node.name else RecordingBell()


def test_while_redis_hangs_one_look_waits_for_it_and_the_others_do_not(
    app: Flask, house: House, bell: SlowBell
) -> None:
    pulse = Pulse(house)
    found: list[Trouble | None] = []
    first = threading.Thread(target=lambda: found.append(pulse.trouble()))
    first.start()
    assert bell.asked.wait(PATIENCE)

    assert [pulse.trouble() for _ in range(20)] == [None] * 20  # as it was known

    bell.told.set()
    first.join(PATIENCE)
    assert found == [Trouble.QUEUE_AWAY]
    assert pulse.trouble() is Trouble.QUEUE_AWAY
    assert bell.times == 1


def test_a_clock_that_is_set_back_does_not_keep_what_was_known(
    house: House, bell: RecordingBell, clock: FakeClock
) -> None:
    pulse = Pulse(house)
    assert pulse.trouble() is None
    bell.is_there = False
    clock.advance(hours=-1)
    assert pulse.trouble() is Trouble.QUEUE_AWAY
