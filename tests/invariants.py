"""The invariants I1 to I8 of a house, read from its tables in plain SQL.

Shares no code with what it checks: neither the models nor the services, nor their table of states.
`accepted` is the provider's own account of what it took, `answered` what callers were told is kept,
`served` the indicators of some days as they are shown, by territory. Each violation is planted, and
found, in `tests/house/test_invariants.py`.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from tests.recount import Row, id_of, instant_of, json_of, recounted

Served = Mapping[str, Any]
"""An answer of the indicators: `by_day`, each with its day and its figures."""

# DESIGN §5, written down a second time on purpose.
REQUEST_STEPS = {
    "searching": {
        *("open", "searching", "offering", "booked"),
        *("cancelled", "redirected", "unfilled"),
    },
    "offering": {
        *("open", "searching", "offering", "booked"),
        *("cancelled", "redirected", "unfilled"),
    },
    "open": {"searching", "booked", "cancelled", "redirected", "unfilled"},
    "booked": {
        *("open", "searching", "fulfilled", "no_show"),
        *("cancelled", "redirected", "unfilled"),
    },
    "fulfilled": {"no_show"},
    "no_show": {"fulfilled"},
    "cancelled": set(),
    "redirected": set(),
    "unfilled": set(),
}
SEARCHES = {"request_searched", "request_enlarged"}
APPOINTMENT_STEPS = {
    "booked": {"confirmed", "fulfilled", "no_show", "cancelled"},
    "confirmed": {"fulfilled", "no_show", "cancelled"},
    "fulfilled": {"no_show"},
    "no_show": {"fulfilled"},
    "cancelled": set(),
}
REQUEST_AFTER = {
    "request_searched": "searching",
    "request_enlarged": "searching",
    "request_cancelled": "cancelled",
    "request_redirected": "redirected",
    "request_unfilled": "unfilled",
    "offer_accepted": "offering",
    "appointment_booked": "booked",
    "appointment_fulfilled": "fulfilled",
    "appointment_missed": "no_show",
}
APPOINTMENT_AFTER = {
    "appointment_confirmed": "confirmed",
    "appointment_cancelled": "cancelled",
    "appointment_fulfilled": "fulfilled",
    "appointment_missed": "no_show",
}
LIVE = ("booked", "confirmed")
TAKEN_BY_PROVIDER = ("sent", "delivered", "undelivered")
HOW_FAR = {
    "queued": 0,
    "sending": 1,
    "sent": 2,
    **dict.fromkeys(("delivered", "undelivered", "failed", "refused"), 3),
}


def check(
    engine: Engine,
    now: datetime,
    *,
    settled: bool = False,
    accepted: Sequence[str | UUID | None] | None = None,
    answered: Collection[str | UUID] = (),
    served: Mapping[UUID, Served] | None = None,
) -> None:
    """Raise AssertionError with every violation. `settled`: nothing due may be left undone."""
    with engine.connect() as connection:
        found = violations(
            connection, now, settled=settled, accepted=accepted, answered=answered, served=served
        )
        connection.rollback()
    assert not found, f"{len(found)} violations:\n" + "\n".join(found[:40])


def violations(
    connection: Connection,
    now: datetime,
    *,
    settled: bool = False,
    accepted: Sequence[str | UUID | None] | None = None,
    answered: Collection[str | UUID] = (),
    served: Mapping[UUID, Served] | None = None,
) -> list[str]:
    """Every violation in one line; none is what is wanted."""
    return [
        *_requests(connection),
        *_appointments(connection),
        *_slots(connection),
        *_live_ones(connection),
        *_offers(connection),
        *_messages(connection, settled=settled, accepted=accepted),
        *_progress(connection),
        *_promises(connection, now, settled=settled),
        *_kept_figures(connection),
        *_shown_figures(connection, served or {}),
        *_answered(connection, answered),
    ]


def _requests(connection: Connection) -> Iterator[str]:
    """I1: each request's history is whole, permitted, and ends where the request is."""
    events = _by(_rows(connection, "SELECT * FROM event_log ORDER BY id"), "request_id")
    requests = {id_of(row["id"]): row for row in _rows(connection, "SELECT * FROM care_requests")}
    for request_id in events.keys() - requests.keys() - {""}:
        yield f"I1: events of request {request_id}, which does not exist"
    for request_id, row in requests.items():
        history = events.get(request_id, [])
        if [e["kind"] for e in history].count("request_opened") != 1:
            yield f"I1: request {request_id} was not opened exactly once"
            continue
        state = ""
        for event in history:
            after = _request_after(event)
            if after is None:
                continue
            if state == "offering" and event["kind"] in SEARCHES:
                continue  # volunteers who were asked stay asked
            if state and after not in REQUEST_STEPS[state]:
                yield f"I1: request {request_id} went from {state} to {after}"
            state = after
        if state != row["status"]:
            yield f"I1: request {request_id} is {row['status']}, its history says {state}"


def _request_after(event: Row) -> str | None:
    if event["kind"] == "request_opened":
        return "searching"
    if event["kind"] == "appointment_cancelled" and json_of(event["data"])["by"] == "move":
        return "searching"  # for the instant until it is booked elsewhere
    if event["kind"] == "request_reopened":
        return str(json_of(event["data"])["status"])
    if event["kind"] == "request_escalated":
        is_given_back = json_of(event["data"])["attention"] == "nobody_answered"
        return "searching" if is_given_back else None
    if event["kind"] == "volunteers_asked":
        return "offering" if json_of(event["data"])["asked"] else None
    return REQUEST_AFTER.get(event["kind"])


def _appointments(connection: Connection) -> Iterator[str]:
    """I1 for appointments, and each has told both sides."""
    events = _by(_rows(connection, "SELECT * FROM event_log ORDER BY id"), "appointment_id")
    told = {row["purpose"] for row in _rows(connection, "SELECT purpose FROM messages")}
    mobile = {
        id_of(row["id"])
        for row in _rows(connection, "SELECT id FROM practitioners WHERE phone IS NOT NULL")
    }
    for row in _rows(connection, "SELECT * FROM appointments"):
        appointment_id = id_of(row["id"])
        kinds = [event["kind"] for event in events.get(appointment_id, [])]
        if kinds[:1] != ["appointment_booked"] or kinds.count("appointment_booked") != 1:
            yield f"I1: appointment {appointment_id} was not booked exactly once"
        state = "booked"
        for after in (APPOINTMENT_AFTER[kind] for kind in kinds if kind in APPOINTMENT_AFTER):
            if after not in APPOINTMENT_STEPS[state]:
                yield f"I1: appointment {appointment_id} went from {state} to {after}"
            state = after
        if state != row["status"]:
            yield f"I1: appointment {appointment_id} is {row['status']}, its history says {state}"
        moved = f"appointment_changed:{UUID(appointment_id)}"
        wanted = {moved if moved in told else f"confirmation:{UUID(appointment_id)}"}
        if id_of(row["practitioner_id"]) in mobile:
            wanted.add(f"practitioner_notice:{UUID(appointment_id)}")
        for purpose in wanted - told:
            yield f"I1: nobody was told {purpose}"


def _slots(connection: Connection) -> Iterator[str]:
    """I2: a slot's count is that of its appointments, and never over its places."""
    held = Counter(
        id_of(row["slot_id"])
        for row in _rows(connection, "SELECT slot_id FROM appointments WHERE status <> 'cancelled'")
    )
    for row in _rows(connection, "SELECT id, places, taken, status FROM slots"):
        slot_id = id_of(row["id"])
        if held[slot_id] != row["taken"]:
            yield f"I2: slot {slot_id} says {row['taken']} taken, {held[slot_id]} are"
        if held[slot_id] > row["places"]:
            yield f"I2: slot {slot_id} is over its {row['places']} places"
        if (row["status"] == "full") != (
            row["taken"] == row["places"] and row["status"] != "closed"
        ):
            yield f"I2: slot {slot_id} is {row['status']} with {row['taken']} of {row['places']}"


def _live_ones(connection: Connection) -> Iterator[str]:
    """I3: one appointment per request, exactly for those that are booked; live codes are apart."""
    kept = _by(
        _rows(connection, "SELECT * FROM appointments WHERE status <> 'cancelled'"), "request_id"
    )
    codes: Counter[tuple[str, str]] = Counter()
    for row in _rows(connection, "SELECT id, territory_id, code, status FROM care_requests"):
        request_id = id_of(row["id"])
        states = [appointment["status"] for appointment in kept.get(request_id, [])]
        if len(states) > 1:
            yield f"I3: request {request_id} has {len(states)} appointments"
        expected = {
            "booked": LIVE,
            "fulfilled": ("fulfilled",),
            "no_show": ("no_show",),
        }.get(row["status"], ())
        if (states and states[0] not in expected) or bool(expected) != bool(states):
            yield f"I3: request {request_id} is {row['status']} with appointments {states}"
        if row["status"] in {"open", "searching", "offering", "booked"}:
            codes[id_of(row["territory_id"]), row["code"]] += 1
    for (_, code), times in codes.items():
        if times > 1:
            yield f"I3: {times} live requests have the code {code}"


def _offers(connection: Connection) -> Iterator[str]:
    """I8: one yes at most, the request knows it, and with it or with the wait all others end."""
    offers = _by(_rows(connection, "SELECT * FROM offers"), "request_id")
    for row in _rows(connection, "SELECT * FROM care_requests"):
        request_id = id_of(row["id"])
        own = offers.get(request_id, [])
        accepted = [id_of(offer["id"]) for offer in own if offer["status"] == "accepted"]
        known = id_of(row["accepted_offer_id"])
        if accepted != ([known] if known else []):
            yield f"I8: request {request_id} knows the yes {known!r}, its offers say {accepted}"
        live = [offer for offer in own if offer["status"] in {"promised", "sent"}]
        is_waiting = row["status"] in {"searching", "offering"}
        if live and (known or not is_waiting):
            yield f"I8: request {request_id} is {row['status']} with {len(live)} offers open"


def _messages(
    connection: Connection, *, settled: bool, accepted: Sequence[str | UUID | None] | None
) -> Iterator[str]:
    """I4: what the provider took, it took once, and our rows say so; none is owed."""
    rows = {
        id_of(row["id"]): row
        for row in _rows(connection, "SELECT * FROM messages WHERE direction = 'out'")
    }
    if settled:
        for message_id, row in rows.items():
            if row["status"] in {"queued", "sending"}:
                yield f"I4: message {message_id} ({row['kind']}) is owed: {row['status']}"
    if accepted is not None:
        yield from _taken(rows, Counter(id_of(message_id) for message_id in accepted))


def _taken(rows: Mapping[str, Row], taken: Counter[str]) -> Iterator[str]:
    for message_id, times in taken.items():
        if times > 1:
            yield f"I4: message {message_id} was sent {times} times"
        if message_id not in rows:
            yield f"I4: the provider took {message_id}, which is none of ours"
    for message_id, row in rows.items():
        if row["status"] in TAKEN_BY_PROVIDER and not taken[message_id]:
            yield f"I4: message {message_id} is {row['status']}, the provider never saw it"
        if row["status"] in {"queued", "refused"} and taken[message_id]:
            yield f"I4: message {message_id} is {row['status']}, the provider has it"


def _progress(connection: Connection) -> Iterator[str]:
    """I4: a message never went backwards, and is where its history ends."""
    reached: dict[str, str] = {}
    for event in _rows(
        connection, "SELECT * FROM event_log WHERE kind = 'message_progressed' ORDER BY id"
    ):
        said = json_of(event["data"])
        message_id, status = id_of(said["message_id"]), said["status"]
        before = reached.get(message_id, "queued")
        if HOW_FAR[status] <= HOW_FAR[before]:
            yield f"I4: message {message_id} went from {before} to {status}"
        reached[message_id] = status
    for row in _rows(connection, "SELECT id, status FROM messages WHERE direction = 'out'"):
        message_id = id_of(row["id"])
        end = reached.get(message_id, row["status"])
        if end != row["status"]:
            yield f"I4: message {message_id} is {row['status']}, its history says {end}"


def _promises(connection: Connection, now: datetime, *, settled: bool) -> Iterator[str]:
    """I5: each promise is done, due or dead; when settled, none is due, held or dead."""
    for row in _rows(connection, "SELECT * FROM promises"):
        name = f"promise {id_of(row['id'])} ({row['job']})"
        if row["done_at"] is not None and row["dead_at"] is not None:
            yield f"I5: {name} is done and dead"
        if row["done_at"] is not None or not settled:
            continue
        if row["dead_at"] is not None:
            yield f"I5: {name} is dead: {row['last_error']}"
        elif row["lease_until"] is not None:
            yield f"I5: {name} is still held, {row['attempts']} attempts"
        elif instant_of(row["due_at"]) <= now:
            yield f"I5: {name} is due since {row['due_at']}"


def _kept_figures(connection: Connection) -> Iterator[str]:
    """I6: what is kept of a day is what the log says of it, unless it has said more since."""
    logs, kept = (
        _logs(connection),
        _by(_rows(connection, "SELECT * FROM day_counts"), "territory_id"),
    )
    for span in _rows(
        connection,
        "SELECT s.territory_id, s.counted_until, t.timezone FROM counted_spans s"
        " JOIN territories t ON t.id = s.territory_id AND t.timezone = s.timezone",
    ):
        territory_id = id_of(span["territory_id"])
        days = recounted(logs[territory_id], span["timezone"])
        for row in kept[territory_id]:
            day = days[date.fromisoformat(str(row["day"]))]
            if day.heard_of_until >= instant_of(span["counted_until"]):
                continue
            counts = json_of(row["facts"])["counts"]
            for figure, count in day.figures.items():
                if (told := counts.get(figure, 0)) != count:
                    yield f"I6: {row['day']} is kept with {told} {figure}, the log says {count}"


def _shown_figures(connection: Connection, served: Mapping[UUID, Served]) -> Iterator[str]:
    """I6: what is shown of a period, and of each of its days, is what the log says."""
    logs = _logs(connection) if served else {}
    for row in _rows(connection, "SELECT id, timezone FROM territories"):
        shown = served.get(UUID(id_of(row["id"])))
        if shown is None:
            continue
        days = recounted(logs[id_of(row["id"])], row["timezone"])
        total: Counter[str] = Counter()
        for told in shown["by_day"]:
            figures = days[date.fromisoformat(told["day"])].figures
            total.update(figures)
            for figure, count in figures.items():
                if told[figure] != count:
                    yield f"I6: {told['day']} shows {told[figure]} {figure}, the log says {count}"
        for figure, count in total.items():
            if shown[figure] != count:
                yield f"I6: the period shows {shown[figure]} {figure}, the log says {count}"


def _logs(connection: Connection) -> dict[str, list[Row]]:
    """By territory."""
    return _by(_rows(connection, "SELECT * FROM event_log ORDER BY id"), "territory_id")


def _answered(connection: Connection, answered: Iterable[str | UUID]) -> Iterator[str]:
    """I7: whoever was told « enregistré » finds it."""
    stored = {id_of(row["id"]) for row in _rows(connection, "SELECT id FROM care_requests")}
    for request_id in answered:
        if id_of(request_id) not in stored:
            yield f"I7: request {request_id} was answered and is not there"


def _rows(connection: Connection, statement: str) -> list[Row]:
    return [dict(row) for row in connection.execute(text(statement)).mappings()]


def _by(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[id_of(row[column])].append(row)
    return groups
