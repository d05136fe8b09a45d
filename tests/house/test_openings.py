"""Whoever sees who a patient is leaves a trace: on every page, whichever it is."""

import io
import zipfile

import pytest
from sqlalchemy import select

from dispatcher.domain.roles import Role
from dispatcher.services import openings
from dispatcher.storage.openings import FileOpening
from dispatcher.storage.patients import Patient
from tests.web.walking import Walk, Walker, pages_of

LISTS = {
    "desk.board": "what the whole regulation works from; at which hour a request stood there is"
    " in the log of events",
    "desk.board_cards": "the part of the board that renews itself",
    "handover.overview": "the board once more, at the end of a shift",
    "requesters.overview": "what a practice asked for itself",
    "gp_searches.overview": "the list that coordination works from",
}
"""Pages that show several patients, to those whose list it is; none shows one by choice."""


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was noted and undone is to be noted again."""
    monkeypatch.setattr(openings, "_REMEMBERED", {})


def patients_of(walk: Walk) -> dict[str, Patient]:
    """By family name."""
    cipher = walk.house.db.cipher
    with walk.house.db.reading() as session:
        found = session.scalars(select(Patient)).all()
    return {cipher.open("patients.last_name", each.id, each.last_name): each for each in found}


def untraced(walk: Walk, walker: Walker) -> list[str]:
    """Pages that named somebody without a trace of who opened them."""
    assert walker.user_id is not None
    faults, known = [], patients_of(walk)
    for page in pages_of(walk, walker):
        endpoint: str = walk.app.url_map.bind("localhost").match(page.partition("?")[0])[0]
        words = words_of(walker.open("GET", page).data).casefold()
        named = {who.id for name, who in known.items() if is_named(name.casefold(), words)}
        with walk.house.db.reading() as session:
            traced = set(
                session.scalars(
                    select(FileOpening.patient_id).where(FileOpening.actor_id == walker.user_id)
                )
            )
        if named - traced and endpoint not in LISTS:
            faults.append(f"{endpoint}: {walker.name} sees {len(named - traced)} without a trace")
    return faults


def words_of(body: bytes) -> str:
    """What an answer says; of a workbook or a bundle, what its files say."""
    if not body.startswith(b"PK"):
        return body.decode(errors="replace")
    with zipfile.ZipFile(io.BytesIO(body)) as bundle:
        return " ".join(words_of(bundle.read(name)) for name in bundle.namelist())


def is_named(name: str, words: str) -> bool:
    """Whether a name stands there, and not the beginning of a longer one."""
    at = words.find(name)
    while at >= 0:
        if not words[at + len(name) : at + len(name) + 1].isdigit():
            return True
        at = words.find(name, at + 1)
    return False


def test_no_page_names_a_patient_without_a_trace(walk: Walk) -> None:
    walkers = [*walk.outsiders[1:], *walk.insiders.values(), *walk.colleagues]
    with walk.undone():
        faults = [fault for walker in walkers for fault in untraced(walk, walker)]
        with walk.house.db.reading() as session:
            ways = set(session.scalars(select(FileOpening.way)))
    assert not faults, "\n".join(faults)
    assert ways >= {"page", "inbox", "agenda"}


def test_a_page_that_forgets_to_note_is_found(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(*_told: object) -> None:
        """Notes nothing."""

    monkeypatch.setattr(openings, "_note", forgetful)
    with walk.undone():
        faults = untraced(walk, walk.insiders[Role.REGULATOR])
    assert "desk.request_page: regulator sees 1 without a trace" in faults
