"""One e-mail, whatever the server answers: written once, sent by its promise, given up in time."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from dispatcher.domain.emails import EmailKind, NotAnEmail
from dispatcher.domain.events import OPERATOR
from dispatcher.gateways.email import Attachment, EmailRefused, EmailRetry
from dispatcher.reads.health import promises_and_ticks
from dispatcher.services.emails import NewEmail, queue_email
from dispatcher.services.house import House
from dispatcher.storage.emails import Email
from dispatcher.storage.log import LoggedEvent
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.fakes.emails import FakeEmail
from tests.houses import keep_promises
from tests.services.tables import promises

ADDRESS = "anne.vuillet@exemple.fr"


def queue(house: House, town: Town, **changes: object) -> UUID | None:
    values: dict[str, object] = {
        "kind": EmailKind.INVITATION,
        "address": ADDRESS,
        "purpose": "invitation:1",
        "values": {
            "sender": "CPTS jura",
            "phone": "03 53 01 00 01",
            "inviter": "Claire Girod",
            "link": "http://127.0.0.1:8000/i/abc",
            "until": "mardi 24 novembre",
        },
    }
    with house.db.transaction(town.territory_id, OPERATOR) as unit:
        return queue_email(house, unit, NewEmail(**(values | changes)))  # type: ignore[arg-type]  # a builder


def the_email(house: House) -> Email:
    with house.db.reading() as session:
        return session.scalars(select(Email)).one()


def told(house: House) -> list[tuple[str, str | None, str | None]]:
    with house.db.reading() as session:
        rows = session.scalars(
            select(LoggedEvent).where(LoggedEvent.kind.like("email_%")).order_by(LoggedEvent.id)
        )
        return [(row.kind, row.data.get("status"), row.data.get("error_code")) for row in rows]


def test_an_email_leaves_once_by_its_promise(house: House, town: Town, email: FakeEmail) -> None:
    first = queue(house, town)
    assert queue(house, town) is None, "the same purpose is the same e-mail"
    assert email.taken == []

    keep_promises(house)
    keep_promises(house)

    (taken,) = email.taken
    assert (taken.email_id, taken.to, taken.sender_name) == (first, ADDRESS, "CPTS jura")
    assert taken.subject == "CPTS jura vous invite à ouvrir des créneaux"
    assert the_email(house).status == "sent"
    assert told(house) == [("email_queued", None, None), ("email_progressed", "sent", None)]


def test_address_text_and_attachment_are_sealed_and_what_was_attached_goes(
    house: House, town: Town, email: FakeEmail
) -> None:
    file = Attachment("novembre.pdf", "application/pdf", b"%PDF-1.7 des chiffres")
    queue(house, town, attachment=file)
    row = the_email(house)
    for sealed in (row.address, row.text, row.attachment):
        assert sealed is not None
        assert sealed.startswith("k1:")

    keep_promises(house)

    assert email.taken[0].attachment == file
    assert the_email(house).attachment is None


def test_a_server_that_is_away_is_asked_again_until_the_email_would_be_late(
    house: House, town: Town, email: FakeEmail, clock: FakeClock
) -> None:
    queue(house, town)
    tries, pauses = 0, []
    while the_email(house).status != "failed":
        email.fail_next(EmailRetry("SMTP 451"))
        keep_promises(house)
        tries += 1
        owed = promises(house, "send_email")
        if owed:
            pauses.append((owed[0].due_at - clock.now).total_seconds())
            clock.advance(seconds=pauses[-1])

    # a minute at first, then a quarter of its age, half an hour at most; each up to 30 % longer
    assert 60 <= pauses[0] <= 78
    assert 1800 <= max(pauses) <= 2340
    assert tries > 8, "more than an error of ours would be tried"
    assert the_email(house).error_code == "expired"
    assert email.taken == []
    assert told(house)[-1] == ("email_progressed", "failed", "expired")
    keep_promises(house)
    assert email.taken == []


def test_an_email_whose_answer_was_lost_leaves_again_under_the_same_number(
    house: House, town: Town, email: FakeEmail, clock: FakeClock
) -> None:
    queue(house, town)
    email.fail_next(EmailRetry("SMTPServerDisconnected"), taken=True)
    keep_promises(house)
    assert the_email(house).status == "sending"

    clock.advance(minutes=2)
    keep_promises(house)

    first, again = email.taken
    assert first == again
    assert the_email(house).status == "sent"


def test_a_mailbox_that_does_not_exist_is_not_asked_twice(
    house: House, town: Town, email: FakeEmail, clock: FakeClock
) -> None:
    queue(house, town)
    email.fail_next(EmailRefused(550))

    keep_promises(house)
    clock.advance(hours=3)
    keep_promises(house)

    assert email.taken == []
    assert (the_email(house).status, the_email(house).error_code) == ("refused", "550")


def test_without_a_server_it_waits_and_health_says_for_how_long(
    house: House, town: Town, email: FakeEmail, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(house, town)
    object.__setattr__(house, "email", None)
    keep_promises(house)
    clock.advance(minutes=30)
    found = promises_and_ticks(house.db)
    assert found.oldest_email_seconds == timedelta(minutes=30).total_seconds()

    object.__setattr__(house, "email", email)
    keep_promises(house)

    assert len(email.taken) == 1
    assert promises_and_ticks(house.db).oldest_email_seconds is None


def test_an_error_of_ours_is_given_up_after_a_few_tries(
    house: House, town: Town, email: FakeEmail, clock: FakeClock
) -> None:
    queue(house, town, expires_at=clock.now + timedelta(days=30))
    for _ in range(8):
        email.fail_next(RuntimeError("ours"))  # type: ignore[arg-type]  # that is the plant
        keep_promises(house)
        clock.advance(minutes=11)

    assert (the_email(house).status, the_email(house).error_code) == ("failed", "attempts_spent")


def test_what_is_no_address_is_not_written_down(house: House, town: Town) -> None:
    with pytest.raises(NotAnEmail):
        queue(house, town, address="anne@exemple.fr\nBcc: tous@exemple.fr")
    with house.db.reading() as session:
        assert session.scalars(select(Email)).all() == []
