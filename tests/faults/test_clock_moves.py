"""Requests while clocks change over, at New Year and overseas: hours on the wall hold."""

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from dispatcher.storage.promises import Promise
from tests.builders import mobile
from tests.faults.crew import wait_until
from tests.faults.scene import STOPS_WITHIN_SECONDS, nothing_is_due
from tests.faults.stage import stage

pytestmark = pytest.mark.faults

PARIS, REUNION = "Europe/Paris", "Indian/Reunion"
BEFORE, AFTER = timedelta(seconds=2), timedelta(seconds=2)
"""How long requests come in before and after the change."""
EVERY = timedelta(seconds=0.5)
LEAST = 4
PATIENCE_SECONDS = 90.0


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "change", "slot", "words", "reminder"),
    [
        # 3 h is 2 h again in Paris, and reminders leave at 18 h on the wall
        (
            PARIS,
            "2026-10-25T01:00",
            "2026-10-26T08:30",
            "lundi 26 octobre entre 9 h 30 et 12 h 30",
            "2026-10-25T17:00",
        ),
        # 2 h is 3 h
        (
            PARIS,
            "2026-03-29T01:00",
            "2026-03-30T07:30",
            "lundi 30 mars entre 9 h 30 et 12 h 30",
            "2026-03-29T16:00",
        ),
        # New Year in Paris, and three hours earlier in La Réunion
        (
            PARIS,
            "2026-12-31T23:00",
            "2027-01-02T08:30",
            "samedi 2 janvier entre 9 h 30 et 12 h 30",
            "2027-01-01T17:00",
        ),
        (
            REUNION,
            "2026-12-31T20:00",
            "2027-01-02T05:30",
            "samedi 2 janvier entre 9 h 30 et 12 h 30",
            "2027-01-01T14:00",
        ),
    ],
    ids=["winter", "summer", "new-year", "reunion"],
)
def test_appointments_and_reminders_keep_their_hour_on_the_wall(
    zone: str, change: str, slot: str, words: str, reminder: str, database_url: str, tmp_path: Path
) -> None:
    changes = utc(change)
    ahead = changes - BEFORE - datetime.now(UTC)
    with stage(database_url, tmp_path, ahead=ahead, zone=zone) as on:
        start = utc(slot)
        on.town.slot(
            on.town.volunteer(phone=None),
            start=start,
            end=start + timedelta(hours=3),
            places=100,
        )
        with on.crew(clocks=2) as crew:
            asked = []
            for number in itertools.count():
                asked.append(
                    on.town.request(patient={"phone": mobile(number)}, need={"delay_hours": 72})
                )
                if on.clock.now > changes + AFTER and number > LEAST:
                    break
                next_one = on.clock.now + EVERY
                wait_until(lambda at=next_one: on.clock.now > at, 10, "its turn")  # type: ignore[misc]
            for name in ("clock-1", "clock-2"):
                crew.stop(name, STOPS_WITHIN_SECONDS)
            wait_until(lambda: nothing_is_due(on, crew), PATIENCE_SECONDS, "all is settled")

        assert on.clock.now > changes
        bodies = [message.body for message in on.provider.taken()]
        assert len(bodies) == len(asked)
        assert [body for body in bodies if words not in body] == []
        with on.house.db.reading() as session:
            due = session.scalars(select(Promise.due_at).where(Promise.job == "remind_patient"))
            assert set(due) == {utc(reminder)}
        on.check(asked)
