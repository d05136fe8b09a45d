"""CSV as French Excel expects it, and workbooks whose cells are typed.

No cell can be taken for a formula (CWE-1236).
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import xlsxwriter

Cell = str | float | date | None
_NEGATIVE = re.compile(r"-\d+,\d")
FORMULA_SIGNS = (*"=+-@\t\r\n\0", *"\uff1d\uff0b\uff0d\uff20")
"""What a cell begins with that is read as a formula, the wide forms of East Asia too."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook."""

    name: str
    head: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def csv_of(rows: Iterable[Sequence[Cell]]) -> bytes:
    """UTF-8 with its mark, semicolons, decimal commas, days as 23/11/2026."""
    file = io.BytesIO()  # a text of its own would take four times the room
    with io.TextIOWrapper(file, "utf-8-sig", newline="", write_through=True) as text:
        writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
        writer.writerows([_in_french(cell) for cell in row] for row in rows)
        return file.getvalue()


def workbook_of(sheets: Sequence[Sheet]) -> bytes:
    """Sheets whose cells are numbers, days and text, each with its head kept in sight."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(
        file,
        # text stays text: nothing is read as a formula, a link or a number
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False},
    )
    bold = book.add_format({"bold": True, "bottom": 1})
    days = book.add_format({"num_format": "dd/mm/yyyy"})
    for each in sheets:
        sheet = book.add_worksheet(each.name)
        sheet.write_row(0, 0, each.head, bold)
        sheet.freeze_panes(1, 0)
        for line, row in enumerate(each.rows, 1):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(line, column, cell)
                elif isinstance(cell, date):
                    sheet.write_datetime(line, column, cell, days)
                elif cell is not None:
                    sheet.write_number(line, column, cell)
        sheet.autofit()
    book.close()
    return file.getvalue()


def harmless(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula becomes text (CWE-1236)."""
    if _NEGATIVE.fullmatch(cell):
        return cell
    return f"'{cell}" if cell.startswith(FORMULA_SIGNS) else cell


def _in_french(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, date):
        return f"{cell:%d/%m/%Y}"
    if isinstance(cell, str):
        return harmless(cell)
    if isinstance(cell, int):
        return str(cell)
    return f"{cell:.4f}".rstrip("0").rstrip(".").replace(".", ",")
