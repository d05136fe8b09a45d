"""A mark from 0 to 10 in answer to our question: counted once, never taken for anything else."""

from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from dispatcher.domain import calendar
from dispatcher.domain.events import ENGINE
from dispatcher.domain.messages import MessageKind
from dispatcher.reads.activity import activity
from dispatcher.services.appointments import record_attendance
from dispatcher.services.house import House
from dispatcher.services.notices import Sms, queue_sms
from dispatcher.services.receiving import receive_message
from tests.builders import Town, Volunteer, mobile
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.invariants import check
from tests.services.offering import waits
from tests.services.tables import events, kinds, messages, row_counts

PATIENT = "+33639980042"


def ask_for_mark(house: House, town: Town, request_id: UUID, phone: str = PATIENT) -> None:
    """Send the question about the request's appointment."""
    appointment = town.the_appointment(request_id)
    assert appointment is not None
    with house.db.transaction(town.territory_id, ENGINE) as unit:
        queue_sms(
            house,
            unit,
            Sms(
                kind=MessageKind.SATISFACTION,
                to_role="patient",
                phone=phone,
                purpose=f"satisfaction:{appointment.id}",
                values={"sender": "CPTS jura"},
                request_id=request_id,
                appointment_id=appointment.id,
                expires_at=house.clock() + timedelta(days=2),
            ),
        )
    keep_promises(house)


def seen(house: House, town: Town, hours: float = 2) -> UUID:
    """A request whose patient came."""
    town.slot(hours=hours)
    request_id = town.request(patient={"phone": mobile(42)})
    keep_promises(house)
    appointment = town.the_appointment(request_id)
    assert appointment is not None
    record_attendance(house, town.regulator, appointment.id, came=True)
    return request_id


@pytest.fixture
def request_id(house: House, town: Town) -> UUID:
    """A request whose patient came and was asked."""
    asked = seen(house, town)
    ask_for_mark(house, town, asked)
    return asked


def receive(house: House, body: str, sid: str = "SM1", phone: str = PATIENT) -> None:
    assert receive_message(house, phone, body, sid)
    check(house.db.engine, house.clock())


def scores(house: House) -> list[int]:
    return [data["score"] for kind, data in events(house) if kind == "satisfaction_answered"]


@pytest.mark.parametrize(
    ("body", "score"), [("9", 9), ("10/10 merci", 10), ("\u0667", 7), ("0", 0)]
)
def test_a_mark_is_kept_and_thanked_for(
    house: House, town: Town, sms: FakeSms, request_id: UUID, body: str, score: int
) -> None:
    receive(house, body)
    keep_promises(house)

    assert scores(house) == [score]
    (received,) = messages(house, "mark")
    assert (received.request_id, received.handled_at) == (request_id, house.clock())
    assert "merci de votre réponse" in sms.bodies_to(PATIENT)[-1]
    assert "satisfaction_answered" in kinds(house, request_id)
    assert town.the_request(request_id).attention is None


def test_the_same_mark_delivered_again_does_nothing(house: House, request_id: UUID) -> None:
    receive(house, "9")
    before = row_counts(house)

    receive(house, "9")

    assert row_counts(house) == before


def test_a_second_mark_corrects_the_first_and_is_not_thanked_for_again(
    house: House, request_id: UUID
) -> None:
    receive(house, "1", "SM1")
    receive(house, "10", "SM2")

    assert scores(house) == [1, 10]
    assert len(messages(house, "satisfaction_thanks")) == 1


def test_of_two_questions_each_gets_its_mark(house: House, town: Town, clock: FakeClock) -> None:
    """A mother and her child, one telephone."""
    requests = [seen(house, town, hours) for hours in (2, 3)]
    for each in requests:
        ask_for_mark(house, town, each)
        clock.advance(minutes=1)
    receive(house, "9", "SM1")
    receive(house, "4", "SM2")

    assert [scores_of(house, each) for each in requests] == [[4], [9]]


def scores_of(house: House, request_id: UUID) -> list[int]:
    return [
        data["score"] for kind, data in events(house, request_id) if kind == "satisfaction_answered"
    ]


def test_a_number_that_nobody_asked_for_is_read_by_a_person(house: House, town: Town) -> None:
    seen(house, town)

    receive(house, "9")

    assert scores(house) == []
    assert messages(house, "unknown")[0].handled_at is None


def test_a_week_after_the_question_a_number_is_no_mark(
    house: House, clock: FakeClock, request_id: UUID
) -> None:
    clock.advance(days=7, minutes=1)

    receive(house, "9")

    assert scores(house) == []


@pytest.mark.parametrize("body", ["4821", "à 9 h", "OUI 4821 à 10", "11", "8 ou 9", "très bien"])
def test_codes_hours_and_words_are_no_marks(house: House, request_id: UUID, body: str) -> None:
    receive(house, body)

    assert scores(house) == []


def test_a_bare_number_of_a_volunteer_who_is_asked_is_no_mark(
    house: House,
    town: Town,
    clock: FakeClock,
    pair: tuple[Volunteer, Volunteer],
) -> None:
    """It could be the hour at which they take the patient: a person reads it."""
    volunteer = pair[0]
    request_id = seen(house, town)
    ask_for_mark(house, town, request_id, f"+33{volunteer.phone[1:]}")
    waits(town, clock)

    receive(house, "10", phone=f"+33{volunteer.phone[1:]}")

    assert scores(house) == []
    assert messages(house, "unknown")[0].handled_at is None


def test_the_mark_goes_to_the_territory_that_asked(
    house: House, town: Town, clock: FakeClock, request_id: UUID
) -> None:
    clock.advance(minutes=1)
    neighbours = Town.found(house, clock, "ain", department="01")
    neighbours.slot()
    neighbours.request(patient={"phone": mobile(42)})
    keep_promises(house)

    receive(house, "9")

    assert scores_of(house, request_id) == [9]


def test_the_mark_is_counted_in_the_activity(house: House, town: Town, request_id: UUID) -> None:
    receive(house, "8")

    period = calendar.period(date(2026, 11, 23), date(2026, 11, 23), ZoneInfo("Europe/Paris"))
    found = activity(house.db, town.territory_id, period)
    assert (found.satisfaction_answers, found.satisfaction_mean) == (1, 8.0)
