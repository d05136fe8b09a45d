"""Whether what was typed for a new request can be used: one French sentence by field."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import literal, or_, select
from sqlalchemy.orm import Session

from config.catalogue import Catalogue
from dispatcher.domain import phones
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.roles import Account
from dispatcher.services.commands import NeedShape, OpenRequest, PatientShape
from dispatcher.services.house import House
from dispatcher.storage.neighbours import sharing_with
from dispatcher.storage.practitioners import Practitioner

OLDEST_YEARS = 125
PHYSICIAN = "10"
"""TRE_G15: a médecin traitant is one."""
NOT_OURS = "Ce praticien n’est ni du territoire, ni d’une CPTS voisine qui partage ses créneaux."
CLOCKS_DIFFER = timedelta(minutes=5)
Faults = dict[str, str]


@dataclass(frozen=True, slots=True)
class Checked:
    """What was verified and normalised: E.164 telephone, degrees, whole years."""

    phone: str
    longitude: float | None
    latitude: float | None
    age: int
    due_at: datetime


def check(
    house: House, session: Session, account: Account, command: OpenRequest, now: datetime
) -> Checked:
    """Verify a request against the territory and the catalogue. Raises InvalidError by field."""
    today = now.astimezone(ZoneInfo(account.timezone)).date()
    due_at = now + timedelta(
        hours=min(max(command.need.delay_hours, 0), max(house.catalogue.delays))
    )
    phone, phone_fault = _phone(command.patient, account.department)
    commune = house.communes.get(command.patient.commune)
    faults = (
        phone_fault
        | _patient_faults(session, account.territory_id, command.patient, today)
        | _need_faults(house.catalogue, command.need, due_at)
        | _exclusion_faults(session, account.territory_id, command.need.excluded_practitioners)
    )
    if command.territory != account.territory_code:
        faults["territory"] = "Ce territoire n’est pas le vôtre."
    if command.origin not in house.catalogue.origins:
        faults["origin"] = "Choisissez l’origine de la demande dans la liste."
    if command.regulated.at is not None and command.regulated.at > now + CLOCKS_DIFFER:
        faults["regulated.at"] = "L’heure de la régulation est dans le futur."
    if commune is None:
        faults["patient.commune"] = "Choisissez une commune de la liste."
    if faults or commune is None:
        raise InvalidError(faults)
    age = age_on(command.patient.birth_date, today)
    return Checked(phone, commune.longitude, commune.latitude, age, due_at)


def _phone(patient: PatientShape, department: str) -> tuple[str, Faults]:
    """A mobile, unless whoever asks knows that a person will have to telephone."""
    normalise = phones.normalise if patient.by_telephone else phones.normalise_mobile
    try:
        phone = normalise(patient.phone, phones.region_of(department))
    except phones.NotAPhone as error:
        return "", {"patient.phone": error.sentence}
    return phone.e164, {}


def _patient_faults(
    session: Session, territory_id: UUID, patient: PatientShape, today: date
) -> Faults:
    faults: Faults = {}
    if patient.birth_date > today:
        faults["patient.birth_date"] = "La date de naissance est dans le futur."
    elif patient.birth_date.year < today.year - OLDEST_YEARS:
        faults["patient.birth_date"] = "Vérifiez l’année de naissance."
    if patient.gp is not None:
        known = session.scalar(
            select(Practitioner.id).where(
                Practitioner.id == patient.gp,
                Practitioner.territory_id == territory_id,
                Practitioner.profession == PHYSICIAN,
            )
        )
        if known is None:
            faults["patient.gp"] = "Ce médecin traitant n’exerce pas dans le territoire."
    return faults


def _need_faults(catalogue: Catalogue, need: NeedShape, due_at: datetime) -> Faults:
    faults: Faults = {}
    if need.profession not in catalogue.professions:
        faults["need.profession"] = "Choisissez une profession de la liste."
    specialty = catalogue.specialties.get(need.specialty or "")
    if need.specialty is not None and specialty is None:
        faults["need.specialty"] = "Choisissez une spécialité de la liste."
    elif specialty is not None and specialty.profession != need.profession:
        faults["need.specialty"] = "Ce n’est pas une spécialité de cette profession."
    if set(need.modalities) - set(catalogue.modalities):
        faults["need.modalities"] = (
            "Choisissez parmi : au cabinet, à domicile, en téléconsultation."
        )
    if need.motive is not None and need.motive not in catalogue.motives:
        faults["need.motive"] = "Choisissez un motif de la liste."
    if need.language is not None and need.language not in catalogue.languages:
        faults["need.language"] = "Choisissez une langue de la liste."
    if need.delay_hours not in catalogue.delays:
        delays = ", ".join(str(delay) for delay in catalogue.delays)
        faults["need.delay_hours"] = f"Choisissez un délai de la liste : {delays} heures."
    if need.earliest is not None and need.earliest >= due_at:
        faults["need.earliest"] = "La disponibilité du patient commence après le délai demandé."
    return faults


def _exclusion_faults(session: Session, territory_id: UUID, excluded: Sequence[UUID]) -> Faults:
    """Each is named by its place in the list: who is not known here excludes nobody."""
    if not excluded:
        return {}
    known = set(
        session.scalars(
            select(Practitioner.id).where(
                Practitioner.id.in_(excluded),
                or_(
                    Practitioner.territory_id == territory_id,
                    Practitioner.territory_id.in_(sharing_with(literal(territory_id))),
                ),
            )
        )
    )
    return {
        f"need.excluded_practitioners.{place}": NOT_OURS
        for place, practitioner_id in enumerate(excluded)
        if practitioner_id not in known
    }


def age_on(birth_date: date, today: date) -> int:
    """Whole years."""
    birthday_to_come = (today.month, today.day) < (birth_date.month, birth_date.day)
    return today.year - birth_date.year - birthday_to_come
