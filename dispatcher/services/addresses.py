"""Where a practitioner works: adding a place, describing it anew, closing it, opening it again."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from dispatcher.domain import calendar, identifiers, phones
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError, TransitionError
from dispatcher.domain.events import PlaceAdded, PlaceChanged, PlaceClosed, PlaceReopened
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Account
from dispatcher.domain.states import LIVE_APPOINTMENTS, SlotStatus
from dispatcher.services.commands import DescribePlace
from dispatcher.services.house import House
from dispatcher.services.publication import queue_on
from dispatcher.storage.practitioners import Place
from dispatcher.storage.requests import Appointment
from dispatcher.storage.slots import Slot
from dispatcher.storage.unit import Unit

WHERE = frozenset({"address", "postcode", "commune"})
"""What a patient who was told the address would have to be told again."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A place as it was written down."""

    place_id: UUID
    changed: tuple[str, ...]
    warnings: tuple[str, ...]
    """French sentences about what was kept as it was typed, and may yet be wrong."""
    expected: int = 0
    """Patients to come who were told the address that has changed."""


def add_place(house: House, account: Account, command: DescribePlace) -> Saved:
    """Add a place of the practitioner who is signed in.

    Raises InvalidError by field, NotFoundError for an account that is no practitioner's. A wrong
    key of a FINESS or SIRET number is a warning: the paper may be wrong.
    """
    place_id = uuid.uuid4()
    values, warnings = _checked(house, account, command)
    with house.db.transaction(account.territory_id, account.actor) as unit:
        practitioner_id = _owner(unit, account)
        unit.session.add(
            Place(
                id=place_id,
                territory_id=unit.territory_id,
                practitioner_id=practitioner_id,
                **values,
            )
        )
        unit.record(
            PlaceAdded(place_id=place_id, practitioner_id=practitioner_id, commune=command.commune)
        )
    return Saved(place_id, tuple(values), warnings)


def change_place(house: House, account: Account, place_id: UUID, command: DescribePlace) -> Saved:
    """Describe a place of one's own anew; the queue is matched again where that matters.

    Raises as `add_place`.
    """
    values, warnings = _checked(house, account, command)
    expected = 0
    with house.db.transaction(account.territory_id, account.actor) as unit:
        place = _own_place(unit, account, place_id)
        changed = tuple(name for name, value in values.items() if getattr(place, name) != value)
        for name in changed:
            setattr(place, name, values[name])
        if changed:
            unit.record(
                PlaceChanged(
                    place_id=place_id, practitioner_id=place.practitioner_id, changed=list(changed)
                )
            )
            unit.promise(Job.MATCH_WAITING, {"territory_id": unit.territory_id})
        if WHERE & set(changed):
            expected = _expected(unit, place_id)
    return Saved(place_id, changed, warnings, expected)


def close_place(house: House, account: Account, place_id: UUID) -> None:
    """Work there no more. Refused while something is still to come there, or without another place.

    Raises NotFoundError, TransitionError with what stands against it.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        place = _own_place(unit, account, place_id)
        if place.closed_at is not None:
            return
        if reason := _still_used(unit, place, ZoneInfo(account.timezone)):
            raise TransitionError(reason)
        place.closed_at = unit.now
        unit.record(PlaceClosed(place_id=place_id, practitioner_id=place.practitioner_id))


def reopen_place(house: House, account: Account, place_id: UUID) -> None:
    """Work there again. Raises NotFoundError."""
    with house.db.transaction(account.territory_id, account.actor) as unit:
        place = _own_place(unit, account, place_id)
        if place.closed_at is None:
            return
        place.closed_at = None
        unit.record(PlaceReopened(place_id=place_id, practitioner_id=place.practitioner_id))


def _owner(unit: Unit, account: Account) -> UUID:
    if account.practitioner_id is None:
        raise NotFoundError
    queue_on(unit, account.practitioner_id)  # nobody publishes at a place while it is closed
    return account.practitioner_id


def _own_place(unit: Unit, account: Account, place_id: UUID) -> Place:
    owner = _owner(unit, account)
    place = unit.session.scalars(
        select(Place).where(Place.id == place_id, Place.practitioner_id == owner)
    ).one_or_none()
    if place is None:
        raise NotFoundError
    return place


def _still_used(unit: Unit, place: Place, zone: ZoneInfo) -> str:
    """Why the place cannot be closed; nothing when it can."""
    others = unit.session.scalar(
        select(func.count()).where(
            Place.practitioner_id == place.practitioner_id,
            Place.id != place.id,
            Place.closed_at.is_(None),
        )
    )
    if not others:
        return f"C’est votre seul lieu d’exercice{NBSP}: ajoutez d’abord le suivant."
    count, first = unit.session.execute(
        select(func.count(), func.min(Slot.start_at)).where(
            Slot.place_id == place.id, Slot.status != SlotStatus.CLOSED, Slot.ends_at > unit.now
        )
    ).one()
    if count:
        what = (
            "1 créneau à venir y est publié"
            if count == 1
            else f"{count} créneaux à venir y sont publiés"
        )
        when = calendar.day_and_hour(first, zone)
        return f"{what}, dès le {when}{NBSP}: fermez-les ou déplacez-les d’abord."
    if patients := _expected(unit, place.id):
        who = "Un patient y est" if patients == 1 else f"{patients} patients y sont"
        return f"{who} encore attendu{'s' if patients > 1 else ''}{NBSP}: fermez ce lieu ensuite."
    return ""


def _expected(unit: Unit, place_id: UUID) -> int:
    """Patients to come at a place."""
    return (
        unit.session.scalar(
            select(func.count())
            .select_from(Appointment)
            .join(Slot, Slot.id == Appointment.slot_id)
            .where(
                Slot.place_id == place_id,
                Appointment.status.in_(LIVE_APPOINTMENTS),
                Appointment.ends_at > unit.now,
            )
        )
        or 0
    )


def _checked(
    house: House, account: Account, command: DescribePlace
) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """The columns of the place, and what may be wrong in them. Raises InvalidError by field."""
    faults: dict[str, str] = {}
    warnings: list[str] = []
    commune = house.communes.get(command.commune)
    if commune is None:
        faults["commune"] = "Choisissez une commune de la liste."
    phone = None
    if command.phone:
        try:
            phone = phones.normalise(command.phone, phones.region_of(account.department)).e164
        except phones.NotAPhone as error:
            faults["phone"] = error.sentence

    def identifier(
        field: str, name: str, check: Callable[[str], identifiers.Checked]
    ) -> str | None:
        typed: str = getattr(command, field)
        if not typed:
            return None
        try:
            checked = check(typed)
        except identifiers.NotAnIdentifier as error:
            faults[field] = error.sentence
            return None
        if checked.warning:
            warnings.append(f"{name} {checked.value}{NBSP}: {checked.warning}")
        return checked.value

    finess = identifier("finess", "FINESS", identifiers.check_finess)
    siret = identifier("siret", "SIRET", identifiers.check_siret)
    if commune is None or faults:
        raise InvalidError(faults)
    return {
        "label": command.label,
        "address": command.address,
        "postcode": command.postcode or commune.postcodes[0],
        "commune": commune.insee,
        "commune_name": commune.name,
        "longitude": commune.longitude,
        "latitude": commune.latitude,
        "phone": phone,
        "step_free": command.step_free,
        "access": command.access,
        "finess": finess,
        "siret": siret,
    }, tuple(warnings)
