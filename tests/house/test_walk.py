"""Every address of the site, opened by everybody with a row of another territory, or a colleague.

What somebody may not have answers as what does not exist: same status, same words. No route is
listed here: addresses and their parameters are found in the application, so that a new one is
walked, or stops the test until its row is made in `tests/web/settled.py`.
"""

import uuid
from uuid import UUID

import pytest
from werkzeug.routing import Rule

from dispatcher.domain.roles import Role
from tests.web.walking import Walk, Walker, method_of, told
from tests.web.who_may import WHO_MAY

FOUND, SEE_OTHER, UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 302, 303, 401, 403, 404
OWN = {
    Role.PRACTITIONER: {"slot_id", "schedule_id", "place_id", "absence_id", "feed_id"},
    Role.REQUESTER: {"request_id"},
}
"""What is not even a colleague's of the same territory; sessions and passkeys are nobody
else's at all."""
SILENT = {
    "administration.grant": "the sentence is that of an account that is no secretary's",
    "administration.withdraw": "who acts for nobody of ours has nothing to lose",
    "own_account.end": "a session that is over is as good as ended, whosever it was",
    "passkeys.remove": "a passkey that is gone is as good as removed, whosever it was",
    "watching.retry": "who comes late is told that somebody else was faster",
}
"""What answers by a redirection, whatever it was asked about, and did nothing."""


def refused(walk: Walk, walker: Walker, rule: Rule) -> list[str]:
    """What is wrong with how an address of theirs answers somebody who has nothing there."""
    rows = walk.rows_of(walk.theirs, rule)
    others = {name: uuid.uuid4() for name in rows}
    answer, expected = told(walk.call(walker, rule, rows), rows), FORBIDDEN
    if walker.role is None:
        expected = FOUND if method_of(rule) == "GET" else UNAUTHORIZED
    elif walker.role in WHO_MAY[rule.endpoint]:
        expected = SEE_OTHER if rule.endpoint in SILENT else NOT_FOUND
    if answer[0] != expected:
        return [f"{rule.endpoint}: {walker.name} gets {answer[0]} instead of {expected}"]
    if expected in {SEE_OTHER, NOT_FOUND} and answer != told(
        walk.call(walker, rule, others), others
    ):
        return [f"{rule.endpoint}: {walker.name} can tell it from what does not exist"]
    return []


def test_what_is_another_territorys_answers_as_what_does_not_exist(walk: Walk) -> None:
    before = walk.kept()
    faults = [
        fault
        for walker in walk.outsiders
        for rule in walk.rules()
        for fault in refused(walk, walker, rule)
    ]
    assert not faults, "\n".join(faults)
    assert walk.kept() == before


def test_what_is_a_colleagues_answers_as_what_does_not_exist(walk: Walk) -> None:
    before = walk.kept()
    faults = [
        fault
        for walker in walk.colleagues
        for rule in walk.rules()
        if walker.role is not None
        and walker.role in WHO_MAY[rule.endpoint]
        and rule.arguments & (OWN.get(walker.role, set()) | {"session_id", "passkey_id"})
        for fault in refused(walk, walker, rule)
    ]
    assert not faults, "\n".join(faults)
    assert walk.kept() == before


def test_the_same_addresses_open_for_whoever_they_are(walk: Walk) -> None:
    """So that a refusal is about whose the row is, and not about a row that is none."""
    shut = []
    for rule in walk.rules():
        for role in WHO_MAY[rule.endpoint]:
            rows = walk.rows_of(walk.theirs, rule)
            with walk.undone():
                status = walk.call(walk.insiders[role], rule, rows).status_code
            if status in {UNAUTHORIZED, FORBIDDEN, NOT_FOUND}:
                shut.append(f"{rule.endpoint}: {role.value} gets {status}")
    assert not shut, "\n".join(shut)


def test_the_walk_finds_a_page_that_does_not_ask_whose_a_row_is(
    walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two holes: each is found, and by its name."""
    rules = {rule.endpoint: rule for rule in walk.rules()}
    (regulator,) = [each for each in walk.outsiders if each.role == Role.REGULATOR]
    row = walk.theirs.rows["request_id"]

    def open_to_all(request_id: UUID) -> str:
        return f"la demande {request_id}"

    def talkative(request_id: UUID) -> tuple[str, int]:
        return ("à une autre CPTS" if request_id == row else "introuvable"), NOT_FOUND

    for endpoint, hole, fault in (
        ("desk.request_page", open_to_all, "our regulator gets 200 instead of 404"),
        ("ways_out.search_again", talkative, "our regulator can tell it from what does not exist"),
    ):
        ruled = walk.app.view_functions[endpoint]
        hole.__dict__.update(ruled.__dict__)
        monkeypatch.setitem(walk.app.view_functions, endpoint, hole)
        assert refused(walk, regulator, rules[endpoint]) == [f"{endpoint}: {fault}"]
