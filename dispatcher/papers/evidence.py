"""The file of evidence for the *dialogue de gestion*: a year of contract with the acts behind it.

A ZIP of a PDF to read, a workbook and CSV to reckon again, and the SHA-256 of each. An act is a
pseudonym, days, codes and a delay: no commune, age or motive, and no hour that would find the visit
again in the health insurance's own files. A list of fewer acts than `SMALLEST_TOLD` is not told.
"""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
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
MASKED = f"Moins de {SMALLEST_TOLD} actes{NBSP}: leur liste reste dans la maison."
LONGEST_SHEET = 10_000
"""Rows of acts in a sheet of the workbook; the CSV have every one."""
AT_A_BREATH = 5_000
"""Rows."""
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


def evidence_zip(dossier: Dossier, breathe: Callable[[], None]) -> bytes:
    """The file; the same dossier gives the same bytes. `breathe` is called time and again."""
    lists = {line.code: _list_of(line, dossier, breathe) for line in _from_log(dossier)}
    whole = io.BytesIO()
    digests: list[str] = []
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:

        def keep(name: str, content: bytes) -> None:
            day = dossier.made_on
            entry = zipfile.ZipInfo(name, (day.year, day.month, day.day, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
            digests.append(f"{hashlib.sha256(content).hexdigest()}  {name}\r\n")

        keep("dossier.pdf", _pdf(dossier, lists))
        keep("dossier.xlsx", workbook_of(_sheets(dossier, lists)))
        keep("lignes.csv", csv_of([LINE_HEAD, *_line_rows(dossier, lists)]))
        for code, each in lists.items():
            keep(f"actes-{code}.csv", csv_of(chain([each.head], each.told())))
        keep("empreintes-sha256.txt", "".join(digests).encode())
    return whole.getvalue()


@dataclass(frozen=True, slots=True)
class _List:
    """What stands behind a line, written row by row: a large territory's would fill the memory."""

    head: Sequence[str]
    count: int
    rows: Callable[[], Iterator[Sequence[Cell]]]

    @property
    def is_masked(self) -> bool:
        return 0 < self.count < SMALLEST_TOLD

    def told(self) -> Iterator[Sequence[Cell]]:
        """All rows, unless they are too few to leave the house."""
        if self.is_masked:
            return iter([(MASKED,)])
        return self.rows()

    def of_sheet(self, name: str) -> Iterator[Sequence[Cell]]:
        """The same for the workbook, of which a longer list would make a file nobody can open."""
        if self.count <= LONGEST_SHEET:
            return self.told()
        count = f"{self.count:,}".replace(",", NBSP)
        return iter([(f"{count} actes{NBSP}: leur liste est dans {name}.",)])


def _from_log(dossier: Dossier) -> Sequence[Line]:
    return [line for line in dossier.settlement.contract.lines() if line.source is Source.LOG]


def _list_of(line: Line, dossier: Dossier, breathe: Callable[[], None]) -> _List:
    behind, code = dossier.behind, line.indicator

    def written(rows: Iterator[Sequence[Cell]]) -> Iterator[Sequence[Cell]]:
        for number, row in enumerate(rows):
            if number % AT_A_BREATH == 0:
                breathe()
            yield row

    if code in behind.acts:
        acts = behind.acts[code]
        return _List(ACT_HEAD, len(acts), lambda: written(_act_row(each, dossier) for each in acts))
    if code in behind.places:
        places = behind.places[code]
        return _List(
            PLACE_HEAD, len(places), lambda: written(_place_row(each, dossier) for each in places)
        )
    people = behind.people[code]
    return _List(
        PERSON_HEAD, len(people), lambda: written(_person_row(each, dossier) for each in people)
    )


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
    for number, (code, each) in enumerate(lists.items(), start=1):
        sheets.append(Sheet(f"Actes {number}", each.head, each.of_sheet(f"actes-{code}.csv")))
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
