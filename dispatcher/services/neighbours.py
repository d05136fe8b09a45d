"""Agreeing with a neighbouring territory to show each other the slots that are marked for it.

Both sides have to agree, and each can end it alone. Places that were taken by then stay taken.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from dispatcher.domain.errors import InvalidError, TransitionError
from dispatcher.domain.events import NeighbourAgreed, NeighbourAgreementEnded
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Account
from dispatcher.services.house import House
from dispatcher.storage.engines import queue_on
from dispatcher.storage.neighbours import NeighbourAgreement, sharing_with
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit

_SHARING = sharing_with(bindparam("territory", type_=Uuid()))


def agree(house: House, account: Account, neighbour_code: str) -> bool:
    """Agree, or propose, to share marked slots; returns whether it is in force now.

    From then on both waiting queues look at the other's marked slots, at once. Agreeing twice
    changes nothing. Raises InvalidError on a territory that does not exist or is one's own.
    """
    neighbour_id = _territory(house, account, neighbour_code)
    with house.db.transaction(account.territory_id, account.actor) as unit:
        pair = _Pair.of(unit, neighbour_id)
        agreement = pair.standing(unit)
        if agreement is None:
            agreement = NeighbourAgreement(
                id=uuid.uuid4(), first_id=pair.first, second_id=pair.second
            )
            unit.session.add(agreement)
        ours, theirs = pair.sides(unit)
        if getattr(agreement, ours) is None:
            setattr(agreement, ours, unit.now)
            in_force = getattr(agreement, theirs) is not None
            unit.record(NeighbourAgreed(neighbour_id=neighbour_id, in_force=in_force))
            if in_force:
                for each in (unit.territory_id, neighbour_id):
                    unit.promise(Job.MATCH_WAITING, {"territory_id": each})
        return getattr(agreement, theirs) is not None


def end_agreement(house: House, account: Account, neighbour_code: str) -> None:
    """End an agreement, take a proposal back, or refuse one.

    Appointments that were booked through it stand. Raises InvalidError as `agree`, TransitionError
    where there is nothing to end.
    """
    neighbour_id = _territory(house, account, neighbour_code)
    with house.db.transaction(account.territory_id, account.actor) as unit:
        agreement = _Pair.of(unit, neighbour_id).standing(unit)
        if agreement is None:
            raise TransitionError("Il n’y a pas d’accord avec ce territoire.")
        agreement.ended_at = unit.now
        agreement.ended_by = unit.territory_id
        unit.record(NeighbourAgreementEnded(neighbour_id=neighbour_id, ended_here=True))
        unit.record(
            NeighbourAgreementEnded(neighbour_id=unit.territory_id, ended_here=False),
            territory_id=neighbour_id,
        )


def match_all_who_see(
    unit: Unit, territory_id: UUID | None = None, *, shared: bool, at: datetime | None = None
) -> None:
    """A place of a territory is new or free again: match every queue that it may serve.

    `territory_id` is that of the slot, the transaction's own unless told; `at` is when it will be
    free, if not now.
    """
    owner = territory_id or unit.territory_id
    served = {owner, unit.territory_id}
    if shared:
        served.update(unit.session.scalars(_SHARING, {"territory": owner}))
    for each in sorted(served):
        unit.promise(Job.MATCH_WAITING, {"territory_id": each}, at)


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two territories in the order of their row."""

    first: UUID
    second: UUID

    @classmethod
    def of(cls, unit: Unit, neighbour_id: UUID) -> "_Pair":
        first, second = sorted((unit.territory_id, neighbour_id))
        queue_on(unit.session, f"neighbours/{first}/{second}")
        return cls(first, second)

    def standing(self, unit: Unit) -> NeighbourAgreement | None:
        """The agreement or proposal that nobody has ended."""
        return unit.session.scalars(
            select(NeighbourAgreement)
            .where(
                NeighbourAgreement.first_id == self.first,
                NeighbourAgreement.second_id == self.second,
                NeighbourAgreement.ended_at.is_(None),
            )
            .with_for_update()
        ).one_or_none()

    def sides(self, unit: Unit) -> tuple[str, str]:
        """The column of our agreement, and of theirs."""
        names = ("first_agreed_at", "second_agreed_at")
        return names if unit.territory_id == self.first else names[::-1]


def _territory(house: House, account: Account, code: str) -> UUID:
    if code == account.territory_code:
        raise InvalidError({"neighbour": "Choisissez un autre territoire que le vôtre."})
    with house.db.reading() as session:
        found = session.scalar(select(Territory.id).where(Territory.code == code))
    if found is None:
        raise InvalidError({"neighbour": "Ce territoire n’existe pas."})
    return found
