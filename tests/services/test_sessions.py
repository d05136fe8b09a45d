"""Sessions stand in the database: they begin, go on, and end."""

from uuid import uuid4

import pytest
from sqlalchemy import func, select

from dispatcher.domain.roles import Role
from dispatcher.reads.sessions import own_sessions
from dispatcher.services.accounts import replace_password, set_active
from dispatcher.services.house import House
from dispatcher.services.sessions import (
    end_other_sessions,
    end_session,
    note_action,
    open_session,
    session_of,
)
from dispatcher.storage.sessions import UserSession
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.services.tables import events


def told(house: House) -> list[tuple[str, object]]:
    """What the log says of sessions."""
    kinds = {"user_signed_in": "user_id", "sessions_ended": "count"}
    return [(kind, data[kinds[kind]]) for kind, data in events(house) if kind in kinds]


def test_a_session_is_somebodys_until_they_end_it(house: House, town: Town) -> None:
    account = town.regulator
    session_id = open_session(house, account, "Firefox sur Windows")
    found = session_of(house, session_id)
    assert found is not None
    assert (found.id, found.account) == (session_id, account)
    assert session_of(house, uuid4()) is None

    end_session(house, account, session_id)
    end_session(house, account, session_id)

    assert session_of(house, session_id) is None
    assert told(house) == [("user_signed_in", str(account.user_id)), ("sessions_ended", 1)]


def test_nobody_ends_another_persons_session(house: House, town: Town) -> None:
    session_id = open_session(house, town.regulator, "Firefox sur Windows")
    colleague = town.account(Role.REGULATOR)
    end_session(house, colleague, session_id)
    assert end_other_sessions(house, colleague, uuid4()) == 0
    assert session_of(house, session_id) is not None
    assert own_sessions(house.db, colleague.user_id, house.clock()) == []


def test_all_other_sessions_end_at_once(house: House, town: Town) -> None:
    account = town.regulator
    sessions = [open_session(house, account, f"Navigateur {number}") for number in range(3)]
    assert end_other_sessions(house, account, sessions[1]) == 2
    alive = [each.id for each in own_sessions(house.db, account.user_id, house.clock())]
    assert alive == [sessions[1]]
    assert told(house)[-1] == ("sessions_ended", 2)


def test_actions_prolong_a_session_and_are_noted_once_a_minute(
    house: House, town: Town, clock: FakeClock
) -> None:
    session_id = open_session(house, town.regulator, "Firefox sur Windows")
    for seconds, due in ((0, False), (60, False), (1, True)):
        clock.advance(seconds=seconds)
        found = session_of(house, session_id)
        assert found is not None
        assert found.is_to_be_noted is due

    for _ in range(3):
        clock.advance(hours=3.9)
        assert session_of(house, session_id) is not None
        note_action(house, session_id)
    (seen,) = own_sessions(house.db, town.regulator.user_id, clock())
    assert seen.seen_at == clock()

    clock.advance(hours=0.4)  # 12.1 hours in all, the last action 24 minutes ago
    assert session_of(house, session_id) is None
    assert own_sessions(house.db, town.regulator.user_id, clock()) == []


def test_a_session_that_nobody_uses_ends_and_no_action_brings_it_back(
    house: House, town: Town, clock: FakeClock
) -> None:
    session_id = open_session(house, town.regulator, "Firefox sur Windows")
    clock.advance(hours=4.01)
    assert session_of(house, session_id) is None


@pytest.mark.parametrize("by", ["password", "access"])
def test_who_gets_a_new_password_or_is_closed_is_signed_out_everywhere(
    house: House, town: Town, by: str
) -> None:
    account, boss = town.regulator, town.account(Role.ADMINISTRATOR)
    session_id = open_session(house, account, "Firefox sur Windows")
    if by == "password":
        replace_password(house, boss, account.user_id)
    else:
        for active in (False, True):
            set_active(house, boss, account.user_id, active=active)
    assert session_of(house, session_id) is None
    # who proved a password that was replaced meanwhile opens a session that holds for nothing
    late = open_session(house, account, "Firefox sur Windows")
    assert session_of(house, late) is None


def test_what_is_left_of_old_sessions_goes_with_the_next_sign_in(
    house: House, town: Town, clock: FakeClock
) -> None:
    account, colleague = town.regulator, town.account(Role.REGULATOR)
    open_session(house, account, "Ancienne")
    open_session(house, colleague, "Collègue")
    clock.advance(hours=12.1)
    open_session(house, account, "Nouvelle")
    with house.db.reading() as session:
        kept = session.execute(
            select(UserSession.device, func.count()).group_by(UserSession.device)
        ).all()
    assert sorted(row.device for row in kept) == ["Collègue", "Nouvelle"]
