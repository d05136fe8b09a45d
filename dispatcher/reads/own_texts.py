"""The texts of SMS that hold in a territory: its own wordings, and whom they are signed by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from config.sms_texts import SHAPES, Texts, faults_of
from dispatcher.domain.policy import Policy
from dispatcher.storage.own_texts import OwnText
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Database

# Built once: every message that is written asks.
_OWN = select(OwnText.kind, OwnText.language, OwnText.text).where(
    OwnText.territory_id == bindparam("territory"),
    OwnText.kind.in_(bindparam("kinds", expanding=True)),
)

Key = tuple[str, str]
"""A kind and a language."""


@dataclass(frozen=True, slots=True)
class TextsOfTerritory:
    """What a page about a territory's texts needs."""

    own: Mapping[Key, str]
    phone: str
    """Where the territory answers, E.164."""
    policy: Policy


def texts_of_territory(db: Database, territory_id: UUID) -> TextsOfTerritory:
    """The wordings of a territory that is known to exist."""
    with db.reading() as session:
        own = own_texts(session, territory_id, SHAPES)
        territory = session.get_one(Territory, territory_id)
        return TextsOfTerritory(own, territory.phone, Policy.in_force(territory.settings))


def own_texts(session: Session, territory_id: UUID, kinds: Iterable[str]) -> dict[Key, str]:
    """The territory's wordings of those kinds, by kind and language.

    One that a later version of the house would refuse is left out: the house's own holds again.
    """
    rows = session.execute(_OWN, {"territory": territory_id, "kinds": sorted(set(kinds))})
    return {
        (row.kind, row.language): row.text
        for row in rows
        if not faults_of(row.kind, row.language, row.text)
    }


def text_in_force(texts: Texts, own: Mapping[Key, str], kind: str, language: str) -> str:
    """The territory's wording where there is one, else the house's. Raises TextsError."""
    return own.get((kind, language)) or texts.of(kind, language)
