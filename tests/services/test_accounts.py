"""Accounts: who they are, how they get in, and how they are kept out."""

from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import select, update

from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError
from dispatcher.domain.roles import Role
from dispatcher.services import accounts
from dispatcher.services.accounts import SignInRefusedError
from dispatcher.services.commands import CreateUser
from dispatcher.services.house import House
from dispatcher.services.sessions import open_session, session_of
from dispatcher.storage.accounts import ApiToken, User
from tests.builders import PASSWORD, Town
from tests.fakes.clock import FakeClock
from tests.services.tables import events, row_counts
from tests.shortcuts import PRODUCTION_HASHER
from tests.threads import at_once


def session_for(house: House, user_id: UUID) -> UUID:
    account = accounts.account_of(house, user_id)
    assert account is not None
    return open_session(house, account, "Firefox sur Windows")


@pytest.fixture(autouse=True)
def as_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes as dear as they are to whoever steals them."""
    monkeypatch.setattr(accounts, "_HASHER", PRODUCTION_HASHER)


def command(**changes: object) -> CreateUser:
    values: dict[str, object] = {
        "territory": "jura",
        "login": "Anne.Regule@example.org",
        "display_name": "Anne Régule",
        "role": "regulator",
        "password": PASSWORD,
    }
    return CreateUser.model_validate(values | changes)


def test_an_account_signs_in_whatever_the_case_of_its_login(house: House, town: Town) -> None:
    user_id = accounts.create_user(house, command())

    account = accounts.sign_in(house, "  ANNE.regule@EXAMPLE.org ", PASSWORD)

    assert account.user_id == user_id
    assert (account.role, account.territory_id) == (Role.REGULATOR, town.territory_id)
    assert (account.territory_code, account.timezone) == ("jura", "Europe/Paris")
    assert not [kind for kind, _ in events(house) if kind == "user_signed_in"]  # no session yet


def test_passwords_are_kept_as_argon2id_hashes_alone(house: House, town: Town) -> None:
    one, other = (
        accounts.create_user(house, command(login=f"account-{number}")) for number in (1, 2)
    )

    with house.db.reading() as session:
        hashes = [session.get_one(User, user_id).password_hash for user_id in (one, other)]
    assert all(each.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for each in hashes)
    assert hashes[0] != hashes[1]


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("anne.regule@example.org", "not the password"),
        ("anne.regule@example.org", ""),
        ("nobody@example.org", PASSWORD),
        ("", PASSWORD),
        ("' OR 1=1 --", PASSWORD),
    ],
)
def test_a_wrong_login_and_a_wrong_password_are_refused_in_the_same_words(
    house: House, town: Town, login: str, password: str
) -> None:
    accounts.create_user(house, command())
    before = row_counts(house)

    with pytest.raises(SignInRefusedError) as refused:
        accounts.sign_in(house, login, password)

    assert refused.value.status == 401
    assert refused.value.sentence == "L’identifiant ou le mot de passe ne convient pas."
    assert row_counts(house) == before


def test_the_same_work_is_done_for_a_login_that_does_not_exist(
    house: House, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the time that a refusal takes would tell which logins there are."""
    verified: list[str] = []

    class Recording:
        def verify(self, password_hash: str, _password: str) -> None:
            verified.append(password_hash.rpartition("$")[0].rpartition("$")[0])
            raise VerifyMismatchError

    accounts.create_user(house, command())
    monkeypatch.setattr(accounts, "_HASHER", Recording())
    for login in ("anne.regule@example.org", "nobody@example.org"):
        with pytest.raises(SignInRefusedError):
            accounts.sign_in(house, login, "x")

    assert verified == ["$argon2id$v=19$m=19456,t=2,p=1"] * 2


def test_a_hash_of_weaker_days_is_renewed_at_the_next_sign_in(house: House, town: Town) -> None:
    user_id = accounts.create_user(house, command())
    weaker = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    with house.db.writing() as session:
        session.execute(update(User).where(User.id == user_id).values(password_hash=weaker))

    accounts.sign_in(house, "anne.regule@example.org", PASSWORD)

    with house.db.reading() as session:
        assert "m=19456,t=2" in session.get_one(User, user_id).password_hash
    accounts.sign_in(house, "anne.regule@example.org", PASSWORD)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"territory": "ailleurs"}, "territory"),
        ({"login": "anne régule"}, "login"),
        ({"login": "<script>"}, "login"),
        ({"password": "trop court"}, "password"),
        ({"password": "anneregule2026"}, "password"),
        ({"role": "practitioner"}, "practitioner"),
        ({"role": "practitioner", "practitioner": str(uuid4())}, "practitioner"),
    ],
)
def test_what_is_wrong_with_an_account_is_told_at_its_field(
    house: House, town: Town, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidError) as refused:
        accounts.create_user(house, command(**changes))

    assert set(refused.value.fields) == {field}


def test_a_practitioner_of_another_territory_gets_no_account_here(
    house: House, town: Town, clock: FakeClock
) -> None:
    foreigner = Town.found(house, clock, "ain", department="01").volunteer()

    with pytest.raises(InvalidError):
        accounts.create_user(house, command(role="practitioner", practitioner=str(foreigner.id)))


def test_a_login_is_given_once_even_to_eight_who_ask_at_the_same_moment(
    house: House, town: Town
) -> None:
    def create(login: str) -> str:
        try:
            accounts.create_user(house, command(login=login))
        except InvalidError as refused:
            return refused.fields["login"]
        return "made"

    logins = ["Anne", "anne", "ANNE", "aNNe"] * 2
    results = at_once([partial(create, login) for login in logins])

    assert sorted(results) == ["Cet identifiant est déjà pris."] * 7 + ["made"]


# Closing


def test_a_closed_account_gets_in_by_no_door_and_can_be_opened_again(
    house: House, town: Town
) -> None:
    administrator, user_id = (
        town.account(Role.ADMINISTRATOR),
        accounts.create_user(house, command()),
    )
    token = accounts.issue_token(house, user_id, "logiciel")
    session_id = session_for(house, user_id)
    accounts.set_active(house, administrator, user_id, active=False)
    accounts.set_active(house, administrator, user_id, active=False)

    with pytest.raises(SignInRefusedError):
        accounts.sign_in(house, "anne.regule@example.org", PASSWORD)
    assert accounts.account_of(house, user_id) is None
    assert session_of(house, session_id) is None
    assert accounts.account_of_token(house, token) is None

    accounts.set_active(house, administrator, user_id, active=True)
    accounts.sign_in(house, "anne.regule@example.org", PASSWORD)
    assert session_of(house, session_id) is None  # the old session stays ended
    told = [data["active"] for kind, data in events(house) if kind == "user_access_changed"]
    assert told == [False, True]


def test_nobody_shuts_themself_out_nor_reaches_another_territory(
    house: House, town: Town, clock: FakeClock
) -> None:
    administrator = town.account(Role.ADMINISTRATOR)
    foreign = Town.found(house, clock, "ain", department="01").regulator

    with pytest.raises(RefusedError, match="own-account"):
        accounts.set_active(house, administrator, administrator.user_id, active=False)
    for user_id in (foreign.user_id, uuid4()):
        with pytest.raises(NotFoundError):
            accounts.set_active(house, administrator, user_id, active=False)
        with pytest.raises(NotFoundError):
            accounts.replace_password(house, administrator, user_id)


def test_a_new_password_replaces_the_old_one_and_ends_the_sessions(
    house: House, town: Town
) -> None:
    administrator, user_id = (
        town.account(Role.ADMINISTRATOR),
        accounts.create_user(house, command()),
    )

    session_id = session_for(house, user_id)
    login, password = accounts.replace_password(house, administrator, user_id)

    assert login == "anne.regule@example.org"
    with pytest.raises(SignInRefusedError):
        accounts.sign_in(house, login, PASSWORD)
    assert accounts.sign_in(house, login, password).user_id == user_id
    assert session_of(house, session_id) is None
    assert password not in str(events(house))
    assert len({accounts.new_password() for _ in range(100)}) == 100


# Tokens


def test_a_token_opens_until_it_is_revoked_and_only_its_digest_is_kept(
    house: House, town: Town, clock: FakeClock
) -> None:
    user_id: UUID = town.regulator.user_id
    token = accounts.issue_token(house, user_id, "logiciel du cabinet")

    assert token.startswith("snp_")
    assert len(token) >= 40
    found = accounts.account_of_token(house, token)
    assert found is not None
    assert found.user_id == user_id
    for wrong in ("", "snp_", token[:-1], token + "x", token.upper()):
        assert accounts.account_of_token(house, wrong) is None
    with house.db.reading() as session:
        kept = session.scalars(select(ApiToken)).one()
    assert token not in (kept.digest, kept.label)
    assert token not in str(events(house))

    with house.db.writing() as session:
        session.execute(update(ApiToken).values(revoked_at=clock.now - timedelta(seconds=1)))
    assert accounts.account_of_token(house, token) is None


def test_a_token_is_made_for_an_account_that_exists(house: House, town: Town) -> None:
    with pytest.raises(InvalidError):
        accounts.issue_token(house, uuid4(), "personne")
