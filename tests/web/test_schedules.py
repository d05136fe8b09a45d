"""Weekly templates and absences from a telephone: set up, changed, left out, stopped."""

import pytest

from tests.builders import Town, Volunteer
from tests.houses import keep_promises
from tests.web.pages import Browser, Page

OWN = "/agenda/modeles"


def set_up(telephone: Browser, status: int = 200, **typed: object) -> Page:
    form = telephone.get(f"{OWN}/nouveau").form(f"{OWN}/nouveau")
    wanted: dict[str, object] = {"weekdays": ["0", "3"], "start_1": "14:00", "end_1": "15:00"}
    return telephone.submit(form, wanted | typed, status=status)


def the_template(telephone: Browser) -> str:
    links = telephone.get(OWN).links()
    return next(link for link in links if link.startswith(f"{OWN}/") and "nouveau" not in link)


def starts(town: Town, doctor: Volunteer) -> list[str]:
    """In UTC; Paris is an hour ahead."""
    return [
        f"{each.start_at:%d/%m %H:%M}" for each in town.slots_of(doctor) if each.status != "closed"
    ]


def test_a_template_is_set_up_in_one_form(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    """Mondays and Thursdays, an hour cut into three: five Mondays and four Thursdays ahead."""
    page = set_up(telephone)

    assert page.path == OWN
    assert "Modèle enregistré : 27 créneaux publiés." in page.text
    assert "Lundi et jeudi" in page.text
    assert "De 14 h à 15 h, un patient toutes les 20 minutes" in page.text
    assert "depuis le 23 novembre 2026, sauf jours fériés" in page.text
    assert starts(town, doctor)[:4] == ["23/11 13:00", "23/11 13:20", "23/11 13:40", "26/11 13:00"]


def test_a_period_of_several_and_a_second_one_the_same_day(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    page = set_up(
        telephone,
        kind="range",
        places="5",
        start_2="17:00",
        end_2="18:30",
        every_weeks="2",
        last_day="2026-12-10",
        on_holidays="1",
    )
    assert "De 14 h à 15 h et de 17 h à 18 h 30, 5 patients par plage" in page.text
    assert "une semaine sur deux, du 23 novembre au 10 décembre 2026, jours fériés" in page.text
    assert starts(town, doctor) == [
        f"{day} {hour}"
        for day in ("23/11", "26/11", "07/12", "10/12")
        for hour in ("13:00", "16:00")
    ]


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"weekdays": None}, "weekdays", "Choisissez au moins une valeur."),
        ({"start_1": "15:00"}, "end_1", "La fin doit venir après le début."),
        ({"start_2": "16:00"}, "end_2", "Indiquez une heure, par exemple 14:30."),
        (
            {"start_2": "14:30", "end_2": "16:00"},
            "start_1",
            "se chevauchent le lundi et le jeudi (de 14 h 30 à 16 h)",
        ),
        ({"each_minutes": "90"}, "each_minutes", "plus long que la plage"),
        ({"kind": "range", "places": "mille"}, "places", "nombre entier"),
        ({"first_day": ""}, "first_day", "Indiquez une date"),
        ({"first_day": "2026-11-01"}, "first_day", "aujourd’hui ou plus tard"),
        ({"last_day": "2026-11-01"}, "last_day", "précède son début"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_the_rest_stays(
    telephone: Browser,
    town: Town,
    doctor: Volunteer,
    typed: dict[str, object],
    field: str,
    sentence: str,
) -> None:
    page = set_up(telephone, status=422, note="Sonnez", **typed)
    assert sentence in page.field_error(field)
    assert page.form(f"{OWN}/nouveau").values["note"] == "Sonnez"
    assert town.slots_of(doctor) == []


def test_a_change_shows_who_is_expected_and_does_as_chosen(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    set_up(telephone, kind="range", places="4")
    for _ in range(2):
        town.request()
    keep_promises(town.house)
    own = the_template(telephone)

    page = telephone.submit(
        telephone.get(own).form(own), {"start_1": "16:00", "end_1": "18:00"}, status=409
    )

    assert page.h1 == "2 patients sont attendus"
    assert "C. P. · lundi 23 novembre à 14 h" in page.text
    assert starts(town, doctor)[0] == "23/11 13:00"  # nothing has changed
    form = page.form(own)
    fates = [name for name in form.values if name.startswith("fate-")]
    assert form.values["start_1"] == "16:00"
    page = telephone.submit(form, {fates[0]: "cancel"})
    assert "1 patient gardé, 1 patient annulé et prévenu." in page.text
    assert starts(town, doctor)[0] == "23/11 15:00"


def test_from_a_day_on(telephone: Browser, town: Town, doctor: Volunteer) -> None:
    set_up(telephone, kind="range", weekdays=["0"])
    own = the_template(telephone)
    change = {"from_day": "2026-12-07", "start_1": "09:00", "end_1": "10:00"}
    page = telephone.submit(telephone.get(own).form(own), change)
    assert starts(town, doctor) == [
        "23/11 13:00",
        "30/11 13:00",
        "07/12 08:00",
        "14/12 08:00",
        "21/12 08:00",
    ]
    assert "À venir" in page.text
    page = telephone.submit(telephone.get(own).form(own), {"from_day": ""}, status=422)
    assert page.field_error("from_day") == "Choisissez un jour."


def test_a_day_is_left_out_and_taken_back(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    set_up(telephone, kind="range", weekdays=["0"])
    own = the_template(telephone)
    page = telephone.submit(telephone.get(own).form(f"{own}/exception"))
    assert "Lundi 23 novembre : pas de créneau de ce modèle." in page.text
    assert starts(town, doctor)[0] == "30/11 13:00"
    page = telephone.submit(page.form(f"{own}/retablir"))
    assert "Lundi 23 novembre : 1 créneau publié." in page.text
    assert starts(town, doctor)[0] == "23/11 13:00"
    form = page.form(f"{own}/exception")
    assert "n’a pas lieu ce jour-là" in telephone.submit(form, {"day": "2026-11-24"}).text
    assert "Choisissez un jour." in telephone.submit(form, {"day": "demain"}).text


def test_a_template_is_stopped(telephone: Browser, town: Town, doctor: Volunteer) -> None:
    set_up(telephone, kind="range", weekdays=["0"])
    own = the_template(telephone)
    form = telephone.get(own).form(f"{own}/arreter")
    assert "Choisissez un jour." in telephone.submit(form, {"from_day": ""}).text
    page = telephone.submit(form, {"from_day": "2026-12-01"})
    assert "Modèle arrêté : 3 créneaux fermés." in page.text
    assert starts(town, doctor) == ["23/11 13:00", "30/11 13:00"]


def test_an_absence_over_patients_and_back(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    set_up(telephone, kind="range", weekdays=["0"])
    town.request()
    keep_promises(town.house)
    form = telephone.get(OWN).form(f"{OWN}/absences")

    page = telephone.submit(form, {"last_day": "2026-11-30"}, status=409)
    assert page.h1 == "Un patient est attendu"
    page = telephone.submit(page.form(f"{OWN}/absences"))

    assert "Absence enregistrée : 2 créneaux fermés. 1 patient gardé." in page.text
    assert "Du 23 au 30 novembre 2026" in page.text
    assert starts(town, doctor)[0] == "07/12 13:00"
    cancel = next(form for form in page.forms() if form.action.endswith("/annuler"))
    page = telephone.submit(cancel)
    # this Monday's hour is still the kept patient's, who comes when they like: it is offered again
    assert "Absence annulée : vos modèles reprennent" in page.text


def test_an_absence_of_some_hours(telephone: Browser, town: Town, doctor: Volunteer) -> None:
    form = telephone.get(OWN).form(f"{OWN}/absences")
    page = telephone.submit(form, {"first_time": "14:00", "last_time": "18:00"})
    assert "Du lundi 23 novembre à 14 h au lundi 23 novembre à 18 h" in page.text
    page = telephone.submit(form, {"last_day": "2026-11-20"}, status=422)
    assert "précède son début" in page.field_error("last_day")
    page = telephone.submit(form, {"first_day": "", "last_time": "25:00"}, status=422)
    assert page.field_error("first_day") == "Choisissez un jour."
    assert page.field_error("last_time") == "Choisissez une heure."


# One slot, and the week


def test_one_slot_is_changed_by_the_form_that_made_it(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    set_up(telephone, kind="range", weekdays=["0"], places="4", note="Sonnez")
    slot = town.slots_of(doctor)[0]
    own = f"/agenda/creneau/{slot.id}"
    form = telephone.get(own).form(own)
    assert form.values["note"] == "Sonnez"
    assert (form.values["day"], form.values["start_time"]) == ("2026-11-23", "14:00")

    page = telephone.submit(form, {"start_time": "15:00", "places": "6"})

    assert page.path == "/agenda/semaine"
    assert "Créneau enregistré : aujourd’hui de 15 h à 16 h." in page.text
    assert starts(town, doctor)[:2] == ["23/11 14:00", "30/11 13:00"]
    town.request()
    keep_promises(town.house)
    page = telephone.submit(telephone.get(own).form(own), {"day": "2026-11-24"}, status=409)
    assert page.h1 == "Un patient est attendu"
    page = telephone.submit(telephone.get(own).form(own), {"day": "2026-11-20"}, status=422)
    assert page.field_error("start") == "Ce créneau est déjà passé."


def test_the_week_shows_what_is_offered_and_the_weeks_around(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    set_up(telephone, kind="range", weekdays=["0"], places="4")
    town.slot(doctor, hours=2)
    town.request()
    keep_promises(town.house)

    page = telephone.get("/agenda/semaine")
    assert "Du 23 au 29 novembre 2026" in page.text
    assert "11 h réservé" in page.text
    assert "14 h 0 sur 4" in page.text
    later = telephone.get("/agenda/semaine?jour=2026-12-02")
    assert "Du 30 novembre au 6 décembre 2026" in later.text
    assert "0 sur 4" in later.text
    assert "Du 23 au 29 novembre 2026" in telephone.get("/agenda/semaine?jour=jamais").text
    assert "Jour férié" in telephone.get("/agenda/semaine?jour=2026-12-25").text


def test_a_slot_over_midnight_is_on_both_days(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    town.slot(doctor, hours=14, minutes=120, places=3)  # from 23:00 to 01:00
    page = telephone.get("/agenda/semaine")
    assert page.html.count("23\u00a0h</strong>") == 2


def test_what_was_drawn_is_in_the_form_and_nothing_is_published(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    drawn = "?day=2026-12-09&start_time=09:05&duration_minutes=75"
    form = telephone.get(f"/agenda/creneau{drawn}").form("/agenda/creneau")
    assert town.slots_of(doctor) == []
    telephone.submit(form)
    (slot,) = town.slots_of(doctor)
    assert f"{slot.start_at:%d/%m %H:%M}" == "09/12 08:05"
    assert (slot.ends_at - slot.start_at).seconds == 75 * 60

    own = f"/agenda/creneau/{slot.id}"
    form = telephone.get(f"{own}?day=2026-12-10&start_time=10:00").form(own)
    assert (form.values["day"], form.values["duration_minutes"]) == ("2026-12-10", "75")
    assert telephone.get("/agenda/creneau?day=demain&start_time=x").status == 200


def test_nobody_changes_what_is_another_s(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    slot = town.slot(town.volunteer())
    telephone.get(f"/agenda/creneau/{slot}", status=404)
    telephone.get(f"{OWN}/{slot}", status=404)
