"""« Mes lieux » and « Libre maintenant » from a telephone."""

from tests.builders import Town, Volunteer
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.web.pages import Browser

NEW = {
    "label": "Maison de santé",
    "address": "3 place du Marché",
    "commune_text": "Champagnole",
    "access": "Interphone 12",
    "step_free": "1",
    "siret": "73282932000075",
}


def test_a_place_is_added_with_a_warning_about_its_number(telephone: Browser) -> None:
    form = telephone.get("/agenda/lieux/nouveau").form("/agenda/lieux/nouveau")

    page = telephone.submit(form, NEW)

    assert page.path == "/agenda/lieux"
    assert "Lieu ajouté." in page.text
    assert "SIRET 73282932000075 : La clé de ce numéro ne correspond pas" in page.text
    assert "3 place du Marché, 39300 Champagnole" in page.text
    assert "De plain-pied" in page.text


def test_what_is_wrong_with_a_place_is_said_and_what_was_typed_stays(telephone: Browser) -> None:
    form = telephone.get("/agenda/lieux/nouveau").form("/agenda/lieux/nouveau")
    page = telephone.submit(form, NEW | {"label": "", "commune_text": "Xyzzy"}, status=422)
    assert page.field_error("label") == "Ce champ est nécessaire."
    assert page.field_error("commune") == "Choisissez une commune de la liste."
    assert page.form("/agenda/lieux/nouveau").values["access"] == "Interphone 12"

    page = telephone.submit(form, NEW | {"finess": "12"}, status=422)
    assert "9 caractères" in page.field_error("finess")


def test_a_place_is_described_anew_and_closed_and_opened_again(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    own = f"/agenda/lieux/{doctor.place}"
    page = telephone.submit(telephone.get(own).form(own), {"access": "Sonnez deux fois"})
    assert "Lieu enregistré." in page.text
    assert "Sonnez deux fois" in page.text
    page = telephone.submit(page.form(f"{own}/fermer"))
    assert "C’est votre seul lieu d’exercice" in page.text

    form = telephone.get("/agenda/lieux/nouveau").form("/agenda/lieux/nouveau")
    page = telephone.submit(telephone.submit(form, NEW).form(f"{own}/fermer"))
    assert "Lieu fermé" in page.text
    page = telephone.submit(page.form(f"{own}/rouvrir"))
    assert "Lieu rouvert." in page.text


def test_the_patient_reads_how_to_get_in_and_what_the_practitioner_says(
    telephone: Browser, somebody: Browser, town: Town, doctor: Volunteer, sms: FakeSms
) -> None:
    own = f"/agenda/lieux/{doctor.place}"
    telephone.submit(telephone.get(own).form(own), {"access": "Interphone 12", "step_free": "1"})
    form = telephone.get("/agenda/creneau").form("/agenda/creneau")
    telephone.submit(form, {"start_time": "14:00", "note": "Apportez vos ordonnances"})
    town.request()
    keep_promises(town.house)

    bodies = [taken.message.body for taken in sms.taken]
    link = next(word for body in bodies for word in body.split() if "/r/" in word)
    page = somebody.get(link[link.index("/r/") :])

    assert "Interphone 12" in page.text
    assert "Accès de plain-pied." in page.text
    assert "Apportez vos ordonnances" in page.text
    assert not any("ordonnances" in body or "Interphone" in body for body in bodies)
    assert "Apportez vos ordonnances" in telephone.get("/agenda").text


def test_libre_maintenant_is_one_tap_and_another_to_stop(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    page = telephone.submit(telephone.get("/agenda").form("/agenda/libre-maintenant"))

    # it is 09:00 in Paris
    assert "Vous êtes annoncé libre jusqu’à 11 h." in page.text
    assert "Libre jusqu’à 11 h" in page.text
    assert not page.has_form("/agenda/libre-maintenant")
    town.request()
    keep_promises(town.house)
    page = telephone.get("/agenda")
    assert "1 patient sur 4" in page.text

    page = telephone.submit(page.form("/agenda/creneau/fermer"), status=409)
    assert page.h1 == "Un patient est attendu"
    page = telephone.submit(page.form("/agenda/creneau/fermer"))
    assert page.has_form("/agenda/libre-maintenant")
    assert "PATIENTE1" in page.text  # who was sent there is still expected


def test_what_stands_against_it_is_said(telephone: Browser, town: Town, doctor: Volunteer) -> None:
    town.slot(doctor, hours=0.25)
    form = telephone.get("/agenda").form("/agenda/libre-maintenant")
    assert "Votre prochain créneau commence à 9 h 15" in telephone.submit(form).text
    assert "Indiquez au plus 30." in telephone.submit(form, {"places": "31"}).text
    assert "doit être un nombre" in telephone.submit(form, {"hours": "midi"}).text


def test_visibility_and_notice_are_the_slot_s_own(
    telephone: Browser, town: Town, doctor: Volunteer
) -> None:
    form = telephone.get("/agenda/creneau").form("/agenda/creneau")
    assert form.values.getlist("visibility") == ["SNP", "CPTS"]
    page = telephone.submit(form, {"visibility": None}, status=422)
    assert page.field_error("visibility") == "Choisissez au moins une valeur."
    assert page.form("/agenda/creneau").values.getlist("visibility") == []

    telephone.submit(
        form, {"start_time": "10:00", "visibility": ["PRO"], "minimum_notice_minutes": "120"}
    )
    town.request()
    keep_promises(town.house)  # an hour ahead is too soon
    (slot,) = town.slots_of(doctor)
    assert (slot.visibility, slot.minimum_notice_minutes, slot.taken) == (["PRO"], 120, 0)
