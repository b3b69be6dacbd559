"""Writes lines into a file, one at a time: an Excel sheet or CSV, both with a word on who took it out and when."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.utils import timezone
from rustpy_xlsxwriter import Format as CellFormat
from rustpy_xlsxwriter import write_worksheet

from institutions.actor import Actor
from reports.columns import Cell
from reports.exports.rules import neutral
from reports.layouts import Layout
from reports.models import Format

_TITLE_ROW, _MARK_ROW, _HEAD_ROW = 0, 1, 2
_A4 = 9


@dataclass(frozen=True)
class Heading:
    """What stands above the rows and, as a watermark, on every printed page."""

    layout: Layout
    actor: Actor
    words: str
    at: datetime

    @property
    def mark(self) -> str:
        at = timezone.localtime(self.at)
        return (
            f"导出人：{self.actor.user.name}（{self.actor.place_name}）　导出时间："
            f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}　条件：{self.words}"
        )

    @property
    def printed_mark(self) -> str:
        """For a page's margin: short, and & written twice, as Excel wants it."""
        at = timezone.localtime(self.at)
        return f"{self.actor.user.name} {self.actor.place_name} {at:%Y-%m-%d %H:%M}".replace("&", "&&")[:120]


def write(path: Path, format: str, heading: Heading, lines: Iterable[list[Cell]]) -> None:
    """Write `lines` under the layout's headings to `path`; constant memory for any number of them."""
    {Format.XLSX: _write_xlsx, Format.CSV: _write_csv}[Format(format)](path, heading, lines)


def _write_xlsx(path: Path, heading: Heading, lines: Iterable[list[Cell]]) -> None:
    """Text is written as text cells, which Excel never evaluates: nothing needs neutralising here."""
    layout, labels, last = heading.layout, heading.layout.labels, len(heading.layout.labels) - 1
    amounts = [column.label for column in layout.columns if column.is_amount]
    day = CellFormat().set_num_format("yyyy-mm-dd").set_align("left").set_align("top")
    wrapped = CellFormat().set_text_wrap().set_align("top")
    title = CellFormat().set_bold().set_font_size(16).set_align("center")
    head = CellFormat().set_bold().set_text_wrap().set_align("center").set_border("thin")
    write_worksheet(
        (_record(labels, amounts, line) for line in _at_least_one(lines, len(labels))),
        str(path),
        sheet_name=layout.label,
        header_row=_HEAD_ROW,
        freeze_row=_HEAD_ROW + 1,
        merge_ranges=[
            (_TITLE_ROW, 0, _TITLE_ROW, last, layout.label, title),
            (_MARK_ROW, 0, _MARK_ROW, last, heading.mark),
        ],
        header_format=head.set_background_color("#E9F1FD"),
        column_widths=[6, *(column.width for column in layout.columns)],
        column_formats={column.label: day if column.is_day else wrapped for column in layout.columns},
        page_setup={
            "landscape": True,
            "paper_size": _A4,
            "fit_to_pages": (1, 0),
            "repeat_rows": _HEAD_ROW,
            "header": f"&R{heading.printed_mark}",
            "footer": f"&L{heading.printed_mark}&R第 &P 页，共 &N 页",
        },
    )


def _at_least_one(lines: Iterable[list[Cell]], width: int) -> Iterable[list[Cell]]:
    """An empty line where there are none: the writer takes the headings from the first."""
    line = None
    for line in lines:
        yield line
    if line is None:
        yield [None] * width


def _record(labels: list[str], amounts: list[str], line: list[Cell]) -> dict[str, Cell | float]:
    """A line as the writer takes it, which knows no Decimal."""
    record = dict(zip(labels, line, strict=True))
    for label in amounts:
        if record[label] is not None:
            record[label] = float(record[label])
    return record


def _write_csv(path: Path, heading: Heading, lines: Iterable[list[Cell]]) -> None:
    """UTF-8 with a mark Excel knows it by; the word on who took it out is the last line."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow(heading.layout.labels)
        for line in lines:
            out.writerow([neutral(cell) if isinstance(cell, str) else cell for cell in line])
        out.writerow([neutral(heading.mark)])
