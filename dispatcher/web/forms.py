"""The form of a new request: its choices, and what was typed turned into a command."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from config.catalogue import Catalogue, Entry
from config.communes import Communes
from dispatcher.domain.errors import InvalidError
from dispatcher.domain.figures import whole_number
from dispatcher.domain.languages import Language
from dispatcher.reads.known_people import Colleague, Doctor
from dispatcher.services.commands import OpenRequest
from dispatcher.services.parsing import parse
from dispatcher.services.requests import FURTHEST_KM
from dispatcher.web.wording import FOREIGN_GP, NO_GP, Choice, plain

FRENCH = "fr"
NO_DOCTOR, FOREIGN_DOCTOR = "none", "other"
GP_MISSING = "Indiquez le médecin traitant, ou que le patient n’en a pas."
COMMUNE_UNKNOWN = "Choisissez une commune de la liste."
DEFAULTS: Mapping[str, Any] = {"need.profession": "10", "need.modalities": ["AMB"]}
"""What most requests ask for. Delay and origin have none: a guess would end up in the accounts."""
SEVERAL = ("need.modalities", "need.excluded_practitioners")
SEXES: Mapping[str, str] = {"female": "Femme", "male": "Homme"}
"""FHIR AdministrativeGender, of a patient."""
CANNOT_TRAVEL = (
    "Ce patient ne peut pas se déplacer\N{NO-BREAK SPACE}: choisissez aussi à domicile ou en"
    " téléconsultation."
)
NO_DISTANCE = f"Indiquez une distance de 0 à {FURTHEST_KM:.0f} km."
AT_THE_PRACTICE = "AMB"
TEXTS = (
    "patient.phone",
    "patient.by_telephone",
    "patient.last_name",
    "patient.first_name",
    "patient.birth_date",
    "patient.commune",
    "patient.commune_text",
    "patient.gp_choice",
    "need.profession",
    "need.motive",
    "need.note",
    "need.delay_hours",
    "origin",
    "regulated.seen",
    "regulated.by",
    "regulated.sas",
    "patient.sex",
    "need.language",
    "patient.language",
    "patient.ald",
    "patient.c2s",
    "need.needs_step_free",
    "need.cannot_travel",
    "need.travel_km",
)
_SHOWN_ELSEWHERE: Mapping[str, str] = {
    "patient.gp": "patient.gp_choice",
    "patient.has_gp": "patient.gp_choice",
    "regulated.at": "regulated.by",
    "need.earliest": "need.delay_hours",
}
"""Fields of the command that the form asks for under another name."""
_DAY_FIRST = re.compile(r"(\d{1,2})[\s./-](\d{1,2})[\s./-](\d{4})", re.ASCII)
_DAY_FIRST_TOGETHER = re.compile(r"(\d{2})(\d{2})(\d{4})", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,9}(?:[.,]\d{1,9})?", re.ASCII)
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)

Typed = dict[str, Any]


@dataclass(frozen=True, slots=True)
class MotiveGroup:
    """The motives of one profession; `key` is its code."""

    label: str
    key: str
    options: list[Choice]


def typed(form: MultiDict[str, str]) -> Typed:
    """What was typed, by field, as the form shows it again."""
    values: Typed = {name: form.get(name, "") for name in TEXTS}
    return values | {name: form.getlist(name) for name in SEVERAL}


def _as_they_are(_: Mapping[str, Any], faults: Mapping[str, str]) -> Mapping[str, str]:
    return faults


def command(
    values: Typed,
    territory: str,
    communes: Communes,
    now: datetime,
    *,
    confirmed: bool,
    all_faults: Callable[[Mapping[str, Any], Mapping[str, str]], Mapping[str, str]] = _as_they_are,
) -> OpenRequest:
    """The command that was typed. Raises InvalidError by field of the form.

    `all_faults` adds to the faults of shape what else is wrong with what was typed.
    """
    faults: dict[str, str] = {}
    if not values["patient.gp_choice"]:
        faults["patient.gp_choice"] = GP_MISSING
    insee = chosen_commune(values, "patient.commune", communes)
    if not insee:
        faults["patient.commune"] = COMMUNE_UNKNOWN
    faults |= _travel_faults(values)
    typed = _body(values, territory, insee, now, confirmed=confirmed)
    try:
        asked = parse(OpenRequest, typed)
    except InvalidError as error:
        raise InvalidError(shown_faults(all_faults(typed, error.fields | faults))) from None
    if faults:
        raise InvalidError(shown_faults(all_faults(typed, faults)))
    return asked


def shown_faults(faults: Mapping[str, str]) -> dict[str, str]:
    """Faults of the command under the names of the form's fields, in the order of the form."""
    shown = {
        _SHOWN_ELSEWHERE.get(path, _without_index(path)): sentence
        for path, sentence in faults.items()
    }
    order = [*TEXTS[:7], SEVERAL[0], *TEXTS[7:], SEVERAL[1]]
    rank = {name: place for place, name in enumerate(order)}
    return dict(sorted(shown.items(), key=lambda fault: rank.get(fault[0], len(rank))))


def birth_date(text: str) -> date | None:
    """« 03/02/1950 », « 3.2.1950 », « 03021950 » or « 1950-02-03 »; None for anything else."""
    text = text.strip()
    try:
        if iso := _ISO.fullmatch(text):
            return date(*map(int, iso.groups()))
        if found := _DAY_FIRST.fullmatch(text) or _DAY_FIRST_TOGETHER.fullmatch(text):
            day, month, year = map(int, found.groups())
            return date(year, month, day)
    except ValueError:
        return None
    return None


def number(text: str) -> float | None:
    """« 12 », « 12,5 », « 12.5 » or « 1 000 » as a person types it; None for anything else."""
    found = _NUMBER.fullmatch(re.sub(r"\s", "", text))
    return float(found[0].replace(",", ".")) if found else None


def choices(
    catalogue: Catalogue, doctors: Iterable[Doctor], colleagues: Sequence[Colleague]
) -> dict[str, Any]:
    """The lists that the template offers."""
    return {
        "colleague_groups": [
            MotiveGroup(profession.label, code, found)
            for code, profession in catalogue.professions.items()
            if (found := [_excludable(each) for each in colleagues if each.profession == code])
        ],
        "practitioners": [Choice(str(doctor.id), doctor.display_name) for doctor in doctors],
        "gp_choices": [Choice(NO_DOCTOR, NO_GP), Choice(FOREIGN_DOCTOR, FOREIGN_GP)],
        "professions": entries(catalogue.professions),
        "modalities": [
            Choice(entry.code, entry.label[:1].upper() + entry.label[1:])
            for entry in catalogue.modalities.values()
        ],
        "delays": [Choice(str(hours), f"{hours}\N{NO-BREAK SPACE}h") for hours in catalogue.delays],
        "origins": entries(catalogue.origins),
        "regulations": [
            Choice("1", "Le SAS (15, 116\N{NO-BREAK SPACE}117)"),
            Choice("0", "Une autre régulation"),
        ],
        "sexes": [
            *(Choice(code, label) for code, label in SEXES.items()),
            Choice("", "Non précisé"),
        ],
        "languages": [
            Choice(entry.code, entry.label)
            for entry in catalogue.languages.values()
            if entry.code != FRENCH
        ],
        "sms_languages": [
            Choice(language.value, catalogue.languages[language.value].label)
            for language in Language
        ],
        "motive_groups": [
            MotiveGroup(
                profession.label,
                code,
                [Choice(motive.code, motive.label) for motive in motives],
            )
            for code, profession in catalogue.professions.items()
            if (motives := catalogue.motives_for(code))
        ],
    }


def entries(listed: Mapping[str, Entry]) -> list[Choice]:
    """A list of the catalogue as choices."""
    return [Choice(entry.code, entry.label) for entry in listed.values()]


def _excludable(colleague: Colleague) -> Choice:
    name = colleague.display_name
    return Choice(str(colleague.id), f"{name}, {colleague.lender}" if colleague.lender else name)


def _body(
    values: Typed, territory: str, insee: str, now: datetime, *, confirmed: bool
) -> dict[str, Any]:
    """The command's mapping. What is empty is left out, so that it is missed by its name."""
    born = birth_date(values["patient.birth_date"])
    gp = values["patient.gp_choice"]
    patient = {name: values[f"patient.{name}"] for name in ("phone", "last_name", "first_name")} | {
        # What is no date is handed on for the sentence that says so.
        "birth_date": born or (values["patient.birth_date"] and "?"),
        "commune": insee or "?",
        "by_telephone": bool(values.get("patient.by_telephone")),
        "has_gp": gp not in {NO_DOCTOR, ""},
        "gp": None if gp in {NO_DOCTOR, FOREIGN_DOCTOR, ""} else gp,
        "ald": bool(values.get("patient.ald")),
        "c2s": bool(values.get("patient.c2s")),
        "sex": values.get("patient.sex", ""),
        "language": values.get("patient.language", ""),
    }
    need = {
        "profession": values["need.profession"],
        "modalities": values["need.modalities"],
        "motive": values["need.motive"] or None,
        "note": values["need.note"],
        "delay_hours": _whole(values["need.delay_hours"]),
        "language": values.get("need.language", ""),
        "needs_step_free": bool(values.get("need.needs_step_free")),
        "travel_km": travel_km(values),
        "excluded_practitioners": values.get("need.excluded_practitioners", []),
    }
    was_seen = bool(values["regulated.seen"])
    regulated = {
        "by": (was_seen and values["regulated.by"].strip()) or None,
        "at": now if was_seen else None,
        "sas": {"1": True, "0": False}.get(values.get("regulated.sas", "")),
    }
    return {
        "territory": territory,
        "patient": _filled(patient),
        "need": _filled(need),
        "origin": values["origin"],
        "regulated": regulated,
        "confirm_duplicate": confirmed,
    }


def travel_km(values: Typed) -> float | None:
    """Kilometres; 0 for whoever cannot go out, None where nothing was said."""
    return 0 if values.get("need.cannot_travel") else number(values.get("need.travel_km", ""))


def _travel_faults(values: Typed) -> dict[str, str]:
    if values.get("need.cannot_travel"):
        stays = values["need.modalities"] == [AT_THE_PRACTICE]
        return {"need.modalities": CANNOT_TRAVEL} if stays else {}
    typed = values.get("need.travel_km", "").strip()
    distance = number(typed)
    is_wrong = typed and (distance is None or not 0 <= distance <= FURTHEST_KM)
    return {"need.travel_km": NO_DISTANCE} if is_wrong else {}


def _filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in ("", None)}


def _whole(text: str) -> int | str:
    """A number as one: the command takes no text for it."""
    number = whole_number(text)
    return text if number is None else number


def chosen_commune(values: Typed, name: str, communes: Communes) -> str:
    """The INSEE code that was picked, else the only commune that what was typed can mean.

    Without script nothing is picked, and a code from an earlier try may no longer be what the
    text beside it says.
    """
    text = values[f"{name}_text"].strip()
    picked = communes.get(values[name])
    if picked is not None and plain(picked.name) in plain(text):
        return picked.insee
    found = communes.search(text) if text else []
    if len(found) > 1:
        found = [commune for commune in found if plain(commune.name) == plain(text)]
    return found[0].insee if len(found) == 1 else ""


def _without_index(path: str) -> str:
    """`need.modalities.0` is a fault of `need.modalities`."""
    name, _, last = path.rpartition(".")
    return name if last.isdigit() else path
