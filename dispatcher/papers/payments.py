"""Payments as files: the accountant's lines, and the statement of one professional."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from reportlab.platypus import Flowable

from dispatcher.domain import calendar
from dispatcher.domain.calendar import NBSP
from dispatcher.domain.payments.majorations import EUR, WEEKLY_LIMIT, MajorationWeek
from dispatcher.domain.payments.statements import (
    Basis,
    Item,
    Statement,
    ceiling_cents,
    ceiling_source,
)
from dispatcher.papers import pdf
from dispatcher.papers.contract_words import cents as money
from dispatcher.papers.spreadsheets import Cell, Sheet, csv_of, workbook_of
from dispatcher.papers.words import MINUS
from dispatcher.reads.payments import MonthOfPayments, Payee

BASES = {
    Basis.PLACE: "Place ouverte",
    Basis.ACT: "Patient vu",
    Basis.REGULATION_HOUR: "Heure de régulation",
}
HEAD = (
    "Mois",
    "État",
    "Professionnel",
    "RPPS",
    "Profession",
    "Objet",
    "Quantité",
    "Tarif (€)",
    "Montant (€)",
)
DUE = "Retenu au-delà du plafond"
_CENTS = 100


def euros(amount: int) -> str:
    """Whole cents as « 1 234,50 € »."""
    return money(Decimal(amount) / _CENTS)


def as_csv(
    found: MonthOfPayments, people: Mapping[UUID, Payee], label: Callable[[str], str]
) -> bytes:
    """For the accountant, a line for each rate and professional."""
    return csv_of([HEAD, *_rows(found, people, label)])


def as_workbook(
    found: MonthOfPayments, people: Mapping[UUID, Payee], label: Callable[[str], str]
) -> bytes:
    """The same with typed cells, and the sums by professional."""
    sums: list[Sequence[Cell]] = [
        (
            found.month,
            people[each.practitioner_id].name,
            people[each.practitioner_id].rpps,
            each.earned_cents / _CENTS,
            each.held_back_cents / _CENTS,
            each.due_cents / _CENTS,
        )
        for each in found.statements
    ]
    head = ("Mois", "Professionnel", "RPPS", "Acquis (€)", f"{DUE} (€)", "À payer (€)")
    return workbook_of(
        [Sheet("À payer", head, sums), Sheet("Détail", HEAD, _rows(found, people, label))]
    )


def quantity(item: Item) -> str:
    """« 12 », « 2,5 h »."""
    said = f"{item.quantity:.2f}".rstrip("0").rstrip(".").replace(".", ",")
    return f"{said}{NBSP}h" if item.basis is Basis.REGULATION_HOUR else said


def statement_pdf(
    territory: str,
    payee: Payee,
    found: MonthOfPayments,
    weeks: Sequence[MajorationWeek],
    today: date,
) -> bytes:
    """One professional's month; an open one says that it may change."""
    mine = next((each for each in found.statements if each.practitioner_id == payee.id), None)
    name = f"Relevé, {calendar.month(found.month)}"
    state = "Mois clos" if found.closed_at else "Mois en cours, montants provisoires"
    rpps = f", RPPS{NBSP}{payee.rpps}" if payee.rpps else ""
    story = pdf.title(name, f"{payee.name}{rpps}. {state}.")
    before = found.paid_before.get(payee.id, 0)
    ceiling = ceiling_cents(found.month.year)
    due = 0 if mine is None else mine.due_cents
    story.append(
        pdf.cards(
            [
                ("À payer", euros(due), "ce mois-ci"),
                (f"Cumul {found.month.year}", euros(before + due), "mois clos et celui-ci"),
                (
                    "Plafond de l’année",
                    "inconnu" if ceiling is None else euros(ceiling),
                    ceiling_source(found.month.year) or "un PASS par année civile",
                ),
            ],
            columns=3,
        )
    )
    story += _items(mine)
    if weeks:
        rows = [
            (
                calendar.span(each.monday, date.fromordinal(each.monday.toordinal() + 6)),
                str(len(each.due)),
                str(len(each.beyond)) if each.beyond else "",
            )
            for each in weeks
        ]
        head = ("Semaine", "Majorations", "Au-delà")
        story += pdf.section(
            "Majorations de soins non programmés, pour mémoire",
            pdf.table(head, rows, (60, 20, 20), frozenset({1, 2})),
            pdf.gap(),
            pdf.note(
                f"{EUR}{NBSP}€ chacune, facturés à l’assurance maladie et non à la CPTS{NBSP}:"
                f" patient vu dans les 48{NBSP}h, adressé par un médecin régulateur, et dont le"
                f" médecin n’est pas le médecin traitant. {WEEKLY_LIMIT} par semaine au plus."
            ),
        )
    if found.digest:
        story += [
            pdf.gap(6),
            pdf.note(f"Empreinte du mois, inscrite au journal{NBSP}: {found.digest}."),
        ]
    made = calendar.span(today, today)
    return pdf.build(pdf.About(f"{name}, {payee.name}", territory, made), story)


def _items(mine: Statement | None) -> list[Flowable]:
    if mine is None:
        return pdf.section("Détail", pdf.paragraph("Rien n’est dû pour ce mois."))
    rows = [
        (BASES[item.basis], quantity(item), euros(item.rate_cents), euros(item.cents))
        for item in mine.items
    ]
    if mine.held_back_cents:
        rows.append((DUE, "", "", f"{MINUS}{NBSP}{euros(mine.held_back_cents)}"))
    rows.append(("Total à payer", "", "", euros(mine.due_cents)))
    head = ("Objet", "Quantité", "Tarif", "Montant")
    table = pdf.table(head, rows, (46, 18, 18, 18), frozenset({1, 2, 3}), last_is_total=True)
    return pdf.section("Détail", table)


def _rows(
    found: MonthOfPayments, people: Mapping[UUID, Payee], label: Callable[[str], str]
) -> Sequence[Sequence[Cell]]:
    state = "clos" if found.closed_at else "provisoire"
    rows: list[Sequence[Cell]] = []
    for each in found.statements:
        payee = people[each.practitioner_id]
        who = (found.month, state, payee.name, payee.rpps, label(payee.profession))
        rows += [
            (
                *who,
                BASES[item.basis],
                float(item.quantity),
                item.rate_cents / _CENTS,
                item.cents / _CENTS,
            )
            for item in each.items
        ]
        if each.held_back_cents:
            rows.append((*who, DUE, None, None, -each.held_back_cents / _CENTS))
    return rows
