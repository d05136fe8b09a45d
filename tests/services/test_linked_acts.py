"""What a practitioner does by a link: one purpose each, until it expires, kept as a digest."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from dispatcher.domain.errors import NotFoundError, TransitionError
from dispatcher.domain.links import LinkPurpose
from dispatcher.reads.linked_pages import linked_page
from dispatcher.services import linked_acts
from dispatcher.services.house import House
from dispatcher.services.practitioner_links import find_link, forget_links
from dispatcher.storage.links import PractitionerLink
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.requests import Appointment
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.services.offering import e164, settings
from tests.services.own_links import ask_practitioners_now, latest_secret
from tests.services.tables import messages, row_counts
from tests.services.timetables import booked, doctor

__all__ = ["doctor"]
UNTIL_EIGHT_TOMORROW = 23
"""Hours after Monday 9 h in Paris."""


@pytest.fixture
def visit(town: Town, doctor: Volunteer) -> Appointment:
    """Expected at 11 h."""
    town.slot(doctor, hours=2)
    return booked(town)


def the_links(house: House) -> list[PractitionerLink]:
    with house.db.reading() as session:
        return list(session.scalars(select(PractitionerLink)))


def status_of(house: House, appointment_id: UUID) -> str:
    with house.db.reading() as session:
        return session.get_one(Appointment, appointment_id).status


def author(house: House, kind: str) -> tuple[str, UUID | None]:
    """Who did what the log says last of that kind."""
    with house.db.reading() as session:
        row = session.scalars(
            select(LoggedEvent).where(LoggedEvent.kind == kind).order_by(LoggedEvent.id.desc())
        ).first()
    assert row is not None
    return row.actor_kind, row.actor_id


def test_the_notice_s_link_cancels_that_appointment_in_the_practitioner_s_name(
    house: House, doctor: Volunteer, visit: Appointment, sms: FakeSms
) -> None:
    secret = latest_secret(sms, doctor)
    linked_acts.cancel_by_practitioner_link(house, secret)
    keep_promises(house)

    assert status_of(house, visit.id) == "cancelled"
    assert author(house, "appointment_cancelled") == ("practitioner", doctor.id)
    assert len(messages(house, "cancelled_by_practitioner")) == 1
    before = row_counts(house)
    with pytest.raises(TransitionError):  # said twice
        linked_acts.cancel_by_practitioner_link(house, secret)
    assert row_counts(house) == before


def test_only_a_digest_is_stored_and_every_sms_shows_the_same_link(
    house: House, town: Town, doctor: Volunteer, visit: Appointment, sms: FakeSms
) -> None:
    secret = latest_secret(sms, doctor)
    (link,) = the_links(house)
    assert link.digest != secret
    assert (link.appointment_id, link.practitioner_id) == (visit.id, doctor.id)
    assert link.expires_at == visit.ends_at + timedelta(days=1)

    linked_acts.cancel_by_practitioner_link(house, secret)
    with house.db.reading() as session:
        kept = session.connection().exec_driver_sql("SELECT * FROM practitioner_links").all()
    assert secret not in str(kept)


def test_a_link_marks_from_the_hour_on_and_corrects_a_slip(
    house: House, doctor: Volunteer, visit: Appointment, sms: FakeSms, clock: FakeClock
) -> None:
    secret = latest_secret(sms, doctor)
    with pytest.raises(TransitionError) as too_early:
        linked_acts.mark_by_appointment_link(house, secret, came=True)
    assert "pas encore commencé" in too_early.value.sentence

    clock.now = visit.start_at
    linked_acts.mark_by_appointment_link(house, secret, came=True)
    assert status_of(house, visit.id) == "fulfilled"
    linked_acts.mark_by_appointment_link(house, secret, came=False)
    assert status_of(house, visit.id) == "no_show"

    clock.now = visit.ends_at
    with pytest.raises(TransitionError):  # nobody cancels what took place
        linked_acts.cancel_by_practitioner_link(house, secret)


def test_a_link_expires_and_dies_with_its_owner_s_account(
    house: House, doctor: Volunteer, visit: Appointment, sms: FakeSms, clock: FakeClock
) -> None:
    secret = latest_secret(sms, doctor)
    clock.now = visit.ends_at + timedelta(days=1) - timedelta(seconds=1)
    assert find_link(house, secret, LinkPurpose.APPOINTMENT).appointment_id == visit.id
    with house.db.writing() as session:
        session.execute(update(Practitioner).values(active=False))
    with pytest.raises(NotFoundError):
        linked_acts.mark_by_appointment_link(house, secret, came=True)
    with house.db.writing() as session:
        session.execute(update(Practitioner).values(active=True))

    clock.advance(seconds=1)
    with pytest.raises(NotFoundError):
        linked_acts.mark_by_appointment_link(house, secret, came=True)
    assert linked_page(house.db, secret) is None
    clock.advance(days=31)
    forget_links(house)
    assert the_links(house) == []


def test_a_link_opens_nothing_but_what_it_is_for(
    house: House, town: Town, doctor: Volunteer, visit: Appointment, sms: FakeSms, clock: FakeClock
) -> None:
    notice = latest_secret(sms, doctor)
    other = town.volunteer()
    town.slot(other, hours=3)
    elsewhere = booked(town)
    clock.advance(hours=UNTIL_EIGHT_TOMORROW)
    ask_practitioners_now(house, clock)
    closing = latest_secret(sms, doctor)
    assert closing != notice

    attempts: list[Callable[[], None]] = [
        lambda: linked_acts.mark_by_closing_link(house, notice, visit.id, came=True),
        lambda: linked_acts.cancel_by_practitioner_link(house, closing),
        lambda: linked_acts.mark_by_appointment_link(house, closing, came=True),
        lambda: linked_acts.mark_by_closing_link(house, closing, elsewhere.id, came=True),
        lambda: linked_acts.mark_by_closing_link(house, "inconnu", visit.id, came=True),
    ]
    for refused in attempts:
        with pytest.raises(NotFoundError):
            refused()
    assert status_of(house, visit.id) == status_of(house, elsewhere.id) == "booked"


def test_the_next_morning_asks_once_about_what_nobody_closed(
    house: House, town: Town, doctor: Volunteer, visit: Appointment, sms: FakeSms, clock: FakeClock
) -> None:
    town.slot(doctor, hours=3)
    second = booked(town)
    clock.advance(hours=UNTIL_EIGHT_TOMORROW - 1)
    ask_practitioners_now(house, clock)
    assert messages(house, "closing_question") == []  # it is seven

    for _ in range(3):
        clock.advance(hours=1)
        ask_practitioners_now(house, clock)
    (question,) = messages(house, "closing_question")
    assert question.practitioner_id == doctor.id
    body = sms.bodies_to(e164(doctor))[-1]
    assert "lundi 23 novembre, 2 rendez-vous" in body

    secret = latest_secret(sms, doctor)
    linked_acts.mark_by_closing_link(house, secret, visit.id, came=True)
    linked_acts.mark_by_closing_link(house, secret, second.id, came=False)
    assert (status_of(house, visit.id), status_of(house, second.id)) == ("fulfilled", "no_show")
    assert author(house, "appointment_missed") == ("practitioner", doctor.id)

    clock.advance(days=1)
    ask_practitioners_now(house, clock)
    assert len(messages(house, "closing_question")) == 1


def test_who_closed_everything_has_no_telephone_or_was_cancelled_is_not_asked(
    house: House, town: Town, doctor: Volunteer, visit: Appointment, sms: FakeSms, clock: FakeClock
) -> None:
    notice = latest_secret(sms, doctor)
    town.slot(town.volunteer(phone=None), hours=4)
    booked(town)
    clock.now = visit.start_at
    linked_acts.mark_by_appointment_link(house, notice, came=True)
    clock.advance(hours=UNTIL_EIGHT_TOMORROW - 2)
    ask_practitioners_now(house, clock)
    assert messages(house, "closing_question") == []


def test_a_territory_may_do_without_the_question(
    house: House, doctor: Volunteer, visit: Appointment, clock: FakeClock, town: Town
) -> None:
    settings(town, outside_hours=True, sms={"closing": False})
    clock.advance(hours=UNTIL_EIGHT_TOMORROW)
    ask_practitioners_now(house, clock)
    assert messages(house, "closing_question") == []


def test_each_territory_is_asked_in_its_own_morning(
    house: House, clock: FakeClock, sms: FakeSms
) -> None:
    """At eight in Saint-Denis it is five in Paris in winter."""
    island = Town.found(house, clock, code="reunion", timezone="Indian/Reunion", department="974")
    surgeon = island.volunteer(commune="97411")
    island.slot(surgeon, hours=2)
    island.request(patient={"commune": "97411"})
    keep_promises(house)
    clock.advance(hours=19)  # 3 h in Paris, 6 h there
    ask_practitioners_now(house, clock)
    assert messages(house, "closing_question") == []
    clock.advance(hours=1)
    ask_practitioners_now(house, clock)
    clock.advance(hours=1)
    ask_practitioners_now(house, clock)
    (question,) = messages(house, "closing_question")
    assert question.created_at.hour == 4  # UTC
