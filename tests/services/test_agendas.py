"""An agenda kept elsewhere closes the slots of its busy hours, and opens them again."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from dispatcher.domain.agendas.problems import AgendaProblem
from dispatcher.domain.errors import RefusedError
from dispatcher.domain.events import AgendaAdded, AgendaRemoved, SlotBlocked, SlotUnblocked
from dispatcher.domain.jobs import Job
from dispatcher.domain.roles import Account, Role
from dispatcher.domain.states import RequestStatus, SlotStatus
from dispatcher.services import slots
from dispatcher.services.agendas import AHEAD, EVERY, add_agenda, remove_agenda
from dispatcher.services.appointments import cancel_request
from dispatcher.services.booking import book_by_hand
from dispatcher.services.commands import (
    AddAgenda,
    AnnounceFree,
    BookSlot,
    CancelRequest,
    ChangeSlot,
)
from dispatcher.services.house import House
from dispatcher.services.slot_changes import change_slot
from dispatcher.storage.agendas import BusyTime
from tests.builders import Town, Volunteer
from tests.fakes.agendas import FakeAgendas
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.services.own_agendas import (
    URL,
    a_volunteer,
    agenda,
    linked,
    read_again,
    recorded,
    the_feed,
    the_slots,
)
from tests.services.tables import messages, text_of
from tests.threads import at_once
from workers import clock as workers_clock


@pytest.fixture
def volunteer(town: Town) -> Volunteer:
    return town.volunteer()


@pytest.fixture
def practice(town: Town, volunteer: Volunteer) -> Account:
    return town.account(Role.PRACTITIONER, volunteer)


def test_a_busy_hour_closes_what_it_overlaps_and_opens_it_again_when_it_moves(
    house: House, town: Town, volunteer: Volunteer, practice: Account, agendas: FakeAgendas
) -> None:
    before, during, after = (town.slot(volunteer, hours=hours, minutes=20) for hours in (2, 3, 4))
    agendas.files[URL] = agenda((town.in_hours(3) + timedelta(minutes=19), town.in_hours(4)))
    feed_id = linked(house, practice)
    assert [bool(town.the_slot(each).blocked_since) for each in (before, during, after)] == [
        False,
        True,
        False,
    ]  # what ends when the next begins does not overlap it
    assert recorded(house, SlotBlocked, SlotUnblocked) == ["slot_blocked"]

    agendas.files[URL] = agenda((town.in_hours(4), town.in_hours(5)))
    read_again(house, practice, feed_id)
    assert [bool(town.the_slot(each).blocked_since) for each in (before, during, after)] == [
        False,
        False,
        True,
    ]
    assert recorded(house, SlotBlocked, SlotUnblocked) == [
        "slot_blocked",
        "slot_blocked",
        "slot_unblocked",
    ]


def test_a_slot_closed_by_an_imported_event_one_second_before_a_booking_cannot_be_booked(
    house: House,
    town: Town,
    clock: FakeClock,
    volunteer: Volunteer,
    practice: Account,
    agendas: FakeAgendas,
) -> None:
    slot_id = town.slot(volunteer, hours=3)
    agendas.files[URL] = agenda()
    feed_id = linked(house, practice)
    waiting = town.request(need={"profession": "60"})  # the engine has nothing for it
    keep_promises(house)
    agendas.files[URL] = agenda((town.in_hours(3), town.in_hours(4)))
    read_again(house, practice, feed_id)  # the event is imported
    clock.advance(seconds=1)
    request_id = town.request()
    keep_promises(house)
    assert town.the_appointment(request_id) is None
    for asked in (request_id, waiting):
        with pytest.raises(RefusedError):
            book_by_hand(
                house, town.regulator, asked, BookSlot(slot=slot_id, override="Il me l’a promis")
            )
    assert town.the_slot(slot_id).taken == 0
    # the same hand, once the agenda is free: the waiting request gets it by itself
    agendas.files[URL] = agenda()
    read_again(house, practice, feed_id)
    assert town.the_request(request_id).status == RequestStatus.BOOKED
    assert town.the_slot(slot_id).taken == 1


def test_a_booking_and_a_reading_at_the_same_moment_leave_one_consistent_end(
    house: House, town: Town, volunteer: Volunteer, practice: Account, agendas: FakeAgendas
) -> None:
    """Whoever comes first: a blocked slot has no patient but one who was booked before."""
    agendas.files[URL] = agenda()
    feed_id = linked(house, practice)
    for round_ in range(8):
        slot_id = town.slot(volunteer, hours=3 + round_)
        agendas.files[URL] = agenda((town.in_hours(3 + round_), town.in_hours(3.3 + round_)))
        request_id = town.request(need={"profession": "60"})  # nobody else matches it

        def book(slot: UUID = slot_id, request: UUID = request_id) -> bool:
            command = BookSlot(slot=slot, override="Elle vient en ce cas")
            try:
                book_by_hand(house, town.regulator, request, command)
            except RefusedError:
                return False
            return True

        def read() -> bool:
            read_again(house, practice, feed_id)
            return True

        booked, _ = at_once([book, read])
        keep_promises(house)
        slot = town.the_slot(slot_id)
        assert slot.blocked_since is not None
        assert slot.taken == int(booked)
        assert (town.the_appointment(request_id) is not None) == booked


def test_a_place_that_is_freed_in_a_blocked_slot_goes_to_nobody(
    house: House, town: Town, volunteer: Volunteer, practice: Account, agendas: FakeAgendas
) -> None:
    slot_id = town.slot(volunteer, hours=3)
    first = town.request()
    keep_promises(house)
    agendas.files[URL] = agenda((town.in_hours(3), town.in_hours(4)))
    linked(house, practice)
    assert town.the_appointment(first) is not None  # who was booked stays
    second = town.request()
    keep_promises(house)
    cancel_request(house, town.regulator, first, CancelRequest(by="patient", reason="Va mieux"))
    keep_promises(house)
    assert town.the_slot(slot_id).taken == 0
    assert town.the_appointment(second) is None


def test_a_slot_that_is_moved_away_from_a_busy_hour_is_free_and_one_moved_onto_it_is_not(
    house: House, town: Town, volunteer: Volunteer, practice: Account, agendas: FakeAgendas
) -> None:
    agendas.files[URL] = agenda((town.in_hours(3), town.in_hours(4)))
    linked(house, practice)
    slot_id = town.slot(volunteer, hours=3)
    for hours, is_blocked in ((5, False), (3.5, True)):
        asked = ChangeSlot(
            place=volunteer.place,
            start=town.in_hours(hours),
            end=town.in_hours(hours + 0.25),
            places=1,
            modality="AMB",
            visibility=["SNP"],
        )
        assert change_slot(house, practice, slot_id, asked, {}) == slot_id
        assert (town.the_slot(slot_id).blocked_since is not None) is is_blocked


def test_what_was_said_in_so_many_words_stands(
    house: House, town: Town, volunteer: Volunteer, practice: Account, agendas: FakeAgendas
) -> None:
    agendas.files[URL] = agenda((town.in_hours(-1), town.in_hours(5)))
    linked(house, practice)
    free = slots.announce_free(house, practice, AnnounceFree(place=volunteer.place))
    later = town.slot(volunteer, hours=4)
    assert town.the_slot(free).blocked_since is None
    assert town.the_slot(later).blocked_since is not None  # known to be busy when it was published


def test_events_with_the_agreed_word_become_slots_follow_their_hours_and_go_with_them(
    house: House,
    town: Town,
    clock: FakeClock,
    volunteer: Volunteer,
    practice: Account,
    agendas: FakeAgendas,
) -> None:
    start = town.in_hours(3)
    agendas.files[URL] = agenda((start, start + timedelta(minutes=50), "SNP du mardi"))
    feed_id = linked(house, practice, word="snp", place=volunteer.place, slot_minutes=20)
    first, second = the_slots(house)  # ten minutes are left over
    assert (first.start_at, first.ends_at) == (start, start + timedelta(minutes=20))
    assert (second.start_at, second.places) == (start + timedelta(minutes=20), 1)
    assert first.place_id == volunteer.place

    request_id = town.request()
    keep_promises(house)
    assert town.the_slot(first.id).taken == 1
    read_again(house, practice, feed_id)
    assert [each.id for each in the_slots(house)] == [first.id, second.id]

    moved = start + timedelta(hours=2)
    agendas.files[URL] = agenda((moved, moved + timedelta(minutes=20), "SNP du mardi"))
    clock.advance(seconds=EVERY.total_seconds())
    read_again(house, practice, feed_id)
    standing = [each for each in the_slots(house) if each.status != SlotStatus.CLOSED]
    assert [each.start_at for each in standing] == [moved]
    assert town.the_appointment(request_id) is not None  # nobody is lost


def test_an_offered_hour_that_overlaps_a_published_slot_is_told_and_not_published(
    house: House, town: Town, volunteer: Volunteer, practice: Account, agendas: FakeAgendas
) -> None:
    town.slot(volunteer, hours=3)
    agendas.files[URL] = agenda((town.in_hours(3), town.in_hours(4), "SNP"))
    feed_id = linked(house, practice, word="SNP", place=volunteer.place)
    assert len(the_slots(house)) == 1
    assert the_feed(house, feed_id).findings == [{"fault": "overlaps", "line": None}]


def test_an_unchanged_file_is_not_unrolled_again_until_it_has_to_reach_further(
    house: House,
    town: Town,
    clock: FakeClock,
    volunteer: Volunteer,
    practice: Account,
    agendas: FakeAgendas,
) -> None:
    beyond = clock.now + AHEAD + timedelta(hours=6)
    agendas.files[URL] = agenda((beyond, beyond + timedelta(hours=1)))
    far = town.slot(volunteer, hours=24 * AHEAD.days + 6)
    feed_id = linked(house, practice)
    assert town.the_slot(far).blocked_since is None
    unrolled_at = the_feed(house, feed_id).unrolled_at
    clock.advance(hours=11)
    read_again(house, practice, feed_id)
    feed = the_feed(house, feed_id)
    assert (feed.unrolled_at, feed.read_at) == (unrolled_at, clock.now)
    clock.advance(hours=2)
    read_again(house, practice, feed_id)
    assert [etag is None for _, etag in agendas.asked] == [True, False, True]
    assert town.the_slot(far).blocked_since is not None


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (AgendaProblem.TOO_LARGE, ("too_large", [])),
        (AgendaProblem.GONE, ("gone", [])),
        (b"<html>Connectez-vous</html>", ("not_a_calendar", [1])),
        (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", ("cut_off", [2])),
    ],
)
def test_a_reading_that_fails_is_told_keeps_what_was_known_and_is_tried_less_and_less_often(
    house: House,
    town: Town,
    clock: FakeClock,
    practice: Account,
    agendas: FakeAgendas,
    held: bytes | AgendaProblem,
    told: tuple[str, list[int]],
) -> None:
    slot_id = town.slot(a_volunteer(house, practice), hours=30)
    agendas.files[URL] = agenda((town.in_hours(30), town.in_hours(31)))
    feed_id = linked(house, practice)
    read_at = the_feed(house, feed_id).read_at
    agendas.files[URL] = held
    pauses = []
    for _ in range(9):
        read_again(house, practice, feed_id)
        pauses.append(the_feed(house, feed_id).next_at - clock.now)
    feed = the_feed(house, feed_id)
    assert (feed.problem, [found["line"] for found in feed.findings]) == told
    assert feed.read_at == read_at
    assert [int(pause.total_seconds() / 60) for pause in pauses] == [
        10, 20, 40, 80, 160, 320, 360, 360, 360,
    ]  # fmt: skip
    assert town.the_slot(slot_id).blocked_since is not None
    agendas.files[URL] = agenda()
    read_again(house, practice, feed_id)
    feed = the_feed(house, feed_id)
    assert (feed.problem, feed.failures, feed.findings) == (None, 0, [])
    assert town.the_slot(slot_id).blocked_since is None


def test_its_owner_is_told_once_that_an_agenda_has_not_been_read_for_two_hours(
    house: House, town: Town, clock: FakeClock, practice: Account, agendas: FakeAgendas
) -> None:
    agendas.files[URL] = agenda()
    feed_id = linked(house, practice)
    told = []
    for held in (AgendaProblem.NO_ANSWER, agenda(), AgendaProblem.TOO_LARGE):
        agendas.files[URL] = held
        for minutes in (60, 60, 60):
            clock.advance(minutes=minutes)
            read_again(house, practice, feed_id)
            told.append(len(messages(house, "agenda_unread")))

    assert told == [0, 1, 1, 1, 1, 1, 1, 2, 2]
    (first, _) = messages(house, "agenda_unread")
    assert text_of(house, first).startswith(
        "CPTS jura : votre agenda relié n'est plus lu depuis lundi 23 novembre à 9 h : il ne"
    )


def test_the_clock_has_each_agenda_read_every_five_minutes(
    house: House, clock: FakeClock, practice: Account, agendas: FakeAgendas
) -> None:
    agendas.files[URL] = agenda()
    linked(house, practice)
    for minute in range(1, 12):
        clock.advance(minutes=1)
        workers_clock.tick(
            house, [each for each in workers_clock.SCHEDULE if each.job is Job.READ_AGENDAS]
        )
        keep_promises(house)
        assert len(agendas.asked) == 1 + minute // 5


def test_a_removed_agenda_opens_what_it_closed_and_takes_back_what_it_offered(
    house: House, town: Town, volunteer: Volunteer, practice: Account, agendas: FakeAgendas
) -> None:
    closed = town.slot(volunteer, hours=3)
    agendas.files[URL] = agenda(
        (town.in_hours(3), town.in_hours(4)), (town.in_hours(6), town.in_hours(7), "SNP")
    )
    feed_id = linked(house, practice, word="SNP", place=volunteer.place)
    offered = next(each.id for each in the_slots(house) if each.feed_id)
    request_id = town.request(need={"earliest": town.in_hours(2).isoformat()})
    keep_promises(house)
    assert town.the_slot(offered).taken == 1
    waiting = town.request()
    keep_promises(house)
    remove_agenda(house, practice, feed_id)
    keep_promises(house)
    assert town.the_slot(offered).status == SlotStatus.CLOSED
    assert town.the_appointment(request_id) is not None
    assert town.the_slot(closed).taken == 1  # whoever waited got it
    assert town.the_appointment(waiting) is not None
    with house.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(BusyTime)) == 0
    assert recorded(house, AgendaAdded, AgendaRemoved) == ["agenda_added", "agenda_removed"]


def test_a_reading_that_ends_after_its_agenda_was_removed_changes_nothing(
    house: House, town: Town, volunteer: Volunteer, practice: Account, agendas: FakeAgendas
) -> None:
    agendas.files[URL] = agenda((town.in_hours(3), town.in_hours(4)))
    slot_id = town.slot(volunteer, hours=3)
    feed_id = add_agenda(house, practice, AddAgenda(url=URL))
    fetch = agendas.fetch

    def removed_meanwhile(*given: str | None) -> object:
        remove_agenda(house, practice, feed_id)
        return fetch(*given)  # type: ignore[arg-type]  # what it was called with

    agendas.fetch = removed_meanwhile  # type: ignore[method-assign,assignment]
    keep_promises(house)
    assert town.the_slot(slot_id).blocked_since is None
