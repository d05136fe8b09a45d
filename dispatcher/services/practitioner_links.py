"""The links of practitioners: writing down what one opens, and finding it by its secret.

A secret is a signature of what the link is about, so that every SMS about the same thing shows the
same one. It is good only while its digest stands in a row that has not expired.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from dispatcher.domain.errors import NotFoundError
from dispatcher.domain.events import Actor, ActorKind
from dispatcher.domain.links import LinkPurpose, appointment_link_ends
from dispatcher.services.house import House
from dispatcher.services.notices import signed_link
from dispatcher.storage.columns import table_of
from dispatcher.storage.encryption import digest_token
from dispatcher.storage.links import PractitionerLink
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.unit import Unit

FORGOTTEN_AFTER = timedelta(days=30)
"""A row that opens nothing any more is kept this long, then deleted."""
_LINKS = table_of(PractitionerLink)
_WRITE_LINK: dict[str, Executable] = {}
for _dialect in (postgresql, sqlite):
    _insert = _dialect.insert(_LINKS)
    _WRITE_LINK[_dialect.__name__.rpartition(".")[2]] = _insert.on_conflict_do_update(
        index_elements=["digest"], set_={"expires_at": _insert.excluded.expires_at}
    )
"""A link that is there is the same, and may be good for longer."""
_OURS = "practitioner"
"""Begins the purpose that is signed: a patient's secret of the same appointment is another one."""


@dataclass(frozen=True, slots=True)
class FoundLink:
    """What a link opens. Exactly one of `appointment_id` and `day` is there."""

    territory_id: UUID
    practitioner_id: UUID
    appointment_id: UUID | None
    day: date | None

    @property
    def actor(self) -> Actor:
        """The author of what is done by the link."""
        return Actor(ActorKind.PRACTITIONER, self.practitioner_id)


def link_to_appointment(
    house: House, unit: Unit, appointment_id: UUID, practitioner_id: UUID, ends_at: datetime
) -> str:
    """The address at which a practitioner sees one of their appointments, which ends at `ends_at`.

    It is good from the commit of this transaction on.
    """
    secret = signed_link(house, f"{_OURS}/{LinkPurpose.APPOINTMENT.value}", appointment_id)
    row = {
        "purpose": LinkPurpose.APPOINTMENT.value,
        "appointment_id": appointment_id,
        "expires_at": appointment_link_ends(ends_at),
    }
    return _written(house, unit, secret, practitioner_id, row)


def link_about_day(
    house: House,
    unit: Unit,
    purpose: LinkPurpose,
    practitioner_id: UUID,
    day: date,
    expires_at: datetime,
) -> str:
    """The address of what a practitioner is asked about a local day."""
    secret = signed_link(house, f"{_OURS}/{purpose.value}/{day.isoformat()}", practitioner_id)
    row = {"purpose": purpose.value, "day": day, "expires_at": expires_at}
    return _written(house, unit, secret, practitioner_id, row)


def find_link(house: House, secret: str, purpose: LinkPurpose) -> FoundLink:
    """What a secret opens, if that is its purpose. Raises NotFoundError."""
    with house.db.reading() as session:
        found = session.execute(
            select(
                PractitionerLink.territory_id,
                PractitionerLink.practitioner_id,
                PractitionerLink.appointment_id,
                PractitionerLink.day,
            )
            .join(Practitioner, Practitioner.id == PractitionerLink.practitioner_id)
            .where(
                PractitionerLink.digest == digest_token(secret),
                PractitionerLink.purpose == purpose,
                PractitionerLink.expires_at > house.clock(),
                Practitioner.active,
            )
        ).one_or_none()
    if found is None:
        raise NotFoundError("Ce lien n’est pas ou n’est plus valable.")
    return FoundLink(*found)


def forget_links(house: House) -> None:
    """Delete what has opened nothing for a month."""
    with house.db.writing() as session:
        session.execute(
            delete(PractitionerLink).where(
                PractitionerLink.expires_at < house.clock() - FORGOTTEN_AFTER
            )
        )


def _written(
    house: House, unit: Unit, secret: str, practitioner_id: UUID, row: dict[str, Any]
) -> str:
    unit.session.execute(
        _WRITE_LINK[unit.session.get_bind().dialect.name],
        {
            "digest": digest_token(secret),
            "territory_id": unit.territory_id,
            "practitioner_id": practitioner_id,
            "appointment_id": None,
            "day": None,
            "made_at": unit.now,
            **row,
        },
    )
    return f"{house.settings.public_base_url}/p/{secret}"
