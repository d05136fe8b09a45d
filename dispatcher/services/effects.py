"""What an answered request led to, beyond the care itself, as a regulator writes it down."""

from uuid import UUID

from dispatcher.domain.errors import InvalidError
from dispatcher.domain.events import EffectNoted
from dispatcher.domain.roles import Account
from dispatcher.services.house import House
from dispatcher.services.requests import lock_request


def note_effect(
    house: House, account: Account, request_id: UUID, effect: str, *, holds: bool
) -> None:
    """Keep in the log what the request led to, or that it did not; the last word counts.

    Raises InvalidError on `effect` for a code that the catalogue has not, NotFoundError.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        lock_request(unit, request_id)
        if effect not in house.catalogue.effects:
            raise InvalidError({"effect": "Choisissez dans la liste."})
        unit.record(EffectNoted(request_id=request_id, effect=effect, holds=holds))
