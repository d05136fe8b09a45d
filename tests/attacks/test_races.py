"""Every change of state, raced: one winner of what can be done once, the others told."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from dispatcher.domain.errors import NotFoundError, RefusedError, UnavailableError
from dispatcher.domain.roles import Account
from dispatcher.domain.states import (
    APPOINTMENT_TRANSITIONS,
    OFFER_TRANSITIONS,
    REQUEST_TRANSITIONS,
    SLOT_TRANSITIONS,
)
from dispatcher.services import answers, appointments, booking, moving, requests, slots
from dispatcher.services.commands import BookSlot, CancelRequest, CloseRequest
from dispatcher.services.house import House
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.invariants import check
from tests.services.offering import asked_volunteer, e164, link_in, settings, waits
from tests.services.tables import kinds
from tests.threads import at_once


@dataclass
class Scene:
    """A request in some state, with all that may be done about it."""

    town: Town
    request: UUID
    slot: UUID | None = None
    other_slot: UUID | None = None
    patient_link: str = ""
    offer_link: str = ""
    regulator: Account = field(init=False)

    def __post_init__(self) -> None:
        self.regulator = self.town.regulator

    @property
    def house(self) -> House:
        return self.town.house


def _cancel(by: str) -> Callable[[Scene], object]:
    return lambda on: appointments.cancel_request(
        on.house,
        on.regulator,
        on.request,
        CancelRequest(by=by),  # type: ignore[arg-type]
    )


def _close(status: str) -> Callable[[Scene], object]:
    return lambda on: appointments.close_request(
        on.house,
        on.regulator,
        on.request,
        CloseRequest(status=status),  # type: ignore[arg-type]
    )


def _book(on: Scene) -> object:
    assert on.other_slot is not None
    return booking.book_by_hand(on.house, on.regulator, on.request, BookSlot(slot=on.other_slot))


def _move(on: Scene) -> object:
    assert on.other_slot is not None
    return moving.move_appointment(on.house, on.regulator, on.request, BookSlot(slot=on.other_slot))


def _withdraw(on: Scene) -> None:
    assert on.slot is not None
    slots.withdraw_slot(on.house, on.regulator, on.slot)


def _yes(on: Scene) -> object:
    return answers.accept_by_link(on.house, on.offer_link, on.town.in_hours(1))


ACTS: Mapping[str, Callable[[Scene], object]] = {
    "cancelled by the patient": _cancel("patient"),
    "cancelled by the practitioner": _cancel("practitioner"),
    "cancelled by the regulator": _cancel("regulator"),
    "redirected": _close("redirected"),
    "unfilled": _close("unfilled"),
    "came": _close("fulfilled"),
    "did not come": _close("no_show"),
    "searched again": lambda on: requests.search_again(on.house, on.regulator, on.request),
    "booked by hand": _book,
    "moved": _move,
    "slot withdrawn": _withdraw,
    "confirmed": lambda on: appointments.confirm_by_link(on.house, on.patient_link),
    "accepted": _yes,
    "declined": lambda on: answers.decline_by_link(on.house, on.offer_link, "non"),
    "promises kept": lambda on: keep_promises(on.house),
}
FINAL = ("cancelled by the regulator", "redirected", "unfilled")
"""Each ends the request: one of them, once."""

RACES: Mapping[str, tuple[str, ...]] = {
    "waiting": (
        "cancelled by the regulator", "redirected", "unfilled", "booked by hand",
        "searched again", "cancelled by the patient",
    ),
    "asked": (
        "accepted", "declined", "booked by hand", "cancelled by the regulator", "redirected",
        "unfilled",
    ),
    "booked": (
        "cancelled by the patient", "cancelled by the practitioner", "cancelled by the regulator",
        "redirected", "unfilled", "confirmed", "moved", "slot withdrawn",
    ),
    "over": ("came", "did not come", "redirected", "cancelled by the patient"),
}  # fmt: skip

# Which race goes through which step of the tables of states; the engine's own steps are raced in
# tests/storage/test_concurrency.py, tests/services/test_offer_races.py and tests/services/runs.py.
RACED_IN: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "request": {
        "open": ("waiting",), "searching": ("waiting",), "offering": ("asked",),
        "booked": ("booked", "over"), "fulfilled": ("over",), "no_show": ("over",),
    },
    "slot": {"open": ("booked", "waiting"), "full": ("booked",)},
    "appointment": {
        "booked": ("booked", "over"), "confirmed": ("booked",), "fulfilled": ("over",),
        "no_show": ("over",),
    },
    "offer": {
        "promised": ("asked",), "sent": ("asked",), "accepted": ("asked",), "declined": ("asked",),
        "too_late": ("asked",),
    },
}  # fmt: skip


def waiting(town: Town, _clock: FakeClock, _sms: FakeSms) -> Scene:
    request = town.request()
    keep_promises(town.house)
    return Scene(town, request, other_slot=town.slot(hours=4))


def asked(town: Town, clock: FakeClock, sms: FakeSms) -> Scene:
    settings(town, outside_hours=True)
    volunteer = asked_volunteer(town)
    request = waits(town, clock)
    link = link_in(sms.bodies_to(e164(volunteer))[0])
    other = town.slot(hours=2)
    return Scene(town, request, other_slot=other, offer_link=link)


def booked(town: Town, _clock: FakeClock, sms: FakeSms) -> Scene:
    slot = town.slot(hours=3)
    request = town.request(patient={"phone": "0639980012"})
    keep_promises(town.house)
    link = sms.bodies_to("+33639980012")[0].partition("/r/")[2].split()[0]
    return Scene(town, request, slot, town.slot(hours=5), patient_link=link)


def over(town: Town, clock: FakeClock, sms: FakeSms) -> Scene:
    scene = booked(town, clock, sms)
    clock.advance(hours=4)
    return scene


SCENES = {"waiting": waiting, "asked": asked, "booked": booked, "over": over}


def outcome(act: Callable[[Scene], object], on: Scene) -> str:
    try:
        act(on)
    except UnavailableError:
        raise
    except NotFoundError:
        return "not-found"
    except RefusedError as refusal:
        return refusal.code
    return "won"


@pytest.mark.parametrize("name", RACES)
def test_whatever_is_done_at_once_has_one_end(
    house: House, town: Town, clock: FakeClock, sms: FakeSms, name: str
) -> None:
    scene = SCENES[name](town, clock, sms)
    acts = [act for act in RACES[name] for _ in range(2)]
    random.Random(name).shuffle(acts)

    told = at_once([lambda act=act: (act, outcome(ACTS[act], scene)) for act in acts])  # type: ignore[misc]

    check(house.db.engine, house.clock())
    ends = [act for act, said in told if said == "won" and act in FINAL]
    assert len(ends) <= 1, told
    if set(FINAL) & set(RACES[name]) and name != "over":
        assert len(ends) == 1, told
        status = town.the_request(scene.request).status
        assert status == {FINAL[0]: "cancelled"}.get(ends[0], ends[0])
    assert any(said != "won" for _, said in told), told
    keep_promises(house)
    check(house.db.engine, house.clock())
    ended = [kind for kind in kinds(house, scene.request) if kind.startswith("request_")]
    closing = {"request_cancelled", "request_redirected", "request_unfilled"}
    assert sum(kind in closing for kind in ended) == len(ends)


def test_every_state_that_can_change_is_raced() -> None:
    tables: dict[str, Mapping[Any, frozenset[Any]]] = {
        "request": REQUEST_TRANSITIONS,
        "slot": SLOT_TRANSITIONS,
        "appointment": APPOINTMENT_TRANSITIONS,
        "offer": OFFER_TRANSITIONS,
    }
    for table, transitions in tables.items():
        leaving = {before.value for before, after in transitions.items() if after}
        assert set(RACED_IN[table]) == leaving, table
        assert all(races and set(races) <= set(RACES) for races in RACED_IN[table].values())
    raced = {act for acts in RACES.values() for act in acts}
    assert raced | {"promises kept"} == set(ACTS)


def test_a_winner_too_many_would_be_seen(town: Town, clock: FakeClock, sms: FakeSms) -> None:
    """The companion: the second of two is told, and what says « won » twice fails the count."""
    scene = waiting(town, clock, sms)
    first, second = (outcome(ACTS["unfilled"], scene) for _ in range(2))
    assert (first, second) == ("won", "transition-refused")
