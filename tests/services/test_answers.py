"""What volunteers answer by SMS: the first yes, its hour, the others, and the no."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from dispatcher.services.appointments import (
    cancel_request,
)
from dispatcher.services.commands import CancelRequest
from dispatcher.services.house import House
from dispatcher.services.slots import withdraw_slot
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.invariants import check
from tests.services.offering import (
    answers,
    asked_volunteer,
    code_of,
    everything_told,
    offer_to,
    seen_at,
    settings,
    statuses,
    told,
    waits,
    words_of,
)
from tests.services.tables import events, kinds, messages, row_counts

PARIS = ZoneInfo("Europe/Paris")


class TestYes:
    def test_the_first_yes_takes_it_and_the_others_hear_at_once(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        pair: tuple[Volunteer, Volunteer],
        asked: UUID,
    ) -> None:
        first, other = pair
        answers(town, first, f"OUI {code_of(town, asked)}")

        request = town.the_request(asked)
        assert request.status == "offering"
        assert request.accepted_offer_id == offer_to(house, asked, first).id
        assert statuses(house, asked) == {first.id: "accepted", other.id: "too_late"}
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
        pair: tuple[Volunteer, Volunteer],
        asked: UUID,
        body: str,
        hour: str,
    ) -> None:
        first, other = pair
        answers(town, first, body.format(code=code_of(town, asked)))

        assert town.the_request(asked).status == "booked"
        assert seen_at(town, asked) == hour
        appointment = town.the_appointment(asked)
        assert appointment is not None
        slot = town.the_slot(appointment.slot_id)
        assert slot.offer_id == offer_to(house, asked, first).id
        assert (slot.status, slot.places, slot.practitioner_id) == ("full", 1, first.id)
        assert slot.ends_at - slot.start_at == timedelta(minutes=15)
        assert appointment.decided_by == "practitioner"
        assert appointment.terms != []
        assert statuses(house, asked) == {first.id: "accepted", other.id: "too_late"}
        keep_promises(house)
        assert len(messages(house, "confirmation")) == 1
        assert "nouveau rendez-vous" in everything_told(house, sms, first)
        assert len(told(house, sms, other)) == 2
        accepted = [data for kind, data in events(house, asked) if kind == "offer_accepted"]
        assert [each["hour"] for each in accepted] == [True]
        assert kinds(house, asked)[-4:].count("appointment_booked") <= 1
        check(house.db.engine, house.clock())

    def test_the_hour_may_come_in_a_second_sms(
        self, house: House, town: Town, pair: tuple[Volunteer, Volunteer], asked: UUID
    ) -> None:
        answers(town, pair[0], "OUI")
        assert town.the_request(asked).status == "offering"

        answers(town, pair[0], "oui à 11h15")

        assert seen_at(town, asked) == "23 11:15"

    def test_the_words_after_yes_are_kept_sealed_and_are_no_hour_unless_they_are_one(
        self, house: House, town: Town, pair: tuple[Volunteer, Volunteer], asked: UUID
    ) -> None:
        answers(town, pair[0], f"OUI {code_of(town, asked)} vers 11h, appelez avant")

        offer = offer_to(house, asked, pair[0])
        assert (offer.status, words_of(house, offer)) == ("accepted", "vers 11h, appelez avant")
        assert offer.words is not None
        assert "11h" not in offer.words
        assert town.the_appointment(asked) is None

    def test_the_same_sms_delivered_twice_counts_once(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        pair: tuple[Volunteer, Volunteer],
        asked: UUID,
    ) -> None:
        answers(town, pair[0], "OUI", sid="SM1")
        keep_promises(house)
        before = row_counts(house)
        answers(town, pair[0], "OUI", sid="SM1")
        assert row_counts(house) == before

    def test_yes_again_without_an_hour_gets_the_link_again(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        pair: tuple[Volunteer, Volunteer],
        asked: UUID,
    ) -> None:
        answers(town, pair[0], "OUI")
        answers(town, pair[0], "OUI")

        offer, first, again = told(house, sms, pair[0])
        assert first == again
        assert len({each.partition("/sollicitations/")[2][:16] for each in (offer, first)}) == 1
        assert kinds(house, asked).count("offer_accepted") == 1


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
        pair: tuple[Volunteer, Volunteer],
        asked: UUID,
        hour: str,
        reason: str,
    ) -> None:
        answers(town, pair[0], f"OUI {code_of(town, asked)} {hour}")

        assert offer_to(house, asked, pair[0]).status == "accepted"
        assert town.the_appointment(asked) is None
        assert reason in everything_told(house, sms, pair[0])

    def test_an_hour_at_which_the_patient_cannot_come_is_refused_and_the_first_that_they_can_is_not(
        self, house: House, town: Town, clock: FakeClock, sms: FakeSms
    ) -> None:
        volunteer = asked_volunteer(town)
        at_11 = town.in_hours(2)  # it is 9:00
        request = waits(town, clock, need={"delay_hours": 4, "earliest": at_11})
        answers(town, volunteer, "OUI à 10 h 45")

        assert offer_to(house, request, volunteer).status == "accepted"
        assert town.the_appointment(request) is None
        assert "la personne est disponible à partir de 11 h. Choisissez" in everything_told(
            house, sms, volunteer
        )

        answers(town, volunteer, "OUI à 11 h")
        assert seen_at(town, request) == "23 11:00"

    def test_an_hour_that_a_patient_kept_in_a_closed_slot_is_taken(
        self, house: House, town: Town, clock: FakeClock, sms: FakeSms
    ) -> None:
        settings(town, offers={"after_minutes": 0}, outside_hours=True)
        volunteer = asked_volunteer(town)
        slot = town.slot(volunteer, hours=2)  # 11:00
        town.request()
        keep_promises(house)
        withdraw_slot(house, town.regulator, slot)
        other = town.request()
        keep_promises(house)

        answers(town, volunteer, f"OUI {code_of(town, other)} à 11h10")

        assert town.the_appointment(other) is None
        assert "vous avez déjà un créneau à ce moment" in everything_told(house, sms, volunteer)

    def test_two_patients_are_not_given_the_same_hour(
        self, house: House, town: Town, clock: FakeClock, sms: FakeSms
    ) -> None:
        settings(town, offers={"after_minutes": 0}, outside_hours=True)
        volunteer = asked_volunteer(town)
        one, other = town.request(), town.request()
        keep_promises(house)
        answers(town, volunteer, f"OUI {code_of(town, one)} à 11h30")
        answers(town, volunteer, f"OUI {code_of(town, other)} à 11h40")

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
        answers(town, near, f"NON {code_of(town, request)} je suis en congé")
        keep_promises(house)

        offer = offer_to(house, request, near)
        assert (offer.status, words_of(house, offer)) == ("declined", "je suis en congé")
        assert offer_to(house, request, far).wave == 2
        (received,) = messages(house, "no")
        assert received.handled_at == clock.now
        assert (received.request_id, received.practitioner_id) == (request, near.id)

    def test_a_no_may_become_a_yes_as_long_as_nobody_else_said_it(
        self, house: House, town: Town, pair: tuple[Volunteer, Volunteer], asked: UUID
    ) -> None:
        number = code_of(town, asked)
        answers(town, pair[0], f"NON {number}")
        answers(town, pair[0], f"OUI {number}")

        assert statuses(house, asked) == {pair[0].id: "accepted", pair[1].id: "too_late"}

    def test_a_yes_may_be_taken_back_before_its_hour(
        self, house: House, town: Town, clock: FakeClock, pair: tuple[Volunteer, Volunteer]
    ) -> None:
        own = asked_volunteer(town)
        request = waits(town, clock, patient={"gp": own.id})
        answers(town, own, "OUI")
        answers(town, own, "NON finalement")
        keep_promises(house)

        assert town.the_request(request).accepted_offer_id is None
        assert statuses(house, request) == {
            own.id: "declined",
            pair[0].id: "sent",
            pair[1].id: "sent",
        }
        check(house.db.engine, clock.now)

    def test_once_booked_a_no_is_read_by_a_person(
        self, house: House, town: Town, sms: FakeSms, pair: tuple[Volunteer, Volunteer], asked: UUID
    ) -> None:
        answers(town, pair[0], "OUI 11h")
        answers(town, pair[0], f"NON {code_of(town, asked)} je ne peux plus")

        assert town.the_request(asked).status == "booked"
        assert town.the_request(asked).attention == "message"
        assert "est déjà pris" in everything_told(house, sms, pair[0])
        (received,) = messages(house, "no")
        assert received.handled_at is None
