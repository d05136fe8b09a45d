"""« Je suis en retard »: told once, seen in the agenda, and only while it makes sense."""

import pytest

from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.services.tables import events, messages, row_counts
from tests.web.pages import Browser
from tests.web.test_patient import link_to_page

LATE = "En retard ?"


def booked(town: Town, sms: FakeSms, doctor: Volunteer, **slot: float) -> str:
    town.slot(doctor, **slot)  # type: ignore[arg-type]  # the builder's own arguments
    town.request()
    keep_promises(town.house)
    return link_to_page(sms)


def announce(somebody: Browser, address: str, minutes: str = "15") -> None:
    answer = somebody.client.post(f"{address}/en-retard", data={"minutes": minutes})
    assert answer.status_code in {303, 404}


def told(town: Town) -> list[int]:
    return [data["minutes"] for kind, data in events(town.house) if kind == "patient_late"]


def test_the_practitioner_is_told_and_sees_it_in_the_agenda(
    somebody: Browser, telephone: Browser, town: Town, sms: FakeSms, doctor: Volunteer
) -> None:
    address = booked(town, sms, doctor, hours=2)
    assert "annonce un retard" not in telephone.get("/agenda").text
    page = somebody.get(address)
    assert LATE in page.text

    after = somebody.submit(page.form(f"{address}/en-retard"), {"minutes": "20"})

    assert "Retard d’environ 20 minutes annoncé à 9 h" in after.text
    keep_promises(town.house)
    assert "annonce un retard" in sms.bodies_to("+33" + doctor.phone[1:])[-1]
    assert "20 minutes" in sms.bodies_to("+33" + doctor.phone[1:])[-1]
    assert "annonce un retard d’environ 20 min" in telephone.get("/agenda").text


def test_the_regulator_reads_it_in_the_history(
    desk: Browser, somebody: Browser, town: Town, sms: FakeSms, doctor: Volunteer
) -> None:
    town.slot(doctor)
    request_id = town.request()
    keep_promises(town.house)
    announce(somebody, link_to_page(sms))

    page = desk.get(f"/demandes/{request_id}")

    assert "Le patient annonce un retard d’environ 15 min" in page.text
    assert "SMS écrit au praticien : annonce d’un retard" in page.text


def test_a_second_tap_is_no_second_delay(
    somebody: Browser, town: Town, sms: FakeSms, doctor: Volunteer, clock: FakeClock
) -> None:
    address = booked(town, sms, doctor, hours=2)
    announce(somebody, address, "10")
    before = row_counts(town.house)
    announce(somebody, address, "10")
    clock.advance(minutes=4, seconds=59)
    announce(somebody, address, "30")
    assert row_counts(town.house) == before
    assert LATE not in somebody.get(address).text

    clock.advance(seconds=1)
    assert LATE in somebody.get(address).text
    announce(somebody, address, "30")

    assert told(town) == [10, 30]
    assert len(messages(town.house, "late_notice")) == 2


@pytest.mark.parametrize(
    ("minutes_before_start", "taken"),
    [(181, []), (180, [15]), (1, [15]), (-19, [15]), (-20, [])],
)
def test_a_delay_is_announced_from_three_hours_before_until_the_end(
    somebody: Browser,
    town: Town,
    sms: FakeSms,
    doctor: Volunteer,
    clock: FakeClock,
    minutes_before_start: int,
    taken: list[int],
) -> None:
    address = booked(town, sms, doctor, hours=4, minutes=20)
    clock.advance(minutes=240 - minutes_before_start)
    assert (LATE in somebody.get(address).text) == bool(taken)

    announce(somebody, address)

    assert told(town) == taken


@pytest.mark.parametrize("minutes", ["", "0", "-5", "7", "abc", "1e3", "999999999999", "\u0665"])
def test_what_is_not_among_the_choices_changes_nothing(
    somebody: Browser, town: Town, sms: FakeSms, doctor: Volunteer, minutes: str
) -> None:
    address = booked(town, sms, doctor)
    before = row_counts(town.house)
    announce(somebody, address, minutes)
    assert row_counts(town.house) == before


def test_nobody_is_late_for_a_walk_in_period_or_a_cancelled_appointment(
    somebody: Browser, town: Town, sms: FakeSms, doctor: Volunteer
) -> None:
    walk_in = booked(town, sms, doctor, places=5, minutes=180)
    announce(somebody, walk_in)
    cancelled = booked(town, sms, town.volunteer(), hours=2)
    somebody.submit(somebody.get(f"{cancelled}/annuler").forms()[0])
    announce(somebody, cancelled)
    announce(somebody, "/r/inconnu")

    assert told(town) == []


def test_a_practitioner_without_a_mobile_sees_it_in_the_agenda_alone(
    somebody: Browser, town: Town, sms: FakeSms
) -> None:
    address = booked(town, sms, town.volunteer(phone=None))
    announce(somebody, address)
    assert told(town) == [15]
    assert messages(town.house, "late_notice") == []
