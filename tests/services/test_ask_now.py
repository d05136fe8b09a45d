"""A regulator does not want to wait; and no promise to ask is kept twice."""

from uuid import uuid4

import pytest

from dispatcher.domain.errors import NotFoundError, RefusedError, TransitionError
from dispatcher.domain.events import ENGINE
from dispatcher.domain.jobs import Job
from dispatcher.services.appointments import cancel_request, close_request
from dispatcher.services.asking import ask_now
from dispatcher.services.commands import CancelRequest, CloseRequest
from dispatcher.services.house import House
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.invariants import check
from tests.services.offering import (
    asked_volunteer,
    offers,
    told,
    waits,
)
from tests.services.tables import events, promises, row_counts


class TestAskNow:
    def test_a_regulator_need_not_wait(
        self, house: House, town: Town, clock: FakeClock, sms: FakeSms
    ) -> None:
        own, other = asked_volunteer(town), asked_volunteer(town)
        request = town.request(patient={"gp": own.id})
        keep_promises(house)

        assert ask_now(house, town.regulator, request) == 1
        assert ask_now(house, town.regulator, request) == 1

        assert len(told(house, sms, own)) == len(told(house, sms, other)) == 1
        asked = [data for kind, data in events(house, request) if kind == "volunteers_asked"]
        assert [each["asked_by"] for each in asked] == ["regulator", "regulator"]
        check(house.db.engine, clock.now)

    def test_an_open_request_is_searched_again_and_put_to_volunteers(
        self, house: House, town: Town, clock: FakeClock
    ) -> None:
        town.slot(hours=1)
        request = town.request()
        keep_promises(house)
        cancel_request(house, town.regulator, request, CancelRequest(by="patient", reason=""))
        assert town.the_request(request).status == "open"
        asked_volunteer(town)

        assert ask_now(house, town.regulator, request) == 1

        assert town.the_request(request).status == "offering"
        check(house.db.engine, clock.now)

    def test_a_delay_in_danger_stays_in_front_while_volunteers_are_asked(
        self, house: House, town: Town, clock: FakeClock
    ) -> None:
        town.slot(hours=23)
        request = town.request(need={"delay_hours": 24})
        keep_promises(house)
        cancel_request(house, town.regulator, request, CancelRequest(by="patient", reason=""))
        clock.advance(hours=17)
        keep_promises(house)
        assert town.the_request(request).attention == "deadline"
        asked_volunteer(town)

        assert ask_now(house, town.regulator, request) == 1

        assert town.the_request(request).attention == "deadline"

    def test_with_nobody_left_it_says_so_and_whom_to_telephone(
        self, house: House, town: Town
    ) -> None:
        request = town.request()
        with pytest.raises(RefusedError) as refused:
            ask_now(house, town.regulator, request)
        assert refused.value.code == "nobody-to-ask"
        assert refused.value.sentence == "Aucun volontaire ne convient à cette demande."

        asked_volunteer(town)
        asked_volunteer(town, phone=None)
        ask_now(house, town.regulator, request)
        with pytest.raises(RefusedError) as refused:
            ask_now(house, town.regulator, request)
        assert "Un autre ne peut pas recevoir de SMS\u00a0: appelez-le." in refused.value.sentence

    def test_what_is_booked_closed_too_late_or_elsewhere_is_refused_and_nothing_changes(
        self, house: House, town: Town, clock: FakeClock
    ) -> None:
        asked_volunteer(town)
        town.slot(hours=1)
        booked = town.request()
        keep_promises(house)
        closed, late = town.request(), town.request()
        close_request(
            house, town.regulator, closed, CloseRequest(status="unfilled", reason="OTHER")
        )
        neighbour = Town.found(house, clock, code="doubs", department="25")
        before = row_counts(house)
        for request in (booked, closed):
            with pytest.raises(TransitionError):
                ask_now(house, town.regulator, request)
        with pytest.raises(NotFoundError):
            ask_now(house, neighbour.regulator, late)
        clock.advance(hours=25)
        with pytest.raises(RefusedError, match="nobody-to-ask"):
            ask_now(house, town.regulator, late)
        assert row_counts(house) == before


class TestNoPromiseIsKeptTwice:
    def test_a_second_run_of_the_same_wave_asks_nobody_again(
        self, house: House, town: Town, clock: FakeClock, sms: FakeSms
    ) -> None:
        volunteer = asked_volunteer(town)
        request = waits(town, clock)
        with house.db.transaction(town.territory_id, ENGINE) as unit:
            unit.promise(Job.ASK_VOLUNTEERS, {"request_id": request})
            unit.promise(Job.EXPIRE_OFFERS, {"request_id": request})
        keep_promises(house)

        assert len(told(house, sms, volunteer)) == 1
        assert len(offers(house, request)) == 1

    @pytest.mark.parametrize("job", [Job.ASK_VOLUNTEERS, Job.EXPIRE_OFFERS])
    def test_a_request_that_does_not_exist_is_nobodys(
        self, house: House, town: Town, job: Job
    ) -> None:
        with house.db.transaction(town.territory_id, ENGINE) as unit:
            unit.promise(job, {"request_id": uuid4()})
        keep_promises(house)
        assert promises(house, job.value) == []
