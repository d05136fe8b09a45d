"""What volunteers answer: the first yes takes the request, and what may follow a yes."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import bindparam, select, update

from dispatcher.domain.errors import NotFoundError, TransitionError
from dispatcher.domain.events import (
    CLOCK,
    Actor,
    ActorKind,
    OfferAccepted,
    OfferAnsweredLate,
    OfferDeclined,
)
from dispatcher.domain.inbound import Intent
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Account
from dispatcher.domain.states import (
    LIVE_OFFERS,
    WAITING_REQUESTS,
    Attention,
    OfferStatus,
    RequestStatus,
)
from dispatcher.reads import queue
from dispatcher.services.attention import put_in_front
from dispatcher.services.house import House
from dispatcher.services.offered_hours import HourRefusedError, Room, book_room, find_room
from dispatcher.services.offers import (
    by_practitioner,
    end_offers,
    give_up_acceptance,
    lock_offer,
)
from dispatcher.services.requests import lock_request
from dispatcher.storage.columns import table_of
from dispatcher.storage.encryption import digest_token
from dispatcher.storage.engines import rows_changed
from dispatcher.storage.offers import Offer
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Claim, Unit

WORDS_LENGTH = 500
_ACCEPTABLE = (*LIVE_OFFERS, OfferStatus.DECLINED)
"""A no may become a yes, as long as nobody else said it."""

_REQUESTS = table_of(CareRequest)
_FIRST_YES = (
    update(_REQUESTS)
    .where(
        _REQUESTS.c.id == bindparam("request"),
        _REQUESTS.c.status.in_([RequestStatus.SEARCHING.value, RequestStatus.OFFERING.value]),
        _REQUESTS.c.accepted_offer_id.is_(None),
    )
    .values(
        accepted_offer_id=bindparam("offer"),
        status=RequestStatus.OFFERING.value,
        updated_at=bindparam("now"),
    )
)
"""The guard: of several yes, in whatever order and at whatever moment, one changes a row."""


class Outcome(StrEnum):
    """What came of an answer."""

    BOOKED = "booked"
    HOUR_AWAITED = "hour_awaited"
    """The yes counts; the hour is still to be chosen."""
    HOUR_REFUSED = "hour_refused"
    """The yes counts; the hour that came with it cannot be taken."""
    TOO_LATE = "too_late"
    DECLINED = "declined"
    STANDS = "stands"
    """The appointment is booked already: only the agenda changes it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of an answer, and why an hour was refused."""

    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OfferOfLink:
    """The offer behind a link."""

    territory_id: UUID
    request_id: UUID
    offer_id: UUID
    practitioner_id: UUID


def accept_by_link(house: House, link_token: str, hour: datetime | None) -> Answered:
    """A yes on the page, or the hour of a yes that was said. Raises NotFoundError."""
    found = offer_of_link(house, link_token)
    with _answering(house, found) as unit:
        return say_yes(house, unit, found.request_id, found.offer_id, hour, words="")


def decline_by_link(house: House, link_token: str, words: str) -> Answered:
    """A no on the page, or a yes taken back before its hour. Raises NotFoundError."""
    found = offer_of_link(house, link_token)
    with _answering(house, found) as unit:
        return say_no(house, unit, found.request_id, found.offer_id, words)


def offer_of_link(house: House, link_token: str) -> OfferOfLink:
    """The offer of a secret. Raises NotFoundError."""
    with house.db.reading() as session:
        found = session.execute(
            select(Offer.territory_id, Offer.request_id, Offer.id, Offer.practitioner_id).where(
                Offer.link_digest == digest_token(link_token)
            )
        ).one_or_none()
    if found is None:
        raise NotFoundError("Ce lien n’est pas ou n’est plus valable.")
    return OfferOfLink(*found)


def say_yes(
    house: House,
    unit: Unit,
    request_id: UUID,
    offer_id: UUID,
    hour: datetime | None,
    *,
    words: str,
) -> Answered:
    """Take the request for this volunteer if nobody was faster, and book the hour if there is one.

    The others who were asked are told at once. An hour that cannot be taken does not undo the yes.
    Saying yes again with an hour chooses it.
    """
    request = lock_request(unit, request_id)
    offer = lock_offer(unit, offer_id)
    _keep_words(unit, offer, words)
    is_first = request.accepted_offer_id != offer.id
    if is_first and not _take(unit, request, offer):
        return _late(unit, offer, Intent.YES)
    if request.status not in WAITING_REQUESTS:
        return Answered(Outcome.STANDS)
    room, refusal = _room(house, unit, request, offer, hour)
    if is_first:
        offer.status = OfferStatus.ACCEPTED
        unit.record(
            OfferAccepted(
                offer_id=offer.id,
                request_id=request_id,
                practitioner_id=offer.practitioner_id,
                hour=room is not None,
            ),
            actor=by_practitioner(offer),
        )
        unit.session.flush()  # what ends the others reads this row
        end_offers(house, unit, request_id, keep=offer.id)
    if room is not None:
        unit.session.flush()
        book_room(house, unit, request, offer, room)
        return Answered(Outcome.BOOKED)
    if is_first:
        unit.promise(Job.MISS_HOUR, {"offer_id": offer.id}, unit.now + _patience(house, unit))
    return Answered(Outcome.HOUR_REFUSED, refusal) if refusal else Answered(Outcome.HOUR_AWAITED)


def say_no(house: House, unit: Unit, request_id: UUID, offer_id: UUID, words: str) -> Answered:
    """A no, or a yes taken back before its hour: the next volunteers are asked at once."""
    request = lock_request(unit, request_id)
    offer = lock_offer(unit, offer_id)
    _keep_words(unit, offer, words)
    if request.accepted_offer_id == offer.id:
        if request.status not in WAITING_REQUESTS:
            return Answered(Outcome.STANDS)
        give_up_acceptance(house, unit, request, offer, OfferStatus.DECLINED)
        return Answered(Outcome.DECLINED)
    if offer.status == OfferStatus.DECLINED:
        return Answered(Outcome.DECLINED)
    if offer.status not in LIVE_OFFERS:
        if offer.status == OfferStatus.TOO_LATE:
            offer.status = OfferStatus.DECLINED  # not asked again, should the winner give up
        return _late(unit, offer, Intent.NO)
    offer.status = OfferStatus.DECLINED
    unit.record(
        OfferDeclined(
            offer_id=offer.id, request_id=request_id, practitioner_id=offer.practitioner_id
        ),
        actor=by_practitioner(offer),
    )
    unit.promise(Job.ASK_VOLUNTEERS, {"request_id": request_id})
    return Answered(Outcome.DECLINED)


def release_acceptance(house: House, account: Account, request_id: UUID) -> None:
    """A regulator gives up a yes whose hour does not come, and the search goes on at once.

    The volunteer is told. Raises NotFoundError, and TransitionError where no yes waits for its
    hour.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        request = lock_request(unit, request_id)
        if request.accepted_offer_id is None or request.status not in WAITING_REQUESTS:
            raise TransitionError("Aucune heure n’est attendue d’un volontaire pour cette demande.")
        offer = lock_offer(unit, request.accepted_offer_id)
        give_up_acceptance(house, unit, request, offer, OfferStatus.EXPIRED)


def miss_hour(house: House, claim: Claim) -> bool:
    """Put a yes whose hour was not chosen in time in front of the regulator; True if it was."""
    offer_id = claim.id("offer_id")
    with house.db.reading() as session:
        offer = session.get(Offer, offer_id)
    if offer is None:
        house.db.keep(claim)
        return False
    with house.db.transaction(offer.territory_id, CLOCK, keeping=claim) as unit:
        request = lock_request(unit, offer.request_id)
        if request.accepted_offer_id != offer_id or request.status not in WAITING_REQUESTS:
            return False
        put_in_front(unit, request, Attention.HOUR_MISSING)
    return True


def _answering(house: House, found: OfferOfLink) -> AbstractContextManager[Unit]:
    author = Actor(ActorKind.PRACTITIONER, found.practitioner_id)
    return house.db.transaction(found.territory_id, author)


def _take(unit: Unit, request: CareRequest, offer: Offer) -> bool:
    """Be the first yes; False if another was, or if the offer or the request is over.

    Who gave the patient up once is not given them again.
    """
    is_excluded = str(offer.practitioner_id) in request.excluded_practitioners
    if offer.status not in _ACCEPTABLE or offer.expires_at <= unit.now or is_excluded:
        return False
    first = unit.session.execute(
        _FIRST_YES, {"request": request.id, "offer": offer.id, "now": unit.now}
    )
    if not rows_changed(first):
        return False
    unit.session.refresh(request)
    return True


def _room(
    house: House, unit: Unit, request: CareRequest, offer: Offer, hour: datetime | None
) -> tuple[Room | None, str]:
    """Where the hour fits, or why it does not; neither when none was said."""
    if hour is None:
        return None, ""
    try:
        return find_room(house, unit, request, offer, hour), ""
    except HourRefusedError as refused:
        return None, refused.reason


def _late(unit: Unit, offer: Offer, intent: Intent) -> Answered:
    unit.record(
        OfferAnsweredLate(
            offer_id=offer.id,
            request_id=offer.request_id,
            practitioner_id=offer.practitioner_id,
            intent=intent.value,
        ),
        actor=by_practitioner(offer),
    )
    return Answered(Outcome.TOO_LATE)


def _keep_words(unit: Unit, offer: Offer, words: str) -> None:
    """Note when they answered, and what they wrote; nothing written replaces nothing."""
    offer.answered_at = unit.now
    if words.strip():
        offer.words = unit.cipher.seal("offers.words", offer.id, words.strip()[:WORDS_LENGTH])


def _patience(house: House, unit: Unit) -> timedelta:
    """How long an hour is waited for."""
    territory = unit.session.get_one(Territory, unit.territory_id)
    rules = queue.rules_of(territory, house.communes)
    return timedelta(minutes=rules.policy.offers.hour_minutes)
