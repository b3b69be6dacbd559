"""The institution sheet (.xlsx): the template, reading what came back, writing errors beside the rows.

Files come from anybody's computer: everything is bounded before openpyxl sees it, and whatever openpyxl raises becomes
one sentence. No database here.
"""

import io
import logging
import re
import unicodedata
import warnings
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime

from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from institutions.enums import InstitutionKind, Operation, RiskGrade

logger = logging.getLogger("house.imports")

MAX_BYTES = 2 * 1024 * 1024
MAX_ROWS = 2000
MAX_COLUMNS = 60
MAX_UNPACKED = 20 * 1024 * 1024
MAX_PARTS = 200
MAX_TAGS = 600_000  # of cells and their texts together
MAX_OTHER_TAGS = 60_000  # of any other part: a style is a thousand bytes once read
MAX_TEXT = 500
ERROR_HEADER = "错误说明"


_FORBIDDEN = re.compile(rb"<!DOCTYPE|<!ENTITY|\0")
_ENCODING = re.compile(rb"""\s*(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']""")


class SheetError(Exception):
    """A file that cannot be taken as a whole; the message says why, in words for the person who sent it."""


@dataclass(frozen=True)
class Column:
    """One column of the sheet: its header, the field it fills, what to write there, and the words allowed."""

    header: str
    name: str
    hint: str
    width: int = 14
    words: tuple[str, ...] = ()


COLUMNS = (
    Column("机构名称", "name", "必填。与登记证书一致，最多 80 个字。", 30),
    Column("机构类型", "kind", "新建必填，从下拉列表中选。", 16, tuple(InstitutionKind.labels)),
    Column(
        "所在区划", "region", "区划代码（如 360704）或名称（如 赣县区）；可写到乡镇。县级人员不填即本县。", 16
    ),
    Column("运营性质", "operation", "从下拉列表中选；不填为公办公营。", 14, tuple(Operation.labels)),
    Column("统一社会信用代码", "credit_code", "18 位；农村敬老院等没有代码的不填。", 24),
    Column("地址", "address", "最多 120 个字。", 36),
    Column("床位数", "beds", "整数。"),
    Column("入住人数", "residents", "整数，入住（在院）人数。只填人数，不要填写任何服务对象的姓名。"),
    Column("失能失智人数", "disabled_residents", "整数，不多于入住人数。"),
    Column("员工数", "staff", "整数。"),
    Column("夜班人数", "night_staff", "整数。"),
    Column("风险等级", "risk_grade", "从下拉列表中选；不填为蓝。", 16, tuple(RiskGrade.labels)),
    Column("主要负责人", "person", "姓名，最多 30 个字。"),
    Column("负责人电话", "phone", "5 到 20 位。", 18),
)
_BY_HEADER = {column.header: column for column in COLUMNS}
REQUIRED_HEADERS = ("机构名称", "机构类型")


@dataclass
class Sheet:
    """What a sheet says: rows as {number, cells, errors} (plain values, fit for JSON), and headers not known."""

    rows: list[dict] = field(default_factory=list)
    unknown_headers: list[str] = field(default_factory=list)


def template() -> bytes:
    """The empty sheet to fill in: headers with their hints, drop-down lists, and a page that explains the columns."""
    book = Workbook()
    sheet = book.active
    sheet.title = "机构"
    for index, column in enumerate(COLUMNS, start=1):
        letter = get_column_letter(index)
        cell = sheet.cell(1, index, column.header)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="0B3A7E")
        cell.alignment = Alignment(vertical="center", wrap_text=True)
        cell.comment = Comment(column.hint, "隐患闭环", width=260, height=90)
        sheet.column_dimensions[letter].width = column.width
        cells = f"{letter}2:{letter}{MAX_ROWS + 1}"
        if column.words:
            rule = DataValidation("list", formula1=f'"{",".join(column.words)}"', allow_blank=True)
            rule.showErrorMessage, rule.errorTitle, rule.error = True, column.header, "请从列表中选择。"
            rule.add(cells)
            sheet.add_data_validation(rule)
        elif column.name in {"region", "credit_code", "phone"}:
            for row in range(2, 202):  # as text, or Excel drops leading zeros and rounds long numbers
                sheet.cell(row, index).number_format = "@"
    sheet.row_dimensions[1].height = 32
    sheet.freeze_panes = "B2"
    notes = book.create_sheet("填写说明")
    notes.append(["列", "怎么填", "可选内容"])
    for column in COLUMNS:
        notes.append([column.header, column.hint, "、".join(column.words)])
    notes.append(["", "已有机构（信用代码相同，或同县同名）会被更新；空着的单元格保持原值。", ""])
    for letter, width in (("A", 20), ("B", 70), ("C", 90)):
        notes.column_dimensions[letter].width = width
    return _bytes(book)


def read(content: bytes) -> Sheet:
    """The rows of the first worksheet. Raises SheetError for a file that cannot be taken as a whole."""
    cells = _cells(_open(content).worksheets[0])
    headers = {column: cell_text(cell.value) for (row, column), cell in cells.items() if row == 1}
    headers = {column: words for column, words in headers.items() if words}
    known = {column: _BY_HEADER[words] for column, words in headers.items() if words in _BY_HEADER}
    names = [column.header for column in known.values()]
    if missing := [words for words in REQUIRED_HEADERS if words not in names]:
        raise SheetError(f"第一行应是表头，缺少：{'、'.join(missing)}。请用下载的模板填写。")
    if twice := sorted({words for words in names if names.count(words) > 1}):
        raise SheetError(f"表头重复：{'、'.join(twice)}。")
    sheet = Sheet(unknown_headers=[w[:30] for w in headers.values() if w not in (*_BY_HEADER, ERROR_HEADER)])
    by_row: dict[int, dict[int, object]] = {}
    for (row, column), cell in cells.items():
        if row > 1 and column in known:
            by_row.setdefault(row, {})[column] = cell
    for number in sorted(by_row):
        values, errors = {}, []
        for column, cell in sorted(by_row[number].items()):
            words = known[column].header
            if cell.data_type == "f":
                errors.append(f"“{words}”是公式，请复制后“粘贴为数值”")
            elif cell.data_type == "e":
                errors.append(f"“{words}”是错误值")
            elif text := cell_text(cell.value):
                values[known[column].name] = text[:MAX_TEXT]
        if values or errors:
            sheet.rows.append({"number": number, "cells": values, "errors": errors})
    if not sheet.rows:
        raise SheetError("表里没有数据：请从第二行开始填写。")
    if len(sheet.rows) > MAX_ROWS:
        raise SheetError(f"共 {len(sheet.rows)} 行，一次最多导入 {MAX_ROWS} 行，请分成几份。")
    return sheet


def annotate(content: bytes, errors: dict[int, list[str]]) -> bytes:
    """The user's own sheet with the errors of each row in an extra column; formulas become text.

    Raises SheetError when the file cannot be written back.
    """
    book = _open(content)
    sheet = book.worksheets[0]
    for other in book.worksheets[1:]:
        book.remove(other)
    sheet._charts, sheet._images = [], []
    cells = _cells(sheet)
    for cell in cells.values():
        if cell.data_type == "f":
            cell.value = f"'{cell_text(getattr(cell.value, 'text', cell.value))}"
            cell.data_type = "s"
        elif isinstance(cell.value, str):
            cell.value, cell.data_type = cell_text(cell.value), "s"
    headers = {cell_text(cell.value): column for (row, column), cell in cells.items() if row == 1}
    target = headers.get(ERROR_HEADER) or max(column for row, column in cells if row == 1) + 1
    for row in {row for row, column in cells if row > 1} | set(errors):
        cell = sheet.cell(row, target)
        cell.value, cell.data_type = "；".join(errors.get(row, [])) or None, "s" if row in errors else "n"
        cell.font, cell.alignment = Font(color="B4232A"), Alignment(wrap_text=True, vertical="top")
    header = sheet.cell(1, target, ERROR_HEADER)
    header.font = Font(bold=True, color="B4232A")
    sheet.column_dimensions[get_column_letter(target)].width = 48
    try:
        return _bytes(book)
    except Exception as error:
        logger.warning("sheet not writable: %s", type(error).__name__)
        raise SheetError("这份文件写不回去，请按页面上的说明改正，或改用下载的模板。") from error


def _bytes(book: Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _cells(sheet) -> dict:
    """The cells with something in them. Not iter_rows(): it makes every cell up to a far-away one."""
    return {
        place: cell
        for place, cell in sheet._cells.items()
        if cell.value is not None and place[1] <= MAX_COLUMNS
    }


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
    kept = ("" if unicodedata.category(c) in {"Cs", "Cn"} else " " if unicodedata.category(c) == "Cc" else c
            for c in str(value))  # fmt: skip
    return " ".join("".join(kept).split())


def _open(content: bytes):
    """The workbook, after the guards. Raises SheetError."""
    _guard(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(content), keep_vba=False, keep_links=False)
        if not book.worksheets:
            raise SheetError("文件里没有工作表。")
    except SheetError:
        raise
    except Exception as error:  # openpyxl raises whatever a mangled part makes it stumble over
        logger.warning("sheet not readable: %s", type(error).__name__)
        raise SheetError(
            "文件已损坏或不是标准的 .xlsx，请在 Excel 或 WPS 中另存为“Excel 工作簿”后再试。"
        ) from error
    return book


def _guard(content: bytes) -> None:
    """Refuse what could harm before anything is parsed: too large unpacked, entities, macros, merged cells."""
    if len(content) > MAX_BYTES:
        raise SheetError(f"文件超过 {MAX_BYTES // 1024 // 1024} MB，请分成几份。")
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetError("这是旧格式 .xls 或加了密码的文件，请另存为不加密的 .xlsx。")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise SheetError("文件解开后太大，请只保留需要导入的工作表和列。")
            if not {"[Content_Types].xml", "xl/workbook.xml"} <= {part.filename for part in parts}:
                raise SheetError("这不是 .xlsx 表格文件，请用下载的模板填写。")
            cell_tags = 0
            for part in parts:
                if part.filename.lower().endswith("vbaproject.bin"):
                    raise SheetError("文件含有宏，请另存为不含宏的 .xlsx。")
                if not part.filename.lower().endswith((".xml", ".rels", ".vml")):
                    continue
                xml = archive.read(part)
                declared = _ENCODING.match(xml)
                if _FORBIDDEN.search(xml) or (
                    declared and declared[1].lower() not in {b"utf-8", b"us-ascii"}
                ):
                    raise SheetError("文件内容不合规范，请在 Excel 或 WPS 中另存为“Excel 工作簿”后再试。")
                if (
                    b"mergeCell" in xml
                ):  # a merged range makes a cell of each of its places, billions if asked
                    raise SheetError("表里有合并的单元格，请取消合并后再上传。")
                tags = xml.count(b"<")
                holds_cells = "worksheets/" in part.filename or "sharedStrings" in part.filename
                cell_tags += tags
                if cell_tags > MAX_TAGS or (tags > MAX_OTHER_TAGS and not holds_cells):
                    raise SheetError("表里的内容太多，请只保留需要导入的行和列。")
    except SheetError:
        raise
    except Exception as error:
        logger.warning("not a readable archive: %s", type(error).__name__)
        raise SheetError(
            "文件已损坏或不是 .xlsx，请在 Excel 或 WPS 中另存为“Excel 工作簿”后再试。"
        ) from error
