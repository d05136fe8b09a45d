"""The engine's reasons as a regulator reads them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dispatcher.domain.matching import explain
from dispatcher.domain.matching.candidates import candidates, weigh
from dispatcher.domain.matching.cost import Term, TermCode, Weights
from dispatcher.domain.matching.feasibility import Reason
from dispatcher.domain.matching.needs import Limits, Need, OpenSlot
from tests.domain.morning import DOCTOR, NEED, NOW, SLOT, hours, north, walk_in

WEIGHTS = Weights()


def plain(text: str) -> str:
    """With ordinary spaces, as it is typed here."""
    return text.replace("\u00a0", " ")


def told(need: Need, slot: OpenSlot, limits: Limits | None = None) -> str:
    _, pair = weigh(need, slot, WEIGHTS, NOW, limits or Limits())
    return plain(explain.sentence(pair.terms))


def test_the_reasons_of_a_choice_stand_on_one_line() -> None:
    slot = replace(SLOT, start=hours(11) + timedelta(minutes=40), latitude=north(2.3), load=0.4)
    assert told(replace(NEED, gp_id=DOCTOR), slot) == (
        "2,3 km par la route · 11 h 40 d’attente · dans le délai · médecin traitant"
        " · 40 % de ses places pourvues"
    )


def test_figures_and_units_are_never_parted_by_the_end_of_a_line() -> None:
    _, pair = weigh(NEED, replace(SLOT, latitude=north(2.3)), WEIGHTS, NOW)
    assert explain.render(pair.terms[0]) == "2,3\u00a0km par la route"


def test_teleconsultation_and_a_period_that_has_begun() -> None:
    remote = replace(walk_in(-1, 4), modality="VR")
    assert told(replace(NEED, modalities=frozenset({"VR"})), remote) == (
        "sans déplacement · tout de suite · dans le délai · 0 % de ses places pourvues"
    )


def test_a_slot_beyond_the_radius_or_wanted_by_others_says_so() -> None:
    wanted = replace(SLOT, start=hours(24), latitude=north(34), price=12.0)
    assert told(replace(NEED, enlarged_km=45.0), wanted) == (
        "34 km par la route · au-delà du rayon de 30 km · 1 j d’attente · dans le délai"
        " · 0 % de ses places pourvues · créneau recherché par d’autres"
    )


def test_a_booking_of_before_roads_were_counted_is_still_told() -> None:
    old = Term(TermCode.DISTANCE, 2.3, {"km": 2.3, "travel": True})
    assert plain(explain.render(old)) == "2,3 km"


def test_a_late_hour_says_by_how_much() -> None:
    late = replace(SLOT, start=hours(25.5), longitude=None, latitude=None)
    assert told(NEED, late, Limits(grace=timedelta(hours=2))) == (
        "distance inconnue · 1 j 1 h d’attente · 1 h 30 après le délai · 0 % de ses places pourvues"
    )


@pytest.mark.parametrize(
    ("km", "said"),
    [
        (0.0, "moins de 1 km"),
        (0.99, "moins de 1 km"),
        (1.0, "1 km"),
        (2.34, "2,3 km"),
        (9.94, "9,9 km"),
        (9.96, "10 km"),
        (34.2, "34 km"),
        (None, "distance inconnue"),
    ],
)
def test_a_distance_is_as_precise_as_it_matters(km: float | None, said: str) -> None:
    assert plain(explain.distance_in_words(km)) == said


@pytest.mark.parametrize(
    ("need", "slot", "said"),
    [
        (
            NEED,
            replace(SLOT, latitude=north(34)),
            "trop loin : 34 km à vol d’oiseau pour 30 km au plus",
        ),
        (NEED, replace(SLOT, start=hours(26)), "après le délai demandé : 2 h de trop"),
        (
            replace(NEED, earliest=hours(5)),
            replace(SLOT, start=hours(4)),
            "avant que le patient soit disponible : 1 h trop tôt",
        ),
        (
            NEED,
            replace(SLOT, start=hours(0.25)),
            "trop proche pour le praticien : préavis de 30 min",
        ),
        (NEED, replace(SLOT, max_age=15), "hors des âges reçus : jusqu’à 15 ans"),
        (NEED, replace(SLOT, min_age=65), "hors des âges reçus : à partir de 65 ans"),
        (NEED, replace(SLOT, min_age=3, max_age=15), "hors des âges reçus : de 3 à 15 ans"),
        (
            NEED,
            replace(SLOT, daily_cap=8, booked_that_day=8),
            "maximum du praticien atteint ce jour-là : 8 rendez-vous",
        ),
        (
            replace(NEED, enlarged_km=45.0),
            replace(SLOT, latitude=north(47)),
            "trop loin : 47 km à vol d’oiseau pour 45 km au plus",
        ),
        (
            replace(NEED, sex="male"),
            replace(SLOT, patient_sex="female"),
            "réservé aux femmes",
        ),
        (
            replace(NEED, sex="female"),
            replace(SLOT, patient_sex="male"),
            "réservé aux hommes",
        ),
        (
            replace(NEED, language="ar"),
            SLOT,
            "ne parle pas la langue du patient",
        ),
        (replace(NEED, needs_step_free=True), SLOT, "accès sans marche non assuré"),
        (
            replace(NEED, travel_km=5.0),
            replace(SLOT, latitude=north(9)),
            "le patient ne peut pas s’y rendre : 9 km à vol d’oiseau pour 5 km au plus",
        ),
        (
            replace(NEED, travel_km=0.0),
            SLOT,
            "le patient ne peut pas s’y rendre : aucun déplacement possible",
        ),
        (
            NEED,
            replace(SLOT, weekly_cap=20, booked_that_week=20),
            "maximum du praticien atteint cette semaine-là : 20 rendez-vous",
        ),
        (NEED, replace(SLOT, outside_hours=True), "aux heures de la permanence des soins"),
        (NEED, replace(SLOT, taken=1), "complet"),
        (NEED, replace(SLOT, modality="VR"), "autre mode de consultation"),
    ],
)
def test_a_near_miss_is_told_with_its_figures(need: Need, slot: OpenSlot, said: str) -> None:
    (near,) = candidates(need, [slot], WEIGHTS, NOW).near_misses
    assert plain(explain.render_near_miss(near)) == said


def test_refusals_are_counted_in_words_the_most_frequent_first() -> None:
    counts = {Reason.FULL: 2, Reason.TOO_FAR: 12}
    assert [plain(line) for line in explain.render_refused(counts)] == [
        "12 × trop loin",
        "2 × complet",
    ]


def test_every_reason_and_every_term_has_its_words() -> None:
    assert set(explain.REASON_IN_WORDS) == set(Reason)
    figures = {
        "km": 1.0,
        "road_km": 1.3,
        "radius_km": 30.0,
        "travel": True,
        "minutes": 1,
        "load": 0.5,
    }
    assert all(explain.render(Term(code, 0.0, figures)) for code in TermCode)
