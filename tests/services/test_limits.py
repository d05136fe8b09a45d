"""A practitioner's own rules."""

from uuid import UUID, uuid4

import pytest

from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.roles import Role
from dispatcher.services.commands import ChangeLimits
from dispatcher.services.house import House
from dispatcher.services.practitioners import change_limits
from dispatcher.storage.practitioners import Place, Practitioner
from tests.builders import Town
from tests.services.tables import events, promises, row_counts


def the_practitioner(town: Town, practitioner_id: UUID) -> Practitioner:
    with town.house.db.reading() as session:
        return session.get_one(Practitioner, practitioner_id)


def test_a_practitioner_says_whom_they_receive_and_how_many(house: House, town: Town) -> None:
    volunteer = town.volunteer()
    account = town.account(Role.PRACTITIONER, volunteer)

    changed = change_limits(
        house,
        account,
        ChangeLimits(
            patient_sex="female",
            min_age=15,
            max_age=80,
            languages=["ar", "en"],
            daily_cap=4,
            weekly_cap=12,
            minimum_notice_minutes=60,
            accepts_offers=True,
            modalities=["AMB", "HH"],
            step_free=[volunteer.place],
        ),
    )

    kept = the_practitioner(town, volunteer.id)
    assert (kept.patient_sex, kept.min_age, kept.max_age) == ("female", 15, 80)
    assert kept.languages == ["fr", "ar", "en"]
    assert (kept.daily_cap, kept.weekly_cap, kept.minimum_notice_minutes) == (4, 12, 60)
    assert kept.accepts_offers
    assert kept.modalities == ["AMB", "HH"]
    with house.db.reading() as session:
        assert session.get_one(Place, volunteer.place).step_free
    assert set(changed) == {
        "patient_sex",
        "min_age",
        "max_age",
        "languages",
        "daily_cap",
        "weekly_cap",
        "minimum_notice_minutes",
        "accepts_offers",
        "modalities",
        "step_free",
    }
    assert events(house)[-1] == ("limits_changed", {"changed": list(changed)})
    assert len(promises(house, "match_waiting")) == 1


def test_the_same_rules_again_write_nothing(house: House, town: Town) -> None:
    account = town.account(Role.PRACTITIONER, town.volunteer())
    rules = ChangeLimits(daily_cap=3)
    change_limits(house, account, rules)
    before = row_counts(house)

    assert change_limits(house, account, rules) == ()

    assert row_counts(house) == before


def test_somebody_without_a_mobile_cannot_be_asked_by_sms(house: House, town: Town) -> None:
    volunteer = town.volunteer(phone=None)
    account = town.account(Role.PRACTITIONER, volunteer)
    before = row_counts(house)

    with pytest.raises(InvalidError) as refused:
        change_limits(house, account, ChangeLimits(accepts_offers=True, daily_cap=3))

    assert "Aucun mobile n’est enregistré à votre nom" in refused.value.fields["accepts_offers"]
    assert row_counts(house) == before
    assert the_practitioner(town, volunteer.id).daily_cap is None


def test_contradictions_and_unknown_codes_are_named(house: House, town: Town) -> None:
    account = town.account(Role.PRACTITIONER, town.volunteer())
    with pytest.raises(InvalidError) as refused:
        change_limits(
            house,
            account,
            ChangeLimits(min_age=70, max_age=15, languages=["xx"], modalities=["FAX"]),
        )
    assert set(refused.value.fields) == {"max_age", "languages", "modalities"}


def test_nobody_sets_the_rules_or_the_places_of_somebody_else(house: House, town: Town) -> None:
    other = town.volunteer()
    account = town.account(Role.PRACTITIONER, town.volunteer())
    change_limits(house, account, ChangeLimits(daily_cap=3, step_free=[other.place, uuid4()]))
    with house.db.reading() as session:
        assert not session.get_one(Place, other.place).step_free
    assert the_practitioner(town, other.id).daily_cap is None

    with pytest.raises(NotFoundError):
        change_limits(house, town.regulator, ChangeLimits())
