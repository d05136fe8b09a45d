"""Founding a territory and registering its volunteers."""

import uuid
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select

from config.catalogue import Catalogue
from dispatcher.domain import phones
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.emails import NotAnEmail, normal_address
from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.events import OPERATOR
from dispatcher.domain.policy import Policy
from dispatcher.services.commands import FoundTerritory, RegisterPractitioner
from dispatcher.services.house import House
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.territories import MatchingLease, Territory

FRENCH = "fr"
"""What a request without a language asks for: everybody receives in it."""


def found_territory(house: House, command: FoundTerritory) -> UUID:
    """Create a territory. Raises InvalidError by field, a code already used among them."""
    faults: dict[str, str] = {}
    phone = ""
    try:
        ZoneInfo(command.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        faults["timezone"] = "Ce fuseau horaire n’existe pas (exemple : Europe/Paris)."
    try:
        region = phones.region_of(command.department)
    except ValueError:
        faults["department"] = f"Ce département n’existe pas (exemples{NBSP}: 39, 2A, 974)."
        region = "FR"
    try:
        phone = phones.normalise(command.phone, region).e164
    except phones.NotAPhone as error:
        faults["phone"] = error.sentence
    try:
        Policy.from_mapping(command.settings)
    except InvalidError as error:
        faults |= {f"settings.{field}": sentence for field, sentence in error.fields.items()}
    territory_id = uuid.uuid4()
    with house.db.reading() as session:
        if session.scalar(select(Territory.id).where(Territory.code == command.code)):
            faults["code"] = "Ce code de territoire est déjà utilisé."
    if faults:
        raise InvalidError(faults)
    with house.db.transaction(territory_id, OPERATOR) as unit:
        unit.session.add(
            Territory(
                id=territory_id,
                code=command.code,
                name=command.name,
                timezone=command.timezone,
                department=command.department,
                phone=phone,
                settings=command.settings,
                created_at=unit.now,
            )
        )
        unit.session.flush()  # the lease refers to the row above
        unit.session.add(MatchingLease(territory_id=territory_id))
    return territory_id


def register_practitioner(
    house: House, territory_id: UUID, command: RegisterPractitioner
) -> tuple[UUID, list[UUID]]:
    """Add a volunteer with their places; returns the practitioner's id and the places'.

    Raises InvalidError by field, NotFoundError for an unknown territory.
    """
    with house.db.reading() as session:
        territory = session.get(Territory, territory_id)
    if territory is None:
        raise NotFoundError
    practitioner_id = uuid.uuid4()
    faults = _unknown_codes(house.catalogue, command)
    mobile, email = _contacts(command, territory, faults)
    places = _places(house, territory, practitioner_id, command, faults)
    if faults:
        raise InvalidError(faults)
    with house.db.transaction(territory_id, OPERATOR) as unit:
        unit.session.add(
            Practitioner(
                id=practitioner_id,
                territory_id=territory_id,
                rpps=command.rpps,
                profession=command.profession,
                specialty=command.specialty,
                title=command.title,
                last_name=command.last_name,
                first_name=command.first_name,
                phone=mobile,
                email=email and unit.cipher.seal("practitioners.email", practitioner_id, email),
                min_age=command.min_age,
                max_age=command.max_age,
                daily_cap=command.daily_cap,
                weekly_cap=command.weekly_cap,
                patient_sex=command.patient_sex,
                languages=list(dict.fromkeys([FRENCH, *command.languages])),
                accepts_offers=command.accepts_offers,
                modalities=list(dict.fromkeys(command.modalities)),
                minimum_notice_minutes=command.minimum_notice_minutes,
                created_at=unit.now,
            )
        )
        unit.session.flush()  # the places refer to the row above
        unit.session.add_all(places)
    return practitioner_id, [place.id for place in places]


def _contacts(
    command: RegisterPractitioner, territory: Territory, faults: dict[str, str]
) -> tuple[str | None, str | None]:
    """Mobile and e-mail address, as they are kept."""
    mobile = email = None
    if command.phone:
        try:
            region = phones.region_of(territory.department)
            mobile = phones.normalise_mobile(command.phone, region).e164
        except phones.NotAPhone as error:
            faults["phone"] = error.sentence
    if command.email:
        try:
            email = normal_address(command.email)
        except NotAnEmail as error:
            faults["email"] = error.sentence
    return mobile, email


def _places(
    house: House,
    territory: Territory,
    practitioner_id: UUID,
    command: RegisterPractitioner,
    faults: dict[str, str],
) -> list[Place]:
    region = phones.region_of(territory.department)
    places = []
    for index, place in enumerate(command.places):
        commune = house.communes.get(place.commune)
        if commune is None:
            faults[f"places.{index}.commune"] = "Cette commune est inconnue."
            continue
        phone = None
        if place.phone:
            try:
                phone = phones.normalise(place.phone, region).e164
            except phones.NotAPhone as error:
                faults[f"places.{index}.phone"] = error.sentence
        places.append(
            Place(
                id=uuid.uuid4(),
                territory_id=territory.id,
                practitioner_id=practitioner_id,
                label=place.label,
                address=place.address,
                postcode=place.postcode,
                commune=place.commune,
                commune_name=commune.name,
                longitude=commune.longitude,
                latitude=commune.latitude,
                phone=phone,
                step_free=place.step_free,
            )
        )
    return places


def _unknown_codes(catalogue: Catalogue, command: RegisterPractitioner) -> dict[str, str]:
    faults: dict[str, str] = {}
    if command.profession not in catalogue.professions:
        faults["profession"] = "Cette profession n’est pas dans la nomenclature."
    if set(command.languages) - set(catalogue.languages):
        faults["languages"] = "Choisissez des langues de la liste."
    if set(command.modalities) - set(catalogue.modalities):
        faults["modalities"] = (
            f"Choisissez parmi{NBSP}: au cabinet, à domicile, en téléconsultation."
        )
    return faults
