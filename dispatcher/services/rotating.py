"""A change of data keys while the house runs: sealed values and keyed hashes, page by page.

A first key that is put before the others seals what is new from then on. What stands under the
others is written anew here, so that they can leave DATA_KEY. Nothing is remembered between two
runs: each value tells by itself under which key it stands, so a run can be stopped anywhere.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from sqlalchemy import Column, Row, Table, bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError

from dispatcher.storage.columns import table_of
from dispatcher.storage.encryption import identity
from dispatcher.storage.engines import rows_changed
from dispatcher.storage.messages import Message, OptOut
from dispatcher.storage.models import METADATA
from dispatcher.storage.offers import Offer
from dispatcher.storage.practitioners import Practitioner
from dispatcher.storage.unit import Database

PAGE = 200
"""Rows of one transaction: some 30 ms, with six columns each, in which other writers wait."""
PASSES = 5
"""How often the tables are gone through at most, for rows that somebody else was writing."""
UNKNOWN = "?"
"""Stands for the key of a hash whose text is known nowhere, or was made with no listed key."""

_MESSAGES = table_of(Message)
_OFFERS = table_of(Offer)
_OPT_OUTS = table_of(OptOut)
_PRACTITIONERS = table_of(Practitioner)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Which sealed fields of its own row a hash is made of, and how."""

    fields: tuple[str, ...]
    text: Callable[..., str]


def _number(phone: str) -> str:
    return phone


def _as_it_is(url: str) -> str:
    return url


def _person(last_name: str, first_name: str, birth_date: str) -> str:
    return identity(last_name, first_name, date.fromisoformat(birth_date))


RECIPES: Mapping[str, Recipe] = {
    "agenda_feeds.url_hash": Recipe(("url",), _as_it_is),
    "messages.phone_hash": Recipe(("phone",), _number),
    "patients.phone_hash": Recipe(("phone",), _number),
    "patients.identity_hash": Recipe(("last_name", "first_name", "birth_date"), _person),
}
"""The hashes that their own row tells."""
BY_OTHER_ROWS = ("offers.phone_hash", "opt_outs.phone_hash")
"""Those of numbers that only other rows hold: the practitioner's, a message's, a patient's."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How many values stand under which key, by column ("patients.phone") and key id."""

    first: str
    """The key that everything should stand under."""
    values: Mapping[str, Mapping[str, int]]
    written: int
    """Rows that were written anew."""

    @property
    def left(self) -> dict[str, int]:
        """How many values do not stand under the first key, by key id."""
        found: Counter[str] = Counter()
        for counts in self.values.values():
            found.update(counts)
        return {key_id: found[key_id] for key_id in sorted(found) if key_id != self.first}


def sealed_columns() -> dict[str, list[str]]:
    """The names of the columns that the models call Sealed, by table."""
    return {
        name: [column.name for column in table.columns if column.info.get("sealed")]
        for name, table in sorted(METADATA.tables.items())
        if any(column.info.get("sealed") for column in table.columns)
    }


def survey(db: Database) -> Standing:
    """What stands under which key; nothing is written. Raises UnavailableError."""
    one = _Pass(db, apply=False)
    one.run()
    return Standing(one.first, one.counts, one.written)


def rotate(db: Database) -> Standing:
    """Bring everything that opens under the first key, and tell what then stands under which.

    Rows that somebody else holds or has just changed are left to the next pass. A value that no
    listed key opens stays as it is. Raises UnavailableError; what was written until then stays.
    """
    written = 0
    for _ in range(PASSES):
        one = _Pass(db, apply=True)
        one.run()
        written += one.written
        if not one.tried:
            return Standing(one.first, one.counts, written)
    return Standing(db.cipher.key_ids[0], survey(db).values, written)


@dataclass(frozen=True, slots=True)
class _Change:
    """A row's new values, and the old ones that they may replace."""

    row: UUID
    old: Mapping[str, str]
    new: Mapping[str, str]


class _Pass:
    """Once through all tables. Counts are of what was read, before anything was written."""

    def __init__(self, db: Database, *, apply: bool) -> None:
        self._db = db
        self._cipher = db.cipher
        self._apply = apply
        self.first = db.cipher.key_ids[0]
        sealed = [f"{table}.{name}" for table, names in sealed_columns().items() for name in names]
        self.counts: dict[str, Counter[str]] = {
            name: Counter() for name in (*sealed, *RECIPES, *BY_OTHER_ROWS)
        }
        self.tried = 0
        self.written = 0
        self._stops: set[str] = set()
        self._said_by: dict[str, tuple[str, str]] = {}

    def run(self) -> None:
        with self._db.reading() as session:
            stops = session.execute(select(_OPT_OUTS.c.territory_id, _OPT_OUTS.c.phone_hash)).all()
        self._stops = {row.phone_hash for row in stops}
        for page in self._pages(_PRACTITIONERS, [_PRACTITIONERS.c.phone]):
            for row in page:
                self._hear(row.phone)
        for name, sealed in sealed_columns().items():
            self._table(METADATA.tables[name], sealed)
        for row in stops:
            key_id, fresh = self._said_by.get(row.phone_hash, (UNKNOWN, row.phone_hash))
            self.counts["opt_outs.phone_hash"][key_id] += 1
            if fresh != row.phone_hash:
                self._move_stop(row.territory_id, row.phone_hash, fresh)

    def _pages(
        self, table: Table, columns: Sequence[Column[Any]]
    ) -> Iterator[Sequence[Row[*tuple[Any, ...]]]]:
        query = select(table.c.id, *columns).order_by(table.c.id).limit(PAGE)
        with self._db.reading() as session:
            page = session.execute(query).all()
        while page:
            yield page
            with self._db.reading() as session:
                page = session.execute(query.where(table.c.id > page[-1].id)).all()

    def _table(self, table: Table, sealed: Sequence[str]) -> None:
        hashed = [
            name.partition(".")[2] for name in self.counts if name.startswith(f"{table.name}.")
        ]
        columns = [table.c[name] for name in dict.fromkeys((*sealed, *hashed))]
        for page in self._pages(table, columns):
            numbers = self._numbers_of(page) if table is _OFFERS else {}
            changes = []
            for row in page:
                old = dict(row._mapping)  # noqa: SLF001 - its public name, in spite of the dash
                new, texts = self._resealed(table.name, sealed, old)
                new |= self._rehashed(table.name, old, texts)
                if table is _OFFERS:
                    new |= self._rehashed_offer(old, numbers[row.id])
                self._hear(texts.get("phone"))
                if new:
                    changes.append(_Change(row.id, {name: old[name] for name in new}, new))
            self._write(table, changes)

    def _resealed(
        self, table: str, sealed: Sequence[str], old: Mapping[str, Any]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """What is to be written under the first key, and the texts of all that opens."""
        new: dict[str, str] = {}
        texts: dict[str, str] = {}
        for name in sealed:
            value = old[name]
            if value is None:
                continue
            field = f"{table}.{name}"
            key_id = value.partition(":")[0] if ":" in value else UNKNOWN
            self.counts[field][key_id] += 1
            text = self._opened(field, old["id"], value)
            if text is None:
                continue
            texts[name] = text
            if key_id != self.first:
                new[name] = self._cipher.seal(field, old["id"], text)
        return new, texts

    def _opened(self, field: str, row: UUID, value: str) -> str | None:
        """None for what no listed key opens: it is counted, and stays."""
        try:
            return self._cipher.open(field, row, value)
        except (KeyError, InvalidTag, ValueError):  # an unlisted key, another row's, not base64
            return None

    def _rehashed(
        self, table: str, old: Mapping[str, Any], texts: Mapping[str, str]
    ) -> dict[str, str]:
        new: dict[str, str] = {}
        for name, recipe in RECIPES.items():
            of_table, _, column = name.partition(".")
            if of_table != table:
                continue
            if not all(field in texts for field in recipe.fields):
                self.counts[name][UNKNOWN] += 1
                continue
            text = recipe.text(*(texts[field] for field in recipe.fields))
            self.counts[name][self._key_of(old[column], text) or UNKNOWN] += 1
            if old[column] != (fresh := self._cipher.hash(text)):
                new[column] = fresh
        return new

    def _rehashed_offer(self, old: Mapping[str, Any], numbers: Sequence[str]) -> dict[str, str]:
        stored = old["phone_hash"]
        for number in numbers:
            if (key_id := self._key_of(stored, number)) is not None:
                self.counts["offers.phone_hash"][key_id] += 1
                return {} if key_id == self.first else {"phone_hash": self._cipher.hash(number)}
        self.counts["offers.phone_hash"][UNKNOWN] += 1
        return {}

    def _numbers_of(self, page: Sequence[Row[*tuple[Any, ...]]]) -> dict[UUID, list[str]]:
        """The numbers an offer may have gone to: the practitioner's now, its messages' then."""
        ids = [row.id for row in page]
        with self._db.reading() as session:
            asked = session.execute(
                select(_OFFERS.c.id, _PRACTITIONERS.c.phone)
                .join(_PRACTITIONERS, _PRACTITIONERS.c.id == _OFFERS.c.practitioner_id)
                .where(_OFFERS.c.id.in_(ids))
            ).all()
            told = session.execute(
                select(_MESSAGES.c.id, _MESSAGES.c.offer_id, _MESSAGES.c.phone)
                # messages have an index of their request, none of their offer
                .join(_OFFERS, _OFFERS.c.request_id == _MESSAGES.c.request_id)
                .where(_OFFERS.c.id.in_(ids), _MESSAGES.c.offer_id == _OFFERS.c.id)
            ).all()
        numbers: dict[UUID, list[str]] = {offer: [] for offer in ids}
        for row in asked:
            if row.phone is not None:
                numbers[row.id].append(row.phone)
        for message in told:
            phone = self._opened("messages.phone", message.id, message.phone)
            if phone is not None:
                numbers[message.offer_id].append(phone)
        return numbers

    def _key_of(self, stored: str, text: str) -> str | None:
        """The listed key with which `stored` was made of `text`."""
        hashes = self._cipher.hashes(text)
        return self._cipher.key_ids[hashes.index(stored)] if stored in hashes else None

    def _hear(self, phone: str | None) -> None:
        """If that number said STOP, note under which key, and its hash under the first."""
        if phone is None or not self._stops:
            return
        hashes = self._cipher.hashes(phone)
        for key_id, hashed in zip(self._cipher.key_ids, hashes, strict=True):
            if hashed in self._stops:
                self._said_by[hashed] = (key_id, hashes[0])

    def _write(self, table: Table, changes: Sequence[_Change]) -> None:
        """Write what still stands as it was read.

        Rows that another transaction holds are passed over: whoever never waits for a row makes
        nobody's deadlock.
        """
        self.tried += len(changes)
        if not self._apply or not changes:
            return
        ours = (
            select(table.c.id)
            .where(table.c.id.in_([change.row for change in changes]))
            .with_for_update(skip_locked=True, key_share=True)
        )
        with self._db.writing() as session:
            held = set(session.scalars(ours))
            alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
            for change in changes:
                if change.row in held:
                    alike.setdefault(tuple(change.new), []).append(
                        {"row": change.row}
                        | {f"old_{name}": value for name, value in change.old.items()}
                        | {f"new_{name}": value for name, value in change.new.items()}
                    )
            written = sum(
                rows_changed(session.execute(_guarded(table, names), rows))
                for names, rows in alike.items()
            )
        self.written += written

    def _move_stop(self, territory_id: UUID, stored: str, fresh: str) -> None:
        """Put a STOP under the first key. One said again since then keeps the earlier day."""
        self.tried += 1
        if not self._apply:
            return
        mine = _OPT_OUTS.c.territory_id == territory_id
        old, new = (
            mine & (_OPT_OUTS.c.phone_hash == stored),
            mine & (_OPT_OUTS.c.phone_hash == fresh),
        )
        held = select(_OPT_OUTS.c.phone_hash, _OPT_OUTS.c.since).where(old | new)
        try:
            with self._db.writing() as session:
                rows = session.execute(held.with_for_update(skip_locked=True)).all()
                since = {row.phone_hash: row.since for row in rows}
                if stored not in since:
                    return
                if fresh in since:
                    earlier = min(since.values())
                    session.execute(update(_OPT_OUTS).where(new).values(since=earlier))
                    session.execute(delete(_OPT_OUTS).where(old))
                else:
                    # in place: a START that waits for this row still finds it, and takes it away
                    session.execute(update(_OPT_OUTS).where(old).values(phone_hash=fresh))
        except IntegrityError:  # STOP was said again at this very moment: the next pass joins them
            return
        self.written += 1


def _guarded(table: Table, names: Sequence[str]) -> Any:  # noqa: ANN401 - Update's type is private to SQLAlchemy
    return (
        update(table)
        .where(
            table.c.id == bindparam("row"),
            *(table.c[name] == bindparam(f"old_{name}") for name in names),
        )
        .values({name: bindparam(f"new_{name}") for name in names})
    )
