"""The two territories of the demonstration: founded once, with slots topped up at each start."""

import json
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from dispatcher.demo.directory import CONTENTS
from dispatcher.demo.history import first_lived_day, live_through
from dispatcher.demo.money import settle_up
from dispatcher.demo.older_past import remember
from dispatcher.demo.timetable import offers
from dispatcher.demo.town import Town, Volunteer
from dispatcher.domain.roles import Role
from dispatcher.services import accounts, founding, slots
from dispatcher.services.commands import (
    CreateUser,
    FoundTerritory,
    PracticeShape,
    PublishSlot,
    RegisterPlace,
    RegisterPractitioner,
)
from dispatcher.services.delegations import grant_delegation
from dispatcher.services.house import House

TOWNS = Path(__file__).parent / "towns"
PASSWORD = "une place ce soir"  # noqa: S105 - shown on the demonstration's sign-in page
ACTS_FOR = 2
"""The secretary's practitioners, the first of the territory."""
RPPS_PREFIX = "9990000"
"""No professional's number begins so."""


def fill(house: House) -> dict[str, Any]:
    """Make what is missing of the demonstration; what demo.json says of territories and accounts.

    A second call finds the territories and only publishes the slots of the days that have come.
    """
    known = _known(house)
    described: dict[str, list[dict[str, Any]]] = {"territories": [], "accounts": []}
    for path in sorted(TOWNS.glob("*.toml")):
        plan = tomllib.loads(path.read_text(encoding="utf-8"))
        town = Town.find(house, plan["code"])
        if town is None:
            town = found(house, plan)
            remember(house, town, plan, first_lived_day(house, town) - timedelta(days=1))
            live_through(house, town, plan)
            settle_up(house, town)
        top_up(house, town, plan)
        described["territories"].append({"code": town.code, "timezone": town.timezone})
        described["accounts"] += known.get(town.code) or _accounts(house, town)
    return described


def top_up(house: House, town: Town, plan: Mapping[str, Any]) -> int:
    """Publish what the timetables offer from now on and is not published yet; how many slots."""
    now = house.clock()
    taken = town.published(house, now)
    timetables = {_name(person): person["timetable"] for person in plan["practitioners"]}
    commands = [
        PublishSlot(
            practitioner=volunteer.id,
            place=volunteer.place,
            start=offer.start,
            end=offer.end,
            places=offer.places,
            modality=offer.modality,
        )
        for volunteer in town.volunteers
        for offer in offers(timetables[volunteer.name], now, ZoneInfo(town.timezone))
        if not any(
            start < offer.end and end > offer.start for start, end in taken.get(volunteer.id, ())
        )
    ]
    return len(slots.publish_slots(house, town.coordinator, commands))


def _known(house: House) -> dict[str, list[dict[str, Any]]]:
    """The accounts as an earlier start described them: their tokens are kept nowhere else."""
    directory = house.settings.demonstration_directory
    if directory is None or not (directory / CONTENTS).exists():
        return {}
    contents = json.loads((directory / CONTENTS).read_text(encoding="utf-8"))
    by_territory: dict[str, list[dict[str, Any]]] = {}
    for account in contents.get("accounts", []):
        by_territory.setdefault(account["territory"], []).append(account)
    return by_territory


def found(house: House, plan: Mapping[str, Any]) -> Town:
    """Found a territory with its people and their accounts."""
    territory_id = founding.found_territory(
        house,
        FoundTerritory(
            code=plan["code"],
            name=plan["name"],
            timezone=plan["timezone"],
            department=plan["department"],
            phone=plan["phone"],
            settings=plan["settings"],
        ),
    )
    for role in (Role.REGULATOR, Role.COORDINATOR, Role.ADMINISTRATOR):
        _create(house, plan["code"], role, plan[role.value])
    _create(house, plan["code"], Role.REQUESTER, plan["requester"], practice=plan["practice"])
    for number, person in enumerate(plan["practitioners"], 1):
        practitioner_id = _register(house, territory_id, plan, person, number)
        if person.get("account"):
            _create(house, plan["code"], Role.PRACTITIONER, _name(person), practitioner_id)
    _create(house, plan["code"], Role.DELEGATE, plan[Role.DELEGATE.value])
    town = Town.find(house, plan["code"])
    if town is None:
        raise LookupError(plan["code"])
    for volunteer in town.volunteers[:ACTS_FOR]:
        grant_delegation(house, town.administrator, town.secretary.user_id, volunteer.id)
    return town


def _register(
    house: House,
    territory_id: UUID,
    plan: Mapping[str, Any],
    person: Mapping[str, Any],
    number: int,
) -> UUID:
    commune = house.communes.get(person["commune"])
    if commune is None:
        raise LookupError(person["commune"])
    series = 0 if plan["department"] == "39" else 1
    practitioner_id, _ = founding.register_practitioner(
        house,
        territory_id,
        RegisterPractitioner(
            profession=person["profession"],
            specialty=person.get("specialty"),
            rpps=_rpps(series * 100 + number),
            title=person["title"],
            first_name=person["first_name"],
            last_name=person["last_name"],
            phone=f"06 39 98 {series:02d} {number:02d}",
            accepts_offers=person.get("accepts_offers", True),
            languages=person.get("languages", ["fr"]),
            patient_sex=person.get("patient_sex"),
            min_age=person.get("min_age"),
            daily_cap=person.get("daily_cap"),
            weekly_cap=person.get("weekly_cap"),
            modalities=person.get("modalities", ["AMB"]),
            places=[
                RegisterPlace(
                    label="Cabinet",
                    address=person["address"],
                    postcode=commune.postcodes[0],
                    commune=person["commune"],
                    phone=plan["phone"],
                    step_free=person.get("step_free", False),
                )
            ],
        ),
    )
    return practitioner_id


def _create(
    house: House,
    code: str,
    role: Role,
    name: str,
    practitioner: UUID | None = None,
    practice: Mapping[str, Any] | None = None,
) -> None:
    place = code.removeprefix("demo-")
    person = name.rsplit(maxsplit=1)[-1].lower() if practitioner else _FRENCH[role]
    accounts.create_user(
        house,
        CreateUser(
            territory=code,
            login=f"{_ascii(person)}@{place}.example",
            display_name=name,
            role=role.value,
            password=PASSWORD,
            practitioner=practitioner,
            practice=PracticeShape(**practice) if practice else None,
        ),
    )


_FRENCH: Mapping[Role, str] = {
    Role.REGULATOR: "regulation",
    Role.REQUESTER: "pharmacie",
    Role.COORDINATOR: "coordination",
    Role.ADMINISTRATOR: "administration",
    Role.DELEGATE: "secretariat",
}


def _accounts(house: House, town: Town) -> list[dict[str, Any]]:
    return [
        {
            "role": account.role.value,
            "territory": town.code,
            "login": account.login,
            "password": PASSWORD,
            "display_name": account.display_name,
            "token": accounts.issue_token(house, account.user_id, "démonstration"),
        }
        for account in town.accounts
    ]


def _name(person: Mapping[str, Any]) -> str:
    return Volunteer.name_of(person["title"], person["first_name"], person["last_name"])


def _ascii(word: str) -> str:
    return word.translate(str.maketrans("éèêëàâîïôûç", "eeeeaaiiouc"))


def _rpps(number: int) -> str:
    """Eleven digits whose last is Luhn's."""
    digits = f"{RPPS_PREFIX}{number:03d}"
    total = sum(
        doubled - 9 * (doubled > 9) if place % 2 == 0 else int(digit)  # noqa: PLR2004
        for place, digit in enumerate(reversed(digits))
        for doubled in (int(digit) * 2,)
    )
    return digits + str(-total % 10)
