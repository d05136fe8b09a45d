"""A town that has been at work for a while: a row of all that an address or a form can name."""

import itertools
import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select, update

from config.agreements import DIRECTORY
from dispatcher.domain.events import OPERATOR
from dispatcher.domain.gp_searches import OPEN_GP_SEARCHES
from dispatcher.domain.jobs import Job
from dispatcher.domain.payments.statements import Basis
from dispatcher.domain.phones import normalise
from dispatcher.domain.roles import Account, Role
from dispatcher.reads.gp_searches import gp_searches
from dispatcher.services.absences import declare_absence
from dispatcher.services.agendas import add_agenda
from dispatcher.services.commands import AddAgenda, DeclareAbsence, OpenEpisode
from dispatcher.services.contracts import save_contract
from dispatcher.services.delegations import grant_delegation
from dispatcher.services.directory_reading import read_directory
from dispatcher.services.episodes import open_episode
from dispatcher.services.evidence import ask_evidence
from dispatcher.services.house import House
from dispatcher.services.payments import AddRule, NoteHours, add_rule, note_hours
from dispatcher.services.receiving import receive_message
from dispatcher.services.report_mails import add_recipient
from dispatcher.services.requesting import ask_for_patient
from dispatcher.services.requests import open_request
from dispatcher.services.schedules import set_up_schedule
from dispatcher.services.sessions import open_session
from dispatcher.services.typed_figures import TypeFigure, type_figure
from dispatcher.services.what_if import AskWhatIf, ask_what_if
from dispatcher.storage.messages import Message
from dispatcher.storage.passkeys import Passkey
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.promises import Promise
from dispatcher.storage.schedules import Absence
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.fakes.rpps_extract import cells, extract, line
from tests.houses import keep_promises
from tests.services.timetables import mondays

STAFF = (Role.REGULATOR, Role.COORDINATOR, Role.ADMINISTRATOR)


@dataclass
class Settled:
    """The town, who works there, and what an address of the site can name of it."""

    town: Town
    people: dict[Role, Account]
    colleagues: dict[Role, Account]
    """Another practitioner, another practice that asks, another secretary."""
    doctor: Volunteer
    rows: dict[str, UUID]
    """By the name of an address's parameter; a person's own are the practitioner's or those of the
    requester in `people`."""


def settle(house: House, clock: FakeClock, code: str, department: str = "39") -> Settled:
    """A town with a row of everything, made by the services that make it in life."""
    town = Town.found(house, clock, code, department=department, phone="03 53 01 00 02")
    town._patients = itertools.count(1 + sum(map(ord, code)))  # no number is known in two towns
    doctor, other = town.volunteer(), town.volunteer()
    _take_new_patients(house)
    clock.advance(days=-3)
    town.request()  # what « et si » lives through
    clock.advance(days=3)
    people = {role: town.account(role) for role in STAFF}
    people[Role.REGULATOR] = town.regulator
    people[Role.PRACTITIONER] = town.account(Role.PRACTITIONER, doctor)
    people[Role.REQUESTER] = town.account(Role.REQUESTER)
    people[Role.DELEGATE] = town.account(Role.DELEGATE)
    colleagues = {
        Role.PRACTITIONER: town.account(Role.PRACTITIONER, other),
        Role.REQUESTER: town.account(Role.REQUESTER, practice="Cabinet de l’Essai"),
        Role.DELEGATE: town.account(Role.DELEGATE),
    }
    chief = people[Role.ADMINISTRATOR]
    grant_delegation(house, chief, people[Role.DELEGATE].user_id, doctor.id)
    grant_delegation(house, chief, colleagues[Role.DELEGATE].user_id, other.id)
    rows = _asked(house, town, doctor, people) | _own(house, town, doctor, people)
    rows |= _coordinated(house, clock, town, doctor, people)
    rows["user_id"] = people[Role.DELEGATE].user_id
    rows["session_id"] = open_session(house, chief, "Essai")
    rows["passkey_id"] = _passkey(house, town.account(Role.ADMINISTRATOR))
    rows["promise_id"] = _given_up(house, town)
    return Settled(town, people, colleagues, doctor, rows)


def _asked(
    house: House, town: Town, doctor: Volunteer, people: dict[Role, Account]
) -> dict[str, UUID]:
    """A patient with an appointment who wrote a question, and one of the pharmacy's who waits."""
    booked = town.asking()
    town.slot(doctor)
    request = open_request(house, town.regulator, booked)
    keep_promises(house)
    phone = normalise(booked.patient.phone, "FR").e164
    assert receive_message(house, phone, "C’est à quel étage ?", f"SM{town.code}")
    keep_promises(house)
    asked = ask_for_patient(house, people[Role.REQUESTER], town.asking())
    appointment = town.the_appointment(request)
    assert appointment is not None
    with house.db.reading() as session:
        received = session.scalars(
            select(Message.id).where(
                Message.territory_id == town.territory_id, Message.direction == "in"
            )
        ).one()
    return {
        "request_id": request,
        "own_request_id": asked,
        "appointment_id": appointment.id,
        "message_id": received,
        "slot_id": town.slot(doctor, hours=30),
        "practitioner_id": doctor.id,
        "place_id": doctor.place,
        "search_id": gp_searches(house.db, town.territory_id, OPEN_GP_SEARCHES)[0].id,
    }


def _own(
    house: House, town: Town, doctor: Volunteer, people: dict[Role, Account]
) -> dict[str, UUID]:
    """What a practitioner keeps for themself."""
    own = people[Role.PRACTITIONER]
    schedule = set_up_schedule(house, own, mondays(doctor, first_day=date(2026, 11, 30)))
    away = DeclareAbsence(start=town.in_hours(24 * 20), end=town.in_hours(24 * 21))
    declare_absence(house, own, away, {})
    with house.db.reading() as session:
        absence = session.scalars(
            select(Absence.id).where(Absence.practitioner_id == doctor.id)
        ).one()
    url = f"https://agenda.example/{town.code}.ics"
    return {
        "schedule_id": schedule.schedule_id,
        "absence_id": absence,
        "feed_id": add_agenda(house, own, AddAgenda(url=url)),
    }


def _coordinated(
    house: House, clock: FakeClock, town: Town, doctor: Volunteer, people: dict[Role, Account]
) -> dict[str, UUID]:
    """What coordination and administration keep."""
    coordinator, today = people[Role.COORDINATOR], clock.now.date()
    example = DIRECTORY / "examples" / "acces-aux-soins.toml"
    first = save_contract(house, coordinator, example.read_text("utf-8")).first
    figure = type_figure(
        house,
        coordinator,
        TypeFigure(code="ed_without_hospitalisation", figure=12, on=today, origin="Essai"),
    )
    assert figure is not None
    rate = AddRule(basis=Basis.ACT, cents=1500, first_month=today.replace(day=1))
    hours = NoteHours(practitioner=doctor.id, on=today - timedelta(days=1), minutes=60)
    file = extract(line(cells(7)))
    made = {
        "bundle_id": ask_evidence(house, coordinator, first),
        "figure_id": figure,
        "rule_id": add_rule(house, coordinator, rate),
        "hours_id": note_hours(house, coordinator, hours),
        "recipient_id": add_recipient(house, coordinator, f"rapport@{town.code}.example"),
        "simulation_id": ask_what_if(
            house, coordinator, AskWhatIf(profession="10", delay_hours=48)
        ),
        "import_id": read_directory(
            house, town.territory_id, OPERATOR, file, "extrait.txt", ["39300"]
        ),
        "episode_id": open_episode(
            house, people[Role.ADMINISTRATOR], OpenEpisode(name="Essai", radius_km=80)
        ),
    }
    keep_promises(house)
    return made


def _take_new_patients(house: House) -> None:
    """Everybody here may be proposed as a médecin traitant."""
    with house.db.writing() as session:
        session.execute(update(Practitioner).values(accepts_new_patients=True))


def _passkey(house: House, owner: Account) -> UUID:
    """Somebody's passkey, as it is kept; they sign in with it from then on."""
    passkey_id = uuid.uuid4()
    with house.db.writing() as session:
        session.add(
            Passkey(
                id=passkey_id,
                user_id=owner.user_id,
                credential_id=passkey_id.hex,
                public_key="",
                sign_count=0,
                synced=False,
                name="Essai",
                created_at=house.clock(),
            )
        )
    return passkey_id


def _given_up(house: House, town: Town) -> UUID:
    """A promise of the town that is dead."""
    promise_id = uuid.uuid4()
    with house.db.writing() as session:
        session.add(
            Promise(
                id=promise_id,
                territory_id=town.territory_id,
                job=Job.SEND_MESSAGE.value,
                ids={},
                due_at=town.clock.now,
                attempts=8,
                created_at=town.in_hours(-2),
                dead_at=town.clock.now,
                last_error="SmsRefused 20003",
            )
        )
    return promise_id
