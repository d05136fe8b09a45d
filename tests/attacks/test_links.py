"""Links: looking never acts, each opens its own room alone, and what was done is not done again."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import select

from dispatcher.domain.roles import Role
from dispatcher.services.commands import OpenEpisode
from dispatcher.services.episodes import call_reinforcements, close_episode, open_episode
from dispatcher.services.house import House
from dispatcher.services.invitations import Invite, invite
from dispatcher.storage.episodes import Episode
from dispatcher.storage.models import METADATA
from dispatcher.web import rates
from tests.builders import PASSWORD, Town
from tests.fakes.clock import FakeClock
from tests.fakes.emails import FakeEmail
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.services.offering import asked_volunteer, e164, link_in, settings, waits
from tests.services.own_links import latest_secret
from tests.services.tables import messages, text_of
from tests.web.pages import Browser

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
GONE, SHOWN, MISDIRECTED = 404, 200, {302, 303}


@dataclass(frozen=True)
class Link:
    """A secret, the room it opens, and every act behind it."""

    room: str
    secret: str
    acts: tuple[tuple[str, dict[str, str]], ...]

    def paths(self, room: str | None = None) -> list[str]:
        return [f"/{room or self.room}/{self.secret}{act}" for act, _ in self.acts]


@pytest.fixture
def links(house: House, town: Town, clock: FakeClock, sms: FakeSms, email: FakeEmail) -> list[Link]:
    """One of each kind, all of them good."""
    settings(town, outside_hours=True)
    doctor = town.volunteer(last_name="Vuillet")
    town.slot(doctor, hours=5)
    town.request(patient={"phone": "0639980012"})
    keep_promises(house)
    patient = re.search(r"/r/(\w+)", text_of(house, messages(house, "confirmation")[0]))
    assert patient is not None
    notice = latest_secret(sms, doctor)
    volunteer = asked_volunteer(town, last_name="Asked")
    waits(town, clock, need={"delay_hours": 4})
    (offer, *_) = [body for body in sms.bodies_to(e164(volunteer)) if "/sollicitations/" in body]
    boss = town.account(Role.ADMINISTRATOR)
    episode = open_episode(house, boss, OpenEpisode(name="Grippe", radius_km=80))
    call_reinforcements(house, boss, episode, ["10"])
    invited = town.volunteer(last_name="Invitee")
    invite(
        house,
        town.account(Role.COORDINATOR),
        invited.id,
        Invite(channel="email", email="a@exemple.fr"),
    )
    keep_promises(house)
    call = text_of(house, messages(house, "reinforcement_call")[0]).rpartition("/renfort/")[2]
    welcome = re.search(r"/bienvenue/(\w+)", email.taken[-1].body)
    assert welcome is not None
    day = {"day": "tomorrow", "from": "14:00", "until": "17:00", "places": "4", "answer": "yes"}
    account = {
        "last_name": "Invitee", "first_name": "Anne", "phone": "", "email": "a@exemple.fr",
        "login": "a@exemple.fr", "password": PASSWORD,
    }  # fmt: skip
    return [
        Link("r", patient[1], (
            ("/confirmer", {}), ("/en-retard", {"minutes": "10"}), ("/annuler", {}),
        )),
        Link("p", notice, (
            ("/presence", {"status": "fulfilled"}), ("/publier", {}), ("/annuler", {}),
        )),
        Link("sollicitations", link_in(offer), (("/oui", {}), ("/non", {"words": "non"}))),
        Link("renfort", call, (("", day),)),
        Link("bienvenue", welcome[1], (("", account),)),
    ]  # fmt: skip


def everything(house: House) -> dict[str, list[str]]:
    """All that the tables hold, but who was where at which time, and who has looked at a file."""
    with house.db.reading() as session:
        return {
            table.name: sorted(_read(tuple(row)) for row in session.execute(select(table)))
            for table in METADATA.sorted_tables
            if table.name not in {"user_sessions", "ticks", "file_openings"}
        }


def _read(row: tuple[object, ...]) -> str:
    """Without what is sealed: the same words sealed again look otherwise."""
    return re.sub(r"k1:[A-Za-z0-9+/=]+", "sealed", str(row))


def send(app: Flask, path: str, form: dict[str, str]) -> int:
    browser = Browser(app)
    values = dict(form)
    if path.startswith("/bienvenue/"):
        page = browser.client.get(path).get_data(as_text=True)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        values["csrf_token"] = token[1] if token else ""
    return browser.client.post(path, data=values).status_code


def test_looking_never_acts(app: Flask, house: House, links: list[Link]) -> None:
    """Telephones, mail scanners and guessing programs open links ahead of people."""
    before = everything(house)
    client = app.test_client()
    rooms = {link.room: link.secret for link in links}
    seen = set()
    for rule in app.url_map.iter_rules():
        room = rule.rule.split("/")[1]
        if room not in rooms or rule.endpoint.split(".")[0] not in rates.LINKS:
            continue
        path = rule.rule.replace("<string:token>", rooms[room])
        for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"):
            client.open(path, method=method)
        seen.add(room)
    assert seen == set(rooms)
    assert everything(house) == before


def test_a_secret_opens_no_other_room(app: Flask, house: House, links: list[Link]) -> None:
    before = everything(house)
    client = app.test_client()
    for link in links:
        for other in links:
            if other is link:
                continue
            wrong = Link(other.room, link.secret, other.acts)
            assert client.get(f"/{wrong.room}/{wrong.secret}").status_code == GONE
            for path, (_, form) in zip(wrong.paths(), wrong.acts, strict=True):
                assert send(app, path, form) in {GONE, 400, 422}, path
    assert everything(house) == before


def test_what_was_done_by_a_link_is_not_done_again(
    app: Flask, house: House, links: list[Link]
) -> None:
    for link in links:
        for path, (_, form) in zip(link.paths(), link.acts, strict=True):
            send(app, path, form)
            keep_promises(house)
            once = everything(house)
            assert send(app, path, form) < 500, path
            keep_promises(house)
            assert everything(house) == once, path


@pytest.mark.parametrize("days", [8, 60])
def test_a_link_that_has_expired_does_nothing(
    app: Flask, house: House, town: Town, links: list[Link], clock: FakeClock, days: int
) -> None:
    with house.db.reading() as session:
        (episode,) = session.scalars(select(Episode.id))
    close_episode(house, town.account(Role.ADMINISTRATOR), episode)  # it ends its links
    clock.advance(days=days)
    before = everything(house)
    for link in links:
        if link.room == "bienvenue" and days < 14:
            continue
        for path, (_, form) in zip(link.paths(), link.acts, strict=True):
            assert send(app, path, form) < 500, path
    assert everything(house) == before


def test_a_secret_that_is_almost_right_opens_nothing(
    app: Flask, house: House, links: list[Link]
) -> None:
    before = everything(house)
    client = app.test_client()
    changes: tuple[Callable[[str], str], ...] = (
        lambda secret: secret[:-1],
        lambda secret: secret + "A",
        lambda secret: secret.swapcase(),
        lambda secret: secret[1:] + secret[0],
        lambda secret: "%00" + secret,
    )
    for link in links:
        for change in changes:
            assert client.get(f"/{link.room}/{change(link.secret)}").status_code in {GONE, 429}
    assert everything(house) == before
