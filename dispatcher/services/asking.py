"""Asking volunteers, in waves, when no published slot fits."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, func, insert, select, update

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import NotFoundError, RefusedError, TransitionError
from dispatcher.domain.events import (
    CLOCK,
    ENGINE,
    OfferMade,
    RequestSearched,
    VolunteersAsked,
)
from dispatcher.domain.jobs import Job
from dispatcher.domain.messages import NOT_ARRIVED, MessageKind
from dispatcher.domain.offers import Wave, Way, next_wave
from dispatcher.domain.policy import OfferPolicy
from dispatcher.domain.roles import Account
from dispatcher.domain.states import (
    LIVE_OFFERS,
    REQUEST_TRANSITIONS,
    WAITING_REQUESTS,
    Attention,
    OfferStatus,
    RequestStatus,
    check_transition,
)
from dispatcher.reads import queue
from dispatcher.reads.volunteers import Askable, askable
from dispatcher.services.house import House
from dispatcher.services.offers import link_token, nobody_answered, tell, territory_of_request
from dispatcher.services.requests import lock_request, resume_search
from dispatcher.storage import keeping
from dispatcher.storage.columns import table_of
from dispatcher.storage.encryption import digest_token
from dispatcher.storage.engines import rows_changed
from dispatcher.storage.messages import Message
from dispatcher.storage.offers import Offer
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Claim, Unit

BY_THE_ENGINE = "engine"
_CALLED_OUT = (RequestStatus.SEARCHING, RequestStatus.OFFERING)

_RENEWED = (
    *("place_id", "wave", "status", "phone_hash", "link_digest", "distance_km"),
    *("made_at", "expires_at", "answered_at"),
)
"""What of an offer is new when somebody who was told that it is taken is asked again."""
_REQUESTS = table_of(CareRequest)
_BEGIN_WAVE = (
    update(_REQUESTS)
    .where(
        _REQUESTS.c.id == bindparam("request"),
        _REQUESTS.c.territory_id == bindparam("territory"),
        _REQUESTS.c.status.in_([status.value for status in _CALLED_OUT]),
        _REQUESTS.c.accepted_offer_id.is_(None),
        _REQUESTS.c.waves == bindparam("seen"),
    )
    .values(
        waves=_REQUESTS.c.waves + 1,
        status=RequestStatus.OFFERING.value,
        updated_at=bindparam("now"),
    )
    .returning(_REQUESTS.c.code, _REQUESTS.c.attention)
)
"""The guard: two who begin the same wave ask nobody twice."""
_CALM = (
    update(_REQUESTS)
    .where(
        _REQUESTS.c.id == bindparam("request"),
        _REQUESTS.c.attention.in_([Attention.NO_SLOT.value, Attention.NOBODY_ANSWERED.value]),
    )
    .values(attention=None)
)
"""While volunteers are being asked the regulator has nothing to do about finding a slot."""
_OFFERS = table_of(Offer)
_WRITE_OFFERS = insert(_OFFERS)
_ASK_AGAIN = (
    update(_OFFERS)
    .where(
        _OFFERS.c.id == bindparam("again"),
        # a no that came meanwhile stands
        _OFFERS.c.status == OfferStatus.TOO_LATE.value,
    )
    .values({name: bindparam(name) for name in _RENEWED})
)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A request whose volunteers are to be asked, as it was read; `until` is the latest hour."""

    territory_id: UUID
    request_id: UUID
    status: RequestStatus
    delay_hours: int
    waves: int
    until: datetime
    opens_at: datetime
    """When volunteers may be disturbed: now, or when the hours of unscheduled care begin again."""
    policy: OfferPolicy
    is_answered: bool
    """Whether a yes waits for its hour."""
    is_waited_for: bool
    """Whether the last wave still has time, and somebody in it who may answer."""
    wave: Wave
    people: Mapping[UUID, Askable]


def ask_volunteers(house: House, claim: Claim) -> int:
    """Ask the next wave of a request, if it is time; returns how many were asked.

    It is when no slot was found within the territory's `offers.after_minutes`, when the last wave
    had its time, and at once when everybody in it said no; nobody is woken at night unless the
    territory works then (`outside_hours`). With nobody left to ask, the request
    stands before the regulator (`Attention.NOBODY_ANSWERED`).
    """
    territory_id = territory_of_request(house, claim.id("request_id"))
    plan = None if territory_id is None else _read(house, territory_id, claim.id("request_id"))
    if (
        plan is None
        or plan.status not in _CALLED_OUT
        or plan.is_answered
        or plan.is_waited_for
        or (plan.status == RequestStatus.SEARCHING and not plan.policy.automatic)
    ):
        house.db.keep(claim)
        return 0
    if plan.wave.asked and plan.until > house.clock():
        if plan.opens_at > house.clock():
            keeping.defer(house.db, claim, plan.opens_at, "outside hours")
            return 0
        with house.db.transaction(plan.territory_id, ENGINE, keeping=claim) as unit:
            return _ask(house, unit, plan, BY_THE_ENGINE)
    if not plan.waves and not plan.wave.unreachable:  # no slot, no volunteer: the board says so
        house.db.keep(claim)
        return 0
    with house.db.transaction(plan.territory_id, CLOCK, keeping=claim) as unit:
        _nobody_left(unit, plan)
    return 0


def ask_now(house: House, account: Account, request_id: UUID) -> int:
    """A regulator does not want to wait: ask the next wave now; returns how many were asked.

    An open request is searched again first. Raises NotFoundError, TransitionError (booked, closed,
    or accepted by a volunteer already), and RefusedError `nobody-to-ask` with the reason.
    """
    plan = _read(house, account.territory_id, request_id)
    if plan is None:
        raise NotFoundError
    if plan.is_answered:
        raise TransitionError(
            f"Un volontaire a déjà accepté cette demande{NBSP}: son heure est attendue."
        )
    searched = plan.status if plan.status in _CALLED_OUT else RequestStatus.SEARCHING
    if plan.status != searched:
        check_transition(REQUEST_TRANSITIONS, plan.status, searched)
        if plan.status != RequestStatus.OPEN:
            raise TransitionError("Cette demande a déjà un rendez-vous.")
    if plan.until <= house.clock():
        raise RefusedError(
            "nobody-to-ask",
            f"Le délai demandé est dépassé{NBSP}: plus aucun volontaire ne peut être sollicité."
            " Réservez à la main ou réorientez le patient.",
        )
    if not plan.wave.asked:
        raise RefusedError("nobody-to-ask", _why_nobody(plan))
    with house.db.transaction(account.territory_id, account.actor) as unit:
        if plan.status == RequestStatus.OPEN:
            _search(unit, request_id)
        asked = _ask(house, unit, plan, account.role.value)
        if not asked:
            raise TransitionError(
                f"Cette demande vient de changer{NBSP}: rien n’a été envoyé. Rechargez la page."
            )
    return asked


def _why_nobody(plan: _Plan) -> str:
    waves = "Tous les volontaires qui conviennent ont été sollicités."
    sentence = waves if plan.waves else "Aucun volontaire ne convient à cette demande."
    count = len(plan.wave.unreachable)
    if not count:
        return sentence
    if count == 1:
        return f"{sentence} Un autre ne peut pas recevoir de SMS{NBSP}: appelez-le."
    return f"{sentence} {count} autres ne peuvent pas recevoir de SMS{NBSP}: appelez-les."


def _read(house: House, territory_id: UUID, request_id: UUID) -> _Plan | None:
    """The request and who comes next; None where the territory has no such request."""
    now = house.clock()
    with house.db.reading() as session:
        request = session.scalars(
            select(CareRequest).where(
                CareRequest.id == request_id, CareRequest.territory_id == territory_id
            )
        ).one_or_none()
        if request is None:
            return None
        territory = session.get_one(Territory, territory_id)
        rules = queue.rules_of(territory, house.communes)
        people = askable(session, house.db.cipher, request, rules, now)
        last = session.scalar(
            select(func.max(Offer.made_at)).where(
                Offer.request_id == request_id, Offer.wave == request.waves
            )
        )
        open_ones = session.scalar(
            select(func.count())
            .select_from(Offer)
            .join(
                Message,
                and_(
                    Message.request_id == Offer.request_id,
                    Message.offer_id == Offer.id,
                    Message.kind == MessageKind.OFFER,
                    Message.created_at >= Offer.made_at,
                ),
            )
            .where(
                Offer.request_id == request_id,
                Offer.wave == request.waves,
                Offer.status.in_(LIVE_OFFERS),
                # whom the SMS did not reach is not waited for
                Message.status.not_in([status.value for status in NOT_ARRIVED]),
            )
        )
    offers = rules.policy.offers
    is_open = rules.policy.outside_hours or rules.hours.is_snp(now)
    has_time = last is not None and last + offers.widen_after(request.delay_hours) > now
    return _Plan(
        territory_id=territory_id,
        request_id=request_id,
        status=RequestStatus(request.status),
        delay_hours=request.delay_hours,
        waves=request.waves,
        opens_at=now if is_open else rules.hours.next_opening(now),
        until=request.due_at + timedelta(hours=rules.policy.grace_hours),
        policy=offers,
        is_answered=request.accepted_offer_id is not None and request.status in WAITING_REQUESTS,
        is_waited_for=has_time and bool(open_ones),
        wave=next_wave(
            queue.need_of(request, rules),
            [each.volunteer for each in people.values()],
            offers.wave_size,
            now,
        ),
        people=people,
    )


def _ask(house: House, unit: Unit, plan: _Plan, asked_by: str) -> int:
    """Write the wave, unless the request has moved on; returns how many were asked."""
    begun = unit.session.execute(
        _BEGIN_WAVE,
        {
            "request": plan.request_id,
            "territory": plan.territory_id,
            "seen": plan.waves,
            "now": unit.now,
        },
    ).one_or_none()
    if begun is None:
        return 0
    unit.session.execute(_CALM, {"request": plan.request_id})
    offers = [_offer(house, unit, plan, begun.code, way) for way in plan.wave.asked]
    offers = [each for each in offers if _write(unit, plan, each)]
    unit.record(
        VolunteersAsked(
            request_id=plan.request_id,
            wave=plan.waves + 1,
            asked=len(offers),
            unreachable=len(plan.wave.unreachable),
            asked_by=asked_by,
        )
    )
    for offer in offers:
        unit.record(
            OfferMade(
                offer_id=offer["id"],
                request_id=plan.request_id,
                practitioner_id=offer["practitioner_id"],
                wave=offer["wave"],
                distance_km=offer["distance_km"],
            )
        )
    tell(house, unit, MessageKind.OFFER, [offer["id"] for offer in offers])
    ids = {"request_id": plan.request_id}
    has = plan.policy.widen_after(plan.delay_hours) if offers else timedelta()
    unit.promise(Job.ASK_VOLUNTEERS, ids, unit.now + has)
    unit.promise(Job.EXPIRE_OFFERS, ids, plan.until)
    return len(offers)


def _offer(house: House, unit: Unit, plan: _Plan, code: str, way: Way) -> dict[str, Any]:
    person = plan.people[way.practitioner_id]
    offer_id = person.told_taken or uuid.uuid4()
    phone = person.phone
    if phone is None:
        raise LookupError("a wave holds nobody who cannot be reached")
    return {
        "id": offer_id,
        "territory_id": unit.territory_id,
        "request_id": plan.request_id,
        "practitioner_id": way.practitioner_id,
        "place_id": way.place_id,
        "wave": plan.waves + 1,
        "status": OfferStatus.PROMISED.value,
        "phone_hash": unit.cipher.hash(phone),
        "code": code,
        "link_digest": digest_token(link_token(house, offer_id)),
        "distance_km": way.distance_km,
        "words": None,
        "made_at": unit.now,
        "expires_at": plan.until,
        "answered_at": None,
    }


def _write(unit: Unit, plan: _Plan, offer: Mapping[str, Any]) -> bool:
    """Write a new offer, or renew the one of before; False if its volunteer has said no since."""
    if plan.people[offer["practitioner_id"]].told_taken is None:
        unit.session.execute(_WRITE_OFFERS, offer)
        return True
    renewed = {name: offer[name] for name in _RENEWED}
    again = unit.session.execute(_ASK_AGAIN, {"again": offer["id"], **renewed})
    return rows_changed(again) > 0


def _nobody_left(unit: Unit, plan: _Plan) -> None:
    """Nobody is left to ask: the regulator has to know, and of those no SMS can reach."""
    request = lock_request(unit, plan.request_id)
    if (
        request.status not in _CALLED_OUT
        or request.accepted_offer_id is not None
        or request.waves != plan.waves
    ):
        return
    is_news = request.attention != Attention.NOBODY_ANSWERED
    if is_news and plan.wave.unreachable:
        unit.record(
            VolunteersAsked(
                request_id=plan.request_id,
                wave=plan.waves,
                asked=0,
                unreachable=len(plan.wave.unreachable),
                asked_by=BY_THE_ENGINE,
            )
        )
    nobody_answered(unit, request)


def _search(unit: Unit, request_id: UUID) -> None:
    """An open request joins the waiting queue before anybody is asked."""
    request = lock_request(unit, request_id)
    if request.status != RequestStatus.OPEN:
        return
    unit.record(RequestSearched(request_id=request_id))
    resume_search(unit, request)
    unit.session.flush()  # the wave's guard reads this row
