"""A professional of the directory: inviting them, and taking them out of it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError, UnavailableError
from dispatcher.domain.roles import Role
from dispatcher.reads.invitations import Invitee, Sent, invitee
from dispatcher.services.departures import deactivate_practitioner, reactivate_practitioner
from dispatcher.services.invitations import Invite, invite, revoke
from dispatcher.services.parsing import parse
from dispatcher.web.access import allow, freshly, house, viewer
from dispatcher.web.wording import Choice, Wording, shown_phone

room = Blueprint("invitations", __name__, url_prefix="/annuaire")
SEE_OTHER = 303
CHANNELS = (Choice("email", "Par e-mail"), Choice("sms", "Par SMS"))
DELIVERY: Mapping[str, str] = {
    "queued": "en attente d’envoi",
    "sending": "envoi en cours",
    "sent": "envoyée",
    "delivered": "remise",
    "undelivered": "non remise",
    "failed": "n’a pas pu être envoyée",
    "refused": f"refusée{NBSP}: vérifiez l’adresse ou le numéro",
}


@room.get("/<uuid:practitioner_id>/invitation")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
def show(practitioner_id: UUID) -> ResponseReturnValue:
    """How somebody is reached, and the invitations they were sent."""
    found = _found(practitioner_id)
    values = {
        "channel": "email" if house().email is not None else "sms",
        "email": found.email or "",
        "phone": shown_phone(found.phone, viewer().department) if found.phone else "",
    }
    return _page(found, values, {})


@room.post("/<uuid:practitioner_id>/invitation")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
@freshly
def send(practitioner_id: UUID) -> ResponseReturnValue:
    """Invite them, or show the form again with a sentence at each field."""
    values = {name: request.form.get(name, "").strip() for name in ("channel", "email", "phone")}
    try:
        invite(house(), viewer(), practitioner_id, parse(Invite, values))
    except InvalidError as error:
        return _page(_found(practitioner_id), values, error.fields), error.status
    except (NotFoundError, UnavailableError):
        raise
    except RefusedError as error:
        flash(error.sentence, "error")
    else:
        flash("Invitation envoyée. Le lien est valable deux semaines.", "success")
    return redirect(url_for("invitations.show", practitioner_id=practitioner_id), SEE_OTHER)


@room.post("/<uuid:practitioner_id>/invitation/retrait")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
@freshly
def take_back(practitioner_id: UUID) -> ResponseReturnValue:
    """End the link that they were sent."""
    revoke(house(), viewer(), practitioner_id)
    flash(f"Invitation retirée{NBSP}: son lien n’ouvre plus rien.", "success")
    return redirect(url_for("invitations.show", practitioner_id=practitioner_id), SEE_OTHER)


@room.post("/<uuid:practitioner_id>/depart")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
@freshly
def deactivate(practitioner_id: UUID) -> ResponseReturnValue:
    """Take them out of the directory, unless patients are expected."""
    try:
        deactivate_practitioner(house(), viewer(), practitioner_id)
    except (NotFoundError, UnavailableError):
        raise
    except RefusedError as error:
        flash(error.sentence, "error")
    else:
        flash("Cette personne ne figure plus dans l’annuaire, et n’offre plus rien.", "success")
    return redirect(url_for("invitations.show", practitioner_id=practitioner_id), SEE_OTHER)


@room.post("/<uuid:practitioner_id>/retour")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
@freshly
def reactivate(practitioner_id: UUID) -> ResponseReturnValue:
    """Take them in again."""
    reactivate_practitioner(house(), viewer(), practitioner_id)
    flash("Cette personne figure de nouveau dans l’annuaire. Invitez-la à ouvrir un compte.")
    return redirect(url_for("invitations.show", practitioner_id=practitioner_id), SEE_OTHER)


def _found(practitioner_id: UUID) -> Invitee:
    found = invitee(house().db, viewer().territory_id, practitioner_id)
    if found is None:
        raise NotFoundError
    return found


def _page(found: Invitee, values: Mapping[str, str], errors: Mapping[str, str]) -> str:
    wording = Wording.of(house(), viewer())
    return render_template(
        "directory/invitation.html",
        person={
            "id": found.id,
            "name": found.name,
            "profession": wording.profession(found.profession),
            "rpps": found.rpps or "",
            "has_account": found.has_account,
            "active": found.active,
        },
        by_email=house().email is not None,
        channels=CHANNELS,
        values=values,
        errors=errors,
        invitations=[_row(each, wording) for each in found.invitations],
        waits=any(_state(each, wording) == "waiting" for each in found.invitations),
    )


def _state(each: Sent, wording: Wording) -> str:
    if each.accepted_at is not None:
        return "accepted"
    if each.revoked_at is not None:
        return "revoked"
    return "waiting" if each.expires_at > wording.now else "expired"


def _row(each: Sent, wording: Wording) -> dict[str, Any]:
    state = _state(each, wording)
    said = {
        "accepted": f"Acceptée {wording.relative(each.accepted_at)}" if each.accepted_at else "",
        "revoked": "Retirée",
        "waiting": f"Valable jusqu’au {calendar.day(each.expires_at, wording.zone)}",
        "expired": "Expirée",
    }[state]
    return {
        "at": wording.relative(each.created_at),
        "channel": {"email": "par e-mail", "sms": "par SMS"}[each.channel],
        "delivery": DELIVERY.get(each.delivery, ""),
        "failed": each.delivery in {"undelivered", "failed", "refused"},
        "state": state,
        "said": said,
    }
