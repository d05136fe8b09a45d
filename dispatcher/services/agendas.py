"""Agendas that practitioners keep elsewhere: adding one, reading it every few minutes, removing it.

A reading that fails changes nothing but what its owner is told: hours that were busy stay so.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from config.logging import get_logger
from dispatcher.domain.agendas.reading import (
    AgendaReading,
    AgendaUnreadableError,
    Fault,
    Finding,
    OfferedHour,
    Span,
)
from dispatcher.domain.agendas.reading import (
    read_agenda as read_file,
)
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.events import CLOCK, AgendaAdded, AgendaRemoved, SlotWithdrawn
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Account
from dispatcher.domain.states import SlotStatus
from dispatcher.gateways.agendas import AgendaNotFetchedError, Fetched, normal_url
from dispatcher.services.agenda_busy import follow_agendas
from dispatcher.services.agenda_notices import tell_unread
from dispatcher.services.commands import AddAgenda, PublishSlot
from dispatcher.services.house import House
from dispatcher.services.neighbours import match_all_who_see
from dispatcher.services.publication import faults_of, faults_of_place, queue_on, write
from dispatcher.storage.agendas import AgendaFeed, BusyTime
from dispatcher.storage.columns import table_of
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.slots import Slot
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Claim, Unit

log = get_logger(__name__)
URL_FIELD = "agenda_feeds.url"
EVERY = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=6)
_OF_THE_ACTIVE = AgendaFeed.practitioner_id.in_(select(Practitioner.id).where(Practitioner.active))
"""Whoever was taken out of the directory offers nothing that an agenda could close."""
AHEAD = timedelta(days=120)
"""Busy hours are known this far ahead; further slots are looked at as they come nearer."""
UNROLLED_FOR = timedelta(hours=12)
MOST_AGENDAS = 5
AT_THE_PRACTICE = "AMB"
VISIBILITY = ("SNP", "CPTS")


def add_agenda(house: House, account: Account, command: AddAgenda) -> UUID:
    """Have an agenda of the practitioner who is signed in read from now on; it is read at once.

    Raises InvalidError by field, NotFoundError for an account that is no practitioner's.
    """
    if account.practitioner_id is None:
        raise NotFoundError
    try:
        url = normal_url(command.url)
    except AgendaNotFetchedError:
        raise InvalidError(
            {"url": f"Copiez ici l’adresse du calendrier{NBSP}: elle commence par https://."}
        ) from None
    feed_id = uuid.uuid4()
    with house.db.transaction(account.territory_id, account.actor) as unit:
        queue_on(unit, account.practitioner_id)
        if faults := _faults(unit, account.practitioner_id, command, url):
            raise InvalidError(faults)
        unit.session.add(
            AgendaFeed(
                id=feed_id,
                territory_id=unit.territory_id,
                practitioner_id=account.practitioner_id,
                url=unit.cipher.seal(URL_FIELD, feed_id, url),
                url_hash=unit.cipher.hash(url),
                host=urlsplit(url).hostname or "",
                word=command.word,
                place_id=command.place if command.word else None,
                slot_minutes=command.slot_minutes if command.word else None,
                next_at=unit.now + EVERY,
                created_at=unit.now,
            )
        )
        unit.record(AgendaAdded(practitioner_id=account.practitioner_id, feed_id=feed_id))
        unit.promise(Job.READ_AGENDA, {"feed_id": feed_id})
    return feed_id


def remove_agenda(house: House, account: Account, feed_id: UUID) -> None:
    """Read it no more: what it closed is open again, what it offered and is free is taken back.

    Appointments stay. Raises NotFoundError.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        feed = _own(unit, account, feed_id)
        _withdraw_all(unit, _standing(unit, feed.id))
        unit.session.execute(delete(BusyTime).where(BusyTime.feed_id == feed.id))
        unit.session.delete(feed)
        unit.session.flush()
        unit.record(AgendaRemoved(practitioner_id=feed.practitioner_id, feed_id=feed.id))
        if follow_agendas(unit, feed.practitioner_id):
            match_all_who_see(unit, shared=True)


def read_now(house: House, account: Account, feed_id: UUID) -> None:
    """Have it read at once. Raises NotFoundError."""
    with house.db.transaction(account.territory_id, account.actor) as unit:
        feed = _own(unit, account, feed_id)
        feed.next_at = unit.now + EVERY
        unit.promise(Job.READ_AGENDA, {"feed_id": feed_id})


def read_agendas(house: House, claim: Claim) -> int:
    """Promise a reading of each agenda whose turn it is; returns of how many."""
    with house.db.reading() as session:
        due = session.execute(
            select(AgendaFeed.territory_id)
            .where(AgendaFeed.next_at <= house.clock(), _OF_THE_ACTIVE)
            .distinct()
            .order_by(AgendaFeed.territory_id)
        ).scalars()
        territories = list(due)
    promised = 0
    for territory_id in territories:
        with house.db.transaction(territory_id, CLOCK) as unit:
            turn = unit.session.scalars(
                update(AgendaFeed)
                .where(
                    AgendaFeed.territory_id == territory_id,
                    AgendaFeed.next_at <= unit.now,
                    _OF_THE_ACTIVE,
                )
                .values(next_at=unit.now + EVERY)
                .returning(AgendaFeed.id)
            ).all()
            for feed_id in sorted(turn):
                unit.promise(Job.READ_AGENDA, {"feed_id": feed_id})
            promised += len(turn)
    house.db.keep(claim)
    return promised


def read_agenda(house: House, claim: Claim) -> None:
    """Read one agenda: fetched and understood first, written down in one transaction then.

    Nothing of what it says is logged; what is wrong with it is kept for its owner.
    """
    feed_id = claim.id("feed_id")
    with house.db.reading() as session:
        found = _wanted(session, feed_id)
    if found is None:
        house.db.keep(claim)
        return
    now = house.clock()
    try:
        fetched = _fetched(house, found, now)
        reading = None if fetched is None else _understood(found, fetched.content, now)
    except AgendaNotFetchedError as error:
        _note_failure(house, claim, found, error.problem.value, [])
    except AgendaUnreadableError as error:
        _note_failure(house, claim, found, error.finding.fault.value, [error.finding])
    else:
        _note(house, claim, found, fetched, reading)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An agenda to be read."""

    feed: AgendaFeed
    zone: ZoneInfo


def _wanted(session: Session, feed_id: UUID) -> _Wanted | None:
    row = session.execute(
        select(AgendaFeed, Territory.timezone)
        .join(Territory, Territory.id == AgendaFeed.territory_id)
        .where(AgendaFeed.id == feed_id, _OF_THE_ACTIVE)
    ).one_or_none()
    return None if row is None else _Wanted(row[0], ZoneInfo(row.timezone))


def _fetched(house: House, wanted: _Wanted, now: datetime) -> Fetched | None:
    """The file; None when neither it nor what it says of the weeks ahead has changed."""
    feed = wanted.feed
    url = house.db.cipher.open(URL_FIELD, feed.id, feed.url)
    is_fresh = feed.unrolled_at is not None and now - feed.unrolled_at < UNROLLED_FOR
    if is_fresh:
        return house.agendas.fetch(url, feed.etag, feed.last_modified)
    return house.agendas.fetch(url)


def _understood(wanted: _Wanted, content: bytes, now: datetime) -> AgendaReading:
    return read_file(content, wanted.zone, now, now + AHEAD, wanted.feed.word)


def _note_failure(
    house: House, claim: Claim, wanted: _Wanted, problem: str, findings: Sequence[Finding]
) -> None:
    """Tell the owner, and ask less and less often."""
    log.info("agenda_not_read", problem=problem)
    with house.db.transaction(wanted.feed.territory_id, CLOCK, keeping=claim) as unit:
        feed = unit.session.get(AgendaFeed, wanted.feed.id, with_for_update=True)
        if feed is None:  # removed meanwhile
            return
        feed.problem = problem
        feed.findings = [finding.as_json() for finding in findings]
        feed.failures += 1
        feed.next_at = unit.now + min(EVERY * 2 ** min(feed.failures, 10), LONGEST_PAUSE)
        tell_unread(house, unit, feed, wanted.zone)


def _note(
    house: House,
    claim: Claim,
    wanted: _Wanted,
    fetched: Fetched | None,
    reading: AgendaReading | None,
) -> None:
    """What was read takes the place of what was known, slots included, in one commit."""
    with house.db.transaction(wanted.feed.territory_id, CLOCK, keeping=claim) as unit:
        queue_on(unit, wanted.feed.practitioner_id)
        feed = unit.session.get(AgendaFeed, wanted.feed.id, with_for_update=True)
        if feed is None:
            return
        feed.read_at, feed.problem, feed.failures = unit.now, None, 0
        if fetched is None or reading is None:
            return
        feed.etag, feed.last_modified = fetched.etag, fetched.last_modified
        feed.unrolled_at = unit.now
        _replace_busy(unit, feed, reading.busy)
        opened, overlapping = _follow_offered(house, unit, feed, wanted.zone, reading.offered)
        feed.findings = [finding.as_json() for finding in (*reading.findings, *overlapping)]
        freed = follow_agendas(unit, feed.practitioner_id)
        if opened or freed:
            match_all_who_see(unit, shared=freed)


def _replace_busy(unit: Unit, feed: AgendaFeed, busy: Sequence[Span]) -> None:
    unit.session.execute(delete(BusyTime).where(BusyTime.feed_id == feed.id))
    if busy:
        unit.session.execute(
            insert(table_of(BusyTime)),
            [
                {
                    "feed_id": feed.id,
                    "start_at": span.start,
                    "ends_at": span.end,
                    "practitioner_id": feed.practitioner_id,
                }
                for span in busy
            ],
        )


def _follow_offered(
    house: House, unit: Unit, feed: AgendaFeed, zone: ZoneInfo, offered: Sequence[OfferedHour]
) -> tuple[bool, list[Finding]]:
    """Publish what the agenda offers now, take back what it does not any more.

    Returns whether something was published, and what could not be.
    """
    wished = {key: span for hour in offered for key, span in _parts(hour, feed.slot_minutes)}
    standing = _standing(unit, feed.id)
    known = {slot.feed_key for slot in standing}
    _withdraw_all(unit, [slot for slot in standing if slot.feed_key not in wished])
    published, findings = False, []
    for key, span in wished.items():
        if key in known or span.start <= unit.now or feed.place_id is None:
            continue
        command = PublishSlot(
            practitioner=feed.practitioner_id,
            place=feed.place_id,
            start=span.start,
            end=span.end,
            modality=AT_THE_PRACTICE,
            visibility=list(VISIBILITY),
        )
        if faults_of(house, command, unit.now) or faults_of_place(unit, command, zone):
            findings.append(Finding(Fault.OVERLAPS))
            continue
        slot_id = uuid.uuid4()
        write(unit, command, slot_id)
        unit.session.execute(
            update(Slot).where(Slot.id == slot_id).values(feed_id=feed.id, feed_key=key)
        )
        published = True
    return published, findings[:1]


def _parts(hour: OfferedHour, minutes: int | None) -> list[tuple[str, Span]]:
    """An event as one slot, or cut into slots of so many minutes; what is left over is dropped."""
    if minutes is None:
        return [(hour.key, hour.span)]
    lasts = timedelta(minutes=minutes)
    count = (hour.span.end - hour.span.start) // lasts
    starts = [hour.span.start + number * lasts for number in range(count)]
    return [
        (f"{hour.key}.{number}", Span(start, start + lasts)) for number, start in enumerate(starts)
    ]


def _standing(unit: Unit, feed_id: UUID) -> Sequence[Slot]:
    """The slots that an agenda offered and that are to come."""
    return unit.session.scalars(
        select(Slot)
        .where(
            Slot.feed_id == feed_id,
            Slot.start_at > unit.now,
            Slot.status != SlotStatus.CLOSED.value,
        )
        .order_by(Slot.start_at, Slot.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _withdraw_all(unit: Unit, slots: Sequence[Slot]) -> None:
    """Close them: who was booked there is still expected."""
    for slot in slots:
        slot.status, slot.closed_at = SlotStatus.CLOSED, unit.now
        unit.record(
            SlotWithdrawn(
                slot_id=slot.id,
                practitioner_id=slot.practitioner_id,
                start=slot.start_at,
                places=slot.taken,
                closed=True,
            )
        )
    unit.session.flush()  # a slot at the same hour may be published next


def _own(unit: Unit, account: Account, feed_id: UUID) -> AgendaFeed:
    """Their agenda, with their slots to itself. Raises NotFoundError."""
    if account.practitioner_id is None:
        raise NotFoundError
    queue_on(unit, account.practitioner_id)
    feed = unit.session.scalars(
        select(AgendaFeed)
        .where(
            AgendaFeed.id == feed_id,
            AgendaFeed.territory_id == account.territory_id,
            AgendaFeed.practitioner_id == account.practitioner_id,
        )
        .with_for_update()
    ).one_or_none()
    if feed is None:
        raise NotFoundError
    return feed


def _faults(unit: Unit, practitioner_id: UUID, command: AddAgenda, url: str) -> dict[str, str]:
    faults: dict[str, str] = {}
    known = unit.session.execute(
        select(AgendaFeed.url_hash).where(AgendaFeed.practitioner_id == practitioner_id)
    ).all()
    if {row.url_hash for row in known} & set(unit.cipher.hashes(url)):
        faults["url"] = "Cet agenda est déjà relié."
    elif len(known) >= MOST_AGENDAS:
        faults["url"] = f"Cinq agendas au plus{NBSP}: retirez-en un d’abord."
    if command.word and not _is_place_of(unit, practitioner_id, command.place):
        faults["place"] = "Choisissez le lieu de ces créneaux."
    return faults


def _is_place_of(unit: Unit, practitioner_id: UUID, place_id: UUID | None) -> bool:
    found = unit.session.scalar(
        select(Place.id).where(
            Place.id == place_id,
            Place.practitioner_id == practitioner_id,
            Place.closed_at.is_(None),
        )
    )
    return found is not None
