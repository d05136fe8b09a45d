"""The secret address at which a practitioner's own calendar reads their appointments."""

import secrets
import uuid
from uuid import UUID

from sqlalchemy import update

from dispatcher.domain.errors import NotFoundError
from dispatcher.domain.events import AgendaExportMade, AgendaExportRevoked
from dispatcher.domain.roles import Account
from dispatcher.services.house import House
from dispatcher.services.notices import LINK_SIGNS
from dispatcher.services.publication import queue_on
from dispatcher.storage.agenda_exports import AgendaExport
from dispatcher.storage.encryption import digest_token
from dispatcher.storage.unit import Unit

SECRET_LENGTH = 32
"""190 bits: it lives for years in other people's machines."""


def make_export(house: House, account: Account, *, with_identity: bool) -> str:
    """Open a new address and close the one before; the secret, which nothing shows again.

    Without `with_identity` no patient is named there. Raises NotFoundError for an account that is
    no practitioner's.
    """
    export_id, practitioner_id = uuid.uuid4(), _owner(account)
    secret = "".join(secrets.choice(LINK_SIGNS) for _ in range(SECRET_LENGTH))
    with house.db.transaction(account.territory_id, account.actor) as unit:
        queue_on(unit, practitioner_id)  # two at once: the second closes the first
        _revoke(unit, practitioner_id)
        unit.session.add(
            AgendaExport(
                id=export_id,
                territory_id=unit.territory_id,
                practitioner_id=practitioner_id,
                digest=digest_token(secret),
                with_identity=with_identity,
                made_at=unit.now,
            )
        )
        unit.record(
            AgendaExportMade(
                export_id=export_id, practitioner_id=practitioner_id, with_identity=with_identity
            )
        )
    return secret


def revoke_export(house: House, account: Account) -> None:
    """Close the address; nothing is changed where there is none. Raises NotFoundError."""
    practitioner_id = _owner(account)
    with house.db.transaction(account.territory_id, account.actor) as unit:
        queue_on(unit, practitioner_id)
        _revoke(unit, practitioner_id)


def _owner(account: Account) -> UUID:
    if account.practitioner_id is None:
        raise NotFoundError
    return account.practitioner_id


def _revoke(unit: Unit, practitioner_id: UUID) -> None:
    revoked = unit.session.scalars(
        update(AgendaExport)
        .where(AgendaExport.practitioner_id == practitioner_id, AgendaExport.revoked_at.is_(None))
        .values(revoked_at=unit.now)
        .returning(AgendaExport.id)
    ).all()
    for export_id in revoked:
        unit.record(AgendaExportRevoked(export_id=export_id, practitioner_id=practitioner_id))
