"""« Contrat »: a year of the ACI contract, line by line, with what it has earned so far."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from config import agreements
from dispatcher.domain import calendar
from dispatcher.domain.aci.contract import Contract
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import NotFoundError
from dispatcher.domain.indicators.outside import OUTSIDE
from dispatcher.domain.indicators.registry import INDICATORS
from dispatcher.domain.roles import Role
from dispatcher.papers.words import UNITS
from dispatcher.reads.evidence import BundleCard, bundle_content, bundles
from dispatcher.services.contract_files import (
    ContractFileError,
    FileFault,
    read_contract,
    write_contract,
)
from dispatcher.services.contract_years import contract_years, year_of
from dispatcher.services.contracts import (
    OverlappingYearsError,
    ReplacedMeanwhileError,
    Saved,
    save_contract,
    seen,
    settled,
    valued,
)
from dispatcher.services.evidence import ask_evidence
from dispatcher.web import contract_view
from dispatcher.web.access import allow, freshly, house, viewer

room = Blueprint("contract", __name__, url_prefix="/contrat")
SEE_OTHER = 303
UNPROCESSABLE = 422
EXAMPLES = agreements.DIRECTORY / "examples"


@room.get("")
@allow(Role.COORDINATOR)
def overview() -> ResponseReturnValue:
    """The year that is asked for, settled with what is known today; else how to begin."""
    years = _years()
    if not years:
        return start_page({"accord": agreements.codes()[-1], "taille": "3"}, {})
    year = year_of(years, asked_year(), today())
    settlement = settled(house(), viewer().territory_id, _zone(), year)
    return render_template(
        "coordinator/contract.html",
        **contract_view.page(settlement, today()),
        years=[
            {
                "label": f"{each.first.year}{NBSP}–{NBSP}{each.last.year}",
                "url": url_for("contract.overview", annee=each.first),
                "current": each.first == year.first,
            }
            for each in years
        ],
        bundles=[_bundle(each) for each in bundles(house().db, viewer().territory_id, year.first)],
        first_day=str(year.first),
        change_url=url_for("contract_form.edit", annee=year.first),
        export_url=url_for("contract.export", annee=year.first),
        next_url=url_for("contract_form.edit", suite=years[0].first),
    )


@room.get("/modifier")
@allow(Role.COORDINATOR)
def describe() -> ResponseReturnValue:
    """The year as TOML, to be changed, or an empty one."""
    years = _years()
    if "annee" not in request.args:
        return _edited("", shown="")
    year = year_of(years, asked_year(), today())
    return _edited(write_contract(year), shown=seen(year))


@room.post("/modifier")
@allow(Role.COORDINATOR)
@freshly
def save() -> ResponseReturnValue:
    """Keep what was typed or the file that was chosen, or show every fault with its line."""
    file = request.files.get("fichier")
    text = request.form.get("texte", "")
    if file is not None and file.filename:
        try:
            text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            fault = FileFault(0, "Ce fichier n’est pas un texte UTF-8.")
            return _edited(text, [fault]), UNPROCESSABLE
    text = text.replace("\r\n", "\n")
    try:
        saved = save_contract(house(), viewer(), text, request.form.get("vu", ""))
    except ContractFileError as error:
        return _edited(text, error.faults), UNPROCESSABLE
    except OverlappingYearsError as error:
        return _edited(text, [FileFault(0, error.sentence)]), error.status
    except ReplacedMeanwhileError as error:
        return _edited(text, [FileFault(0, error.sentence)], error.stands), error.status
    flash(said_of(saved), "success" if saved.changed or saved.figures else "info")
    return redirect(url_for("contract.overview", annee=saved.first), SEE_OTHER)


@room.get("/export.toml")
@allow(Role.COORDINATOR)
@freshly
def export() -> ResponseReturnValue:
    """The year with its values of today: `./snp aci settle` gives the same result from it."""
    year = valued(house(), viewer().territory_id, _zone(), year_of(_years(), asked_year(), today()))
    answer = Response(write_contract(year), mimetype="application/toml")
    name = f"contrat-{viewer().territory_code}-{year.first}.toml"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


@room.post("/preuves")
@allow(Role.COORDINATOR)
@freshly
def ask_bundle() -> ResponseReturnValue:
    """Have the file of evidence of a year made."""
    try:
        first = date.fromisoformat(request.form.get("annee", ""))
    except ValueError:
        raise NotFoundError from None
    ask_evidence(house(), viewer(), first)
    flash(f"Le dossier de preuves se prépare{NBSP}: il est sur cette page dans un instant.", "info")
    return redirect(url_for("contract.overview", annee=first), SEE_OTHER)


@room.get("/preuves/<uuid:bundle_id>")
@allow(Role.COORDINATOR)
@freshly
def bundle(bundle_id: UUID) -> ResponseReturnValue:
    """A file of evidence, as it was made."""
    made, content = bundle_content(house().db, viewer().territory_id, bundle_id)
    answer = Response(content, mimetype="application/zip")
    name = f"preuves-{viewer().territory_code}-{made}.zip"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _bundle(card: BundleCard) -> dict[str, str]:
    state = "failed" if card.failed_at else "ready" if card.made_at else "waiting"
    day = calendar.day_and_hour(card.asked_at, _zone())
    kilobytes = -(-(card.size or 0) // 1024)
    return {
        "state": state,
        "asked": day,
        "digest": card.digest or "",
        "size": f"{kilobytes}{NBSP}Ko",
        "url": url_for("contract.bundle", bundle_id=card.id) if card.made_at else "",
    }


def start_page(values: Mapping[str, str], errors: Mapping[str, str]) -> str:
    """How to begin without a contract."""
    return render_template(
        "coordinator/contract_start.html", values=values, errors=errors, **contract_view.choices()
    )


def _edited(text: str, faults: Sequence[FileFault] = (), shown: str | None = None) -> str:
    """`shown` is the version that is changed; without it, the one that the form was sent with."""
    return render_template(
        "coordinator/contract_edit.html",
        text=text or f"{contract_view.HEAD}\n",
        faults=[{"line": fault.line, "sentence": fault.sentence} for fault in faults],
        shown=request.form.get("vu", "") if shown is None else shown,
        has_contract=bool(_years()),
        from_log=[
            {"code": code, "label": what.label, "unit": UNITS[what.unit]}
            for code, what in INDICATORS.items()
        ],
        from_outside=[{"code": code, "label": what.label} for code, what in OUTSIDE.items()],
        examples=_examples(),
    )


def _examples() -> list[dict[str, str]]:
    return [
        {"label": read_contract(text).name, "text": text}
        for path in sorted(EXAMPLES.glob("*.toml"))
        for text in (path.read_text(encoding="utf-8"),)
    ]


def said_of(saved: Saved) -> str:
    """What saving did, for whoever pressed the button."""
    said = "Contrat enregistré." if saved.changed else "Le contrat n’a pas changé."
    if saved.figures:
        said += (
            " Une valeur du fichier est reprise."
            if saved.figures == 1
            else f" {saved.figures}{NBSP}valeurs du fichier sont reprises."
        )
    if saved.left_out:
        said += (
            f" Laissées de côté{NBSP}: {saved.left_out} valeur{'s' if saved.left_out > 1 else ''}"
            " que le journal calcule ou dont la date est à venir."
        )
    return said


def _years() -> Sequence[Contract]:
    return contract_years(house().db, viewer().territory_id)


def asked_year() -> date | None:
    """The first day that the address names; None without one. Raises NotFoundError."""
    asked = request.args.get("annee")
    if asked is None:
        return None
    try:
        return date.fromisoformat(asked)
    except ValueError:
        raise NotFoundError from None


def today() -> date:
    """The territory's."""
    return calendar.local_day(house().clock(), _zone())


def _zone() -> ZoneInfo:
    return ZoneInfo(viewer().timezone)
