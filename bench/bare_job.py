"""The limit of P4b behind `bare_app`: take a place, call the provider, mark the promise done."""

import http.client
import os
import uuid
from base64 import b64encode
from datetime import UTC, datetime
from functools import cache
from urllib.parse import urlencode, urlsplit

from redis import Redis
from rq import Queue, SimpleWorker
from sqlalchemy import Engine, bindparam, select, update

from bench.bare_app import asked, owed
from dispatcher.storage.engines import make_engine

PRACTITIONER = "+33639981000"
PLACE = (
    update(asked).where(asked.c.id == bindparam("request"), asked.c.slot.is_(None)).values(slot=1)
)
DONE = (
    update(owed)
    .where(owed.c.id == bindparam("promise"), owed.c.done_at.is_(None))
    .values(done_at=bindparam("now"))
)
WHOM = (
    select(asked.c.id, asked.c.asked)
    .join(owed, owed.c.id == bindparam("promise"))
    .where(asked.c.id == bindparam("request"))
)
IDS = select(owed.c.ids).where(owed.c.id == bindparam("promise"))


@cache
def _engine() -> Engine:
    return make_engine(os.environ["DATABASE_URL"])


@cache
def _provider() -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(os.environ["TWILIO_API_BASE_URL"]).netloc)


def match(promise_id: str) -> None:
    """One request: booked, then told to two telephones, then done."""
    promise = uuid.UUID(promise_id)
    with _engine().begin() as connection:
        ids = connection.execute(IDS, {"promise": promise}).scalar_one()
        request = uuid.UUID(ids["request"])
        connection.execute(PLACE, {"request": request})
        row = connection.execute(WHOM, {"promise": promise, "request": request}).one()
    _tell(f"+33{row.asked['patient']['phone'][1:]}", f"patient-{row.id}")
    _tell(PRACTITIONER, f"practitioner-{row.id}")
    with _engine().begin() as connection:
        connection.execute(DONE, {"promise": promise, "now": datetime.now(UTC)})


def _tell(to: str, message_id: str) -> None:
    account, token = os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"]
    callback = f"{os.environ['PUBLIC_BASE_URL']}/twilio/status?m={message_id}"
    connection = _provider()
    connection.request(
        "POST",
        f"/2010-04-01/Accounts/{account}/Messages.json",
        urlencode(
            {
                "To": to,
                "From": os.environ["TWILIO_FROM"],
                "Body": "Rendez-vous pris",
                "StatusCallback": callback,
            }
        ),
        {
            "Authorization": f"Basic {b64encode(f'{account}:{token}'.encode()).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )
    connection.getresponse().read()


def main() -> None:
    """An RQ worker with the same settings as the house's."""
    connection = Redis.from_url(os.environ["REDIS_URL"])
    SimpleWorker(
        [Queue("bare", connection=connection, serializer="json")],
        connection=connection,
        serializer="json",
    ).work(with_scheduler=False)


if __name__ == "__main__":
    main()
