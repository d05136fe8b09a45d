"""« Surveillance » and /metrics: what is owed, what was given up, and how the machines are."""

import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Account, Role
from dispatcher.services.house import House
from dispatcher.storage.keeping import tick
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.promises import Promise
from dispatcher.web import watching
from dispatcher.web.application import create_app
from tests.builders import Town
from tests.fakes.bell import RecordingBell
from tests.fakes.clock import FakeClock
from tests.web.pages import Browser
from workers.queues import QueueName

PAGE = "/administration/surveillance"
TOKEN = "m" * 40


@pytest.fixture
def office(town: Town, signed_in: Callable[[Account], Browser]) -> Browser:
    return signed_in(town.account(Role.ADMINISTRATOR))


def given_up(town: Town, territory_id: uuid.UUID | None, job: Job = Job.SEND_MESSAGE) -> uuid.UUID:
    promise_id = uuid.uuid4()
    with town.house.db.writing() as session:
        session.add(
            Promise(
                id=promise_id,
                territory_id=territory_id,
                job=job.value,
                ids={},
                due_at=town.clock.now,
                attempts=8,
                created_at=town.in_hours(-2),
                dead_at=town.clock.now,
                last_error="SmsRefused 20003",
            )
        )
    return promise_id


def promise(town: Town, promise_id: uuid.UUID) -> Promise:
    with town.house.db.reading() as session:
        return session.scalars(select(Promise).where(Promise.id == promise_id)).one()


def test_work_that_was_given_up_is_listed_with_its_cause_and_taken_up_again(
    town: Town, office: Browser, bell: RecordingBell
) -> None:
    assert "Aucun : tout ce qui devait être fait" in office.get(PAGE).text
    dead = given_up(town, town.territory_id)
    page = office.get(PAGE)
    assert (
        "Envoi d’un SMS 8 aujourd’hui à 9 h 2 h SmsRefused 20003 Reprendre" in page.texts("tr")[1]
    )
    assert "Travaux abandonnés 1" in page.text

    bell.rung.clear()
    again = office.submit(page.form(f"{PAGE}/{dead}/reprendre"))
    assert "Travail repris : Envoi d’un SMS." in again.text
    kept = promise(town, dead)
    assert (kept.dead_at, kept.attempts, kept.due_at) == (None, 0, town.clock.now)
    assert [ring.promise_id for ring in bell.rung] == [dead]
    with town.house.db.reading() as session:
        (event,) = session.scalars(
            select(LoggedEvent).where(LoggedEvent.kind == "promise_retried")
        ).all()
    assert event.data == {"promise_id": str(dead), "job": "send_message"}

    twice = office.submit(page.form(f"{PAGE}/{dead}/reprendre"))
    assert "Ce travail n’est plus abandonné." in twice.text


def test_an_administrator_takes_up_nothing_of_another_territory(
    town: Town, house: House, clock: FakeClock, office: Browser
) -> None:
    elsewhere = Town.found(house, clock, code="plaine", phone="03 84 00 00 01")
    theirs, the_houses = given_up(town, elsewhere.territory_id), given_up(town, None, Job.SEAL_LOG)
    page = office.get(PAGE)
    assert not page.has_form(f"{PAGE}/{theirs}/reprendre")
    taken = page.form(f"{PAGE}/{the_houses}/reprendre")
    office.client.post(f"{PAGE}/{theirs}/reprendre", data=taken.values)
    assert promise(town, theirs).dead_at is not None
    office.submit(taken)
    assert promise(town, the_houses).dead_at is None


def test_the_state_of_the_machines_is_told(
    town: Town, office: Browser, bell: RecordingBell
) -> None:
    page = office.get(PAGE)
    assert "Relais jamais vu" in page.text
    assert "File « Urgent » 2" in page.text
    tick(town.house.db, "relay")
    tick(town.house.db, "clock")
    town.clock.advance(minutes=5)
    bell.is_there = False
    text = office.get(PAGE).text
    assert "Relais vu aujourd’hui à 9 h" in text
    assert "File d’attente Redis ne répond pas" in text
    assert "Redis ne répond pas : les demandes sont prises" in text
    town.request()
    town.clock.advance(minutes=10)
    page = office.get(PAGE)
    assert "Travail le plus en retard depuis 10 min" in page.text
    assert any(row.startswith("Recherche de créneaux 0 1 0 0") for row in page.texts("tr"))


def test_every_job_and_every_queue_has_a_name_for_people() -> None:
    assert set(watching.JOBS) == set(Job)
    assert set(watching.QUEUES) == {name.value for name in QueueName}


@pytest.fixture
def watched(town: Town) -> Browser:
    """A site where a token for Prometheus is set."""
    settings = replace(town.house.settings, metrics_token=TOKEN)
    return Browser(create_app(replace(town.house, settings=settings)))


def figures(body: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
    }


def test_prometheus_reads_what_is_owed_and_what_is_late(town: Town, watched: Browser) -> None:
    given_up(town, town.territory_id)
    town.request()
    tick(town.house.db, "relay")
    town.clock.advance(hours=25)
    answer = watched.client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    found = figures(answer.text)
    expected = {
        ("snp_redis_up",): 1,
        ("snp_promise_overdue_seconds",): 25 * 3600,
        ("snp_promises", "send_message", "dead"): 1,
        ("snp_promises", "match_waiting", "due"): 1,
        ("snp_requests_live", "searching"): 1,
        ("snp_requests_late", "searching"): 1,
        ("snp_requests_live", "booked"): 0,
        ("snp_queue_jobs", "urgent"): 2,
        ("snp_tick_age_seconds", "relay"): 25 * 3600,
        ("snp_sms_unsent_seconds",): 0,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert any(name[0] == "snp_build_info" for name in found)


def test_metrics_are_for_whoever_has_the_token(watched: Browser, desk: Browser) -> None:
    assert desk.client.get("/metrics").status_code == 404
    for given in (None, "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"):
        headers = {"Authorization": given} if given else {}
        answer = watched.client.get("/metrics", headers=headers)
        assert (answer.status_code, TOKEN in answer.text) == (401, False), given
