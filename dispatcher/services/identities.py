"""Signing in with a national number that Pro Santé Connect vouches for, and giving one."""

import re
from uuid import UUID

from sqlalchemy import or_

from dispatcher.domain.errors import InvalidError, RefusedError
from dispatcher.domain.events import NationalIdChanged
from dispatcher.domain.roles import Account, Role
from dispatcher.services.accounts import OPEN, account_in
from dispatcher.services.house import House
from dispatcher.services.second_factors import lock_user
from dispatcher.services.spending import SpentError, spend
from dispatcher.storage.accounts import User
from dispatcher.storage.practitioners import Practitioner

_RPPS = re.compile(r"8?([0-9]{11})")
_NATIONAL = re.compile(r"[0-9]{8,14}(/[A-Za-z0-9]{1,30})?")
"""A type of one digit before the number; of a structure's employees, its own number after /."""


class IdentityUnknownError(RefusedError):
    """Nobody of ours, or more than one account: nothing is made, and nobody is guessed."""

    status = 403

    def __init__(self, sentence: str) -> None:
        super().__init__("identity-unknown", sentence)


def take_state(house: House, state: str) -> bool:
    """Take the state of a way back, once; False for a replay."""
    try:
        with house.db.writing() as session:
            spend(session, state.encode(), house.clock())
    except SpentError:
        return False
    return True


def account_of_identity(house: House, national_id: str) -> Account:
    """The account of a national number: its own, or that of the practitioner who has the RPPS.

    Raises IdentityUnknownError.
    """
    canonical = canonical_id(national_id)
    rpps = _RPPS.fullmatch(canonical)
    by_rpps = (User.role == Role.PRACTITIONER.value) & (
        Practitioner.rpps == (rpps[1] if rpps else None)
    )
    with house.db.reading() as session:
        rows = session.execute(
            OPEN.outerjoin(Practitioner, Practitioner.id == User.practitioner_id).where(
                or_(User.national_id == canonical, by_rpps)
            )
        ).all()
    if not rows:
        raise IdentityUnknownError(
            "Pro Santé Connect vous a bien reconnu, mais aucun compte ne porte votre numéro"
            " national. Demandez à l’administrateur de votre CPTS de l’y inscrire."
        )
    if len(rows) > 1:
        raise IdentityUnknownError(
            "Plusieurs comptes portent votre numéro national. Connectez-vous avec l’identifiant"
            " de celui que vous voulez ouvrir."
        )
    return account_in(rows[0])


def set_national_id(house: House, account: Account, user_id: UUID, typed: str) -> None:
    """Write a national number on an account of the territory, or take it away with an empty one.

    Raises InvalidError (`national_id`), NotFoundError.
    """
    wished = canonical_id(typed) or None
    if wished is not None and not _NATIONAL.fullmatch(wished):
        raise InvalidError(
            {"national_id": "Un numéro national compte 8 à 14 chiffres, par exemple un RPPS."}
        )
    with house.db.transaction(account.territory_id, account.actor) as unit:
        user = lock_user(unit, user_id)
        if user.national_id != wished:
            user.national_id = wished
            unit.record(NationalIdChanged(user_id=user_id, given=wished is not None))


def canonical_id(text: str) -> str:
    """As it is compared: an RPPS of 11 digits with the 8 that Pro Santé Connect puts before it."""
    bare = re.sub(r"[\s.-]", "", text)
    rpps = _RPPS.fullmatch(bare)
    return f"8{rpps[1]}" if rpps else bare
