"""Passkeys of accounts: kept, used once for each challenge, and lost."""

import secrets
from functools import partial

import pytest

from dispatcher.domain.errors import RefusedError
from dispatcher.domain.passkeys import Site
from dispatcher.domain.roles import Account, Role
from dispatcher.reads.passkeys import own_passkeys
from dispatcher.reads.second_factors import codes_left
from dispatcher.services import passkeys, second_factors
from dispatcher.services.accounts import set_active
from dispatcher.services.house import House
from dispatcher.services.passkeys import NamePasskey, PasskeyRefusedError
from dispatcher.services.sessions import open_session, session_of
from tests.builders import Town
from tests.fakes.authenticator import Authenticator
from tests.fakes.clock import FakeClock
from tests.services.tables import events
from tests.threads import at_once

SITE = Site("snp.example.org", "https://snp.example.org", "Relais SNP")


def added(house: House, account: Account, name: str = "Téléphone") -> Authenticator:
    """A passkey of somebody's telephone."""
    phone, challenge = Authenticator(SITE.origin, counts=True), secrets.token_bytes(32)
    answer = phone.create(passkeys.options_to_add(house, account, SITE, challenge))
    passkeys.add_passkey(house, account, SITE, challenge, answer, NamePasskey(name=name))
    return phone


def answered(house: House, phone: Authenticator) -> tuple[bytes, str]:
    challenge = secrets.token_bytes(32)
    return challenge, phone.get(passkeys.options_to_prove(house, None, SITE, challenge))


def opens(house: House, phone: Authenticator, account: Account | None = None) -> bool:
    return is_taken(house, *answered(house, phone), account)


def is_taken(house: House, challenge: bytes, answer: str, account: Account | None = None) -> bool:
    try:
        passkeys.check_passkey(house, account, SITE, challenge, answer)
    except PasskeyRefusedError:
        return False
    return True


def kinds(house: House) -> list[str]:
    return [kind for kind, _ in events(house) if "passkey" in kind]


def test_a_passkey_says_whose_it_is_and_is_no_colleagues(
    house: House, town: Town, clock: FakeClock
) -> None:
    account, colleague = town.regulator, town.account(Role.REGULATOR)
    phone = added(house, account)
    clock.advance(hours=1)
    found = passkeys.check_passkey(house, None, SITE, *answered(house, phone))
    assert found == account
    assert not opens(house, phone, colleague)
    assert opens(house, phone, account)
    (kept,) = own_passkeys(house.db, account.user_id)
    assert (kept.name, kept.used_at) == ("Téléphone", clock())
    assert not opens(house, Authenticator(SITE.origin, domain=SITE.domain))
    set_active(house, town.account(Role.ADMINISTRATOR), account.user_id, active=False)
    assert not opens(house, phone)


def test_of_many_who_answer_one_challenge_one_comes_in(house: House, town: Town) -> None:
    phone = added(house, town.regulator)
    challenge, answer = answered(house, phone)
    tries = [partial(is_taken, house, challenge, answer)] * 4
    assert sorted(at_once(tries)) == [False, False, False, True]
    assert not is_taken(house, challenge, answer)
    assert opens(house, phone)


def test_a_copy_that_counts_behind_opens_nothing(house: House, town: Town) -> None:
    phone = added(house, town.regulator)
    phone.count = 10
    assert opens(house, phone)
    phone.count = 4
    assert not opens(house, phone)


def test_what_one_challenge_made_is_kept_once_and_for_one_account(house: House, town: Town) -> None:
    account, colleague = town.regulator, town.account(Role.REGULATOR)
    phone, challenge = Authenticator(SITE.origin), secrets.token_bytes(32)
    answer = phone.create(passkeys.options_to_add(house, account, SITE, challenge))
    named = NamePasskey(name="Clé")
    passkeys.add_passkey(house, account, SITE, challenge, answer, named)
    for again in (challenge, secrets.token_bytes(32)):
        other = phone.create(passkeys.options_to_add(house, colleague, SITE, again))
        with pytest.raises(PasskeyRefusedError):
            passkeys.add_passkey(house, colleague, SITE, again, other, named)
    options = passkeys.options_to_add(house, account, SITE, secrets.token_bytes(32))
    assert len(options["excludeCredentials"]) == 1
    assert kinds(house) == ["passkey_added"]


def test_it_is_what_a_territory_asks_for_and_has_codes_on_paper_behind_it(
    house: House, town: Town
) -> None:
    boss, account = town.account(Role.ADMINISTRATOR), town.regulator
    second_factors.require_second_factor(house, boss, [Role.REGULATOR])
    session_id = open_session(house, account, "Firefox")
    assert session_of(house, session_id).must_enrol  # type: ignore[union-attr]
    added(house, account)
    assert not session_of(house, session_id).must_enrol  # type: ignore[union-attr]
    assert second_factors.has_second_factor(house, account)
    assert codes_left(house.db, account.user_id) == 10
    added(house, account, "Clé de sécurité")
    first, second = own_passkeys(house.db, account.user_id)
    passkeys.remove_passkey(house, account, first.id)
    assert codes_left(house.db, account.user_id) == 10
    passkeys.remove_passkey(house, boss, second.id)
    assert len(own_passkeys(house.db, account.user_id)) == 1
    passkeys.remove_passkey(house, account, second.id)
    assert codes_left(house.db, account.user_id) == 0
    assert session_of(house, session_id).must_enrol  # type: ignore[union-attr]


def test_an_administrator_takes_lost_ones_away(house: House, town: Town) -> None:
    account, boss = town.regulator, town.account(Role.ADMINISTRATOR)
    phone = added(house, account)
    session_id = open_session(house, account, "Firefox")
    second_factors.take_second_factor_away(house, boss, account.user_id)
    assert not opens(house, phone)
    assert session_of(house, session_id) is None
    assert not second_factors.has_second_factor(house, account)
    assert kinds(house) == ["passkey_added", "passkey_removed"]


def test_an_account_has_no_more_than_twenty(
    house: House, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passkeys, "MOST_PASSKEYS", 1)
    added(house, town.regulator)
    with pytest.raises(RefusedError, match="too-many-passkeys"):
        added(house, town.regulator)
