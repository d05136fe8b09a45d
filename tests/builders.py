"""People, places and slots for tests: fictitious, short to write, and made by the real services."""

import itertools
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from dispatcher.domain.roles import Account, Role
from dispatcher.services import accounts, founding, requests, slots
from dispatcher.services.commands import (
    CreateUser,
    FoundTerritory,
    OpenRequest,
    PracticeShape,
    PublishSlot,
    RegisterPlace,
    RegisterPractitioner,
)
from dispatcher.services.house import House
from dispatcher.storage.accounts import User
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.slots import Slot
from tests.fakes.clock import FakeClock

PASSWORD = "un mot de passe long"
LONS = "39300"
"""Lons-le-Saunier; 5 km away is Montmorot, 27 km Champagnole, 40 km Dole."""
_numbers = itertools.count(1)


def mobile(number: int) -> str:
    """One of the numbers set aside for fiction: 06 39 98 00 00 to 06 39 98 99 99."""
    return f"063998{number:04d}"


@dataclass
class Volunteer:
    """A practitioner of a test with their first place."""

    id: UUID
    place: UUID
    phone: str


@dataclass
class Town:
    """A territory with a regulator. Times given to builders are hours from now."""

    house: House
    clock: FakeClock
    territory_id: UUID
    code: str
    regulator: Account
    _patients: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @classmethod
    def found(
        cls,
        house: House,
        clock: FakeClock,
        code: str = "jura",
        timezone: str = "Europe/Paris",
        department: str = "39",
        phone: str = "03 53 01 00 01",
        settings: dict[str, Any] | None = None,
    ) -> "Town":
        """A territory that uses slots at any hour, unless told otherwise: tests run on any day."""
        territory_id = founding.found_territory(
            house,
            FoundTerritory(
                code=code,
                name=f"CPTS {code}",
                timezone=timezone,
                department=department,
                phone=phone,
                settings={"outside_hours": True} if settings is None else settings,
            ),
        )
        town = cls(house, clock, territory_id, code, None)  # type: ignore[arg-type]  # set below
        town.regulator = town.account(Role.REGULATOR)
        return town

    def account(
        self, role: Role, volunteer: Volunteer | None = None, practice: str = "Pharmacie de l’Essai"
    ) -> Account:
        """A new account of the territory; a requester's is one of that pharmacy."""
        asks = PracticeShape(name=practice, origin="PHARMACY", phone="03 53 01 00 07")
        login = f"{role.value}-{next(_numbers)}@{self.code}.example"
        user_id = accounts.create_user(
            self.house,
            CreateUser(
                territory=self.code,
                login=login,
                display_name=f"Compte {role.value}",
                role=role.value,
                password=PASSWORD,
                practitioner=volunteer.id if volunteer else None,
                practice=asks if role is Role.REQUESTER else None,
            ),
        )
        found = accounts.account_of(self.house, user_id)
        assert found is not None
        return found

    def volunteer(self, **changes: Any) -> Volunteer:
        """A general practitioner in Lons-le-Saunier, unless told otherwise."""
        number = next(_numbers)
        commune = changes.pop("commune", LONS)
        known = self.house.communes.get(commune)
        assert known is not None
        values: dict[str, Any] = {
            "profession": "10",
            "specialty": "SM54",
            "title": "Dr",
            "last_name": f"Essai{number}",
            "first_name": "Anne",
            "phone": mobile(1000 + number % 5000),
            "minimum_notice_minutes": 0,
            "places": [
                RegisterPlace(
                    label="Cabinet",
                    address=f"{number} rue de l’Essai",
                    postcode=known.postcodes[0],
                    commune=commune,
                )
            ],
        }
        practitioner_id, places = founding.register_practitioner(
            self.house, self.territory_id, RegisterPractitioner(**(values | changes))
        )
        return Volunteer(practitioner_id, places[0], str(values["phone"]))

    def slot(
        self,
        volunteer: Volunteer | None = None,
        *,
        hours: float = 2,
        minutes: float = 20,
        places: int = 1,
        modality: str = "AMB",
        **changes: Any,
    ) -> UUID:
        """A published slot that starts `hours` from now and lasts `minutes`."""
        holder = volunteer or self.volunteer()
        start = self.clock.now + timedelta(hours=hours)
        values: dict[str, Any] = {
            "practitioner": holder.id,
            "place": holder.place,
            "start": start,
            "end": start + timedelta(minutes=minutes),
            "places": places,
            "modality": modality,
        }
        return slots.publish_slot(self.house, self.regulator, PublishSlot(**(values | changes)))

    def asking(self, **changes: Any) -> OpenRequest:
        """A request that nobody has entered yet; `need`, `patient` … are merged into it."""
        number = next(self._patients)
        values: dict[str, Any] = {
            "territory": self.code,
            "patient": {
                "last_name": f"Patiente{number}",
                "first_name": "Camille",
                "birth_date": date(1950, 2, 3),
                "phone": mobile(number),
                "commune": LONS,
            },
            "need": {"profession": "10", "modalities": ["AMB"], "delay_hours": 24},
            "origin": "SAS",
        }
        for name in ("patient", "need", "regulated"):
            if name in changes:
                values[name] = values.get(name, {}) | changes.pop(name)
        return OpenRequest.model_validate(values | changes)

    def request(self, **changes: Any) -> UUID:
        """A request entered by the regulator."""
        return requests.open_request(self.house, self.regulator, self.asking(**changes))

    # What the database holds

    def the_request(self, request_id: UUID) -> CareRequest:
        with self.house.db.reading() as session:
            return session.get_one(CareRequest, request_id)

    def to_call(self, request_id: UUID) -> list[str]:
        """Who has to be telephoned about a request: « patient », « practitioner »."""
        request = self.the_request(request_id)
        asked = {
            "patient": request.call_patient_since,
            "practitioner": request.call_practitioner_since,
        }
        return [whom for whom, since in asked.items() if since is not None]

    def the_slot(self, slot_id: UUID) -> Slot:
        with self.house.db.reading() as session:
            return session.get_one(Slot, slot_id)

    def slots_of(self, volunteer: Volunteer) -> list[Slot]:
        """All slots of a volunteer, closed ones too, by start."""
        with self.house.db.reading() as session:
            return list(
                session.scalars(
                    select(Slot)
                    .where(Slot.practitioner_id == volunteer.id)
                    .order_by(Slot.start_at, Slot.published_at, Slot.id)
                )
            )

    def the_appointment(self, request_id: UUID) -> Appointment | None:
        """The request's appointment that was not cancelled."""
        with self.house.db.reading() as session:
            return session.scalars(
                select(Appointment).where(
                    Appointment.request_id == request_id, Appointment.status != "cancelled"
                )
            ).one_or_none()

    def user(self, account: Account) -> User:
        with self.house.db.reading() as session:
            return session.get_one(User, account.user_id)

    def in_hours(self, hours: float) -> datetime:
        return self.clock.now + timedelta(hours=hours)
