"""Two towns behind one site, and somebody of every role of both who opens any address of it."""

import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from dispatcher.domain.roles import Account, Role
from dispatcher.services.house import House
from dispatcher.web.application import create_app
from tests.fakes.agendas import FakeAgendas
from tests.fakes.bell import RecordingBell
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import open_house, settings_for
from tests.web.pages import Browser
from tests.web.settled import Settled, settle
from tests.web.who_may import WHO_MAY

SEE_OTHER = 303
NOT_ROWS = {
    "token": "a secret: whoever has it is who it was sent to",
    "provider": "the name of a provider of SMS",
    "language": "one of the languages of the SMS",
    "kind": "one of the kinds of SMS",
    "slug": "a page of the guide",
    "name": "a picture of the guide",
}
"""Parameters that name no row of a territory."""
TYPED = {
    "administration.grant": {"practitioner": "@practitioner_id"},
    "administration.withdraw": {"practitioner": "@practitioner_id"},
    "episodes.call": {"professions": "10"},
    "gp_searches.answer": {"status": "declined"},
    "gp_searches.propose": {"practitioner": "@practitioner_id"},
    "in_hand.hand": {"to": "tous"},
    "in_hand.write": {"text": "Rappelé"},
    "inbox.link": {"request": "@request_id"},
    "requesters.give_up": {"reason": "BETTER"},
    "schedules.confirm": {"day": "2026-11-30"},
    "schedules.end": {"from_day": "2026-11-30"},
    "schedules.restore": {"day": "2026-11-30"},
    "schedules.skip": {"day": "2026-11-30"},
    "ways_out.book": {"slot": "@slot_id"},
    "ways_out.move": {"slot": "@slot_id"},
}
"""What a route wants typed before it looks for the row of its address; @ is a row of the town of
whoever types."""
ASKED = {"inbox.messages": "?recherche={search}&message={message_id}"}
"""Pages whose forms come with an answer."""
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Walker:
    """Somebody with a browser, and the name by which a failure tells of them."""

    name: str
    app: Flask
    role: Role | None = None
    town: Settled | None = None
    user_id: UUID | None = None
    cookie: str = ""
    token: str = ""

    def open(self, method: str, path: str, data: Mapping[str, Any] | None = None) -> TestResponse:
        """Always with the cookie as it was after signing in: no call hears of the one before."""
        client = self.app.test_client(use_cookies=False)
        return client.open(
            path,
            method=method,
            data=data,
            headers={"Cookie": self.cookie},
            environ_overrides={"walked": self.app},
        )


@dataclass
class Walk:
    """Two towns behind one site, and everybody of them signed in."""

    app: Flask
    house: House
    file: Path
    theirs: Settled
    outsiders: list[Walker]
    """Of our town, with a secretary who acts for our practitioner, and somebody unknown."""
    insiders: dict[Role, Walker]
    """Of theirs."""
    colleagues: list[Walker]
    """Of theirs too: practitioner, secretary who acts for that one, practice."""

    def rules(self) -> list[Rule]:
        """Every address with an id in it."""
        return [
            rule
            for rule in self.app.url_map.iter_rules()
            if rule.endpoint != "static" and rule.arguments - set(NOT_ROWS)
        ]

    def path(self, rule: Rule, found: dict[str, UUID], method: str) -> str:
        """The address of a route."""
        adapter = self.app.url_map.bind("localhost")
        return adapter.build(rule.endpoint, dict(found), method=method)

    def rows_of(self, settled: Settled, rule: Rule) -> dict[str, UUID]:
        """The ids of an address, of that town."""
        own = rule.endpoint.startswith("requesters.")
        names = {name: f"own_{name}" if own else name for name in rule.arguments}
        return {name: settled.rows[row] for name, row in names.items()}

    def call(self, walker: Walker, rule: Rule, found: dict[str, UUID]) -> TestResponse:
        """Open an address, with a form's token where it is posted to."""
        data = {"csrf_token": walker.token}
        for field, value in TYPED.get(rule.endpoint, {}).items():
            row = walker.town.rows.get(value.removeprefix("@")) if walker.town else None
            data[field] = str(row or value)
        method = method_of(rule)
        return walker.open(
            method, self.path(rule, found, method), data if method == "POST" else None
        )

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Have the database afterwards as it is now."""
        with closing(sqlite3.connect(":memory:")) as kept:
            with closing(sqlite3.connect(self.file)) as live:
                live.backup(kept)
            yield
            with closing(sqlite3.connect(self.file)) as live:
                kept.backup(live)

    def kept(self) -> str:
        """All that the database holds.

        But that somebody opened a file of their own territory: a refusal may show one's own page.
        """
        with closing(sqlite3.connect(self.file)) as connection:
            theirs = self.theirs.town.territory_id.hex
            return "\n".join(
                line
                for line in connection.iterdump()
                if not line.startswith('INSERT INTO "file_openings"') or theirs in line
            )


def method_of(rule: Rule) -> str:
    return "POST" if "POST" in (rule.methods or ()) else "GET"


def told(response: TestResponse, found: Mapping[str, UUID]) -> tuple[int, str, str]:
    """An answer without what differs between two calls of one address.

    What the next page would say stands in the cookie.
    """
    words = _TOKEN.sub("", response.get_data(as_text=True))
    app: Flask = response.request.environ["walked"]
    if (cookie := re.search(r"snp=([^;]+)", response.headers.get("Set-Cookie", ""))) is not None:
        signed = SecureCookieSessionInterface().get_signing_serializer(app)
        assert signed is not None
        words += str(signed.loads(cookie[1]).get("_flashes"))
    place = _ID.sub("ID", response.headers.get("Location", ""))
    if place:  # to what was made, whose id is another each time
        words = _ID.sub("ID", words)
    for value in found.values():
        words = words.replace(str(value), "ID")
    return response.status_code, place, words


def pages_of(walk: Walk, walker: Walker) -> Iterator[str]:
    """Every page that somebody may open, about a request in hand and one that waits."""
    assert walker.town is not None
    rows = walker.town.rows
    for rule in walk.app.url_map.iter_rules():
        may = walker.role in WHO_MAY.get(rule.endpoint, ())
        if not may or "GET" not in (rule.methods or ()) or rule.arguments & set(NOT_ROWS):
            continue
        found = walk.rows_of(walker.town, rule)
        yield walk.path(rule, found, "GET")
        if "request_id" in found:
            yield walk.path(rule, {"request_id": rows["own_request_id"]}, "GET")
        if rule.endpoint in ASKED:
            asked = ASKED[rule.endpoint].format(**rows, search=_search(walk, walker.town))
            yield walk.path(rule, found, "GET") + asked


def _search(walk: Walk, town: Settled) -> str:
    """A search for the patients of a town, as an address has it."""
    return quote(walk.house.db.cipher.seal("searches.words", town.town.territory_id, "Patiente"))


@contextmanager
def walking(template: Path, file: Path) -> Iterator[Walk]:
    """Both towns settled in a copy of an empty database.

    One engine is enough: which rows are whose is one condition, and both engines run it elsewhere.
    """
    shutil.copy(template, file)
    url = f"sqlite:///{file}"
    clock = FakeClock()
    with open_house(
        url,
        clock=clock,
        sms=FakeSms(),
        bell=RecordingBell(),
        settings=settings_for(url),
        agendas=FakeAgendas(),
    ) as house:
        ours, theirs = settle(house, clock, "jura"), settle(house, clock, "doubs")
        app = create_app(house)

        def walker(name: str, who: Account, town: Settled, acts: Account | None = None) -> Walker:
            browser = Browser(app)
            browser.be_signed_in(who)
            token = _TOKEN.search(browser.client.get("/compte").get_data(as_text=True))
            assert token is not None
            if acts is not None:
                sent = {"csrf_token": token[1], "practitioner": str(acts.practitioner_id)}
                assert browser.client.post("/secretariat", data=sent).status_code == SEE_OTHER
            cookie = browser.client.get_cookie("snp")
            assert cookie is not None
            kept = f"snp={cookie.value}"
            return Walker(name, app, (acts or who).role, town, who.user_id, kept, token[1])

        yield Walk(
            app=app,
            house=house,
            file=file,
            theirs=theirs,
            outsiders=[
                Walker("somebody unknown", app),
                *(walker(f"our {role.value}", who, ours) for role, who in ours.people.items()),
                walker("our acting secretary", *acting(ours, ours.people)),
            ],
            insiders={role: walker(role.value, who, theirs) for role, who in theirs.people.items()},
            colleagues=[
                walker("another doctor", theirs.colleagues[Role.PRACTITIONER], theirs),
                walker("another practice", theirs.colleagues[Role.REQUESTER], theirs),
                walker("another's acting secretary", *acting(theirs, theirs.colleagues)),
            ],
        )


def acting(town: Settled, people: Mapping[Role, Account]) -> tuple[Account, Settled, Account]:
    """The secretary who acts for the practitioner."""
    return people[Role.DELEGATE], town, people[Role.PRACTITIONER]
