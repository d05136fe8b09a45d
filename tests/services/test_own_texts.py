"""A territory words its SMS itself: what is refused, what is kept, and what is sent then."""

import pytest
from sqlalchemy import update

from config.sms_texts import PATIENT_LANGUAGES, SHAPES
from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.roles import Account, Role
from dispatcher.reads.own_texts import texts_of_territory
from dispatcher.services.commands import ChangeText
from dispatcher.services.house import House
from dispatcher.services.own_texts import (
    PLACEHOLDERS,
    EditedMeanwhileError,
    change_text,
    digest,
)
from dispatcher.storage.own_texts import OwnText
from tests.builders import Town, mobile
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.services.tables import events, messages, row_counts, text_of

OWN = "{sender} : on vous attend {day} {time}, {address}. {phone} {link} En cas de doute, le 15."
OTHER = "{sender} : venez {day} {time}, {address}. {phone} {link} En cas de doute, le 15."


@pytest.fixture
def coordinator(town: Town) -> Account:
    return town.account(Role.COORDINATOR)


def write(
    house: House,
    account: Account,
    text: str,
    base: str | None = None,
    kind: str = "confirmation",
    language: str = "fr",
) -> bool:
    """Change a text; `base` is what its author began from, the house's own unless told."""
    base = house.texts.of(kind, language) if base is None else base
    return change_text(
        house, account, ChangeText(kind=kind, language=language, text=text, base=digest(base))
    )


def confirmation(house: House, town: Town, language: str = "fr") -> str:
    """What a patient of the town is told next."""
    town.slot(town.volunteer(), hours=5.5)
    town.request(patient={"phone": mobile(42), "language": language})
    keep_promises(house)
    found = [message for message in messages(house) if message.kind == "confirmation"]
    return text_of(house, found[-1])


def own(house: House, town: Town) -> dict[tuple[str, str], str]:
    return dict(texts_of_territory(house.db, town.territory_id).own)


def test_every_placeholder_has_a_french_name() -> None:
    assert set(PLACEHOLDERS) == frozenset().union(*(shape.allowed for shape in SHAPES.values()))
    assert len(set(PLACEHOLDERS.values())) == len(PLACEHOLDERS)


def test_a_territorys_own_text_is_what_its_patients_get(
    house: House, town: Town, coordinator: Account
) -> None:
    assert write(house, coordinator, OWN)

    assert confirmation(house, town).startswith("CPTS jura : on vous attend lundi 23 novembre")
    assert (
        "text_changed",
        {"message_kind": "confirmation", "language": "fr", "is_default": False},
    ) in events(house)


def test_another_territory_and_another_language_keep_theirs(
    house: House, town: Town, coordinator: Account, clock: FakeClock
) -> None:
    write(house, coordinator, OWN)
    elsewhere = Town.found(house, clock, code="doubs", department="25")

    assert "rendez-vous lundi" in confirmation(house, elsewhere)
    assert "appointment on Monday" in confirmation(house, town, "en")


def test_lines_end_as_the_house_ends_them(house: House, town: Town, coordinator: Account) -> None:
    write(house, coordinator, f"  {OWN}\r\nMerci.\r\n ")

    assert own(house, town) == {("confirmation", "fr"): f"{OWN}\nMerci."}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"{OWN} {{motive}}", "Ce message ne peut pas dire {motive}\u00a0: retirez ce repère."),
        (f"{OWN} {{prénom}}", "Ce message ne peut pas dire {prénom}\u00a0: retirez ce repère."),
        (
            f"{OWN} {{code}} {{delay}}",
            "Ce message ne peut pas dire {numéro} et {retard}\u00a0: retirez ce repère.",
        ),
        (OWN.replace("{phone}", ""), "Il manque {téléphone}\u00a0: ce message doit le dire."),
        (OWN.replace("{", "").replace("}", ""), "Il manque {adresse}"),
        (f"{OWN} {{", "Une accolade entoure toujours un repère de la liste"),
        (f"{OWN} {{Jour}}", "Une accolade entoure toujours un repère de la liste"),
        (f"{OWN} Votre médecin.", "«\u00a0médecin\u00a0» en dit trop"),
        (f"{OWN} KINÉ", "«\u00a0KINÉ\u00a0» en dit trop"),
        (f"{OWN} Sage  femme !", "«\u00a0sage femme\u00a0» en dit trop"),
        (f"{OWN} consul\u00adtation", "en dit trop"),
        (OWN.replace("le 15", "le 115"), "Gardez le\u00a015"),
        (" \r\n ", "Écrivez un texte, ou revenez au texte par défaut."),
    ],
)
def test_what_would_leak_or_lose_something_is_refused_and_changes_nothing(
    house: House, coordinator: Account, text: str, sentence: str
) -> None:
    before = row_counts(house)
    with pytest.raises(InvalidError) as refused:
        write(house, coordinator, text)

    assert sentence in refused.value.fields["text"]
    assert row_counts(house) == before


@pytest.mark.parametrize("language", PATIENT_LANGUAGES)
def test_french_words_about_health_are_seen_in_every_language(
    house: House, coordinator: Account, language: str
) -> None:
    text = house.texts.of("confirmation", language) + " Cabinet infirmier"

    with pytest.raises(InvalidError, match="invalid"):
        write(house, coordinator, text, language=language)


@pytest.mark.parametrize(
    ("kind", "language"),
    [("offer", "en"), ("confirmation", "wo"), ("greeting", "fr"), ("", "")],
)
def test_a_message_that_is_not_sent_is_not_there(
    house: House, coordinator: Account, kind: str, language: str
) -> None:
    command = ChangeText.model_construct(kind=kind, language=language, text=OWN, base="")
    with pytest.raises(NotFoundError):
        change_text(house, coordinator, command)


def test_saving_the_same_again_changes_nothing(
    house: House, town: Town, coordinator: Account
) -> None:
    write(house, coordinator, OWN)
    before = row_counts(house)

    assert not write(house, coordinator, OWN)
    assert not write(house, coordinator, OWN, base=OWN)
    assert row_counts(house) == before


def test_the_houses_own_text_saved_again_is_the_default(
    house: House, town: Town, coordinator: Account
) -> None:
    default = house.texts.of("confirmation", "fr")
    write(house, coordinator, OWN)

    assert write(house, coordinator, default, base=OWN)
    assert own(house, town) == {}
    assert events(house)[-1][1]["is_default"]
    assert "rendez-vous lundi" in confirmation(house, town)


def test_a_text_that_somebody_changed_meanwhile_is_not_overwritten(
    house: House, town: Town, coordinator: Account
) -> None:
    write(house, coordinator, OWN)
    with pytest.raises(EditedMeanwhileError):
        write(house, coordinator, OTHER)  # began from the house's own

    assert own(house, town) == {("confirmation", "fr"): OWN}
    assert write(house, coordinator, OTHER, base=OWN)


def test_a_text_that_was_changed_and_changed_back_can_be_written(
    house: House, coordinator: Account
) -> None:
    default = house.texts.of("confirmation", "fr")
    write(house, coordinator, OWN)
    write(house, coordinator, default, base=OWN)

    assert write(house, coordinator, OTHER)


def test_a_text_that_a_later_version_would_refuse_gives_way_to_the_houses_own(
    house: House, town: Town, coordinator: Account
) -> None:
    write(house, coordinator, OWN)
    with house.db.transaction(town.territory_id, coordinator.actor) as unit:
        unit.session.execute(update(OwnText).values(text="{sender} : votre médecin vous attend"))

    assert own(house, town) == {}
    assert "rendez-vous lundi" in confirmation(house, town)


def test_a_text_in_arabic_may_be_changed_too(
    house: House, town: Town, coordinator: Account
) -> None:
    default = house.texts.of("confirmation", "ar")
    write(house, coordinator, default.replace("موعدكم", "لقاؤكم"), language="ar")

    assert "لقاؤكم" in confirmation(house, town, "ar")
