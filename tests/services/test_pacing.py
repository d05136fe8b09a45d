"""How fast SMS leave: the provider's rate, a territory's and a telephone's limit, quiet hours."""

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from dispatcher.domain.events import ENGINE
from dispatcher.domain.messages import MessageKind
from dispatcher.domain.sms_policy import SmsPolicy
from dispatcher.services import sending
from dispatcher.services.house import House
from dispatcher.services.notices import Sms, queue_sms
from dispatcher.services.pacing import lanes_of
from dispatcher.storage import keeping, lanes
from dispatcher.storage.lanes import Lane, LaneFullError, SendingLane
from dispatcher.storage.messages import Message
from dispatcher.storage.territories import Territory
from dispatcher.storage.unit import Claim
from tests.builders import Town
from tests.fakes.bell import RecordingBell
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises, open_house, settings_for
from tests.services.tables import messages, promises
from tests.threads import at_once

Write = Callable[..., None]


@pytest.fixture
def write(house: House, town: Town) -> Write:
    """Queue SMS: a kind, and one telephone or several."""
    count = iter(range(10_000))

    def write(
        kind: MessageKind = MessageKind.CONFIRMATION,
        *phones: str,
        days: float = 2,
        territory: UUID | None = None,
    ) -> None:
        values = dict.fromkeys(("sender", "day", "time", "address", "phone", "link"), "mot")
        with house.db.transaction(territory or town.territory_id, ENGINE) as unit:
            for phone in phones:
                sms = Sms(
                    kind=kind,
                    to_role="patient",
                    phone=phone,
                    purpose=f"{kind.value}:{next(count)}",
                    values=values,
                    expires_at=house.clock() + timedelta(days=days),
                )
                queue_sms(house, unit, sms)

    return write


def phone(number: int) -> str:
    return f"+33639980{number:03d}"


def send_all(house: House) -> None:
    """Everything that is owed now is tried once, what is put off included."""
    for job in ("send_message", "send_unhurried"):
        for promise in promises(house, job):
            if claim := keeping.claim(house.db, promise.id, 20):
                sending.send_message(house, claim)


def paced(house: House, rate: float) -> House:
    settings = dataclasses.replace(house.settings, sms_rate=rate)
    return dataclasses.replace(house, settings=settings)


# Lanes


def test_a_lane_gives_turns_one_step_apart_and_refuses_beyond_its_room(house: House) -> None:
    lane = Lane("sender:x", step=2.0, room=4.0)

    def take(now: float) -> float:
        with house.db.writing() as session:
            return lanes.take(session, lane, now)

    assert [take(1000), take(1000), take(1001)] == [1000, 1002, 1004]
    with pytest.raises(LaneFullError) as full:
        take(1001)
    assert full.value.wait == pytest.approx(1)  # busy until 1006, of which 4 s may be ahead
    assert take(1002) == 1006
    assert take(2000) == 2000  # what was not used is not saved up


def test_several_workers_take_each_turn_once(house: House) -> None:
    lane = Lane("sender:x", step=1.0, room=100.0)

    def take() -> float:
        with house.db.writing() as session:
            return lanes.take(session, lane, 1000)

    assert sorted(at_once([take] * 12)) == [1000.0 + turn for turn in range(12)]


def test_idle_lanes_are_forgotten_and_busy_ones_kept(house: House, clock: FakeClock) -> None:
    now = clock.now.timestamp()
    with house.db.writing() as session:
        lanes.take(session, Lane("number:idle", 1.0, 0.0), now - 10)
        lanes.take(session, Lane("number:busy", 60.0, 0.0), now - 10)

    lanes.forget_idle(house.db)

    with house.db.reading() as session:
        assert [lane.name for lane in session.query(SendingLane)] == ["number:busy"]


# The provider's rate


def test_beyond_the_provider_s_rate_an_sms_waits_and_none_is_dropped(
    house: House, sms: FakeSms, clock: FakeClock, write: Write
) -> None:
    """Two a second: with the clock standing still, half a second's worth ahead may leave."""
    slow = paced(house, 2)
    write(MessageKind.CONFIRMATION, *(phone(number) for number in range(5)))

    send_all(slow)

    # at 0 s and at 0.5 s, of which 0.45 s is tolerated and 0.05 s waited
    assert len(sms.taken) == 2
    assert {message.status for message in messages(house)} == {"sent", "queued"}
    left = promises(house, "send_message")
    assert {promise.last_error for promise in left} == {"limit reached: sender"}
    assert {promise.attempts for promise in left} == {0}
    for _ in range(20):
        clock.advance(seconds=0.5)
        send_all(slow)
    assert len({taken.message.message_id for taken in sms.taken}) == len(sms.taken) == 5


def test_senders_of_different_territories_have_each_their_rate(
    house: House, town: Town, sms: FakeSms, clock: FakeClock, write: Write
) -> None:
    other = Town.found(house, clock, code="nord")
    sms.senders = {"jura": "+33639980001", "nord": "+33639980002"}
    slow = paced(house, 1)
    for territory in (town, other):
        write(MessageKind.CONFIRMATION, phone(1), phone(2), territory=territory.territory_id)

    send_all(slow)

    codes = [taken.message.territory_code for taken in sms.taken]
    assert sorted(codes) == ["jura", "nord"]


# A territory's and a telephone's limits


def limit(house: House, town: Town, **settings: int) -> None:
    with house.db.writing() as session:
        session.get_one(Territory, town.territory_id).settings = {"sms": settings}


def test_a_telephone_gets_so_many_in_an_hour_and_the_others_later(
    house: House, town: Town, sms: FakeSms, clock: FakeClock, write: Write
) -> None:
    limit(house, town, per_number_hour=3)
    write(MessageKind.CONFIRMATION, *[phone(7)] * 5, phone(8))

    send_all(house)

    assert len(sms.bodies_to(phone(7))) == 3
    assert len(sms.bodies_to(phone(8))) == 1
    (first, second) = promises(house, "send_message")
    assert first.last_error == "limit reached: number"
    assert timedelta(minutes=20) <= first.due_at - clock.now  # a third of an hour frees one
    clock.advance(hours=1)
    send_all(house)
    clock.advance(hours=1)
    send_all(house)
    assert len(sms.bodies_to(phone(7))) == 5
    assert second.attempts == 0


def test_of_a_territory_s_limit_a_part_is_kept_for_what_cannot_wait(
    house: House, town: Town, sms: FakeSms, write: Write
) -> None:
    limit(house, town, per_minute=10)
    write(MessageKind.REMINDER, *(phone(number) for number in range(12)))
    send_all(house)
    assert len(sms.taken) == 8  # four fifths

    write(MessageKind.CONFIRMATION, phone(20), phone(21), phone(22))
    send_all(house)

    assert sum(len(sms.bodies_to(phone(number))) for number in (20, 21, 22)) == 2
    (late,) = promises(house, "send_message")
    assert late.due_at - house.clock() < timedelta(seconds=13)  # its own turn, not the reminders'


def test_many_workers_keep_a_telephone_s_limit_together(
    house: House, town: Town, sms: FakeSms, write: Write
) -> None:
    limit(house, town, per_number_hour=3)
    write(MessageKind.CONFIRMATION, *[phone(7)] * 8)
    claims = [keeping.claim(house.db, row.id, 20) for row in promises(house, "send_message")]

    def send(claim: Claim | None) -> Callable[[], None]:
        assert claim is not None
        return lambda: sending.send_message(house, claim)

    at_once([send(claim) for claim in claims])

    assert len(sms.taken) == 3


# Quiet hours


@pytest.mark.parametrize(
    "kind", [MessageKind.REMINDER, MessageKind.SATISFACTION, MessageKind.NO_SHOW_FOLLOW_UP]
)
def test_what_can_wait_waits_for_the_morning_and_a_confirmation_does_not(
    house: House, sms: FakeSms, clock: FakeClock, write: Write, kind: MessageKind
) -> None:
    clock.now = datetime(2026, 11, 23, 19, 30, tzinfo=UTC)  # 20 h 30 in Paris
    write(kind, phone(1))
    write(MessageKind.CONFIRMATION, phone(2))
    write(MessageKind.CANCELLED_BY_PRACTITIONER, phone(3))

    keep_promises(house)

    assert {taken.message.to for taken in sms.taken} == {phone(2), phone(3)}
    (waiting,) = promises(house, "send_unhurried")
    assert waiting.due_at == datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
    clock.now = waiting.due_at
    keep_promises(house)
    assert [taken.message.to for taken in sms.taken][2:] == [phone(1)]


def test_what_expires_before_the_morning_is_not_sent_and_nobody_is_called(
    house: House, sms: FakeSms, clock: FakeClock, write: Write
) -> None:
    clock.now = datetime(2026, 11, 23, 19, 30, tzinfo=UTC)
    write(MessageKind.REMINDER, phone(1), days=0.25)

    keep_promises(house)
    clock.advance(hours=12)
    keep_promises(house)

    (message,) = messages(house)
    assert (sms.taken, message.status, message.error_code) == ([], "refused", "expired")


# Urgency


def test_a_reminder_is_another_job_than_a_confirmation(house: House, write: Write) -> None:
    write(MessageKind.REMINDER, phone(1))
    write(MessageKind.CONFIRMATION, phone(2))

    waiting, urgent = promises(house, "send_unhurried"), promises(house, "send_message")

    assert (len(waiting), len(urgent)) == (1, 1)


# The house of a real process


def test_settings_of_a_house_carry_the_rate(
    database_url: str, clock: FakeClock, sms: FakeSms, bell: RecordingBell
) -> None:
    settings = dataclasses.replace(settings_for(database_url), sms_rate=1.0)
    with open_house(database_url, clock=clock, sms=sms, bell=bell, settings=settings) as house:
        message = Message(phone_hash="h", territory_id=UUID(int=1), kind="reminder")
        lane = lanes_of(house, message, "jura", SmsPolicy())[-1]

    assert (lane.name, lane.step, lane.room) == ("sender:fake", 1.0, 0.7)
