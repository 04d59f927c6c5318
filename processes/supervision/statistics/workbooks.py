"""Statistical tables as an Excel workbook (.xlsx): what the page shows, no more."""

import io
from collections.abc import Sequence

import openpyxl
from openpyxl.cell import cell as cells
from openpyxl.styles import Alignment
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from processes.supervision.statistics import summaries

NO_ROWS = "没有记录"
#: Characters of a column's width; a Chinese one takes the room of two.
NARROWEST, WIDEST = 8, 60
#: 100.0 is shown as such, as the page does.
ONE_DECIMAL = "0.0"
#: A spreadsheet takes a text that begins so for a formula once somebody edits it.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def write(sheets: Sequence[summaries.Sheet], asked: str) -> bytes:
    """Return a workbook with a worksheet for each table.

    Above its headings stand title, 口径 and what was asked for. Numbers are numbers;
    what people wrote is text and never a formula.
    """
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for shown in sheets:
        _write(book.create_sheet(shown.title[:31]), shown, asked)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _write(
    sheet: openpyxl.worksheet.worksheet.Worksheet, shown: summaries.Sheet, asked: str
) -> None:
    for line, words in enumerate((shown.title, f"口径：{shown.caliber}", asked), 1):
        _fill(sheet.cell(line, 1), words)
    first = sheet.max_row + 1
    for place, heading in enumerate(shown.headings, 1):
        _fill(sheet.cell(first, place), heading)
        sheet.cell(first, place).font = Font(bold=True)
    sheet.cell(1, 1).font = Font(bold=True, size=14)
    for line, row in enumerate(shown.rows or ((NO_ROWS,),), first + 1):
        for place, value in enumerate(row, 1):
            written = sheet.cell(line, place)
            _fill(written, value)
            written.alignment = Alignment(wrap_text=True, vertical="top")
    for place, heading in enumerate(shown.headings):
        column = [heading, *(row[place] for row in shown.rows)]
        width = max(_width(str(one or "")) for one in column) + 2
        letter = get_column_letter(place + 1)
        sheet.column_dimensions[letter].width = min(max(width, NARROWEST), WIDEST)
    sheet.freeze_panes = f"A{first + 1}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = "9"  # A4 in SpreadsheetML §18.3.1.63


def _fill(cell: cells.Cell, value: summaries.Cell) -> None:
    if not isinstance(value, str):
        cell.value = value
        if isinstance(value, float) and round(value, 1) == value:
            cell.number_format = ONE_DECIMAL
        return
    cell.value = cells.ILLEGAL_CHARACTERS_RE.sub("", value)
    cell.data_type = "s"
    cell.quotePrefix = value.startswith(FORMULA_SIGNS)


def _width(text: str) -> int:
    return sum(1 if character.isascii() else 2 for character in text)
