"""Matching a territory's waiting queue, and giving back in time what nobody could take."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, or_, select, update

from config.logging import get_logger
from dispatcher.domain.errors import BookedAlreadyError, SlotFullError, UnavailableError
from dispatcher.domain.events import CLOCK, ENGINE, SearchFoundNothing
from dispatcher.domain.jobs import Job
from dispatcher.domain.matching.assign import Assignment, assign, why_not
from dispatcher.domain.matching.candidates import Refusals
from dispatcher.domain.states import (
    LIVE_REQUESTS,
    WAITING_REQUESTS,
    Attention,
    RequestStatus,
)
from dispatcher.reads import queue
from dispatcher.reads.roads import roads_between
from dispatcher.services.attention import put_in_front
from dispatcher.services.booking import Choice, book, note_lost_booking
from dispatcher.services.delays import in_danger_at
from dispatcher.services.house import House
from dispatcher.services.requests import lock_request
from dispatcher.storage import keeping
from dispatcher.storage.columns import table_of
from dispatcher.storage.engines import rows_changed
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.territories import MatchingLease, Territory
from dispatcher.storage.unit import Claim, LeaseLostError, mark_done

log = get_logger(__name__)
ROUNDS = 5
"""How often a run goes on with those who lost their place to somebody faster."""
HANDED_OVER_SECONDS = 5.0
"""A run that found another one at work looks again after this long whether that one served it."""

_STATUS = select(CareRequest.status).where(CareRequest.id == bindparam("request"))
_LEASES = table_of(MatchingLease)
_OF_TERRITORY = update(_LEASES).where(_LEASES.c.territory_id == bindparam("territory"))
_OWN = _OF_TERRITORY.where(_LEASES.c.token == bindparam("owner"))
_TAKE_LEASE = (
    _OF_TERRITORY.where(
        or_(_LEASES.c.lease_until.is_(None), _LEASES.c.lease_until < bindparam("now"))
    )
    .values(token=bindparam("owner"), lease_until=bindparam("until"))
    .returning(_LEASES.c.again)
)
_ASK_AGAIN = _OF_TERRITORY.values(again=_LEASES.c.again + 1)
_GIVE_UP = _OWN.values(token=None, lease_until=None)
_HAND_BACK = _GIVE_UP.where(_LEASES.c.again == bindparam("seen"))
_GO_AGAIN = _OWN.values(lease_until=bindparam("until")).returning(_LEASES.c.again)


@dataclass(frozen=True, slots=True)
class _Lease:
    territory_id: UUID
    token: UUID
    again: int


def match_waiting(house: House, claim: Claim) -> int:
    """Match the territory's waiting queue with its slots; returns how many were booked.

    Runs of one territory do not overlap: a run that finds another at work asks it to go round
    again, and comes back later only to see that it was done.
    """
    territory_id = claim.id("territory_id")
    if "request_id" in claim.ids and not _is_searching(house, claim.id("request_id")):
        house.db.keep(claim)
        return 0
    lease = _take_lease(house, territory_id)
    if lease is None:
        due_at = house.clock() + timedelta(seconds=HANDED_OVER_SECONDS)
        keeping.defer(house.db, claim, due_at)
        return 0
    booked = 0
    try:
        while lease is not None:
            for _ in range(ROUNDS):
                taken, lost = _run(house, territory_id)
                booked += taken
                if not lost:
                    break
            lease = _hand_back(house, lease, claim)
    except Exception:
        if lease is not None:
            _give_up(house, lease)  # the next run need not wait for the lease to end
        raise
    return booked


def match_again(house: House, claim: Claim) -> int:
    """The same for those to whom nothing happened but time: this waits behind whoever has called.

    In a country of territories it is most of the matches, all of them due at the same moment.
    """
    return match_waiting(house, claim)


def escalate_request(house: House, claim: Claim) -> None:
    """Put a request that is still waiting in front of the regulator while there is time left.

    Where the territory has come to want it later, the look is promised for that hour.
    """
    request_id = claim.id("request_id")
    with house.db.reading() as session:
        territory_id = session.scalar(
            select(CareRequest.territory_id).where(CareRequest.id == request_id)
        )
    if territory_id is None:
        house.db.keep(claim)
        return
    with house.db.transaction(territory_id, CLOCK, keeping=claim) as unit:
        request = lock_request(unit, request_id)
        look_at = in_danger_at(unit, request)
        if request.status in LIVE_REQUESTS and look_at > unit.now:
            unit.promise(Job.ESCALATE_REQUEST, {"request_id": request_id}, look_at)
        elif request.status in WAITING_REQUESTS and request.attention != Attention.DEADLINE:
            put_in_front(unit, request, Attention.DEADLINE)


def sweep_waiting(house: House, claim: Claim) -> None:
    """Promise a match to every territory with somebody waiting: time alone changes what fits.

    To those, that is, that have not one of these matches due already.
    """
    with house.db.reading() as session:
        territories = session.scalars(
            select(CareRequest.territory_id)
            .where(
                CareRequest.status.in_(queue.MATCHED_REQUESTS),
                CareRequest.accepted_offer_id.is_(None),
            )
            .distinct()
        ).all()
        owed = keeping.owed_to(session, Job.MATCH_AGAIN, house.clock())
    house.db.promise_each(Job.MATCH_AGAIN, sorted(set(territories) - owed), claim)


def _run(house: House, territory_id: UUID) -> tuple[int, int]:
    """One round: read, decide, book each pair. Returns how many were booked and how many lost."""
    with house.db.reading() as session:
        territory = session.get_one(Territory, territory_id)
        rules = queue.rules_of(territory, house.communes)
        needs = queue.waiting_needs(session, rules)
        if not needs:
            return 0, 0
        slots = queue.open_slots(session, rules, house.clock(), needs=needs)
    roads = roads_between(house.routing, rules, needs, slots)
    decision = assign(needs, slots, rules.weights, house.clock(), rules.limits, roads)
    given = {pair.request_id for pair in decision.pairs}
    served = [need for need in needs if need.request_id in given]
    others = why_not(served, slots, rules.weights, house.clock(), rules.limits, roads)
    booked = 0
    failures: list[Exception] = []
    for choice in _choices(decision, others):
        try:
            booked += _book_pair(house, territory_id, choice)
        except UnavailableError:
            raise
        except Exception as error:
            # One that cannot be booked must not keep a whole territory from being served.
            log.exception("pair_not_booked", care_request=str(choice.request_id))
            failures.append(error)
    if decision.unmatched:
        after = timedelta(minutes=rules.policy.offers.after_minutes)
        _note_refusals(house, territory_id, decision.unmatched, after)
    if failures:
        raise failures[0]
    return booked, len(decision.pairs) - booked


def _choices(decision: Assignment, others: Mapping[UUID, Refusals]) -> list[Choice]:
    """The pairs to be booked, each with why this slot and why not the others."""
    return [
        Choice(
            request_id=pair.request_id,
            slot_id=pair.slot_id,
            seen_at=pair.seen_at,
            distance_km=pair.distance_km,
            terms=[term.as_json() for term in pair.terms],
            refused=others[pair.request_id].as_json(),
            decided_by="engine",
        )
        for pair in decision.pairs
    ]


def _book_pair(house: House, territory_id: UUID, choice: Choice) -> bool:
    try:
        with house.db.transaction(territory_id, ENGINE) as unit:
            book(house, unit, choice)
    except SlotFullError:
        note_lost_booking(house, territory_id, ENGINE, choice.request_id, choice.slot_id)
        return False
    except BookedAlreadyError:
        return False
    return True


def _note_refusals(
    house: House, territory_id: UUID, unmatched: Mapping[UUID, Refusals], after: timedelta
) -> None:
    """Show the regulator what stands in the way; nothing is written where the counts are the same.

    When nothing is found for the first time, volunteers are to be asked `after` the request came.
    All in one transaction, and none where there is nothing new: with many waiting, every request
    and every freed slot comes through here.
    """
    news = _news(house, unmatched)
    if not news:
        return
    with house.db.transaction(territory_id, ENGINE) as unit:
        waiting = unit.session.scalars(
            select(CareRequest)
            .where(
                CareRequest.id.in_(news),
                CareRequest.status.in_(queue.MATCHED_REQUESTS),
                CareRequest.accepted_offer_id.is_(None),
            )
            .order_by(CareRequest.id)
            .with_for_update()
        ).all()
        for request in waiting:
            refusals = unmatched[request.id].as_json()
            # While volunteers are being asked the regulator has nothing to do yet.
            is_searching = request.status == RequestStatus.SEARCHING
            is_first = is_searching and request.attention is None
            if is_searching and (is_first or not request.refused):
                ask_at = max(request.asked_at + after, unit.now)
                unit.promise(Job.ASK_VOLUNTEERS, {"request_id": request.id}, ask_at)
            before = request.refused.get("refused", {})
            if not is_first and before == refusals["refused"]:
                continue
            if is_first or before.keys() != refusals["refused"].keys():
                # The log is told of reasons, not of each slot that comes and goes.
                unit.record(SearchFoundNothing(request_id=request.id, refused=refusals["refused"]))
            if is_first:
                put_in_front(unit, request, Attention.NO_SLOT)
            request.refused = refusals
            request.updated_at = unit.now


def _news(house: House, unmatched: Mapping[UUID, Refusals]) -> list[UUID]:
    """The requests of which something else is known than what stands with them."""
    with house.db.reading() as session:
        known = session.execute(
            select(
                CareRequest.id, CareRequest.status, CareRequest.attention, CareRequest.refused
            ).where(CareRequest.id.in_(unmatched))
        ).all()
    return [
        row.id
        for row in known
        if (row.status == RequestStatus.SEARCHING and row.attention is None)
        or row.refused.get("refused") != dict(unmatched[row.id].refused)
    ]


def _is_searching(house: House, request_id: UUID) -> bool:
    with house.db.reading() as session:
        status = session.scalar(_STATUS, {"request": request_id})
    return status in queue.MATCHED_REQUESTS


def _take_lease(house: House, territory_id: UUID) -> _Lease | None:
    """Own the territory's matching; None if another run does, which is then asked to go again."""
    token = uuid.uuid4()
    wish = {
        "territory": territory_id,
        "owner": token,
        "now": house.clock(),
        "until": _lease_end(house),
    }
    with house.db.writing() as session:
        again = session.scalar(_TAKE_LEASE, wish)
        if again is None:
            session.execute(_ASK_AGAIN, {"territory": territory_id})
            # handed back between the two: nobody would go again
            again = session.scalar(_TAKE_LEASE, wish)
    return None if again is None else _Lease(territory_id, token, again)


def _hand_back(house: House, lease: _Lease, claim: Claim) -> _Lease | None:
    """Give the lease back and keep the promise in one commit, unless a run was asked for meanwhile.

    Then the lease stays ours, for one more. Raises LeaseLostError when it, or the promise, has
    passed to another run.
    """
    own = {"territory": lease.territory_id, "owner": lease.token}
    with house.db.writing() as session:
        given = session.execute(_HAND_BACK, own | {"seen": lease.again})
        if rows_changed(given):
            mark_done(session, claim, house.clock())
            return None
        again = session.scalar(_GO_AGAIN, own | {"until": _lease_end(house)})
        if again is None:
            raise LeaseLostError
        return _Lease(lease.territory_id, lease.token, again)


def _give_up(house: House, lease: _Lease) -> None:
    """Free the lease after a run that failed; the failure itself is the caller's to tell."""
    with house.db.writing() as session:
        session.execute(_GIVE_UP, {"territory": lease.territory_id, "owner": lease.token})


def _lease_end(house: House) -> datetime:
    return house.clock() + timedelta(seconds=house.settings.promise_lease)
