"""Tables to take away as .xlsx or .csv. No cell becomes a formula, whatever somebody once wrote into a name."""

import csv
import io
from collections.abc import Iterable, Sequence

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

CONTENT_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
# What a spreadsheet program takes for the beginning of a formula when it opens a .csv.
_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_NARROWEST, _WIDEST = 8, 44


def attachment(kind: str, name: str, headers: Sequence[str], rows: Iterable[Sequence]) -> HttpResponse:
    """The table as a file to keep, named `name`.`kind`; `kind` is one of CONTENT_TYPES."""
    content = {"xlsx": as_xlsx, "csv": as_csv}[kind](headers, rows)
    response = HttpResponse(content, content_type=CONTENT_TYPES[kind])
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.{kind}")
    response["Cache-Control"] = "private, no-store"
    return response


def as_xlsx(headers: Sequence[str], rows: Iterable[Sequence]) -> bytes:
    """One sheet, its header frozen, columns as wide as their texts. Texts stay texts, numbers numbers."""
    book, rows = Workbook(write_only=True), [list(row) for row in rows]
    sheet = book.create_sheet()
    sheet.freeze_panes = "A2"
    for index, header in enumerate(headers):
        widest = max(_width(value) for value in (header, *(row[index] for row in rows)))
        letter = get_column_letter(index + 1)
        sheet.column_dimensions[letter].width = min(max(widest + 2, _NARROWEST), _WIDEST)
    sheet.append([_header(sheet, header) for header in headers])
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_csv(headers: Sequence[str], rows: Iterable[Sequence]) -> bytes:
    """UTF-8 with the mark that Excel knows it by. A text that could begin a formula gets an apostrophe before it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(headers)
    writer.writerows([_harmless(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _harmless(value):
    if isinstance(value, str) and value.lstrip(" ").startswith(_BEGINS_FORMULA):
        return f"'{value}"
    return value


def _cell(sheet, value):
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value)
    if isinstance(value, str):
        cell.data_type = "s"  # set after the value: openpyxl takes a text that begins with "=" for a formula
    return cell


def _header(sheet, words: str):
    cell = _cell(sheet, words)
    cell.font, cell.fill = Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="0B3A7E")
    return cell


def _width(value) -> int:
    """In the width of a digit: a Chinese character takes two."""
    return sum(2 if ord(c) > 0x2E7F else 1 for c in str(value))
