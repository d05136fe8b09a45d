"""Secretaries: they act for named practitioners alone, and the log says who did it for whom."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.roles import Account, Role
from dispatcher.services.delegations import end_delegation, grant_delegation
from dispatcher.storage.log import LoggedEvent
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.services.tables import kinds, row_counts
from tests.web.pages import Browser

OWN = "/agenda/secretariat"
CHOICE = "/secretariat"


@pytest.fixture
def secretary(town: Town) -> Account:
    return town.account(Role.DELEGATE)


@pytest.fixture
def practice(secretary: Account, signed_in: Callable[[Account], Browser]) -> Browser:
    """The secretary's browser."""
    return signed_in(secretary)


def may_act(town: Town, secretary: Account, *volunteers: Volunteer) -> None:
    for volunteer in volunteers:
        grant_delegation(
            town.house, town.account(Role.ADMINISTRATOR), secretary.user_id, volunteer.id
        )


def act_for(practice: Browser, volunteer: Volunteer) -> None:
    form = next(
        form
        for form in practice.get(CHOICE).forms()
        if form.values.get("practitioner") == str(volunteer.id)
    )
    assert practice.submit(form).path == "/agenda"


def last_event(town: Town, kind: str) -> tuple[str, UUID | None, UUID | None]:
    """Who the log says did it, and for whom."""
    with town.house.db.reading() as session:
        row = session.scalars(
            select(LoggedEvent).where(LoggedEvent.kind == kind).order_by(LoggedEvent.id.desc())
        ).first()
    assert row is not None
    return row.actor_kind, row.actor_id, row.practitioner_id


def test_a_practitioner_lets_a_secretary_act_and_takes_it_back(
    telephone: Browser, practice: Browser, town: Town, doctor: Volunteer, secretary: Account
) -> None:
    assert "Aucun professionnel" in practice.get(CHOICE).text
    practice.get("/agenda", status=403)

    page = telephone.submit(telephone.get(OWN).form(OWN), {"delegate": str(secretary.user_id)})
    assert "agit en votre nom" in page.text
    act_for(practice, doctor)
    page = practice.get("/agenda")
    assert "Secrétariat, pour Dr Anne Vuillet" in page.text

    telephone.submit(telephone.get(OWN).form(f"{OWN}/retirer"))
    practice.get("/agenda", status=403)  # at the very next click
    assert "Aucun professionnel" in practice.get(CHOICE).text
    said = [kind for kind in kinds(town.house) if kind.startswith("delegation")]
    assert said == ["delegation_granted", "delegation_ended"]


def test_what_a_secretary_does_is_logged_as_theirs_for_the_practitioner(
    practice: Browser, town: Town, doctor: Volunteer, secretary: Account, clock: FakeClock
) -> None:
    may_act(town, secretary, doctor)
    act_for(practice, doctor)
    done = ("delegate", secretary.user_id, doctor.id)

    form = practice.get("/agenda/creneau").form("/agenda/creneau")
    assert "Créneau publié" in practice.submit(form).text
    assert last_event(town, "slot_published") == done
    request = town.request()
    keep_promises(town.house)
    appointment = town.the_appointment(request)
    assert appointment is not None
    clock.now = appointment.start_at
    mark = next(
        each for each in practice.get("/agenda").forms() if each.values.get("status") == "no_show"
    )
    assert "patient non venu" in practice.submit(mark).text
    assert last_event(town, "appointment_missed") == done


def test_the_regulator_reads_who_did_it_for_whom(
    practice: Browser, desk: Browser, town: Town, doctor: Volunteer, secretary: Account
) -> None:
    may_act(town, secretary, doctor)
    act_for(practice, doctor)
    town.slot(doctor, hours=2)
    request = town.request()
    keep_promises(town.house)
    form = next(
        each
        for each in practice.get("/agenda").forms()
        if each.action == "/agenda/rendez-vous/annuler"
    )
    appointment = town.the_appointment(request)
    assert appointment is not None
    practice.submit(form, {"appointment": str(appointment.id)})
    assert (
        f"{secretary.display_name}, pour Dr Anne Vuillet" in desk.get(f"/demandes/{request}").text
    )


def test_a_secretary_acts_for_nobody_who_did_not_name_them(
    practice: Browser, town: Town, doctor: Volunteer, secretary: Account
) -> None:
    other = town.volunteer()
    slot = town.slot(other, hours=3)
    may_act(town, secretary, doctor)
    page = practice.get(CHOICE)
    assert [form.values["practitioner"] for form in page.forms() if form.action == CHOICE] == [
        str(doctor.id)
    ]
    token = page.form(CHOICE).values["csrf_token"]
    forged = {"csrf_token": token, "practitioner": str(other.id)}
    assert practice.client.post(CHOICE, data=forged).status_code == 404
    with practice.client.session_transaction() as session:
        session["for"] = str(other.id)
    practice.get("/agenda", status=403)

    act_for(practice, doctor)
    practice.get(f"/agenda/creneau/{slot}", status=404)
    closing = {"csrf_token": token, "slot": str(slot)}
    assert practice.client.post("/agenda/creneau/fermer", data=closing).status_code == 404
    assert town.the_slot(slot).status == "open"


def test_a_secretary_hands_nothing_on(
    practice: Browser, town: Town, doctor: Volunteer, secretary: Account
) -> None:
    may_act(town, secretary, doctor)
    act_for(practice, doctor)
    assert OWN not in practice.get("/agenda/mes-regles").links()
    practice.get(OWN, status=403)
    token = practice.get("/agenda").form("/deconnexion").values["csrf_token"]
    posted = {"csrf_token": token, "delegate": str(secretary.user_id)}
    assert practice.client.post(OWN, data=posted).status_code == 403


def test_two_practitioners_share_a_secretary_who_changes_between_them(
    practice: Browser, town: Town, doctor: Volunteer, secretary: Account
) -> None:
    other = town.volunteer(last_name="Bailly")
    may_act(town, secretary, doctor, other)
    for volunteer, name in ((doctor, "Vuillet"), (other, "Bailly"), (doctor, "Vuillet")):
        act_for(practice, volunteer)
        assert f"pour Dr Anne {name}" in practice.get("/agenda").text


def test_who_decides_about_whom(town: Town, doctor: Volunteer, secretary: Account) -> None:
    other = town.volunteer()
    own = town.account(Role.PRACTITIONER, doctor)
    before = row_counts(town.house)
    for decider, practitioner in ((own, other), (town.regulator, doctor), (secretary, doctor)):
        with pytest.raises(NotFoundError):
            grant_delegation(town.house, decider, secretary.user_id, practitioner.id)
        with pytest.raises(NotFoundError):
            end_delegation(town.house, decider, secretary.user_id, practitioner.id)
    with pytest.raises(InvalidError):
        grant_delegation(town.house, own, town.regulator.user_id, doctor.id)
    assert row_counts(town.house) == before
    for _ in range(2):
        grant_delegation(town.house, own, secretary.user_id, doctor.id)
    for _ in range(2):
        end_delegation(town.house, own, secretary.user_id, doctor.id)
    assert [kind for kind in kinds(town.house) if kind.startswith("delegation")] == [
        "delegation_granted",
        "delegation_ended",
    ]


def test_an_administrator_makes_the_account_and_adds_and_removes(
    town: Town, doctor: Volunteer, signed_in: Callable[[Account], Browser]
) -> None:
    office = signed_in(town.account(Role.ADMINISTRATOR))
    other = town.volunteer(last_name="Bailly")
    path = "/administration"
    typed = {
        "display_name": "Secrétariat Essai",
        "login": "secretariat@jura.example",
        "role": "delegate",
        "practitioner": str(doctor.id),
    }
    page = office.submit(office.get(path).form(f"{path}/comptes"), typed)
    assert "Retirer Dr Anne Vuillet" in page.text
    adding = next(form for form in page.forms() if form.action.endswith("/delegations"))
    page = office.submit(adding, {"practitioner": str(other.id)})
    assert "Retirer Dr Anne Bailly" in page.text
    page = office.submit(adding, {"practitioner": ""})
    assert "Choisissez un professionnel" in page.text
    removing = next(form for form in page.forms() if form.action.endswith("/retirer"))
    page = office.submit(removing)
    assert "Délégation retirée." in page.text
    assert page.text.count("Retirer Dr") == 1
