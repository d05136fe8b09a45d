"""« Mes agendas »: those that a practitioner keeps elsewhere, which close the slots they must."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain import calendar
from dispatcher.domain.agendas.problems import AgendaProblem
from dispatcher.domain.agendas.reading import Fault
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.figures import whole_number
from dispatcher.domain.roles import Role
from dispatcher.reads.agenda import own_places
from dispatcher.reads.agenda_exports import OwnExport, own_export
from dispatcher.reads.own_agendas import Finding, OwnAgenda, own_agendas
from dispatcher.services.agenda_exports import make_export, revoke_export
from dispatcher.services.agendas import add_agenda, read_now, remove_agenda
from dispatcher.services.commands import AddAgenda
from dispatcher.services.parsing import parse
from dispatcher.web.access import allow, freshly, house, viewer
from dispatcher.web.wording import Choice

room = Blueprint("own_agendas", __name__, url_prefix="/agenda/agendas")
SEE_OTHER = 303
FIELDS = ("url", "word", "place", "slot_minutes")
LENGTHS = (
    Choice("", "Un créneau par événement"),
    Choice("10", f"Toutes les 10{NBSP}min"),
    Choice("15", f"Toutes les 15{NBSP}min"),
    Choice("20", f"Toutes les 20{NBSP}min"),
    Choice("30", f"Toutes les 30{NBSP}min"),
)
PROBLEMS: Mapping[str, str] = {
    AgendaProblem.ADDRESS_UNREADABLE: "L’adresse n’est pas celle d’un calendrier.",
    AgendaProblem.ADDRESS_REFUSED: "L’adresse mène dans un réseau privé, où nous n’allons pas.",
    AgendaProblem.NAME_UNKNOWN: "Le serveur de l’agenda est introuvable.",
    AgendaProblem.NO_ANSWER: "Le serveur de l’agenda ne répond pas.",
    AgendaProblem.TOO_SLOW: "Le serveur de l’agenda met trop de temps à répondre.",
    AgendaProblem.TOO_LARGE: f"Le fichier dépasse 5{NBSP}Mo.",
    AgendaProblem.TOO_MANY_REDIRECTS: "L’adresse renvoie sans fin à une autre.",
    AgendaProblem.CERTIFICATE_REFUSED: "Le certificat du serveur de l’agenda n’est pas valable.",
    AgendaProblem.GONE: f"L’adresse n’est plus valable{NBSP}: copiez-la de nouveau.",
    AgendaProblem.SERVER_FAULT: "Le serveur de l’agenda est en panne.",
    Fault.NOT_A_CALENDAR: f"Ce n’est pas un calendrier{NBSP}: l’adresse donne une page web.",
    Fault.CUT_OFF: "Le fichier s’arrête avant sa fin.",
    Fault.LINE_UNREADABLE: "Le fichier est abîmé.",
    Fault.TOO_MANY: "Le fichier a trop d’événements pour un agenda.",
}
FAULTS: Mapping[str, str] = {
    Fault.NOT_A_CALENDAR: "ce n’est pas le début d’un calendrier",
    Fault.CUT_OFF: "le fichier s’arrête là",
    Fault.LINE_UNREADABLE: "ligne illisible",
    Fault.TOO_MANY: "trop d’événements",
    Fault.EVENT_UNREADABLE: "événement illisible, laissé de côté",
    Fault.NO_START: "événement sans début, laissé de côté",
    Fault.ENDS_BEFORE_START: "événement qui finit avant de commencer, laissé de côté",
    Fault.ZONE_UNKNOWN: "fuseau horaire inconnu, lu à l’heure du territoire",
    Fault.RULE_TOO_DENSE: "répétition trop serrée, seule la première heure compte",
    Fault.OVERLAPS: "une heure proposée en chevauche une autre au même lieu et n’est pas publiée",
}


@room.get("")
@allow(Role.PRACTITIONER)
def overview() -> ResponseReturnValue:
    """The agendas and how their last reading went; the form of one more."""
    return _page({}, {})


@room.post("")
@allow(Role.PRACTITIONER)
def add() -> ResponseReturnValue:
    """Link one, or show again what was typed with a sentence at each field."""
    typed = {name: request.form.get(name, "").strip() for name in FIELDS}
    try:
        add_agenda(house(), viewer(), parse(AddAgenda, _asked(typed)))
    except InvalidError as error:
        return _page(typed, error.fields), error.status
    flash(
        f"Agenda relié{NBSP}: il est lu dans un instant, puis toutes les cinq minutes.", "success"
    )
    return _back()


@room.post("/export")
@allow(Role.PRACTITIONER)
@freshly
def make_feed() -> ResponseReturnValue:
    """Open a secret address for another calendar; it is on the answer itself, and nowhere else."""
    secret = make_export(house(), viewer(), with_identity=bool(request.form.get("identity")))
    base = house().settings.public_base_url
    return _page({}, {}, f"{base}{url_for('agenda_feed.feed', token=secret)}")


@room.post("/export/retirer")
@allow(Role.PRACTITIONER)
@freshly
def revoke_feed() -> ResponseReturnValue:
    """Close it."""
    revoke_export(house(), viewer())
    flash(f"Adresse retirée{NBSP}: les agendas qui la lisaient ne reçoivent plus rien.", "success")
    return _back()


@room.post("/<uuid:feed_id>/lire")
@allow(Role.PRACTITIONER)
def read(feed_id: UUID) -> ResponseReturnValue:
    """Read it now."""
    read_now(house(), viewer(), feed_id)
    flash("L’agenda est relu dans un instant.", "success")
    return _back()


@room.post("/<uuid:feed_id>/retirer")
@allow(Role.PRACTITIONER)
def remove(feed_id: UUID) -> ResponseReturnValue:
    """Read it no more."""
    remove_agenda(house(), viewer(), feed_id)
    flash(
        f"Agenda retiré{NBSP}: les créneaux qu’il fermait sont rouverts,"
        " ceux qu’il ouvrait et qui restaient libres sont fermés.",
        "success",
    )
    return _back()


def _asked(typed: Mapping[str, str]) -> dict[str, Any]:
    """What was typed as the command takes it; without a word there is no place to speak of."""
    offers = bool(typed["word"])
    minutes = typed["slot_minutes"]
    return {
        "url": typed["url"],
        "word": typed["word"],
        "place": (typed["place"] or None) if offers else None,
        "slot_minutes": (whole_number(minutes) or minutes or None) if offers else None,
    }


def _back() -> ResponseReturnValue:
    return redirect(url_for("own_agendas.overview"), SEE_OTHER)


def _page(typed: Mapping[str, str], errors: Mapping[str, str], opened: str = "") -> str:
    account = viewer()
    places, zone = own_places(house().db, account), ZoneInfo(account.timezone)
    alone = str(places[0].id) if len(places) == 1 else ""
    return render_template(
        "practitioner/agendas.html",
        agendas=[_card(each, zone) for each in own_agendas(house().db, account)],
        values={"place": alone} | dict(typed),
        errors=errors,
        places=[Choice(str(place.id), f"{place.label}, {place.commune_name}") for place in places],
        lengths=LENGTHS,
        opened=opened,
        export=_export(own_export(house().db, account), zone),
    )


def unread_agendas() -> list[dict[str, str]]:
    """Those of the viewer's agendas that could not be read: meanwhile they close nothing new."""
    account = viewer()
    zone = ZoneInfo(account.timezone)
    return [
        {
            "host": each.host,
            "problem": PROBLEMS[each.problem],
            "since": calendar.day_and_hour(each.read_at, zone) if each.read_at else "",
        }
        for each in own_agendas(house().db, account)
        if each.problem
    ]


def _export(export: OwnExport | None, zone: ZoneInfo) -> dict[str, Any] | None:
    if export is None:
        return None
    return {
        "made": calendar.day_and_hour(export.made_at, zone),
        "with_identity": export.with_identity,
    }


def _card(agenda: OwnAgenda, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": agenda.id,
        "host": agenda.host,
        "read": calendar.day_and_hour(agenda.read_at, zone) if agenda.read_at else "",
        "busy": agenda.busy,
        "offers": _offers(agenda),
        "problem": PROBLEMS[agenda.problem] if agenda.problem else "",
        "next": calendar.hour(agenda.next_at, zone),
        "findings": [_in_words(finding) for finding in agenda.findings],
    }


def _offers(agenda: OwnAgenda) -> str:
    if not agenda.word:
        return ""
    each = f", un créneau toutes les {agenda.slot_minutes}{NBSP}min" if agenda.slot_minutes else ""
    return (
        f"«{NBSP}{agenda.word}{NBSP}» dans un titre ouvre un créneau à{NBSP}: "
        f"{agenda.place_label}{each}."
    )


def _in_words(finding: Finding) -> str:
    said = FAULTS[finding.fault]
    return said.capitalize() if finding.line is None else f"Ligne {finding.line}{NBSP}: {said}"
