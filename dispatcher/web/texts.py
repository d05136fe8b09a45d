"""The page on which a territory words its SMS: what each says, and what it would cost."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from config.sms_texts import PATIENT_LANGUAGES, REFERENCE_LANGUAGE, SHAPES
from dispatcher.domain import sms_examples
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.errors import InvalidError, NotFoundError
from dispatcher.domain.languages import Language
from dispatcher.domain.messages import MessageKind
from dispatcher.domain.roles import Role
from dispatcher.reads.own_texts import TextsOfTerritory, text_in_force, texts_of_territory
from dispatcher.services.commands import ChangeText
from dispatcher.services.notices import shown_phone
from dispatcher.services.own_texts import EditedMeanwhileError, change_text, digest
from dispatcher.services.parsing import parse
from dispatcher.web import texts_form
from dispatcher.web.access import allow, freshly, house, viewer
from dispatcher.web.wording import Wording

room = Blueprint("texts", __name__, url_prefix="/reglages/textes")
SEE_OTHER = 303


@room.get("")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
def overview() -> ResponseReturnValue:
    """Every message of a language, as it is sent now."""
    language = request.args.get("langue", REFERENCE_LANGUAGE)
    if language not in PATIENT_LANGUAGES:
        raise NotFoundError
    known = _known()
    values = _example(known, language)
    rows = [
        _row(known, kind, language, values)
        for kind in map(str, MessageKind)
        if language in SHAPES[kind].languages
    ]
    return render_template(
        "coordinator/texts.html",
        languages=[_language(code) for code in PATIENT_LANGUAGES],
        language=_language(language),
        groups=[
            {"title": said, "rows": [row for row in rows if row["to_patients"] == to_patients]}
            for said, to_patients in (("Aux patients", True), ("Aux professionnels", False))
        ],
    )


@room.get("/<string:language>/<string:kind>")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
def text(language: str, kind: str) -> ResponseReturnValue:
    """One message, to be written anew."""
    known = _known()
    in_force = _in_force(known, kind, language)
    return _page(known, kind, language, texts_form.shown(in_force), digest(in_force))


@room.post("/<string:language>/<string:kind>/apercu")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
def preview(language: str, kind: str) -> ResponseReturnValue:
    """The same with what is being written; nothing is kept."""
    known = _known()
    _in_force(known, kind, language)
    return _page(known, kind, language, request.form.get("text", ""), _base())


@room.post("/<string:language>/<string:kind>")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
@freshly
def change(language: str, kind: str) -> ResponseReturnValue:
    """Use what was written from now on, or say what is wrong with it."""
    typed = request.form.get("text", "")
    return _change(language, kind, typed, texts_form.stored(typed))


@room.post("/<string:language>/<string:kind>/par-defaut")
@allow(Role.COORDINATOR, Role.ADMINISTRATOR)
@freshly
def restore(language: str, kind: str) -> ResponseReturnValue:
    """Go back to the house's own text."""
    _in_force(_known(), kind, language)
    default = house().texts.of(kind, language)
    return _change(language, kind, texts_form.shown(default), default)


def _change(language: str, kind: str, typed: str, stored: str) -> ResponseReturnValue:
    account, base = viewer(), _base()
    try:
        command = {"kind": kind, "language": language, "text": stored, "base": base}
        changed = change_text(house(), account, parse(ChangeText, command))
    except InvalidError as error:
        page = _page(_known(), kind, language, typed, base, errors=error.fields)
        return page, error.status
    except EditedMeanwhileError as error:
        known = _known()
        in_force = _in_force(known, kind, language)
        page = _page(known, kind, language, typed, digest(in_force), meanwhile=in_force)
        return page, error.status
    if changed:
        flash(f"Texte enregistré{NBSP}: les prochains SMS l’utilisent.", "success")
    else:
        flash("Le texte n’a pas changé.", "info")
    return redirect(url_for("texts.text", language=language, kind=kind), SEE_OTHER)


def _base() -> str:
    return request.form.get("base", "")


def _known() -> TextsOfTerritory:
    return texts_of_territory(house().db, viewer().territory_id)


def _in_force(known: TextsOfTerritory, kind: str, language: str) -> str:
    if kind not in SHAPES or language not in SHAPES[kind].languages:
        raise NotFoundError
    return text_in_force(house().texts, known.own, kind, language)


def _example(known: TextsOfTerritory, language: str) -> dict[str, str]:
    account = viewer()
    zone = ZoneInfo(account.timezone)
    return sms_examples.example(
        Language(language),
        sender=account.territory_name,
        phone=shown_phone(known.phone, account.department),
        site=house().settings.public_base_url,
        start=texts_form.tomorrow_afternoon(house().clock(), zone),
        zone=zone,
    )


def _row(
    known: TextsOfTerritory, kind: str, language: str, values: dict[str, str]
) -> dict[str, Any]:
    in_force = _in_force(known, kind, language)
    shape = SHAPES[kind]
    said = texts_form.filled(kind, in_force, values)
    return {
        "title": texts_form.title(kind),
        "url": url_for("texts.text", language=language, kind=kind),
        "body": said.text,
        "segments": texts_form.segments(said.segments),
        "is_own": (kind, language) in known.own,
        "to_patients": len(shape.languages) > 1,
    }


def _language(code: str) -> dict[str, Any]:
    label = Wording.of(house(), viewer()).language(code)
    return {
        "code": code,
        "label": label[:1].upper() + label[1:],
        "url": url_for("texts.overview", langue=code),
        "direction": "rtl" if Language(code).is_right_to_left else "ltr",
    }


def _page(
    known: TextsOfTerritory,
    kind: str,
    language: str,
    typed: str,
    base: str,
    *,
    errors: dict[str, str] | None = None,
    meanwhile: str = "",
) -> str:
    default = house().texts.of(kind, language)
    return render_template(
        "coordinator/text.html",
        title=texts_form.title(kind),
        language=_language(language),
        kind=kind,
        base=base,
        values={"text": texts_form.showable(typed)},
        errors=errors or {},
        meanwhile=texts_form.shown(meanwhile),
        placeholders=texts_form.placeholders(kind),
        preview=texts_form.preview(
            kind,
            language,
            texts_form.stored(typed),
            default,
            _example(known, language),
            known.policy.sms.segment_cents,
        ),
        is_own=(kind, language) in known.own,
        default=texts_form.shown(default),
    )
