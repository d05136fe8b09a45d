"""A crisis: opened by name, searched further, helped by whoever is called, and closed again."""

import uuid
from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from dispatcher.domain import languages
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError, TransitionError
from dispatcher.domain.events import (
    Actor,
    ActorKind,
    EpisodeClosed,
    EpisodeOpened,
    ReinforcementAnswered,
    ReinforcementsCalled,
)
from dispatcher.domain.jobs import Job
from dispatcher.domain.languages import Language
from dispatcher.domain.messages import MessageKind
from dispatcher.domain.roles import Account
from dispatcher.services.commands import OpenEpisode, OpenHours, PublishSlot
from dispatcher.services.house import House
from dispatcher.services.neighbours import match_all_who_see
from dispatcher.services.notices import signed_link
from dispatcher.services.practitioner_notices import BY_EMAIL, Notice, tell_practitioners
from dispatcher.services.publication import faults_of, faults_of_place, queue_on, write
from dispatcher.services.requests import FURTHEST_KM
from dispatcher.storage.encryption import digest_token
from dispatcher.storage.episodes import Episode, EpisodeCall
from dispatcher.storage.practitioners import Place, Practitioner
from dispatcher.storage.slots import Slot
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Unit

CALLED, COMES, STAYS = "called", "comes", "stays"
GOOD_FOR = timedelta(hours=12)
"""An SMS that calls for help is worth nothing half a day later."""
AT_THE_PRACTICE = "AMB"


class EpisodeOpenError(RefusedError):
    """The territory has a crisis already."""

    status = 409

    def __init__(self) -> None:
        super().__init__("episode-open", "Un plan de crise est déjà ouvert pour ce territoire.")


def open_episode(house: House, account: Account, command: OpenEpisode) -> UUID:
    """Open a crisis: from now on the territory searches at least so far, and at once.

    Raises InvalidError on `radius_km`, EpisodeOpenError.
    """
    if not 0 < command.radius_km <= FURTHEST_KM:
        raise InvalidError({"radius_km": f"Indiquez un rayon de 1 à {FURTHEST_KM:.0f} km."})
    episode_id = uuid.uuid4()
    try:
        with house.db.transaction(account.territory_id, account.actor) as unit:
            unit.session.add(
                Episode(
                    id=episode_id,
                    territory_id=unit.territory_id,
                    name=command.name,
                    radius_km=command.radius_km,
                    opened_by=account.user_id,
                    opened_at=unit.now,
                )
            )
            unit.record(EpisodeOpened(episode_id=episode_id, radius_km=command.radius_km))
            _search_so_far(unit, command.radius_km)
    except IntegrityError as error:  # the index holds one at a time
        raise EpisodeOpenError from error
    return episode_id


def close_episode(house: House, account: Account, episode_id: UUID) -> None:
    """Close it: the territory's own radius holds again, and calls are answered no more.

    What was published meanwhile stays. Saying it twice changes nothing. Raises NotFoundError.
    """
    with house.db.transaction(account.territory_id, account.actor) as unit:
        episode = _lock(unit, episode_id)
        if episode.closed_at is not None:
            return
        episode.closed_at = unit.now
        unit.record(EpisodeClosed(episode_id=episode_id))
        _search_so_far(unit, None)


def call_reinforcements(
    house: House, account: Account, episode_id: UUID, professions: Collection[str]
) -> int:
    """Call everybody of these professions (TRE_G15) at once, each once; returns how many.

    Whoever has no mobile and no e-mail is counted in the log: they are to be telephoned. Raises
    NotFoundError, TransitionError once it is closed, InvalidError on `professions` for none.
    """
    if not set(professions) & set(house.catalogue.professions):
        raise InvalidError({"professions": "Choisissez au moins une profession."})
    with house.db.transaction(account.territory_id, account.actor) as unit:
        episode = _lock(unit, episode_id)
        _must_be_open(episode)
        people = _uncalled(unit, episode_id, professions)
        reached = [(each, phone) for each, phone, reachable in people if reachable]
        territory = unit.session.get_one(Territory, unit.territory_id)
        notices = [_call(house, unit, territory, episode_id, *each) for each in reached]
        unit.session.flush()  # the SMS must not leave without the row that its link opens
        tell_practitioners(house, unit, notices)
        if people:
            unit.record(
                ReinforcementsCalled(
                    episode_id=episode_id,
                    called=len(reached),
                    unreachable=len(people) - len(reached),
                )
            )
    return len(reached)


def answer_call(house: House, secret: str, hours: OpenHours | None) -> None:
    """Say by the link that one comes, which publishes these hours, or with None that one does not.

    Who changes their mind answers again; hours that are published stay until their practitioner
    closes them. Raises NotFoundError, TransitionError once it is closed, InvalidError by field.
    """
    with house.db.reading() as session:
        found = session.execute(
            select(EpisodeCall.id, EpisodeCall.territory_id, EpisodeCall.practitioner_id).where(
                EpisodeCall.link_digest == digest_token(secret)
            )
        ).one_or_none()
    if found is None:
        raise NotFoundError("Ce lien n’est pas ou n’est plus valable.")
    author = Actor(ActorKind.PRACTITIONER, found.practitioner_id)
    with house.db.transaction(found.territory_id, author) as unit:
        call = unit.session.get_one(EpisodeCall, found.id, with_for_update=True)
        _must_be_open(unit.session.get_one(Episode, call.episode_id))
        status = STAYS if hours is None else COMES
        is_there = hours is not None and _is_there(unit, call, hours)
        if call.status == status and (is_there or hours is None):
            return  # the same answer sent twice
        start = None if hours is None else hours.start
        if hours is not None and not is_there:
            queue_on(unit, found.practitioner_id)
            _publish(house, unit, call, hours)
        call.status, call.answered_at = status, unit.now
        unit.record(
            ReinforcementAnswered(
                episode_id=call.episode_id,
                practitioner_id=call.practitioner_id,
                comes=hours is not None,
                start=start,
            )
        )


def _is_there(unit: Unit, call: EpisodeCall, hours: OpenHours) -> bool:
    """Whether these very hours are what they published before."""
    if call.slot_id is None:
        return False
    slot = unit.session.get_one(Slot, call.slot_id)
    return (slot.start_at, slot.ends_at) == (hours.start, hours.end)


def _publish(house: House, unit: Unit, call: EpisodeCall, hours: OpenHours) -> None:
    place_id = unit.session.scalar(
        select(Place.id)
        .where(Place.practitioner_id == call.practitioner_id, Place.closed_at.is_(None))
        .order_by(Place.id)
        .limit(1)
    )
    if place_id is None:
        raise InvalidError(
            {"start": f"Aucun lieu d’exercice n’est connu{NBSP}: appelez la régulation."}
        )
    slot_id = uuid.uuid4()
    command = PublishSlot(
        practitioner=call.practitioner_id,
        place=place_id,
        start=hours.start,
        end=hours.end,
        places=hours.places,
        modality=AT_THE_PRACTICE,
    )
    territory = unit.session.get_one(Territory, unit.territory_id)
    faults = faults_of(house, command, unit.now)
    faults |= faults_of_place(unit, command, ZoneInfo(territory.timezone))
    if faults:
        raise InvalidError(faults)
    write(unit, command, slot_id)
    match_all_who_see(unit, shared=command.shared)
    call.slot_id = slot_id


def _uncalled(
    unit: Unit, episode_id: UUID, professions: Collection[str]
) -> Sequence[tuple[UUID, str | None, bool]]:
    """Id, mobile and whether they can be written to, of whoever was not called yet."""
    called = select(EpisodeCall.practitioner_id).where(EpisodeCall.episode_id == episode_id)
    rows = unit.session.execute(
        select(
            Practitioner.id,
            Practitioner.phone,
            or_(Practitioner.phone.is_not(None), BY_EMAIL).label("reachable"),
        )
        .where(
            Practitioner.territory_id == unit.territory_id,
            Practitioner.active,
            Practitioner.profession.in_(professions),
            Practitioner.id.not_in(called),
        )
        .order_by(Practitioner.id)
    ).all()
    return [(row.id, row.phone, bool(row.reachable)) for row in rows]


def _call(
    house: House,
    unit: Unit,
    territory: Territory,
    episode_id: UUID,
    practitioner_id: UUID,
    phone: str | None,
) -> Notice:
    call_id = uuid.uuid4()
    secret = signed_link(house, "reinforcement", call_id)
    unit.session.add(
        EpisodeCall(
            id=call_id,
            territory_id=unit.territory_id,
            episode_id=episode_id,
            practitioner_id=practitioner_id,
            status=CALLED,
            link_digest=digest_token(secret),
            called_at=unit.now,
        )
    )
    return Notice(
        kind=MessageKind.REINFORCEMENT_CALL,
        practitioner_id=practitioner_id,
        phone=phone,
        purpose=f"{MessageKind.REINFORCEMENT_CALL.value}:{call_id}",
        values={
            "sender": territory.name,
            "day": languages.day(unit.now, ZoneInfo(territory.timezone), Language.FRENCH),
            "link": f"{house.settings.public_base_url}/renfort/{secret}",
        },
        expires_at=unit.now + GOOD_FOR,
    )


def _search_so_far(unit: Unit, radius_km: float | None) -> None:
    territory = unit.session.scalars(
        select(Territory).where(Territory.id == unit.territory_id).with_for_update()
    ).one()
    territory.crisis_km = radius_km
    unit.promise(Job.MATCH_WAITING, {"territory_id": unit.territory_id})


def _must_be_open(episode: Episode) -> None:
    if episode.closed_at is not None:
        raise TransitionError("Ce plan de crise est terminé.")


def _lock(unit: Unit, episode_id: UUID) -> Episode:
    episode = unit.session.scalars(
        select(Episode)
        .where(Episode.id == episode_id, Episode.territory_id == unit.territory_id)
        .with_for_update()
    ).one_or_none()
    if episode is None:
        raise NotFoundError
    return episode
