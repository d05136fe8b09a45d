"""« Mes chiffres »: what a practitioner reads of their own months, and nobody else does."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import update

from dispatcher.domain.payments.statements import Basis
from dispatcher.domain.roles import Account, Role
from dispatcher.services import slots as slot_services
from dispatcher.services.appointments import record_attendance
from dispatcher.services.delegations import grant_delegation
from dispatcher.services.payments import AddRule, add_rule
from dispatcher.storage.requests import Appointment
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.web.pages import Browser

PATH = "/agenda/mes-chiffres"


def seen(town: Town, volunteer: Volunteer, *, came: bool, regulated: bool = True) -> UUID:
    """A request that is booked and marked."""
    changes = {"regulated": {"by": "Dr Régulateur", "at": town.clock.now}} if regulated else {}
    request = town.request(**changes)
    keep_promises(town.house)
    appointment = town.the_appointment(request)
    assert appointment is not None
    record_attendance(town.house, town.regulator, appointment.id, came=came)
    return appointment.id


def test_a_month_is_counted_by_hand(
    telephone: Browser, town: Town, doctor: Volunteer, clock: FakeClock
) -> None:
    """Three periods: four places of two hours, two of an hour, and one that was taken back."""
    town.slot(doctor, hours=1, minutes=120, places=4)
    seen(town, doctor, came=True)
    seen(town, doctor, came=True, regulated=False)
    seen(town, doctor, came=False)
    town.slot(doctor, hours=4, minutes=60, places=2)
    back = town.slot(doctor, hours=6, minutes=180, places=3)
    slot_services.withdraw_slot(town.house, town.account(Role.PRACTITIONER, doctor), back)
    town.slot(town.volunteer(), hours=1, places=9)  # somebody else's

    text = telephone.get(PATH).text
    assert "novembre 2026" in text
    for said in (
        "Places offertes 6",
        "Places prises 3 50 % de l’offre",
        "Patients venus 2 2 personnes",
        "Non venus 1 33 % des prises",
        "Du 23 au 29 novembre 2026",
        "3 h ouvertes",
        "2 h atteintes",
        "1 majoration SNP sur 20",
    ):
        assert said in text, said
    assert "Places offertes 0" in telephone.get(f"{PATH}?mois=2026-10").text
    assert "novembre 2026" in telephone.get(f"{PATH}?mois=n%27importe").text


def test_the_twentieth_majoration_of_a_week_is_warned_of(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    town.slot(doctor, hours=1, minutes=300, places=22)
    first = seen(town, doctor, came=True)
    requests = [
        town.request(regulated={"by": "Dr Régulateur", "at": town.clock.now}) for _ in range(20)
    ]
    keep_promises(town.house)
    with town.house.db.writing() as session:  # twenty marks by hand take twenty seconds
        booked = Appointment.request_id.in_(requests[:16])
        session.execute(update(Appointment).where(booked).values(status="fulfilled"))
    text = telephone.get(PATH).text
    assert "17 majorations SNP sur 20" in text
    assert "Bientôt le plafond" in text
    with town.house.db.writing() as session:
        booked = Appointment.request_id.in_(requests)
        session.execute(update(Appointment).where(booked).values(status="fulfilled"))
    text = telephone.get(PATH).text
    assert "20 majorations SNP sur 20" in text
    assert "le plafond est atteint. Une de plus n’est pas due." in text
    assert first is not None


def test_what_the_territory_owes_is_told_to_whom_it_is_owed_alone(
    telephone: Browser, town: Town, doctor: Volunteer, signed_in: Callable[[Account], Browser]
) -> None:
    """Two patients seen at 15,50 €; a colleague saw nobody."""
    coordinator = town.account(Role.COORDINATOR)
    month = date(2026, 11, 1)
    assert "Indemnités" not in telephone.get(PATH).text
    rule = AddRule(basis=Basis.ACT, cents=1550, first_month=month)
    add_rule(town.house, coordinator, rule)
    town.slot(doctor, hours=1, minutes=120, places=4)
    for came in (True, True, False):
        seen(town, doctor, came=came)
    page = telephone.get(PATH)
    text = page.text
    (statement,) = [link for link in page.links() if "/paiements/mon-releve" in link]
    assert telephone.client.get(statement).data.startswith(b"%PDF")
    for said in ("Patient vu 2 × 15,50", "À vous verser 31,00"):
        assert said in text.replace("\u202f", " "), said
    assert "encore provisoire" in text
    colleague = town.account(Role.PRACTITIONER, town.volunteer())
    assert "Indemnités" not in signed_in(colleague).get(PATH).text


@pytest.mark.parametrize("profession", ["60"])
def test_a_nurse_has_no_majoration_to_read_about(
    town: Town, signed_in: Callable[[Account], Browser], profession: str
) -> None:
    nurse = town.volunteer(profession=profession, specialty=None)
    town.slot(nurse, hours=1)
    text = signed_in(town.account(Role.PRACTITIONER, nurse)).get(PATH).text
    assert "ajoration" not in text
    assert "20 min" in text or "0 h 20 ouvertes" in text


def test_a_secretary_does_not_read_them(
    town: Town, doctor: Volunteer, signed_in: Callable[[Account], Browser]
) -> None:
    secretary = town.account(Role.DELEGATE)
    own = town.account(Role.PRACTITIONER, doctor)
    grant_delegation(town.house, own, secretary.user_id, doctor.id)
    practice = signed_in(secretary)
    practice.submit(practice.get("/secretariat").form("/secretariat"))
    assert PATH not in practice.get("/agenda").links()
    practice.get(PATH, status=403)
    practice.get("/paiements/mon-releve", status=403)
