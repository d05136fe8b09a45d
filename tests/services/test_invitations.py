"""An invitation: sent once by the chosen way, good for one account, ended by its use."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError
from dispatcher.domain.roles import Account, Role
from dispatcher.reads.invitations import invitee, welcome
from dispatcher.services.accounts import sign_in
from dispatcher.services.house import House
from dispatcher.services.invitations import Accept, Invite, accept_invitation, invite, revoke
from dispatcher.storage.accounts import User
from dispatcher.storage.log import LoggedEvent
from dispatcher.storage.practitioners import Practitioner
from tests.builders import PASSWORD, Town, mobile
from tests.fakes.clock import FakeClock
from tests.fakes.emails import FakeEmail
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises

ADDRESS = "anne.vuillet@exemple.fr"


@pytest.fixture
def coordinator(town: Town) -> Account:
    return town.account(Role.COORDINATOR)


@pytest.fixture
def practitioner(town: Town) -> UUID:
    return town.volunteer(last_name="Vuillet", rpps="99900000078").id


def secret_in(text: str) -> str:
    found = re.search(r"/bienvenue/(\w+)", text)
    assert found is not None
    return found[1]


def invited(house: House, account: Account, practitioner: UUID, email: FakeEmail) -> str:
    """The secret in the e-mail."""
    invite(house, account, practitioner, Invite(channel="email", email=ADDRESS))
    keep_promises(house)
    return secret_in(email.taken[-1].body)


def answer(**changes: Any) -> Accept:
    values: dict[str, Any] = {
        "last_name": "Vuillet",
        "first_name": "Anne",
        "phone": mobile(4242),
        "email": ADDRESS,
        "login": "Anne.Vuillet@exemple.fr",
        "password": PASSWORD,
    }
    return Accept(**(values | changes))


def test_an_invitation_by_email_opens_an_account_with_what_was_corrected(
    house: House, town: Town, coordinator: Account, practitioner: UUID, email: FakeEmail
) -> None:
    secret = invited(house, coordinator, practitioner, email)
    (sent,) = email.taken
    assert sent.to == ADDRESS
    assert "Compte coordinator (CPTS jura) vous invite" in sent.body
    said = sent.body.replace("\u00a0", " ")
    assert "valable jusqu’au lundi 7 décembre :" in said  # the 23rd and two weeks
    assert "vous répond au 03 53 01 00 01." in said
    shown = welcome(house.db, secret)
    assert shown is not None
    assert (shown.rpps, shown.email, len(shown.places)) == ("99900000078", ADDRESS, 1)

    account = accept_invitation(house, secret, answer(last_name="Vuillet-Baud"))

    assert (account.role, account.practitioner_id) == (Role.PRACTITIONER, practitioner)
    assert sign_in(house, "anne.vuillet@exemple.fr", PASSWORD).user_id == account.user_id
    with house.db.reading() as session:
        row = session.get_one(Practitioner, practitioner)
        told = session.scalars(
            select(LoggedEvent)
            .where(LoggedEvent.kind.in_(["practitioner_invited", "invitation_accepted"]))
            .order_by(LoggedEvent.id)
        ).all()
    assert (row.last_name, row.phone) == ("Vuillet-Baud", "+33639984242")
    assert row.email is not None
    assert ADDRESS not in row.email
    assert [each.kind for each in told] == ["practitioner_invited", "invitation_accepted"]
    assert told[1].data["changed"] == ["last_name", "phone"]
    assert told[1].actor_id == account.user_id


def test_an_invitation_by_sms_leads_to_the_same_page(
    house: House, town: Town, coordinator: Account, practitioner: UUID, sms: FakeSms
) -> None:
    invite(house, coordinator, practitioner, Invite(channel="sms", phone=mobile(4242)))
    keep_promises(house)

    (body,) = sms.bodies_to("+33639984242")
    assert body.startswith("CPTS jura vous invite à ouvrir des créneaux : deux minutes")
    assert welcome(house.db, secret_in(body)) is not None
    found = invitee(house.db, town.territory_id, practitioner)
    assert found is not None
    assert [each.delivery for each in found.invitations] == ["sent"]


def test_a_link_is_good_once_until_it_is_taken_back_replaced_or_old(
    house: House,
    town: Town,
    coordinator: Account,
    practitioner: UUID,
    email: FakeEmail,
    clock: FakeClock,
) -> None:
    first = invited(house, coordinator, practitioner, email)
    second = invited(house, coordinator, practitioner, email)
    assert (welcome(house.db, first), welcome(house.db, second) is None) == (None, False)
    revoke(house, coordinator, practitioner)
    third = invited(house, coordinator, practitioner, email)
    for dead in (first, second, "inconnu"):
        with pytest.raises(NotFoundError):
            accept_invitation(house, dead, answer())
    clock.now += timedelta(days=14) - timedelta(seconds=1)
    accept_invitation(house, third, answer())
    with pytest.raises(NotFoundError):
        accept_invitation(house, third, answer(login="encore"))
    with pytest.raises(RefusedError, match="has-account"):
        invite(house, coordinator, practitioner, Invite(channel="email", email=ADDRESS))
    with house.db.reading() as session:
        accounts = session.scalar(
            select(func.count()).select_from(User).where(User.practitioner_id == practitioner)
        )
    assert accounts == 1


def test_a_link_ends_after_two_weeks(
    house: House, coordinator: Account, practitioner: UUID, email: FakeEmail, clock: FakeClock
) -> None:
    secret = invited(house, coordinator, practitioner, email)
    clock.now += timedelta(days=14)

    assert welcome(house.db, secret) is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "anne"}, "email"),
        ({"phone": "03 84 00 00 00"}, "phone"),
        ({"login": "Zoé"}, "login"),
        ({"login": "taken@exemple.fr"}, "login"),
    ],
)
def test_what_cannot_be_kept_is_told_by_field_and_the_link_stays_good(
    house: House,
    town: Town,
    coordinator: Account,
    practitioner: UUID,
    email: FakeEmail,
    changes: dict[str, str],
    field: str,
) -> None:
    other = town.volunteer()
    accept_invitation(
        house, invited(house, coordinator, other.id, email), answer(login="taken@exemple.fr")
    )
    secret = invited(house, coordinator, practitioner, email)

    with pytest.raises(InvalidError) as refused:
        accept_invitation(house, secret, answer(**changes))

    assert list(refused.value.fields) == [field]
    assert welcome(house.db, secret) is not None


def test_an_invitation_needs_an_address_and_a_way_to_be_sent(
    house: House, town: Town, coordinator: Account, practitioner: UUID
) -> None:
    for command, field in (
        (Invite(channel="email"), "email"),
        (Invite(channel="email", email="anne@"), "email"),
        (Invite(channel="sms"), "phone"),
        (Invite(channel="sms", phone="03 84 00 00 00"), "phone"),
    ):
        with pytest.raises(InvalidError) as refused:
            invite(house, coordinator, practitioner, command)
        assert list(refused.value.fields) == [field]
    object.__setattr__(house, "email", None)
    with pytest.raises(InvalidError) as refused:
        invite(house, coordinator, practitioner, Invite(channel="email", email=ADDRESS))
    assert "invitez par SMS" in refused.value.fields["channel"]


def test_nobody_invites_a_professional_of_another_territory(
    house: House, town: Town, clock: FakeClock, practitioner: UUID
) -> None:
    elsewhere = Town.found(house, clock, code="doubs", department="25")
    stranger = elsewhere.account(Role.COORDINATOR)
    with pytest.raises(NotFoundError):
        invite(house, stranger, practitioner, Invite(channel="email", email=ADDRESS))
    with pytest.raises(NotFoundError):
        revoke(house, stranger, practitioner)
    assert invitee(house.db, elsewhere.territory_id, practitioner) is None
