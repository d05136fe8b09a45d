"""The board: which request stands in which column, what its card says, and how it renews itself."""

from collections.abc import Callable

from sqlalchemy import Engine, event, select

from dispatcher.domain.jobs import Job
from dispatcher.domain.messages import MessageStatus
from dispatcher.domain.roles import Account
from dispatcher.domain.states import RequestStatus
from dispatcher.gateways.sms import SmsRetry
from dispatcher.services.appointments import cancel_request, record_attendance
from dispatcher.services.commands import CancelRequest
from dispatcher.services.receipts import record_receipt
from dispatcher.services.receiving import receive_message
from dispatcher.storage import keeping
from dispatcher.storage.messages import Message
from tests.builders import Town, mobile
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.services.offering import answers, asked_volunteer, code_of, waits
from tests.web.pages import Browser, Page

BOARD, PART = "/demandes", "/demandes/tableau"
COLUMNS = ("todo", "searching", "asking", "calling", "booked", "closing")


def looked_for(desk: Browser, words: str) -> Page:
    """The board after a search from it."""
    return desk.submit(desk.get(BOARD).form(BOARD), {"q": words})


def columns(page: Page) -> dict[str, list[str]]:
    """By column: the cards, read from top to bottom."""
    found = {}
    for section in page.root.iter("section"):
        key = section.get("id", "").removeprefix("column-")
        found[key] = ["".join(card.itertext()) for card in section.iter("li")]
    return {key: [" ".join(card.split()) for card in cards] for key, cards in found.items()}


def test_an_empty_board_says_so_in_each_column(desk: Browser) -> None:
    page = desk.get(BOARD)
    assert columns(page) == {key: [] for key in COLUMNS}
    assert "Rien à traiter." in page.text


def test_a_new_request_is_searched_and_its_card_tells_who_what_and_how_long(
    town: Town, desk: Browser
) -> None:
    town.request(
        patient={"first_name": "Jeanne", "last_name": "Baud"},
        need={"motive": "FEVER", "delay_hours": 8, "modalities": ["HH", "AMB"]},
    )
    town.clock.advance(hours=1, minutes=10)
    (card,) = columns(desk.get(BOARD))["searching"]
    assert "Jeanne BAUD" in card
    assert "76 ans · Lons-le-Saunier" in card
    assert "Médecin · Fièvre · au cabinet, à domicile" in card
    assert "reste 6 h 50" in card
    assert "9 h (ouverture) · délai 8 h" in card


def test_the_time_left_is_told_in_words_whatever_the_colour(town: Town, desk: Browser) -> None:
    town.request(need={"delay_hours": 12})
    for hours, words in ((0, "reste 12 h"), (8.5, "reste 3 h 30"), (4, "délai dépassé de 30 min")):
        town.clock.advance(hours=hours)
        assert words in desk.part(PART).text


def test_a_booked_request_tells_its_hour_and_the_practitioner(town: Town, desk: Browser) -> None:
    town.slot(town.volunteer(last_name="Vuillet"), hours=5.5)
    town.request()
    keep_promises(town.house)
    (card,) = columns(desk.get(BOARD))["booked"]
    assert "Aujourd’hui à 14 h 30, Dr Anne Vuillet" in card
    assert "dans 5 h 30" in card


def test_a_walk_in_period_has_no_hour_of_its_own(town: Town, desk: Browser) -> None:
    town.slot(hours=2, minutes=180, places=6)
    town.request()
    keep_promises(town.house)
    (card,) = columns(desk.get(BOARD))["booked"]
    assert "Aujourd’hui à 11 h, sans heure fixe jusqu’à 14 h" in card


def test_appointments_to_come_are_in_the_order_of_their_hours(town: Town, desk: Browser) -> None:
    for hours in (30, 3):
        town.slot(hours=hours)
        town.request(need={"delay_hours": 48})
        keep_promises(town.house)
    page = desk.get(BOARD)
    first, second = columns(page)["booked"]
    assert "Aujourd’hui à 12 h" in first
    assert "Demain à 15 h" in second
    assert page.texts("summary") == ["Les jours suivants : 1"]
    assert "Rendez-vous du jour 1 demande" in page.texts("h2")


def test_a_search_that_found_nothing_comes_in_front_of_the_regulator(
    town: Town, desk: Browser
) -> None:
    town.request()
    keep_promises(town.house)
    (card,) = columns(desk.get(BOARD))["todo"]
    assert "Aucun créneau publié ne convient : la recherche continue" in card


def test_a_patients_cancellation_and_message_come_in_front_of_the_regulator(
    town: Town, desk: Browser
) -> None:
    town.slot(hours=2)
    town.slot(hours=3)
    cancelled = town.request(patient={"last_name": "Annule"})
    written = town.request(patient={"last_name": "Ecrit", "phone": mobile(42)})
    keep_promises(town.house)
    cancel_request(town.house, town.regulator, cancelled, CancelRequest(by="patient"))
    receive_message(town.house, "+33639980042", "Puis-je venir plus tard", "SM1")
    todo = columns(desk.get(BOARD))["todo"]
    assert any("ANNULE" in card and "Le patient a annulé" in card for card in todo)
    assert any("ECRIT" in card and "Un SMS reçu est à lire" in card for card in todo)
    assert town.the_request(written).status == RequestStatus.BOOKED
    assert "SMS à lire 1" in desk.get(BOARD).text


def test_what_is_over_and_not_marked_is_to_be_closed(town: Town, desk: Browser) -> None:
    town.slot(hours=2, minutes=20)
    request = town.request()
    keep_promises(town.house)
    town.clock.advance(hours=2, minutes=20)
    (card,) = columns(desk.get(BOARD))["closing"]
    assert "venu ou non venu ?" in card
    appointment = town.the_appointment(request)
    assert appointment is not None
    record_attendance(town.house, town.regulator, appointment.id, came=True)
    assert columns(desk.get(BOARD))["closing"] == []


def test_the_day_is_told_in_figures(town: Town, desk: Browser) -> None:
    town.request()
    town.clock.advance(days=1)
    town.slot(hours=3)
    town.request()
    town.request(need={"profession": "70"})
    keep_promises(town.house)
    text = desk.get(BOARD).text
    assert "Demandes du jour 2" in text
    assert "Rendez-vous pris 1" in text


def test_a_search_finds_by_name_telephone_and_code(town: Town, desk: Browser) -> None:
    found = town.request(
        patient={"first_name": "Élodie", "last_name": "Grandjean", "phone": mobile(4242)}
    )
    town.request(patient={"first_name": "Paul", "last_name": "Autre", "phone": mobile(1)})
    code = town.the_request(found).code
    for query in ("grandjean", "elodie GRAND", "06 39 98 42 42", "+33639984242", "4242", code):
        (cards,) = columns(looked_for(desk, query)).values()
        assert len(cards) == 1, query
        assert "Élodie GRANDJEAN" in cards[0], query


def test_a_search_leaves_no_name_in_any_address(town: Town, desk: Browser) -> None:
    request = town.request(patient={"last_name": "Grandjean"})
    answer = desk.send(desk.get(BOARD).form(BOARD), {"q": "grandjean", "metier": "10"})
    page = desk.get(answer.location)
    (cards,) = columns(page).values()
    assert len(cards) == 1
    assert page.form(BOARD).values["q"] == "grandjean"
    (part,) = [found for each in page.root.iter() if (found := each.get("data-live-url"))]
    for address in (answer.location, part, *page.links()):
        assert "grandjean" not in address.casefold()
    assert "GRANDJEAN" in desk.part(part).text
    taken = desk.submit(page.form(f"{BOARD}/prendre"), {"request": request})
    assert taken.form(BOARD).values["q"] == "grandjean"


def test_a_search_that_was_sealed_elsewhere_looks_for_nothing(
    town: Town, desk: Browser, signed_in: Callable[[Account], Browser]
) -> None:
    elsewhere = Town.found(town.house, town.clock, code="doubs", department="25")
    neighbours = signed_in(elsewhere.regulator)
    theirs = neighbours.send(neighbours.get(BOARD).form(BOARD), {"q": "grandjean"}).location
    town.request()
    for address in (theirs, theirs[:-6], f"{BOARD}?recherche=k1:", f"{BOARD}?recherche=é"):
        page = desk.get(address)
        assert page.form(BOARD).values["q"] == ""
        assert len(columns(page)["searching"]) == 1


def test_a_search_that_finds_nothing_says_so(town: Town, desk: Browser) -> None:
    town.request()
    for query in ("inconnu", "0000", "12", "<b>", "'", " ", "«"):
        page = looked_for(desk, query)
        if query.strip():
            assert "Aucune demande ne correspond à cette recherche." in page.text, query
        else:
            assert "searching" in columns(page)


def test_a_search_finds_what_was_closed_lately(town: Town, desk: Browser) -> None:
    request = town.request(patient={"last_name": "Grandjean"})
    cancel_request(town.house, town.regulator, request, CancelRequest(by="regulator"))
    assert "GRANDJEAN" not in desk.get(BOARD).text
    (card,) = columns(looked_for(desk, "grandjean"))["closed"]
    assert "annulée" in card
    town.clock.advance(days=15)
    assert "Aucune demande ne correspond" in looked_for(desk, "grandjean").text


def test_the_part_that_renews_itself_is_what_the_page_showed(town: Town, desk: Browser) -> None:
    town.request()
    page = desk.get(BOARD)
    part = desk.part(PART)
    assert columns(part) == columns(page)
    assert part.etag.strip('"') in page.html
    assert part.response.headers["X-Live-Every"] == "3000"


def test_nothing_is_sent_again_while_nothing_has_changed(town: Town, desk: Browser) -> None:
    town.request()
    etag = desk.part(PART).etag
    again = desk.part(PART, etag, status=304)
    assert (again.html, again.etag) == ("", etag)
    desk.part(PART, f"W/{etag}", status=304)


def test_each_change_that_a_card_shows_changes_the_tag(town: Town, desk: Browser) -> None:
    etags = [desk.part(PART).etag]

    def changed() -> None:
        etags.append(desk.part(PART, etags[-1]).etag)

    request = town.request(patient={"phone": mobile(42)})
    changed()
    town.slot(hours=2)
    keep_promises(town.house)
    changed()
    receive_message(town.house, "+33639980042", "OUI", "SM1")
    changed()
    receive_message(town.house, "+33639980042", "Où est-ce", "SM2")
    changed()
    town.clock.advance(minutes=1)
    changed()
    cancel_request(town.house, town.regulator, request, CancelRequest(by="regulator"))
    changed()
    assert len(set(etags)) == len(etags)


def test_whoever_was_asked_is_in_a_column_of_its_own_and_each_answer_changes_the_tag(
    town: Town, desk: Browser, clock: FakeClock
) -> None:
    no = asked_volunteer(town, last_name="Refuse")
    asked_volunteer(town, last_name="Muet")
    request = waits(town, clock)
    page, etag = desk.get(BOARD), desk.part(PART).etag
    (card,) = columns(page)["asking"]
    assert "2 volontaires sollicités" in card
    answers(town, no, f"NON {code_of(town, request)}")
    changed = desk.part(PART, etag)
    (card,) = columns(changed)["asking"]
    assert "2 volontaires sollicités, 1 refus" in card


def test_another_territorys_requests_are_not_on_the_board(town: Town, desk: Browser) -> None:
    elsewhere = Town.found(town.house, town.clock, code="doubs", department="25")
    etag = desk.part(PART).etag
    elsewhere.request(patient={"last_name": "Voisine"})
    assert "VOISINE" not in desk.get(BOARD).text
    assert "VOISINE" not in looked_for(desk, "voisine").text
    desk.part(PART, etag, status=304)


def test_the_board_asks_the_database_as_often_for_one_request_as_for_many(
    town: Town, desk: Browser
) -> None:
    def statements() -> int:
        asked: list[str] = []

        def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
            asked.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            desk.get(BOARD)
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        return len(asked)

    volunteer = town.volunteer()
    town.slot(volunteer, hours=2)
    town.request()
    keep_promises(town.house)
    desk.get(BOARD)  # how the machines are is asked now and then, not at each look
    few = statements()
    for number in range(8):
        town.slot(town.volunteer() if number % 2 else volunteer, hours=3 + number)
        town.request()
    keep_promises(town.house)
    assert statements() == few


def test_the_message_that_did_not_arrive_asks_for_a_call(town: Town, desk: Browser) -> None:
    town.slot(hours=2)
    request = town.request()
    keep_promises(town.house)
    with town.house.db.reading() as session:
        sid = session.scalars(
            select(Message.provider_sid).where(
                Message.request_id == request, Message.kind == "confirmation"
            )
        ).one()
    assert sid is not None
    record_receipt(town.house, None, sid, MessageStatus.UNDELIVERED.value, "30003")
    (card,) = columns(desk.get(BOARD))["calling"]
    assert "À appeler : le patient n’a pas reçu son SMS" in card
    page = desk.get(f"{BOARD}/{request}")
    assert "le téléphone est éteint ou hors réseau" in page.text
    desk.submit(page.form(f"{BOARD}/{request}/appele"))
    assert columns(desk.get(BOARD))["calling"] == []


def test_with_twilio_away_the_board_shows_whom_to_telephone_until_it_is_back(
    town: Town, desk: Browser, clock: FakeClock, sms: FakeSms
) -> None:
    town.slot(hours=3)
    request = town.request(patient={"last_name": "Baud"})
    for _ in range(100):
        sms.fail_next(SmsRetry("HTTP 503"))
    keep_promises(town.house)
    assert town.to_call(request) == []

    clock.advance(minutes=16)
    with town.house.db.writing() as session:  # the clock's
        keeping.promise_once(session, Job.WATCH_UNSENT, "watch", clock.now, clock.now)
    keep_promises(town.house)
    (card,) = columns(desk.get(BOARD))["calling"]
    assert "BAUD" in card
    assert "À appeler : le patient n’a pas reçu son SMS" in card

    sms.recover()
    clock.advance(minutes=15)
    keep_promises(town.house)
    assert len(sms.taken) == 2
    assert columns(desk.get(BOARD))["calling"] == []


def test_a_request_that_is_over_stands_there_until_its_patient_was_told(
    town: Town, desk: Browser
) -> None:
    town.slot(hours=2)
    request = town.request(patient={"phone": "03 53 01 00 12", "by_telephone": True})
    keep_promises(town.house)
    page = desk.get(f"{BOARD}/{request}")
    desk.submit(page.form(f"{BOARD}/{request}/appele"))
    town.clock.advance(minutes=1)
    cancelled = {"by": "regulator", "reason": "Doublon"}
    desk.submit(desk.get(f"{BOARD}/{request}").form(f"{BOARD}/{request}/annuler"), cancelled)

    (card,) = columns(desk.get(BOARD))["calling"]
    assert "À appeler : le patient n’a pas reçu son SMS" in card
    assert "annulée" in card
    assert "reste" not in card
    page = desk.get(f"{BOARD}/{request}")
    assert "Demande annulée" in page.text
    desk.submit(page.form(f"{BOARD}/{request}/appele"))

    assert columns(desk.get(BOARD))["calling"] == []
    assert "Patient prévenu par téléphone" in desk.get(f"{BOARD}/{request}").text
