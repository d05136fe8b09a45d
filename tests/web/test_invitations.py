"""From the coordinator's invitation to the first slot, page by page."""

import re
from collections.abc import Callable

from flask import Flask

from dispatcher.domain.roles import Account, Role
from dispatcher.services import appointments
from dispatcher.services.house import House
from tests.builders import PASSWORD, Town, Volunteer
from tests.fakes.emails import FakeEmail
from tests.houses import keep_promises
from tests.web.pages import Browser


def test_somebody_who_is_invited_has_opened_a_slot_three_pages_later(
    house: House,
    town: Town,
    doctor: Volunteer,
    email: FakeEmail,
    app: Flask,
    signed_in: Callable[[Account], Browser],
) -> None:
    coordination = signed_in(town.account(Role.COORDINATOR))
    path = f"/annuaire/{doctor.id}/invitation"
    assert path in coordination.get("/annuaire").links()
    sent = coordination.submit(
        coordination.get(path).form(path), {"email": "anne.vuillet@exemple.fr"}
    )
    assert "Invitation envoyée. Le lien est valable deux semaines." in sent.text
    assert "En attente d’envoi" in sent.text
    keep_promises(house)
    assert "Envoyée" in coordination.get(path).text
    found = re.search(r"/bienvenue/\w+", email.taken[0].body)
    assert found is not None
    link = found[0]

    doctors = Browser(app)
    welcome = doctors.get(link)
    assert "Bienvenue, Dr Anne Vuillet" in welcome.h1
    form = welcome.form(link)
    assert form.values["login"] == "anne.vuillet@exemple.fr"
    refused = doctors.submit(form, {"password": "court", "last_name": "Vuillet-Baud"}, status=422)
    assert "au moins 12 caractères" in refused.field_error("password").replace("\u00a0", " ")
    assert refused.form(link).values["last_name"] == "Vuillet-Baud"
    assert "court" not in refused.html

    rules = doctors.submit(refused.form(link), {"password": PASSWORD})
    assert rules.path == "/agenda/mes-regles"
    assert "Enregistrer et ouvrir un premier créneau" in rules.text
    publishing = doctors.submit(rules.form("/agenda/mes-regles"), {"daily_cap": "4"})
    assert publishing.path == "/agenda/creneau"
    agenda = doctors.submit(publishing.form("/agenda/creneau"))
    assert "Créneau publié" in agenda.text
    assert len(town.slots_of(doctor)) == 1

    assert doctors.get(link, status=404).h1 == "Page introuvable"
    again = coordination.get(path)
    assert "Cette personne a déjà un compte." in again.text
    assert "Acceptée" in again.text
    # only the first time do the rules lead on to a slot
    rules = doctors.submit(
        doctors.get("/agenda/mes-regles").form("/agenda/mes-regles"), {"daily_cap": "5"}
    )
    assert rules.path == "/agenda/mes-regles"


def test_what_cannot_be_sent_is_told_and_an_invitation_can_be_taken_back(
    house: House, town: Town, doctor: Volunteer, signed_in: Callable[[Account], Browser]
) -> None:
    coordination = signed_in(town.account(Role.COORDINATOR))
    path = f"/annuaire/{doctor.id}/invitation"
    refused = coordination.submit(coordination.get(path).form(path), {"email": "anne@"}, status=422)
    assert "Écrivez une adresse e-mail" in refused.field_error("email")
    assert refused.form(path).values["email"] == "anne@"

    sent = coordination.submit(refused.form(path), {"email": "anne@exemple.fr"})
    taken_back = coordination.submit(sent.form(f"{path}/retrait"))
    assert "son lien n’ouvre plus rien" in taken_back.text
    assert not taken_back.has_form(f"{path}/retrait")


def test_a_site_without_email_invites_by_sms(
    house: House, town: Town, doctor: Volunteer, signed_in: Callable[[Account], Browser]
) -> None:
    object.__setattr__(house, "email", None)
    coordination = signed_in(town.account(Role.COORDINATOR))
    path = f"/annuaire/{doctor.id}/invitation"
    form = coordination.get(path).form(path)
    assert "email" not in form.values
    assert "par SMS" in coordination.submit(form).text


def test_a_coordinator_takes_somebody_out_and_in_again(
    house: House, town: Town, doctor: Volunteer, signed_in: Callable[[Account], Browser]
) -> None:
    coordination = signed_in(town.account(Role.COORDINATOR))
    path = f"/annuaire/{doctor.id}/invitation"
    town.slot(doctor)
    request_id = town.request()
    keep_promises(house)
    leave = coordination.get(path).form(f"/annuaire/{doctor.id}/depart")
    refused = coordination.submit(leave)
    assert "Un patient est attendu chez cette personne" in refused.text
    appointment = town.the_appointment(request_id)
    assert appointment is not None
    appointments.cancel_by_practitioner(house, town.regulator, appointment.id)

    gone = coordination.submit(leave)
    assert "ne figure plus dans l’annuaire" in gone.text
    assert path not in coordination.get("/annuaire").links()
    assert path in coordination.get("/annuaire?retires=1").links()

    back = coordination.submit(gone.form(f"/annuaire/{doctor.id}/retour"))
    assert "figure de nouveau dans l’annuaire" in back.text
    assert path in coordination.get("/annuaire").links()
