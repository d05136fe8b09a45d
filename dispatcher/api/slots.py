"""Published slots. Practitioners see and change their own, the others those of their territory."""

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from pydantic import Field

from dispatcher.api.call import Call
from dispatcher.api.shapes import SlotShape
from dispatcher.domain import calendar
from dispatcher.domain.errors import NotFoundError
from dispatcher.domain.states import SlotStatus
from dispatcher.reads.published_slots import SlotFacts, Wanted, published_slot, published_slots
from dispatcher.services import slots
from dispatcher.services.commands import CodeText, Day, PublishSlot, Shape
from dispatcher.services.idempotency import once

LARGEST_PAGE = 1000


class SlotQuery(Shape):
    """Which slots: by default those that are open or full and not over."""

    territory: CodeText | None = None
    practitioner: UUID | None = None
    first: Day | None = Field(
        default=None, alias="from", description="The first local day; from now on if absent."
    )
    last: Day | None = Field(default=None, alias="to", description="The last local day, included.")
    status: SlotStatus | None = None
    limit: int = Field(default=LARGEST_PAGE, ge=1, le=LARGEST_PAGE)
    after: UUID | None = Field(
        default=None, description="Go on after this slot: the answer's Link header says it."
    )


def publish_slot(call: Call, command: PublishSlot) -> SlotShape:
    """Offer a place, or a walk-in period of several; the waiting queue is matched at once.

    The answer tells the publication, also when the call is repeated under its key.
    """
    slot_id = once(
        call.house,
        call.key,
        lambda: slots.publish_slot(call.house, call.account, command, call.key),
    )
    return SlotShape(
        id=slot_id,
        practitioner=command.practitioner,
        place=command.place,
        start=call.local(command.start),
        end=call.local(command.end),
        places=command.places,
        taken=0,
        modality=command.modality,
        visibility=list(dict.fromkeys(command.visibility)),
        shared=command.shared,
        status=SlotStatus.OPEN,
    )


def list_slots(call: Call, query: SlotQuery) -> list[SlotShape]:
    """Tell the slots in the order in which they start."""
    call.stay_in(query.territory)
    practitioner = query.practitioner
    if call.is_by_practitioner:
        practitioner = call.account.practitioner_id
        if query.practitioner not in {None, practitioner}:
            raise NotFoundError
    found, more = published_slots(
        call.house.db,
        call.account.territory_id,
        Wanted(
            ends_after=_begin(call, query),
            starts_before=_end(call, query),
            practitioner_id=practitioner,
            status=query.status,
            after=query.after,
        ),
        query.limit,
    )
    if more:
        following = query.model_copy(update={"after": found[-1].id})
        asked = following.model_dump(mode="json", by_alias=True, exclude_none=True)
        call.headers["Link"] = f'<{call.url}?{urlencode(asked)}>; rel="next"'
    return [_shape(call, slot) for slot in found]


def withdraw_slot(call: Call, slot_id: UUID) -> SlotShape:
    """Take back what is still free of a slot; appointments already taken there stay."""
    slots.withdraw_slot(call.house, call.account, slot_id)
    return _shape(call, published_slot(call.house.db, call.account.territory_id, slot_id))


def _begin(call: Call, query: SlotQuery) -> datetime:
    if query.first is None:
        return call.house.clock()
    return calendar.local_day_bounds(query.first, call.zone)[0]


def _end(call: Call, query: SlotQuery) -> datetime | None:
    if query.last is None:
        return None
    if query.first is not None:
        return calendar.period(query.first, query.last, call.zone).end
    return calendar.local_day_bounds(query.last, call.zone)[1]


def _shape(call: Call, slot: SlotFacts) -> SlotShape:
    return SlotShape(
        id=slot.id,
        practitioner=slot.practitioner_id,
        place=slot.place_id,
        start=call.local(slot.start),
        end=call.local(slot.end),
        places=slot.places,
        taken=slot.taken,
        modality=slot.modality,
        visibility=list(slot.visibility),
        shared=slot.shared,
        status=slot.status,
    )
