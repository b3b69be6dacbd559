"""The institution sheet (.xlsx): the template, reading what came back, writing errors beside the rows.

What is refused before openpyxl sees it stands in common.workbooks. No database here.
"""

import logging
from dataclasses import dataclass, field

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from common.workbooks import Limits, SheetError, book_bytes, cell_text, cells_of, make_plain, open_book
from institutions.enums import InstitutionKind, Operation, RiskGrade

logger = logging.getLogger("house.imports")

MAX_BYTES = 2 * 1024 * 1024
MAX_ROWS = 2000
MAX_COLUMNS = 60
MAX_TEXT = 500
LIMITS = Limits(bytes=MAX_BYTES, unpacked=20 * 1024 * 1024, tags=600_000, cells=300_000)
ERROR_HEADER = "错误说明"


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
    return book_bytes(book)


def read(content: bytes) -> Sheet:
    """The rows of the first worksheet. Raises SheetError for a file that cannot be taken as a whole."""
    cells = cells_of(open_book(content, LIMITS).worksheets[0], MAX_COLUMNS)
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
    book = open_book(content, LIMITS)
    sheet = book.worksheets[0]
    for other in book.worksheets[1:]:
        book.remove(other)
    sheet._charts, sheet._images = [], []
    cells = cells_of(sheet, MAX_COLUMNS)
    for cell in cells.values():
        make_plain(cell)
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
        return book_bytes(book)
    except Exception as error:
        logger.warning("sheet not writable: %s", type(error).__name__)
        raise SheetError("这份文件写不回去，请按页面上的说明改正，或改用下载的模板。") from error
