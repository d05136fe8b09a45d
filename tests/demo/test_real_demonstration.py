"""The demonstration itself: from nothing to « Prêt », killed, up again with its data, stopped."""

import json
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.demo.running import Demonstration, gone, until

ROLES = {"regulator", "practitioner", "delegate", "requester", "coordinator", "administrator"}

pytestmark = pytest.mark.journeys


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[Demonstration]]:
    demonstrations: list[Demonstration] = []
    yield demonstrations
    for demonstration in demonstrations:
        demonstration.process.kill()
        demonstration.ended()
    assert until(lambda: True if all(map(gone, demonstrations)) else None)


def start(started: list[Demonstration], data: Path) -> Demonstration:
    started.append(
        Demonstration(["-m", "dispatcher", "demo", "--port", "0", "--data", str(data)], data)
    )
    return started[-1]


def get(address: str, path: str, token: str) -> Any:
    request = urllib.request.Request(  # noqa: S310 - ours
        f"{address}{path}", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the same
        return json.load(answer)


def test_the_demonstration_runs_is_killed_and_comes_up_again_with_its_data(
    started: list[Demonstration], tmp_path: Path
) -> None:
    data = tmp_path / "demo"
    first = start(started, data)
    address = first.ready(patience=240)

    told = json.loads((data / "demo.json").read_text())
    assert told["base_url"] == address
    assert told["territories"] == [
        {"code": "demo-jura", "timezone": "Europe/Paris"},
        {"code": "demo-reunion", "timezone": "Indian/Reunion"},
    ]
    for territory in ("demo-jura", "demo-reunion"):
        accounts = [account for account in told["accounts"] if account["territory"] == territory]
        assert {account["role"] for account in accounts} == ROLES
        path = f"/api/v1/practitioners?territory={territory}"
        volunteers = get(address, path, accounts[0]["token"])
        assert {volunteer["profession"] for volunteer in volunteers} > {"10"}

    first.process.kill()
    second = start(started, data)
    address = second.ready(patience=120)

    assert first.ended() == -signal.SIGKILL
    token = told["accounts"][0]["token"]
    path = f"/api/v1/practitioners?territory={told['accounts'][0]['territory']}"
    assert get(address, path, token)
    assert json.loads((data / "demo.json").read_text())["accounts"] == told["accounts"]

    second.process.send_signal(signal.SIGINT)

    assert second.ended() == 0
    assert second.processes() == set()
