"""How offers end: no hour comes, the wait ends otherwise, or somebody cancels afterwards."""

from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from dispatcher.domain.errors import NotFoundError, TransitionError
from dispatcher.services.answers import release_acceptance
from dispatcher.services.appointments import (
    cancel_by_practitioner,
    cancel_request,
    close_request,
)
from dispatcher.services.asking import ask_now
from dispatcher.services.booking import book_by_hand
from dispatcher.services.commands import BookSlot, CancelRequest, CloseRequest
from dispatcher.services.house import House
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.invariants import check
from tests.services.offering import (
    answers,
    asked_volunteer,
    everything_told,
    offers,
    statuses,
    waits,
)
from tests.services.tables import promises

PARIS = ZoneInfo("Europe/Paris")


class TestHourMissing:
    def test_a_yes_without_an_hour_comes_before_the_regulator_who_can_release_it(
        self,
        house: House,
        town: Town,
        clock: FakeClock,
        sms: FakeSms,
        pair: tuple[Volunteer, Volunteer],
        asked: UUID,
    ) -> None:
        answers(town, pair[0], "OUI")
        clock.advance(minutes=14)
        keep_promises(house)
        assert town.the_request(asked).attention is None
        clock.advance(minutes=1)
        keep_promises(house)
        assert town.the_request(asked).attention == "hour_missing"
        later = asked_volunteer(town)

        release_acceptance(house, town.regulator, asked)
        keep_promises(house)

        request = town.the_request(asked)
        assert (request.accepted_offer_id, request.attention) == (None, None)
        assert statuses(house, asked)[pair[0].id] == "expired"
        assert statuses(house, asked)[later.id] == "sent"
        assert "est proposée à d'autres" in everything_told(house, sms, pair[0])
        with pytest.raises(TransitionError):
            release_acceptance(house, town.regulator, asked)
        check(house.db.engine, clock.now)

    def test_an_hour_that_was_chosen_in_time_calls_nobody(
        self,
        house: House,
        town: Town,
        clock: FakeClock,
        pair: tuple[Volunteer, Volunteer],
        asked: UUID,
    ) -> None:
        answers(town, pair[0], "OUI")
        answers(town, pair[0], "OUI 11h")
        clock.advance(minutes=20)
        keep_promises(house)

        assert town.the_request(asked).attention is None

    def test_a_yes_whose_hour_never_comes_ends_with_the_delay(
        self,
        house: House,
        town: Town,
        clock: FakeClock,
        pair: tuple[Volunteer, Volunteer],
        asked: UUID,
    ) -> None:
        answers(town, pair[0], "OUI")
        clock.advance(hours=5)
        keep_promises(house)

        request = town.the_request(asked)
        assert (request.status, request.accepted_offer_id) == ("searching", None)
        assert request.attention == "deadline"  # the more pressing of the two stays
        check(house.db.engine, clock.now, settled=True)

    def test_a_delay_in_danger_stays_in_front_whatever_is_tried(
        self, house: House, town: Town, clock: FakeClock
    ) -> None:
        first = asked_volunteer(town)
        request_id = waits(town, clock)  # for four hours
        seen = [town.the_request(request_id).attention]
        clock.advance(hours=2, minutes=50)
        keep_promises(house)
        seen.append(town.the_request(request_id).attention)
        answers(town, first, "NON")
        keep_promises(house)
        seen.append(town.the_request(request_id).attention)
        asked_volunteer(town)
        ask_now(house, town.regulator, request_id)
        keep_promises(house)
        seen.append(town.the_request(request_id).attention)

        assert seen == [None, "deadline", "deadline", "deadline"]
        assert town.the_request(request_id).status == "offering"

    def test_a_neighbours_regulator_releases_nothing(
        self,
        house: House,
        town: Town,
        clock: FakeClock,
        pair: tuple[Volunteer, Volunteer],
        asked: UUID,
    ) -> None:
        answers(town, pair[0], "OUI")
        neighbour = Town.found(house, clock, code="doubs", department="25")
        with pytest.raises(NotFoundError):
            release_acceptance(house, neighbour.regulator, asked)
        assert town.the_request(asked).accepted_offer_id is not None


class TestTheWaitEnds:
    def test_a_slot_that_is_published_while_volunteers_are_asked_wins_and_they_are_told(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        pair: tuple[Volunteer, Volunteer],
        asked: UUID,
    ) -> None:
        slot = town.slot(hours=1)
        keep_promises(house)

        appointment = town.the_appointment(asked)
        assert appointment is not None
        assert appointment.slot_id == slot
        assert set(statuses(house, asked).values()) == {"too_late"}
        for each in pair:
            assert "pourvue ou close, merci" in everything_told(house, sms, each)
        check(house.db.engine, house.clock())

    def test_a_freed_place_does_the_same(
        self, house: House, town: Town, clock: FakeClock, pair: tuple[Volunteer, Volunteer]
    ) -> None:
        town.slot(hours=2)
        first = town.request()
        keep_promises(house)
        second = waits(town, clock)
        assert town.the_request(second).status == "offering"

        cancel_request(house, town.regulator, first, CancelRequest(by="patient", reason=""))
        keep_promises(house)

        assert town.the_request(second).status == "booked"
        assert set(statuses(house, second).values()) == {"too_late"}

    def test_a_yes_that_waits_for_its_hour_keeps_the_request_from_everybody_else(
        self, house: House, town: Town, pair: tuple[Volunteer, Volunteer], asked: UUID
    ) -> None:
        answers(town, pair[0], "OUI")
        slot = town.slot(hours=1)
        keep_promises(house)
        assert town.the_appointment(asked) is None
        with pytest.raises(TransitionError, match="transition-refused"):
            book_by_hand(house, town.regulator, asked, BookSlot(slot=slot))

    def test_booking_by_hand_tells_those_who_were_asked(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        pair: tuple[Volunteer, Volunteer],
        asked: UUID,
    ) -> None:
        slot = town.slot(town.volunteer(max_age=15), hours=1)
        book_by_hand(house, town.regulator, asked, BookSlot(slot=slot, override="vu avec elle"))
        assert set(statuses(house, asked).values()) == {"too_late"}
        assert "pourvue ou close, merci" in everything_told(house, sms, pair[0])

    @pytest.mark.parametrize("status", ["redirected", "unfilled"])
    @pytest.mark.parametrize("answer", [None, "OUI"])
    def test_however_a_request_is_closed_those_asked_hear_of_it(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        pair: tuple[Volunteer, Volunteer],
        asked: UUID,
        status: str,
        answer: str | None,
    ) -> None:
        if answer is not None:
            answers(town, pair[0], answer)
        close_request(
            house,
            town.regulator,
            asked,
            CloseRequest.model_validate({"status": status, "reason": "OTHER"}),
        )

        assert set(statuses(house, asked).values()) == {"too_late"}
        assert town.the_request(asked).accepted_offer_id is None
        for each in pair:
            assert "pourvue ou close, merci" in everything_told(house, sms, each)
        check(house.db.engine, house.clock())


class TestAfterwards:
    def test_who_cancels_afterwards_is_left_out_and_the_search_goes_on(
        self,
        house: House,
        town: Town,
        clock: FakeClock,
        pair: tuple[Volunteer, Volunteer],
        asked: UUID,
    ) -> None:
        answers(town, pair[0], "OUI 11h")
        appointment = town.the_appointment(asked)
        assert appointment is not None
        cancel_by_practitioner(house, town.regulator, appointment.id)
        later = asked_volunteer(town)
        keep_promises(house)

        request = town.the_request(asked)
        assert request.excluded_practitioners == [str(pair[0].id)]
        assert request.accepted_offer_id is None
        assert town.the_slot(appointment.slot_id).status == "closed"
        assert statuses(house, asked) == {
            pair[0].id: "declined",
            pair[1].id: "sent",  # the place that they were told was taken is free again
            later.id: "sent",
        }
        check(house.db.engine, clock.now)

    def test_when_the_patient_cancels_the_room_that_was_made_is_nobodys(
        self, house: House, town: Town, pair: tuple[Volunteer, Volunteer], asked: UUID
    ) -> None:
        other = town.request()
        keep_promises(house)
        answers(town, pair[0], "OUI 11h")
        appointment = town.the_appointment(asked)
        assert appointment is not None
        cancel_request(house, town.regulator, asked, CancelRequest(by="patient", reason=""))
        keep_promises(house)

        assert town.the_slot(appointment.slot_id).status == "closed"
        assert town.the_appointment(other) is None
        request = town.the_request(asked)
        assert (request.status, request.accepted_offer_id) == ("open", None)
        check(house.db.engine, house.clock())


def test_a_promise_about_an_offer_that_is_gone_is_kept(
    house: House, town: Town, pair: tuple[Volunteer, Volunteer], asked: UUID
) -> None:
    answers(town, pair[0], "OUI")
    answers(town, pair[0], "NON")
    assert len(promises(house, "miss_hour")) == 1
    house.clock.advance(hours=1)  # type: ignore[attr-defined]  # a FakeClock
    keep_promises(house)
    assert promises(house, "miss_hour") == []
    assert town.the_request(asked).attention != "hour_missing"
    assert offers(house, asked) != []
