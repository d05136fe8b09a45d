"""Files of evidence: asked for by a coordinator, made by a worker, their hash kept in the log."""

import hashlib
import time
import uuid
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from dispatcher.domain import calendar
from dispatcher.domain.aci.contract import Contract, Source
from dispatcher.domain.calendar import local_day
from dispatcher.domain.events import ENGINE, EvidenceMade
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Account
from dispatcher.papers.evidence import Dossier, Seal, evidence_zip
from dispatcher.papers.words import part_label
from dispatcher.reads.acts import Behind, everything_behind, nothing_behind
from dispatcher.services.contract_years import contract_years, year_of
from dispatcher.services.contracts import settled
from dispatcher.services.house import House
from dispatcher.storage import keeping
from dispatcher.storage.contracts import EvidenceBundle
from dispatcher.storage.log import DaySeal
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Claim


def ask_evidence(house: House, account: Account, first: date) -> UUID:
    """Have the file of the contract year that begins on a day made; its id.

    One that is being made is not made twice at the same time. Raises NotFoundError.
    """
    years = contract_years(house.db, account.territory_id)
    year = year_of(years, first, first)
    with house.db.transaction(account.territory_id, account.actor) as unit:
        waiting = unit.session.scalar(
            select(EvidenceBundle.id).where(
                EvidenceBundle.territory_id == account.territory_id,
                EvidenceBundle.first_day == year.first,
                EvidenceBundle.made_at.is_(None),
                EvidenceBundle.failed_at.is_(None),
            )
        )
        if waiting is not None:
            return waiting
        bundle_id = uuid.uuid4()
        unit.session.add(
            EvidenceBundle(
                id=bundle_id,
                territory_id=account.territory_id,
                first_day=year.first,
                asked_by=account.user_id,
                asked_at=unit.now,
                made_at=None,
                failed_at=None,
                digest=None,
                content=None,
            )
        )
        unit.promise(Job.MAKE_EVIDENCE, {"bundle_id": bundle_id})
    return bundle_id


def make_evidence(house: House, claim: Claim) -> None:
    """Make a file that was asked for; one that is made already stays as it is."""
    bundle_id = claim.id("bundle_id")
    with house.db.reading() as session:
        found = session.execute(
            select(
                EvidenceBundle.territory_id,
                EvidenceBundle.first_day,
                EvidenceBundle.made_at,
                Territory.name,
                Territory.timezone,
            )
            .join(Territory, Territory.id == EvidenceBundle.territory_id)
            .where(EvidenceBundle.id == bundle_id)
        ).one_or_none()
    if found is None or found.made_at is not None:
        house.db.keep(claim)
        return
    zone = ZoneInfo(found.timezone)
    years = contract_years(house.db, found.territory_id)
    year = year_of(years, found.first_day, found.first_day)
    breath = _Breath(house, claim)
    content = evidence_zip(
        Dossier(
            settlement=settled(house, found.territory_id, zone, year),
            territory=found.name,
            zone=zone,
            made_on=local_day(house.clock(), zone),
            behind=_behind(house, breath, found.territory_id, zone, year),
            seal=_last_seal(house),
            part_label=lambda dimension, part: part_label(
                dimension, part, house.catalogue, house.communes
            ),
        ),
        breath,
    )
    digest = hashlib.sha256(content).hexdigest()
    with house.db.transaction(found.territory_id, ENGINE, keeping=claim) as unit:
        unit.session.execute(
            update(EvidenceBundle)
            .where(EvidenceBundle.id == bundle_id)
            .values(content=content, digest=digest, made_at=unit.now)
        )
        unit.record(EvidenceMade(bundle_id=bundle_id, day=str(found.first_day), digest=digest))


def give_up(house: House, claim: Claim) -> None:
    """Tell whoever asked that the file will not come."""
    with house.db.writing() as session:
        session.execute(
            update(EvidenceBundle)
            .where(EvidenceBundle.id == claim.id("bundle_id"), EvidenceBundle.made_at.is_(None))
            .values(failed_at=house.clock())
        )


def _behind(
    house: House, breath: "_Breath", territory_id: UUID, zone: ZoneInfo, year: Contract
) -> Behind:
    """Everything behind the lines of the log, up to today."""
    codes = {line.indicator for line in year.lines() if line.source is Source.LOG}
    last = min(local_day(house.clock(), zone), year.last)
    if not codes or last < year.first:
        return nothing_behind(codes)
    return everything_behind(
        house.db,
        territory_id,
        calendar.period(year.first, last, zone),
        codes,
        breath,
    )


class _Breath:
    """Keeps the promise ours while work goes on, four times within its lease."""

    def __init__(self, house: House, claim: Claim) -> None:
        self._house = house
        self._claim = claim
        self._last = time.monotonic()

    def __call__(self) -> None:
        """Prolong the lease if a quarter of it has passed. Raises LeaseLostError."""
        lease = self._house.settings.promise_lease
        if time.monotonic() - self._last > lease / 4:
            keeping.prolong(self._house.db, self._claim, lease)
            self._last = time.monotonic()


def _last_seal(house: House) -> Seal | None:
    with house.db.reading() as session:
        row = session.scalars(select(DaySeal).order_by(DaySeal.day.desc()).limit(1)).first()
    return None if row is None else Seal(row.day, row.digest)
