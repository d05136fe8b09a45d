"""One fault while requests come in: call, break, call on, settle, look what is left."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from dispatcher.services.day_counts import recount_all_days
from dispatcher.storage import keeping
from tests.faults.crew import Crew, wait_until
from tests.faults.load import Load
from tests.faults.stage import Stage
from tests.servers import free_port

RATE = 10.0
"""Requests per second that are tried."""
VOLUNTEERS, PLACES = 40, 20
"""More places than requests: whoever is left without one was lost. Few enough for each that no
volunteer gets more SMS in an hour than the house sends to one number."""
BEFORE, BETWEEN, AFTER = 20, 8, 40
"""Requests that are answered before the fault comes, between its parts, and once it is over."""
PATIENCE_SECONDS = 120.0
STOPS_WITHIN_SECONDS = 10.0
SOON = timedelta(minutes=5)


class Scene:
    """What a fault can touch while it is called."""

    def __init__(self, on: Stage, crew: Crew, load: Load) -> None:
        self.on = on
        self.crew = crew
        self.load = load

    def until_answered(self, more: int) -> None:
        """Until so many more requests were answered."""
        wanted = len(self.load.answered) + more
        self.until(lambda: len(self.load.answered) >= wanted, f"{more} more requests answered")

    def until_refused(self, more: int) -> None:
        """Until so many more callers were told to come back."""
        wanted = self.load.repeated["503"] + more
        self.until(lambda: self.load.repeated["503"] >= wanted, f"{more} clear refusals")

    def until(self, condition: Callable[[], bool], what: str) -> None:
        def met() -> bool:
            self.crew.restart_the_dead()
            return condition() or bool(self.load.unexpected)

        wait_until(met, PATIENCE_SECONDS, what)


Fault = Callable[[Scene], None]


def endure(
    on: Stage,
    fault: Fault,
    *,
    workers: int = 2,
    site: int | None = None,
    until: Callable[[], bool] = lambda: True,
) -> Scene:
    """Call, break, call on, settle, and hold what is left to the invariants.

    `site` is the port of the site, where somebody has to know it beforehand; `until` is what else
    has to have come true in the end.
    """
    for _ in range(VOLUNTEERS):
        on.town.slot(on.town.volunteer(), hours=2, minutes=400, places=PLACES)
    port = site or free_port()
    with on.crew(workers, relays=2, clocks=2, webs=[port]) as crew:
        with Load(on, [port], rate=RATE) as load:
            scene = Scene(on, crew, load)
            scene.until_answered(BEFORE)
            load.repeated.clear()  # until the site listens, nobody is answered
            fault(scene)
            scene.until_answered(AFTER)
        for name in crew.names:
            if name.startswith("clock"):
                crew.stop(name, STOPS_WITHIN_SECONDS)  # it would promise for ever
        settled = partial(is_settled, on, crew, until)
        wait_until(settled, PATIENCE_SECONDS, "all that is due is done")

    assert load.unexpected == [], load.unexpected
    assert on.counted("SELECT count(*) FROM care_requests WHERE status <> 'booked'") == 0
    on.check(load.answered)
    shown = on.figures()
    recount_all_days(on.house, on.town.territory_id)
    assert on.figures() == shown
    return scene


def is_settled(on: Stage, crew: Crew, until: Callable[[], bool]) -> bool:
    return nothing_is_due(on, crew) and until()


def nothing_is_due(on: Stage, crew: Crew) -> bool:
    """Neither now nor soon: what is put off for some seconds is still being done."""
    crew.restart_the_dead()
    with on.house.db.reading() as session:
        overdue, _ = keeping.owed(session, on.clock.now + SOON)
    return overdue is None
