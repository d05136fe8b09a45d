"""Secretaries who act for named practitioners: letting them, and letting them no longer."""

import uuid
from uuid import UUID

from sqlalchemy import select, update

from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.events import DelegationEnded, DelegationGranted
from dispatcher.domain.roles import Account, Role
from dispatcher.services.house import House
from dispatcher.storage.accounts import User
from dispatcher.storage.delegations import Delegation
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.unit import Unit


def grant_delegation(house: House, account: Account, user_id: UUID, practitioner_id: UUID) -> None:
    """Let a secretary's account of the territory act for a practitioner of it.

    An administrator does so for anybody, a practitioner for themself. Saying it twice changes
    nothing. Raises NotFoundError, InvalidError on `delegate` where the account is no secretary's.
    """
    _must_decide(account, practitioner_id)
    with house.db.transaction(account.territory_id, account.actor) as unit:
        user = unit.session.scalars(
            select(User)
            .where(User.id == user_id, User.territory_id == unit.territory_id, User.active)
            .with_for_update()
        ).one_or_none()
        if user is None or user.role != Role.DELEGATE:
            raise InvalidError({"delegate": "Choisissez un compte de secrétariat de la liste."})
        add_delegation(unit, user_id, practitioner_id)


def end_delegation(house: House, account: Account, user_id: UUID, practitioner_id: UUID) -> None:
    """Let an account act for a practitioner no longer, from its next click on.

    Saying it twice changes nothing. Raises NotFoundError.
    """
    _must_decide(account, practitioner_id)
    with house.db.transaction(account.territory_id, account.actor) as unit:
        ended = unit.session.scalars(
            update(Delegation)
            .where(
                Delegation.territory_id == unit.territory_id,
                Delegation.user_id == user_id,
                Delegation.practitioner_id == practitioner_id,
                Delegation.ended_at.is_(None),
            )
            .values(ended_at=unit.now)
            .returning(Delegation.id)
        ).all()
        if ended:
            unit.record(DelegationEnded(user_id=user_id, practitioner_id=practitioner_id))


def add_delegation(unit: Unit, user_id: UUID, practitioner_id: UUID) -> None:
    """Write it down unless it is there; the caller holds the account. Raises NotFoundError."""
    known = unit.session.scalar(
        select(Practitioner.id).where(
            Practitioner.id == practitioner_id,
            Practitioner.territory_id == unit.territory_id,
            Practitioner.active,
        )
    )
    if known is None:
        raise NotFoundError(field="practitioner")
    there = unit.session.scalar(
        select(Delegation.id).where(
            Delegation.user_id == user_id,
            Delegation.practitioner_id == practitioner_id,
            Delegation.ended_at.is_(None),
        )
    )
    if there is not None:
        return
    unit.session.add(
        Delegation(
            id=uuid.uuid4(),
            territory_id=unit.territory_id,
            user_id=user_id,
            practitioner_id=practitioner_id,
            granted_at=unit.now,
        )
    )
    unit.record(DelegationGranted(user_id=user_id, practitioner_id=practitioner_id))


def _must_decide(account: Account, practitioner_id: UUID) -> None:
    """Nobody hands on what they were lent: a secretary decides about no secretary."""
    if account.role == Role.ADMINISTRATOR:
        return
    is_own = account.role == Role.PRACTITIONER and account.practitioner_id == practitioner_id
    if not is_own or account.is_delegate:
        raise NotFoundError
