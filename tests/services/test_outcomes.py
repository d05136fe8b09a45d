"""How requests end: who came, who did not, where the others were sent, and a look in time."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from dispatcher.domain.errors import InvalidError, NotFoundError, TransitionError
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Role
from dispatcher.services import appointments, matching, requests
from dispatcher.services.commands import CancelRequest, CloseRequest
from dispatcher.services.house import House
from dispatcher.storage import keeping
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.invariants import check
from tests.services.tables import events, kinds, messages, promises, row_counts


@pytest.fixture
def volunteer(town: Town) -> Volunteer:
    return town.volunteer()


@pytest.fixture
def request_id(house: House, town: Town, volunteer: Volunteer) -> UUID:
    """A booked request."""
    town.slot(volunteer)
    asked = town.request()
    keep_promises(house)
    return asked


def appointment_id(town: Town, request_id: UUID) -> UUID:
    appointment = town.the_appointment(request_id)
    assert appointment is not None
    return appointment.id


def statuses(town: Town, request_id: UUID) -> tuple[str, str]:
    appointment = town.the_appointment(request_id)
    assert appointment is not None
    return town.the_request(request_id).status, appointment.status


@pytest.mark.parametrize(
    ("came", "ended", "event"),
    [(True, "fulfilled", "appointment_fulfilled"), (False, "no_show", "appointment_missed")],
)
def test_whether_the_patient_came_ends_appointment_and_request_together(
    house: House,
    town: Town,
    volunteer: Volunteer,
    request_id: UUID,
    came: bool,  # noqa: FBT001 - a parameter of the table
    ended: str,
    event: str,
) -> None:
    account = town.account(Role.PRACTITIONER, volunteer)
    appointments.record_attendance(house, account, appointment_id(town, request_id), came=came)
    before = row_counts(house)
    appointments.record_attendance(house, account, appointment_id(town, request_id), came=came)

    assert statuses(town, request_id) == (ended, ended)
    assert kinds(house, request_id)[-1] == event
    assert row_counts(house) == before  # marked twice, told once
    check(house.db.engine, house.clock())


def test_a_wrong_mark_can_be_corrected_and_the_log_tells_both(
    house: House, town: Town, request_id: UUID
) -> None:
    marked = appointment_id(town, request_id)
    for came in (True, False, True):
        appointments.record_attendance(house, town.regulator, marked, came=came)

    assert statuses(town, request_id) == ("fulfilled", "fulfilled")
    assert kinds(house, request_id)[-3:] == [
        "appointment_fulfilled",
        "appointment_missed",
        "appointment_fulfilled",
    ]
    check(house.db.engine, house.clock())


def test_a_cancelled_appointment_is_neither_honoured_nor_missed(
    house: House, town: Town, request_id: UUID
) -> None:
    cancelled = appointment_id(town, request_id)
    appointments.cancel_by_practitioner(house, town.regulator, cancelled)

    for came in (True, False):
        with pytest.raises(TransitionError):
            appointments.record_attendance(house, town.regulator, cancelled, came=came)


@pytest.mark.parametrize("status", ["fulfilled", "no_show"])
def test_the_outcome_may_be_told_by_the_request_as_well(
    house: House, town: Town, request_id: UUID, status: str
) -> None:
    command = CloseRequest.model_validate({"status": status})

    appointments.close_request(house, town.regulator, request_id, command)

    assert statuses(town, request_id) == (status, status)


def test_nobody_can_have_come_to_no_appointment(house: House, town: Town) -> None:
    request_id = town.request()

    with pytest.raises(TransitionError) as refused:
        appointments.close_request(
            house, town.regulator, request_id, CloseRequest(status="fulfilled")
        )

    assert "pas de rendez-vous" in refused.value.sentence
    assert "en recherche" in refused.value.sentence


@pytest.mark.parametrize(
    ("status", "reason", "code"),
    [
        ("redirected", "15", "15"),
        ("redirected", "ADVICE", "ADVICE"),
        ("redirected", "vu avec sa voisine", "OTHER"),
        ("redirected", "", "OTHER"),
        ("unfilled", "NO_TAKER", "NO_TAKER"),
        ("unfilled", "ADVICE", "OTHER"),  # a code of the other list
    ],
)
def test_a_request_is_closed_with_a_code_in_the_log_and_words_sealed(
    house: House, town: Town, status: str, reason: str, code: str
) -> None:
    request_id = town.request()
    command = CloseRequest.model_validate({"status": status, "reason": reason})

    appointments.close_request(house, town.regulator, request_id, command)

    request = town.the_request(request_id)
    assert (request.status, request.closing_code, request.attention) == (status, code, None)
    key = "to" if status == "redirected" else "cause"
    assert events(house, request_id)[-1] == (f"request_{status}", {key: code})
    if reason:
        assert request.closing_note is not None
        field = "care_requests.closing_note"
        assert house.db.cipher.open(field, request_id, request.closing_note) == reason
    check(house.db.engine, house.clock())


def test_a_booked_request_that_is_sent_elsewhere_loses_its_appointment_and_both_are_told(
    house: House, town: Town, request_id: UUID
) -> None:
    command = CloseRequest(status="redirected", reason="15")

    appointments.close_request(house, town.regulator, request_id, command)

    assert town.the_request(request_id).status == "redirected"
    assert town.the_appointment(request_id) is None
    assert len(messages(house, "cancelled_by_regulator_patient")) == 1
    assert len(messages(house, "cancelled_by_regulator_practitioner")) == 1
    keep_promises(house)
    check(house.db.engine, house.clock(), settled=True)


def test_what_is_over_stays_over(house: House, town: Town) -> None:
    request_id = town.request()
    appointments.close_request(house, town.regulator, request_id, CloseRequest(status="unfilled"))
    before = row_counts(house)

    for status in ("redirected", "unfilled", "fulfilled"):
        with pytest.raises(TransitionError):
            appointments.close_request(
                house,
                town.regulator,
                request_id,
                CloseRequest.model_validate({"status": status}),
            )
    with pytest.raises(TransitionError):
        appointments.cancel_request(
            house, town.regulator, request_id, CancelRequest(by="regulator")
        )
    with pytest.raises(TransitionError):
        requests.search_again(house, town.regulator, request_id)
    assert row_counts(house) == before


def test_a_practitioner_tells_who_came_and_decides_nothing_else(
    house: House, town: Town, volunteer: Volunteer, request_id: UUID
) -> None:
    own = town.account(Role.PRACTITIONER, volunteer)
    stranger = town.account(Role.PRACTITIONER, town.volunteer())
    waiting = town.request()

    with pytest.raises(InvalidError):
        appointments.close_request(house, own, request_id, CloseRequest(status="redirected"))
    for account, asked in ((stranger, request_id), (own, waiting)):
        with pytest.raises(NotFoundError):
            appointments.close_request(house, account, asked, CloseRequest(status="fulfilled"))
    appointments.close_request(house, own, request_id, CloseRequest(status="fulfilled"))


# Searching again


def test_a_request_that_stood_open_is_searched_for_again(
    house: House, town: Town, request_id: UUID
) -> None:
    appointments.cancel_request(house, town.regulator, request_id, CancelRequest(by="patient"))
    assert town.the_request(request_id).status == "open"

    requests.search_again(house, town.regulator, request_id)
    assert town.the_request(request_id).attention is None
    keep_promises(house)

    assert town.the_request(request_id).status == "booked"
    check(house.db.engine, house.clock(), settled=True)


def test_searching_again_for_what_is_being_searched_asks_for_one_more_run(
    house: House, town: Town
) -> None:
    request_id = town.request()
    keep_promises(house)

    requests.search_again(house, town.regulator, request_id)

    assert len(promises(house, "match_waiting")) == 1
    assert kinds(house, request_id)[-1] == "request_searched"
    check(house.db.engine, house.clock())


def test_a_booked_request_is_not_searched_for(house: House, town: Town, request_id: UUID) -> None:
    """To look for something better is to cancel first, and to say so."""
    requests.search_again(house, town.regulator, town.request(confirm_duplicate=True))
    with pytest.raises(NotFoundError):
        requests.search_again(house, town.regulator, uuid4())
    before = row_counts(house)

    with pytest.raises(TransitionError):
        requests.search_again(house, town.regulator, request_id)
    assert row_counts(house) == before


# In time


def test_a_request_that_still_waits_comes_before_the_regulator_with_a_third_of_its_delay_left(
    house: House, town: Town, clock: FakeClock
) -> None:
    request_id = town.request(need={"delay_hours": 12})
    keep_promises(house)
    clock.advance(hours=7, minutes=59)
    keep_promises(house)
    assert town.the_request(request_id).attention == "no_slot"

    clock.advance(minutes=1)  # 4 h of 12 h are left
    keep_promises(house)

    assert town.the_request(request_id).attention == "deadline"
    assert events(house, request_id)[-1] == ("request_escalated", {"attention": "deadline"})
    assert promises(house, "escalate_request") == []


def test_a_request_that_was_served_in_time_disturbs_nobody(
    house: House, town: Town, clock: FakeClock, request_id: UUID
) -> None:
    before = kinds(house, request_id)
    clock.advance(hours=24)

    keep_promises(house)

    assert town.the_request(request_id).attention is None
    assert kinds(house, request_id) == before
    assert promises(house, "escalate_request") == []


def test_the_look_of_a_request_that_is_gone_is_kept_without_harm(
    house: House, town: Town, clock: FakeClock
) -> None:
    with house.db.transaction(town.territory_id, town.regulator.actor) as unit:
        unit.promise(Job.ESCALATE_REQUEST, {"request_id": uuid4()})
    claim = keeping.claim(house.db, unit.rings[0].promise_id, 20)
    assert claim is not None

    matching.escalate_request(house, claim)

    assert promises(house, "escalate_request") == []


def test_the_look_is_never_owed_in_the_past(house: House, town: Town, clock: FakeClock) -> None:
    for delay in (4, 72):
        town.request(need={"delay_hours": delay})

    due = [promise.due_at - clock.now for promise in promises(house, "escalate_request")]
    assert due == [timedelta(hours=4) * 2 / 3, timedelta(hours=48)]
