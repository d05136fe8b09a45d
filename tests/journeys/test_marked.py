"""What says who a patient is or what they have stands where it may, and nowhere else.

Marks that nothing else would write go through every journey: the desk, a pharmacy, the API, SMS in
and out, e-mails, links, refusals and failures. Then all that is kept or said outside the sealed
columns is searched for them: every column of every table, every line of the logs, every key of
Redis, every address and cookie that we give out, /metrics, /health, error pages, SMS and e-mails.
"""

import contextlib
import io
import logging
import re
import signal
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest
import structlog
from flask import Flask, Response
from flask.sessions import SecureCookieSessionInterface
from redis import Redis
from rq import SimpleWorker
from sqlalchemy import select, text

from config.logging import configure, get_logger
from dispatcher.api.room import room
from dispatcher.domain.roles import Role
from dispatcher.services import accounts, requests
from dispatcher.services.commands import ChangeLimits
from dispatcher.services.house import House
from dispatcher.services.practitioners import change_limits
from dispatcher.services.rotating import sealed_columns
from dispatcher.storage.models import METADATA
from dispatcher.web.application import create_app
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.fakes.emails import FakeEmail
from tests.fakes.sms import FakeSms
from tests.fakes.twilio_webhooks import signature
from tests.houses import open_house, settings_for
from tests.servers import valkey_server
from tests.web.pages import Browser
from workers.bell import RqBell
from workers.keeping import furnish
from workers.queues import connect, queues

NATIONAL, E164, BORN = "06 39 98 44 17", "+33639984417", date(1931, 7, 19)
MARKS = {
    "family name": ("zorglubine",),
    "first name": ("quirinette",),
    "telephone": ("639984417", "39 98 44 17"),
    "birth date": ("1931-07-19", "19/07/1931", "19 juillet 1931"),
    "note": ("fenouillade",),
    "words by SMS": ("brouettement",),
    "closing words": ("chantournage",),
    "a colleague's note": ("escarbille",),
}
TOKEN = "m" * 40
_LINKS = re.compile(r'(?:href|action|src|hx-[a-z]+|data-[a-z-]*url)="([^"]*)"')


def marks_in(place: str, said: str) -> list[str]:
    """What of the patient stands in a text."""
    said = said.casefold()
    return [f"{place}: {kind}" for kind, forms in MARKS.items() if any(f in said for f in forms)]


@dataclass
class Stage:
    """A house with all that a production has, and whatever it says."""

    house: House
    app: Flask
    town: Town
    clock: FakeClock
    sms: FakeSms
    email: FakeEmail
    redis: Redis
    lines: io.StringIO
    addresses: list[str] = field(default_factory=list)
    error_pages: list[str] = field(default_factory=list)
    redis_once: list[str] = field(default_factory=list)
    """What stood in Redis while jobs waited."""

    def note(self, response: Response) -> Response:
        """Remember the addresses, the cookie and, of a refusal, the page of an answer."""
        cookie = re.search(r"snp=([^;]+)", response.headers.get("Set-Cookie", ""))
        if cookie is not None:
            signed = SecureCookieSessionInterface().get_signing_serializer(self.app)
            assert signed is not None
            self.addresses.append(str(signed.loads(cookie[1])))
        self.addresses.append(response.headers.get("Location", ""))
        if response.mimetype == "text/html":
            links = _LINKS.findall(response.get_data(as_text=True))
            self.addresses += [each for each in links if not each.startswith("tel:")]
        if response.status_code in {403, 404, 405, 500}:
            self.error_pages.append(response.get_data(as_text=True))
        return response

    def work(self) -> None:
        """Run what waits on the queues, as a worker does."""
        self.redis_once += in_redis(self.redis)
        worker = SimpleWorker(queues(self.redis), connection=self.redis, serializer="json")
        worker.work(burst=True, logging_level="INFO")

    def hear(self, sender: str, body: str) -> None:
        """An SMS that the provider hands over."""
        settings = self.house.settings
        assert settings.twilio is not None
        form = {"MessageSid": f"SM{len(self.addresses):032d}", "From": sender, "Body": body}
        signed = signature(
            settings.twilio.auth_token, f"{settings.public_base_url}/twilio/inbound", form
        )
        headers = {"X-Twilio-Signature": signed}
        answer = self.app.test_client().post("/twilio/inbound", data=form, headers=headers)
        assert answer.status_code == 200
        self.work()

    def found(self) -> list[str]:
        """Every mark that stands where it must not."""
        client = self.app.test_client()
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        mails = [f"{each.subject} {each.body} {each.attachment}" for each in self.email.taken]
        places = {
            "logs": [self.lines.getvalue()],
            "Redis": [*in_redis(self.redis), *self.redis_once],
            "addresses": self.addresses,
            "error pages": self.error_pages,
            "metrics": [client.get("/metrics", headers=bearer).get_data(as_text=True)],
            "health": [client.get("/health").get_data(as_text=True)],
            "e-mails": mails,
            "SMS": [each.message.body for each in self.sms.taken],
        }
        assert all(places.values()), "a place that nothing was said in shows nothing"
        found = [
            mark for place, said in places.items() for mark in marks_in(place, "\n".join(said))
        ]
        return found + [
            mark for name, said in in_clear(self.house) for mark in marks_in(name, said)
        ]


def in_clear(house: House) -> Iterator[tuple[str, str]]:
    """All that stands unsealed in the tables, by column."""
    sealed = sealed_columns()
    with house.db.reading() as session:
        for table in METADATA.sorted_tables:
            names = [c.name for c in table.columns if c.name not in sealed.get(table.name, ())]
            rows = session.execute(select(*(table.c[name] for name in names))).all()
            for place, name in enumerate(names):
                yield f"{table.name}.{name}", "\n".join(str(row[place]) for row in rows)


def in_redis(redis: Redis) -> list[str]:
    """Every key with all that it holds."""
    found: list[str] = []
    for key in redis.scan_iter():
        readers: dict[Any, Any] = {
            b"string": redis.get,
            b"hash": redis.hgetall,
            b"set": redis.smembers,
            b"list": lambda name: redis.lrange(name, 0, -1),
            b"zset": lambda name: redis.zrange(name, 0, -1),
            b"stream": redis.xrange,
        }
        held = readers[redis.type(key)](key)
        parts = [part for pair in held.items() for part in pair] if isinstance(held, dict) else held
        found.append(
            " ".join(map(readable, [key, *(parts if isinstance(parts, list) else [parts])]))
        )
    return found


def readable(part: object) -> str:
    """RQ compresses what it is given."""
    if not isinstance(part, bytes):
        return str(part)
    with contextlib.suppress(zlib.error):
        part = zlib.decompress(part)
    return part.decode(errors="replace")


@pytest.fixture(scope="module")
def valkey_url() -> Iterator[str]:
    with valkey_server() as server:
        yield server.url


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What production would write to the standard error."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    written = io.StringIO()
    configure("INFO", written)
    structlog.configure(cache_logger_on_first_use=False)
    yield written
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


@pytest.fixture
def stage(
    database_url: str, clock: FakeClock, sms: FakeSms, valkey_url: str, lines: io.StringIO
) -> Iterator[Stage]:
    redis, bell, email = connect(valkey_url), RqBell(valkey_url), FakeEmail()
    redis.flushall()
    settings = replace(settings_for(database_url, redis_url=valkey_url), metrics_token=TOKEN)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with open_house(
        database_url, clock=clock, sms=sms, bell=bell, settings=settings, email=email
    ) as house:
        furnish(house)
        app = create_app(house, guests=[room])
        town = Town.found(house, clock)
        opened = Stage(house, app, town, clock, sms, email, redis, lines)
        app.after_request(opened.note)
        yield opened
    bell.connection.close()
    redis.close()
    for number, handler in handlers.items():
        signal.signal(number, handler)


pytestmark = pytest.mark.journeys
TYPED = {
    "patient.last_name": "Zorglubine",
    "patient.first_name": "Quirinette",
    "patient.birth_date": f"{BORN:%d/%m/%Y}",
    "patient.phone": NATIONAL,
    "patient.commune": "39300",
    "patient.commune_text": "Lons-le-Saunier",
    "patient.gp_choice": "none",
    "need.note": "fenouillade",
    "need.delay_hours": "24",
    "origin": "SAS",
}


def live_through(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every journey of a patient, and what goes wrong on the way."""
    house, town = stage.house, stage.town
    doctor = town.volunteer(last_name="Vuillet", accepts_offers=True)
    practice = town.account(Role.PRACTITIONER, doctor)
    limits = ChangeLimits(
        minimum_notice_minutes=0, email="vuillet@cabinet.example", notice_channel="both"
    )
    change_limits(house, practice, limits)
    town.slot(doctor, hours=3)
    desk, office = Browser(stage.app), Browser(stage.app)
    desk.be_signed_in(town.regulator)
    office.be_signed_in(town.account(Role.ADMINISTRATOR))

    # the desk: refused, failed, taken, looked up, noted, corrected
    form = desk.get("/demandes/nouvelle").form("/demandes/nouvelle")
    desk.submit(form, TYPED | {"need.delay_hours": "", "patient.phone": "12"}, status=422)
    with monkeypatch.context() as broken:
        broken.setattr(requests, "open_request", failing)
        assert desk.send(form, TYPED).status_code == 500
    desk.submit(form, TYPED)
    stage.work()
    with house.db.reading() as session:
        request = session.scalars(select(METADATA.tables["care_requests"].c.id)).one()
    page = desk.get(f"/demandes/{request}")
    desk.client.post("/demandes/nouvelle/en-direct", data=form.filled(TYPED))
    desk.submit(page.form(f"/demandes/{request}/noter"), {"text": "escarbille"})
    correct = desk.get(f"/demandes/{request}/corriger")
    desk.submit(
        correct.form(f"/demandes/{request}/corriger"), {"patient.first_name": "Quirinette-Anne"}
    )
    for path in ("/demandes", "/demandes/releve", "/demandes/Zorglubine", "/zorglubine"):
        desk.client.get(path)

    # SMS, links, e-mails
    stage.hear(E164, "brouettement ?")
    stage.hear(E164, "OUI")
    desk.get("/messages-recus")
    for sent in list(stage.sms.taken):
        for link in re.findall(r"https?://[^/]+(/\S+)", sent.message.body):
            stage.app.test_client().get(link)
    telephone = Browser(stage.app)
    telephone.be_signed_in(practice)
    telephone.get("/agenda")

    # a pharmacy, the API, the administrator
    pharmacy = Browser(stage.app)
    pharmacy.be_signed_in(town.account(Role.REQUESTER))
    asking = pharmacy.get("/mes-demandes/nouvelle").form("/mes-demandes/nouvelle")
    pharmacy.submit(asking, TYPED | {"confirm_duplicate": "1"})
    call_the_api(stage)
    find = {"phone": NATIONAL, "birth_date": f"{BORN:%d/%m/%Y}"}
    opened = office.get("/administration/acces-aux-dossiers")
    (person,) = [each for each in opened.forms() if "birth_date" in each.values]
    office.submit(person, find)
    stage.work()


def failing(house: House, *_rest: object) -> None:
    """A statement that the database refuses, with the patient among its values."""
    with house.db.writing() as session:
        values = {"name": "Zorglubine", "phone": NATIONAL, "born": BORN.isoformat()}
        statement = "INSERT INTO territories (code, name, timezone) VALUES (:name, :phone, :born)"
        session.execute(text(statement), values)


def call_the_api(stage: Stage) -> None:
    town, client = stage.town, stage.app.test_client()
    token = accounts.issue_token(stage.house, town.regulator.user_id, "essai")
    body = {
        "territory": town.code,
        "patient": {
            "last_name": "Zorglubine",
            "first_name": "Quirinette",
            "birth_date": BORN.isoformat(),
            "phone": NATIONAL,
            "commune": "39300",
        },
        "need": {"profession": "10", "note": "fenouillade", "delay_hours": 24},
        "origin": "SAS",
        "confirm_duplicate": True,
    }
    signed = {"Authorization": f"Bearer {token}"}
    made = client.post("/api/v1/requests", json=body, headers=signed)
    assert made.status_code == 201
    wrong = client.post("/api/v1/requests", json=body | {"origin": "?"}, headers=signed)
    assert wrong.status_code == 422
    stage.error_pages.append(wrong.get_data(as_text=True))
    path = f"/api/v1/requests/{made.get_json()['id']}"
    stage.error_pages.append(client.get(path, headers=signed).get_data(as_text=True))
    gone = {"by": "patient", "reason": "chantournage"}
    assert client.post(f"{path}/cancel", json=gone, headers=signed).status_code == 200


def test_no_mark_of_a_patient_stands_where_it_must_not(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_through(stage, monkeypatch)
    assert stage.found() == []

    # The search itself, place by place.
    get_logger(__name__).warning("essai", endpoint="Zorglubine")
    stage.redis.rpush("essai", "Quirinette")
    stage.addresses.append("/demandes?q=fenouillade")
    stage.error_pages.append("19/07/1931")
    stage.email.taken[0] = replace(stage.email.taken[0], body="chantournage")
    with stage.house.db.writing() as session:
        session.execute(text("UPDATE territories SET name = 'Escarbille'"))
    assert stage.found() == [
        "logs: family name",
        "Redis: first name",
        "addresses: note",
        "error pages: birth date",
        "e-mails: closing words",
        "territories.name: a colleague's note",
    ]
