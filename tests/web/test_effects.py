"""What a request led to, noted on its page and taken back."""

from tests.builders import Town
from tests.web.pages import Browser
from tests.web.test_request_page import act, booked, page_of


def test_what_a_request_led_to_is_noted_and_taken_back(town: Town, desk: Browser) -> None:
    request = booked(town)
    page = page_of(desk, request)
    assert [text for text in page.texts("button", "button--small") if "Noter :" in text] == [
        "Noter : Passage aux urgences évité",
        "Noter : Médecin traitant trouvé",
    ]

    noted = act(desk, request, "effet", effect="ED_AVOIDED", holds="true")
    assert "Suite de la demande notée." in noted.text
    assert "Retirer : Passage aux urgences évité" in noted.texts("button", "button--small")

    taken_back = act(desk, request, "effet", effect="ED_AVOIDED", holds="false")
    assert "Noter : Passage aux urgences évité" in taken_back.texts("button", "button--small")
    assert "Mention retirée : Passage aux urgences évité" in taken_back.text
