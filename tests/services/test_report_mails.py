"""The month's report by e-mail: early in the month, once to everybody, with its PDF."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Account, Role
from dispatcher.services.house import House
from dispatcher.services.report_mails import (
    add_recipient,
    recipients,
    remove_recipient,
    send_report_now,
)
from dispatcher.storage import keeping
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.fakes.emails import FakeEmail
from tests.houses import keep_promises
from tests.services.tables import row_counts


@pytest.fixture
def coordinator(town: Town) -> Account:
    return town.account(Role.COORDINATOR)


def ring(house: House, clock: FakeClock, key: str) -> None:
    """What the clock promises each hour."""
    with house.db.writing() as session:
        keeping.promise_once(session, Job.MAIL_REPORTS, key, clock.now, clock.now)
    keep_promises(house)


def test_last_months_report_leaves_once_from_seven_on_the_first(
    house: House, town: Town, coordinator: Account, clock: FakeClock, email: FakeEmail
) -> None:
    add_recipient(house, coordinator, "bureau@exemple.fr")
    clock.now = datetime(2026, 12, 1, 5, 30, tzinfo=UTC)  # 6 h 30 in Paris
    ring(house, clock, "early")
    assert email.taken == []

    clock.advance(hours=1)
    ring(house, clock, "seven")
    (sent,) = email.taken
    assert sent.to == "bureau@exemple.fr"
    assert sent.subject.startswith("Rapport mensuel, novembre\u00a02026")
    assert sent.attachment is not None
    assert sent.attachment.name == "rapport-jura-2026-11.pdf"
    assert sent.attachment.content.startswith(b"%PDF")

    # whoever is added gets it too, the first one not again
    add_recipient(house, coordinator, "cpam@exemple.fr")
    clock.advance(hours=1)
    ring(house, clock, "eight")
    ring(house, clock, "nine")
    assert [each.to for each in email.taken] == ["bureau@exemple.fr", "cpam@exemple.fr"]

    # not in the middle of a month by itself; when it is asked for
    late = add_recipient(house, coordinator, "ars@exemple.fr")
    clock.advance(days=10)
    ring(house, clock, "late")
    assert len(email.taken) == 2
    send_report_now(house, coordinator)
    keep_promises(house)
    assert email.taken[-1].to == "ars@exemple.fr"

    remove_recipient(house, coordinator, late)
    clock.now = datetime(2027, 1, 1, 8, tzinfo=UTC)
    ring(house, clock, "january")
    # which of two promises is kept first is nobody's concern
    assert {each.to for each in email.taken[3:]} == {"bureau@exemple.fr", "cpam@exemple.fr"}
    assert len(email.taken) == 5


def test_an_address_that_cannot_be_used_changes_nothing(
    house: House, town: Town, coordinator: Account, clock: FakeClock
) -> None:
    kept = add_recipient(house, coordinator, "Bureau@Exemple.fr")
    before = row_counts(house)
    for typed in ("bureau", "", "Bureau@exemple.fr"):
        with pytest.raises(InvalidError) as refused:
            add_recipient(house, coordinator, typed)
        assert list(refused.value.fields) == ["address"]
    stranger = Town.found(house, clock, code="ain").account(Role.COORDINATOR)
    for account, recipient_id in ((stranger, kept), (coordinator, uuid4())):
        with pytest.raises(NotFoundError):
            remove_recipient(house, account, recipient_id)
    assert [each.id for each in recipients(house, town.territory_id)] == [kept]
    assert row_counts(house)["report_recipients"] == before["report_recipients"] == 1


def test_without_a_server_nothing_is_promised(
    house: House, coordinator: Account, clock: FakeClock
) -> None:
    add_recipient(house, coordinator, "bureau@exemple.fr")
    object.__setattr__(house, "email", None)
    with pytest.raises(RefusedError, match="no-smtp"):
        send_report_now(house, coordinator)
    clock.now = datetime(2026, 12, 1, 8, tzinfo=UTC)
    ring(house, clock, "first")
    assert row_counts(house)["emails"] == 0
