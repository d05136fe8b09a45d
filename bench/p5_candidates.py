"""P5: the best five slots for a request among 20,000 open ones, in the service.

The limit is one statement that fetches the same columns of the same slots and does nothing with
them. One request asks within 24 h, another within 72 h: the latter looks at every slot there is.
"""

import argparse
import random
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import insert

from bench.figures import Figure, percentile, run
from bench.rows import BATCH, values_of
from bench.stage import ENGINES, database, environment, house_of
from dispatcher.reads.candidates import candidates_of
from dispatcher.services.house import House
from dispatcher.storage.columns import table_of
from dispatcher.storage.slots import Slot
from tests.builders import Town, Volunteer

TARGET_MS = 50.0
COMMUNES = ("39300", "39362", "39434", "39097", "39013", "39198")
PROFESSIONS = ("10", "10", "10", "60", "70")
VOLUNTEERS = 200
DAYS = 4
BARE = (
    "SELECT id, practitioner_id, place_id, modality, visibility, start_at, ends_at, places, taken"
    " FROM slots WHERE status IN ('open', 'full')"
)


class WallClock:
    """The clock of a house, as the builders of tests want it."""

    def __init__(self, house: House) -> None:
        self.house = house

    @property
    def now(self) -> datetime:
        return self.house.clock()


def fill(house: House, slots: int, code: str = "jura") -> Town:
    """A territory with that many open slots of several professions over four days."""
    town = Town.found(house, WallClock(house), code=code)  # type: ignore[arg-type]  # tells the time
    chance = random.Random(1)
    volunteers = [_volunteer(town, chance) for _ in range(VOLUNTEERS)]
    fill_slots(house, town, volunteers, slots)
    return town


def fill_slots(house: House, town: Town, volunteers: Sequence[Volunteer], slots: int) -> None:
    """That many open slots of these over four days."""
    chance = random.Random(2)
    with house.db.reading() as session:
        pattern = values_of(session, Slot, town.slot(volunteers[0], hours=2))
    first = house.clock().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    rows = []
    for _ in range(slots - 1):
        volunteer = chance.choice(volunteers)
        start = first + timedelta(minutes=15 * chance.randrange(4 * 24 * DAYS - 8))
        rows.append(
            pattern
            | {
                "id": uuid.uuid4(),
                "practitioner_id": volunteer.id,
                "place_id": volunteer.place,
                "start_at": start,
                "ends_at": start + timedelta(minutes=15),
            }
        )
    with house.db.writing() as session:
        for begin in range(0, len(rows), BATCH):
            session.connection().execute(insert(table_of(Slot)), rows[begin : begin + BATCH])


def _volunteer(town: Town, chance: random.Random) -> Volunteer:
    profession = chance.choice(PROFESSIONS)
    return town.volunteer(
        profession=profession,
        specialty="SM54" if profession == "10" else None,
        commune=chance.choice(COMMUNES),
        phone=None,
    )


def milliseconds(work: Callable[[], object], times: int) -> list[float]:
    """How long each run took."""
    seen = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        seen.append((time.perf_counter() - begun) * 1000)
    return seen


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    """Both engines, a short delay and the longest."""
    for engine in arguments.engines:
        with database(engine) as url, house_of(environment(url)) as house:
            town = fill(house, arguments.slots)

            def bare(house: House = house) -> None:
                with house.db.reading() as session:
                    session.connection().exec_driver_sql(BARE).fetchall()

            limit = percentile(milliseconds(bare, arguments.times), 0.95)
            for delay in (24, 72):
                request = town.request(need={"delay_hours": delay})

                def ours(
                    request: uuid.UUID = request, house: House = house, town: Town = town
                ) -> None:
                    candidates_of(
                        house.db, town.territory_id, request, house.communes, house.clock()
                    )

                ours()  # what a process does once: compiling statements
                seen = percentile(milliseconds(ours, arguments.times), 0.95)
                yield Figure(
                    number="P5",
                    what=f"{engine}, {arguments.slots:,} open slots, within {delay} h, p95",
                    unit="ms",
                    ours=seen,
                    target=f"< {TARGET_MS:.0f} ms",
                    holds=seen < TARGET_MS,
                    limit=limit,
                    limit_is="fetching the same columns",
                    ratio=limit / seen,
                )


def declare(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("--slots", type=int, default=20_000, help="open slots of the territory")
    parser.add_argument("--times", type=int, default=40, help="searches of each kind")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)


if __name__ == "__main__":
    run(__doc__, measure, declare)
