"""What the regulators' board shows: which requests a look at it asks for, and when it changes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from dispatcher.domain.openings import Way
from dispatcher.domain.roles import Account
from dispatcher.reads import board as board_read
from dispatcher.reads.board import BoardRequest
from dispatcher.reads.episodes import open_episode
from dispatcher.services.house import House
from dispatcher.services.openings import opened_requests
from dispatcher.web import board_columns, searches
from dispatcher.web.hours import closure_of
from dispatcher.web.live import LiveState
from dispatcher.web.pulse import Trouble
from dispatcher.web.wording import Choice, Wording

BOARD_EVERY = 3000
"""Milliseconds until the board asks again."""
MINE, FREE = "moi", "libres"
HANDS = (Choice(MINE, "Les miennes"), Choice(FREE, "Sans personne"))


@dataclass(frozen=True, slots=True)
class Look:
    """Which requests somebody wants to see; empty fields leave nothing out."""

    query: str = ""
    hand: str = ""
    """`MINE` or `FREE`."""
    profession: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str], wording: Wording) -> Self:
        """Of an address's or form's fields; what is not in a list counts as nothing."""
        hand, profession = asked.get("main", ""), asked.get("metier", "")
        return cls(
            searches.opened(asked.get(searches.FIELD, "")),
            hand if hand in {choice.value for choice in HANDS} else "",
            profession if profession in wording.catalogue.professions else "",
        )

    @property
    def fields(self) -> dict[str, Any]:
        """The same as an address has it, the search sealed."""
        asked = {
            searches.FIELD: searches.sealed(self.query),
            "main": self.hand,
            "metier": self.profession,
        }
        return {name: value for name, value in asked.items() if value}

    def shows(self, request: BoardRequest, user_id: UUID) -> bool:
        """Whether a request is among them."""
        holder = request.holder.id if request.holder else None
        return (
            (not self.query or board_columns.matches(request, self.query))
            and (not self.profession or request.profession == self.profession)
            and (self.hand != MINE or holder == user_id)
            and (self.hand != FREE or holder is None)
        )


def state(
    house: House, account: Account, look: Look, wording: Wording, trouble: Trouble | None
) -> LiveState:
    """Changes whenever the board does. Everybody with the same look sees the same."""
    digest = board_read.board_state(house.db, account.territory_id)
    whose = account.user_id if look.hand == MINE else None
    shown = (account.territory_id, digest, look, whose, trouble, wording.now)
    return LiveState.of(shown, BOARD_EVERY)


def board(
    house: House, account: Account, look: Look, wording: Wording, trouble: Trouble | None
) -> dict[str, Any]:
    """What the templates are given."""
    db, territory = house.db, account.territory_id

    def shown(requests: Iterable[BoardRequest]) -> list[BoardRequest]:
        return [request for request in requests if look.shows(request, account.user_id)]

    standing = board_read.board_requests(db, territory, wording.now)
    live = shown(standing)
    closed = None
    if look.query:
        closed = shown(board_read.closed_requests(db, territory, wording.now))
        found = [each.id for each in (*live, *closed)]
        opened_requests(house, account.actor, Way.SEARCH, found)
    day = board_read.today(db, territory, wording.now, wording.zone)
    columns = board_columns.columns(live, wording, closed)
    return {
        "look": look,
        "columns": columns,
        "still_open": sum(
            board_columns.column_of(each, wording.now) != board_columns.BOOKED for each in standing
        ),
        "alarming": [each.id for each in standing if board_columns.is_alarming(each, wording.now)],
        "announcement": board_columns.announcement(columns),
        "summary": board_columns.figures(day),
        "closure": closure_of(house, territory),
        "crisis": open_episode(db, territory),
        "trouble": trouble,
    }


def choices(wording: Wording) -> dict[str, Any]:
    """The lists of the filter."""
    professions = wording.catalogue.professions
    return {
        "hands": HANDS,
        "professions": [Choice(code, entry.label) for code, entry in professions.items()],
    }
