"""Answers that are late, to somebody else's offer, or to one of several: nothing is guessed."""

from uuid import UUID

import pytest
from sqlalchemy import update

from dispatcher.domain.errors import NotFoundError
from dispatcher.services.answers import offer_of_link
from dispatcher.services.appointments import cancel_request
from dispatcher.services.commands import CancelRequest
from dispatcher.services.house import House
from dispatcher.services.receiving import receive_message
from dispatcher.storage.practitioners import Practitioner
from tests.builders import Town, Volunteer, mobile
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
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
from tests.services.tables import events, kinds, messages


class TestLate:
    def test_a_late_yes_gets_a_polite_answer_and_changes_nothing(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        pair: tuple[Volunteer, Volunteer],
        asked: UUID,
    ) -> None:
        first, late = pair
        answers(town, first, "OUI 11h")
        answers(town, late, f"OUI {code_of(town, asked)} à 10h30")

        assert seen_at(town, asked) == "23 11:00"
        assert "merci de votre réponse" in everything_told(house, sms, late)
        (event,) = [data for kind, data in events(house, asked) if kind == "offer_answered_late"]
        assert event["intent"] == "yes"
        assert words_of(house, offer_to(house, asked, late)) == "à 10h30"

    def test_without_a_code_too(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        pair: tuple[Volunteer, Volunteer],
        asked: UUID,
    ) -> None:
        answers(town, pair[0], "OUI 11h")
        answers(town, pair[1], "OUI")

        assert "déjà pourvue ou close" in everything_told(house, sms, pair[1])

    def test_after_the_request_was_cancelled(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        pair: tuple[Volunteer, Volunteer],
        asked: UUID,
    ) -> None:
        number = code_of(town, asked)
        cancel_request(house, town.regulator, asked, CancelRequest(by="regulator", reason=""))
        answers(town, pair[0], f"OUI {number} à 11h")

        assert town.the_request(asked).status == "cancelled"
        assert town.the_appointment(asked) is None
        assert "déjà pourvue ou close" in everything_told(house, sms, pair[0])

    def test_after_it_expired(
        self,
        house: House,
        town: Town,
        clock: FakeClock,
        sms: FakeSms,
        pair: tuple[Volunteer, Volunteer],
        asked: UUID,
    ) -> None:
        clock.advance(hours=5)
        keep_promises(house)
        answers(town, pair[0], f"OUI {code_of(town, asked)}")

        assert town.the_request(asked).accepted_offer_id is None
        assert offer_to(house, asked, pair[0]).status == "expired"
        assert "déjà pourvue ou close" in everything_told(house, sms, pair[0])

    def test_even_when_nobody_has_noted_yet_that_it_expired(
        self,
        house: House,
        town: Town,
        clock: FakeClock,
        pair: tuple[Volunteer, Volunteer],
        asked: UUID,
    ) -> None:
        clock.advance(hours=5)
        answers(town, pair[0], f"OUI {code_of(town, asked)}")

        assert town.the_request(asked).accepted_offer_id is None


class TestAgain:
    def test_a_no_that_changes_its_mind_too_late(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        pair: tuple[Volunteer, Volunteer],
        asked: UUID,
    ) -> None:
        number = code_of(town, asked)
        answers(town, pair[1], f"NON {number}")
        answers(town, pair[0], f"OUI {number} 11h")
        answers(town, pair[1], f"OUI {number}")

        assert statuses(house, asked) == {pair[0].id: "accepted", pair[1].id: "declined"}
        assert "déjà pourvue ou close" in everything_told(house, sms, pair[1])

    def test_a_no_twice_is_one_and_the_later_words_are_kept(
        self, house: House, town: Town, pair: tuple[Volunteer, Volunteer], asked: UUID
    ) -> None:
        number = code_of(town, asked)
        answers(town, pair[1], f"NON {number} absent")
        answers(town, pair[1], f"NON {number} absent demain aussi")

        assert kinds(house, asked).count("offer_declined") == 1
        assert words_of(house, offer_to(house, asked, pair[1])) == "absent demain aussi"

    def test_a_late_no_is_noted_and_gets_no_answer(
        self,
        house: House,
        town: Town,
        sms: FakeSms,
        pair: tuple[Volunteer, Volunteer],
        asked: UUID,
    ) -> None:
        answers(town, pair[0], "OUI 11h")
        answers(town, pair[1], f"NON {code_of(town, asked)}")

        late = [data for kind, data in events(house, asked) if kind == "offer_answered_late"]
        assert [each["intent"] for each in late] == ["no"]
        assert "merci de votre réponse" not in everything_told(house, sms, pair[1])

    def test_an_unknown_link_is_nobodys(self, house: House) -> None:
        with pytest.raises(NotFoundError):
            offer_of_link(house, "inconnu")

    def test_who_has_left_may_still_keep_their_word(
        self, house: House, town: Town, pair: tuple[Volunteer, Volunteer], asked: UUID
    ) -> None:
        answers(town, pair[0], "OUI")
        with house.db.writing() as session:
            session.execute(
                update(Practitioner).where(Practitioner.id == pair[0].id).values(active=False)
            )
        answers(town, pair[0], "OUI 11h")

        assert seen_at(town, asked) == "23 11:00"


class TestWhoseCode:
    def test_the_code_of_an_offer_to_somebody_else_changes_nothing_and_is_told(
        self, house: House, town: Town, clock: FakeClock, sms: FakeSms
    ) -> None:
        settings(town, offers={"wave_size": 1, "widen_minutes": {"4": 60}}, outside_hours=True)
        near, far = asked_volunteer(town), asked_volunteer(town)
        one, other = waits(town, clock), waits(town, clock)
        mine, foreign = (one, other) if near.id in statuses(house, one) else (other, one)
        number = code_of(town, foreign)
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
        pair: tuple[Volunteer, Volunteer],
        asked: UUID,
    ) -> None:
        number = code_of(town, asked)
        wrong = "9999" if number != "9999" else "9998"
        answers(town, pair[0], f"OUI {wrong}")

        assert town.the_request(asked).accepted_offer_id is None
        assert wrong in everything_told(house, sms, pair[0])
        (received,) = messages(house, "yes")
        assert received.handled_at is None

    def test_a_patient_who_mistypes_is_read_by_a_person(self, house: House, town: Town) -> None:
        town.slot(hours=1)
        request = town.request(patient={"phone": mobile(42)})
        keep_promises(house)
        wrong = "9999" if code_of(town, request) != "9999" else "9998"
        receive_message(house, "+33639980042", f"OUI {wrong}", "SM1")

        assert "offer_unknown" not in {message.kind for message in messages(house)}
        assert town.the_request(request).attention == "message"

    def test_a_volunteer_who_was_asked_nothing_yet_is_told_so(
        self, house: House, town: Town, sms: FakeSms
    ) -> None:
        volunteer = asked_volunteer(town)
        town.slot(volunteer, hours=1)
        request = town.request()
        keep_promises(house)
        wrong = "9999" if code_of(town, request) != "9999" else "9998"
        answers(town, volunteer, f"OUI {wrong}")

        assert "n'est celui d'aucune demande" in everything_told(house, sms, volunteer)

    def test_a_volunteer_who_was_never_written_to_is_told_so_and_nothing_is_lost(
        self, house: House, town: Town, sms: FakeSms
    ) -> None:
        volunteer = asked_volunteer(town)
        answers(town, volunteer, "OUI 4821")

        assert "le numéro 4821 n'est celui d'aucune" in everything_told(house, sms, volunteer)
        (received,) = messages(house, "yes")
        assert (received.territory_id, received.handled_at) == (town.territory_id, None)

    def test_who_has_left_and_was_never_written_to_is_a_stranger(
        self, house: House, town: Town, sms: FakeSms
    ) -> None:
        """The companion: being registered is what makes the difference."""
        volunteer = asked_volunteer(town)
        with house.db.writing() as session:
            session.execute(
                update(Practitioner).where(Practitioner.id == volunteer.id).values(active=False)
            )
        answers(town, volunteer, "OUI 4821")

        assert messages(house) == []
        assert told(house, sms, volunteer) == []

    @pytest.mark.parametrize("word", ["OUI", "NON"])
    def test_with_several_questions_open_a_bare_word_is_asked_about(
        self,
        house: House,
        town: Town,
        clock: FakeClock,
        sms: FakeSms,
        pair: tuple[Volunteer, Volunteer],
        asked: UUID,
        word: str,
    ) -> None:
        second = waits(town, clock)
        answers(town, pair[0], word)

        assert set(statuses(house, asked).values()) == {"sent"}
        assert set(statuses(house, second).values()) == {"sent"}
        answer = next(body for body in told(house, sms, pair[0]) if "à quelle" in body)
        for each in (asked, second):
            assert code_of(town, each) in answer
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

        answers(town, volunteer, f"OUI {code_of(town, own)}")
        appointment = town.the_appointment(own)
        assert appointment is not None
        assert appointment.status == "confirmed"
        answers(town, volunteer, f"OUI {code_of(town, request)}")
        assert statuses(house, request) == {volunteer.id: "accepted"}


def test_a_number_that_two_territories_ask_answers_the_one_whose_code_it_says(
    house: House, town: Town, clock: FakeClock
) -> None:
    elsewhere = Town.found(house, clock, code="doubs", department="25")
    here = asked_volunteer(town, phone=mobile(42))
    asked_volunteer(elsewhere, phone=mobile(42))
    one = waits(town, clock)
    other = waits(elsewhere, clock)  # wrote last
    if code_of(town, one) == code_of(elsewhere, other):
        return  # one chance in nine thousand

    answers(town, here, f"NON {code_of(town, one)}")

    assert set(statuses(house, one).values()) == {"declined"}
    assert set(statuses(house, other).values()) == {"sent"}
