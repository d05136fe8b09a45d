"""A4 pages in French: headings, figures, tables and charts on ReportLab, all text searchable.

The same content gives the same bytes: a document's hash says something.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import reportlab
from reportlab.graphics.shapes import Drawing, Line, Rect, String
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfdoc import PDFString
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
)

from dispatcher.domain.calendar import NBSP

FONT, BOLD = "Vera", "VeraBd"
for _name in (FONT, BOLD):
    pdfmetrics.registerFont(
        TTFont(_name, str(Path(reportlab.__file__).parent / "fonts" / f"{_name}.ttf"))
    )
pdfmetrics.registerFontFamily(FONT, normal=FONT, bold=BOLD)

INK, SOFT, LINE, BRAND, PALE = (
    HexColor(code) for code in ("#10242b", "#4a5f66", "#d3dedd", "#0b6166", "#eef4f3")
)
SERIES: Final = ("#2f7f83", "#86b6b0", "#c8782f", "#8a8fa3", "#d9c07a", "#5a6ea8", "#b04a4a")
MARGIN: Final = 18 * mm
PADDING: Final = 6
"""What a frame keeps free on each side, in points."""
WIDTH: Final = A4[0] - 2 * MARGIN - 2 * PADDING
_TEXT = ParagraphStyle("text", fontName=FONT, fontSize=9, leading=13, textColor=INK)
_SMALL = ParagraphStyle("small", _TEXT, fontSize=7.5, leading=10.5, textColor=SOFT)
_CELL = ParagraphStyle("cell", _TEXT, fontSize=8, leading=10.5)
_NUMBER = ParagraphStyle("number", _CELL, alignment=TA_RIGHT)
_HEAD = ParagraphStyle("head", _CELL, fontSize=7, leading=9, textColor=SOFT)
_HEAD_NUMBER = ParagraphStyle("head-number", _HEAD, alignment=TA_RIGHT)
_TITLE = ParagraphStyle("title", _TEXT, fontName=BOLD, fontSize=20, leading=25, textColor=BRAND)
_LEAD = ParagraphStyle("lead", _TEXT, fontSize=11, leading=16, textColor=SOFT)
_SECTION = ParagraphStyle(
    "section", _TEXT, fontName=BOLD, fontSize=12.5, leading=16, textColor=BRAND, spaceBefore=14,
    spaceAfter=5,
)  # fmt: skip
_CARD_LABEL = ParagraphStyle("card-label", _SMALL, fontSize=7.5)
_CARD_VALUE = ParagraphStyle("card-value", _TEXT, fontName=BOLD, fontSize=15, leading=19)


@dataclass(frozen=True, slots=True)
class About:
    """What stands on every page and in the file's properties."""

    title: str
    sender: str
    """The territory's name."""
    made: str
    """« le 22 novembre 2026 »."""


def build(about: About, story: Sequence[Flowable]) -> bytes:
    """The document. Its language is French, its pages are numbered « 2 sur 7 »."""
    file = io.BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=22 * mm,
        bottomMargin=20 * mm,
        title=about.title,
        author=about.sender,
        invariant=1,
    )
    document.build(list(story), canvasmaker=_canvas_of(about))
    return file.getvalue()


def title(text: str, lead: str) -> list[Flowable]:
    """The document's name and what it covers."""
    return [Paragraph(escape(text), _TITLE), Paragraph(escape(lead), _LEAD), Spacer(0, 6 * mm)]


def section(heading: str, *parts: Flowable) -> list[Flowable]:
    """A heading that never stands alone at the foot of a page."""
    if not parts:
        return [Paragraph(escape(heading), _SECTION)]
    return [KeepTogether([Paragraph(escape(heading), _SECTION), parts[0]]), *parts[1:]]


def paragraph(text: str) -> Flowable:
    """Plain text."""
    return Paragraph(escape(text), _TEXT)


def note(text: str) -> Flowable:
    """Small print."""
    return Paragraph(escape(text), _SMALL)


def gap(millimetres: float = 3) -> Flowable:
    """Room between two parts."""
    return Spacer(0, millimetres * mm)


def cards(figures: Sequence[tuple[str, str, str]], columns: int = 4) -> Flowable:
    """Label, value and detail of the figures that are looked at first."""
    boxes: list[Any] = [
        [
            Paragraph(escape(label), _CARD_LABEL),
            Paragraph(escape(value), _CARD_VALUE),
            Paragraph(escape(detail) or NBSP, _CARD_LABEL),
        ]
        for label, value, detail in figures
    ]
    boxes += [""] * (-len(boxes) % columns)
    rows = [boxes[start : start + columns] for start in range(0, len(boxes), columns)]
    styles: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 7),
        ("TOPPADDING", (0, 0), (-1, -1), 6),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 6),
        ("INNERGRID", (0, 0), (-1, -1), 3, HexColor("#ffffff")),
    ]
    for row, line in enumerate(rows):
        for column, box in enumerate(line):
            if box:
                styles += [
                    ("BACKGROUND", (column, row), (column, row), PALE),
                    ("LINEABOVE", (column, row), (column, row), 1.5, BRAND),
                ]
    return Table(rows, colWidths=[WIDTH / columns] * columns, style=styles)


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    shares: Sequence[float],
    numbers: frozenset[int] = frozenset(),
    last_is_total: bool = False,  # noqa: FBT001, FBT002 - of one call
) -> Flowable:
    """A table whose head is repeated on each page; columns take `shares` of the width.

    Those of `numbers` are set to the right.
    """
    whole = sum(shares)
    cells: list[list[Any]] = [
        [
            Paragraph(escape(text), _HEAD_NUMBER if column in numbers else _HEAD)
            for column, text in enumerate(head)
        ]
    ]
    for number, row in enumerate(rows):
        is_bold = last_is_total and number == len(rows) - 1
        cells.append(
            [
                Paragraph(
                    f"<b>{escape(text)}</b>" if is_bold else escape(text),
                    _NUMBER if column in numbers else _CELL,
                )
                for column, text in enumerate(row)
            ]
        )
    return Table(
        cells,
        colWidths=[WIDTH * share / whole for share in shares],
        repeatRows=1,
        style=[
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, 0), 0.8, SOFT),
            ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE),
            ("LEFTPADDING", (0, 0), (-1, -1), 3),
            ("RIGHTPADDING", (0, 0), (-1, -1), 3),
            ("TOPPADDING", (0, 0), (-1, -1), 3),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ],
    )


def stacked_bars(
    labels: Sequence[str], series: Sequence[tuple[str, Sequence[int]]], height: float = 55
) -> Flowable:
    """A bar for each label, its parts in the order of the series, with a key. `height` in mm."""
    drawing = Drawing(WIDTH, height * mm)
    floor, left = 9 * mm, 9 * mm
    room = height * mm - floor - 9 * mm
    totals = [sum(values[place] for _, values in series) for place in range(len(labels))]
    top, step = _scale(max(totals, default=0))
    for mark in range(0, top + 1, step):
        y = floor + room * mark / top
        drawing.add(Line(left, y, WIDTH, y, strokeColor=LINE, strokeWidth=0.5))
        drawing.add(_word(left - 3, y - 2.5, f"{mark:,}".replace(",", NBSP), anchor="end"))
    pitch = (WIDTH - left) / max(len(labels), 1)
    for place, label in enumerate(labels):
        x, y = left + pitch * place + pitch * 0.15, floor
        for number, (_, values) in enumerate(series):
            tall = room * values[place] / top
            if tall:
                colour = HexColor(SERIES[number])
                drawing.add(Rect(x, y, pitch * 0.7, tall, fillColor=colour, strokeColor=None))
            y += tall
        drawing.add(_word(x + pitch * 0.35, floor - 9, label, anchor="middle"))
    x = left
    for number, (name, _) in enumerate(series):
        y = height * mm - 7
        drawing.add(Rect(x, y, 6, 6, fillColor=HexColor(SERIES[number]), strokeColor=None))
        drawing.add(_word(x + 9, y + 0.5, name))
        x += 9 + pdfmetrics.stringWidth(name, FONT, 7) + 12
    return drawing


def _scale(highest: int) -> tuple[int, int]:
    """The top of an axis that starts at nothing, and the step of its marks: whole numbers."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if highest <= 4 * step * factor:
                return max(-(-highest // (step * factor)), 1) * step * factor, step * factor
        step *= 10


def _word(x: float, y: float, text: str, anchor: str = "start") -> String:
    return String(x, y, text, fontName=FONT, fontSize=7, fillColor=SOFT, textAnchor=anchor)


def _canvas_of(about: About) -> type[Canvas]:
    class Numbered(Canvas):  # type: ignore[misc]  # ReportLab has no annotations
        """Pages wait until their number is known."""

        def __init__(self, *arguments: object, **named: object) -> None:
            super().__init__(*arguments, **named)
            self._waiting: list[dict[str, Any]] = []
            self._doc.Catalog.Lang = PDFString("fr-FR")

        def showPage(self) -> None:  # noqa: N802 - ReportLab's name
            self._waiting.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            count = len(self._waiting)
            for number, page in enumerate(self._waiting, start=1):
                self.__dict__.update(page)
                self._frame(number, count)
                super().showPage()
            super().save()

        def _frame(self, number: int, count: int) -> None:
            self.setFont(FONT, 7.5)
            self.setFillColor(SOFT)
            self.setStrokeColor(LINE)
            high, low = A4[1] - 14 * mm, 12 * mm
            left, right = MARGIN + PADDING, A4[0] - MARGIN - PADDING
            self.drawString(left, high, about.sender)
            if number > 1:
                self.drawRightString(right, high, about.title)
            self.line(left, high - 4, right, high - 4)
            self.drawString(left, low, f"Établi {about.made}")
            self.drawRightString(right, low, f"{number}{NBSP}sur{NBSP}{count}")

    return Numbered
