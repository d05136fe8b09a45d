"""SMS around an appointment: the right hour to the right person, and not a word about health."""

import re
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from dispatcher.domain.lateness import LATE_MINUTES
from dispatcher.domain.messages import MessageKind
from dispatcher.domain.roles import Role
from dispatcher.services import appointment_notices, appointments
from dispatcher.services.answers import release_acceptance
from dispatcher.services.appointment_notices import AppointmentNotices
from dispatcher.services.asking import ask_now
from dispatcher.services.commands import (
    BookSlot,
    CancelRequest,
    CloseRequest,
    OpenEpisode,
    RegisterPlace,
)
from dispatcher.services.episodes import call_reinforcements, open_episode
from dispatcher.services.house import House
from dispatcher.services.inbox import answer_message
from dispatcher.services.invitations import Invite, invite
from dispatcher.services.lateness import announce_delay
from dispatcher.services.moving import move_appointment
from dispatcher.services.receiving import receive_message
from dispatcher.services.schedules import set_up_schedule
from tests.builders import LONS, Town, mobile
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.services.offering import answers, asked_volunteer
from tests.services.own_agendas import linked, read_again
from tests.services.own_links import ask_practitioners_now
from tests.services.tables import kinds, messages, promises, row_counts, text_of
from tests.services.timetables import mondays

PATIENT = "+33639980042"
PLANTED = {
    "practitioner": ("Philomène", "Kinésithérapeutova"),
    "place": ("Cabinet de psychiatrie", "Centre d’oncologie"),
    "patient": ("Zébulon", "Clitandre"),
    "need": ("palpitations", "FEVER", "Fièvre"),
}


def booked(house: House, town: Town, **changes: object) -> UUID:
    """A booked request, full of words that no SMS may repeat."""
    volunteer = town.volunteer(
        profession="10",
        first_name="Philomène",
        last_name="Kinésithérapeutova",
        phone=mobile(5001),
        places=[
            RegisterPlace(
                label="Cabinet de psychiatrie",
                address="4 rue des Salines",
                postcode="39000",
                commune=LONS,
            )
        ],
    )
    town.slot(volunteer, **{"hours": 5.5, **changes})  # type: ignore[arg-type]  # a builder's own
    request_id = town.request(
        patient={"last_name": "Zébulon", "first_name": "Clitandre", "phone": mobile(42)},
        need={"motive": "FEVER", "note": "palpitations depuis hier", "modalities": ["AMB", "VR"]},
        confirm_duplicate=True,
    )
    keep_promises(house)
    return request_id


def everything_said(house: House) -> dict[str, str]:
    """The text of every SMS that left, by kind."""
    return {
        message.kind: text_of(house, message)
        for message in messages(house)
        if message.direction == "out"
    }


def live_through_everything(house: House, town: Town) -> None:
    """Every kind of SMS there is, around requests full of planted words."""
    first = booked(house, town)
    for number, body in enumerate(("OUI", "bonjour", "AIDE", "STOP", "START", "ANNULER")):
        receive_message(house, PATIENT, body, f"SM{number}")
    assert town.the_request(first).status == "open"
    for number in range(2):
        town.slot(hours=7 + number)
        town.request(patient={"phone": mobile(42), "last_name": f"Zébulon{number}"})
    keep_promises(house)
    receive_message(house, PATIENT, "OUI", "SM10")
    again = booked(house, town, hours=9)
    appointment = town.the_appointment(again)
    assert appointment is not None
    appointments.cancel_by_practitioner(house, town.regulator, appointment.id)
    town.slot(hours=11)
    keep_promises(house)
    appointments.cancel_request(house, town.regulator, again, CancelRequest(by="regulator"))
    keep_promises(house)
    live_through_offers(house, town)
    live_through_a_visit(house, town)
    live_through_a_crisis(house, town)


def live_through_a_crisis(house: House, town: Town) -> None:
    """Reinforcements are called, whatever the crisis is named after."""
    boss = town.account(Role.ADMINISTRATOR)
    episode = open_episode(house, boss, OpenEpisode(name="Épidémie de grippe", radius_km=80))
    assert call_reinforcements(house, boss, episode, ["10"])
    keep_promises(house)


def live_through_a_visit(house: House, town: Town) -> None:
    """From the reminder to the mark, a change and a delay in between."""
    seen, missed = (booked(house, town, hours=26 + number) for number in range(2))
    town.slot(town.volunteer(phone=mobile(5002)), hours=30)
    receive_message(house, PATIENT, "RAPPEL", "SM20")
    receive_message(house, PATIENT, "Puis-je venir accompagné ?", "SM21")
    last = next(each for each in messages(house, "unknown") if each.handled_at is None)
    answer_message(house, town.regulator, last.id, "Oui, bien sûr.")
    other = town.slot(town.volunteer(phone=mobile(5003)), hours=28)
    move_appointment(
        house, town.regulator, missed, BookSlot(slot=other, override="convenu au téléphone")
    )
    keep_promises(house)
    appointment = town.the_appointment(seen)
    assert appointment is not None
    town.clock.now = appointment.start_at - timedelta(minutes=20)
    announce_delay(house, link_of(house, seen), LATE_MINUTES[0])
    keep_promises(house)
    town.clock.advance(minutes=30)  # past 18:00, when reminders leave
    keep_promises(house)
    town.clock.advance(hours=15)
    ask_practitioners_now(house, town.clock)  # the next morning, when nobody has closed it
    town.clock.advance(hours=9)  # 18:10
    volunteer = town.volunteer(last_name="Kinésithérapeutova")
    every_day = mondays(
        volunteer, weekdays=list(range(7)), first_day=town.clock.now.date(), asks_first=True
    )
    set_up_schedule(house, town.account(Role.PRACTITIONER, volunteer), every_day)
    ask_practitioners_now(house, town.clock)
    owner = town.account(Role.PRACTITIONER, town.volunteer(phone=mobile(5005)))
    unread = linked(house, owner)
    invite(
        house,
        town.account(Role.COORDINATOR),
        town.volunteer(last_name="Kinésithérapeutova").id,
        Invite(channel="sms", phone=mobile(5004)),
    )
    for request, close in (
        (seen, CloseRequest(status="fulfilled")),
        (missed, CloseRequest(status="no_show")),
    ):
        appointments.close_request(house, town.regulator, request, close)
    town.clock.advance(hours=40)  # past the night, when questions wait
    keep_promises(house)
    read_again(house, owner, unread)
    receive_message(house, PATIENT, "9", "SM22")
    keep_promises(house)


def link_of(house: House, request_id: UUID) -> str:
    """The secret in the SMS that a request's patient has."""
    said = [each for each in messages(house, "confirmation") if each.request_id == request_id]
    found = re.search(r"/r/(\w+)", text_of(house, said[-1]))
    assert found is not None
    return found[1]


def live_through_offers(house: House, town: Town) -> None:
    """What volunteers are told, about two requests full of planted words that no slot fits."""
    first, second = (
        asked_volunteer(town, profession="60", specialty=None, last_name="Kinésithérapeutova")
        for _ in range(2)
    )
    one, other = (
        town.request(
            patient={"last_name": f"Zébulon-Clitandre{number}", "phone": mobile(43)},
            need={"profession": "60", "motive": "FEVER", "note": "palpitations"},
        )
        for number in range(2)
    )
    for request in (one, other):
        assert ask_now(house, town.regulator, request) == 2
    code, second_code = (town.the_request(each).code for each in (one, other))
    unknown = next(each for each in range(1000, 1003) if str(each) not in (code, second_code))
    for volunteer, body in (
        (second, "OUI"),
        (first, f"OUI {code}"),
        (first, f"OUI {code} aujourd’hui à 8h"),
        (second, f"OUI {code}"),
        (second, f"OUI {unknown}"),
        (first, f"OUI {second_code} demain à 8h"),
        (first, f"NON {second_code}"),
    ):
        answers(town, volunteer, body)
    release_acceptance(house, town.regulator, one)
    keep_promises(house)


def said_too_much(house: House) -> list[tuple[str, str]]:
    """Kinds of SMS with the planted word, or the word of the catalogue, that they repeat."""
    catalogue = house.catalogue
    tables = (catalogue.professions, catalogue.specialties, catalogue.motives)
    words = [word for group in PLANTED.values() for word in group]
    words += [entry.label for table in tables for entry in table.values()]
    return [
        (kind, word)
        for kind, body in everything_said(house).items()
        for word in words
        if word.casefold() in body.casefold()
    ]


def test_no_sms_says_anything_about_health_nor_who_the_patient_is(house: House, town: Town) -> None:
    live_through_everything(house, town)

    assert set(everything_said(house)) == set(MessageKind)
    assert said_too_much(house) == []


def test_the_guard_sees_a_text_that_says_more(
    house: House, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The companion: were the place's name given as its address, it would be found."""
    monkeypatch.setattr(AppointmentNotices, "_address", lambda *_: "Cabinet de psychiatrie")
    booked(house, town)

    assert {kind for kind, _ in said_too_much(house)} == {"confirmation", "practitioner_notice"}


def test_every_sms_fits_and_is_written_in_the_gsm_alphabet(house: House, town: Town) -> None:
    live_through_everything(house, town)

    for message in messages(house):
        if message.direction == "out":
            assert message.encoding == "GSM-7", message.kind
            assert message.segments is not None
            assert message.segments <= 2, message.kind


def test_the_patient_learns_when_where_and_how_to_give_up(house: House, town: Town) -> None:
    booked(house, town)

    body = everything_said(house)["confirmation"]
    assert "CPTS jura" in body
    assert "lundi 23 novembre" in body
    assert "à 14 h 30" in body  # 08:00 UTC and 5 h 30, in Paris
    assert "4 rue des Salines, Lons-le-Saunier" in body
    assert "0353010001" in body
    assert "ANNULER" in body
    assert "le 15" in body
    link = re.search(r"http://127\.0\.0\.1:8000/r/(\S+)", body)
    assert link is not None
    territory, _ = appointments.appointment_of_link(house, link.group(1))
    assert territory == town.territory_id
    assert link.group(1) not in str(messages(house, "confirmation")[0].body)


def test_a_link_is_of_letters_and_digits_so_that_telephones_see_where_it_ends(
    house: House,
) -> None:
    tokens = {appointment_notices.appointment_link(house, uuid4()) for _ in range(1000)}

    assert len(tokens) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9]{16}", token) for token in tokens)


def test_the_practitioner_learns_the_code_and_the_hour(house: House, town: Town) -> None:
    request_id = booked(house, town)

    body = everything_said(house)["practitioner_notice"]
    assert f"no {town.the_request(request_id).code}" in body  # GSM-7 has no °
    assert "à 14 h 30" in body
    assert re.search(r"/p/\w{16}", body)


@pytest.mark.parametrize(
    ("changes", "when", "where"),
    [
        ({"places": 3, "minutes": 210}, "entre 14 h 30 et 18 h", "4 rue des Salines"),
        ({"modality": "VR"}, "à 14 h 30", "à distance"),
    ],
)
def test_a_walk_in_period_and_a_teleconsultation_are_said_as_such(
    house: House, town: Town, changes: dict[str, object], when: str, where: str
) -> None:
    booked(house, town, **changes)

    body = everything_said(house)["confirmation"]
    assert when in body
    assert where in body


def test_hours_are_those_of_the_territory(house: House, town: Town, clock: FakeClock) -> None:
    """20:30 UTC is 00:30 of the next day in La Réunion, which has four hours more."""
    there = Town.found(house, clock, "reunion", "Indian/Reunion", "974", "0262 99 00 01")
    there.slot(there.volunteer(commune="97411"), hours=12.5)
    there.request(patient={"commune": "97411", "phone": "0692 00 00 01"})
    keep_promises(house)

    body = everything_said(house)["confirmation"]
    assert "mardi 24 novembre" in body
    assert "à 0 h 30" in body
    assert "0262990001" in body


def test_the_hour_told_follows_the_change_to_winter_time(
    house: House, town: Town, clock: FakeClock
) -> None:
    """Booked at nine on Saturday in summer time for nine on Sunday in winter time: 25 h later."""
    clock.now = datetime.fromisoformat("2026-10-24T07:00:00+00:00")
    town.slot(hours=25)
    town.request(need={"delay_hours": 48})
    keep_promises(house)

    assert "dimanche 25 octobre à 9 h," in everything_said(house)["confirmation"]


def test_a_message_is_written_once_for_its_purpose(house: House, town: Town) -> None:
    request_id = booked(house, town)
    appointment = town.the_appointment(request_id)
    assert appointment is not None
    before = row_counts(house)

    with house.db.transaction(town.territory_id, town.regulator.actor) as unit:
        AppointmentNotices(house, unit, appointment.id).of_booking()

    assert row_counts(house) == before
    purposes = [message.purpose for message in messages(house)]
    assert len(set(purposes)) == len(purposes)


def test_a_practitioner_without_a_mobile_is_told_nothing_and_nothing_is_owed(
    house: House, town: Town
) -> None:
    town.slot(town.volunteer(phone=None))
    town.request()
    keep_promises(house)

    assert [message.kind for message in messages(house)] == ["confirmation"]
    assert promises(house, "send_message") == []


def test_number_and_text_are_sealed_and_the_log_holds_neither(
    house: House, town: Town, sms: FakeSms
) -> None:
    booked(house, town)

    for message in messages(house):
        assert "39980042" not in message.phone + message.body
        assert "Salines" not in message.body
    assert kinds(house).count("message_queued") == 2
    assert sms.bodies_to(PATIENT) == [everything_said(house)["confirmation"]]
