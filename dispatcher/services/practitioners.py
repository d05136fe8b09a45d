"""What practitioners decide for themselves: whom they receive, how many, and who may ask them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.emails import NotAnEmail, NoticeChannel, normal_address
from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.events import LimitsChanged
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Account
from dispatcher.reads.limits import EMAIL_FIELD, own_address
from dispatcher.services.commands import ChangeLimits
from dispatcher.services.house import House
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.unit import Unit

FRENCH = "fr"


def change_limits(house: House, account: Account, command: ChangeLimits) -> tuple[str, ...]:
    """Set the rules of the practitioner who is signed in; returns the names of what changed.

    The waiting queue is matched again under them. Raises InvalidError by field, NotFoundError for
    an account that is no practitioner's.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        practitioner = unit.session.scalars(
            select(Practitioner)
            .where(
                Practitioner.id == account.practitioner_id,
                Practitioner.territory_id == account.territory_id,
            )
            .with_for_update()
        ).one_or_none()
        if practitioner is None:
            raise NotFoundError
        faults = _faults(house, practitioner, command)
        address = _address(unit, practitioner, command, faults)
        channel = command.notice_channel or practitioner.notice_channel
        if address is None and channel != NoticeChannel.SMS and "email" not in faults:
            faults["email"] = "Écrivez l’adresse à laquelle vous prévenir."
        if faults:
            raise InvalidError(faults)
        wished = {**_wished(command), "notice_channel": channel}
        changed = [name for name, value in wished.items() if getattr(practitioner, name) != value]
        for name in changed:
            setattr(practitioner, name, wished[name])
        if _change_address(unit, practitioner, address):
            changed.append("email")
        if _change_places(unit, practitioner, command):
            changed.append("step_free")
        if changed:
            unit.record(LimitsChanged(practitioner_id=practitioner.id, changed=changed))
            unit.promise(Job.MATCH_WAITING, {"territory_id": unit.territory_id})
    return tuple(changed)


def _address(
    unit: Unit, practitioner: Practitioner, command: ChangeLimits, faults: dict[str, str]
) -> str | None:
    """Their address as it is to be kept; one that cannot be an address is among the faults."""
    if command.email is None:
        return own_address(unit.cipher, practitioner)
    try:
        return normal_address(command.email) if command.email else None
    except NotAnEmail as error:
        faults["email"] = error.sentence
        return None


def _change_address(unit: Unit, practitioner: Practitioner, address: str | None) -> bool:
    """Keep the address; one that was refused is tried again, since they have looked at it."""
    practitioner.email_refused_at = None
    if address == own_address(unit.cipher, practitioner):
        return False
    practitioner.email = address and unit.cipher.seal(EMAIL_FIELD, practitioner.id, address)
    return True


def _wished(command: ChangeLimits) -> Mapping[str, Any]:
    """By column. French is always spoken: it is what a request without a language asks for."""
    return {
        "patient_sex": command.patient_sex,
        "min_age": command.min_age,
        "max_age": command.max_age,
        "languages": list(dict.fromkeys([FRENCH, *command.languages])),
        "daily_cap": command.daily_cap,
        "weekly_cap": command.weekly_cap,
        "minimum_notice_minutes": command.minimum_notice_minutes,
        "accepts_offers": command.accepts_offers,
        "accepts_new_patients": command.accepts_new_patients,
        "modalities": list(dict.fromkeys(command.modalities)),
    }


def _change_places(unit: Unit, practitioner: Practitioner, command: ChangeLimits) -> bool:
    """Note which of the practitioner's places have no step; tells whether one changed."""
    known = unit.session.execute(
        select(Place.id, Place.step_free).where(Place.practitioner_id == practitioner.id)
    ).all()
    changed = [row.id for row in known if row.step_free != (row.id in command.step_free)]
    for place_id in changed:
        unit.session.execute(
            update(Place)
            .where(Place.id == place_id)
            .values(step_free=place_id in command.step_free)
        )
    return bool(changed)


def _faults(house: House, practitioner: Practitioner, command: ChangeLimits) -> dict[str, str]:
    faults: dict[str, str] = {}
    youngest, oldest = command.min_age, command.max_age
    if youngest is not None and oldest is not None and youngest > oldest:
        faults["max_age"] = "L’âge le plus élevé est inférieur au plus bas."
    if set(command.languages) - set(house.catalogue.languages):
        faults["languages"] = "Choisissez des langues de la liste."
    if set(command.modalities) - set(house.catalogue.modalities):
        faults["modalities"] = (
            f"Choisissez parmi{NBSP}: au cabinet, à domicile, en téléconsultation."
        )
    if command.notice_channel not in {None, NoticeChannel.SMS} and house.email is None:
        faults["notice_channel"] = f"Aucun serveur d’e-mail n’est réglé sur ce site{NBSP}: par SMS."
    if command.accepts_offers and practitioner.phone is None:
        faults["accepts_offers"] = (
            f"Aucun mobile n’est enregistré à votre nom{NBSP}: les sollicitations arrivent par SMS."
            " Demandez à la coordination de l’ajouter, puis cochez cette case."
        )
    return faults
