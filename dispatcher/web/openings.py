"""« Accès aux dossiers »: who opened which patient's file, for the territory's administrator.

A person is looked for by telephone and birth date in a form that is posted: neither stands in an
address. The page names who opened, and of the patient only the numbers of their requests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from dispatcher.domain import calendar
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.events import ActorKind
from dispatcher.domain.openings import WAYS
from dispatcher.domain.roles import ROLE_NAMES, Role
from dispatcher.papers.spreadsheets import csv_of
from dispatcher.reads.accounts import accounts_of
from dispatcher.reads.openings import MOST, Opening, openings
from dispatcher.services.persons import persons_of
from dispatcher.web.access import allow, freshly, house, viewer
from dispatcher.web.forms import birth_date
from dispatcher.web.posted import id_in
from dispatcher.web.wording import Choice, Wording

room = Blueprint("openings", __name__, url_prefix="/administration/acces-aux-dossiers")
UNKNOWN = "Personne n’est connu avec ce téléphone et cette date de naissance."
NO_BIRTH_DATE = "Indiquez une date de naissance, par exemple 03/02/1950."
COLUMNS = ("Date", "Heure", "Qui", "Rôle", "Par", "Demande", "Dossier")
"""Of the file. The last is the patient's pseudonym, the same in every row about them."""
PERSON = ("phone", "birth_date")
OTHERS = {ActorKind.OPERATOR: "exploitation"}
Typed = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for: a day and an account, or the files of one person."""

    day: date
    account: UUID | None
    patients: Sequence[UUID] | None = None


@room.get("")
@allow(Role.ADMINISTRATOR)
def overview() -> str:
    """The openings of a day; today's unless told otherwise."""
    return _page(_asked(request.args), {})


@room.post("")
@allow(Role.ADMINISTRATOR)
def of_person() -> ResponseReturnValue:
    """Those of one person's files, whenever."""
    typed = {name: request.form.get(name, "").strip() for name in PERSON}
    try:
        asked = _of_person(typed)
    except InvalidError as error:
        return _page(_asked({}), typed, error.fields), error.status
    return _page(asked, typed)


@room.post("/export.csv")
@allow(Role.ADMINISTRATOR)
@freshly
def export() -> ResponseReturnValue:
    """What the page shows, as a file."""
    typed = {name: request.form.get(name, "").strip() for name in PERSON}
    try:
        asked = _of_person(typed) if any(typed.values()) else _asked(request.form)
    except InvalidError as error:
        return _page(_asked({}), typed, error.fields), error.status
    zone = Wording.of(house(), viewer()).zone
    rows = [
        (
            calendar.local_day(each.at, zone),
            calendar.hour(each.at, zone),
            _who(each),
            _role(each),
            WAYS[each.way],
            each.code or "",
            str(each.patient_id),
        )
        for each in _found(asked)
    ]
    answer = Response(csv_of([COLUMNS, *rows]), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="acces-aux-dossiers.csv"'
    return answer


def _asked(given: Typed) -> Asked:
    today = calendar.local_day(house().clock(), Wording.of(house(), viewer()).zone)
    try:
        day = date.fromisoformat(given.get("jour", ""))
    except ValueError:
        day = today
    return Asked(day, id_in(given.get("compte", "")))


def _of_person(typed: Typed) -> Asked:
    """Raises InvalidError by field."""
    born, faults = birth_date(typed["birth_date"]), {}
    if born is None:
        faults["birth_date"] = NO_BIRTH_DATE
    try:
        found = persons_of(house(), viewer().territory_code, typed["phone"], born or date.min)
    except InvalidError as error:
        raise InvalidError(faults | error.fields) from None
    if faults:
        raise InvalidError(faults)
    if not found:
        raise InvalidError({"phone": UNKNOWN})
    return Asked(_asked({}).day, None, found)


def _found(asked: Asked) -> list[Opening]:
    account, wording = viewer(), Wording.of(house(), viewer())
    if asked.patients is not None:
        return openings(house().db, account.territory_id, patients=asked.patients)
    since, until = calendar.local_day_bounds(asked.day, wording.zone)
    return openings(
        house().db, account.territory_id, since=since, until=until, actor_id=asked.account
    )


def _page(asked: Asked, typed: Typed, errors: Mapping[str, str] | None = None) -> str:
    account, wording = viewer(), Wording.of(house(), viewer())
    found = _found(asked)
    known = accounts_of(house().db, account.territory_id, wording.now)
    return render_template(
        "administration/openings.html",
        values={"jour": asked.day.isoformat(), "compte": str(asked.account or ""), **typed},
        errors=errors or {},
        accounts=[Choice(str(each.id), each.display_name) for each in known],
        of_person=asked.patients is not None,
        day=calendar.day(calendar.local_day_bounds(asked.day, wording.zone)[0], wording.zone),
        openings=[_shown(each, wording) for each in found],
        are_more=len(found) == MOST,
        most=MOST,
    )


def _shown(each: Opening, wording: Wording) -> dict[str, Any]:
    return {
        "at": wording.moment(each.at),
        "who": _who(each),
        "role": _role(each),
        "way": WAYS[each.way],
        "code": each.code or "",
    }


def _who(each: Opening) -> str:
    return f"{each.who} ({each.elsewhere})" if each.elsewhere else each.who


def _role(each: Opening) -> str:
    known = OTHERS.get(each.kind) or ROLE_NAMES[Role(each.kind.value)]
    return known.capitalize()
