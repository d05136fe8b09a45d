"""Offers to volunteers: their rows and their SMS, and how they end when nobody needs them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select, update

from dispatcher.domain import calendar
from dispatcher.domain.events import (
    CLOCK,
    Actor,
    ActorKind,
    OfferDeclined,
    OfferEnded,
)
from dispatcher.domain.jobs import Job
from dispatcher.domain.messages import MessageKind
from dispatcher.domain.states import (
    LIVE_OFFERS,
    OFFER_TRANSITIONS,
    Attention,
    OfferStatus,
    RequestStatus,
    check_transition,
)
from dispatcher.services.attention import put_in_front
from dispatcher.services.house import House
from dispatcher.services.notices import shown_phone, signed_link
from dispatcher.services.practitioner_notices import Notice, tell_practitioners
from dispatcher.services.requests import lock_request
from dispatcher.storage.columns import table_of
from dispatcher.storage.encryption import digest_token
from dispatcher.storage.offers import Offer
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Claim, Unit

_OFFERS = table_of(Offer)
_STILL_ASKED = [status.value for status in LIVE_OFFERS]
_NO_OFFER = UUID(int=0)
# Made once: every booking comes through here.
_END = (
    update(_OFFERS)
    .where(
        _OFFERS.c.request_id == bindparam("request"),
        _OFFERS.c.status.in_([*_STILL_ASKED, OfferStatus.ACCEPTED.value]),
        _OFFERS.c.id != bindparam("keep"),
    )
    .values(status=OfferStatus.TOO_LATE.value)
    .returning(_OFFERS.c.id, _OFFERS.c.practitioner_id)
)


def end_offers(
    house: House, unit: Unit, request_id: UUID, *, keep: UUID | None = None
) -> list[UUID]:
    """The request needs no volunteer any more: end what is still open, and tell those asked.

    To be called in the transaction that ends the wait, under the request's lock. `keep` is the
    offer that won. A yes that waits for its hour ends like the others: the caller takes care of
    `accepted_offer_id`. Returns the offers that were ended.
    """
    ended = unit.session.execute(_END, {"request": request_id, "keep": keep or _NO_OFFER}).all()
    for row in ended:
        unit.record(
            OfferEnded(
                offer_id=row.id,
                request_id=request_id,
                practitioner_id=row.practitioner_id,
                status=OfferStatus.TOO_LATE.value,
            )
        )
    ids = [row.id for row in ended]
    tell(house, unit, MessageKind.OFFER_TAKEN, ids)
    return ids


def end_acceptance(unit: Unit, request: CareRequest, *, taken_back: bool) -> None:
    """The appointment of an accepted offer is over before it began: its yes counts no more.

    `taken_back` when the practitioner gave it up. The caller holds the request's lock. Does nothing
    for a request that was booked without an offer.
    """
    offer_id, request.accepted_offer_id = request.accepted_offer_id, None
    if offer_id is None:
        return
    offer = lock_offer(unit, offer_id)
    status = OfferStatus.DECLINED if taken_back else OfferStatus.TOO_LATE
    check_transition(OFFER_TRANSITIONS, OfferStatus(offer.status), status)
    offer.status = status
    whose = {
        "offer_id": offer.id,
        "request_id": request.id,
        "practitioner_id": offer.practitioner_id,
    }
    unit.record(OfferDeclined(**whose) if taken_back else OfferEnded(**whose, status=status.value))


def give_up_acceptance(
    house: House, unit: Unit, request: CareRequest, offer: Offer, status: OfferStatus
) -> None:
    """A yes without an hour is given up, by either side or the clock: the search goes on at once.

    The caller holds the locks of the request and of the offer that it accepted.
    """
    request.accepted_offer_id = None
    check_transition(OFFER_TRANSITIONS, OfferStatus(offer.status), status)
    offer.status = status
    if request.attention == Attention.HOUR_MISSING:
        request.attention = None
    request.updated_at = unit.now
    whose = {
        "offer_id": offer.id,
        "request_id": request.id,
        "practitioner_id": offer.practitioner_id,
    }
    if status == OfferStatus.DECLINED:
        unit.record(OfferDeclined(**whose), actor=by_practitioner(offer))
    else:
        unit.record(OfferEnded(**whose, status=status.value))
        unit.session.flush()  # the notice reads this row
        tell(house, unit, MessageKind.OFFER_RELEASED, [offer.id])
    go_on(unit, request.id)


def go_on(unit: Unit, request_id: UUID) -> None:
    """Look at once whether a slot fits by now, and whom to ask next."""
    unit.promise(Job.MATCH_WAITING, {"territory_id": unit.territory_id, "request_id": request_id})
    unit.promise(Job.ASK_VOLUNTEERS, {"request_id": request_id})


def expire_offers(house: House, claim: Claim) -> int:
    """End the offers of a request that nobody answered in time; returns how many.

    A yes whose hour was never chosen expires too. Nobody is left to answer then: the request
    stands before the regulator.
    """
    request_id = claim.id("request_id")
    territory_id = territory_of_request(house, request_id)
    if territory_id is None:
        house.db.keep(claim)
        return 0
    with house.db.transaction(territory_id, CLOCK, keeping=claim) as unit:
        request = lock_request(unit, request_id)
        expired = unit.session.execute(
            update(_OFFERS)
            .where(
                _OFFERS.c.request_id == request_id,
                _OFFERS.c.status.in_(_STILL_ASKED),
                _OFFERS.c.expires_at <= unit.now,
            )
            .values(status=OfferStatus.EXPIRED.value)
            .returning(_OFFERS.c.id, _OFFERS.c.practitioner_id)
        ).all()
        for row in expired:
            unit.record(
                OfferEnded(
                    offer_id=row.id,
                    request_id=request_id,
                    practitioner_id=row.practitioner_id,
                    status=OfferStatus.EXPIRED.value,
                )
            )
        if request.status != RequestStatus.OFFERING:
            return len(expired)
        if request.accepted_offer_id is not None:
            accepted = lock_offer(unit, request.accepted_offer_id)
            if accepted.expires_at <= unit.now:
                give_up_acceptance(house, unit, request, accepted, OfferStatus.EXPIRED)
        if request.accepted_offer_id is None and not _is_asked(unit, request_id):
            nobody_answered(unit, request)
    return len(expired)


def nobody_answered(unit: Unit, request: CareRequest) -> None:
    """Everybody who could be asked was, and none said yes: back to the regulator, still searched.

    Offers that are still open can be accepted all the same. The caller holds the request's lock.
    """
    if request.status == RequestStatus.OFFERING:
        request.status = RequestStatus.SEARCHING
    elif request.attention in {Attention.NOBODY_ANSWERED, Attention.DEADLINE}:
        return
    put_in_front(unit, request, Attention.NOBODY_ANSWERED)


def lock_offer(unit: Unit, offer_id: UUID) -> Offer:
    """The offer as it stands now, locked; the caller holds its request's lock already."""
    return unit.session.scalars(
        select(Offer)
        .where(Offer.id == offer_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def by_practitioner(offer: Offer) -> Actor:
    """The author of an answer."""
    return Actor(ActorKind.PRACTITIONER, offer.practitioner_id)


def territory_of_request(house: House, request_id: UUID) -> UUID | None:
    """For jobs, whose promises know the request alone."""
    with house.db.reading() as session:
        return session.scalar(select(CareRequest.territory_id).where(CareRequest.id == request_id))


def link_token(house: House, offer_id: UUID) -> str:
    """The secret of an offer's link, which every SMS about it can show."""
    return signed_link(house, "offer-link", offer_id)


@dataclass(frozen=True, slots=True)
class _Known:
    """What an SMS about an offer may need."""

    offer_id: UUID
    practitioner_id: UUID
    phone: str
    code: str
    request_id: UUID
    wave: int
    expires_at: datetime


def tell(
    house: House,
    unit: Unit,
    kind: MessageKind,
    offer_ids: Collection[UUID],
    *,
    answering: UUID | None = None,
    reason: str = "",
) -> None:
    """Write the same SMS about several offers, each to its volunteer.

    Once for each time that an offer was made, or once for each message that it is `answering`.
    """
    if not offer_ids:
        return
    territory = unit.session.get_one(Territory, unit.territory_id)
    tell_practitioners(
        house,
        unit,
        [
            Notice(
                kind=kind,
                practitioner_id=known.practitioner_id,
                phone=known.phone,
                purpose=f"{kind.value}:{answering or f'{known.offer_id}:{known.wave}'}",
                values=_said(house, unit, territory, known, reason),
                request_id=known.request_id,
                offer_id=known.offer_id,
                expires_at=known.expires_at if kind == MessageKind.OFFER else None,
            )
            for known in _known(unit, offer_ids)
        ],
    )


def _known(unit: Unit, offer_ids: Collection[UUID]) -> list[_Known]:
    """Those of the offers whose volunteer still has a telephone."""
    rows = unit.session.execute(
        select(
            Offer.id,
            Offer.practitioner_id,
            Practitioner.phone,
            Offer.code,
            Offer.request_id,
            Offer.wave,
            Offer.expires_at,
        )
        .join(Practitioner, Practitioner.id == Offer.practitioner_id)
        .where(Offer.id.in_(offer_ids), Practitioner.phone.is_not(None))
        .order_by(Offer.made_at, Offer.id)
    )
    return [
        _Known(
            offer_id=row.id,
            practitioner_id=row.practitioner_id,
            phone=row.phone,
            code=row.code,
            request_id=row.request_id,
            wave=row.wave,
            expires_at=row.expires_at,
        )
        for row in rows
        if row.phone is not None
    ]


def _said(
    house: House, unit: Unit, territory: Territory, known: _Known, reason: str
) -> dict[str, str]:
    zone = ZoneInfo(territory.timezone)
    token = link_token(house, known.offer_id)
    # After a change of the secret the next SMS shows a new link; from then on that one opens.
    unit.session.execute(
        update(_OFFERS)
        .where(_OFFERS.c.id == known.offer_id, _OFFERS.c.link_digest != digest_token(token))
        .values(link_digest=digest_token(token))
    )
    return {
        "sender": territory.name,
        "code": known.code,
        "day": calendar.day(known.expires_at, zone),
        "time": f"à {calendar.hour(known.expires_at, zone)}",
        "link": f"{house.settings.public_base_url}/sollicitations/{token}",
        "phone": shown_phone(territory.phone, territory.department),
        "reason": reason,
    }


def _is_asked(unit: Unit, request_id: UUID) -> bool:
    """Whether somebody may still answer."""
    found = unit.session.scalar(
        select(Offer.id).where(Offer.request_id == request_id, Offer.status.in_(LIVE_OFFERS))
    )
    return found is not None
