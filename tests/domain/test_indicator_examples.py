"""Each indicator over a small log, worked out by hand."""

from datetime import timedelta
from typing import Any

import pytest

from dispatcher.domain import events
from dispatcher.domain.indicators import LoggedEvent, fold
from dispatcher.domain.indicators.registry import INDICATORS
from tests.domain.two_days import (
    DOCTOR,
    NURSE,
    PERIOD,
    about_appointment,
    about_request,
    at,
    booked,
    ids,
    offered,
    opened,
    request_id,
    slot_id,
)


def published(number: int, hour: int, places: int, **said: Any) -> LoggedEvent:
    """Places of the doctor on Monday, that the regulation sees unless told otherwise."""
    by = said.pop("by", DOCTOR)
    known = {"start": at(23, hour).isoformat(), "places": places}
    data = known | {"visibility": ["SNP"], "profession": "10"} | said
    return LoggedEvent("slot_published", at(20, 8), None, None, slot_id(number), by, data)


def passed(number: int, hour: int, places: int) -> LoggedEvent:
    data = {"start": at(23, hour).isoformat(), "places": places, "taken": 0}
    return LoggedEvent("slot_passed", at(24, 8), None, None, slot_id(number), DOCTOR, data)


def asked(number: int, request: int, minute: int) -> LoggedEvent:
    """A volunteer is asked on Monday, so many minutes after nine."""
    return about_request("offer_made", request, at(23, 9, minute), offer_id=str(ids(4, number)))


def said_yes(number: int, request: int, minute: int) -> LoggedEvent:
    return about_request("offer_accepted", request, at(23, 9, minute), offer_id=str(ids(4, number)))


def cancelled(number: int, hour: int, by: str) -> LoggedEvent:
    """An appointment of Monday is cancelled."""
    about = about_appointment("appointment_cancelled", number, at(23, hour))
    return LoggedEvent(
        about.kind, about.at, about.request_id, about.appointment_id, data={"by": by}
    )


def again(appointment: int, request: int, hour: int) -> LoggedEvent:
    return booked(appointment, at(23, hour), at(23, hour + 2), request=request)


def noted(effect: str, request: int, *, holds: bool = True) -> LoggedEvent:
    data = {"effect": effect, "holds": holds}
    return LoggedEvent("effect_noted", at(24, 9), request_id(request), data=data)


def searched(request: int, status: str, *priorities: str) -> LoggedEvent:
    data = {"status": status, "priorities": list(priorities), "search_id": str(ids(6, request))}
    return LoggedEvent("gp_search_moved", at(24, 9), request_id(request), data=data)


def marked(number: int, score: int) -> LoggedEvent:
    about = about_appointment("satisfaction_answered", number, at(24, 9))
    return LoggedEvent(
        about.kind, about.at, about.request_id, about.appointment_id, data={"score": score}
    )


def told(number: int, **said: Any) -> LoggedEvent:
    """A request of Monday, nine o’clock, with everything that is written today."""
    data = {
        "profession": "10",
        "origin": "SAS",
        "motive_group": "SKIN_WOUND",
        "modalities": ["AMB"],
        "age_band": "70-79",
        "commune": "39300",
        "has_gp": True,
    }
    return LoggedEvent("request_opened", at(23, 9), request_id(number), data=data | said)


def times(*minutes: int) -> list[LoggedEvent]:
    """Requests of nine o’clock booked at once, each seen after so many minutes."""
    log = []
    for number, after in enumerate(minutes):
        log += [
            opened(number, at(23, 9)),
            booked(number, at(23, 9), at(23, 9) + timedelta(minutes=after)),
        ]
    return log


SEVEN_ENDS = [
    *(opened(number, at(23, 9)) for number in range(1, 8)),
    booked(1, at(23, 10), at(23, 14)),
    booked(2, at(23, 10), at(23, 15)),
    about_appointment("appointment_fulfilled", 2, at(23, 15)),
    booked(3, at(23, 10), at(25, 9), within=False),
    about_appointment("appointment_missed", 3, at(25, 10)),
    about_request("request_cancelled", 4, at(23, 10), by="patient"),
    about_request("request_redirected", 5, at(23, 10), to="15"),
    about_request("request_unfilled", 6, at(23, 10), cause="NO_TAKER"),
]
"""Booked, honoured, missed after 48 h, cancelled, redirected, unfilled, waiting."""
GPS_SEARCHED = [
    *(told(number, has_gp=False) for number in (1, 2, 3)),
    searched(1, "accepted", "over_70", "ald"),
    searched(2, "proposed", "over_70"),
    searched(2, "accepted", "over_70"),
    searched(3, "accepted", "c2s"),
    searched(3, "to_contact", "c2s"),
]
"""Found for two, taken back of a third."""
TWO_CANCELLED = [
    opened(1, at(23, 9)),
    opened(2, at(23, 9)),
    booked(1, at(23, 9), at(23, 14)),
    cancelled(1, 10, "patient"),
    again(11, 1, 11),
    booked(2, at(23, 9), at(23, 14)),
    cancelled(2, 10, "practitioner"),
    again(12, 2, 11),
    LoggedEvent(
        "appointment_cancelled", at(23, 12), request_id(2), ids(2, 12), data={"by": "regulator"}
    ),
]
"""The first was given back by the patient and is booked again, the second lost both."""
THREE_ASKED = [
    opened(1, at(23, 9)),
    asked(1, 1, 10),
    asked(2, 1, 10),
    asked(3, 1, 25),
    said_yes(3, 1, 32),
    opened(2, at(23, 9)),
    asked(4, 2, 20),
]
"""Of the first request two are asked after 10 min, one after 25 who says yes 7 min later."""
THREE_SLOTS = [
    published(1, 10, 3),
    passed(1, 10, 3),
    published(2, 11, 2, by=NURSE, profession="60", visibility=["CPTS"]),
    published(3, 12, 1),
    opened(1, at(23, 9)),
    booked(1, at(23, 9), at(23, 10)),
]
"""Three places of the doctor of which one is taken and two go by, two of a nurse, one to come."""

FOUR_MARKS = [
    *(told(number) for number in range(1, 6)),
    marked(1, 2),
    *(marked(number, mark) for number, mark in enumerate((10, 9, 8, 4), 1)),
]
"""Two who are glad, one in between, one who is not; the first one's first mark was another."""

EXAMPLES: dict[str, tuple[list[LoggedEvent], float | None]] = {
    "requests": (SEVEN_ENDS, 7),
    "booked": (SEVEN_ENDS, 3),
    "honoured": (SEVEN_ENDS, 1),
    "no_show": (SEVEN_ENDS, 1),
    "cancelled": (SEVEN_ENDS, 1),
    "redirected": (SEVEN_ENDS, 1),
    "unfilled": (SEVEN_ENDS, 1),
    "live": (SEVEN_ENDS, 1),
    "within_delay": (SEVEN_ENDS, 2),
    "within_delay_share": (SEVEN_ENDS, 2 / 3),
    # after 5, 6 and 48 hours
    "within_24h": (SEVEN_ENDS, 2),
    "within_48h": (SEVEN_ENDS, 3),
    "appointments_given": (TWO_CANCELLED, 4),
    "cancelled_by_patient": (TWO_CANCELLED, 1),
    "cancelled_by_practitioner": (TWO_CANCELLED, 1),
    "cancelled_by_regulator": (TWO_CANCELLED, 1),
    "rebooked": (TWO_CANCELLED, 2),
    "no_slot_found": (
        [
            opened(1, at(23, 9)),
            opened(2, at(23, 9)),
            about_request("search_found_nothing", 1, at(23, 9)),
            about_request("search_found_nothing", 1, at(23, 10)),
        ],
        1,
    ),
    "booking_lost": (
        [
            opened(1, at(23, 9)),
            opened(2, at(23, 9)),
            about_request("booking_lost", 2, at(23, 9)),
            about_request("booking_lost", 2, at(23, 10)),
        ],
        1,
    ),
    "offers_sent": (THREE_ASKED, 4),
    "offers_accepted": (THREE_ASKED, 1),
    # the first ones after 10 and 20 min
    "time_to_first_offer": (THREE_ASKED, 15 * 60),
    "time_to_yes": (THREE_ASKED, 7 * 60),
    "time_to_booking": (
        [
            opened(1, at(23, 9)),
            booked(1, at(23, 9) + timedelta(seconds=2), at(23, 14)),
            opened(2, at(23, 9)),
            booked(2, at(23, 9, 1), at(23, 14)),
            opened(3, at(23, 9)),
        ],
        31,
    ),
    "time_to_appointment": (times(60, 120, 240, 600), 180 * 60),
    "without_gp": ([told(1), told(2, has_gp=False), opened(3, at(23, 9))], 1),
    "gp_found": (
        [
            told(1, has_gp=False),
            told(2, has_gp=False),
            noted("GP_FOUND", 1),
            noted("GP_FOUND", 2),
            noted("GP_FOUND", 2, holds=False),
        ],
        1,
    ),
    "gp_found_over_70": (GPS_SEARCHED, 2),
    "gp_found_ald": (GPS_SEARCHED, 1),
    "gp_found_c2s": (GPS_SEARCHED, 0),
    "ed_avoided": (
        [told(1), told(2), noted("ED_AVOIDED", 1), noted("ED_AVOIDED", 1), noted("GP_FOUND", 2)],
        1,
    ),
    "satisfaction_answers": (FOUR_MARKS, 4),
    "satisfaction_points": (FOUR_MARKS, 31),
    "satisfaction_net": (FOUR_MARKS, 1),
    "satisfaction_mean": (FOUR_MARKS, 7.75),
    "satisfaction_nps": (FOUR_MARKS, 25),
    "slots_opened": (THREE_SLOTS, 6),
    "slots_used": (THREE_SLOTS, 1),
    "slots_lost": (THREE_SLOTS, 2),
    "volunteers_active": (THREE_SLOTS, 2),
    "sas_doctors": (THREE_SLOTS, 1),
}


def test_every_indicator_has_its_example() -> None:
    assert set(EXAMPLES) == set(INDICATORS)


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_indicator_is_what_was_worked_out_by_hand(code: str) -> None:
    log, value = EXAMPLES[code]
    assert fold(log, PERIOD).figures[code].value == value


@pytest.mark.parametrize("code", INDICATORS)
def test_of_nothing_a_count_is_zero_and_the_rest_is_unknown(code: str) -> None:
    known = INDICATORS[code].additive or code in {"volunteers_active", "sas_doctors"}
    assert fold([], PERIOD).figures[code].value == (0 if known else None)


@pytest.mark.parametrize(
    ("code", "dimension", "log", "parts"),
    [
        ("requests", "origin", [told(1), told(2, origin="ED")], {"ED": 1, "SAS": 1}),
        ("requests", "profession", [told(1), told(2, profession="60")], {"10": 1, "60": 1}),
        (
            "requests",
            "motive_group",
            [told(1), told(2, motive_group=None), opened(3, at(23, 9))],
            {"SKIN_WOUND": 1, "unknown": 1, "unspecified": 1},
        ),
        (
            "requests",
            "modality",
            [told(1), told(2, modalities=["AMB", "VR"]), opened(3, at(23, 9))],
            {"AMB": 1, "several": 1, "unknown": 1},
        ),
        ("requests", "age_band", [told(1), told(2, age_band="0-9")], {"0-9": 1, "70-79": 1}),
        ("requests", "commune", [told(1), opened(2, at(23, 9))], {"39300": 1, "unknown": 1}),
        ("unfilled", "cause", SEVEN_ENDS, {"NO_TAKER": 1}),
        ("redirected", "cause", SEVEN_ENDS, {"15": 1}),
        ("booked", "commune", [told(1), booked(1, at(23, 9), at(23, 14))], {"39300": 1}),
        ("volunteers_active", "profession", THREE_SLOTS, {"10": 1, "60": 1}),
        ("volunteers_active", "profession", [offered(1, at(23, 9), 1)], {"unknown": 1}),
    ],
)
def test_a_figure_is_told_apart(
    code: str, dimension: str, log: list[LoggedEvent], parts: dict[str, int]
) -> None:
    assert fold(log, PERIOD).figures[code].parts[dimension] == parts


@pytest.mark.parametrize(
    ("minutes", "p90"),
    [
        ([10], 10),
        ([10, 20], 20),
        ([*range(1, 11)], 9),  # nine of ten took 9 min or less
        ([*range(1, 12)], 10),  # nine of eleven are not nine tenths: the tenth
    ],
)
def test_nine_of_ten_took_no_longer_than_the_ninth_decile(minutes: list[int], p90: int) -> None:
    spread = fold(times(*minutes), PERIOD).figures["time_to_appointment"].spread
    assert spread is not None
    assert spread.p90_s == p90 * 60


def test_an_appointment_of_the_48th_hour_is_within_it_and_one_after_is_not() -> None:
    on_time, late = times(48 * 60), times(48 * 60 + 1)
    assert fold(on_time, PERIOD).figures["within_48h"].value == 1
    assert fold(late, PERIOD).figures["within_48h"].value == 0


def test_a_place_that_was_used_by_a_neighbour_is_not_lost() -> None:
    lent = LoggedEvent(
        "neighbour_place_taken",
        at(23, 9),
        None,
        ids(2, 1),
        slot_id(1),
        DOCTOR,
        {"start": at(23, 10).isoformat()},
    )
    log = [published(1, 10, 1), lent, passed(1, 10, 1)]
    assert fold(log, PERIOD).figures["slots_lost"].value == 0


@pytest.mark.parametrize("code", INDICATORS)
def test_an_indicator_names_events_of_the_log(code: str) -> None:
    assert set(INDICATORS[code].events) <= set(events.EVENTS)


def test_places_that_the_practitioners_own_agenda_blocks_are_not_open() -> None:
    said = {"start": at(23, 10).isoformat(), "places": 1}
    blocked = LoggedEvent("slot_blocked", at(21, 8), None, None, slot_id(1), DOCTOR, said)
    freed = LoggedEvent(
        "slot_unblocked", at(22, 8), None, None, slot_id(1), DOCTOR, said | {"places": 3}
    )
    log = [published(1, 10, 3), blocked]
    assert fold(log, PERIOD).figures["slots_opened"].value == 1
    assert fold([*log, freed], PERIOD).figures["slots_opened"].value == 3
