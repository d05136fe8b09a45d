"""Opening a house for a test, and doing what its promises say without Redis."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import workers.jobs
from config.settings import Settings, Twilio
from dispatcher.bootstrap import build
from dispatcher.gateways.agendas import AgendaSource
from dispatcher.gateways.email import EmailGateway
from dispatcher.gateways.sms import SmsGateway
from dispatcher.services.house import Bell, House
from dispatcher.storage import keeping
from tests.fakes.twilio_emulator import ACCOUNT_SID, AUTH_TOKEN
from workers.keeping import furnish

DATA_KEY = bytes(range(32))
TWILIO = Twilio(ACCOUNT_SID, AUTH_TOKEN, None, "+33639980000", None)
"""The emulator's account."""
MOST_PROMISES = 10_000


def settings_for(
    database_url: str,
    *,
    redis_url: str = "redis://127.0.0.1:1/0",
    demonstration_directory: Path | None = None,
    public_base_url: str = "http://127.0.0.1:8000",
    sms_settle_after: float = 120.0,
) -> Settings:
    """Settings of a test; Redis is away unless one is given."""
    return Settings(
        database_url=database_url,
        redis_url=redis_url,
        secret_key="s" * 40,
        data_keys=(("k1", DATA_KEY),),
        public_base_url=public_base_url,
        twilio=None if demonstration_directory else TWILIO,
        sms_provider=None if demonstration_directory else "twilio",
        demonstration_directory=demonstration_directory,
        sms_settle_after=sms_settle_after,
    )


@contextlib.contextmanager
def open_house(
    database_url: str,
    *,
    clock: Callable[[], datetime],
    sms: SmsGateway | None,
    bell: Bell,
    settings: Settings | None = None,
    agendas: AgendaSource | None = None,
    email: EmailGateway | None = None,
) -> Iterator[House]:
    """A house, closed again afterwards."""
    house = build(
        settings or settings_for(database_url),
        bell=bell,
        sms=sms,
        clock=clock,
        agendas=agendas,
        email=email,
    )
    try:
        yield house
    finally:
        house.db.dispose()


def keep_promises(house: House) -> int:
    """Do everything that is due, and what that makes due, as the relay and a worker would.

    Returns how many promises were kept or tried.
    """
    furnish(house)
    done = 0
    while owed := keeping.due(house.db, MOST_PROMISES):
        for ring in owed:
            getattr(workers.jobs, ring.job.value)(str(ring.promise_id))
            done += 1
        if done > MOST_PROMISES:
            raise AssertionError("promises make promises without end")
    return done
