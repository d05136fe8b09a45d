"""What stands against a weekly template, field by field."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.schedules import (
    LONGEST_HOURS,
    Hours,
    Weekly,
    clash_between,
    clash_within,
)
from dispatcher.reads.occurrences import live_schedules, weekly_of
from dispatcher.services.commands import SetUpSchedule
from dispatcher.services.house import House
from dispatcher.storage.practitioners import Place
from dispatcher.storage.unit import Unit


def wanted_weekly(command: SetUpSchedule, exceptions: Sequence[str]) -> Weekly:
    """The template that is asked for, as the domain knows it."""
    return Weekly(
        weekdays=frozenset(command.weekdays),
        hours=tuple(Hours(each.start, each.end) for each in command.hours),
        first_day=command.first_day,
        last_day=command.last_day,
        every_weeks=command.every_weeks,
        each_minutes=command.each_minutes,
        on_holidays=command.on_holidays,
        exceptions=frozenset(map(date.fromisoformat, exceptions)),
    )


def faults_of_schedule(
    house: House, unit: Unit, owner: UUID, command: SetUpSchedule
) -> dict[str, str]:
    """A sentence by field; the other templates of the practitioner among what stands against it."""
    faults: dict[str, str] = {}
    place = unit.session.execute(
        select(Place.closed_at).where(Place.id == command.place, Place.practitioner_id == owner)
    ).one_or_none()
    if place is None:
        faults["place"] = "Ce lieu n’est pas un lieu d’exercice de ce professionnel."
    elif place.closed_at is not None:
        faults["place"] = f"Ce lieu d’exercice est fermé{NBSP}: rouvrez-le d’abord."
    if command.modality not in house.catalogue.modalities:
        faults["modality"] = "Cette modalité est inconnue (AMB, HH ou VR)."
    if set(command.visibility) - set(house.catalogue.visibilities):
        faults["visibility"] = "La visibilité se choisit parmi PUBLIC, PRO, SNP et CPTS."
    if command.last_day is not None and command.last_day < command.first_day:
        faults["last_day"] = "La fin du modèle précède son début."
    for number, each in enumerate(command.hours):
        minutes = Hours(each.start, each.end).minutes
        if minutes <= 0:
            faults[f"hours.{number}.end"] = "La fin doit venir après le début."
        elif timedelta(minutes=minutes) > LONGEST_HOURS:
            faults[f"hours.{number}.end"] = "Une plage dure douze heures au plus."
        elif command.each_minutes is not None and command.each_minutes > minutes:
            faults["each_minutes"] = "Un créneau est plus long que la plage qui le contient."
    return faults or _clashes(unit, owner, command)


def _clashes(unit: Unit, owner: UUID, command: SetUpSchedule) -> dict[str, str]:
    wanted = wanted_weekly(command, ())
    if within := clash_within(wanted):
        return {
            "hours": f"Les horaires de ce modèle se chevauchent {within.in_words()}"
            f" ({within.hours.in_words()})."
        }
    for other in live_schedules(unit.session, owner):
        if clash := clash_between(wanted, weekly_of(other)):
            return {
                "hours": f"Ce modèle en chevauche un autre {clash.in_words()}"
                f" ({clash.hours.in_words()}). Changez l’un des deux."
            }
    return {}
