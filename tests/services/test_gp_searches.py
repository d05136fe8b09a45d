"""From « pas de médecin traitant » to a doctor who says yes, and into the figures."""

from datetime import date
from uuid import UUID

import pytest

from dispatcher.domain.errors import InvalidError, NotFoundError, TransitionError
from dispatcher.domain.events import OPERATOR
from dispatcher.domain.gp_searches import OPEN_GP_SEARCHES, GpSearchStatus, Priority
from dispatcher.domain.indicators import Ledger
from dispatcher.domain.indicators.registry import REQUESTS
from dispatcher.domain.indicators.stories import LoggedEvent
from dispatcher.domain.roles import Account, Role
from dispatcher.reads import gp_searches
from dispatcher.reads.gp_searches import GpSearchFacts
from dispatcher.services.appointments import close_request
from dispatcher.services.commands import CloseRequest
from dispatcher.services.forgetting import forget_patient
from dispatcher.services.gp_searches import answer_gp, mark_priority, propose_gp
from dispatcher.services.house import House
from dispatcher.storage.log import LoggedEvent as Row
from dispatcher.storage.practitioners import Practitioner
from tests.builders import Town, Volunteer


@pytest.fixture
def coordinator(town: Town) -> Account:
    return town.account(Role.COORDINATOR)


def listed(town: Town) -> list[GpSearchFacts]:
    return gp_searches.gp_searches(town.house.db, town.territory_id, OPEN_GP_SEARCHES)


def taking_patients(town: Town, **about: object) -> Volunteer:
    doctor = town.volunteer(**about)
    with town.house.db.writing() as session:
        session.get_one(Practitioner, doctor.id).accepts_new_patients = True
    return doctor


def figures(house: House, request_id: UUID) -> dict[str, int]:
    """What the log says of one request."""
    with house.db.reading() as session:
        rows = session.query(Row).filter(Row.request_id == request_id).order_by(Row.id).all()
    ledger = Ledger.of(
        LoggedEvent(each.kind, each.at, each.request_id, data=each.data) for each in rows
    )
    (request,) = ledger.requests
    return {
        each.code: int(each.count(request))
        for each in REQUESTS
        if each.code.startswith("gp_found") and each.count(request)
    }


def test_who_has_none_is_listed_once_and_who_comes_first_stands_first(town: Town) -> None:
    young = {"last_name": "Jeune", "birth_date": date(1990, 2, 3)}
    town.request(patient=young)
    town.request(patient=young, confirm_duplicate=True)
    town.request(patient={"last_name": "Suivie", "has_gp": True, "phone": "06 39 98 00 30"})
    town.request(patient={"last_name": "Aînée", "ald": True, "phone": "06 39 98 00 31"})

    found = listed(town)
    assert [each.last_name for each in found] in (["Aînée", "Jeune"], ["Aînée", "Jeune", "Jeune"])
    assert found[0].priorities == (Priority.OVER_70, Priority.ALD)


def test_a_person_who_asks_twice_with_one_number_is_on_the_list_once(town: Town) -> None:
    who = {"last_name": "Seule", "phone": "06 39 98 00 32"}
    town.request(patient=who)
    town.request(patient=who, confirm_duplicate=True)
    assert len(listed(town)) == 1


def test_doctors_who_take_new_patients_are_proposed_the_nearest_first(
    town: Town, coordinator: Account
) -> None:
    far = taking_patients(town, commune="39198")  # Dole, 40 km away
    near = taking_patients(town, commune="39362")  # Montmorot, 5 km away
    taking_patients(town, max_age=18)
    taking_patients(town, profession="60", specialty=None)
    town.volunteer()  # says nothing of new patients
    town.request()
    (search,) = listed(town)

    def proposed() -> list[UUID]:
        found = gp_searches.gp_search(town.house.db, town.territory_id, search.id)
        assert found is not None
        return [
            each.id for each in gp_searches.near_doctors(town.house.db, town.territory_id, found)
        ]

    assert proposed() == [near.id, far.id]
    propose_gp(town.house, coordinator, search.id, near.id)
    answer_gp(town.house, coordinator, search.id, GpSearchStatus.DECLINED)
    assert proposed() == [far.id]


def test_an_acceptance_is_counted_for_each_of_the_patients_groups_and_taken_back_with_it(
    house: House, town: Town, coordinator: Account
) -> None:
    doctor = taking_patients(town)
    request_id = town.request(patient={"birth_date": date(1950, 2, 3), "c2s": True})
    (search,) = listed(town)
    mark_priority(house, coordinator, search.id, ald=True, c2s=False)
    propose_gp(house, coordinator, search.id, doctor.id)
    assert figures(house, request_id) == {}
    for _ in range(2):
        answer_gp(house, coordinator, search.id, GpSearchStatus.ACCEPTED)

    assert figures(house, request_id) == {
        "gp_found": 1,
        "gp_found_over_70": 1,
        "gp_found_ald": 1,
    }
    assert listed(town) == []
    answer_gp(house, coordinator, search.id, GpSearchStatus.TO_CONTACT)
    assert figures(house, request_id) == {}
    assert [each.practitioner_name for each in listed(town)] == [""]


def test_what_cannot_follow_or_is_not_ours_changes_nothing(
    house: House, town: Town, coordinator: Account
) -> None:
    town.request()
    (search,) = listed(town)
    nurse = town.volunteer(profession="60", specialty=None)
    with pytest.raises(TransitionError):
        answer_gp(house, coordinator, search.id, GpSearchStatus.ACCEPTED)
    with pytest.raises(InvalidError):
        propose_gp(house, coordinator, search.id, nurse.id)
    with pytest.raises(NotFoundError):
        propose_gp(house, coordinator, nurse.id, nurse.id)
    assert [each.status for each in listed(town)] == [GpSearchStatus.TO_CONTACT]


def test_nobody_who_was_forgotten_stays_on_the_list(house: House, town: Town) -> None:
    request_id = town.request()
    close_request(
        house, town.regulator, request_id, CloseRequest(status="redirected", reason="ADVICE")
    )
    assert len(listed(town)) == 1
    with house.db.transaction(town.territory_id, OPERATOR) as unit:
        assert forget_patient(unit, town.the_request(request_id).patient_id)
    assert listed(town) == []
