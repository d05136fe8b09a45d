"""A territory's settings page: every rule with its default, and what is wrong beside its field."""

from collections.abc import Callable
from typing import Any

import pytest

from dispatcher.domain.policy import Policy
from dispatcher.domain.roles import Account, Role
from dispatcher.services.settings import change_settings
from dispatcher.storage.territories import Territory
from dispatcher.web import settings_form
from tests.builders import Town
from tests.web.pages import Browser

PATH = "/reglages"


@pytest.fixture
def coordinator(town: Town) -> Account:
    """Of a territory that has set nothing yet."""
    account = town.account(Role.COORDINATOR)
    change_settings(town.house, account, {})
    return account


@pytest.fixture
def office(coordinator: Account, signed_in: Callable[[Account], Browser]) -> Browser:
    return signed_in(coordinator)


def stored(town: Town) -> dict[str, Any]:
    with town.house.db.reading() as session:
        return dict(session.get_one(Territory, town.territory_id).settings)


def test_every_rule_of_a_policy_has_its_field_and_its_words() -> None:
    assert set(settings_form.FIELDS) == set(settings_form.values(Policy()))
    assert all(field.label and field.hint for field in settings_form.FIELDS.values())


def test_each_field_shows_its_default(office: Browser) -> None:
    text = office.get(PATH).text
    assert "Rayon de recherche par défaut : 30 km, du département" in text
    assert "Élargissement par défaut : 15 km, ou la moitié d’un rayon réglé ici" in text
    assert "Alerte avant la fin du délai par défaut : 33,33 %" in text
    assert "Volontaires par vague par défaut : 5" in text
    assert "Créneaux hors horaires par défaut : non" in text
    assert "Attente par défaut : 0,5 point Par heure" in text


def test_a_form_that_is_sent_untouched_changes_nothing(town: Town, office: Browser) -> None:
    page = office.submit(office.get(PATH).form(PATH))
    assert "Aucun réglage n’a changé." in page.text
    assert stored(town) == {}


def test_what_is_changed_is_kept_and_shown(town: Town, office: Browser) -> None:
    typed = {
        "radius_km": "25",
        "escalate_share": "50",
        "outside_hours": "oui",
        "weights.wait": "0,75",
        "offers.wave_size": "3",
        "offers.widen_minutes.4": "5",
        "sms.remind_evening": "non",
        "sms.quiet_from": "21",
    }
    page = office.submit(office.get(PATH).form(PATH), typed)
    assert "8 réglages modifiés" in page.text
    kept = stored(town)
    assert (kept["radius_km"], kept["escalate_share"], kept["outside_hours"]) == (25, 0.5, True)
    assert kept["weights"] == {"wait": 0.75}
    assert kept["offers"]["wave_size"] == 3
    assert kept["sms"] == {"remind_evening": False, "quiet_from": 21}
    assert kept["offers"]["widen_minutes"] == {
        "4": 5,
        "8": 20,
        "12": 30,
        "24": 120,
        "48": 360,
        "72": 720,
    }
    shown = page.form(PATH).values
    assert {name: shown[name] for name in typed} == typed


def test_an_empty_field_goes_back_to_its_default(
    town: Town, office: Browser, coordinator: Account
) -> None:
    change_settings(town.house, coordinator, {"radius_km": 25, "weights": {"wait": 2}})
    page = office.submit(office.get(PATH).form(PATH), {"radius_km": "", "weights.wait": ""})
    assert "2 réglages modifiés" in page.text
    assert stored(town) == {}


def test_one_third_stays_one_third(town: Town, office: Browser, coordinator: Account) -> None:
    """What is shown is rounded; what is kept is not."""
    change_settings(town.house, coordinator, {"radius_km": 25})
    office.submit(office.get(PATH).form(PATH), {"radius_km": "26"})
    assert stored(town) == {"radius_km": 26.0}


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("weights.wait", "-1", "Indiquez un nombre de 0 à 100 000."),
        ("weights.price", "999999999", "Indiquez un nombre de 0 à 100 000."),
        ("weights.distance", "beaucoup", "Indiquez un nombre."),
        ("weights.gp", "nan", "Indiquez un nombre."),
        ("weights.unserved", "1e9", "Indiquez un nombre."),
        ("radius_km", "0", "Indiquez un rayon de plus de 0 km, et de 500 km au plus."),
        ("offers.wave_size", "0", "Sollicitez au moins un volontaire à la fois, et 50 au plus."),
        ("offers.wave_size", "2,5", "Indiquez un nombre entier."),
        ("offers.widen_minutes.8", "0", "Indiquez une durée entre 1 et 2 880 minutes."),
        ("offers.widen_minutes.8", "vite", "Indiquez un nombre entier."),
        ("escalate_share", "120", "Indiquez une part du délai entre 0 et 100 %."),
        ("sms.remind_hour", "24", "Indiquez une heure, de 0 h à 23 h."),
        ("sms.per_minute", "mille", "Indiquez un nombre entier."),
        ("outside_hours", "peut-être", "Répondez par oui ou par non."),
    ],
)
def test_what_cannot_be_used_is_said_beside_its_field_and_all_that_was_typed_is_kept(
    town: Town, office: Browser, name: str, typed: str, sentence: str
) -> None:
    page = office.submit(office.get(PATH).form(PATH), {"grace_hours": "2", name: typed}, status=422)
    assert page.field_error(name) == sentence.replace("2\u202f880", "2 880")
    shown = page.form(PATH).values
    assert shown["grace_hours"] == "2"
    if name != "outside_hours":
        assert shown[name] == typed
    assert "Une information est à corriger" in page.text
    assert stored(town) == {}


def test_both_who_answer_for_the_territory_may_and_nobody_else(
    town: Town, signed_in: Callable[[Account], Browser]
) -> None:
    assert signed_in(town.account(Role.ADMINISTRATOR)).get(PATH).status == 200
    assert signed_in(town.regulator).get(PATH, status=403).h1 == "Accès refusé"
