"""Writing people of the national directory down, a lot at a time, and what was done about each."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from dispatcher.domain.directory.people import Known, Plan, Verdict
from dispatcher.domain.events import PractitionerImported
from dispatcher.reads.directory import absent
from dispatcher.services.house import House
from dispatcher.storage.columns import table_of
from dispatcher.storage.directory import DirectoryImport, DirectoryOutcome
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.unit import Unit

NEW: Final = "practitioner"
PLACE: Final = "place"
_OUTCOMES = table_of(DirectoryOutcome)


@dataclass(frozen=True, slots=True)
class Context:
    """What comparing and writing need of the house and the territory."""

    house: House
    import_id: UUID
    territory_id: UUID
    region: str
    specialties: tuple[str, ...]


def keep_outcomes(unit: Unit, import_id: UUID, people: Iterable[dict[str, Any]]) -> None:
    """Keep what is told of people, a row each."""
    rows = [{"import_id": import_id, "rpps": each["rpps"], "told": each} for each in people]
    if rows:
        unit.session.execute(insert(_OUTCOMES), rows)


def outcomes(session: Session, import_id: UUID) -> list[dict[str, Any]]:
    """What was told of people, by number."""
    told = select(_OUTCOMES.c.told).where(_OUTCOMES.c.import_id == import_id)
    return list(session.scalars(told.order_by(_OUTCOMES.c.rpps)))


def absent_people(session: Session, found: DirectoryImport) -> list[dict[str, Any]]:
    """Those whom it should have and has not, as they are told; nothing is changed about them."""
    return [
        {
            "rpps": each.rpps,
            "name": f"{each.last_name} {each.first_name}",
            "verdict": Verdict.ABSENT.value,
            "lines": [],
            "changed": [],
            "kept": [],
            "gone": 0,
            "practitioner": str(each.id),
        }
        for each in absent(session, found)
    ]


def write_people(
    context: Context, unit: Unit, plans: Sequence[Plan], known: Mapping[str, Known]
) -> None:
    """Write a lot down as the plans say; the people first, since places refer to them."""
    written: list[tuple[Plan, UUID, list[str]]] = []
    for plan in plans:
        if plan.verdict == Verdict.NEW:
            practitioner = _new(unit, plan)
            written.append((plan, practitioner.id, [NEW]))
        elif plan.verdict == Verdict.UPDATED:
            practitioner_id, changed = _update(context, unit, plan, known[plan.person.rpps])
            written.append((plan, practitioner_id, changed))
    unit.session.flush()  # all of a lot in one statement
    for plan, practitioner_id, changed in written:
        for site in plan.new_sites:
            unit.session.add(
                Place(
                    id=uuid.uuid4(),
                    territory_id=unit.territory_id,
                    practitioner_id=practitioner_id,
                    imported={"key": site.key, **site.values},
                    **_place_columns(context, site.values),
                )
            )
        unit.record(
            PractitionerImported(
                import_id=context.import_id, practitioner_id=practitioner_id, changed=changed
            )
        )


def _new(unit: Unit, plan: Plan) -> Practitioner:
    practitioner = Practitioner(
        id=uuid.uuid4(),
        territory_id=unit.territory_id,
        rpps=plan.person.rpps,
        imported=dict(plan.changes),
        created_at=unit.now,
        **_columns(plan.changes),
    )
    unit.session.add(practitioner)
    return practitioner


def _update(context: Context, unit: Unit, plan: Plan, known: Known) -> tuple[UUID, list[str]]:
    """Change what differs of somebody known; returns who, and what changed."""
    practitioner = unit.session.get_one(Practitioner, known.id)
    for name, value in _columns(plan.changes).items():
        setattr(practitioner, name, value)
    if plan.changes:
        practitioner.imported = {**(practitioner.imported or {}), **plan.changes}
    changed = [*plan.changes, *_write_places(context, unit, plan)]
    return practitioner.id, changed + ([PLACE] if plan.new_sites else [])


def _write_places(context: Context, unit: Unit, plan: Plan) -> list[str]:
    """Change known places; returns what changed, « place.address »."""
    changed: list[str] = []
    for change in plan.places:
        if not change.changes:
            continue
        place = unit.session.get_one(Place, change.id)
        for name, value in _place_columns(context, change.changes).items():
            setattr(place, name, value)
        place.imported = {**(place.imported or {}), "key": change.site.key, **change.changes}
        changed += [f"{PLACE}.{name}" for name in change.changes]
    return list(dict.fromkeys(changed))


def _columns(values: Mapping[str, str]) -> dict[str, Any]:
    return {name: value or None if name == "specialty" else value for name, value in values.items()}


def _place_columns(context: Context, values: Mapping[str, str]) -> dict[str, Any]:
    """By column; a commune brings its name, where it is, and a postcode where there is none."""
    columns: dict[str, Any] = {
        name: value or None if name in {"phone", "finess", "siret"} else value
        for name, value in values.items()
    }
    commune = context.house.communes.get(values.get("commune", ""))
    if commune is not None:
        columns |= {
            "commune_name": commune.name,
            "longitude": commune.longitude,
            "latitude": commune.latitude,
        }
        if not values.get("postcode", "-"):
            columns["postcode"] = commune.postcodes[0] if commune.postcodes else ""
    return columns
