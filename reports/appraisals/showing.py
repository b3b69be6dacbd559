"""The table made ready to show: every number with the rows behind it, but only where the reader may see them."""

from dataclasses import dataclass
from datetime import date

from common.templatetags.house import percent
from institutions.actor import Actor
from institutions.models import Region
from reports.appraisals import terms
from reports.appraisals.indicators import Item, item_of
from reports.appraisals.reading import Table
from reports.appraisals.scoring import Mark, Standing
from reports.dashboard import Cell
from reports.links import figure_url
from reports.models import Appraisal
from reports.periods import Period


@dataclass(frozen=True)
class Number:
    """One number: the value in words, its marks (None: too few cases), numerator and denominator with their rows."""

    value: str
    marks: object
    part: Cell
    whole: Cell
    unit: str  # of the numerator, where it does not count hazards


@dataclass(frozen=True)
class Shown:
    """One region's line. `is_own`: within the reader's scope, so that its numbers are links and evidence is shown."""

    standing: Standing
    region: Region
    numbers: list[Number]
    is_own: bool


@dataclass(frozen=True)
class Column:
    """One indicator: its word, weight and definition."""

    key: str
    label: str
    weight: int
    words: str


def columns_of(table: Table) -> list[Column]:
    """As published, or as they are defined today."""
    return [
        Column(
            row.indicator, row.label or item_of(row).definition.label, row.weight,
            row.definition or item_of(row).definition.words,
        )
        for row in table.rows_of_items
    ]  # fmt: skip


def lines_of(appraisal: Appraisal, table: Table, actor: Actor) -> list[Shown]:
    """The lines of the table as `actor` may read them."""
    period, items = terms.term(appraisal.period), [item_of(row) for row in table.rows_of_items]
    regions, own = {part.pk: part for part in table.parts}, actor.authority.region.path
    return [
        Shown(
            standing,
            region := regions[standing.region],
            [
                _number(item, mark, region, period, region.path.startswith(own))
                for item, mark in zip(items, standing.marks, strict=True)
            ],
            region.path.startswith(own),
        )
        for standing in table.standings
    ]


def value_words(item: Item, mark: Mark) -> str:
    """86.3%, 7.5 天, — for nothing to divide by."""
    if not mark.whole:
        return "—"
    if item.facts.in_days:
        return f"{mark.part / mark.whole:.1f} 天"
    return percent(mark.part / mark.whole)


def _number(item: Item, mark: Mark, region: Region, period: Period, is_own: bool) -> Number:
    months = (
        {"first": f"{period.first:%Y-%m}", "last": f"{period.last:%Y-%m}"} if item.facts.is_of_period else {}
    )

    def cell(value: int, figure: str) -> Cell:
        is_link = value and is_own
        return Cell(value, figure_url(figure, region=region.code, **months) if is_link else "")

    definition = item.definition
    return Number(
        value_words(item, mark),
        mark.marks,
        cell(mark.part, definition.part),
        cell(mark.whole, definition.whole),
        " 天" if item.facts.in_days else "",
    )


def sheet(appraisal: Appraisal, table: Table, marks: list[tuple[str, str]]) -> tuple[list[str], list[list]]:
    """Headers and rows of the file: a column for value, numerator, denominator and marks each; then method and `marks`."""
    columns, items = columns_of(table), [item_of(row) for row in table.rows_of_items]
    headers = ["名次", "地区", "得分", "参评权重", "一票否决"]
    for column in columns:
        unit = f"{column.label}（{column.weight}分）"
        headers += [unit, f"{column.label}分子", f"{column.label}分母", f"{column.label}得分"]
    rows = [_file_line(standing, items) for standing in table.standings]
    for text in [
        f"{appraisal.region.name} {terms.term(appraisal.period).label}",
        *table.method,
        *_said(marks),
    ]:
        rows.append([None, text, *[None] * (len(headers) - 2)])
    return headers, rows


def _said(marks: list[tuple[str, str]]) -> list[str]:
    return [f"{label}：{words}" for label, words in marks]


def _file_line(standing: Standing, items: list[Item]) -> list:
    total = None if standing.total is None else float(standing.total)
    line = [
        standing.rank,
        standing.name,
        total,
        standing.weight,
        "；".join(v["label"] for v in standing.vetoes),
    ]
    for item, mark in zip(items, standing.marks, strict=True):
        marks = "不参评（样本不足）" if mark.marks is None else float(mark.marks)
        line += [value_words(item, mark), mark.part, mark.whole, marks]
    return line


def as_of(appraisal: Appraisal, now, today: date) -> dict:
    """What the head of the page and of the printed table says about when the numbers are from."""
    return {"as_of": appraisal.published_at or now, "today": today, "period": terms.term(appraisal.period)}
