"""The activity of a period, counted by hand.

Paris is an hour ahead of UTC in November 2026; the period is Monday 23 and Tuesday 24.
"""

import itertools
import json
from datetime import date, datetime, timedelta

import pytest

from dispatcher.domain import events
from dispatcher.domain.events import Event
from dispatcher.domain.indicators import LoggedEvent, fold
from tests.domain.two_days import (
    DOCTOR,
    NURSE,
    PERIOD,
    about_appointment,
    about_request,
    appointment_id,
    at,
    booked,
    offered,
    opened,
    request_id,
    slot_id,
)


def totals(*log: LoggedEvent) -> dict[str, int | float | None]:
    """The figures that are not zero, without the lists."""
    found = fold(log, PERIOD).as_json()
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, int | float) and value != 0
    }


def test_a_period_without_events_has_zeros_and_unknowns() -> None:
    found = fold([], PERIOD)
    assert found.requests == found.booked == found.slots_opened == found.volunteers_active == 0
    assert found.within_delay_share is None
    assert found.median_time_to_appointment_minutes is None
    assert found.median_time_to_booking_s is None
    assert [figures.day for figures in found.by_day] == [date(2026, 11, 23), date(2026, 11, 24)]
    assert found.by_profession == {}


def test_a_request_answered_at_once() -> None:
    assert totals(
        offered(1, at(23, 14), 1),
        opened(1, at(23, 9)),
        booked(1, at(23, 9) + timedelta(seconds=2), at(23, 14)),
    ) == {
        "requests": 1,
        "booked": 1,
        "within_delay": 1,
        "within_delay_share": 1.0,
        "median_time_to_appointment_minutes": 300.0,
        "median_time_to_booking_s": 2.0,
        "slots_opened": 1,
        "slots_used": 1,
        "volunteers_active": 1,
    }


@pytest.mark.parametrize(
    ("log", "counted"),
    [
        ([], "live"),
        ([about_request("request_cancelled", 1, at(23, 10), by="patient")], "cancelled"),
        ([about_request("request_redirected", 1, at(23, 10), to="15")], "redirected"),
        ([about_request("request_unfilled", 1, at(23, 10), cause="NO_SLOT")], "unfilled"),
        ([booked(1, at(23, 10), at(23, 14))], "booked"),
        (
            [
                booked(1, at(23, 10), at(23, 14)),
                about_appointment("appointment_confirmed", 1, at(23, 11)),
            ],
            "booked",
        ),
        (
            [
                booked(1, at(23, 10), at(23, 14)),
                about_appointment("appointment_cancelled", 1, at(23, 11)),
            ],
            "live",
        ),
        (
            [
                booked(1, at(23, 10), at(23, 14)),
                about_appointment("appointment_cancelled", 1, at(23, 11)),
                about_request("request_reopened", 1, at(23, 11), status="open"),
                about_request("request_cancelled", 1, at(23, 12), by="regulator"),
            ],
            "cancelled",
        ),
        (
            [
                booked(1, at(23, 10), at(23, 14)),
                about_appointment("appointment_cancelled", 1, at(23, 12)),
                about_request("request_redirected", 1, at(23, 12), to="ED"),
            ],
            "redirected",
        ),
    ],
)
def test_each_request_stands_somewhere_at_the_end(log: list[LoggedEvent], counted: str) -> None:
    found = fold([opened(1, at(23, 9)), *log], PERIOD)
    where = {
        name: getattr(found, name)
        for name in ("live", "booked", "cancelled", "redirected", "unfilled")
    }
    assert where == dict.fromkeys(where, 0) | {counted: 1}
    assert found.slots_used == (1 if counted == "booked" else 0)


def test_the_last_mark_of_an_appointment_is_the_one_that_counts() -> None:
    log = [
        opened(1, at(23, 9)),
        booked(1, at(23, 10), at(23, 14)),
        about_appointment("appointment_missed", 1, at(23, 15)),
    ]
    missed = fold(log, PERIOD)
    assert (missed.booked, missed.honoured, missed.no_show) == (1, 0, 1)
    corrected = fold([*log, about_appointment("appointment_fulfilled", 1, at(23, 16))], PERIOD)
    assert (corrected.booked, corrected.honoured, corrected.no_show) == (1, 1, 0)
    assert corrected.slots_used == missed.slots_used == 1


def test_a_request_that_was_booked_again_counts_once_with_its_last_appointment() -> None:
    found = fold(
        [
            offered(1, at(23, 14), 1),
            offered(2, at(24, 9), 1, by=NURSE),
            opened(1, at(23, 9)),
            booked(1, at(23, 9, 1), at(23, 14)),
            about_appointment("appointment_cancelled", 1, at(23, 10)),
            booked(2, at(23, 10, 1), at(24, 9), request=1, slot=2, by=NURSE, within=False),
            # word of the first appointment that arrives late says nothing about the second
            about_appointment("appointment_cancelled", 1, at(23, 10, 2)),
        ],
        PERIOD,
    )
    assert (found.requests, found.booked, found.within_delay) == (1, 1, 0)
    assert found.within_delay_share == 0.0
    # from 9 h on Monday to 9 h on Tuesday; but a first appointment was given after a minute
    assert found.median_time_to_appointment_minutes == 24 * 60
    assert found.median_time_to_booking_s == 60
    assert (found.slots_opened, found.slots_used) == (2, 1)


def test_a_request_belongs_to_the_period_in_which_it_was_opened() -> None:
    log = [
        opened(1, at(22, 23, 59)),
        booked(1, at(23, 0, 1), at(23, 14)),
        opened(2, at(23, 0)),
        opened(3, at(24, 23, 59)),
        booked(3, at(25, 8), at(25, 9)),
        opened(4, at(25, 0)),
    ]
    found = fold(log, PERIOD)
    assert (found.requests, found.booked, found.live) == (2, 1, 1)
    # the first one's appointment still uses a place of the period, the third one's does not
    assert found.slots_used == 1


def test_places_belong_to_the_period_in_which_their_slot_starts() -> None:
    found = fold(
        [
            offered(1, at(22, 23, 59), 5),
            offered(2, at(23, 0), 1),
            offered(3, at(24, 18), 4, by=NURSE),
            offered(4, at(25, 0), 2, by=NURSE),
        ],
        PERIOD,
    )
    assert found.slots_opened == 5
    assert found.volunteers_active == 2
    assert [figures.slots_opened for figures in found.by_day] == [1, 4]


def test_a_walk_in_patient_uses_a_place_of_the_day_the_period_starts_on() -> None:
    found = fold(
        [
            offered(1, at(24, 22), 4),
            opened(1, at(24, 21)),
            booked(1, at(24, 21, 1), at(25, 0, 30)),
        ],
        PERIOD,
    )
    assert found.slots_used == 1
    assert [figures.slots_used for figures in found.by_day] == [0, 1]


def test_withdrawn_places_are_not_counted_and_their_practitioner_was_not_active() -> None:
    resized = fold(
        [offered(1, at(23, 14), 4), offered(1, at(23, 14), 3, kind="slot_withdrawn")], PERIOD
    )
    assert (resized.slots_opened, resized.volunteers_active) == (3, 1)
    closed = fold(
        [offered(1, at(23, 14), 4), offered(1, at(23, 14), 0, kind="slot_withdrawn")], PERIOD
    )
    assert (closed.slots_opened, closed.volunteers_active) == (0, 0)


def test_a_median_of_an_even_number_lies_between_the_two_in_the_middle() -> None:
    starts = [at(23, 10), at(23, 11), at(23, 13), at(23, 19)]
    log = itertools.chain.from_iterable(
        (opened(number, at(23, 9)), booked(number, at(23, 9), start))
        for number, start in enumerate(starts)
    )
    # 60, 120, 240 and 600 minutes
    assert fold(log, PERIOD).median_time_to_appointment_minutes == 180


def test_requests_are_told_apart_by_day_profession_and_origin() -> None:
    found = fold(
        [
            opened(1, at(23, 9), "10", "SAS"),
            booked(1, at(23, 9), at(23, 14), within=False),
            opened(2, at(23, 23, 30), "10", "PHARMACY"),
            opened(3, at(24, 0, 30), "60", "SAS"),
            booked(3, at(24, 8), at(24, 9), by=NURSE),
        ],
        PERIOD,
    )
    assert [(each.day.day, each.requests, each.booked) for each in found.by_day] == [
        (23, 2, 1),
        (24, 1, 1),
    ]
    assert {code: (each.requests, each.booked) for code, each in found.by_profession.items()} == {
        "10": (2, 1),
        "60": (1, 1),
    }
    assert found.by_profession["10"].within_delay_share == 0.0
    assert found.by_profession["60"].within_delay_share == 1.0
    assert {code: each.requests for code, each in found.by_origin.items()} == {
        "PHARMACY": 1,
        "SAS": 2,
    }
    assert found.by_origin["PHARMACY"].within_delay_share is None


def test_what_is_known_only_by_its_end_is_passed_over() -> None:
    assert (
        totals(
            about_appointment("appointment_fulfilled", 1, at(23, 9)),
            about_appointment("appointment_cancelled", 2, at(23, 9)),
            about_request("request_cancelled", 3, at(23, 9)),
            LoggedEvent("message_queued", at(23, 9), request_id(1)),
        )
        == {}
    )


def test_an_appointment_whose_slot_is_not_in_the_log_counts_at_its_own_hour() -> None:
    found = fold([opened(1, at(23, 9)), booked(1, at(23, 9), at(24, 9), slot=77)], PERIOD)
    assert (found.slots_opened, found.slots_used) == (0, 1)


def test_the_figures_are_printed_as_json() -> None:
    log = [
        opened(1, at(23, 9)),
        booked(1, at(23, 9), at(23, 9, 20)),
        opened(2, at(23, 9)),
        booked(2, at(23, 9), at(23, 9, 30), within=False),
        opened(3, at(23, 9)),
        booked(3, at(23, 9), at(23, 10), within=False),
    ]
    printed = json.loads(json.dumps(fold(log, PERIOD).as_json()))
    assert printed["within_delay_share"] == 0.3333
    assert printed["by_day"][0] == {
        "day": "2026-11-23",
        "requests": 3,
        "booked": 3,
        "honoured": 0,
        "no_show": 0,
        "cancelled": 0,
        "redirected": 0,
        "unfilled": 0,
        "live": 0,
        "within_delay": 1,
        "within_delay_share": 0.3333,
        "slots_opened": 0,
        "slots_used": 3,
        "slots_lost": 0,
    }
    assert printed["by_profession"]["10"]["within_delay_share"] == 0.3333


def as_logged(event: Event, instant: datetime) -> LoggedEvent:
    """The event as the log gives it back."""
    data = json.loads(json.dumps(event.data()))
    return LoggedEvent(event.kind(), instant, data=data, **event.references())


def test_the_houses_own_events_are_understood() -> None:
    request, appointment, slot = request_id(1), appointment_id(1), slot_id(1)
    common = {"request_id": request, "appointment_id": appointment}
    log = [
        events.SlotPublished(
            slot_id=slot,
            practitioner_id=DOCTOR,
            start=at(23, 14),
            end=at(23, 17),
            places=4,
            modality="AMB",
            visibility=["SNP"],
        ),
        events.SlotWithdrawn(
            slot_id=slot, practitioner_id=DOCTOR, start=at(23, 14), places=3, closed=False
        ),
        events.RequestOpened(
            request_id=request,
            profession="10",
            specialty=None,
            modalities=["AMB"],
            delay_hours=24,
            due_at=at(24, 9),
            origin="SAS",
            regulated=True,
            has_gp=False,
            commune="39300",
            age_band="40-49",
            duplicate_confirmed=False,
        ),
        events.AppointmentBooked(
            **common,
            slot_id=slot,
            practitioner_id=DOCTOR,
            start=at(23, 14),
            within_delay=True,
            decided_by="engine",
            distance_km=2.3,
            overridden=[],
            neighbour=False,
        ),
        events.AppointmentFulfilled(
            **common, slot_id=slot, practitioner_id=DOCTOR, start=at(23, 14)
        ),
    ]
    found = fold([as_logged(event, at(23, 9)) for event in log], PERIOD)
    assert (found.requests, found.honoured, found.within_delay) == (1, 1, 1)
    assert (found.slots_opened, found.slots_used) == (3, 1)


def lent(number: int, start: datetime, kind: str = "neighbour_place_taken") -> LoggedEvent:
    """A place of ours that a neighbour's request took, or gave back."""
    data = {"start": start.isoformat(), "neighbour_id": str(NURSE)}
    return LoggedEvent(kind, at(23, 9), None, appointment_id(number), slot_id(1), DOCTOR, data)


def test_a_request_that_a_neighbour_sees_counts_here_and_its_place_there() -> None:
    asking = [opened(1, at(23, 9)), booked(1, at(23, 10), at(23, 14), neighbour=True)]
    seeing = [offered(1, at(23, 14), 2), lent(1, at(23, 14))]

    here, there = fold(asking, PERIOD), fold(seeing, PERIOD)

    assert (here.requests, here.booked, here.slots_used, here.volunteers_active) == (1, 1, 0, 0)
    assert (there.requests, there.booked, there.slots_opened, there.slots_used) == (0, 0, 2, 1)
    assert there.volunteers_active == 1


def test_a_place_that_the_neighbour_gave_back_was_not_used() -> None:
    given_back = lent(1, at(23, 14), "neighbour_place_freed")
    assert (
        fold([offered(1, at(23, 14), 1), lent(1, at(23, 14)), given_back], PERIOD).slots_used == 0
    )
