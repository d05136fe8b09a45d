"""The practice that a requester's account asks for."""

import uuid
from uuid import UUID

from sqlalchemy import select

from dispatcher.domain import phones
from dispatcher.services.commands import PracticeShape
from dispatcher.services.house import House
from dispatcher.services.intake import Faults
from dispatcher.storage.practices import Practice, PracticeMember
from dispatcher.storage.unit import Unit


def faults_of_practice(house: House, practice: PracticeShape | None, department: str) -> Faults:
    """What stands against it, by field; nothing if it can be used."""
    if practice is None:
        return {"practice.name": "Indiquez la structure pour laquelle ce compte fait des demandes."}
    faults: Faults = {}
    if practice.origin not in house.catalogue.origins:
        faults["practice.origin"] = "Choisissez l’origine de ses demandes dans la liste."
    try:
        phones.normalise(practice.phone, phones.region_of(department))
    except phones.NotAPhone as error:
        faults["practice.phone"] = error.sentence
    return faults


def join_practice(unit: Unit, user_id: UUID, practice: PracticeShape, department: str) -> None:
    """Make the account one of the practice of that name, which is written down with its first."""
    practice_id = unit.session.scalar(
        select(Practice.id).where(
            Practice.territory_id == unit.territory_id, Practice.name == practice.name
        )
    )
    if practice_id is None:
        practice_id = uuid.uuid4()
        unit.session.add(
            Practice(
                id=practice_id,
                territory_id=unit.territory_id,
                name=practice.name,
                origin=practice.origin,
                phone=phones.normalise(practice.phone, phones.region_of(department)).e164,
                created_at=unit.now,
            )
        )
        unit.session.flush()  # the account refers to it
    unit.session.add(PracticeMember(user_id=user_id, practice_id=practice_id))
