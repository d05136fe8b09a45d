"""The page of the reports: who gets the month’s, sent at once; bad input changes nothing."""

from collections.abc import Callable

import pytest

from dispatcher.domain.roles import Account, Role
from tests.builders import Town
from tests.fakes.emails import FakeEmail
from tests.houses import keep_promises
from tests.web.pages import Browser

PAGE = "/activite/rapports"
ADD, SEND = f"{PAGE}/destinataires", f"{PAGE}/envoyer"


@pytest.fixture
def office(town: Town, signed_in: Callable[[Account], Browser]) -> Browser:
    return signed_in(town.account(Role.COORDINATOR))


def test_an_address_is_added_gets_the_report_and_is_taken_off(
    office: Browser, town: Town, email: FakeEmail
) -> None:
    wrong = office.submit(office.get(PAGE).form(ADD), {"address": "bureau"}, status=422)
    assert wrong.field_error("address")
    assert wrong.form(ADD).values["address"] == "bureau"

    added = office.submit(wrong.form(ADD), {"address": "bureau@exemple.fr"})
    assert "Adresse ajoutée." in added.text
    assert "bureau@exemple.fr" in added.text

    sent = office.submit(added.form(SEND))
    assert "Le rapport du mois dernier part" in sent.text
    keep_promises(town.house)
    (mail,) = email.taken
    assert mail.to == "bureau@exemple.fr"
    assert mail.attachment is not None
    assert mail.attachment.name == "rapport-jura-2026-10.pdf"

    (form,) = [form for form in sent.forms() if form.action.endswith("/retirer")]
    removed = office.submit(form)
    assert "Adresse retirée." in removed.text
    assert "bureau@exemple.fr" not in removed.text


def test_a_year_s_report_is_one_click_and_a_period_turned_round_is_refused(
    office: Browser, town: Town
) -> None:
    town.request()
    links = [link for link in office.get(PAGE).links() if "rapport.pdf" in link]
    assert links
    for link in links:
        answer = office.client.get(link)
        assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    turned = office.client.get(f"{PAGE}/rapport.pdf?du=2026-11-24&au=2026-11-23")
    assert turned.status_code == 422
    assert "La fin de la période précède son début." in turned.get_data(as_text=True)
