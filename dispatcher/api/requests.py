"""Care requests: opening one, looking at it, booking by hand, giving up, saying how it ended."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from dispatcher.api.call import Call
from dispatcher.api.shapes import (
    AppointmentShape,
    CandidateShape,
    CandidatesShape,
    EventShape,
    MessageShape,
    NearMissShape,
    ReasonShape,
    RequestShape,
)
from dispatcher.domain.errors import NotFoundError
from dispatcher.domain.events import RequestOpened
from dispatcher.domain.matching import explain
from dispatcher.domain.matching.candidates import NearMiss
from dispatcher.domain.matching.cost import Term
from dispatcher.domain.matching.feasibility import Reason
from dispatcher.domain.messages import MessageStatus
from dispatcher.domain.openings import Way
from dispatcher.domain.roles import Role
from dispatcher.domain.states import RequestStatus
from dispatcher.reads.candidates import candidates_of
from dispatcher.reads.request_story import AppointmentFacts, RequestStory, opening, request_story
from dispatcher.services import appointments, booking, moving, requests
from dispatcher.services.commands import BookSlot, CancelRequest, CloseRequest, OpenRequest
from dispatcher.services.idempotency import once
from dispatcher.services.openings import opened_requests


def open_request(call: Call, command: OpenRequest) -> RequestShape:
    """Answer as soon as the request is kept; its matching is promised and follows by itself.

    The answer tells the opening, also when the call is repeated under its key: how the request
    stands now is for GET to say.
    """
    request_id = once(
        call.house,
        call.key,
        lambda: requests.open_request(call.house, call.account, command, call.key),
    )
    opened = opening(call.house.db, call.account.territory_id, request_id)
    call.headers["Location"] = f"{call.url}/{opened.id}"
    return RequestShape(
        id=opened.id,
        code=opened.code,
        status=RequestStatus.SEARCHING,
        appointment=None,
        refused={},
        near_misses=[],
        messages=[],
        events=[EventShape(kind=RequestOpened.kind(), at=call.local(opened.at))],
    )


def show_request(call: Call, request_id: UUID) -> RequestShape:
    """Tell all that is known of a request except who the patient is.

    A practitioner sees the requests whose appointment is theirs.
    """
    story = request_story(call.house.db, call.account.territory_id, request_id)
    if story is None:
        raise NotFoundError
    if call.account.role == Role.PRACTITIONER and (
        story.appointment is None
        or story.appointment.practitioner_id != call.account.practitioner_id
    ):
        raise NotFoundError
    opened_requests(call.house, call.account.actor, Way.API, [request_id])
    return _shown(call, story)


def _shown(call: Call, story: RequestStory) -> RequestShape:
    return RequestShape(
        id=story.id,
        code=story.code,
        status=story.status,
        appointment=_appointment(call, story.appointment),
        refused=dict(story.refused),
        near_misses=_near_misses(call, story.near_misses),
        messages=[
            MessageShape(
                id=message.id,
                to_role=message.to_role,
                status=MessageStatus(message.status),
                segments=message.segments,
                at=call.local(message.at),
            )
            for message in story.messages
        ],
        events=[EventShape(kind=step.kind, at=call.local(step.at)) for step in story.steps],
    )


def show_candidates(call: Call, request_id: UUID) -> CandidatesShape:
    """Tell which slots would suit at this moment, and what stands against the others."""
    house = call.house
    found = candidates_of(
        house.db,
        call.account.territory_id,
        request_id,
        house.communes,
        house.clock(),
        house.routing,
    )
    if found is None:
        raise NotFoundError
    return CandidatesShape(
        candidates=[
            CandidateShape(
                slot=pair.slot_id,
                practitioner=pair.practitioner_id,
                start=call.local(pair.seen_at),
                distance_km=pair.distance_km,
                cost=pair.cost,
                reasons=_reasons(pair.terms),
            )
            for pair in found.best
        ],
        feasible=found.feasible,
        refused=_counts(found.refused),
        near_misses=_near_misses(call, found.near_misses),
    )


def book_slot(call: Call, request_id: UUID, command: BookSlot) -> RequestShape:
    """Book the slot that a regulator chose."""
    once(
        call.house,
        call.key,
        lambda: booking.book_by_hand(call.house, call.account, request_id, command, call.key),
    )
    return show_request(call, request_id)


def move_appointment(call: Call, request_id: UUID, command: BookSlot) -> RequestShape:
    """Give a booked request another slot instead of its own."""
    once(
        call.house,
        call.key,
        lambda: moving.move_appointment(call.house, call.account, request_id, command, call.key),
    )
    return show_request(call, request_id)


def cancel_request(call: Call, request_id: UUID, command: CancelRequest) -> RequestShape:
    """Somebody gives up; an appointment's place is free again."""

    def act() -> UUID:
        appointments.cancel_request(call.house, call.account, request_id, command, call.key)
        return request_id

    once(call.house, call.key, act)
    return _after(call, request_id)


def close_request(call: Call, request_id: UUID, command: CloseRequest) -> RequestShape:
    """Say how the request ended. A practitioner says it of their own appointments."""

    def act() -> UUID:
        appointments.close_request(call.house, call.account, request_id, command, call.key)
        return request_id

    once(call.house, call.key, act)
    return _after(call, request_id)


def _after(call: Call, request_id: UUID) -> RequestShape:
    """How a request stands after an act that was allowed."""
    story = request_story(call.house.db, call.account.territory_id, request_id)
    if story is None:
        raise NotFoundError
    return _shown(call, story)


def _appointment(call: Call, facts: AppointmentFacts | None) -> AppointmentShape | None:
    if facts is None:
        return None
    return AppointmentShape(
        id=facts.id,
        slot=facts.slot_id,
        practitioner=facts.practitioner_id,
        start=call.local(facts.start),
        end=call.local(facts.end),
        distance_km=facts.distance_km,
        status=facts.status,
        reasons=_reasons(facts.terms),
    )


def _reasons(terms: Iterable[Term]) -> list[ReasonShape]:
    return [
        ReasonShape(term=term.code.value, value=term.value, text=explain.render(term))
        for term in terms
    ]


def _near_misses(call: Call, near_misses: Iterable[NearMiss]) -> list[NearMissShape]:
    return [
        NearMissShape(
            slot=near.slot_id,
            practitioner=near.practitioner_id,
            reason=near.reason.value,
            start=call.local(near.seen_at),
            distance_km=near.distance_km,
            text=explain.render_near_miss(near),
        )
        for near in near_misses
    ]


def _counts(refused: Mapping[Reason, int]) -> dict[str, int]:
    return {reason.value: count for reason, count in refused.items()}
