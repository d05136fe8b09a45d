"""Every way out of a request: what a regulator's keys and dialogs on its page do."""

from collections.abc import Callable, Collection, Mapping
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from config.catalogue import Catalogue
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.calling import Whom
from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError, UnavailableError
from dispatcher.domain.roles import Account, Role
from dispatcher.domain.states import LIVE_REQUESTS, RequestStatus
from dispatcher.reads.request_page import request_state
from dispatcher.services import requests
from dispatcher.services.answers import release_acceptance
from dispatcher.services.appointments import cancel_request, close_request
from dispatcher.services.asking import ask_now
from dispatcher.services.booking import book_by_hand
from dispatcher.services.calling import attend_request
from dispatcher.services.commands import BookSlot, CancelRequest, CloseRequest
from dispatcher.services.effects import note_effect
from dispatcher.services.in_hand import heed_colleague
from dispatcher.services.moving import move_appointment
from dispatcher.services.parsing import parse
from dispatcher.services.requesting import validate_request
from dispatcher.web import forms
from dispatcher.web.access import allow, house, viewer
from dispatcher.web.desk import moving_sheet, whole_page
from dispatcher.web.posted import posted_id
from dispatcher.web.request_sheet import Refusal

room = Blueprint("ways_out", __name__, url_prefix="/demandes/<uuid:request_id>")
SEE_OTHER = 303
OVERRIDE, ENLARGE, CANCEL = "override-rule", "enlarge-search", "cancel-request"
REDIRECT, UNFILLED = "redirect-request", "unfilled-request"
"""The dialogs of the page, by their ids."""

REASONS: Mapping[RequestStatus, Callable[[Catalogue], Collection[str]]] = {
    RequestStatus.REDIRECTED: lambda catalogue: catalogue.redirections,
    RequestStatus.UNFILLED: lambda catalogue: catalogue.unfilled_reasons,
}
"""The codes that a regulator chooses from: the API may also say it in words."""


@room.post("/reserver")
@allow(Role.REGULATOR)
def book(request_id: UUID) -> ResponseReturnValue:
    """Book the slot that the regulator chose, if need be despite a rule, saying why."""

    def act(account: Account) -> None:
        chosen = {"slot": request.form.get("slot", ""), "override": request.form.get("override")}
        book_by_hand(house(), account, request_id, parse(BookSlot, chosen))

    dialog = OVERRIDE if "override" in request.form else ""
    return act_on(request_id, act, f"Rendez-vous pris{NBSP}: les SMS partent.", dialog)


@room.get("/deplacer")
@allow(Role.REGULATOR)
def move_choices(request_id: UUID) -> ResponseReturnValue:
    """The other slots that suit a booked request."""
    shown = moving_sheet(request_id)
    if shown is None:
        return redirect(url_for("desk.request_page", request_id=request_id), SEE_OTHER)
    return render_template("desk/move.html", **shown)


@room.post("/deplacer")
@allow(Role.REGULATOR)
def move(request_id: UUID) -> ResponseReturnValue:
    """Give the appointment another slot."""

    def act(account: Account) -> None:
        chosen = parse(BookSlot, {"slot": request.form.get("slot", "")})
        move_appointment(house(), account, request_id, chosen)

    return act_on(request_id, act, f"Rendez-vous déplacé{NBSP}: les SMS partent.")


@room.post("/elargir")
@allow(Role.REGULATOR)
def enlarge(request_id: UUID) -> ResponseReturnValue:
    """Search further for this request."""

    def act(account: Account) -> None:
        radius_km = forms.number(request.form.get("radius_km", ""))
        if radius_km is None:
            raise InvalidError({"radius_km": "Indiquez un nombre de kilomètres."})
        requests.enlarge_search(house(), account, request_id, radius_km)

    return act_on(request_id, act, "Recherche élargie et relancée.", ENLARGE)


@room.post("/valider")
@allow(Role.REGULATOR)
def validate(request_id: UUID) -> ResponseReturnValue:
    """Say yes to what a requester asks for: it is searched."""
    return act_on(
        request_id,
        lambda account: validate_request(house(), account, request_id),
        f"Demande validée{NBSP}: la recherche commence.",
    )


@room.post("/solliciter")
@allow(Role.REGULATOR)
def ask(request_id: UUID) -> ResponseReturnValue:
    """Ask volunteers now, without waiting for their time."""
    return act_on(
        request_id,
        lambda account: ask_now(house(), account, request_id),
        "Volontaires sollicités par SMS.",
    )


@room.post("/effet")
@allow(Role.REGULATOR)
def note(request_id: UUID) -> ResponseReturnValue:
    """Write down what the request led to, or take it back."""
    effect, holds = request.form.get("effect", ""), request.form.get("holds") == "true"
    return act_on(
        request_id,
        lambda account: note_effect(house(), account, request_id, effect, holds=holds),
        "Suite de la demande notée." if holds else "Mention retirée.",
    )


@room.post("/reprendre")
@allow(Role.REGULATOR)
def take_back(request_id: UUID) -> ResponseReturnValue:
    """Give up a yes whose hour does not come."""
    return act_on(
        request_id,
        lambda account: release_acceptance(house(), account, request_id),
        f"La régulation a repris la main{NBSP}: la recherche continue.",
    )


@room.post("/annuler")
@allow(Role.REGULATOR)
def cancel(request_id: UUID) -> ResponseReturnValue:
    """Somebody gives up the appointment or the request."""

    def act(account: Account) -> None:
        given = {"by": request.form.get("by", ""), "reason": request.form.get("reason", "")}
        cancel_request(house(), account, request_id, parse(CancelRequest, given))

    return act_on(request_id, act, "Annulation enregistrée.", CANCEL)


@room.post("/reorienter")
@allow(Role.REGULATOR)
def redirect_request(request_id: UUID) -> ResponseReturnValue:
    """The patient is answered elsewhere."""
    return _close(
        request_id, RequestStatus.REDIRECTED, "to", "Réorientation enregistrée.", REDIRECT
    )


@room.post("/sans-solution")
@allow(Role.REGULATOR)
def close_unfilled(request_id: UUID) -> ResponseReturnValue:
    """Nobody could take the request."""
    return _close(
        request_id, RequestStatus.UNFILLED, "reason", "Demande close sans solution.", UNFILLED
    )


@room.post("/issue")
@allow(Role.REGULATOR)
def outcome(request_id: UUID) -> ResponseReturnValue:
    """The patient came, or did not."""

    def act(account: Account) -> None:
        said = {"status": request.form.get("status", "")}
        close_request(house(), account, request_id, parse(CloseRequest, said))

    return act_on(request_id, act, "Présence enregistrée.")


@room.post("/relancer")
@allow(Role.REGULATOR)
def search_again(request_id: UUID) -> ResponseReturnValue:
    """Look again now for a slot."""
    return act_on(
        request_id,
        lambda account: requests.search_again(house(), account, request_id),
        "Recherche relancée.",
    )


@room.post("/appele")
@allow(Role.REGULATOR)
def called(request_id: UUID) -> ResponseReturnValue:
    """The patient or practitioner whom no SMS reached was called."""
    said = request.form.get("whom", Whom.PATIENT.value)
    whom = Whom(said) if said in set(Whom) else Whom.PATIENT
    return act_on(
        request_id,
        lambda account: attend_request(house(), account, request_id, whom),
        "Appel noté.",
    )


def _close(
    request_id: UUID, status: RequestStatus, reason_field: str, done: str, dialog: str
) -> ResponseReturnValue:
    def act(account: Account) -> None:
        given = {
            "status": status.value,
            "reason": request.form.get(reason_field, ""),
            "note": request.form.get("note", ""),
        }
        if given["reason"] not in REASONS[status](house().catalogue):
            raise InvalidError({reason_field: "Choisissez une réponse de la liste."})
        try:
            close_request(house(), account, request_id, parse(CloseRequest, given))
        except InvalidError as error:
            named = {"reason": reason_field, "status": reason_field}
            raise InvalidError(
                {named.get(field, field): said for field, said in error.fields.items()}
            ) from None

    return act_on(request_id, act, done, dialog)


def act_on(
    request_id: UUID,
    act: Callable[[Account], object],
    done: str,
    dialog: str = "",
    *,
    heeding: bool = True,
) -> ResponseReturnValue:
    """Do it and show the request again with what came of it.

    `heeding` a colleague who took the request in hand since the page was shown: nothing is done.
    What is refused changed nothing, and the page says why, with the dialog open as it was left; a
    request that does not exist and a database that is away have no page to go back to.
    """
    try:
        if heeding:
            heed_colleague(house(), viewer(), request_id, posted_id("in_hand"))
        act(viewer())
    except (NotFoundError, UnavailableError):
        raise
    except RefusedError as error:
        if dialog and _is_live(request_id):
            refused = Refusal.of(dialog, request.form, error)
            return whole_page(request_id, refused=refused), error.status
        fields = error.fields.values() if isinstance(error, InvalidError) else [error.sentence]
        flash(" ".join(fields), "error")
    else:
        flash(done, "success")
    return redirect(url_for("desk.request_page", request_id=request_id), SEE_OTHER)


def _is_live(request_id: UUID) -> bool:
    """Whether there is still something to decide."""
    found = request_state(house().db, viewer().territory_id, request_id, house().clock())
    return found is not None and found.status in LIVE_REQUESTS
