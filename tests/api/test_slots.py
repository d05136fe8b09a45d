"""Slots over the API: publishing, listing, taking back."""

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dispatcher.domain.roles import Role
from dispatcher.services.booking import book_by_hand
from dispatcher.services.commands import BookSlot
from dispatcher.services.house import House
from tests.api.caller import Caller, problem
from tests.builders import Town, Volunteer
from tests.houses import keep_promises

SLOT_SHAPE = {
    "id", "practitioner", "place", "start", "end", "places", "taken", "modality", "visibility",
    "shared", "status",
}  # fmt: skip


def offered(volunteer: Volunteer, **changes: object) -> dict[str, object]:
    """A slot of half past two, unless told otherwise."""
    good: dict[str, object] = {
        "practitioner": str(volunteer.id),
        "place": str(volunteer.place),
        "start": "2026-11-23T14:30:00+01:00",
        "end": "2026-11-23T14:50:00+01:00",
        "places": 1,
        "modality": "AMB",
        "visibility": ["SNP", "CPTS"],
    }
    return good | changes


def ids(answer: TestResponse) -> list[str]:
    return [slot["id"] for slot in answer.get_json()]


def test_a_published_slot_is_open_and_listed_with_the_territory_s_offset(
    regulator: Caller, town: Town
) -> None:
    volunteer = town.volunteer()
    body = offered(volunteer, start="2026-11-23T13:30:00Z", end="2026-11-23T17:50:00+04:00")

    answer = regulator.post("/slots", body)

    assert answer.status_code == 201
    slot = answer.get_json()
    assert set(slot) == SLOT_SHAPE
    assert (slot["places"], slot["taken"], slot["status"]) == (1, 0, "open")
    assert slot["start"] == "2026-11-23T14:30:00+01:00"
    assert slot["end"] == "2026-11-23T14:50:00+01:00"
    assert slot["visibility"] == ["SNP", "CPTS"]
    assert regulator.get("/slots").get_json() == [slot]


def test_a_note_and_a_notice_may_be_given(regulator: Caller, town: Town) -> None:
    body = offered(town.volunteer(), note="Sonnez deux fois", minimum_notice_minutes=60)
    answer = regulator.post("/slots", body)
    assert answer.status_code == 201
    assert set(answer.get_json()) == SLOT_SHAPE
    with_too_much = offered(town.volunteer(), note="x" * 301, minimum_notice_minutes=-1)
    found = problem(regulator.post("/slots", with_too_much), 422, "invalid")
    assert {fault["field"] for fault in found["errors"]} == {"note", "minimum_notice_minutes"}


def test_a_slot_that_is_published_serves_whoever_waits(
    regulator: Caller, town: Town, house: House
) -> None:
    request_id = town.request()
    keep_promises(house)
    walk_in = offered(town.volunteer(), places=3, end="2026-11-23T17:30:00+01:00")

    regulator.post("/slots", walk_in)
    keep_promises(house)

    assert town.the_request(request_id).status == "booked"
    (slot,) = regulator.get("/slots").get_json()
    assert (slot["places"], slot["taken"], slot["status"]) == (3, 1, "open")


def test_a_slot_that_is_taken_back_is_closed_and_no_longer_listed(
    regulator: Caller, town: Town
) -> None:
    slot = town.slot()

    answer = regulator.delete(f"/slots/{slot}")

    assert answer.status_code == 200
    assert answer.get_json()["status"] == "closed"
    assert ids(regulator.get("/slots")) == []
    assert ids(regulator.get("/slots?status=closed")) == [str(slot)]
    problem(regulator.delete(f"/slots/{slot}"), 409, "transition-refused")


def test_appointments_of_a_slot_that_is_taken_back_stay(
    regulator: Caller, town: Town, house: House
) -> None:
    slot, request_id = town.slot(places=2, minutes=120), town.request()
    book_by_hand(house, town.regulator, request_id, BookSlot(slot=slot))

    answer = regulator.delete(f"/slots/{slot}").get_json()

    assert (answer["status"], answer["taken"]) == ("closed", 1)
    assert town.the_request(request_id).status == "booked"


def test_slots_are_listed_by_day_practitioner_and_status(
    regulator: Caller, town: Town, house: House
) -> None:
    first, second = town.volunteer(), town.volunteer()
    today, tomorrow = town.slot(first, hours=3), town.slot(first, hours=26)
    other = town.slot(second, hours=4)
    book_by_hand(house, town.regulator, town.request(), BookSlot(slot=other))

    assert ids(regulator.get("/slots")) == [str(today), str(other), str(tomorrow)]
    assert ids(regulator.get(f"/slots?practitioner={first.id}")) == [str(today), str(tomorrow)]
    assert ids(regulator.get("/slots?status=full")) == [str(other)]
    assert ids(regulator.get("/slots?to=2026-11-23")) == [str(today), str(other)]
    assert ids(regulator.get("/slots?from=2026-11-24")) == [str(tomorrow)]
    assert ids(regulator.get("/slots?from=2026-11-23&to=2026-11-24")) == [
        str(today),
        str(other),
        str(tomorrow),
    ]


def test_slots_that_are_over_are_listed_when_their_day_is_asked_for(
    regulator: Caller, town: Town
) -> None:
    slot = town.slot(hours=1)
    town.clock.advance(hours=2)

    assert ids(regulator.get("/slots")) == []
    assert ids(regulator.get("/slots?from=2026-11-23")) == [str(slot)]


def test_a_long_list_goes_on_behind_its_link(regulator: Caller, town: Town) -> None:
    volunteer, other = town.volunteer(), town.volunteer()
    # two that start together: the page must not end between them and lose one
    slots = [
        town.slot(volunteer, hours=1),
        town.slot(volunteer, hours=2),
        town.slot(other, hours=2),
        town.slot(volunteer, hours=3),
    ]
    path, seen = "/slots?limit=2&from=2026-11-23", []
    for more in (True, False):
        answer = regulator.get(path)
        seen += ids(answer)
        assert ("Link" in answer.headers) is more
        if more:
            address, relation = answer.headers["Link"].split("; ")
            assert relation == 'rel="next"'
            path = address.strip("<>").partition("/api/v1")[2]
    assert len(seen) == 4
    assert set(seen) == {str(slot) for slot in slots}


def test_practitioners_publish_see_and_take_back_their_own_slots_only(
    client: FlaskClient, town: Town
) -> None:
    mine, theirs = town.volunteer(), town.volunteer()
    practitioner = Caller.as_role(client, town, Role.PRACTITIONER, mine)
    foreign = town.slot(theirs)

    own = practitioner.post("/slots", offered(mine)).get_json()["id"]

    problem(practitioner.post("/slots", offered(theirs)), 404, "not-found")
    assert ids(practitioner.get("/slots")) == [own]
    assert ids(practitioner.get(f"/slots?practitioner={mine.id}")) == [own]
    problem(practitioner.get(f"/slots?practitioner={theirs.id}"), 404, "not-found")
    problem(practitioner.delete(f"/slots/{foreign}"), 404, "not-found")
    assert practitioner.delete(f"/slots/{own}").get_json()["status"] == "closed"


def test_volunteers_are_listed_with_their_places(regulator: Caller, town: Town) -> None:
    doctor = town.volunteer(last_name="Zay", rpps="10000000000")
    nurse = town.volunteer(last_name="Abel", profession="60", specialty=None, title="")

    listed = regulator.get(f"/practitioners?territory={town.code}").get_json()

    assert [practitioner["id"] for practitioner in listed] == [str(nurse.id), str(doctor.id)]
    assert listed[1] == {
        "id": str(doctor.id),
        "rpps": "10000000000",
        "profession": "10",
        "specialty": "SM54",
        "display_name": "Dr Anne Zay",
        "places": [{"id": str(doctor.place), "commune": "39300"}],
    }
    nurses = regulator.get("/practitioners?profession=60").get_json()
    assert [practitioner["id"] for practitioner in nurses] == [str(nurse.id)]
