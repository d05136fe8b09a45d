"""The coordinator's page on neighbouring territories: with whom marked slots are shared."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, RefusedError, UnavailableError
from dispatcher.domain.roles import Account, Role
from dispatcher.reads.neighbours import Neighbour, neighbours
from dispatcher.services.neighbours import agree, end_agreement
from dispatcher.web.access import allow, freshly, house, viewer
from dispatcher.web.wording import Wording

room = Blueprint("neighbours", __name__, url_prefix="/voisins")
SEE_OTHER = 303


@room.get("")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
def overview() -> ResponseReturnValue:
    """Every other territory of the house, and where the agreement with it stands."""
    account = viewer()
    wording = Wording.of(house(), account)
    known = neighbours(house().db, account.territory_id, wording.now)
    return render_template(
        "coordinator/neighbours.html", neighbours=[_row(each, wording) for each in known]
    )


@room.post("/accord")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
@freshly
def accept() -> ResponseReturnValue:
    """Propose an agreement, or accept the other side's."""

    def act(account: Account, code: str) -> str:
        if agree(house(), account, code):
            return f"Partage en vigueur{NBSP}: les créneaux marqués sont visibles des deux côtés."
        return (
            f"Proposition enregistrée{NBSP}: elle prendra effet quand l’autre CPTS l’aura acceptée."
        )

    return _act(act)


@room.post("/fin")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
@freshly
def end() -> ResponseReturnValue:
    """End an agreement, or take a proposal back."""

    def act(account: Account, code: str) -> str:
        end_agreement(house(), account, code)
        return "Partage terminé. Les rendez-vous déjà pris sont maintenus."

    return _act(act)


def _act(act: Callable[[Account, str], str]) -> ResponseReturnValue:
    try:
        flash(act(viewer(), request.form.get("neighbour", "")), "success")
    except UnavailableError:
        raise
    except InvalidError as error:
        flash(" ".join(error.fields.values()), "error")
    except RefusedError as error:
        flash(error.sentence, "error")
    return redirect(url_for("neighbours.overview"), SEE_OTHER)


def _row(neighbour: Neighbour, wording: Wording) -> dict[str, Any]:
    words = [each for each in (neighbour.we_agreed_at, neighbour.they_agreed_at) if each]
    if neighbour.in_force:
        state = "in_force"
    elif neighbour.we_agreed_at:
        state = "proposed"
    else:
        state = "asked" if words else "none"
    return {
        "code": neighbour.code,
        "name": neighbour.name,
        "state": state,
        "since": wording.relative(max(words)) if words else "",
        "shared_slots": neighbour.shared_slots,
    }
