"""One request's page: what it shows in each state, how it renews itself, every way out of it."""

from uuid import UUID

from dispatcher.domain.roles import Role
from dispatcher.domain.states import AppointmentStatus, RequestStatus
from dispatcher.services.house import House
from dispatcher.services.neighbours import agree
from dispatcher.services.receipts import record_receipt
from dispatcher.services.receiving import receive_message
from tests.builders import Town, Volunteer, mobile
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.web.pages import Browser, Page

FAR = "39198"
"""Dole, 47 km from Lons-le-Saunier: further than anybody is sent in the Jura."""


def page_of(desk: Browser, request: UUID) -> Page:
    return desk.get(f"/demandes/{request}")


def act(desk: Browser, request: UUID, verb: str, *, answer: int = 200, **fields: str) -> Page:
    """Press a key of the page, as its form sends it."""
    path = f"/demandes/{request}/{verb}"
    return desk.submit(page_of(desk, request).form(path), fields, status=answer)


def booked(town: Town, volunteer: Volunteer | None = None, hours: float = 2) -> UUID:
    town.slot(volunteer, hours=hours)
    request = town.request()
    keep_promises(town.house)
    assert town.the_request(request).status == RequestStatus.BOOKED
    return request


# What it shows


def test_a_search_that_has_just_begun_asks_to_be_patient(town: Town, desk: Browser) -> None:
    town.slot()
    page = page_of(desk, town.request())
    assert "Recherche d’un créneau en cours…" in page.text
    assert "Créneaux examinés" not in page.text
    assert "Aucun SMS pour cette demande." in page.text


def test_the_booking_is_shown_with_its_reasons(town: Town, desk: Browser) -> None:
    volunteer = town.volunteer(last_name="Vuillet", commune="39362")
    page = page_of(desk, booked(town, volunteer, hours=5.5))
    assert "Aujourd’hui, lundi 23 novembre à 14 h 30" in page.texts("h2")
    assert "Dr Anne Vuillet · Médecin, médecine générale" in page.text
    assert "39570 Montmorot" in page.text
    assert "Consultation au cabinet" in page.text
    reasons = page.texts("li", "chip--plain")
    assert reasons[0].endswith(" km par la route")
    assert reasons[1:] == ["5 h 30 d’attente", "dans le délai", "0 % de ses places pourvues"]


def test_the_patients_and_the_practitioners_sms_are_shown_with_their_state_and_hour(
    town: Town, desk: Browser
) -> None:
    request = booked(town, town.volunteer(last_name="Vuillet"))
    town.clock.advance(minutes=4)
    page = page_of(desk, request)
    heads = page.texts("p", "message__head")
    assert sorted(heads) == [
        "À Camille PATIENTE1 9 h Envoyé",
        "À Dr Anne Vuillet 9 h Envoyé",
    ]
    assert "répondez ANNULER" in page.text


def test_what_the_patient_wrote_is_shown_and_waits_to_be_read(town: Town, desk: Browser) -> None:
    town.slot()
    request = town.request(patient={"phone": mobile(42)})
    keep_promises(town.house)
    receive_message(town.house, "+33639980042", "Où est-ce <b>exactement</b> ?", "SM1")
    page = page_of(desk, request)
    assert "Où est-ce <b>exactement</b> ?" in page.text
    assert "De Camille PATIENTE1 9 h Reçu" in page.texts("p", "message__head")
    assert "/messages-recus" in page.links()


def test_candidates_and_near_misses_are_told_in_words(town: Town, desk: Browser) -> None:
    request = booked(town, town.volunteer(last_name="Premier"), hours=2)
    town.slot(town.volunteer(last_name="Suivant"), hours=3)
    town.slot(town.volunteer(last_name="Lointain", commune=FAR), hours=4)
    town.slot(town.volunteer(last_name="Tardif"), hours=26)
    town.slot(town.volunteer(last_name="Autremetier", profession="70"), hours=3)
    act(desk, request, "annuler", by="patient")
    page = page_of(desk, request)
    candidates = page.texts("li", "candidate")
    assert "Dr Anne Premier" in candidates[0]
    assert "dans le délai" in candidates[0]
    assert "Dr Anne Suivant" in candidates[1]
    near = " ".join(candidates[2:])
    assert "Dr Anne Lointain trop loin : 47 km à vol d’oiseau pour 45 km au plus" in near
    assert "Dr Anne Tardif après le délai demandé : 2 h de trop" in near
    assert "Autremetier" not in page.text
    assert "1 autre profession" in page.texts("li", "chip--plain")


def test_a_full_slot_is_told_but_cannot_be_asked_for(town: Town, desk: Browser) -> None:
    booked(town)
    request = town.request()
    keep_promises(town.house)
    page = page_of(desk, request)
    (candidate,) = page.texts("li", "candidate")
    assert "complet" in candidate
    assert "Réserver" not in candidate


def test_where_nothing_is_published_the_page_says_so(town: Town, desk: Browser) -> None:
    request = town.request()
    keep_promises(town.house)
    assert "Aucun créneau n’est publié dans le territoire" in page_of(desk, request).text


def test_a_walk_in_period_is_told_with_its_places(town: Town, desk: Browser) -> None:
    town.slot(town.volunteer(), hours=2, minutes=180, places=3)
    request = town.request()
    keep_promises(town.house)
    assert "11 h (jusqu’à 14 h, sans heure fixe)" in page_of(desk, request).text
    act(desk, request, "annuler", by="patient")
    assert "3 places jusqu’à 14 h" in page_of(desk, request).text


def test_the_timeline_tells_who_did_what_and_when(town: Town, desk: Browser) -> None:
    request = booked(town, town.volunteer(last_name="Vuillet"))
    town.clock.advance(minutes=12)
    act(desk, request, "annuler", by="patient")
    lines = page_of(desk, request).texts("ol", "timeline")[0]
    assert "9 h Demande enregistrée : Médecin, sous 24 h, SAS – Centre 15 – Compte regulator" in (
        lines
    )
    assert "Rendez-vous pris : lundi 23 novembre à 11 h, Dr Anne Vuillet – Automatique" in lines
    assert "SMS écrit au patient : confirmation du rendez-vous" in lines
    assert "9 h 12 Rendez-vous du lundi 23 novembre à 11 h annulé par le patient" in lines
    assert lines.index("annulé par le patient") < lines.index("Demande enregistrée")


def test_yesterdays_hours_are_told_with_their_day(town: Town, desk: Browser) -> None:
    request = town.request(need={"delay_hours": 72})
    town.clock.advance(days=1)
    page = page_of(desk, request)
    assert "Ouverte hier à 9 h" in page.text
    town.clock.advance(days=1)
    assert "Ouverte lundi 23 novembre à 9 h" in page_of(desk, request).text


# How it renews itself


def test_the_page_shows_the_booking_as_soon_as_it_asks_again(town: Town, desk: Browser) -> None:
    town.slot()
    request = town.request()
    page = page_of(desk, request)
    path = f"/demandes/{request}/suivi"
    etag = desk.part(path).etag
    assert etag.strip('"') in page.html
    desk.part(path, etag, status=304)
    keep_promises(town.house)
    part = desk.part(path, etag)
    assert "Rendez-vous pris" in part.text
    assert part.etag != etag


def test_the_page_asks_often_while_the_engine_is_at_work_and_seldom_afterwards(
    town: Town, desk: Browser
) -> None:
    def every() -> int:
        return int(desk.part(f"/demandes/{request}/suivi").response.headers["X-Live-Every"])

    request = town.request()
    assert every() <= 500
    assert 'data-live-every="250"' in page_of(desk, request).html
    town.clock.advance(seconds=30)
    assert every() == 1000
    keep_promises(town.house)
    assert every() == 3000
    act(desk, request, "annuler", by="regulator")
    assert every() == 10_000


def test_a_slot_that_is_published_meanwhile_appears(town: Town, desk: Browser) -> None:
    request = town.request()
    keep_promises(town.house)
    path = f"/demandes/{request}/suivi"
    etag = desk.part(path).etag
    town.slot(town.volunteer(last_name="Nouvelle", commune=FAR))
    assert "Nouvelle" in desk.part(path, etag).text


def test_an_sms_that_moves_on_changes_the_page(town: Town, desk: Browser, sms: FakeSms) -> None:
    request = booked(town)
    path = f"/demandes/{request}/suivi"
    etag = desk.part(path).etag
    record_receipt(town.house, None, sms.taken[0].sid, "delivered", None)
    assert "Remis" in desk.part(path, etag).text


# Every way out of it


def test_a_slot_is_booked_by_hand(town: Town, desk: Browser) -> None:
    first = booked(town)
    act(desk, first, "annuler", by="patient")
    page = act(desk, first, "reserver")
    assert "Rendez-vous pris : les SMS partent." in page.text
    assert "Choisi par la régulation" in page.text
    assert town.the_request(first).status == RequestStatus.BOOKED


def test_a_rule_is_passed_over_only_with_a_reason(town: Town, desk: Browser) -> None:
    slot = town.slot(town.volunteer(commune=FAR))
    request = town.request()
    keep_promises(town.house)
    refused = act(desk, request, "reserver", answer=422, slot=str(slot), override="")
    assert "Ce créneau ne convient pas : trop loin." in refused.text
    assert town.the_request(request).status == RequestStatus.SEARCHING
    page = act(desk, request, "reserver", slot=str(slot), override="Sa fille la conduit")
    assert "Règle passée outre : Sa fille la conduit" in page.text
    assert "malgré : trop loin" in page.text
    assert town.the_request(request).status == RequestStatus.BOOKED


def test_the_slower_of_two_regulators_is_told_what_to_do(town: Town, desk: Browser) -> None:
    slot = town.slot(town.volunteer(commune=FAR))
    slow, quick = town.request(), town.request()
    keep_promises(town.house)
    form = page_of(desk, slow).form(f"/demandes/{slow}/reserver")
    act(desk, quick, "reserver", slot=str(slot), override="Accord du praticien")
    page = desk.submit(form, {"slot": str(slot), "override": "Accord du praticien"}, status=409)
    assert "Ce créneau vient d’être pris ou fermé. Choisissez-en un autre" in page.text
    assert town.the_request(slow).status == RequestStatus.SEARCHING


def test_nonsense_for_a_slot_is_refused_and_changes_nothing(town: Town, desk: Browser) -> None:
    request = town.request()
    keep_promises(town.house)
    for slot in ("", "nonsense", "00000000-0000-4000-8000-000000000000"):
        response = desk.client.post(
            f"/demandes/{request}/reserver",
            data={
                "slot": slot,
                "csrf_token": page_of(desk, request).form("/deconnexion").values["csrf_token"],
            },
        )
        assert response.status_code in {303, 404}
    assert town.the_request(request).status == RequestStatus.SEARCHING


def test_cancelled_for_the_patient_the_place_is_free_and_the_request_to_be_dealt_with(
    town: Town, desk: Browser
) -> None:
    request = booked(town)
    page = act(desk, request, "annuler", by="patient", reason="UNAVAILABLE")
    assert "Annulation enregistrée." in page.text
    assert "Le patient a annulé son rendez-vous" in page.texts("h2")
    assert town.the_request(request).status == RequestStatus.OPEN
    assert town.the_appointment(request) is None


def test_cancelled_for_the_practitioner_the_search_goes_on(town: Town, desk: Browser) -> None:
    request = booked(town, town.volunteer(last_name="Absente"))
    act(desk, request, "annuler", by="practitioner", reason="ABSENT")
    assert town.the_request(request).status == RequestStatus.SEARCHING
    town.slot(town.volunteer(last_name="Presente"), hours=3)
    keep_promises(town.house)
    assert "Dr Anne Presente" in page_of(desk, request).text


def test_cancelled_by_the_regulation_the_request_is_over(town: Town, desk: Browser) -> None:
    request = booked(town)
    page = act(desk, request, "annuler", by="regulator", reason="DUPLICATE")
    assert "Demande annulée : La régulation" in page.texts("h2")
    assert "Demande en double" in page.text
    assert not page.has_form(f"/demandes/{request}/relancer")
    assert town.the_request(request).status == RequestStatus.CANCELLED


def test_a_patient_is_redirected_with_words(town: Town, desk: Browser) -> None:
    request = booked(town)
    page = act(desk, request, "reorienter", to="15", note="Douleur thoracique")
    assert "Patient réorienté : Transmis au 15" in page.texts("h2")
    assert "Douleur thoracique" in page.text
    assert town.the_appointment(request) is None
    found = town.the_request(request)
    assert (found.status, found.closing_code) == (RequestStatus.REDIRECTED, "15")


def test_each_redirection_of_the_catalogue_can_be_chosen(town: Town, desk: Browser) -> None:
    for code, entry in town.house.catalogue.redirections.items():
        request = town.request()
        page = act(desk, request, "reorienter", to=code)
        assert f"Patient réorienté : {entry.label}".replace("\u00a0", " ") in page.texts("h2")


def test_a_request_is_closed_without_a_solution(town: Town, desk: Browser) -> None:
    request = town.request()
    keep_promises(town.house)
    page = act(desk, request, "sans-solution", reason="TOO_FAR")
    assert "Close sans solution : Trop loin pour le patient" in page.texts("h2")
    assert town.the_request(request).status == RequestStatus.UNFILLED


def test_a_search_is_started_again(town: Town, desk: Browser) -> None:
    request = booked(town)
    act(desk, request, "annuler", by="patient")
    page = act(desk, request, "relancer")
    assert "Recherche relancée." in page.text
    keep_promises(town.house)
    assert town.the_request(request).status == RequestStatus.BOOKED


def test_coming_and_not_coming_are_marked_once_the_hour_has_come_and_can_be_corrected(
    town: Town, desk: Browser
) -> None:
    request = booked(town, hours=2)
    assert not page_of(desk, request).has_form(f"/demandes/{request}/issue")
    town.clock.advance(hours=2)
    missed = act(desk, request, "issue", status="no_show")
    assert "Patient non venu" in missed.text
    came = act(desk, request, "issue", status="fulfilled")
    assert "Honorée" in came.text
    appointment = town.the_appointment(request)
    assert appointment is not None
    assert appointment.status == AppointmentStatus.FULFILLED


def test_a_key_pressed_too_late_says_how_things_stand(town: Town, desk: Browser) -> None:
    request = booked(town)
    form = page_of(desk, request).form(f"/demandes/{request}/annuler")
    act(desk, request, "annuler", by="regulator")
    page = desk.submit(form, {"by": "regulator"})
    assert "L’état actuel est « annulée »" in page.text
    nobody = desk.submit(form, {"by": "nobody"})
    assert "Choisissez une valeur de la liste." in nobody.text


def test_a_request_that_does_not_exist_is_not_there(desk: Browser) -> None:
    unknown = "/demandes/00000000-0000-4000-8000-000000000000"
    assert desk.get(unknown, status=404).h1 == "Page introuvable"
    desk.part(f"{unknown}/suivi", status=404)
    assert desk.get("/demandes/12", status=404).h1 == "Page introuvable"


def test_the_practitioner_who_gave_no_mobile_has_no_telephone_on_the_page(
    town: Town, desk: Browser
) -> None:
    page = page_of(desk, booked(town, town.volunteer(phone=None)))
    assert "tel:None" not in page.html


def test_a_booked_request_says_what_became_of_the_other_slots(
    desk: Browser, town: Town, house: House
) -> None:
    town.slot(hours=2)
    town.slot(hours=3)
    town.slot(hours=30)
    request = town.request()
    keep_promises(house)

    page = desk.get(f"/demandes/{request}")

    assert "Et les autres créneaux\u00a0?" in page.html
    assert "1 convenait aussi" in page.text
    assert "1 après le délai demandé" in page.text


def test_a_lent_place_names_its_territory(
    desk: Browser, town: Town, house: House, clock: FakeClock
) -> None:
    next_door = Town.found(house, clock, code="plaine", phone="03 84 00 00 01")
    agree(house, town.account(Role.COORDINATOR), "plaine")
    agree(house, next_door.account(Role.COORDINATOR), "jura")
    next_door.slot(shared=True)
    request = town.request()
    keep_promises(house)

    assert "CPTS plaine" in desk.get(f"/demandes/{request}").text
