"""The log of who opened which patient's file: CNIL's recommendation of 14 October 2021."""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from datetime import datetime
from threading import Lock
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Select, Uuid, bindparam, cast, null, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from config.logging import get_logger
from dispatcher.domain.errors import UnavailableError
from dispatcher.domain.events import Actor
from dispatcher.domain.openings import Way
from dispatcher.services.house import House
from dispatcher.storage.columns import table_of
from dispatcher.storage.offers import Offer
from dispatcher.storage.openings import FileOpening
from dispatcher.storage.patients import Patient
from dispatcher.storage.requests import Appointment, CareRequest
from dispatcher.storage.unit import Database

log = get_logger(__name__)
NO_ACCOUNT = UUID(int=0)
"""Who works on the command line."""
MOST_REMEMBERED = 20_000

Key = tuple[UUID, Way, UUID]


class Remembered:
    """What this process has noted lately: a page that asks every second is noted once an hour."""

    def __init__(self) -> None:
        self._turn = Lock()
        self._hours: OrderedDict[Key, datetime] = OrderedDict()

    def lacks(self, key: Key, hour: datetime) -> bool:
        """Whether it was not noted in that hour, as far as is remembered."""
        with self._turn:
            return self._hours.get(key) != hour

    def add(self, keys: Collection[Key], hour: datetime) -> None:
        """From now on these are; the oldest are forgotten when they are too many."""
        with self._turn:
            for key in keys:
                self._hours[key] = hour
                self._hours.move_to_end(key)
            while len(self._hours) > MOST_REMEMBERED:
                self._hours.popitem(last=False)


_REMEMBERED: "WeakKeyDictionary[Database, Remembered]" = WeakKeyDictionary()
_OPENINGS = table_of(FileOpening)
_PATIENTS, _REQUESTS = table_of(Patient).c, table_of(CareRequest).c
_APPOINTMENTS, _OFFERS = table_of(Appointment).c, table_of(Offer).c
_IDS = bindparam("ids", type_=Uuid(), expanding=True)
_ALWAYS = tuple(
    bindparam(name, type_=_OPENINGS.c[name].type)
    for name in ("actor_id", "actor_kind", "way", "hour", "opened_at")
)
_OF_A_REQUEST = (_REQUESTS.patient_id, _REQUESTS.territory_id, _REQUESTS.id)
_SOURCES: Mapping[str, Select[Any]] = {
    "request": select(*_OF_A_REQUEST).where(_REQUESTS.id.in_(_IDS)),
    "appointment": select(*_OF_A_REQUEST).where(
        _APPOINTMENTS.request_id == _REQUESTS.id, _APPOINTMENTS.id.in_(_IDS)
    ),
    "offer": select(*_OF_A_REQUEST).where(_OFFERS.request_id == _REQUESTS.id, _OFFERS.id.in_(_IDS)),
    "patient": select(_PATIENTS.id, _PATIENTS.territory_id, cast(null(), Uuid())).where(
        _PATIENTS.id.in_(_IDS)
    ),
}
_NOTE = {
    (dialect.__name__.rpartition(".")[2], subject): dialect.insert(_OPENINGS)
    .from_select(
        ["patient_id", "territory_id", "request_id", *(each.key for each in _ALWAYS)],
        source.add_columns(*_ALWAYS),
    )
    .on_conflict_do_nothing()
    for dialect in (postgresql, sqlite)
    for subject, source in _SOURCES.items()
}


def opened_requests(house: House, actor: Actor, way: Way, requests: Collection[UUID]) -> None:
    """Note that the files of these requests were opened.

    Once for each person, patient, way and hour. What cannot be noted while the database takes no
    writes is shown all the same, and the technical log says so: care does not wait for its log.
    """
    _note(house, actor, way, requests, "request")


def opened_appointments(house: House, actor: Actor, way: Way, ids: Collection[UUID]) -> None:
    """The same for those whose appointments these are."""
    _note(house, actor, way, ids, "appointment")


def opened_by_offer(house: House, actor: Actor, way: Way, offer_id: UUID) -> None:
    """The same for the patient whom an offer was about."""
    _note(house, actor, way, [offer_id], "offer")


def opened_patients(house: House, actor: Actor, way: Way, patients: Collection[UUID]) -> None:
    """The same for patients of whom no request is shown."""
    _note(house, actor, way, patients, "patient")


def write_openings(
    session: Session, actor: Actor, way: Way, subject: str, ids: Collection[UUID], now: datetime
) -> None:
    """The rows themselves, in a transaction of the caller's; those that stand stay as they are."""
    values = {
        "actor_id": actor.id or NO_ACCOUNT,
        "actor_kind": actor.kind.value,
        "way": way.value,
        "hour": _hour_of(now),
        "opened_at": now,
        "ids": list(ids),
    }
    session.execute(_NOTE[session.get_bind().dialect.name, subject], values)


def _note(house: House, actor: Actor, way: Way, ids: Collection[UUID], subject: str) -> None:
    now, who = house.clock(), actor.id or NO_ACCOUNT
    remembered = _REMEMBERED.setdefault(house.db, Remembered())
    new = [each for each in ids if remembered.lacks((who, way, each), _hour_of(now))]
    if not new:
        return
    try:
        with house.db.writing() as session:
            write_openings(session, actor, way, subject, new, now)
    except UnavailableError:
        log.warning("opening_not_noted", way=way.value, **{f"{subject}_ids": [str(e) for e in new]})
    else:
        remembered.add([(who, way, each) for each in new], _hour_of(now))


def _hour_of(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)
