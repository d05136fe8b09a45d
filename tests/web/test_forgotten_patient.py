"""The page of a request whose patient was forgotten tells what happened, and not to whom."""

from dispatcher.services import appointments
from dispatcher.services.commands import CancelRequest
from dispatcher.services.persons import erase_person
from tests.builders import Town
from tests.houses import keep_promises
from tests.web.pages import Browser


def test_what_happened_is_told_and_not_to_whom(town: Town, desk: Browser) -> None:
    request = town.request(patient={"last_name": "Zorglub", "phone": "06 39 98 77 01"})
    keep_promises(town.house)
    appointments.cancel_request(
        town.house, town.regulator, request, CancelRequest(by="patient", reason="va mieux")
    )
    keep_promises(town.house)
    assert "ZORGLUB" in desk.get(f"/demandes/{request}").text

    erase_person(town.house, [town.the_request(request).patient_id])

    page = desk.get(f"/demandes/{request}")
    assert "Patient EFFACÉ" in page.text
    assert "Naissance identité effacée" in page.text
    assert "Téléphone effacé" in page.text
    assert "zorglub" not in page.html.lower()
    assert "39 98 77 01" not in page.html
