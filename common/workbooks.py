"""Spreadsheets (.xlsx) from anybody's computer: everything is bounded before openpyxl sees it, and whatever openpyxl
raises becomes one sentence. No database here.
"""

import io
import logging
import re
import unicodedata
import warnings
import zipfile
from dataclasses import dataclass
from datetime import date, datetime

from openpyxl import load_workbook
from openpyxl.utils.cell import range_boundaries

logger = logging.getLogger("house.imports")

_FORBIDDEN = re.compile(rb"<!DOCTYPE|<!ENTITY|\0")
_ENCODING = re.compile(rb"""\s*(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']""")
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_MERGED = re.compile(rb"""mergeCell\s[^>]*?ref\s*=\s*["']([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})["']""")
_BROKEN = "文件已损坏或不是标准的 .xlsx，请在 Excel 或 WPS 中另存为“Excel 工作簿”后再试。"


class SheetError(Exception):
    """A file that cannot be taken as a whole; the message says why, in words for the person who sent it."""


@dataclass(frozen=True)
class Limits:
    """How much of a workbook is taken. `tags` of cells and their texts together, `other_tags` of any other part: a
    style is a thousand bytes once read. `merged`: places that merged ranges may cover, each of which becomes a cell.
    """

    bytes: int
    unpacked: int
    tags: int
    cells: int
    merged: int = 0
    other_tags: int = 60_000
    parts: int = 200


def open_book(content: bytes, limits: Limits, **options):
    """The workbook, after the guards; `options` are load_workbook's. Raises SheetError."""
    guard(content, limits)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(content), keep_vba=False, keep_links=False, **options)
        if not book.worksheets:
            raise SheetError("文件里没有工作表。")
    except SheetError:
        raise
    except Exception as error:  # openpyxl raises whatever a mangled part makes it stumble over
        logger.warning("sheet not readable: %s", type(error).__name__)
        raise SheetError(_BROKEN) from error
    return book


def guard(content: bytes, limits: Limits) -> None:
    """Refuse what could harm before anything is parsed: too large unpacked, entities, macros, endless merged cells."""
    if len(content) > limits.bytes:
        raise SheetError(f"文件超过 {limits.bytes // 1024 // 1024} MB，请分成几份。")
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetError("这是旧格式 .xls 或加了密码的文件，请另存为不加密的 .xlsx。")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _guard_parts(archive, limits)
    except SheetError:
        raise
    except Exception as error:
        logger.warning("not a readable archive: %s", type(error).__name__)
        raise SheetError(
            "文件已损坏或不是 .xlsx，请在 Excel 或 WPS 中另存为“Excel 工作簿”后再试。"
        ) from error


def _guard_parts(archive: zipfile.ZipFile, limits: Limits) -> None:
    parts = archive.infolist()
    if len(parts) > limits.parts or sum(part.file_size for part in parts) > limits.unpacked:
        raise SheetError("文件解开后太大，请只保留需要导入的工作表和列。")
    if not {"[Content_Types].xml", "xl/workbook.xml"} <= {part.filename for part in parts}:
        raise SheetError("这不是 .xlsx 表格文件，请用下载的模板填写。")
    tags, cells, merged = 0, 0, 0
    for part in parts:
        if part.filename.lower().endswith("vbaproject.bin"):
            raise SheetError("文件含有宏，请另存为不含宏的 .xlsx。")
        if not part.filename.lower().endswith((".xml", ".rels", ".vml")):
            continue
        xml = archive.read(part)
        declared = _ENCODING.match(xml)
        if _FORBIDDEN.search(xml) or (declared and declared[1].lower() not in {b"utf-8", b"us-ascii"}):
            raise SheetError("文件内容不合规范，请在 Excel 或 WPS 中另存为“Excel 工作簿”后再试。")
        if b"mergeCell" in xml:
            if not limits.merged:
                raise SheetError("表里有合并的单元格，请取消合并后再上传。")
            merged += _merged_places(xml)
        own, holds_cells = (
            xml.count(b"<"),
            "worksheets/" in part.filename or "sharedStrings" in part.filename,
        )
        tags += own
        cells += sum(1 for _ in _CELL.finditer(xml)) if holds_cells else 0
        if tags > limits.tags or cells > limits.cells or (own > limits.other_tags and not holds_cells):
            raise SheetError("表里的内容太多，请只保留需要导入的行和列。")
        if merged > limits.merged:
            raise SheetError("表里合并的单元格太多，请取消合并后再上传。")


def _merged_places(xml: bytes) -> int:
    """How many places the merged ranges cover: a merged range makes a cell of each, billions if asked."""
    places = 0
    for found in _MERGED.finditer(xml):
        left, top, right, bottom = range_boundaries(found[1].decode())
        places += (right - left + 1) * (bottom - top + 1)
    if places == 0 and re.search(rb"mergeCell\s", xml):
        raise SheetError(_BROKEN)  # written in a way we can't measure
    return places


def cells_of(sheet, most_columns: int) -> dict:
    """The cells with something in them, by (row, column). Not iter_rows(): it makes every cell up to a far-away one."""
    return {
        place: cell
        for place, cell in sheet._cells.items()
        if cell.value is not None and place[1] <= most_columns
    }


def book_bytes(book) -> bytes:
    """The workbook as a file."""
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def cell_text(value) -> str:
    """A cell as text on one line: whole numbers without a point, dates as ISO, no control characters."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e18:
        value = int(value)
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    text = str(value)
    if not text.isprintable():
        text = "".join("" if unicodedata.category(c) in {"Cs", "Cn"} else " " if unicodedata.category(c) == "Cc" else c
                       for c in text)  # fmt: skip
    return " ".join(text.split())


def make_plain(cell) -> None:
    """Formulas become text, so that nothing is evaluated in a file that is handed back."""
    if cell.data_type == "f":
        cell.value = f"'{cell_text(getattr(cell.value, 'text', cell.value))}"
        cell.data_type = "s"
    elif isinstance(cell.value, str):
        cell.value, cell.data_type = cell_text(cell.value), "s"
