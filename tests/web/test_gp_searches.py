"""The coordinators' list of patients without a médecin traitant, click by click."""

from collections.abc import Callable

from dispatcher.domain.roles import Account, Role
from dispatcher.storage.practitioners import Practitioner
from tests.builders import Town
from tests.web.pages import Browser
from tests.web.test_new_request import enter

LIST = "/medecin-traitant"


def test_from_the_call_to_the_doctor_who_says_yes(
    town: Town, desk: Browser, signed_in: Callable[[Account], Browser]
) -> None:
    coordination = signed_in(town.account(Role.COORDINATOR))
    assert "Personne dans cette liste" in coordination.get(LIST).text
    enter(desk, patient__gp_choice="none", patient__ald="1")
    page = coordination.get(LIST)
    assert "Jeanne BAUD" in page.text
    for said in ("À contacter", "70 ans ou plus", "ALD", "06 39 98 00 12"):
        assert said in page.text
    address = next(link for link in page.links() if link.startswith(f"{LIST}/"))
    assert "Aucun médecin du territoire n’a dit accepter" in coordination.get(address).text

    doctor = town.volunteer(last_name="Vuillet")
    with town.house.db.writing() as session:
        session.get_one(Practitioner, doctor.id).accepts_new_patients = True
    page = coordination.get(address)
    assert "Dr Anne Vuillet" in page.text
    page = coordination.submit(page.form(f"{address}/priorite"), {"ald": None, "c2s": "1"})
    assert "C2S" in page.text
    page = coordination.submit(page.form(f"{address}/proposer"))
    assert "Médecin proposé." in page.text
    page = coordination.submit(page.form(f"{address}/reponse"), {"status": "accepted"})
    assert "Médecin traitant trouvé" in page.text
    again = coordination.submit(
        page.form(f"{address}/reponse"), {"status": "declined", "by": "patient"}
    )
    assert "il ne peut pas devenir « refusé »" in again.text
    assert "Jeanne BAUD" in coordination.get(f"{LIST}?etat=acceptes").text
    assert "Jeanne BAUD" not in coordination.get(LIST).text


def test_nobody_elses_list_is_seen(
    town: Town, desk: Browser, signed_in: Callable[[Account], Browser]
) -> None:
    enter(desk)
    elsewhere = Town.found(town.house, town.clock, "sud", "Indian/Reunion", "974", "02 62 01 00 01")
    other = signed_in(elsewhere.account(Role.COORDINATOR))
    assert "Personne dans cette liste" in other.get(LIST).text
    own = signed_in(town.account(Role.COORDINATOR)).get(LIST)
    address = next(link for link in own.links() if link.startswith(f"{LIST}/"))
    other.get(address, status=404)
