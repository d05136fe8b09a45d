"""What the frame of every page shows: who is signed in, and where they may go."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, g, request, url_for

from dispatcher.domain.roles import ROLE_NAMES, Account, Role
from dispatcher.services.house import House


@dataclass(frozen=True, slots=True)
class Door:
    """One entry of the navigation. `key` is the shortcut shown, `go` the name it is found by."""

    endpoint: str
    label: str
    sign: str
    key: str = ""
    go: str = ""
    rooms: frozenset[str] = frozenset()
    """Further rooms that are reached through it: on their pages, too, one is there."""


OWN_FIGURES = Door("own_figures.overview", "Mes chiffres", "chart")
"""Not for a secretary."""
DIRECTORY = Door(
    "directory.overview",
    "Annuaire",
    "list",
    rooms=frozenset({"directory", "directory_import", "invitations"}),
)
DOORS: Mapping[Role, tuple[Door, ...]] = {
    Role.REGULATOR: (
        Door("desk.board", "Demandes", "inbox", go="search"),
        Door("desk.new_request", "Nouvelle demande", "plus", key="N", go="new-request"),
        Door("inbox.messages", "SMS reçus", "message"),
        DIRECTORY,
    ),
    Role.PRACTITIONER: (
        Door("practitioner.agenda", "Mon agenda", "calendar"),
        Door("practitioner.publish", "Publier", "plus"),
        Door("week.show", "Ma semaine", "list"),
        Door("schedules.overview", "Modèles", "refresh"),
        Door(
            "limits.overview",
            "Mes règles",
            "sliders",
            rooms=frozenset({"limits", "places", "own_agendas", "delegates"}),
        ),
        OWN_FIGURES,
        DIRECTORY,
    ),
    Role.DELEGATE: (Door("secretariat.choose", "Professionnels", "users"),),
    Role.REQUESTER: (
        Door("requesters.overview", "Mes demandes", "inbox"),
        Door("requesters.describe", "Nouvelle demande", "plus", key="N", go="new-request"),
    ),
    Role.COORDINATOR: (
        Door(
            "coordinator.activity",
            "Activité",
            "chart",
            rooms=frozenset({"typed_figures", "reports"}),
        ),
        Door(
            "contract.overview", "Contrat", "euro", rooms=frozenset({"contract", "contract_form"})
        ),
        Door("payments.overview", "Paiements", "list", rooms=frozenset({"payments"})),
        Door(
            "gp_searches.overview",
            "Médecin traitant",
            "user-check",
            rooms=frozenset({"gp_searches"}),
        ),
        Door("what_if.question", "Et si\u00a0?", "help"),
        DIRECTORY,
        Door("neighbours.overview", "CPTS voisines", "users"),
        Door("settings.overview", "Réglages", "sliders"),
    ),
    Role.ADMINISTRATOR: (
        Door("administration.accounts", "Administration", "users"),
        Door("watching.overview", "Surveillance", "alert"),
        Door("openings.overview", "Accès aux dossiers", "list"),
        Door("episodes.overview", "Plan de crise", "alert", rooms=frozenset({"episodes"})),
        DIRECTORY,
        Door("settings.overview", "Réglages", "sliders"),
        Door("what_if.question", "Et si\u00a0?", "help"),
    ),
}
"""By role, the first being where one arrives after signing in."""
DEMONSTRATION = Door("demo.telephone", "Téléphone", "phone")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is signed in, as the frame shows them."""

    id: str
    display_name: str
    role_label: str
    territory_name: str
    acts_for: str
    """The practitioner for whom a secretary acts, or empty."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A door with its address on this site."""

    label: str
    url: str
    sign: str
    key: str
    current: bool
    id: str


def install(app: Flask, house: House) -> None:
    """Give every template `viewer` and `navigation`; both also where the database is away."""

    @app.context_processor
    def frame() -> dict[str, Any]:
        account: Account | None = g.get("account")
        if account is None:
            return {"viewer": None, "navigation": []}
        doors = DOORS[account.role]
        if account.is_delegate:
            doors = (*(door for door in doors if door != OWN_FIGURES), *DOORS[Role.DELEGATE])
        if house.settings.is_demonstration:
            doors += (DEMONSTRATION,)
        return {"viewer": _viewer(account), "navigation": [_entry(door) for door in doors]}


def first_page(role: Role) -> str:
    """Where somebody of this role begins."""
    return url_for(DOORS[role][0].endpoint)


def _viewer(account: Account) -> Viewer:
    return Viewer(
        id=str(account.user_id),
        display_name=account.display_name,
        role_label=f"{ROLE_NAMES[Role.DELEGATE].capitalize()}, pour {account.acts_for}"
        if account.is_delegate
        else ROLE_NAMES[account.role].capitalize(),
        territory_name=account.territory_name,
        acts_for=account.acts_for,
    )


def _entry(door: Door) -> Entry:
    return Entry(
        label=door.label,
        url=url_for(door.endpoint),
        sign=door.sign,
        key=door.key,
        current=request.endpoint == door.endpoint or request.blueprint in door.rooms,
        id=door.go,
    )
