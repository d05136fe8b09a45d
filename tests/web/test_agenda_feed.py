"""A practitioner's appointments in their own calendar, by an address that only they have."""

import re
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar
from sqlalchemy import select

from dispatcher.domain.agendas.reading import read_agenda
from dispatcher.services.appointments import cancel_by_practitioner
from dispatcher.storage.agenda_exports import AgendaExport
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.services.tables import kinds, row_counts
from tests.web.pages import Browser

PATH = "/agenda/agendas"


def opened(telephone: Browser, **typed: object) -> str:
    """A new address, as it is shown once."""
    page = telephone.submit(telephone.get(PATH).form(f"{PATH}/export"), typed)
    found = re.search(r"/flux/[A-Za-z0-9]{32}/rendez-vous\.ics", page.text)
    assert found is not None
    assert found[0] not in telephone.get(PATH).html
    return found[0]


def entries(somebody: Browser, address: str) -> list[Any]:
    answer = somebody.client.get(address)
    assert answer.status_code == 200
    assert answer.mimetype == "text/calendar"
    return list(Calendar.from_ical(answer.get_data()).walk("VEVENT"))


def expected(town: Town, doctor: Volunteer) -> None:
    """Prudence Secret, at 11 h."""
    town.slot(doctor, hours=2)
    town.request(
        patient={"last_name": "Secret", "first_name": "Prudence", "phone": "0639980099"},
        need={"motive": "FEVER", "note": "une note"},
    )
    keep_promises(town.house)


def test_a_feed_holds_the_booked_appointments_and_names_nobody(
    somebody: Browser, telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    address = opened(telephone)
    assert entries(somebody, address) == []
    expected(town, doctor)
    town.slot(town.volunteer(), hours=3)
    town.request()  # somebody else's
    keep_promises(town.house)

    before = row_counts(town.house)
    (entry,) = entries(somebody, address)
    assert row_counts(town.house) == before
    assert entry.decoded("dtstart").isoformat() == "2026-11-23T11:00:00+01:00"
    text = somebody.client.get(address).get_data(as_text=True)
    for secret in ("Secret", "SECRET", "Prudence", "06 39", "0639", "une note", "Fièvre", "FEVER"):
        assert secret not in text, secret
    assert "Set-Cookie" not in somebody.client.get(address).headers


def test_names_are_there_when_the_practitioner_asks_and_the_motive_never(
    somebody: Browser, telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    expected(town, doctor)
    address = opened(telephone, identity="1")
    (entry,) = entries(somebody, address)
    assert "Prudence SECRET" in entry["summary"]
    assert "06 39 98 00 99" in entry["description"].replace("\u00a0", " ")
    text = somebody.client.get(address).get_data(as_text=True)
    for secret in ("une note", "Fièvre", "FEVER", "1950"):
        assert secret not in text, secret
    assert "avec le nom et le téléphone" in telephone.get(PATH).text


def test_a_cancelled_appointment_and_an_old_one_leave_the_feed(
    somebody: Browser, telephone: Browser, town: Town, doctor: Volunteer, clock: FakeClock
) -> None:
    address = opened(telephone)
    expected(town, doctor)
    town.slot(doctor, hours=4)
    request = town.request()
    keep_promises(town.house)
    assert len(entries(somebody, address)) == 2
    appointment = town.the_appointment(request)
    assert appointment is not None
    cancel_by_practitioner(town.house, town.regulator, appointment.id)
    assert len(entries(somebody, address)) == 1
    clock.advance(days=31)
    assert entries(somebody, address) == []


def test_an_address_is_revoked_or_replaced_at_once_and_only_its_digest_is_kept(
    somebody: Browser, telephone: Browser, town: Town
) -> None:
    first = opened(telephone)
    second = opened(telephone)
    assert somebody.client.get(first).status_code == 404
    assert somebody.client.get(second).status_code == 200
    with town.house.db.reading() as session:
        kept = session.scalars(select(AgendaExport.digest)).all()
    assert not {each.split("/")[2] for each in (first, second)} & set(kept)

    page = telephone.submit(telephone.get(PATH).form(f"{PATH}/export/retirer"))
    assert "Adresse retirée" in page.text
    answer = somebody.client.get(second)
    assert answer.status_code == 404
    assert "n’est plus valable" in answer.get_data(as_text=True)
    said = [kind for kind in kinds(town.house) if kind.startswith("agenda_export")]
    made, closed = "agenda_export_made", "agenda_export_revoked"
    assert said == [made, closed, made, closed]


def test_our_own_feed_read_back_keeps_nobody_busy(
    somebody: Browser, telephone: Browser, town: Town, doctor: Volunteer, clock: FakeClock
) -> None:
    """A practitioner whose calendar subscribes to us may give us that calendar's address."""
    expected(town, doctor)
    file = somebody.client.get(opened(telephone)).get_data()
    span = (ZoneInfo("Europe/Paris"), clock.now, town.in_hours(24))
    assert read_agenda(file, *span).busy == ()
    elsewhere = file.replace(b"@rendez-vous.invalid", b"@agenda.example")
    assert len(read_agenda(elsewhere, *span).busy) == 1  # the companion: another's event does
