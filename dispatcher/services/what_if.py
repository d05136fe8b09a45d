"""« Et si … »: a question about a territory's last weeks, answered by a job."""

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy import func, select, update

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, RefusedError
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Account
from dispatcher.domain.simulation.question import Question, answer, of_profession
from dispatcher.reads.past_weeks import past_weeks
from dispatcher.services.commands import CodeText, Shape
from dispatcher.services.house import House
from dispatcher.storage import keeping
from dispatcher.storage.columns import table_of
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.simulations import Simulation
from dispatcher.storage.unit import Claim, mark_done

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"
MOST_WAITING = 3
"""Questions of one territory that may wait for their answer at the same time."""
SHORTEST_PLACE_MINUTES = 5
MINUTES_PER_HOUR = 60
TELL_EVERY_SECONDS = 1.0
"""How often progress is written, and the promise held on to."""
_SIMULATIONS = table_of(Simulation).c


class AskWhatIf(Shape):
    """What would be different. Hours are the territory's, weekdays from 0 for Monday."""

    profession: CodeText
    places_per_day: Annotated[int, Field(ge=0, le=40)] = 0
    commune: CodeText | None = None
    """INSEE code; needed where places are added."""
    weekdays: Annotated[tuple[Annotated[int, Field(ge=0, le=6)], ...], Field(max_length=7)] = ()
    first_hour: Annotated[int, Field(ge=0, le=23)] = 9
    last_hour: Annotated[int, Field(ge=1, le=24)] = 12
    without: UUID | None = None
    delay_hours: Literal[4, 8, 12, 24, 48, 72] | None = None


def ask_what_if(house: House, account: Account, command: AskWhatIf) -> UUID:
    """Have the last weeks lived through with and without a change; the simulation's id.

    Raises InvalidError by field, also when nothing is changed or there is nothing to live through;
    RefusedError (`simulations-waiting`) when enough questions of the territory wait already.
    """
    question = _question(house, account, command)
    simulation_id = uuid.uuid4()
    with house.db.transaction(account.territory_id, account.actor) as unit:
        waiting = unit.session.scalar(
            select(func.count()).where(
                Simulation.territory_id == account.territory_id,
                Simulation.status.in_([WAITING, RUNNING]),
            )
        )
        if (waiting or 0) >= MOST_WAITING:
            raise RefusedError(
                "simulations-waiting",
                f"{MOST_WAITING} simulations sont déjà en cours{NBSP}: attendez que l’une d’elles"
                " soit terminée.",
            )
        unit.session.add(
            Simulation(
                id=simulation_id,
                territory_id=account.territory_id,
                asked_by=account.user_id,
                asked_at=unit.now,
                question=question.as_json(),
                status=WAITING,
                result=None,
                finished_at=None,
            )
        )
        unit.promise(Job.RUN_SIMULATION, {"simulation_id": simulation_id})
    return simulation_id


def run_simulation(house: House, claim: Claim) -> None:
    """Answer a question that waits. One that is answered already is left as it is.

    A worker that is killed in the middle is followed by another that begins again.
    """
    simulation_id = claim.id("simulation_id")
    with house.db.reading() as session:
        asked = session.get(Simulation, simulation_id)
    if asked is None or asked.status in {DONE, FAILED}:
        house.db.keep(claim)
        return
    question = Question.from_json(asked.question)
    past = past_weeks(house.db, asked.territory_id, house.communes, asked.asked_at)
    found = answer(
        past.demand,
        question,
        past.days,
        past.rules.hours,
        past.rules.policy,
        _teller(house, claim, simulation_id),
    )
    result = found.as_json() | {
        "first_day": past.days[0].isoformat(),
        "last_day": past.days[-1].isoformat(),
    }
    with house.db.writing() as session:
        session.execute(
            update(Simulation)
            .where(_SIMULATIONS.id == simulation_id)
            .values(status=DONE, progress=1.0, result=result, finished_at=house.clock())
        )
        mark_done(session, claim, house.clock())


def give_up(house: House, claim: Claim) -> None:
    """Tell whoever asked that no answer will come."""
    with house.db.writing() as session:
        session.execute(
            update(Simulation)
            .where(_SIMULATIONS.id == claim.id("simulation_id"), _SIMULATIONS.status != DONE)
            .values(status=FAILED, finished_at=house.clock())
        )


def _teller(house: House, claim: Claim, simulation_id: UUID) -> Callable[[float], None]:
    """Write progress now and then, and keep the promise ours while doing so.

    Raises LeaseLostError from inside the work when it has passed to another worker.
    """
    told_at = [0.0]

    def tell(share: float) -> None:
        now = time.monotonic()
        if now - told_at[0] < TELL_EVERY_SECONDS:
            return
        told_at[0] = now
        keeping.prolong(house.db, claim, house.settings.promise_lease)
        with house.db.writing() as session:
            session.execute(
                update(Simulation)
                .where(_SIMULATIONS.id == simulation_id)
                .values(status=RUNNING, progress=min(1.0, max(0.0, share)))
            )

    return tell


def _question(house: House, account: Account, command: AskWhatIf) -> Question:
    faults: dict[str, str] = {}
    if command.profession not in house.catalogue.professions:
        faults["profession"] = "Choisissez un professionnel de la liste."
    if not (command.places_per_day or command.without or command.delay_hours):
        faults["places_per_day"] = (
            f"Changez au moins une chose{NBSP}: des places en plus, un praticien en moins ou le"
            " délai."
        )
    where = _where(house, command, faults) if command.places_per_day else {}
    if command.without is not None and not _practises(house, account, command):
        faults["without"] = "Choisissez un praticien de cette profession."
    if not faults:
        past = past_weeks(house.db, account.territory_id, house.communes, house.clock())
        if not of_profession(past.demand, command.profession).calls:
            faults["profession"] = (
                "Aucune demande pour ce professionnel ces dernières semaines"
                f"{NBSP}: il n’y a rien à rejouer."
            )
    if faults:
        raise InvalidError(faults)
    return Question(
        profession=command.profession,
        places_per_day=command.places_per_day,
        weekdays=tuple(sorted(set(command.weekdays))),
        first_hour=command.first_hour,
        last_hour=command.last_hour,
        without=command.without,
        delay_hours=command.delay_hours,
        **where,
    )


def _where(house: House, command: AskWhatIf, faults: dict[str, str]) -> Mapping[str, Any]:
    """Where and when places are added."""
    if not command.weekdays:
        faults["weekdays"] = "Choisissez au moins un jour de la semaine."
    minutes = (command.last_hour - command.first_hour) * MINUTES_PER_HOUR
    if minutes <= 0:
        faults["last_hour"] = "La fin précède le début."
    elif minutes < SHORTEST_PLACE_MINUTES * command.places_per_day:
        faults["places_per_day"] = (
            f"C’est trop pour ces heures{NBSP}: comptez au moins"
            f" {SHORTEST_PLACE_MINUTES}{NBSP}minutes par place."
        )
    commune = house.communes.get(command.commune) if command.commune else None
    if commune is None:
        faults["commune"] = "Choisissez une commune de la liste."
        return {}
    return {
        "commune": commune.insee,
        "longitude": commune.longitude,
        "latitude": commune.latitude,
    }


def _practises(house: House, account: Account, command: AskWhatIf) -> bool:
    with house.db.reading() as session:
        profession = session.scalar(
            select(Practitioner.profession).where(
                Practitioner.id == command.without,
                Practitioner.territory_id == account.territory_id,
            )
        )
    return profession == command.profession
