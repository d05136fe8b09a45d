"""The pages that import the national directory: a file, a choice, what it would do, doing it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, cast
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dispatcher.domain.calendar import NBSP
from dispatcher.domain.directory.people import TO_CHECK, Verdict
from dispatcher.domain.errors import InvalidError, NotFoundError, RefusedError, UnavailableError
from dispatcher.domain.roles import Role
from dispatcher.papers.spreadsheets import csv_of
from dispatcher.reads.directory_imports import (
    ImportFacts,
    communes_in_use,
    import_facts,
    imports_of,
    readable,
)
from dispatcher.services import directory
from dispatcher.services.directory_reading import (
    DONE,
    FAILED,
    READ,
    READING,
    RUNNING,
    WAITING,
    communes_of,
    read_directory,
)
from dispatcher.services.directory_words import FAULTS, ONE, VERDICTS, fields, report_rows
from dispatcher.services.parsing import parse
from dispatcher.web.access import allow, freshly, house, viewer
from dispatcher.web.live import LiveState, fragment
from dispatcher.web.wording import Wording, plain

room = Blueprint("directory_import", __name__, url_prefix="/annuaire/import")
SEE_OTHER = 303
WORKING_EVERY = 1000
SHOWN = 60
"""People of one kind that the page lists; the report has all of them."""
STATES = {
    READING: "Fichier en cours de lecture",
    READ: "Lu, non importé",
    WAITING: "En attente",
    RUNNING: "En cours",
    DONE: "Terminé",
    FAILED: "Interrompu",
}
OVER = frozenset({DONE, FAILED})


@room.get("")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
def overview() -> ResponseReturnValue:
    """Where to get the file, the form that takes it, and the last imports."""
    return _overview({"departments": viewer().department}, {})


@room.post("")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
def read() -> ResponseReturnValue:
    """Read the file: the lines of the départements are kept until somebody chose among them."""
    account = viewer()
    values = {"departments": request.form.get("departments", "").strip()}
    file = request.files.get("file")
    if file is None or not file.filename:
        return _overview(values, {"file": "Choisissez le fichier téléchargé."}), InvalidError.status
    try:
        communes = communes_of(house(), re.split(r"[\s,;]+", values["departments"].upper()))
        import_id = read_directory(
            house(),
            account.territory_id,
            account.actor,
            cast("BinaryIO", file.stream),
            file.filename,
            communes,
        )
    except InvalidError as error:
        return _overview(values, error.fields), error.status
    except UnavailableError:
        raise
    except RefusedError as error:
        return _overview(values, {"file": error.sentence}), error.status
    return redirect(url_for("directory_import.show", import_id=import_id), SEE_OTHER)


@room.get("/<uuid:import_id>")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
def show(import_id: UUID) -> ResponseReturnValue:
    """What can be chosen and what it would do; once begun, how far it is."""
    found = _found(import_id)
    return _choice(found, {}) if found.status == READ else _progress(found)


@room.post("/<uuid:import_id>/choix")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
def choose(import_id: UUID) -> ResponseReturnValue:
    """Keep the choice, and see what it would do."""
    account = viewer()
    try:
        choice = parse(
            directory.Choice,
            {
                "communes": request.form.getlist("communes"),
                "professions": request.form.getlist("professions"),
                "employed": request.form.get("employed") == "1",
            },
        )
        directory.choose(house(), account.territory_id, account.actor, import_id, choice)
    except InvalidError as error:
        return _choice(_found(import_id), error.fields), error.status
    return redirect(
        url_for("directory_import.show", import_id=import_id, _anchor="apercu"), SEE_OTHER
    )


@room.post("/<uuid:import_id>/lancement")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
@freshly
def start(import_id: UUID) -> ResponseReturnValue:
    """Have it imported."""
    directory.start_import(house(), viewer(), import_id)
    return redirect(url_for("directory_import.show", import_id=import_id), SEE_OTHER)


@room.get("/<uuid:import_id>/suivi")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
def live(import_id: UUID) -> ResponseReturnValue:
    """The part of the page that renews itself while it is being imported."""
    found = _found(import_id)
    return fragment(
        _state(found),
        lambda: render_template("coordinator/_directory_live.html", **_told(found)),
    )


@room.get("/<uuid:import_id>/rapport.csv")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
@freshly
def report(import_id: UUID) -> ResponseReturnValue:
    """The report line by line, as French Excel expects it."""
    told = directory.report_of(house(), viewer().territory_id, import_id)
    return Response(
        csv_of(report_rows(told)),
        mimetype="text/csv",
        headers={"Content-Disposition": "attachment; filename=import-annuaire.csv"},
    )


def _found(import_id: UUID) -> ImportFacts:
    found = import_facts(house().db, viewer().territory_id, import_id)
    if found is None:
        raise NotFoundError
    return found


def _state(found: ImportFacts) -> LiveState:
    return LiveState.of(
        (found.status, found.progress), 0 if found.status in OVER else WORKING_EVERY
    )


def _overview(values: Mapping[str, Any], errors: Mapping[str, str]) -> str:
    wording = Wording.of(house(), viewer())
    return render_template(
        "coordinator/directory_import.html",
        values=values,
        errors=errors,
        imports=[
            {
                "url": url_for("directory_import.show", import_id=each.id),
                "file_name": each.file_name,
                "at": wording.relative(each.asked_at),
                "status": each.status,
                "state": STATES[each.status],
                "people": _counted(each.result),
            }
            for each in imports_of(house().db, viewer().territory_id)
        ],
    )


def _choice(found: ImportFacts, errors: Mapping[str, str]) -> str:
    account, wording = viewer(), Wording.of(house(), viewer())
    kept = readable(house().db, found.id)
    chosen = found.choice or {
        "communes": list(communes_in_use(house().db, account.territory_id)),
        "professions": list(kept.professions),
        "employed": False,
    }
    told = directory.report_of(house(), account.territory_id, found.id) if found.choice else None
    communes = [
        {"value": code, "label": wording.commune_name(code), "count": count}
        for code, count in kept.communes.items()
    ]
    return render_template(
        "coordinator/directory_choice.html",
        file_name=found.file_name,
        import_id=found.id,
        tally=_tally(found),
        communes=sorted(communes, key=lambda each: plain(str(each["label"]))),
        professions=[
            {"value": code, "label": wording.profession(code), "count": count}
            for code, count in kept.professions.items()
        ],
        employed=kept.employed,
        values=request.form.to_dict(flat=False) if errors else chosen,
        errors=errors,
        preview=None if told is None else _preview(told),
    )


def _preview(told: Mapping[str, Any]) -> dict[str, Any]:
    people: Sequence[Mapping[str, Any]] = told["people"]
    by_verdict = {
        verdict: [each for each in people if each["verdict"] == verdict] for verdict in Verdict
    }
    to_check = [each for verdict in Verdict if verdict in TO_CHECK for each in by_verdict[verdict]]
    kept = [each for each in people if each["kept"] or each["gone"]]
    return {
        "cards": [
            {"label": VERDICTS[verdict], "count": len(by_verdict[verdict])}
            for verdict in (Verdict.NEW, Verdict.UPDATED, Verdict.SAME)
        ]
        + [{"label": "À vérifier", "count": len(to_check)}],
        "to_check": [_person(each) for each in to_check[:SHOWN]],
        "kept": [_person(each) for each in kept[:SHOWN]],
        "new": [each["name"] for each in by_verdict[Verdict.NEW][:SHOWN]],
        "more_new": max(len(by_verdict[Verdict.NEW]) - SHOWN, 0),
        "to_do": len(by_verdict[Verdict.NEW]) + len(by_verdict[Verdict.UPDATED]),
    }


def _person(each: Mapping[str, Any]) -> dict[str, str]:
    gone = f"{NBSP}; un lieu n’est plus dans l’annuaire, il est gardé" if each["gone"] else ""
    kept = f"gardé tel que saisi ici{NBSP}: {fields(each['kept'])}" if each["kept"] else ""
    return {
        "lines": ", ".join(map(str, each["lines"])),
        "rpps": each["rpps"],
        "name": each["name"],
        "url": url_for("invitations.show", practitioner_id=each["practitioner"])
        if "practitioner" in each
        else "",
        "said": ONE[each["verdict"]]
        if each["verdict"] in TO_CHECK
        else (kept + gone).strip("\u00a0; "),
    }


def _tally(found: ImportFacts) -> dict[str, Any]:
    return {
        "read": f"{found.tally.get('read', 0):,}".replace(",", NBSP),
        "kept": f"{found.tally.get('kept', 0):,}".replace(",", NBSP),
        "no_commune": found.tally.get("no_commune", 0),
        "faults": [
            {"label": FAULTS[fault], "count": count}
            for fault, count in found.tally.get("faults", {}).items()
        ],
    }


def _progress(found: ImportFacts) -> str:
    state = _state(found)
    return render_template(
        "coordinator/directory_progress.html",
        file_name=found.file_name,
        live_url=url_for("directory_import.live", import_id=found.id),
        live_etag=state.etag,
        live_every=state.every,
        **_told(found),
    )


def _told(found: ImportFacts) -> dict[str, Any]:
    absent: list[dict[str, str]] = []
    if found.result.get(Verdict.ABSENT):
        told = directory.report_of(house(), viewer().territory_id, found.id)["people"]
        absent = [_person(each) for each in told if each["verdict"] == Verdict.ABSENT]
    return {
        "absent": absent[:SHOWN],
        "status": found.status,
        "percent": round(100 * found.progress),
        "cards": [
            {"label": VERDICTS[verdict], "count": found.result.get(verdict, 0)}
            for verdict in Verdict
        ],
        "sentence": _counted(found.result),
        "report_url": url_for("directory_import.report", import_id=found.id),
    }


def _counted(result: Mapping[str, int]) -> str:
    """« 12 nouveaux, 3 mis à jour »."""
    said = [
        f"{result[verdict]}{NBSP}{VERDICTS[verdict].lower()}"
        for verdict in Verdict
        if result.get(verdict)
    ]
    return ", ".join(said)
