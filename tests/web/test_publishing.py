"""Publishing a slot from a telephone: a few taps, the territory's clocks, a sentence by fault."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import select

from dispatcher.domain.roles import Account, Role
from dispatcher.services.house import House
from dispatcher.storage.slots import Slot
from tests.builders import Town, Volunteer
from tests.fakes.clock import FakeClock
from tests.houses import keep_promises
from tests.web.pages import Browser, Page

SAINT_DENIS = "97411"
SignIn = Callable[[Account], Browser]


def slots_of(house: House, volunteer: Volunteer) -> list[Slot]:
    with house.db.reading() as session:
        return list(
            session.scalars(
                select(Slot).where(Slot.practitioner_id == volunteer.id).order_by(Slot.start_at)
            )
        )


def publish(telephone: Browser, status: int = 200, **typed: object) -> Page:
    form = telephone.get("/agenda/creneau").form("/agenda/creneau")
    return telephone.submit(form, typed, status=status)


def test_a_slot_is_published_in_one_tap(telephone: Browser, town: Town, doctor: Volunteer) -> None:
    page = publish(telephone)

    # it is 09:00 in Paris; 45 minutes later begins the quarter of 09:45
    assert page.path == "/agenda"
    assert "Créneau publié : aujourd’hui de 9 h 45 à 10 h 05." in page.text
    (slot,) = slots_of(town.house, doctor)
    assert slot.start_at == datetime(2026, 11, 23, 8, 45, tzinfo=UTC)
    assert slot.ends_at == datetime(2026, 11, 23, 9, 5, tzinfo=UTC)
    assert (slot.places, slot.modality, slot.visibility) == (1, "AMB", ["SNP", "CPTS"])
    assert slot.place_id == doctor.place


def test_a_period_of_several_patients_is_published(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    publish(
        telephone,
        day="2026-11-25",
        start_time="14:00",
        duration_minutes="240",
        kind="range",
        places="8",
        modality="VR",
    )
    (slot,) = slots_of(town.house, doctor)
    assert slot.start_at == datetime(2026, 11, 25, 13, 0, tzinfo=UTC)
    assert slot.ends_at == datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
    assert (slot.places, slot.modality) == (8, "VR")


def test_the_number_of_patients_is_only_a_period_s(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    publish(telephone, kind="single", places="8")
    assert [slot.places for slot in slots_of(town.house, doctor)] == [1]


def test_a_published_slot_is_given_to_who_waits(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    request = town.request()
    keep_promises(town.house)
    assert town.the_appointment(request) is None

    publish(telephone)
    keep_promises(town.house)

    assert town.the_appointment(request) is not None


def test_hours_are_read_on_the_territory_s_clocks(
    house: House, clock: FakeClock, signed_in: SignIn
) -> None:
    reunion = Town.found(house, clock, "reunion", "Indian/Reunion", "974", "03 53 01 00 02")
    volunteer = reunion.volunteer(commune=SAINT_DENIS)
    telephone = signed_in(reunion.account(Role.PRACTITIONER, volunteer))

    publish(telephone, start_time="14:30")

    # four hours ahead of UTC
    assert slots_of(house, volunteer)[0].start_at == datetime(2026, 11, 23, 10, 30, tzinfo=UTC)


def test_an_hour_that_summer_time_skips_gets_a_sentence(
    telephone: Browser, town: Town, doctor: Volunteer, clock: FakeClock
) -> None:
    clock.now = datetime(2027, 3, 27, 9, 0, tzinfo=UTC)
    page = publish(telephone, status=422, day="2027-03-28", start_time="02:30")

    assert page.field_error("start") == (
        "Ce jour-là, cette heure n’existe pas : l’heure d’été commence."
        " Choisissez par exemple 3 h 30."
    )
    assert slots_of(town.house, doctor) == []


def test_of_an_hour_that_comes_twice_the_first_is_meant(
    telephone: Browser, town: Town, doctor: Volunteer, clock: FakeClock
) -> None:
    clock.now = datetime(2026, 10, 24, 9, 0, tzinfo=UTC)
    publish(telephone, day="2026-10-25", start_time="02:30")
    assert slots_of(town.house, doctor)[0].start_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_the_days_offered_are_today_and_the_six_that_follow(telephone: Browser) -> None:
    page = telephone.get("/agenda/creneau")
    labels = page.texts("label", "choice__option")
    assert labels[:7] == [
        "Aujourd’hui",
        "Demain",
        "mer. 25/11",
        "jeu. 26/11",
        "ven. 27/11",
        "sam. 28/11",
        "dim. 29/11",
    ]


def test_late_in_the_evening_the_next_morning_is_proposed(
    telephone: Browser, clock: FakeClock
) -> None:
    clock.now = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)  # 19:30 in Paris
    form = telephone.get("/agenda/creneau").form("/agenda/creneau")
    assert (form.values["day"], form.values["start_time"]) == ("2026-11-24", "08:00")


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"day": "2026-11-22"}, "start", "Ce créneau est déjà passé."),
        ({"day": ""}, "day", "Choisissez un jour."),
        ({"day": "9999-12-31"}, "start", "Cette date est trop lointaine."),
        ({"day": "2099-12-31"}, "start", "un an à l’avance au plus"),
        ({"day": "0001-01-01", "start_time": "00:00"}, "day", "Choisissez un jour."),
        ({"start_time": "25:00"}, "start_time", "Choisissez une heure."),
        ({"duration_minutes": ""}, "duration_minutes", "Choisissez une durée."),
        ({"duration_minutes": "0"}, "duration_minutes", "Choisissez une durée."),
        ({"duration_minutes": "9" * 5000}, "duration_minutes", "Choisissez une durée."),
        ({"duration_minutes": "900"}, "duration_minutes", "douze heures au plus"),
        ({"kind": "range", "places": "1"}, "places", "deux au moins"),
        ({"kind": "range", "places": "mille"}, "places", "deux au moins"),
        ({"kind": "range", "places": "101"}, "places", "Indiquez au plus 100."),
        ({"modality": "XX"}, "modality", "Cette modalité est inconnue"),
        ({"place": str(uuid4())}, "place", "n’est pas un lieu d’exercice"),
    ],
)
def test_what_cannot_be_published_says_why_at_its_field_and_keeps_the_rest(
    telephone: Browser,
    town: Town,
    doctor: Volunteer,
    typed: dict[str, str],
    field: str,
    sentence: str,
) -> None:
    page = publish(telephone, status=422, **({"start_time": "18:15"} | typed))

    said = page.field_error(field) or next(
        text for text in page.texts("div", "notice") if "à corriger" in text
    )
    assert sentence in said
    form = page.form("/agenda/creneau")
    if "start_time" not in typed:
        assert form.values["start_time"] == "18:15"
    assert form.values["kind"] == typed.get("kind", "single")
    assert slots_of(town.house, doctor) == []


def test_a_slot_that_overlaps_another_at_the_same_place_is_refused_with_the_other_s_hours(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    publish(telephone, start_time="14:00", duration_minutes="60")

    page = publish(telephone, status=422, start_time="14:45")

    assert page.field_error("start") == (
        "Ce créneau en chevauche un autre au même lieu : lundi 23 novembre de 14 h à 15 h."
    )
    assert len(slots_of(town.house, doctor)) == 1


def test_a_practitioner_publishes_in_no_one_else_s_place(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    other = town.volunteer()
    publish(telephone, status=422, place=str(other.place))
    assert slots_of(town.house, doctor) == slots_of(town.house, other) == []
