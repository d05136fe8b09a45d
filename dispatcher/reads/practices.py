"""Which practice a requester's account belongs to."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatcher.domain.errors import NotFoundError
from dispatcher.domain.roles import Account
from dispatcher.storage.practices import Practice, PracticeMember
from dispatcher.storage.unit import Database


@dataclass(frozen=True, slots=True)
class PracticeFacts:
    """Who asks. `origin` is the catalogue's, `phone` E.164."""

    id: UUID
    name: str
    origin: str
    phone: str


def practice_of(db: Database, account: Account) -> PracticeFacts:
    """The practice of a requester's account. Raises NotFoundError for an account without one."""
    with db.reading() as session:
        found = practice_of_user(session, account.user_id)
    if found is None:
        raise NotFoundError
    return found


def practice_names(db: Database, territory_id: UUID) -> list[str]:
    """The practices of a territory, by name."""
    with db.reading() as session:
        names = session.scalars(
            select(Practice.name)
            .where(Practice.territory_id == territory_id)
            .order_by(Practice.name)
        )
        return list(names)


def practice_of_user(session: Session, user_id: UUID | None) -> PracticeFacts | None:
    """The same of any account; None for whoever is no requester."""
    row = session.execute(
        select(Practice.id, Practice.name, Practice.origin, Practice.phone)
        .join(PracticeMember, PracticeMember.practice_id == Practice.id)
        .where(PracticeMember.user_id == user_id)
    ).one_or_none()
    return None if row is None else PracticeFacts(*row)
