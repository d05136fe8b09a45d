"""What a regulator reads about those who were asked, and about those who could not be."""

from uuid import UUID

from dispatcher.domain.states import OfferStatus
from dispatcher.reads import queue
from dispatcher.reads.offers import OfferFacts, Unreached, offer_page, offers_of, unreached
from dispatcher.services.commands import RegisterPlace
from dispatcher.services.house import House
from dispatcher.storage.requests import CareRequest
from dispatcher.storage.territories import Territory
from tests.builders import Town
from tests.fakes.clock import FakeClock
from tests.fakes.sms import FakeSms
from tests.houses import keep_promises
from tests.services.offering import answers, asked_volunteer, e164, link_in, settings, told, waits

CHAMPAGNOLE = "39097"
"""27 km from Lons-le-Saunier."""


def facts(house: House, request_id: UUID) -> tuple[OfferFacts, ...]:
    with house.db.reading() as session:
        return offers_of(session, house.db.cipher, request_id)


def out_of_reach(house: House, town: Town, request_id: UUID) -> list[Unreached]:
    with house.db.reading() as session:
        request = session.get_one(CareRequest, request_id)
        territory = session.get_one(Territory, town.territory_id)
        rules = queue.rules_of(territory, house.communes)
        return list(unreached(session, house.db.cipher, request, rules, house.clock()))


def test_wave_by_wave_with_what_they_wrote(house: House, town: Town, clock: FakeClock) -> None:
    settings(town, offers={"wave_size": 1}, outside_hours=True)
    near = asked_volunteer(town, last_name="Vuillet")
    far = asked_volunteer(town, last_name="Roux", commune=CHAMPAGNOLE)
    request = waits(town, clock)
    asked_at = clock.now
    answers(town, near, "NON je suis en congé")
    keep_promises(house)
    answers(town, far, "OUI vers 11h")

    first, second = facts(house, request)

    assert (first.practitioner_name, first.wave, first.status) == (
        "Dr Anne Vuillet",
        1,
        OfferStatus.DECLINED,
    )
    assert (first.words, first.made_at, first.answered_at) == (
        "je suis en congé",
        asked_at,
        asked_at,
    )
    assert first.phone == e164(near)
    assert (second.wave, second.status, second.words) == (2, OfferStatus.ACCEPTED, "vers 11h")
    assert second.distance_km is not None
    assert 20 < second.distance_km < 34
    assert (first.is_hour_awaited, second.is_hour_awaited) == (False, True)
    assert not first.is_unreached

    answers(town, far, "OUI à 12h")
    assert not facts(house, request)[1].is_hour_awaited


def test_who_cannot_be_asked_by_sms_is_named_with_a_number_to_call(
    house: House, town: Town, clock: FakeClock
) -> None:
    place = RegisterPlace(
        label="Cabinet",
        address="1 rue de l’Essai",
        postcode="39000",
        commune="39300",
        phone="03 53 01 00 12",
    )
    asked_volunteer(town, last_name="Muet", phone=None, places=[place])
    silent = asked_volunteer(town, last_name="Arrêt")
    town.volunteer(last_name="Absent")  # does not accept to be asked
    waits(town, clock)
    answers(town, silent, "STOP")
    request = town.request()

    found = out_of_reach(house, town, request)

    assert [(each.practitioner_name, each.phone) for each in found] == [
        ("Dr Anne Arrêt", e164(silent)),
        ("Dr Anne Muet", "+33353010012"),
    ]


def test_a_page_knows_nobody_before_the_yes(
    house: House, town: Town, clock: FakeClock, sms: FakeSms
) -> None:
    volunteer = asked_volunteer(town)
    waits(town, clock)
    token = link_in(told(house, sms, volunteer)[0])

    before = offer_page(house.db, house.communes, token)
    assert before is not None
    assert (before.patient, before.appointment, before.can_answer) == (None, None, True)
    assert before.earliest_at is None

    answers(town, volunteer, "OUI")
    after = offer_page(house.db, house.communes, token)
    assert after is not None
    assert after.patient is not None
    assert (after.appointment, after.can_answer) == (None, False)
