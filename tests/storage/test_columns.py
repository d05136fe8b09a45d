"""Instants and JSON come back as they were given, on both engines."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError

from dispatcher.storage.promises import Tick
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database
from tests.fakes.clock import MONDAY_MORNING


def stored(db: Database, moment: datetime) -> datetime:
    with db.writing() as session:
        session.merge(Tick(name="test", at=moment))
    with db.reading() as session:
        return session.scalars(select(Tick.at)).one()


@pytest.mark.parametrize(
    ("moment", "in_utc"),
    [
        # 09:00 in Paris in winter is 08:00 UTC, in summer 07:00
        (datetime(2026, 11, 23, 9, tzinfo=ZoneInfo("Europe/Paris")), "2026-11-23T08:00:00+00:00"),
        (datetime(2026, 7, 1, 9, tzinfo=ZoneInfo("Europe/Paris")), "2026-07-01T07:00:00+00:00"),
        # the hour that winter time repeats, both times it comes
        (
            datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Paris")),
            "2026-10-25T00:30:00+00:00",
        ),
        (
            datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Paris")),
            "2026-10-25T01:30:00+00:00",
        ),
        (datetime(2027, 1, 1, 1, tzinfo=ZoneInfo("Indian/Reunion")), "2026-12-31T21:00:00+00:00"),
        (datetime(2026, 11, 23, 8, 0, 0, 123456, tzinfo=UTC), "2026-11-23T08:00:00.123456+00:00"),
    ],
)
def test_an_instant_comes_back_aware_in_utc_and_to_the_microsecond(
    db: Database, moment: datetime, in_utc: str
) -> None:
    back = stored(db, moment)

    assert back.isoformat() == in_utc
    assert back.tzinfo is UTC or back.utcoffset() == timedelta(0)


def test_an_instant_without_a_zone_is_refused_and_nothing_is_written(db: Database) -> None:
    with pytest.raises(StatementError, match="an instant needs a time zone"):
        stored(db, MONDAY_MORNING.replace(tzinfo=None))

    with db.reading() as session:
        assert session.scalars(select(Tick)).all() == []


def test_instants_of_different_zones_compare_as_instants_in_sql(db: Database) -> None:
    """09:30 in Paris is half an hour before 13:00 in La Réunion, whatever the clocks say."""
    stored(db, datetime(2026, 11, 23, 9, 30, tzinfo=ZoneInfo("Europe/Paris")))
    noon_there = datetime(2026, 11, 23, 13, 0, tzinfo=ZoneInfo("Indian/Reunion"))

    with db.reading() as session:
        assert session.scalars(select(Tick.name).where(Tick.at < noon_there)).all() == ["test"]
        assert session.scalars(select(Tick.name).where(Tick.at > noon_there)).all() == []


def test_what_a_naive_column_would_have_given_back(db: Database) -> None:
    """The companion: read without our type, SQLite's own value has lost its zone."""
    stored(db, MONDAY_MORNING)

    with db.reading() as session:
        raw = session.execute(text("SELECT at FROM ticks")).scalar_one()

    if db.engine.dialect.name == "sqlite":
        assert raw == "2026-11-23 08:00:00.000000"
    else:
        assert raw == MONDAY_MORNING


def test_json_comes_back_with_its_types(db: Database, territory_id: UUID) -> None:
    settings = {"weights": {"gp": 12.5}, "on": True, "none": None, "list": ["é", 1]}
    with db.writing() as session:
        session.get_one(Territory, territory_id).settings = settings

    with db.reading() as session:
        assert session.get_one(Territory, territory_id).settings == settings
