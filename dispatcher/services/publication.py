"""Writing a slot down: what every way of publishing one has in common."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.events import SlotPublished
from dispatcher.domain.roles import Account, Role
from dispatcher.domain.states import LIVE_APPOINTMENTS, SlotStatus
from dispatcher.services.agenda_busy import follow_agendas
from dispatcher.services.commands import PublishSlot
from dispatcher.services.house import House
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.requests import Appointment
from dispatcher.storage.schedules import Absence
from dispatcher.storage.slots import Slot
from dispatcher.storage.unit import Unit

LONGEST = timedelta(hours=12)
FURTHEST = timedelta(days=366)
NOTE_FIELD = "slots.note"


def queue_on(unit: Unit, practitioner_id: UUID) -> None:
    """Make two changes to one practitioner's slots wait for each other, on both engines.

    Whoever also locks requests locks those first. Raises NotFoundError when there is no such
    practitioner in the territory, or they are no longer active.
    """
    revised = unit.session.execute(
        update(Practitioner)
        .where(
            Practitioner.id == practitioner_id,
            Practitioner.territory_id == unit.territory_id,
            Practitioner.active,
        )
        .values(slot_revision=Practitioner.slot_revision + 1)
        .returning(Practitioner.id)
    ).one_or_none()
    if revised is None:
        raise NotFoundError(field="practitioner")


def must_be_own(account: Account, practitioner_id: UUID) -> None:
    """A practitioner acts for themself alone. Raises NotFoundError."""
    if account.role == Role.PRACTITIONER and account.practitioner_id != practitioner_id:
        raise NotFoundError(field="practitioner")


def publish(
    house: House,
    unit: Unit,
    account: Account,
    command: PublishSlot,
    slot_id: UUID,
    *,
    free_now: bool = False,
) -> None:
    """Write a slot down in the caller's transaction. Raises InvalidError, NotFoundError."""
    must_be_own(account, command.practitioner)
    queue_on(unit, command.practitioner)
    zone = ZoneInfo(account.timezone)
    faults = faults_of(house, command, unit.now) | faults_of_place(unit, command, zone)
    if faults:
        raise InvalidError(faults)
    write(unit, command, slot_id, free_now=free_now)


@dataclass(frozen=True, slots=True)
class Origin:
    """The template that makes a slot, and what names the slot in it."""

    schedule_id: UUID
    day: date
    hour: str


def write(
    unit: Unit,
    command: PublishSlot,
    slot_id: UUID,
    *,
    free_now: bool = False,
    origin: Origin | None = None,
) -> None:
    """The row and its event; the caller has seen to the rules and holds `queue_on`."""
    visibility = list(dict.fromkeys(command.visibility))
    unit.session.add(
        Slot(
            id=slot_id,
            territory_id=unit.territory_id,
            practitioner_id=command.practitioner,
            place_id=command.place,
            start_at=command.start,
            ends_at=command.end,
            places=command.places,
            taken=0,
            modality=command.modality,
            visibility=visibility,
            shared=command.shared,
            minimum_notice_minutes=command.minimum_notice_minutes,
            note=sealed_note(unit, slot_id, command.note),
            free_now=free_now,
            schedule_id=origin.schedule_id if origin else None,
            schedule_day=origin.day if origin else None,
            schedule_hour=origin.hour if origin else None,
            status=SlotStatus.OPEN,
            published_at=unit.now,
        )
    )
    unit.session.flush()  # the next slot of the same publication must see this one
    unit.record(
        SlotPublished(
            slot_id=slot_id,
            practitioner_id=command.practitioner,
            start=command.start,
            end=command.end,
            places=command.places,
            modality=command.modality,
            visibility=visibility,
            profession=unit.session.scalar(
                select(Practitioner.profession).where(Practitioner.id == command.practitioner)
            ),
        )
    )
    follow_agendas(unit, command.practitioner)


def sealed_note(unit: Unit, slot_id: UUID, note: str) -> str | None:
    """A note for the patient is free text: who knows what is written there."""
    return unit.cipher.seal(NOTE_FIELD, slot_id, note) if note else None


@dataclass(frozen=True, slots=True)
class Span:
    """When somebody is already expected or offered; half-open, instants."""

    start: datetime
    end: datetime
    place_id: UUID


def busy_spans(
    unit: Unit, practitioner_id: UUID, start: datetime, end: datetime, besides: UUID | None = None
) -> list[Span]:
    """The practitioner's hours between two instants that are offered or promised, in order.

    Slots that are not closed, and patients who kept their hour in one that was: nobody else may
    be given that hour. In a closed period nobody has an hour of their own. `besides` is a slot
    that does not count.
    """
    offered = unit.session.execute(
        select(Slot.start_at, Slot.ends_at, Slot.place_id).where(
            Slot.practitioner_id == practitioner_id,
            Slot.status != SlotStatus.CLOSED,
            Slot.start_at < end,
            Slot.ends_at > start,
            Slot.id != besides,
        )
    )
    spans = [Span(*row) for row in offered] + kept_spans(
        unit.session, practitioner_id, start, end, besides
    )
    return sorted(spans, key=lambda span: (span.start, span.end))


def kept_spans(
    session: Session,
    practitioner_id: UUID,
    start: datetime,
    end: datetime,
    besides: UUID | None = None,
) -> list[Span]:
    """The hours that patients kept in slots that were closed."""
    rows = session.execute(
        select(Appointment.start_at, Appointment.ends_at, Slot.place_id)
        .join(Slot, Slot.id == Appointment.slot_id)
        .where(
            Appointment.practitioner_id == practitioner_id,
            Appointment.status.in_(LIVE_APPOINTMENTS),
            Appointment.start_at < end,
            Appointment.ends_at > start,
            Slot.status == SlotStatus.CLOSED,
            Slot.places == 1,
            Slot.id != besides,
        )
    )
    return [Span(*row) for row in rows]


def faults_of_place(
    unit: Unit, command: PublishSlot, zone: ZoneInfo, besides: UUID | None = None
) -> dict[str, str]:
    """Not a place of theirs, one they closed, or one where they are already at that hour."""
    faults: dict[str, str] = {}
    place = unit.session.execute(
        select(Place.closed_at).where(
            Place.id == command.place, Place.practitioner_id == command.practitioner
        )
    ).one_or_none()
    if place is None:
        faults["place"] = "Ce lieu n’est pas un lieu d’exercice de ce professionnel."
    elif place.closed_at is not None:
        faults["place"] = f"Ce lieu d’exercice est fermé{NBSP}: rouvrez-le d’abord."
    spans = busy_spans(unit, command.practitioner, command.start, command.end, besides)
    other = next((span for span in spans if span.place_id == command.place), None)
    if other is not None:
        faults["start"] = (
            f"Ce créneau en chevauche un autre au même lieu{NBSP}:"
            f" {calendar.day(other.start, zone)} {calendar.hours(other.start, other.end, zone)}."
        )
    elif is_absent(unit, command.practitioner, command.start, command.end):
        faults["start"] = f"Une absence est déclarée à cette heure{NBSP}: annulez-la d’abord."
    return faults


def is_absent(unit: Unit, practitioner_id: UUID, start: datetime, end: datetime) -> bool:
    """Whether the practitioner declared an absence that touches these hours."""
    found = unit.session.scalar(
        select(Absence.id)
        .where(
            Absence.practitioner_id == practitioner_id,
            Absence.cancelled_at.is_(None),
            Absence.start_at < end,
            Absence.ends_at > start,
        )
        .limit(1)
    )
    return found is not None


def faults_of(house: House, command: PublishSlot, now: datetime) -> dict[str, str]:
    """What is wrong with a slot by itself."""
    faults: dict[str, str] = {}
    if command.end <= command.start:
        faults["end"] = "La fin doit venir après le début."
    elif command.end - command.start > LONGEST:
        faults["end"] = "Un créneau dure douze heures au plus."
    if command.start < now and (command.places == 1 or command.end <= now):
        faults["start"] = "Ce créneau est déjà passé."
    elif command.start > now + FURTHEST:
        faults["start"] = "Un créneau se publie un an à l’avance au plus."
    if command.modality not in house.catalogue.modalities:
        faults["modality"] = "Cette modalité est inconnue (AMB, HH ou VR)."
    unknown = set(command.visibility) - set(house.catalogue.visibilities)
    if unknown:
        faults["visibility"] = "La visibilité se choisit parmi PUBLIC, PRO, SNP et CPTS."
    return faults
