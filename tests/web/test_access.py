"""Who may open what: every route, every role, and what belongs to another territory."""

import re
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, event
from werkzeug.routing import Rule

from config.agreements import DIRECTORY
from dispatcher.domain.events import OPERATOR
from dispatcher.domain.gp_searches import OPEN_GP_SEARCHES
from dispatcher.domain.roles import Role
from dispatcher.reads.gp_searches import gp_searches
from dispatcher.services.commands import OpenEpisode
from dispatcher.services.contracts import save_contract
from dispatcher.services.directory_reading import read_directory
from dispatcher.services.episodes import open_episode
from dispatcher.services.evidence import ask_evidence
from dispatcher.services.house import House
from dispatcher.services.requesting import ask_for_patient
from dispatcher.services.schedules import set_up_schedule
from dispatcher.services.what_if import AskWhatIf, ask_what_if
from dispatcher.web import access, navigation
from dispatcher.web.application import create_app
from tests.builders import Town
from tests.fakes.bell import RecordingBell
from tests.fakes.clock import FakeClock
from tests.fakes.rpps_extract import cells, extract, line
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises, open_house, settings_for
from tests.services.timetables import mondays
from tests.web.pages import Browser
from tests.web.who_may import EVERYBODY, WHO_MAY

FORM_MISSING = 400
"""What a post without its token gets from whoever may send it: it came past the guard."""


@dataclass
class Site:
    """The site over one town with somebody of every role, opened once for all routes."""

    app: Flask
    house: House
    people: dict[Role, Browser]
    request: uuid.UUID
    gp_search: uuid.UUID
    episode: uuid.UUID
    asked: uuid.UUID
    """The request of the requester."""
    simulation: uuid.UUID
    place: uuid.UUID
    slot: uuid.UUID
    schedule: uuid.UUID
    bundle: uuid.UUID
    directory_import: uuid.UUID
    practitioner: uuid.UUID

    def path(self, rule: Rule) -> str:
        """The address of a route, about the request where it takes one."""
        values: dict[str, object] = {
            "search_id": self.gp_search,
            "episode_id": self.episode,
            "request_id": self.asked if rule.endpoint.startswith("requesters.") else self.request,
            "simulation_id": self.simulation,
            "place_id": self.place,
            "slot_id": self.slot,
            "schedule_id": self.schedule,
            "practitioner_id": self.practitioner,
            "import_id": self.directory_import,
            "absence_id": uuid.uuid4(),
            "feed_id": uuid.uuid4(),
            "figure_id": uuid.uuid4(),
            "bundle_id": self.bundle,
            "rule_id": uuid.uuid4(),
            "recipient_id": uuid.uuid4(),
            "hours_id": uuid.uuid4(),
            "user_id": uuid.uuid4(),
            "promise_id": uuid.uuid4(),
            "session_id": uuid.uuid4(),
            "passkey_id": uuid.uuid4(),
            "message_id": uuid.uuid4(),
            "token": "inconnu",
            "provider": "twilio",
            "language": "fr",
            "kind": "confirmation",
            "slug": "regulateur",
            "name": "absent.png",
        }
        adapter = self.app.url_map.bind("localhost")
        return adapter.build(
            rule.endpoint, {name: values[name] for name in rule.arguments}, method=method_of(rule)
        )


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Access is decided before the database is asked: one engine is enough here."""
    file = tmp_path_factory.mktemp("site") / "site.sqlite3"
    shutil.copy(sqlite_template, file)
    url = f"sqlite:///{file}"
    clock = FakeClock()
    with open_house(
        url, clock=clock, sms=FakeSms(), bell=RecordingBell(), settings=settings_for(url)
    ) as house:
        town = Town.found(house, clock)
        app = create_app(house)
        volunteer = town.volunteer()
        clock.advance(days=-3)
        town.request()  # what « et si » lives through
        clock.advance(days=3)
        slot = town.slot(volunteer)
        request = town.request()
        keep_promises(house)
        people, accounts = {}, {}
        for role in Role:
            people[role] = Browser(app)
            holder = volunteer if role == Role.PRACTITIONER else None
            accounts[role] = town.account(role, holder)
            people[role].sign_in(accounts[role])
        asked = ask_for_patient(house, accounts[Role.REQUESTER], town.asking())
        example = DIRECTORY / "examples" / "acces-aux-soins.toml"
        coordinator = town.account(Role.COORDINATOR)
        first = save_contract(house, coordinator, example.read_text("utf-8")).first
        bundle = ask_evidence(house, coordinator, first)
        keep_promises(house)
        simulation = ask_what_if(
            house, town.account(Role.COORDINATOR), AskWhatIf(profession="10", delay_hours=48)
        )
        practitioner = town.account(Role.PRACTITIONER, volunteer)
        schedule = set_up_schedule(house, practitioner, mondays(volunteer)).schedule_id
        directory = read_directory(
            house,
            town.territory_id,
            OPERATOR,
            extract(line(cells(7))),
            "extrait.txt",
            ["39300"],
        )
        yield Site(
            app=app,
            house=house,
            people=people,
            request=request,
            asked=asked,
            episode=open_episode(
                house, accounts[Role.ADMINISTRATOR], OpenEpisode(name="Essai", radius_km=80)
            ),
            gp_search=gp_searches(house.db, town.territory_id, OPEN_GP_SEARCHES)[0].id,
            simulation=simulation,
            place=volunteer.place,
            slot=slot,
            schedule=schedule,
            bundle=bundle,
            directory_import=directory,
            practitioner=volunteer.id,
        )


def our_rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def method_of(rule: Rule) -> str:
    return "POST" if "POST" in (rule.methods or ()) else "GET"


def test_the_table_names_every_route_and_no_other(site: Site) -> None:
    assert {rule.endpoint for rule in our_rules(site.app)} == set(WHO_MAY)


def test_every_route_says_who_may_open_it_as_the_table_does(site: Site) -> None:
    assert access.unruled(site.app) == []
    said = {
        rule.endpoint: getattr(site.app.view_functions[rule.endpoint], access.RULE)
        for rule in our_rules(site.app)
    }
    assert said == WHO_MAY


def test_each_role_gets_what_the_table_says(site: Site) -> None:
    for rule in our_rules(site.app):
        allowed, path = WHO_MAY[rule.endpoint], site.path(rule)
        for role, browser in site.people.items():
            if rule.endpoint in {"account.sign_out", "account.check"}:
                continue  # they change who is signed in
            response = browser.client.open(path, method=method_of(rule))
            may = role in allowed or allowed == EVERYBODY
            if not may:
                assert response.status_code == 403, (rule.endpoint, role)
            elif allowed != EVERYBODY and method_of(rule) == "POST":
                assert response.status_code == FORM_MISSING, (rule.endpoint, role)
            elif allowed != EVERYBODY:
                assert response.status_code == 200, (rule.endpoint, role)


def test_nobody_gets_anything_that_is_somebodys(site: Site) -> None:
    for rule in our_rules(site.app):
        if WHO_MAY[rule.endpoint] == EVERYBODY:
            continue
        response = site.app.test_client().open(site.path(rule), method=method_of(rule))
        if method_of(rule) == "GET":
            assert response.status_code == 302, rule.endpoint
            assert response.headers["Location"].startswith("/connexion?suite=/"), rule.endpoint
        else:
            assert response.status_code == 401, rule.endpoint


def test_no_get_writes(site: Site) -> None:
    """Prefetching, reloading and a mail scanner's curiosity must change nothing.

    But that colleagues see who has a request open, and that who opened a file is noted.
    """
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        for rule in our_rules(site.app):
            for browser in site.people.values():
                if "GET" in (rule.methods or ()):
                    browser.client.get(site.path(rule))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert statements
    changes = [
        text
        for text in statements
        if re.match(r"\s*(INSERT|UPDATE|DELETE)", text)
        and not re.search("request_viewers|file_openings", text)
    ]
    assert changes == []


def test_paths_are_french_words_with_hyphens_and_typed_parameters(site: Site) -> None:
    for rule in our_rules(site.app):
        assert re.fullmatch(
            r"/|(/[a-z0-9]+(-[a-z0-9]+)*(\.(json|csv|ics|pdf|svg|toml|xlsx))?|/<(uuid|string):[a-z_]+>)+",
            rule.rule,
        ), rule.rule


def test_every_door_of_the_navigation_opens_for_its_role(site: Site) -> None:
    for role, doors in navigation.DOORS.items():
        for door in doors:
            assert role in WHO_MAY[door.endpoint], door
