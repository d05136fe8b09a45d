"""Practitioners who wish e-mail are told by it, and by SMS whenever it does not reach them."""

from datetime import timedelta
from uuid import UUID

import pytest
from icalendar import Calendar
from sqlalchemy import select

from dispatcher.domain.roles import Role
from dispatcher.gateways.email import EmailRefused, EmailRetry
from dispatcher.services import appointments
from dispatcher.services.commands import CancelRequest, ChangeLimits
from dispatcher.services.house import House
from dispatcher.services.practitioners import change_limits
from dispatcher.storage.emails import Email
from dispatcher.storage.practitioners import Practitioner
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.fakes.emails import FakeEmail
from tests.houses import keep_promises
from tests.services.offering import waits
from tests.services.tables import messages

ADDRESS = "anne.vuillet@exemple.fr"
NAME, MOTIVE = "Zébulon", "palpitations depuis hier"


def who_wishes(house: House, town: Town, channel: str, **changes: object) -> Volunteer:
    volunteer = town.volunteer(**changes)
    change_limits(
        house,
        town.account(Role.PRACTITIONER, volunteer),
        ChangeLimits(email=ADDRESS, notice_channel=channel, minimum_notice_minutes=0),  # type: ignore[arg-type]  # one of three
    )
    return volunteer


def booked_with(house: House, town: Town, volunteer: Volunteer, hours: float = 3) -> UUID:
    town.slot(volunteer, hours=hours)
    request_id = town.request(
        patient={"last_name": NAME}, need={"note": MOTIVE}, confirm_duplicate=True
    )
    keep_promises(house)
    return request_id


def sms_kinds(house: House) -> list[str]:
    return [each.kind for each in messages(house) if each.to_role == "practitioner"]


@pytest.mark.parametrize(
    ("channel", "emails", "sms"),
    [("sms", 0, 1), ("email", 1, 0), ("both", 1, 1)],
)
def test_each_is_told_as_they_wish(
    house: House, town: Town, email: FakeEmail, channel: str, emails: int, sms: int
) -> None:
    booked_with(house, town, who_wishes(house, town, channel))

    assert len(email.taken) == emails
    assert sms_kinds(house) == ["practitioner_notice"] * sms


def test_the_email_has_link_and_calendar_file_and_names_nobody(
    house: House, town: Town, email: FakeEmail
) -> None:
    request_id = booked_with(house, town, who_wishes(house, town, "both"))

    (taken,) = email.taken
    (sms,) = messages(house, "practitioner_notice")
    code = town.the_request(request_id).code
    assert f"n°\u00a0{code}" in taken.subject
    in_sms = house.db.cipher.open("messages.body", sms.id, sms.body)
    (link,) = [word for word in in_sms.split() if "/p/" in word]
    assert link in taken.body.split()
    assert taken.attachment is not None
    (event,) = Calendar.from_ical(taken.attachment.content.decode()).walk("VEVENT")
    assert event["DTSTART"].dt == town.the_appointment(request_id).start_at  # type: ignore[union-attr]  # it is booked
    said = taken.subject + taken.body + taken.attachment.content.decode()
    assert not [word for word in (NAME, MOTIVE, "Camille") if word in said]


def test_a_cancellation_takes_the_entry_back_and_overtakes_what_has_not_left(
    house: House, town: Town, email: FakeEmail
) -> None:
    email.fail_next(EmailRetry("away", is_ours=False))
    request_id = booked_with(house, town, who_wishes(house, town, "email"))
    assert email.taken == []

    appointments.cancel_request(house, town.regulator, request_id, CancelRequest(by="regulator"))
    town.clock.advance(minutes=5)
    keep_promises(house)

    (taken,) = email.taken
    assert "annulé" in taken.subject
    assert taken.attachment is not None
    assert b"METHOD:CANCEL" in taken.attachment.content
    assert sms_kinds(house) == []
    with house.db.reading() as session:
        ended = {row.kind: (row.status, row.error_code) for row in session.scalars(select(Email))}
    assert ended == {
        "practitioner_notice": ("failed", "superseded"),
        "cancelled_by_regulator_practitioner": ("sent", None),
    }


def test_a_refused_address_is_not_trusted_until_its_owner_has_looked(
    house: House, town: Town, email: FakeEmail
) -> None:
    volunteer = who_wishes(house, town, "email")
    email.fail_next(EmailRefused(550))
    booked_with(house, town, volunteer)
    assert (len(email.taken), sms_kinds(house)) == (0, ["practitioner_notice"])

    booked_with(house, town, volunteer, hours=4)
    assert (len(email.taken), len(sms_kinds(house))) == (0, 2)

    account = town.account(Role.PRACTITIONER, volunteer)
    change_limits(house, account, ChangeLimits(email="a.v@exemple.fr", minimum_notice_minutes=0))
    booked_with(house, town, volunteer, hours=5)
    assert ([each.to for each in email.taken], len(sms_kinds(house))) == (["a.v@exemple.fr"], 2)


def test_a_server_that_is_away_for_half_an_hour_leaves_it_to_the_sms(
    house: House, town: Town, email: FakeEmail, clock: FakeClock
) -> None:
    for _ in range(40):
        email.fail_next(EmailRetry("away", is_ours=False))
    booked_with(house, town, who_wishes(house, town, "email"))
    end = clock.now + timedelta(minutes=30)

    while clock.now < end:
        assert sms_kinds(house) == []
        clock.advance(minutes=5)
        keep_promises(house)

    assert sms_kinds(house) == ["practitioner_notice"]
    with house.db.reading() as session:
        practitioner = session.scalars(
            select(Practitioner).where(Practitioner.email.is_not(None))
        ).one()
    assert practitioner.email_refused_at is None, "the address is not to blame"


def test_who_has_no_mobile_is_told_by_email(house: House, town: Town, email: FakeEmail) -> None:
    volunteer = town.volunteer(phone=None)
    account = town.account(Role.PRACTITIONER, volunteer)
    wish = ChangeLimits(email=ADDRESS, notice_channel="email", minimum_notice_minutes=0)
    change_limits(house, account, wish)

    booked_with(house, town, volunteer)

    assert [each.to for each in email.taken] == [ADDRESS]


def test_an_offer_is_asked_by_sms_as_well(
    house: House, town: Town, email: FakeEmail, clock: FakeClock
) -> None:
    volunteer = town.volunteer()
    change_limits(
        house,
        town.account(Role.PRACTITIONER, volunteer),
        ChangeLimits(email=ADDRESS, notice_channel="email", accepts_offers=True),
    )
    waits(town, clock)

    (taken,) = email.taken
    assert "/sollicitations/" in taken.body
    assert "offer" in sms_kinds(house)
