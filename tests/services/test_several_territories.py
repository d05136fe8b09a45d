"""A number that two territories know: its answer is carried out where it is meant, or asked."""

from uuid import UUID

import pytest
from sqlalchemy import select

from dispatcher.domain.messages import MessageStatus
from dispatcher.gateways.sms import Accepted, OutgoingSms
from dispatcher.services.appointments import cancel_by_practitioner
from dispatcher.services.house import House
from dispatcher.services.receiving import receive_message
from dispatcher.storage.messages import OptOut
from tests.builders import Town, Volunteer, mobile
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.services.offering import answers, asked_volunteer, statuses, told, waits
from tests.services.tables import messages, row_counts

PATIENT = "+33639980042"
JURA, AIN = "+33644600001", "+33644600002"
"""A sender for each territory."""


@pytest.fixture
def neighbours(house: House, town: Town, clock: FakeClock) -> Town:
    """Another territory, which writes after ours."""
    del town
    clock.advance(minutes=1)
    return Town.found(house, clock, "ain", department="01")


def booked(town: Town, hours: float) -> UUID:
    town.slot(hours=hours)
    asked = town.request(patient={"phone": mobile(42)})
    keep_promises(town.house)
    return asked


def state(town: Town, request_id: UUID) -> str:
    return town.the_request(request_id).status


def last_to_patient(house: House, sms: FakeSms) -> str:
    keep_promises(house)
    return sms.bodies_to(PATIENT)[-1]


class TestBareWords:
    @pytest.mark.parametrize("word", ["ANNULER", "OUI"])
    def test_what_could_be_about_either_is_asked_with_both_codes_and_does_nothing(
        self, house: House, town: Town, neighbours: Town, sms: FakeSms, word: str
    ) -> None:
        ours, theirs = booked(town, 2), booked(neighbours, 3)

        receive_message(house, PATIENT, word, "SM1")

        asked = last_to_patient(house, sms)
        for there, request_id in ((town, ours), (neighbours, theirs)):
            assert there.the_request(request_id).code in asked
            assert state(there, request_id) == "booked"
            appointment = there.the_appointment(request_id)
            assert appointment is not None
            assert appointment.status == "booked"

    def test_the_answer_with_the_code_is_carried_out_where_it_belongs(
        self, house: House, town: Town, neighbours: Town
    ) -> None:
        ours, theirs = booked(town, 2), booked(neighbours, 3)
        receive_message(house, PATIENT, "ANNULER", "SM1")

        receive_message(house, PATIENT, f"ANNULER {town.the_request(ours).code}", "SM2")

        assert (state(town, ours), state(neighbours, theirs)) == ("open", "booked")

    @pytest.mark.parametrize("word", ["ANNULER", "OUI"])
    def test_a_replay_after_the_first_was_carried_out_does_not_reach_the_other(
        self, house: House, town: Town, neighbours: Town, word: str
    ) -> None:
        """Between the two, the neighbours booked: now they alone have something to cancel."""
        booked(town, 2)
        receive_message(house, PATIENT, word, "SM1")
        theirs = booked(neighbours, 3)
        before = row_counts(house)

        assert receive_message(house, PATIENT, word, "SM1")

        assert row_counts(house) == before
        assert state(neighbours, theirs) == "booked"

    def test_an_answer_is_about_the_territory_that_holds_the_only_appointment(
        self, house: House, town: Town, neighbours: Town
    ) -> None:
        """The neighbours wrote last, to say that theirs is cancelled."""
        ours, theirs = booked(town, 2), booked(neighbours, 3)
        appointment = neighbours.the_appointment(theirs)
        assert appointment is not None
        cancel_by_practitioner(house, neighbours.regulator, appointment.id)
        keep_promises(house)

        receive_message(house, PATIENT, "ANNULER", "SM1")

        assert state(town, ours) == "open"

    def test_rappel_with_a_code_stands_where_the_request_is(
        self, house: House, town: Town, neighbours: Town
    ) -> None:
        ours, theirs = booked(town, 2), booked(neighbours, 3)

        receive_message(house, PATIENT, f"RAPPEL {town.the_request(ours).code}", "SM1")

        assert town.the_request(ours).attention == "call_back"
        assert neighbours.the_request(theirs).attention is None

    def test_two_offers_of_two_territories_are_asked_about(
        self, house: House, town: Town, neighbours: Town, clock: FakeClock, sms: FakeSms
    ) -> None:
        here, there = (self._volunteer(each) for each in (town, neighbours))
        ours = waits(town, clock)
        theirs = waits(neighbours, clock)

        answers(town, here, "NON")

        assert statuses(house, ours)[here.id] == "sent"
        assert statuses(house, theirs)[there.id] == "sent"
        asked = told(house, sms, here)[-1]
        assert town.the_request(ours).code in asked
        assert neighbours.the_request(theirs).code in asked

    def _volunteer(self, town: Town) -> Volunteer:
        return asked_volunteer(town, phone=mobile(5001))


class TestTheNumberWrittenTo:
    @pytest.fixture(autouse=True)
    def _own_senders(self, sms: FakeSms) -> None:
        sms.senders = {"jura": JURA, "ain": AIN}

    def test_a_word_is_about_the_territory_that_owns_it(
        self, house: House, town: Town, neighbours: Town
    ) -> None:
        ours, theirs = booked(town, 2), booked(neighbours, 3)

        receive_message(house, PATIENT, "ANNULER", "SM1", [JURA])

        assert (state(town, ours), state(neighbours, theirs)) == ("open", "booked")

    def test_a_messaging_service_owns_as_a_number_does(
        self, house: House, town: Town, neighbours: Town, sms: FakeSms
    ) -> None:
        sms.senders["ain"] = "MG0123456789"
        ours, theirs = booked(town, 2), booked(neighbours, 3)

        receive_message(house, PATIENT, "ANNULER", "SM1", ["+33644600009", "MG0123456789"])

        assert (state(town, ours), state(neighbours, theirs)) == ("booked", "open")

    def test_where_the_owner_asked_nothing_it_is_about_the_other(
        self, house: House, town: Town, neighbours: Town
    ) -> None:
        booked(town, 2)
        receive_message(house, PATIENT, "ANNULER", "SM1", [JURA])
        theirs = booked(neighbours, 3)

        receive_message(house, PATIENT, "ANNULER", "SM2", [JURA])

        assert state(neighbours, theirs) == "open"

    def test_what_is_not_understood_is_read_by_the_owners_regulators(
        self, house: House, town: Town, neighbours: Town
    ) -> None:
        ours, theirs = booked(town, 2), booked(neighbours, 3)

        receive_message(house, PATIENT, "Bonjour", "SM1", [JURA])

        assert town.the_request(ours).attention == "message"
        assert neighbours.the_request(theirs).attention is None

    @pytest.mark.parametrize(
        ("written_to", "silent"),
        [([JURA], {"jura"}), ([AIN], {"ain"}), (["+33644600009"], {"jura", "ain"})],
    )
    def test_stop_counts_for_the_sender_it_was_written_to(
        self, house: House, town: Town, neighbours: Town, written_to: list[str], silent: set[str]
    ) -> None:
        booked(town, 2)
        booked(neighbours, 3)

        receive_message(house, PATIENT, "STOP", "SM1", written_to)

        with house.db.reading() as session:
            stopped = set(session.scalars(select(OptOut.territory_id)))
        codes = {town.territory_id: "jura", neighbours.territory_id: "ain"}
        assert {codes[each] for each in stopped} == silent


def test_an_answer_leaves_by_the_sender_of_the_territory_it_is_for(
    house: House, town: Town, neighbours: Town, sms: FakeSms, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked(town, 2)
    booked(neighbours, 3)
    sms.senders = {"jura": JURA, "ain": AIN}
    left: list[str] = []

    def looking(message: OutgoingSms) -> Accepted:
        left.append(message.territory_code)
        return Accepted(f"SM{len(left)}", MessageStatus.SENT)

    monkeypatch.setattr(sms, "send", looking)
    receive_message(house, PATIENT, "AIDE", "SM1", [JURA])
    keep_promises(house)

    assert left == ["jura"]
    assert [each.status for each in messages(house, "help") if each.direction == "out"] == ["sent"]
