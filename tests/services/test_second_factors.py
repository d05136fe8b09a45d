"""Double authentication: set up, asked for, lost."""

from functools import partial
from uuid import UUID

import pyotp
import pytest
from sqlalchemy import select

from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError, TransitionError
from dispatcher.domain.roles import Account, Role
from dispatcher.reads.second_factors import codes_left, own_second_factor
from dispatcher.services import second_factors
from dispatcher.services.house import House
from dispatcher.services.second_factors import CodeRefusedError
from dispatcher.services.sessions import open_session, session_of
from dispatcher.storage.second_factors import RecoveryCode, SecondFactor
from tests.builders import PASSWORD, Town
from tests.fakes.clock import FakeClock
from tests.services.tables import events
from tests.threads import at_once


def begun(house: House, account: Account) -> pyotp.TOTP:
    """The application of somebody who is setting it up."""
    second_factors.begin_second_factor(house, account, PASSWORD)
    facts = own_second_factor(house.db, account.user_id)
    assert facts is not None
    return pyotp.TOTP(facts.secret)


def enrolled(house: House, account: Account) -> tuple[pyotp.TOTP, list[str]]:
    totp = begun(house, account)
    codes = second_factors.confirm_second_factor(house, account, totp.at(house.clock()))
    house.clock.advance(minutes=5)  # type: ignore[attr-defined]  # the tests' clock
    return totp, codes


def accepts(house: House, account: Account, code: str) -> bool:
    try:
        second_factors.check_code(house, account, code)
    except CodeRefusedError:
        return False
    return True


def kinds(house: House) -> list[str]:
    return [kind for kind, _ in events(house) if "factor" in kind or "recovery" in kind]


def test_it_is_asked_for_once_the_application_has_shown_a_right_code(
    house: House, town: Town
) -> None:
    account = town.regulator
    with pytest.raises(InvalidError) as refused:
        second_factors.begin_second_factor(house, account, "pas le bon")
    assert set(refused.value.fields) == {"present"}
    with pytest.raises(NotFoundError):
        second_factors.confirm_second_factor(house, account, "123456")

    first, totp = begun(house, account), begun(house, account)
    assert first.secret != totp.secret
    assert not second_factors.has_second_factor(house, account)
    assert not accepts(house, account, totp.at(house.clock()))
    for wrong in ("000000", "", first.at(house.clock())):
        with pytest.raises(InvalidError) as refused:
            second_factors.confirm_second_factor(house, account, wrong)
        assert set(refused.value.fields) == {"code"}

    codes = second_factors.confirm_second_factor(house, account, totp.at(house.clock()))

    assert len(set(codes)) == 10
    assert second_factors.has_second_factor(house, account)
    assert own_second_factor(house.db, account.user_id).secret == ""  # type: ignore[union-attr]
    with pytest.raises(TransitionError):
        second_factors.begin_second_factor(house, account, PASSWORD)
    assert kinds(house) == ["second_factor_set"]


def test_secret_and_codes_cannot_be_read_in_the_database(house: House, town: Town) -> None:
    totp, codes = enrolled(house, town.regulator)
    with house.db.reading() as session:
        factor = session.scalars(select(SecondFactor)).one()
        hashes = session.scalars(select(RecoveryCode.hashed)).all()
    assert totp.secret not in factor.secret
    assert house.db.cipher.open("second_factors.secret", factor.id, factor.secret) == totp.secret
    assert all(each.startswith("$argon2id$") for each in hashes)
    assert not any(code in str(events(house)) for code in (totp.secret, *codes))


@pytest.mark.parametrize(
    ("astray", "taken"),
    [(-90, False), (-60, False), (-30, True), (0, True), (30, True), (60, False)],
)
def test_a_telephones_clock_may_be_half_a_minute_wrong(
    house: House, town: Town, astray: int, taken: object
) -> None:
    totp, _ = enrolled(house, town.regulator)
    code = totp.at(int(house.clock().timestamp()) + astray)
    assert accepts(house, town.regulator, f" {code[:3]} {code[3:]} ") is taken


def test_a_code_is_taken_once_even_of_two_who_type_it_at_the_same_moment(
    house: House, town: Town, clock: FakeClock
) -> None:
    account = town.regulator
    totp = begun(house, account)
    confirmed = totp.at(clock())
    second_factors.confirm_second_factor(house, account, confirmed)
    assert not accepts(house, account, confirmed)  # it was seen when it confirmed

    clock.advance(seconds=30)
    code = totp.at(clock())
    assert sorted(at_once([partial(accepts, house, account, code)] * 4)) == [False] * 3 + [True]
    clock.advance(seconds=30)
    assert not accepts(house, account, code)  # within its minute, but taken
    assert accepts(house, account, totp.at(clock()))


def test_a_recovery_code_is_good_once(house: House, town: Town) -> None:
    account = town.regulator
    _, codes = enrolled(house, account)
    typed = codes[3].upper().replace("-", " ")
    tries = at_once([partial(accepts, house, account, typed)] * 2)
    assert sorted(tries) == [False, True]
    assert not accepts(house, account, codes[3])
    assert accepts(house, account, codes[4])
    assert codes_left(house.db, account.user_id) == 8
    left = [data["left"] for kind, data in events(house) if kind == "recovery_code_used"]
    assert left == [9, 8]


def test_codes_on_paper_are_made_anew_by_who_has_double_authentication(
    house: House, town: Town
) -> None:
    account, colleague = town.regulator, town.account(Role.REGULATOR)
    begun(house, colleague)
    with pytest.raises(NotFoundError):
        second_factors.renew_recovery_codes(house, colleague)
    _, old = enrolled(house, account)
    assert accepts(house, account, old[0])
    new = second_factors.renew_recovery_codes(house, account)
    assert codes_left(house.db, account.user_id) == 10
    assert [accepts(house, account, code) for code in (old[1], new[1])] == [False, True]
    assert "recovery_codes_renewed" in kinds(house)


def test_another_persons_codes_open_nothing(house: House, town: Town) -> None:
    totp, codes = enrolled(house, town.regulator)
    colleague = town.account(Role.REGULATOR)
    enrolled(house, colleague)
    for code in (totp.at(house.clock()), codes[0], "", "000000", "’" * 10, "x" * 500):
        assert not accepts(house, colleague, code)


def test_its_owner_removes_it_with_the_password_and_begins_anew(house: House, town: Town) -> None:
    account = town.regulator
    totp, codes = enrolled(house, account)
    with pytest.raises(InvalidError):
        second_factors.remove_second_factor(house, account, "pas le bon")
    second_factors.remove_second_factor(house, account, PASSWORD)
    assert not second_factors.has_second_factor(house, account)
    again, _ = enrolled(house, account)
    assert not accepts(house, account, codes[0])
    assert not accepts(house, account, totp.at(house.clock()))
    assert accepts(house, account, again.at(house.clock()))


def test_an_administrator_helps_who_lost_it_in_their_territory_alone(
    house: House, town: Town, clock: FakeClock
) -> None:
    account, boss = town.regulator, town.account(Role.ADMINISTRATOR)
    enrolled(house, account)
    session_id = open_session(house, account, "Firefox sur Windows")
    stranger = Town.found(house, clock, "ain", department="01").account(Role.ADMINISTRATOR)
    with pytest.raises(NotFoundError):
        second_factors.take_second_factor_away(house, stranger, account.user_id)
    with pytest.raises(RefusedError, match="own-account"):
        second_factors.take_second_factor_away(house, boss, boss.user_id)

    for _ in range(2):
        second_factors.take_second_factor_away(house, boss, account.user_id)

    assert not second_factors.has_second_factor(house, account)
    assert session_of(house, session_id) is None
    assert kinds(house) == ["second_factor_set", "second_factor_removed"]


def test_a_territory_says_of_which_roles_it_is_asked(
    house: House, town: Town, clock: FakeClock
) -> None:
    boss, account = town.account(Role.ADMINISTRATOR), town.regulator
    neighbour = Town.found(house, clock, "ain", department="01").regulator
    sessions = {each: open_session(house, each, "Firefox") for each in (boss, account, neighbour)}

    def must(each: Account) -> bool:
        found = session_of(house, sessions[each])
        assert found is not None
        return found.must_enrol

    for _ in range(2):
        second_factors.require_second_factor(house, boss, [Role.REGULATOR, Role.COORDINATOR])
    assert [must(each) for each in (boss, account, neighbour)] == [False, True, False]
    begun(house, account)
    assert must(account)
    second_factors.confirm_second_factor(house, account, _code(house, account.user_id))
    assert not must(account)
    said = [data for kind, data in events(house) if kind == "second_factor_required"]
    assert said == [{"roles": ["coordinator", "regulator"]}]


def _code(house: House, user_id: UUID) -> str:
    facts = own_second_factor(house.db, user_id)
    assert facts is not None
    return pyotp.TOTP(facts.secret).at(house.clock())
