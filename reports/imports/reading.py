"""Reads rows out of a ledger somebody keeps: an Excel sheet or CSV, its heading somewhere near the top. No database here."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from common.workbooks import Limits, SheetError, cell_text, open_book
from reports.imports.fields import field_of

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 60
_MARGIN = 20  # footers below, and empty rows between
HEADING_WITHIN = 12  # rows from the top in which the heading is looked for
SAMPLES = 3
LIMITS = Limits(
    bytes=MAX_BYTES, unpacked=160 * 1024 * 1024, tags=6_000_000, cells=900_000, merged=20_000, other_tags=300_000
)  # fmt: skip
XLSX, CSV = "xlsx", "csv"
_SHEETS = 8
_ROW = re.compile(rb"<(?:\w+:)?row[\s>]")

Values = tuple[object, ...]


@dataclass(frozen=True)
class Layout:
    """Where the ledger stands in its file: the sheet, the row of its headings, what they say, and rows below as samples."""

    sheet: int
    heading_row: int
    headings: dict[int, str]
    samples: dict[int, list[str]]
    rows: int  # below the heading; about, as nobody has read them yet


def look(content: bytes, kind: str) -> Layout:
    """Find the headings. Raises SheetError for a file that cannot be taken, or where none of its rows is a heading."""
    best, known = None, 1
    for index, (rows, count) in enumerate(_tops(content, kind)):
        for number, values in enumerate(rows[:HEADING_WITHIN], start=1):
            headings = {i: text[:60] for i, value in enumerate(values) if (text := cell_text(value))}
            said = len({name for name in (field_of(text)[0] for text in headings.values()) if name})
            if said > known:
                best, known = (index, number, headings, rows[number : number + 30], count), said
    if best is None:
        raise SheetError(
            "前 12 行里没有找到表头。表里要有一行写明各列的名称，如“机构名称”“存在问题”“发现日期”。"
        )
    index, number, headings, below, count = best
    samples = {
        i: list(dict.fromkeys(text[:40] for row in below if i < len(row) and (text := cell_text(row[i]))))[
            :SAMPLES
        ]
        for i in headings
    }
    if not any(cell_text(value) for row in below for value in row):
        raise SheetError("表头下面没有数据。")
    if count - number > MAX_ROWS + _MARGIN:
        raise SheetError(f"约 {count - number} 行，一次最多导入 {MAX_ROWS} 行，请按年份或地区分成几份。")
    return Layout(index, number, headings, samples, max(count - number, 1))


def _tops(content: bytes, kind: str) -> Iterator[tuple[list[Values], int]]:
    """The first rows of each sheet, and how many rows it has."""
    if kind == CSV:
        lines = _csv_rows(content)
        top = list(islice(lines, HEADING_WITHIN + 30))
        yield top, len(top) + sum(1 for _ in lines)
        return
    book = open_book(content, LIMITS, read_only=True, data_only=True)
    for sheet in book.worksheets[:_SHEETS]:
        sheet.reset_dimensions()
        rows = sheet.iter_rows(
            max_row=MAX_ROWS + HEADING_WITHIN + _MARGIN, max_col=MAX_COLUMNS, values_only=True
        )
        top = list(islice(rows, HEADING_WITHIN + 30))
        yield top, _row_count(sheet)
    book.close()


def _row_count(sheet) -> int:
    """How many rows a sheet has, empty ones included: counted in its XML, as reading them takes twenty times as long."""
    with sheet._get_source() as source:
        return sum(1 for _ in _ROW.finditer(source.read()))


def rows_below(content: bytes, kind: str, layout: Layout | tuple[int, int]) -> Iterator[tuple[int, Values]]:
    """The rows under the heading that say anything, each with its number in the file (the first row is 1)."""
    sheet, heading = (layout.sheet, layout.heading_row) if isinstance(layout, Layout) else layout
    rows = _csv_rows(content) if kind == CSV else _sheet_rows(content, sheet)
    for number, values in enumerate(rows, start=1):
        if number > heading and any(value not in (None, "") for value in values):
            yield number, values


def _sheet_rows(content: bytes, sheet: int) -> Iterator[Values]:
    book = open_book(content, LIMITS, read_only=True, data_only=True)
    page = book.worksheets[sheet]
    page.reset_dimensions()
    yield from page.iter_rows(
        max_row=MAX_ROWS + HEADING_WITHIN + _MARGIN, max_col=MAX_COLUMNS, values_only=True
    )
    book.close()


def csv_text(content: bytes) -> str:
    """The text of a CSV file in UTF-8 or GB18030. Raises SheetError."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise SheetError("文件不是文本，或不是 UTF-8、GB18030 编码。请在 Excel 中另存为“CSV UTF-8”或 .xlsx。")


def dialect_of(text: str) -> str:
    """The delimiter: whichever of comma, tab and semicolon the first lines have most of."""
    top = "".join(islice(io.StringIO(text), HEADING_WITHIN))
    return max(",\t;", key=top.count)


def _csv_rows(content: bytes) -> Iterator[Values]:
    if len(content) > MAX_BYTES:
        raise SheetError(f"文件超过 {MAX_BYTES // 1024 // 1024} MB，请分成几份。")
    text = csv_text(content)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=dialect_of(text)):
            yield tuple(_plain(cell) for cell in row[:MAX_COLUMNS])
    except csv.Error as error:
        raise SheetError("CSV 文件的引号不成对，请另存为 .xlsx 后再试。") from error


def _plain(cell: str) -> str:
    """Without the apostrophe our own CSV puts before what could begin a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in "=+-@\t\r＝＋－＠" and len(cell) > 1 else cell
