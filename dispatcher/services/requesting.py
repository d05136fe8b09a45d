"""What a requester asks for their own patient, and the regulator's yes to it."""

import dataclasses
from uuid import UUID

from dispatcher.domain.errors import InvalidError, NotFoundError, TransitionError
from dispatcher.domain.events import RequestRedirected, RequestValidated
from dispatcher.domain.jobs import Job
from dispatcher.domain.policy import Policy
from dispatcher.domain.roles import Account
from dispatcher.domain.states import RequestStatus
from dispatcher.reads.practices import practice_of
from dispatcher.reads.requesters import own_request
from dispatcher.services.appointments import cancel_request, end_request
from dispatcher.services.commands import CancelRequest, OpenRequest
from dispatcher.services.house import House
from dispatcher.services.idempotency import CallKey
from dispatcher.services.requests import (
    ReadyToOpen,
    lock_request,
    ready_to_open,
    resume_search,
    write_request,
)
from dispatcher.storage.territories import Territory

NO_PROTOCOL = "Ce protocole ne convient pas à ce que vous avez saisi."


def ask_for_patient(
    house: House, account: Account, command: OpenRequest, call: CallKey | None = None
) -> UUID:
    """Take a requester's request; its origin is that of their practice.

    As the territory chooses, it waits for a regulator's yes or is searched at once. Returns its id.
    Raises as `requests.open_request`.
    """
    ready, policy = _ready(house, account, command)
    ready = dataclasses.replace(ready, to_validate=policy.validate_requesters)
    with house.db.transaction(account.territory_id, account.actor) as unit:
        request_id = write_request(house, unit, account, ready, call)
        if not ready.to_validate:
            unit.promise(
                Job.MATCH_WAITING, {"territory_id": account.territory_id, "request_id": request_id}
            )
    return request_id


def answer_by_protocol(
    house: House, account: Account, command: OpenRequest, code: str, call: CallKey | None = None
) -> UUID:
    """Take a requester's request and answer it by a pharmacy's protocol, in one commit.

    Nobody is searched for; it counts as answered there. Returns its id. Raises as
    `requests.open_request`, and InvalidError on `protocol` where it does not suit.
    """
    ready, _ = _ready(house, account, command)
    protocol = house.catalogue.protocols.get(code)
    need, patient = command.need, command.patient
    if protocol is None or not protocol.suits(need.motive, ready.checked.age, patient.sex):
        raise InvalidError({"protocol": NO_PROTOCOL})
    with house.db.transaction(account.territory_id, account.actor) as unit:
        request_id = write_request(house, unit, account, ready, call)
        unit.record(RequestRedirected(request_id=request_id, to=protocol.redirection))
        request = lock_request(unit, request_id)
        end_request(house, unit, request, RequestStatus.REDIRECTED, protocol.redirection, "")
    return request_id


def validate_request(house: House, account: Account, request_id: UUID) -> None:
    """A regulator says yes: what a requester asked for is searched.

    Saying it twice changes nothing. Raises NotFoundError, and TransitionError for a request that
    has ended meanwhile.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        request = lock_request(unit, request_id)
        if not request.to_validate:
            return
        if request.status != RequestStatus.OPEN:
            raise TransitionError("Cette demande n’attend plus d’être validée.")
        unit.record(RequestValidated(request_id=request_id))
        resume_search(unit, request)


def give_up_request(house: House, account: Account, request_id: UUID, reason: str) -> None:
    """The requester's patient no longer needs it; `reason` is one of the catalogue's codes.

    What the practice did not ask for does not exist for it: NotFoundError. Raises as
    `appointments.cancel_request`, InvalidError on `reason`.
    """
    if reason not in {each.code for each in house.catalogue.cancellations_by("patient")}:
        raise InvalidError({"reason": "Choisissez une raison de la liste."})
    practice = practice_of(house.db, account)
    if own_request(house.db, account.territory_id, practice.id, request_id) is None:
        raise NotFoundError
    cancel_request(house, account, request_id, CancelRequest(by="patient", reason=reason))


def _ready(house: House, account: Account, command: OpenRequest) -> tuple[ReadyToOpen, Policy]:
    origin = practice_of(house.db, account).origin
    asked = command.model_copy(update={"origin": origin})
    with house.db.reading() as session:
        ready = ready_to_open(house, session, account, asked)
        territory = session.get_one(Territory, account.territory_id)
    return ready, Policy.in_force(territory.settings)
