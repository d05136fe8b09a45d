"""What volunteers answer by SMS: the first yes, the hour, the others, and all that is late."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from dispatcher.domain.errors import BookedAlreadyError, NotFoundError, TransitionError
from dispatcher.services.answers import release_acceptance
from dispatcher.services.appointments import (
    cancel_by_practitioner,
    cancel_request,
    close_request,
)
from dispatcher.services.booking import book_by_hand
from dispatcher.services.commands import BookSlot, CancelRequest, CloseRequest
from dispatcher.services.house import House
from dispatcher.storage.offers import Offer
from tests.builders import Town, Volunteer, mobile
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.invariants import check
from tests.services.offering import (
    answers,
    asked_volunteer,
    offer_to,
    offers,
    settings,
    statuses,
    told,
    waits,
)
from tests.services.tables import events, kinds, messages, promises, row_counts

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def two(town: Town) -> tuple[Volunteer, Volunteer]:
    """Two volunteers in Lons-le-Saunier."""
    return asked_volunteer(town), asked_volunteer(town)


@pytest.fixture
def request_id(town: Town, clock: FakeClock, two: tuple[Volunteer, Volunteer]) -> UUID:
    """A request for care before 13:00 that both were asked about at 9:10."""
    del two
    return waits(town, clock)


def code(town: Town, request_id: UUID) -> str:
    return town.the_request(request_id).code


def everything_told(house: House, sms: FakeSms, volunteer: Volunteer) -> str:
    """What was written at the same instant leaves in any order."""
    return "\n".join(told(house, sms, volunteer)).replace("’", "'").replace("\u00a0", " ")


def seen_at(town: Town, request_id: UUID) -> str:
    appointment = town.the_appointment(request_id)
    assert appointment is not None
    return f"{appointment.start_at.astimezone(PARIS):%d %H:%M}"


def words(house: House, offer: Offer) -> str:
    assert offer.words is not None
    return house.db.cipher.open("offers.words", offer.id, offer.words)


class TestYes:
    def test_the_first_yes_takes_it_and_the_others_hear_at_once(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        two: tuple[Volunteer, Volunteer],
        request_id: UUID,
    ) -> None:
        first, other = two
        answers(town, first, f"OUI {code(town, request_id)}")

        request = town.the_request(request_id)
        assert request.status == "offering"
        assert request.accepted_offer_id == offer_to(house, request_id, first).id
        assert statuses(house, request_id) == {first.id: "accepted", other.id: "too_late"}
        assert "pourvue ou close, merci" in everything_told(house, sms, other)
        assert "Choisissez l'heure" in everything_told(house, sms, first)
        assert "/sollicitations/" in everything_told(house, sms, first)

    @pytest.mark.parametrize(
        ("body", "hour"),
        [
            ("OUI {code} à 11h30", "23 11:30"),
            ("oui {code} 11:30", "23 11:30"),
            ("Ok n° {code}, 12 h merci", "23 12:00"),
            ("OUI 12h45", "23 12:45"),
        ],
    )
    def test_a_yes_with_its_hour_books_it_and_tells_both(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        two: tuple[Volunteer, Volunteer],
        request_id: UUID,
        body: str,
        hour: str,
    ) -> None:
        first, other = two
        answers(town, first, body.format(code=code(town, request_id)))

        assert town.the_request(request_id).status == "booked"
        assert seen_at(town, request_id) == hour
        appointment = town.the_appointment(request_id)
        assert appointment is not None
        slot = town.the_slot(appointment.slot_id)
        assert slot.offer_id == offer_to(house, request_id, first).id
        assert (slot.status, slot.places, slot.practitioner_id) == ("full", 1, first.id)
        assert slot.ends_at - slot.start_at == timedelta(minutes=15)
        assert appointment.decided_by == "practitioner"
        assert appointment.terms != []
        assert statuses(house, request_id) == {first.id: "accepted", other.id: "too_late"}
        keep_promises(house)
        assert len(messages(house, "confirmation")) == 1
        assert "nouveau rendez-vous" in everything_told(house, sms, first)
        assert len(told(house, sms, other)) == 2
        accepted = [data for kind, data in events(house, request_id) if kind == "offer_accepted"]
        assert [each["hour"] for each in accepted] == [True]
        assert kinds(house, request_id)[-4:].count("appointment_booked") <= 1
        check(house.db.engine, house.clock())

    def test_the_hour_may_come_in_a_second_sms(
        self, house: House, town: Town, two: tuple[Volunteer, Volunteer], request_id: UUID
    ) -> None:
        answers(town, two[0], "OUI")
        assert town.the_request(request_id).status == "offering"

        answers(town, two[0], "oui à 11h15")

        assert seen_at(town, request_id) == "23 11:15"

    def test_the_words_after_yes_are_kept_sealed_and_are_no_hour_unless_they_are_one(
        self, house: House, town: Town, two: tuple[Volunteer, Volunteer], request_id: UUID
    ) -> None:
        answers(town, two[0], f"OUI {code(town, request_id)} vers 11h, appelez avant")

        offer = offer_to(house, request_id, two[0])
        assert (offer.status, words(house, offer)) == ("accepted", "vers 11h, appelez avant")
        assert offer.words is not None
        assert "11h" not in offer.words
        assert town.the_appointment(request_id) is None

    def test_the_same_sms_delivered_twice_counts_once(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        two: tuple[Volunteer, Volunteer],
        request_id: UUID,
    ) -> None:
        answers(town, two[0], "OUI", sid="SM1")
        keep_promises(house)
        before = row_counts(house)
        answers(town, two[0], "OUI", sid="SM1")
        assert row_counts(house) == before

    def test_yes_again_without_an_hour_gets_the_link_again(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        two: tuple[Volunteer, Volunteer],
        request_id: UUID,
    ) -> None:
        answers(town, two[0], "OUI")
        answers(town, two[0], "OUI")

        offer, first, again = told(house, sms, two[0])
        assert first == again
        assert len({each.partition("/sollicitations/")[2][:16] for each in (offer, first)}) == 1
        assert kinds(house, request_id).count("offer_accepted") == 1


class TestHours:
    @pytest.mark.parametrize(
        ("hour", "reason"),
        [("à 9h aujourd'hui", "elle est passée"), ("demain 9h", "elle vient après le délai")],
    )
    def test_an_hour_that_cannot_be_taken_leaves_the_yes_standing(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        two: tuple[Volunteer, Volunteer],
        request_id: UUID,
        hour: str,
        reason: str,
    ) -> None:
        answers(town, two[0], f"OUI {code(town, request_id)} {hour}")

        assert offer_to(house, request_id, two[0]).status == "accepted"
        assert town.the_appointment(request_id) is None
        assert reason in everything_told(house, sms, two[0])

    def test_two_patients_are_not_given_the_same_hour(
        self, house: House, town: Town, clock: FakeClock, sms: FakeSms
    ) -> None:
        settings(town, offers={"after_minutes": 0}, outside_hours=True)
        volunteer = asked_volunteer(town)
        one, other = town.request(), town.request()
        keep_promises(house)
        answers(town, volunteer, f"OUI {code(town, one)} à 11h30")
        answers(town, volunteer, f"OUI {code(town, other)} à 11h40")

        assert seen_at(town, one) == "23 11:30"
        assert town.the_appointment(other) is None
        assert "vous avez déjà un créneau à ce moment" in everything_told(house, sms, volunteer)

        answers(town, volunteer, "OUI 11h45")
        assert seen_at(town, other) == "23 11:45"

    def test_a_place_of_a_period_that_they_publish_meanwhile_is_used(
        self, house: House, town: Town, clock: FakeClock
    ) -> None:
        """They publish a walk-in period for patients of another age; their yes opens it."""
        volunteer = asked_volunteer(town)
        request = waits(town, clock)
        answers(town, volunteer, "OUI")
        period = town.slot(volunteer, hours=1, minutes=120, places=3)  # 10:10 to 12:10
        keep_promises(house)
        assert town.the_request(request).status == "offering"

        answers(town, volunteer, "OUI 11h")

        appointment = town.the_appointment(request)
        assert appointment is not None
        assert appointment.slot_id == period
        assert town.the_slot(period).taken == 1
        assert seen_at(town, request) == "23 11:00"
        cancel_request(house, town.regulator, request, CancelRequest(by="patient", reason=""))
        assert (town.the_slot(period).taken, town.the_slot(period).places) == (0, 3)

    def test_a_slot_of_theirs_that_begins_meanwhile_cuts_the_new_one_short(
        self, house: House, town: Town, clock: FakeClock
    ) -> None:
        volunteer = asked_volunteer(town)
        request = waits(town, clock)
        answers(town, volunteer, "OUI")
        town.slot(volunteer, hours=2, minutes=20)  # 11:10

        answers(town, volunteer, "OUI 11h")

        appointment = town.the_appointment(request)
        assert appointment is not None
        assert appointment.ends_at - appointment.start_at == timedelta(minutes=10)


class TestNo:
    def test_a_no_keeps_its_words_and_asks_the_next_at_once(
        self, house: House, town: Town, clock: FakeClock
    ) -> None:
        settings(town, offers={"wave_size": 1}, outside_hours=True)
        near, far = asked_volunteer(town), asked_volunteer(town, commune="39097")
        request = waits(town, clock)
        answers(town, near, f"NON {code(town, request)} je suis en congé")
        keep_promises(house)

        offer = offer_to(house, request, near)
        assert (offer.status, words(house, offer)) == ("declined", "je suis en congé")
        assert offer_to(house, request, far).wave == 2
        (received,) = messages(house, "no")
        assert received.handled_at == clock.now
        assert (received.request_id, received.practitioner_id) == (request, near.id)

    def test_a_no_may_become_a_yes_as_long_as_nobody_else_said_it(
        self, house: House, town: Town, two: tuple[Volunteer, Volunteer], request_id: UUID
    ) -> None:
        number = code(town, request_id)
        answers(town, two[0], f"NON {number}")
        answers(town, two[0], f"OUI {number}")

        assert statuses(house, request_id) == {two[0].id: "accepted", two[1].id: "too_late"}

    def test_a_yes_may_be_taken_back_before_its_hour(
        self, house: House, town: Town, clock: FakeClock, two: tuple[Volunteer, Volunteer]
    ) -> None:
        own = asked_volunteer(town)
        request = waits(town, clock, patient={"gp": own.id})
        answers(town, own, "OUI")
        answers(town, own, "NON finalement")
        keep_promises(house)

        assert town.the_request(request).accepted_offer_id is None
        assert statuses(house, request) == {
            own.id: "declined",
            two[0].id: "sent",
            two[1].id: "sent",
        }
        check(house.db.engine, clock.now)

    def test_once_booked_a_no_is_read_by_a_person(
        self, house: House, town: Town, two: tuple[Volunteer, Volunteer], request_id: UUID
    ) -> None:
        answers(town, two[0], "OUI 11h")
        answers(town, two[0], f"NON {code(town, request_id)} je ne peux plus")

        assert town.the_request(request_id).status == "booked"
        (received,) = messages(house, "no")
        assert received.handled_at is None


class TestLate:
    def test_a_late_yes_gets_a_polite_answer_and_changes_nothing(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        two: tuple[Volunteer, Volunteer],
        request_id: UUID,
    ) -> None:
        first, late = two
        answers(town, first, "OUI 11h")
        answers(town, late, f"OUI {code(town, request_id)} à 10h30")

        assert seen_at(town, request_id) == "23 11:00"
        assert "merci de votre réponse" in everything_told(house, sms, late)
        (event,) = [
            data for kind, data in events(house, request_id) if kind == "offer_answered_late"
        ]
        assert event["intent"] == "yes"
        assert words(house, offer_to(house, request_id, late)) == "à 10h30"

    def test_without_a_code_too(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        two: tuple[Volunteer, Volunteer],
        request_id: UUID,
    ) -> None:
        answers(town, two[0], "OUI 11h")
        answers(town, two[1], "OUI")

        assert "déjà pourvue ou close" in everything_told(house, sms, two[1])

    def test_after_the_request_was_cancelled(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        two: tuple[Volunteer, Volunteer],
        request_id: UUID,
    ) -> None:
        number = code(town, request_id)
        cancel_request(house, town.regulator, request_id, CancelRequest(by="regulator", reason=""))
        answers(town, two[0], f"OUI {number} à 11h")

        assert town.the_request(request_id).status == "cancelled"
        assert town.the_appointment(request_id) is None
        assert "déjà pourvue ou close" in everything_told(house, sms, two[0])

    def test_after_it_expired(
        self,
        house: House,
        town: Town,
        clock: FakeClock,
        sms: FakeSms,
        two: tuple[Volunteer, Volunteer],
        request_id: UUID,
    ) -> None:
        clock.advance(hours=5)
        keep_promises(house)
        answers(town, two[0], f"OUI {code(town, request_id)}")

        assert town.the_request(request_id).accepted_offer_id is None
        assert offer_to(house, request_id, two[0]).status == "expired"
        assert "déjà pourvue ou close" in everything_told(house, sms, two[0])

    def test_even_when_nobody_has_noted_yet_that_it_expired(
        self,
        house: House,
        town: Town,
        clock: FakeClock,
        two: tuple[Volunteer, Volunteer],
        request_id: UUID,
    ) -> None:
        clock.advance(hours=5)
        answers(town, two[0], f"OUI {code(town, request_id)}")

        assert town.the_request(request_id).accepted_offer_id is None


class TestWhoseCode:
    def test_the_code_of_an_offer_to_somebody_else_changes_nothing_and_is_told(
        self, house: House, town: Town, clock: FakeClock, sms: FakeSms
    ) -> None:
        settings(town, offers={"wave_size": 1, "widen_minutes": {"4": 60}}, outside_hours=True)
        near, far = asked_volunteer(town), asked_volunteer(town)
        one, other = waits(town, clock), waits(town, clock)
        mine, foreign = (one, other) if near.id in statuses(house, one) else (other, one)
        number = code(town, foreign)
        answers(town, near, f"OUI {number} à 11h")

        assert town.the_request(foreign).accepted_offer_id is None
        assert town.the_request(mine).accepted_offer_id is None
        assert f"le numéro {number} n'est celui d'aucune" in everything_told(house, sms, near)
        assert far.id in statuses(house, foreign)

    def test_a_code_that_does_not_exist_is_told_and_stays_in_the_inbox(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        two: tuple[Volunteer, Volunteer],
        request_id: UUID,
    ) -> None:
        number = code(town, request_id)
        wrong = "9999" if number != "9999" else "9998"
        answers(town, two[0], f"OUI {wrong}")

        assert town.the_request(request_id).accepted_offer_id is None
        assert wrong in everything_told(house, sms, two[0])
        (received,) = messages(house, "yes")
        assert received.handled_at is None

    @pytest.mark.parametrize("word", ["OUI", "NON"])
    def test_with_several_questions_open_a_bare_word_is_asked_about(
        self,
        house: House,
        town: Town,
        clock: FakeClock,
        sms: FakeSms,
        two: tuple[Volunteer, Volunteer],
        request_id: UUID,
        word: str,
    ) -> None:
        second = waits(town, clock)
        answers(town, two[0], word)

        assert set(statuses(house, request_id).values()) == {"sent"}
        assert set(statuses(house, second).values()) == {"sent"}
        answer = next(body for body in told(house, sms, two[0]) if "à quelle" in body)
        for each in (request_id, second):
            assert code(town, each) in answer
        assert f"{word} " in answer

    def test_an_appointment_of_their_own_is_a_question_too(
        self, house: House, town: Town, clock: FakeClock, sms: FakeSms
    ) -> None:
        """A volunteer is a patient as well: their OUI could confirm their own appointment."""
        volunteer = asked_volunteer(town, phone=mobile(42))
        town.slot(hours=1)
        own = town.request(patient={"phone": mobile(42)})
        keep_promises(house)
        request = waits(town, clock)
        answers(town, volunteer, "OUI")

        appointment = town.the_appointment(own)
        assert appointment is not None
        assert appointment.status == "booked"
        assert statuses(house, request) == {volunteer.id: "sent"}
        assert "à quelle demande" in everything_told(house, sms, volunteer)

        answers(town, volunteer, f"OUI {code(town, own)}")
        appointment = town.the_appointment(own)
        assert appointment is not None
        assert appointment.status == "confirmed"
        answers(town, volunteer, f"OUI {code(town, request)}")
        assert statuses(house, request) == {volunteer.id: "accepted"}


class TestHourMissing:
    def test_a_yes_without_an_hour_comes_before_the_regulator_who_can_release_it(
        self,
        house: House,
        town: Town,
        clock: FakeClock,
        sms: FakeSms,
        two: tuple[Volunteer, Volunteer],
        request_id: UUID,
    ) -> None:
        answers(town, two[0], "OUI")
        clock.advance(minutes=14)
        keep_promises(house)
        assert town.the_request(request_id).attention is None
        clock.advance(minutes=1)
        keep_promises(house)
        assert town.the_request(request_id).attention == "hour_missing"
        later = asked_volunteer(town)

        release_acceptance(house, town.regulator, request_id)
        keep_promises(house)

        request = town.the_request(request_id)
        assert (request.accepted_offer_id, request.attention) == (None, None)
        assert statuses(house, request_id)[two[0].id] == "expired"
        assert statuses(house, request_id)[later.id] == "sent"
        assert "est proposée à d'autres" in everything_told(house, sms, two[0])
        with pytest.raises(TransitionError):
            release_acceptance(house, town.regulator, request_id)
        check(house.db.engine, clock.now)

    def test_an_hour_that_was_chosen_in_time_calls_nobody(
        self,
        house: House,
        town: Town,
        clock: FakeClock,
        two: tuple[Volunteer, Volunteer],
        request_id: UUID,
    ) -> None:
        answers(town, two[0], "OUI")
        answers(town, two[0], "OUI 11h")
        clock.advance(minutes=20)
        keep_promises(house)

        assert town.the_request(request_id).attention is None

    def test_a_yes_whose_hour_never_comes_ends_with_the_delay(
        self,
        house: House,
        town: Town,
        clock: FakeClock,
        two: tuple[Volunteer, Volunteer],
        request_id: UUID,
    ) -> None:
        answers(town, two[0], "OUI")
        clock.advance(hours=5)
        keep_promises(house)

        request = town.the_request(request_id)
        assert (request.status, request.accepted_offer_id) == ("searching", None)
        assert request.attention == "nobody_answered"
        check(house.db.engine, clock.now, settled=True)

    def test_a_neighbours_regulator_releases_nothing(
        self,
        house: House,
        town: Town,
        clock: FakeClock,
        two: tuple[Volunteer, Volunteer],
        request_id: UUID,
    ) -> None:
        answers(town, two[0], "OUI")
        neighbour = Town.found(house, clock, code="doubs", department="25")
        with pytest.raises(NotFoundError):
            release_acceptance(house, neighbour.regulator, request_id)
        assert town.the_request(request_id).accepted_offer_id is not None


class TestTheWaitEnds:
    def test_a_slot_that_is_published_while_volunteers_are_asked_wins_and_they_are_told(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        two: tuple[Volunteer, Volunteer],
        request_id: UUID,
    ) -> None:
        slot = town.slot(hours=1)
        keep_promises(house)

        appointment = town.the_appointment(request_id)
        assert appointment is not None
        assert appointment.slot_id == slot
        assert set(statuses(house, request_id).values()) == {"too_late"}
        for each in two:
            assert "pourvue ou close, merci" in everything_told(house, sms, each)
        check(house.db.engine, house.clock())

    def test_a_freed_place_does_the_same(
        self, house: House, town: Town, clock: FakeClock, two: tuple[Volunteer, Volunteer]
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
        self, house: House, town: Town, two: tuple[Volunteer, Volunteer], request_id: UUID
    ) -> None:
        answers(town, two[0], "OUI")
        slot = town.slot(hours=1)
        keep_promises(house)
        assert town.the_appointment(request_id) is None
        with pytest.raises((BookedAlreadyError, TransitionError)):
            book_by_hand(house, town.regulator, request_id, BookSlot(slot=slot))

    def test_booking_by_hand_tells_those_who_were_asked(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        two: tuple[Volunteer, Volunteer],
        request_id: UUID,
    ) -> None:
        slot = town.slot(town.volunteer(max_age=15), hours=1)
        book_by_hand(
            house, town.regulator, request_id, BookSlot(slot=slot, override="vu avec elle")
        )
        assert set(statuses(house, request_id).values()) == {"too_late"}
        assert "pourvue ou close, merci" in everything_told(house, sms, two[0])

    @pytest.mark.parametrize("status", ["redirected", "unfilled"])
    @pytest.mark.parametrize("answer", [None, "OUI"])
    def test_however_a_request_is_closed_those_asked_hear_of_it(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        two: tuple[Volunteer, Volunteer],
        request_id: UUID,
        status: str,
        answer: str | None,
    ) -> None:
        if answer is not None:
            answers(town, two[0], answer)
        close_request(
            house,
            town.regulator,
            request_id,
            CloseRequest.model_validate({"status": status, "reason": "OTHER"}),
        )

        assert set(statuses(house, request_id).values()) == {"too_late"}
        assert town.the_request(request_id).accepted_offer_id is None
        for each in two:
            assert "pourvue ou close, merci" in everything_told(house, sms, each)
        check(house.db.engine, house.clock())


class TestAfterwards:
    def test_who_cancels_afterwards_is_left_out_and_the_search_goes_on(
        self,
        house: House,
        town: Town,
        clock: FakeClock,
        two: tuple[Volunteer, Volunteer],
        request_id: UUID,
    ) -> None:
        answers(town, two[0], "OUI 11h")
        appointment = town.the_appointment(request_id)
        assert appointment is not None
        cancel_by_practitioner(house, town.regulator, appointment.id)
        later = asked_volunteer(town)
        keep_promises(house)

        request = town.the_request(request_id)
        assert request.excluded_practitioners == [str(two[0].id)]
        assert request.accepted_offer_id is None
        assert town.the_slot(appointment.slot_id).status == "closed"
        assert statuses(house, request_id) == {
            two[0].id: "declined",
            two[1].id: "too_late",
            later.id: "sent",
        }
        check(house.db.engine, clock.now)

    def test_when_the_patient_cancels_the_room_that_was_made_is_nobodys(
        self, house: House, town: Town, two: tuple[Volunteer, Volunteer], request_id: UUID
    ) -> None:
        other = town.request()
        keep_promises(house)
        answers(town, two[0], "OUI 11h")
        appointment = town.the_appointment(request_id)
        assert appointment is not None
        cancel_request(house, town.regulator, request_id, CancelRequest(by="patient", reason=""))
        keep_promises(house)

        assert town.the_slot(appointment.slot_id).status == "closed"
        assert town.the_appointment(other) is None
        request = town.the_request(request_id)
        assert (request.status, request.accepted_offer_id) == ("open", None)
        check(house.db.engine, house.clock())


def test_a_promise_about_an_offer_that_is_gone_is_kept(
    house: House, town: Town, two: tuple[Volunteer, Volunteer], request_id: UUID
) -> None:
    answers(town, two[0], "OUI")
    answers(town, two[0], "NON")
    assert len(promises(house, "miss_hour")) == 1
    house.clock.advance(hours=1)  # type: ignore[attr-defined]  # a FakeClock
    keep_promises(house)
    assert promises(house, "miss_hour") == []
    assert town.the_request(request_id).attention != "hour_missing"
    assert offers(house, request_id) != []
