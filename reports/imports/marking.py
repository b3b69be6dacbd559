"""The person's own file with what is wrong in a column beside the rows, and the wrong cells marked. No database here."""

import csv
import io

from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from common.workbooks import book_bytes, cell_text, make_plain, open_book
from reports.exports.rules import neutral
from reports.imports.reading import CSV, LIMITS, MAX_COLUMNS, csv_text, dialect_of

HEADING = "错误"
_RED, _PINK = "B4232A", "FDEEEE"


def mark(content: bytes, request, errors: dict[int, list[str]], fields: dict[int, list[str]], go_on) -> bytes:
    """The file with a column of errors; `fields` are the fields that are wrong in each row. Formulas become values.

    `go_on` is called between the long parts: a sheet of 20,000 rows takes some ten seconds.

    Raises SheetError when the file can't be read.
    """
    columns = {name: int(column) for column, name in request.columns.items() if name}
    wrong = {row: [columns[name] for name in names if name in columns] for row, names in fields.items()}
    layout = request.layout
    if request.kind == CSV:
        return _mark_csv(content, layout["heading_row"], errors)
    return _mark_book(content, layout["sheet"], layout["heading_row"], errors, wrong, go_on)


def _mark_book(content: bytes, index: int, heading: int, errors: dict, wrong: dict, go_on) -> bytes:
    book = open_book(content, LIMITS)
    go_on()
    sheet = book.worksheets[index]
    for other in [other for other in book.worksheets if other is not sheet]:
        book.remove(other)
    sheet._charts, sheet._images = [], []
    _show_values(sheet, content, index)
    headings = {column: cell_text(sheet.cell(heading, column).value) for column in range(1, MAX_COLUMNS + 1)}
    last = max(column for column, words in headings.items() if words)
    target = next((column for column, words in headings.items() if words == HEADING), last + 1)
    pink = PatternFill("solid", fgColor=_PINK)
    red, bold = Font(color=_RED), Font(color=_RED, bold=True)
    wrapped = Alignment(wrap_text=True, vertical="top")
    title = sheet.cell(heading, target)
    title.value, title.font = HEADING, bold
    for row, words in errors.items():
        cell = sheet.cell(row, target)
        cell.value, cell.data_type, cell.font, cell.alignment = "；".join(words), "s", red, wrapped
        for column in wrong[row]:
            sheet.cell(row, column + 1).fill = pink
    sheet.column_dimensions[get_column_letter(target)].width = 48
    go_on()
    return book_bytes(book)


def _show_values(sheet, content: bytes, index: int) -> None:
    """Formulas as the values the person sees: rows that are taken out and put elsewhere must not change."""
    formulas = [place for place, cell in sheet._cells.items() if cell.data_type == "f"]
    values = _values_of_rows(content, index, {row for row, _ in formulas}) if formulas else {}
    for row, column in formulas:
        cell, value = sheet._cells[row, column], values.get(row, ())
        cell.value = value[column - 1] if column <= len(value) else None
    for cell in sheet._cells.values():
        make_plain(cell)


def _values_of_rows(content: bytes, index: int, rows: set[int]) -> dict[int, tuple]:
    """What the cells of these rows showed when the file was saved."""
    page = open_book(content, LIMITS, data_only=True, read_only=True).worksheets[index]
    page.reset_dimensions()
    lines = page.iter_rows(max_row=max(rows), max_col=MAX_COLUMNS, values_only=True)
    return {number: line for number, line in enumerate(lines, start=1) if number in rows}


def _mark_csv(content: bytes, heading: int, errors: dict[int, list[str]]) -> bytes:
    text = csv_text(content)
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=dialect_of(text)))
    width = len(lines[heading - 1])
    place = lines[heading - 1].index(HEADING) if HEADING in lines[heading - 1] else width
    out = io.StringIO(newline="")
    write = csv.writer(out)
    for number, line in enumerate(lines, start=1):
        line += [""] * (place + 1 - len(line))
        line[place] = HEADING if number == heading else "；".join(errors.get(number, []))
        write.writerow([neutral(cell) for cell in line])
    return ("\ufeff" + out.getvalue()).encode()
