"""What of an address an SMS may say."""

import pytest

from config.sms_leaks import discreet_address


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("12 rue du Commerce", "12 rue du Commerce"),
        ("12 bis, avenue du Docteur-Martin", "12 bis, avenue du Docteur-Martin"),
        ("3 place de l’Hôpital", "3 place de l’Hôpital"),
        ("Centre d’addictologie, 3 rue des Tilleuls", "3 rue des Tilleuls"),
        ("Maison de santé, bâtiment B, 5 quai du Doubs", "bâtiment B, 5 quai du Doubs"),
        ("Cabinet dentaire", ""),
        ("Centre de radiologie du Docteur Rue", ""),
        ("Les Tilleuls", "Les Tilleuls"),
    ],
)
def test_the_name_of_a_place_of_care_is_left_out_and_the_street_stays(line: str, said: str) -> None:
    assert discreet_address(line) == said
