"""Importing what was chosen of the national directory: previewed, then written lot by lot.

Each lot is one commit with the place that the import has reached: a worker that is killed is
followed by another that goes on behind it, and nobody is counted twice.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from dispatcher.domain import phones
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.directory.extract import Entry
from dispatcher.domain.directory.people import (
    Known,
    Person,
    Plan,
    Site,
    Verdict,
    compare,
    people_of,
    plain,
)
from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError
from dispatcher.domain.events import Actor, ActorKind, DirectoryImported
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Account
from dispatcher.reads.directory import (
    chosen,
    chosen_entries,
    known_by_number,
    without_number,
)
from dispatcher.services.commands import CodeText, Shape
from dispatcher.services.directory_reading import DONE, FAILED, READ, RUNNING, WAITING
from dispatcher.services.directory_writing import (
    PLACE,
    Context,
    absent_people,
    keep_outcomes,
    outcomes,
    write_people,
)
from dispatcher.services.house import House
from dispatcher.storage import keeping
from dispatcher.storage.directory import DirectoryImport, DirectoryLine
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Claim, LeaseLostError, Unit

PEOPLE_AT_ONCE: Final = 50
GENERAL_PRACTICE: Final = ("SM54", "SM53", "SM26")


class Choice(Shape):
    """What of an extract is imported: INSEE and TRE_G15 codes."""

    communes: Annotated[list[CodeText], Field(max_length=2000)]
    professions: Annotated[list[CodeText], Field(max_length=50)]
    employed: bool = False
    """Activities as an employee too (hospitals, mostly), not those on one's own account alone."""


def choose(house: House, territory_id: UUID, actor: Actor, import_id: UUID, choice: Choice) -> None:
    """Say what of an extract that was read is to be imported; nothing is changed yet.

    Raises NotFoundError, InvalidError by field, RefusedError once it is being imported.
    """
    faults = {}
    if not choice.communes:
        faults["communes"] = "Choisissez au moins une commune."
    if not choice.professions:
        faults["professions"] = "Choisissez au moins une profession."
    if faults:
        raise InvalidError(faults)
    with house.db.transaction(territory_id, actor) as unit:
        _lock_read(unit, import_id).choice = choice.model_dump()


def plans_of(house: House, territory_id: UUID, import_id: UUID) -> list[Plan]:
    """What the import would do about each person it chose, by number; nothing is written.

    Raises NotFoundError.
    """
    with house.db.reading() as session:
        found = _import_of(session, territory_id, import_id)
        context = _context(house, session, found)
        people = _people(context, chosen_entries(session, found))
        known = known_by_number(session, territory_id)
        namesakes = without_number(session, territory_id)
    return [_compared(person, known, namesakes) for person in people]


def report_of(house: House, territory_id: UUID, import_id: UUID) -> dict[str, Any]:
    """`tally`, `findings` about lines and `people`: what was done, or what would be.

    Raises NotFoundError.
    """
    with house.db.reading() as session:
        found = _import_of(session, territory_id, import_id)
        findings = found.findings
        people = [*outcomes(session, import_id), *found.report]
        gone = absent_people(session, found) if found.status == READ and found.choice else []
    if found.status == READ and found.choice:
        people = [_reported(plan) for plan in plans_of(house, territory_id, import_id)] + gone
    return {"tally": found.tally, "findings": findings, "people": people}


def start_import(house: House, account: Account, import_id: UUID) -> None:
    """Have what was chosen imported by a job. Saying it twice starts it once.

    Raises NotFoundError, RefusedError (`nothing-chosen`).
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        found = _import_of(unit.session, account.territory_id, import_id)
        if found.status in {WAITING, RUNNING, DONE}:
            return
        row = _lock_read(unit, import_id)
        if not row.choice:
            raise RefusedError(
                "nothing-chosen", "Choisissez d’abord les communes et les professions."
            )
        row.status = WAITING
        unit.promise(Job.IMPORT_DIRECTORY, {"import_id": import_id})


def import_directory(house: House, claim: Claim) -> None:
    """Go on with an import until it is done. One that is done is left as it is."""
    import_id = claim.id("import_id")
    with house.db.reading() as session:
        found = session.get(DirectoryImport, import_id)
    if found is None or found.status in {DONE, FAILED}:
        house.db.keep(claim)
        return

    def hold(_: float) -> None:
        keeping.prolong(house.db, claim, house.settings.promise_lease)

    run_import(house, import_id, hold, claim)
    house.db.keep(claim)


def run_import(
    house: House,
    import_id: UUID,
    tell: Callable[[float], None] = lambda _: None,
    claim: Claim | None = None,
) -> None:
    """Import what was chosen, lot by lot, from where it stands; `tell` hears the share done.

    Raises LeaseLostError when the promise has passed to another worker.
    """
    share = 0.0
    while share < 1.0:
        share = _next_lot(house, import_id, claim)
        tell(share)


def give_up(house: House, claim: Claim) -> None:
    """Tell whoever asked that it stopped; who was done stays so."""
    with house.db.writing() as session:
        session.execute(
            update(DirectoryImport)
            .where(DirectoryImport.id == claim.id("import_id"), DirectoryImport.status != DONE)
            .values(status=FAILED, finished_at=house.clock())
        )


def _next_lot(house: House, import_id: UUID, claim: Claim | None) -> float:
    """Write the next people; returns the share that is done."""
    with house.db.reading() as session:
        found = session.get_one(DirectoryImport, import_id)
        context = _context(house, session, found)
        numbers = list(
            session.scalars(
                chosen(found, select(DirectoryLine.rpps).distinct())
                .where(DirectoryLine.rpps > found.done_through)
                .order_by(DirectoryLine.rpps)
                .limit(PEOPLE_AT_ONCE)
            )
        )
        everybody = session.scalar(chosen(found, select(func.count(DirectoryLine.rpps.distinct()))))
        people = _people(context, chosen_entries(session, found, numbers))
    actor = Actor(ActorKind(found.asked_as), found.asked_by)
    with house.db.transaction(found.territory_id, actor) as unit:
        if claim is not None and not keeping.is_owned(unit.session, claim):
            raise LeaseLostError
        row = unit.session.get_one(
            DirectoryImport, import_id, with_for_update=True, populate_existing=True
        )
        if row.status == DONE or row.done_through != found.done_through:
            return row.progress  # somebody else was faster
        known = known_by_number(unit.session, found.territory_id, numbers)
        namesakes = without_number(unit.session, found.territory_id)
        plans = [_compared(person, known, namesakes) for person in people]
        write_people(context, unit, plans, known)
        counts = Counter(row.result) + Counter(plan.verdict.value for plan in plans)
        row.result = dict(counts)
        keep_outcomes(unit, import_id, map(_reported, plans))
        row.status, row.done_through = RUNNING, numbers[-1] if numbers else row.done_through
        row.progress = min(sum(counts.values()) / max(everybody or 0, 1), 1.0)
        if len(numbers) < PEOPLE_AT_ONCE:
            _finish(unit, row)
        return row.progress


def _finish(unit: Unit, row: DirectoryImport) -> None:
    row.status, row.progress, row.finished_at = DONE, 1.0, unit.now
    if gone := absent_people(unit.session, row):
        keep_outcomes(unit, row.id, gone)
        row.result = {**row.result, Verdict.ABSENT.value: len(gone)}
    unit.session.execute(delete(DirectoryLine).where(DirectoryLine.import_id == row.id))
    unit.record(DirectoryImported(import_id=row.id, people=dict(row.result)))


def _reported(plan: Plan) -> dict[str, Any]:
    """What is told of a person; the name is that of the open directory."""
    person = plan.person
    return {
        "rpps": person.rpps,
        "name": f"{person.values['last_name']} {person.values['first_name']}",
        "verdict": plan.verdict.value,
        "lines": list(person.lines),
        "changed": [
            *plan.changes,
            *(f"{PLACE}.{name}" for place in plan.places for name in place.changes),
            *([PLACE] if plan.new_sites else []),
        ]
        if plan.verdict == Verdict.UPDATED
        else [],
        "kept": list(plan.kept),
        "gone": plan.gone,
    }


def _context(house: House, session: Session, found: DirectoryImport) -> Context:
    territory = session.get_one(Territory, found.territory_id)
    specialties = dict.fromkeys((*GENERAL_PRACTICE, *house.catalogue.specialties))
    return Context(
        house,
        found.id,
        found.territory_id,
        phones.region_of(territory.department),
        tuple(specialties),
    )


def _people(context: Context, entries: Iterable[Entry]) -> list[Person]:
    """With telephones as they are stored; one that is no telephone is left out."""
    return [
        replace(person, sites=tuple(_ready(context, site) for site in person.sites))
        for person in people_of(entries, context.specialties)
    ]


def _ready(context: Context, site: Site) -> Site:
    phone = ""
    if site.values["phone"]:
        try:
            phone = phones.normalise(site.values["phone"], context.region).e164
        except phones.NotAPhone:
            phone = ""
    return Site(site.key, {**site.values, "phone": phone})


def _compared(
    person: Person, known: Mapping[str, Known], namesakes: Mapping[tuple[str, str, str], Known]
) -> Plan:
    name = (
        person.values["profession"],
        plain(person.values["last_name"]),
        plain(person.values["first_name"]),
    )
    return compare(person, known.get(person.rpps), namesakes.get(name))


def _import_of(session: Session, territory_id: UUID, import_id: UUID) -> DirectoryImport:
    found = session.get(DirectoryImport, import_id)
    if found is None or found.territory_id != territory_id:
        raise NotFoundError
    return found


def _lock_read(unit: Unit, import_id: UUID) -> DirectoryImport:
    """An import that was read and not begun. Raises NotFoundError, RefusedError."""
    row = unit.session.get(DirectoryImport, import_id, with_for_update=True)
    if row is None or row.territory_id != unit.territory_id:
        raise NotFoundError
    if row.status != READ:
        raise RefusedError(
            "import-begun", f"Cet import est déjà commencé{NBSP}: lisez un nouveau fichier."
        )
    return row
