"""Every operation of the API, and who may call it. Nobody may call what is not here."""

from dispatcher.api import indicators, practitioners, requests, slots
from dispatcher.api.operations import Operation
from dispatcher.domain.roles import Role
from dispatcher.services.intake_faults import all_faults

REGULATION = frozenset({Role.REGULATOR, Role.COORDINATOR, Role.ADMINISTRATOR})
EVERY_ROLE = frozenset(Role) - {Role.DELEGATE, Role.REQUESTER}
"""A secretary acts on the pages: a token has no session that says for whom. So does a requester,
whose own page has what they may see."""

OPERATIONS = (
    Operation(
        method="POST",
        path="/requests",
        view=requests.open_request,
        roles=REGULATION,
        summary="Take a request; its matching starts at once",
        status=201,
        conflicts=("duplicate-request",),
        headers=(("Location", "The request's address."),),
        all_faults=all_faults,
    ),
    Operation(
        method="GET",
        path="/requests/<uuid:request_id>",
        view=requests.show_request,
        roles=EVERY_ROLE,
        summary="How a request stands",
    ),
    Operation(
        method="GET",
        path="/requests/<uuid:request_id>/candidates",
        view=requests.show_candidates,
        roles=REGULATION,
        summary="The best slots for a request at this moment",
    ),
    Operation(
        method="POST",
        path="/requests/<uuid:request_id>/book",
        view=requests.book_slot,
        roles=REGULATION,
        summary="Book a chosen slot",
        conflicts=("slot-full", "request-not-waiting"),
        refusals=("not-feasible",),
    ),
    Operation(
        method="POST",
        path="/requests/<uuid:request_id>/move",
        view=requests.move_appointment,
        roles=REGULATION,
        summary="Move a booked appointment to another slot",
        conflicts=("slot-full", "transition-refused"),
        refusals=("not-feasible",),
    ),
    Operation(
        method="POST",
        path="/requests/<uuid:request_id>/cancel",
        view=requests.cancel_request,
        roles=EVERY_ROLE,
        summary="Somebody gives up",
        conflicts=("transition-refused",),
    ),
    Operation(
        method="POST",
        path="/requests/<uuid:request_id>/outcome",
        view=requests.close_request,
        roles=EVERY_ROLE,
        summary="How a request ended",
        conflicts=("transition-refused",),
    ),
    Operation(
        method="POST",
        path="/slots",
        view=slots.publish_slot,
        roles=EVERY_ROLE,
        summary="Publish a slot",
        status=201,
    ),
    Operation(
        method="GET",
        path="/slots",
        view=slots.list_slots,
        roles=EVERY_ROLE,
        summary="Published slots",
        headers=(("Link", 'With `rel="next"`, where more slots follow.'),),
    ),
    Operation(
        method="DELETE",
        path="/slots/<uuid:slot_id>",
        view=slots.withdraw_slot,
        roles=EVERY_ROLE,
        summary="Take back what is free of a slot",
        conflicts=("transition-refused",),
    ),
    Operation(
        method="GET",
        path="/practitioners",
        view=practitioners.list_practitioners,
        roles=EVERY_ROLE,
        summary="The territory's volunteers",
    ),
    Operation(
        method="GET",
        path="/indicators",
        view=indicators.show_indicators,
        roles=REGULATION,
        summary="The activity of a period",
    ),
)
