"""A territory's signed contract, one row a year: kept as the TOML it is exchanged as, and settled.

The terms hold no value of a line: those of the log are computed when they are asked for, the others
are typed figures. So a contract says what was agreed, and nobody changes a result in it.
"""

import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from config import agreements
from dispatcher.domain import calendar
from dispatcher.domain.aci.contract import Contract, Line, Mission, Source, Value
from dispatcher.domain.aci.settlement import Settlement, settle
from dispatcher.domain.errors import RefusedError
from dispatcher.domain.events import ContractSaved
from dispatcher.domain.roles import Account
from dispatcher.reads.activity import activity
from dispatcher.reads.typed_figures import Typed, latest, typed_figures
from dispatcher.services.contract_files import read_contract, write_contract
from dispatcher.services.contract_years import standing
from dispatcher.services.house import House
from dispatcher.services.typed_figures import TypeFigure, write_figure
from dispatcher.storage.contracts import SignedContract
from dispatcher.storage.territories import Territory

SUPPLEMENT_FREE = "variable"
"""The part of an agreement's mission that is paid by lines; the others are fixed."""
SEEN_LENGTH = 16


class OverlappingYearsError(RefusedError):
    """Two years of contract share days."""

    status = 422

    def __init__(self, first: date, last: date) -> None:
        super().__init__(
            "years-overlap",
            f"Cette année de contrat chevauche celle qui va {calendar.span(first, last)}.",
        )


class ReplacedMeanwhileError(RefusedError):
    """Somebody else kept this year after it was shown; `stands` is the `seen` of theirs."""

    def __init__(self, stands: str) -> None:
        super().__init__(
            "replaced-meanwhile",
            "Cette année de contrat a été enregistrée par quelqu’un d’autre pendant votre saisie."
            " Rien n’a été modifié. Comparez avec la page du contrat, puis enregistrez de nouveau"
            " pour la remplacer par la vôtre.",
        )
        self.stands = stands


@dataclass(frozen=True, slots=True)
class Saved:
    """What saving a contract did."""

    first: date
    changed: bool
    figures: int
    """Values of the file that were taken over as typed figures."""
    left_out: int
    """Values of the file that were not: of the log's lines, or of a day that is still to come."""


def seen(contract: Contract) -> str:
    """What tells one version of a year from another, for whoever is shown it and changes it."""
    return hashlib.sha256(write_contract(contract).encode()).hexdigest()[:SEEN_LENGTH]


def save_contract(house: House, account: Account, text: str, shown: str | None = None) -> Saved:
    """Keep a year of contract from its TOML; one that begins on the same day is replaced.

    Raises ContractFileError with every fault and its line, and as `save_year`; nothing is saved
    then.
    """
    return save_year(house, account, read_contract(text), shown)


def save_year(
    house: House, account: Account, contract: Contract, shown: str | None = None
) -> Saved:
    """Keep a year without faults.

    `shown` is the `seen` of the version that was changed, "" for none; None asks nobody.
    Raises OverlappingYearsError, ReplacedMeanwhileError.
    """
    terms = write_contract(_without_values(contract))
    figures = left_out = 0
    with house.db.transaction(account.territory_id, account.actor) as unit:
        today = calendar.local_day(unit.now, ZoneInfo(account.timezone))
        # Whoever saves a year waits here for whoever saves another one.
        unit.session.execute(
            select(Territory.id).where(Territory.id == account.territory_id).with_for_update()
        )
        kept = {row.first_day: row for row in unit.session.scalars(standing(account.territory_id))}
        for row in kept.values():
            other = read_contract(row.terms)
            if row.first_day != contract.first and not (
                other.last < contract.first or contract.last < other.first
            ):
                raise OverlappingYearsError(other.first, other.last)
        before = kept.get(contract.first)
        stands = "" if before is None else seen(read_contract(before.terms))
        if shown is not None and before is not None and shown != stands:
            raise ReplacedMeanwhileError(stands)
        changed = before is None or before.terms != terms
        if changed:
            if before is not None:
                before.ended_at = unit.now
                unit.session.flush()  # its place has to be free before the new one takes it
            contract_id = uuid.uuid4()
            unit.session.add(
                SignedContract(
                    id=contract_id,
                    territory_id=account.territory_id,
                    first_day=contract.first,
                    terms=terms,
                    entered_by=account.user_id,
                    entered_at=unit.now,
                    ended_at=None,
                )
            )
            digest = hashlib.sha256(terms.encode()).hexdigest()
            unit.record(
                ContractSaved(contract_id=contract_id, day=str(contract.first), digest=digest)
            )
        for line in contract.lines():
            if line.value is None:
                continue
            if line.source is Source.LOG or line.value.on > today:
                left_out += 1
                continue
            typed = TypeFigure(
                code=line.key,
                figure=line.value.figure,
                on=line.value.on,
                origin=line.value.origin,
            )
            figures += write_figure(unit, account, typed) is not None
    return Saved(contract.first, changed, figures, left_out)


def valued(house: House, territory_id: UUID, zone: ZoneInfo, year: Contract) -> Contract:
    """The year with the value of every line that has one today: from the log, or typed in."""
    today = min(calendar.local_day(house.clock(), zone), year.last)
    if today < year.first:
        return year
    measured: Mapping[str, Value] = {}
    if any(line.source is Source.LOG for line in year.lines()):
        found = activity(house.db, territory_id, calendar.period(year.first, today, zone)).figures
        measured = {
            code: Value(figure.value, today, "")
            for code, figure in found.items()
            if figure.value is not None
        }
    typed = latest(typed_figures(house.db, territory_id), year.first, today)
    return _with_lines(year, lambda line: _valued(line, measured, typed))


def settled(house: House, territory_id: UUID, zone: ZoneInfo, year: Contract) -> Settlement:
    """The year, reckoned with what is known today."""
    return settle(valued(house, territory_id, zone, year))


def outline(agreement_code: str, size: int, signed: date, first: date) -> Contract:
    """A contract to begin with: the agreement's missions and the envelopes that are known.

    Raises KeyError for an agreement or a size that there is not.
    """
    agreement = agreements.load(agreement_code)
    missions = []
    for mission in agreement.missions:
        by_kind: dict[bool, list[int | None]] = {True: [], False: []}
        for part in mission.parts:
            if not part.one_off and part.code != agreement.supplement:
                is_variable = part.code == SUPPLEMENT_FREE
                by_kind[is_variable].append(part.amounts[size].eur)
        fixed, variable = (_sum(by_kind[kind]) for kind in (False, True))
        missions.append(Mission(mission.code, mission.label, fixed, variable))
    return Contract(
        "CPTS", agreement_code, size, signed, first, _year_later(first), tuple(missions)
    )


def _sum(amounts: Sequence[int | None]) -> int | None:
    """None of nothing, and where one is not known."""
    known = [each for each in amounts if each is not None]
    return sum(known) if known and len(known) == len(amounts) else None


def _year_later(first: date) -> date:
    """The last day of a year that begins then."""
    try:
        anniversary = first.replace(year=first.year + 1)
    except ValueError:  # 29 February
        anniversary = date(first.year + 1, 3, 1)
    return date.fromordinal(anniversary.toordinal() - 1)


def _valued(line: Line, measured: Mapping[str, Value], typed: Mapping[str, Typed]) -> Line:
    if line.source is not Source.LOG:
        known = typed.get(line.key)
        return replace(
            line, value=None if known is None else Value(known.figure, known.on, known.origin)
        )
    return replace(line, value=measured.get(line.indicator))


def _without_values(contract: Contract) -> Contract:
    return _with_lines(contract, lambda line: replace(line, value=None))


def _with_lines(contract: Contract, change: Callable[[Line], Line]) -> Contract:
    return replace(
        contract,
        missions=tuple(
            replace(mission, lines=tuple(change(line) for line in mission.lines))
            for mission in contract.missions
        ),
    )
