"""The practitioner's telephone: publish, see who comes, say who came, cancel; only one's own."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from dispatcher.domain.roles import Account, Role
from dispatcher.reads.agenda import STILL_TO_MARK
from dispatcher.services import appointments
from dispatcher.services.house import House
from dispatcher.storage.slots import Slot
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.web.pages import Browser

SAINT_DENIS = "97411"
SignIn = Callable[[Account], Browser]


def slots_of(house: House, volunteer: Volunteer) -> list[Slot]:
    with house.db.reading() as session:
        return list(
            session.scalars(
                select(Slot).where(Slot.practitioner_id == volunteer.id).order_by(Slot.start_at)
            )
        )


def booked_with(town: Town, doctor: Volunteer, **asking: object) -> str:
    """A request booked with the doctor, in two hours; the id of its appointment."""
    town.slot(doctor)
    request = town.request(**asking)
    keep_promises(town.house)
    appointment = town.the_appointment(request)
    assert appointment is not None
    assert appointment.practitioner_id == doctor.id
    return str(appointment.id)


# Seeing


def test_the_agenda_shows_who_comes_when_and_why(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    motive = next(iter(town.house.catalogue.motives.values()))
    booked_with(
        town,
        doctor,
        patient={"last_name": "Girod", "first_name": "Émile"},
        need={"motive": motive.code, "note": "Troisième étage sans ascenseur"},
        regulated={"by": "Dr Morel"},
    )

    page = telephone.get("/agenda")

    assert page.h1 == "Mon agenda"
    assert "Dr Anne Vuillet" in page.text
    assert "Aujourd’hui lundi 23 novembre" in page.text
    # born on 3 February 1950, on 23 November 2026
    assert "Émile GIROD 76 ans" in page.text
    assert "11 h · Lons-le-Saunier" in page.text
    assert motive.label in page.text
    assert "Troisième étage sans ascenseur" in page.text
    assert "Régulé par Dr Morel" in page.text
    assert "tel:+33639980001" in page.links()


def test_a_walk_in_period_counts_its_places(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    town.slot(doctor, places=5, minutes=120)
    for _ in range(2):
        town.request()
    keep_promises(town.house)
    assert "2 places prises sur 5" in telephone.get("/agenda").text


def test_today_is_there_even_when_it_is_empty(telephone: Browser) -> None:
    page = telephone.get("/agenda")
    assert page.texts("h2", "day__title") == ["Aujourd’hui lundi 23 novembre"]
    assert "Aucun créneau publié." in page.text


def test_slots_that_are_far_away_are_counted(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    town.slot(doctor, hours=24 * 30)
    town.slot(doctor, hours=24 * 40)
    page = telephone.get("/agenda")
    assert "Mercredi 23 décembre" in page.text
    assert "Un autre créneau est publié après le jeudi 24 décembre." in page.text


def test_the_slots_and_patients_of_others_are_not_seen(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    other = town.volunteer(commune="39362")
    town.slot(other, hours=3)
    town.request(patient={"last_name": "Ailleurs"})
    keep_promises(town.house)

    page = telephone.get("/agenda")

    assert "AILLEURS" not in page.text
    assert "Aucun créneau publié." in page.text


@pytest.mark.parametrize("role", [Role.REGULATOR, Role.COORDINATOR, Role.ADMINISTRATOR])
@pytest.mark.parametrize("path", ["/agenda", "/agenda/creneau"])
def test_the_agenda_is_a_practitioner_s(
    town: Town, signed_in: SignIn, role: Role, path: str
) -> None:
    signed_in(town.account(role)).get(path, status=403)


def test_a_cancelled_visit_keeps_its_name_and_loses_its_need(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    town.slot(doctor, places=2, minutes=60)
    request = town.request(patient={"last_name": "Girod"}, need={"note": "une note confidentielle"})
    keep_promises(town.house)
    appointment = town.the_appointment(request)
    assert appointment is not None
    appointments.cancel_by_practitioner(town.house, town.regulator, appointment.id)

    page = telephone.get("/agenda")

    assert "GIROD" in page.text
    assert "Annulé" in page.text
    assert "confidentielle" not in page.html
    assert not page.has_form("/agenda/presence")


def test_a_slot_that_was_taken_back_is_no_longer_shown(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    town.slot(doctor)
    page = telephone.get("/agenda")
    assert "11 h" in page.text
    slot = str(slots_of(town.house, doctor)[0].id)

    after = telephone.submit(page.form("/agenda/creneau/fermer"), {"slot": slot})

    assert "Créneau fermé" in after.text
    assert "Aucun créneau publié." in after.text
    assert slots_of(town.house, doctor)[0].status == "closed"


# Saying who came


@pytest.mark.parametrize(
    ("status", "said", "ended"),
    [("fulfilled", "patient venu", "Venu"), ("no_show", "patient non venu", "Non venu")],
)
def test_a_patient_s_coming_is_marked(
    telephone: Browser, town: Town, doctor: Volunteer, status: str, said: str, ended: str
) -> None:
    booked_with(town, doctor)
    form = telephone.get("/agenda").form("/agenda/presence")

    page = telephone.submit(form, {"status": status})

    assert f"C’est noté : {said}." in page.text
    assert ended in page.texts("span", "chip")


def test_a_slip_of_the_thumb_is_corrected(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    booked_with(town, doctor)
    form = telephone.get("/agenda").form("/agenda/presence")
    telephone.submit(form, {"status": "no_show"})

    page = telephone.submit(form, {"status": "fulfilled"})

    assert "Venu" in page.texts("span", "chip")


def test_what_is_no_mark_is_refused(telephone: Browser, town: Town, doctor: Volunteer) -> None:
    booked_with(town, doctor)
    form = telephone.get("/agenda").form("/agenda/presence")
    telephone.submit(form, {"status": "cancelled"}, status=400)


def test_a_visit_that_nobody_marked_is_asked_for_until_the_end_of_the_day_it_is_marked_on(
    telephone: Browser, town: Town, doctor: Volunteer, clock: FakeClock
) -> None:
    booked_with(town, doctor, patient={"last_name": "Girod"})
    clock.advance(hours=24)

    page = telephone.get("/agenda")
    assert "À compléter" in page.text
    assert "Lundi 23 novembre à 11 h" in page.text
    after = telephone.submit(page.form("/agenda/presence"), {"status": "fulfilled"})
    assert "GIROD" in after.text

    clock.advance(hours=24)
    assert "GIROD" not in telephone.get("/agenda").text


def test_a_visit_is_not_asked_for_for_ever(
    telephone: Browser, town: Town, doctor: Volunteer, clock: FakeClock
) -> None:
    booked_with(town, doctor, patient={"last_name": "Girod"})
    clock.now += STILL_TO_MARK
    assert "GIROD" in telephone.get("/agenda").text
    clock.advance(hours=24)
    assert "GIROD" not in telephone.get("/agenda").text


def test_who_is_expected_in_more_than_two_days_cannot_have_come(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    town.slot(doctor, hours=49)
    town.request(need={"delay_hours": 72})
    keep_promises(town.house)
    page = telephone.get("/agenda")
    assert "Annuler" in page.text
    assert not page.has_form("/agenda/presence")


# Cancelling


def test_cancelling_tells_the_patient_and_searches_again_at_once(
    telephone: Browser, town: Town, doctor: Volunteer, sms: FakeSms
) -> None:
    town.slot(doctor)
    request = town.request()
    keep_promises(town.house)
    before = town.the_appointment(request)
    assert before is not None
    town.slot(town.volunteer(), hours=4)
    form = telephone.get("/agenda").form("/agenda/rendez-vous/annuler")

    page = telephone.submit(form, {"appointment": str(before.id)})
    keep_promises(town.house)

    assert "Rendez-vous annulé : le patient est prévenu" in page.text
    after = town.the_appointment(request)
    assert after is not None
    assert after.practitioner_id != doctor.id
    told = sms.bodies_to("+33639980001")
    assert "annulé" in told[1]
    assert "/r/" in told[2]


def test_cancelling_what_is_cancelled_says_how_things_stand(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    appointment = booked_with(town, doctor)
    form = telephone.get("/agenda").form("/agenda/rendez-vous/annuler")
    telephone.submit(form, {"appointment": appointment})

    page = telephone.submit(form, {"appointment": appointment})

    assert "L’état actuel est « annulé »" in page.text


# Only one's own


@pytest.mark.parametrize("path", ["/agenda/presence", "/agenda/rendez-vous/annuler"])
def test_the_appointment_of_a_colleague_does_not_exist(
    telephone: Browser, town: Town, doctor: Volunteer, path: str
) -> None:
    colleague = town.volunteer()
    appointment = booked_with(town, colleague)
    booked_with(town, doctor)
    form = telephone.get("/agenda").form(path)

    telephone.submit(form, {"appointment": appointment, "status": "fulfilled"}, status=404)

    still = [row.taken for row in slots_of(town.house, colleague)]
    assert still == [1]


def test_the_slot_of_a_colleague_does_not_exist(telephone: Browser, town: Town) -> None:
    colleague = town.volunteer()
    slot = town.slot(colleague)
    form = telephone.get("/agenda").form("/agenda/creneau/fermer")
    telephone.submit(form, {"slot": str(slot)}, status=404)
    assert town.the_slot(slot).status == "open"


@pytest.mark.parametrize("ident", ["", "1", "%s", "é" * 40])
def test_what_is_no_id_is_not_found(telephone: Browser, ident: str) -> None:
    form = telephone.get("/agenda").form("/agenda/creneau/fermer")
    telephone.submit(form, {"slot": ident}, status=404)


def test_a_form_without_its_token_changes_nothing(
    telephone: Browser, town: Town, doctor: Volunteer, app: Flask
) -> None:
    del app
    slot = town.slot(doctor)
    answer = telephone.client.post("/agenda/creneau/fermer", data={"slot": str(slot)})
    assert answer.status_code == 400
    assert town.the_slot(slot).status == "open"
