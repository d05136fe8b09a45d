"""Questions of the kind « et si », and how far their answers are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatcher.domain.simulation.question import Question
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.simulations import Simulation
from dispatcher.storage.unit import Database

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """One question. `result` holds the figures before and after, None until they are there."""

    id: UUID
    asked_at: datetime
    question: Question
    without_name: str
    """Who would be missing; empty for nobody."""
    status: str
    """`waiting`, `running`, `done` or `failed`."""
    progress: float
    """Share done, 0 to 1."""
    result: Mapping[str, Any] | None


def asked_lately(db: Database, territory_id: UUID) -> list[Asked]:
    """The territory's last questions, the newest first."""
    with db.reading() as session:
        found = session.scalars(
            select(Simulation)
            .where(Simulation.territory_id == territory_id)
            .order_by(Simulation.asked_at.desc(), Simulation.id)
            .limit(SHOWN)
        ).all()
        names = _names(session, found)
    return [_asked(simulation, names) for simulation in found]


def asked(db: Database, territory_id: UUID, simulation_id: UUID) -> Asked | None:
    """One of the territory's questions."""
    with db.reading() as session:
        found = session.scalars(
            select(Simulation).where(
                Simulation.id == simulation_id, Simulation.territory_id == territory_id
            )
        ).one_or_none()
        return None if found is None else _asked(found, _names(session, [found]))


def _names(session: Session, simulations: Sequence[Simulation]) -> dict[UUID, str]:
    missing = {UUID(each.question["without"]) for each in simulations if each.question["without"]}
    if not missing:
        return {}
    practitioners = session.scalars(select(Practitioner).where(Practitioner.id.in_(missing)))
    return {practitioner.id: practitioner.display_name for practitioner in practitioners}


def _asked(simulation: Simulation, names: Mapping[UUID, str]) -> Asked:
    question = Question.from_json(simulation.question)
    return Asked(
        id=simulation.id,
        asked_at=simulation.asked_at,
        question=question,
        without_name=names.get(question.without, "") if question.without else "",
        status=simulation.status,
        progress=simulation.progress,
        result=simulation.result,
    )
