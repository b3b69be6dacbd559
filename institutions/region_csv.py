"""Reads a CSV of regions in the official style; knows words for what is wrong, nothing of the database."""

import csv
import io
import re
from dataclasses import dataclass, field
from datetime import date

from institutions.enums import RegionLevel

REQUIRED = ("代码", "名称", "上级代码")
MAX_NAME = 60
_CODE = re.compile(r"[0-9]{6}|[0-9]{9}|[0-9]{12}")
_LEVELS = {label: level for level in RegionLevel for label in (level.label, level.label[:-1], level.value)}


@dataclass
class RegionRow:
    """One line of the file: its number as a spreadsheet shows it, and its cells, read."""

    number: int
    code: str
    name: str
    parent_code: str
    level: RegionLevel | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass
class RegionFile:
    """What a file said: rows in its order, and what is wrong, as (row number, words)."""

    rows: list[RegionRow] = field(default_factory=list)
    errors: list[tuple[int, str]] = field(default_factory=list)


def _text(content: bytes) -> str | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _date(value: str) -> date | None:
    return date.fromisoformat(value.replace("/", "-")) if value else None


def read(content: bytes) -> RegionFile:
    """Parse UTF-8 or GB18030 CSV. Never raises: everything wrong is in `errors` with its row number."""
    result, text = RegionFile(), _text(content)
    if text is None or "\0" in text:
        result.errors.append((1, "文件不是 UTF-8 或 GB18030 编码的 CSV"))
        return result
    try:
        lines = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error:
        result.errors.append((1, "文件不是可以读取的 CSV"))
        return result
    header = [cell.strip() for cell in lines[0]] if lines else []
    if missing := [name for name in REQUIRED if name not in header]:
        result.errors.append((1, f"表头缺少：{'、'.join(missing)}"))
        return result
    first_row_of: dict[str, int] = {}
    for number, line in enumerate(lines[1:], start=2):
        cells = {name: cell.strip() for name, cell in zip(header, line, strict=False)}
        if not any(cells.values()):
            continue
        row, problems = _row(number, cells)
        if earlier := first_row_of.get(row.code):
            problems.append(f"代码 {row.code} 与第 {earlier} 行重复")
        first_row_of.setdefault(row.code, number)
        result.rows.append(row)
        result.errors += [(number, words) for words in problems]
    return result


def _row(number: int, cells: dict[str, str]) -> tuple[RegionRow, list[str]]:
    problems = []
    row = RegionRow(number, cells["代码"], cells.get("名称", ""), cells.get("上级代码", ""))
    if not _CODE.fullmatch(row.code):
        problems.append(f"代码“{row.code[:20]}”不是 6、9 或 12 位数字")
    if not row.name:
        problems.append("名称为空")
    elif len(row.name) > MAX_NAME:
        problems.append(f"名称超过 {MAX_NAME} 个字")
    if row.parent_code and row.parent_code == row.code:
        problems.append("上级不能是自己")
    for column, attribute in (("启用日期", "valid_from"), ("停用日期", "valid_to")):
        try:
            setattr(row, attribute, _date(cells.get(column, "")))
        except ValueError:
            problems.append(f"{column}“{cells[column][:20]}”不是日期，应写成 2024-01-31")
    if row.valid_from and row.valid_to and row.valid_to < row.valid_from:
        problems.append("停用日期早于启用日期")
    if words := cells.get("级别", ""):
        row.level = _LEVELS.get(words)
        if row.level is None:
            problems.append(f"级别“{words[:20]}”不认识，应为：{'、'.join(RegionLevel.labels)}")
    return row, problems


def level_from_position(code: str, parent_level: RegionLevel | None) -> RegionLevel:
    """The level of a region that does not say it: from the length of the code, else one below its parent.

    A six-digit code under the province is a city when it ends in 00, else a county run by the province (省直辖县).
    """
    if parent_level is None:
        return RegionLevel.PROVINCE
    if len(code) == 12 and not code.endswith("000"):
        return RegionLevel.VILLAGE
    if len(code) > 6:
        return RegionLevel.TOWNSHIP
    if parent_level == RegionLevel.PROVINCE:
        return RegionLevel.CITY if code.endswith("00") else RegionLevel.COUNTY
    return list(RegionLevel)[min(parent_level.rank + 1, RegionLevel.VILLAGE.rank)]
