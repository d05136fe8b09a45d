"""The file of evidence for the *dialogue de gestion*: a year of contract with the acts behind it.

A ZIP of a PDF to read, a workbook and CSV to reckon again, and the SHA-256 of each. An act is a
pseudonym, days, codes and a delay: no commune, age or motive, and no hour that would find the visit
again in the health insurance's own files. A list of fewer acts than `SMALLEST_TOLD` is not told.
"""

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from reportlab.platypus import Flowable

from dispatcher.domain import calendar
from dispatcher.domain.aci.contract import Line, Source
from dispatcher.domain.aci.settlement import Settlement
from dispatcher.domain.calendar import NBSP, local_day
from dispatcher.domain.indicators.definition import Dimension
from dispatcher.domain.indicators.masking import SMALLEST_TOLD
from dispatcher.domain.indicators.registry import INDICATORS
from dispatcher.papers import pdf
from dispatcher.papers.contract_words import (
    PAYMENTS,
    SOURCES,
    cents,
    euros,
    goal,
    limit_of,
    origin_of,
    value_of,
)
from dispatcher.papers.spreadsheets import Cell, Sheet, csv_of, workbook_of
from dispatcher.papers.words import OUTCOMES, UNITS
from dispatcher.reads.acts import Act, Behind, PersonAct, PlaceAct

PartLabel = Callable[[str, str], str]
ACT_HEAD = (
    "Acte",
    "Enregistrée le",
    "Profession",
    "Origine",
    "Issue",
    "Raison ou destination",
    "Rendez-vous le",
    "Délai (h)",
    "Dans le délai",
    "Compte pour",
    "Sur",
)
PLACE_HEAD = (
    "Praticien",
    "Jour",
    "Profession",
    "Places ouvertes",
    "Utilisées",
    "Perdues",
    "Visible du SAS",
    "Compte pour",
)
PERSON_HEAD = ("Praticien", "Profession", "Jours de présence", "Compte pour")
LINE_HEAD = (
    "Ligne",
    "Source",
    "Valeur",
    "Origine de la valeur",
    "Palier atteint",
    "Acquis (€)",
    "Maximum (€)",
    "Preuve demandée",
    "Actes",
)
_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Seal:
    """The last seal of the log, when the file was made."""

    day: date
    digest: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything that goes into the file."""

    settlement: Settlement
    territory: str
    zone: ZoneInfo
    made_on: date
    behind: Behind
    seal: Seal | None
    part_label: PartLabel


def pseudonym(identifier: UUID) -> str:
    """A name for an id that leads back to it only for whoever has the id: 48 bits of a digest."""
    return hashlib.sha256(identifier.bytes).hexdigest()[:12]


def evidence_zip(dossier: Dossier) -> bytes:
    """The file; the same dossier gives the same bytes."""
    lists = {line.code: _rows_of(line, dossier) for line in _from_log(dossier)}
    files = {
        "dossier.pdf": _pdf(dossier, lists),
        "dossier.xlsx": workbook_of(_sheets(dossier, lists)),
        "lignes.csv": csv_of([LINE_HEAD, *_line_rows(dossier, lists)]),
        **{f"actes-{code}.csv": csv_of([each.head, *each.rows]) for code, each in lists.items()},
    }
    digests = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\r\n" for name, content in files.items()
    )
    files["empreintes-sha256.txt"] = digests.encode()
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            day = dossier.made_on
            entry = zipfile.ZipInfo(name, (day.year, day.month, day.day, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return whole.getvalue()


@dataclass(frozen=True, slots=True)
class _List:
    """What stands behind a line."""

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    count: int

    @property
    def is_masked(self) -> bool:
        return 0 < self.count < SMALLEST_TOLD


def _from_log(dossier: Dossier) -> Sequence[Line]:
    return [line for line in dossier.settlement.contract.lines() if line.source is Source.LOG]


def _rows_of(line: Line, dossier: Dossier) -> _List:
    behind, code = dossier.behind, line.indicator
    head: Sequence[str]
    rows: list[Sequence[Cell]]
    if code in behind.acts:
        head, rows = ACT_HEAD, [_act_row(each, dossier) for each in behind.acts[code]]
    elif code in behind.places:
        head, rows = PLACE_HEAD, [_place_row(each, dossier) for each in behind.places[code]]
    else:
        head, rows = PERSON_HEAD, [_person_row(each, dossier) for each in behind.people[code]]
    if 0 < len(rows) < SMALLEST_TOLD:
        masked = f"Moins de {SMALLEST_TOLD} actes{NBSP}: leur liste reste dans la maison."
        return _List(head, [(masked,)], len(rows))
    return _List(head, rows, len(rows))


def _act_row(act: Act, dossier: Dossier) -> Sequence[Cell]:
    label = dossier.part_label
    seen = act.seen_at
    hours = None if seen is None else (seen - act.opened_at).total_seconds() / _SECONDS_PER_HOUR
    return (
        pseudonym(act.request_id),
        local_day(act.opened_at, dossier.zone),
        label(Dimension.PROFESSION, act.profession),
        label(Dimension.ORIGIN, act.origin),
        OUTCOMES[act.outcome],
        "" if act.cause == "unknown" else label(Dimension.CAUSE, act.cause),
        None if seen is None else local_day(seen, dossier.zone),
        None if hours is None else round(hours, 1),
        "" if seen is None else "oui" if act.within_delay else "non",
        float(act.counts),
        None if act.over is None else float(act.over),
    )


def _place_row(place: PlaceAct, dossier: Dossier) -> Sequence[Cell]:
    opening = place.opening
    return (
        "" if opening.practitioner_id is None else pseudonym(opening.practitioner_id),
        local_day(opening.start, dossier.zone),
        dossier.part_label(Dimension.PROFESSION, opening.profession),
        float(opening.opened),
        float(opening.used),
        float(opening.lost),
        "oui" if opening.to_regulation else "non",
        float(place.counts),
    )


def _person_row(person: PersonAct, dossier: Dossier) -> Sequence[Cell]:
    profession = dossier.part_label(Dimension.PROFESSION, person.profession)
    return pseudonym(person.practitioner_id), profession, float(person.days), 1.0


def _line_rows(dossier: Dossier, lists: Mapping[str, _List]) -> Sequence[Sequence[Cell]]:
    return [
        (
            each.line.label,
            SOURCES[each.line.source],
            None if each.value is None else each.value.figure,
            origin_of(each),
            limit_of(each.line, each.line.steps[each.tier - 1]) if each.tier else "",
            float(each.eur),
            float(each.line.eur),
            each.line.evidence,
            float(lists[each.line.code].count) if each.line.code in lists else None,
        )
        for lines in dossier.settlement.lines.values()
        for each in lines
    ]


def _sheets(dossier: Dossier, lists: Mapping[str, _List]) -> Sequence[Sheet]:
    sheets = [Sheet("Lignes", LINE_HEAD, _line_rows(dossier, lists))]
    for number, each in enumerate(lists.values(), start=1):
        sheets.append(Sheet(f"Actes {number}", each.head, each.rows))
    return sheets


def _pdf(dossier: Dossier, lists: Mapping[str, _List]) -> bytes:
    settlement = dossier.settlement
    year = settlement.contract
    made = calendar.span(dossier.made_on, dossier.made_on)
    about = pdf.About("Dossier de preuves", dossier.territory, made)
    share = (
        f"soit {100 * settlement.earned_eur / settlement.variable_eur:.0f}{NBSP}%"
        if settlement.variable_eur
        else ""
    )
    story = pdf.title(
        "Dossier de preuves",
        f"{year.name}. Année de contrat {calendar.span(year.first, year.last)}.",
    )
    story.append(
        pdf.cards(
            [
                ("Part variable acquise", euros(settlement.earned_eur), share),
                ("Enveloppe variable", euros(settlement.variable_eur), "somme des lignes"),
                ("Lignes", str(sum(map(len, settlement.lines.values()))), ""),
                ("Lignes tirées du journal", str(len(lists)), "avec la liste de leurs actes"),
            ]
        )
    )
    for mission in year.missions:
        lines = settlement.lines[mission.code]
        if lines:
            rows = [
                (
                    f"{each.line.label}. {goal(each.line)}.",
                    SOURCES[each.line.source],
                    "" if each.value is None else value_of(each.line, each.value.figure),
                    origin_of(each),
                    euros(each.eur),
                    euros(each.line.eur),
                )
                for each in lines
            ]
            total = euros(sum(each.eur for each in lines))
            rows.append(("Total", "", "", "", total, euros(mission.variable_eur)))
            head = ("Ligne", "Source", "Valeur", "Origine", "Acquis", "Maximum")
            shares, numbers = (36, 11, 11, 20, 11, 11), frozenset({2, 4, 5})
            story += pdf.section(
                mission.label, pdf.table(head, rows, shares, numbers, last_is_total=True)
            )
    story += _behind(dossier, lists)
    story += _payments(settlement)
    story += _proof(dossier)
    return pdf.build(about, story)


def _behind(dossier: Dossier, lists: Mapping[str, _List]) -> list[Flowable]:
    if not lists:
        return []
    rows = []
    for line in _from_log(dossier):
        what, found = INDICATORS[line.indicator], lists[line.code]
        count = f"moins de {SMALLEST_TOLD}" if found.is_masked else f"{found.count}"
        rows.append((line.label, f"{what.label}. {what.formula}", UNITS[what.unit], count))
    return pdf.section(
        "Ce que le journal a compté",
        pdf.table(("Ligne", "Formule", "Unité", "Actes"), rows, (28, 46, 14, 12), frozenset({3})),
        pdf.gap(),
        pdf.note(
            "La liste des actes de chaque ligne est dans le classeur et dans les fichiers CSV"
            " joints. Un acte y porte un pseudonyme, des jours, des codes et un délai, jamais un"
            " nom, une commune, un âge ni un motif. La CPTS peut retrouver l’acte derrière un"
            f" pseudonyme. Une liste de moins de {SMALLEST_TOLD} actes n’est pas jointe."
        ),
        pdf.note(
            f"La colonne «{NBSP}Compte pour{NBSP}» redonne la valeur de la ligne{NBSP}: par sa"
            " somme, par sa médiane pour une durée, par sa somme rapportée à celle de la colonne"
            f" «{NBSP}Sur{NBSP}» pour une part ou une moyenne."
        ),
    )


def _payments(settlement: Settlement) -> list[Flowable]:

    labels = {mission.code: mission.label for mission in settlement.contract.missions}
    rows = [
        (f"{each.on:%d/%m/%Y}", labels[each.mission], PAYMENTS[each.what], cents(each.eur))
        for each in settlement.payments
    ]
    if not rows:
        return []
    head = ("Date", "Mission", "Versement", "Montant")
    return pdf.section("Versements", pdf.table(head, rows, (12, 46, 27, 15), frozenset({3})))


def _proof(dossier: Dossier) -> list[Flowable]:
    seal = dossier.seal
    said = (
        "Le journal n’a pas encore de sceau."
        if seal is None
        else f"Dernier sceau, celui du{NBSP}{seal.day:%d/%m/%Y}{NBSP}: {seal.digest}."
    )
    return pdf.section(
        "Rien n’a été changé après coup",
        pdf.paragraph(
            "Chaque geste est inscrit au moment où il a lieu dans un journal que la base de données"
            " refuse de modifier. Chaque jour est scellé par une empreinte de ses lignes et du"
            " sceau de la veille."
        ),
        pdf.gap(1),
        pdf.paragraph(said),
        pdf.gap(1),
        pdf.note(
            f"La commande «{NBSP}./snp log verify{NBSP}» recalcule tous les sceaux. L’empreinte"
            " SHA-256 de ce dossier est elle-même inscrite dans le journal quand il est établi."
        ),
    )
