"""The close-out dashboard made ready to show: every number with the address of the rows behind it."""

from dataclasses import dataclass
from datetime import date

from hazards.enums import HazardStatus
from institutions.territories import Territory
from reports.drill import Part
from reports.links import ledger_url
from reports.statistics import AGES, Figures, Totals

# Column of a table: its word, the count, the ledger's parameters for it.
_COLUMNS = (
    ("在办", "open", {"state": "open"}),
    ("重大", "major", {"state": "open", "severity": "major"}),
    ("逾期", "overdue", {"state": "overdue"}),
    ("待验收", "awaiting", {"state": "awaiting_verification"}),
    ("待销号", "to_close", {"state": "verified"}),
    ("已销号", "closed", {"state": "closed"}),
)
COLUMN_LABELS = [label for label, _, _ in _COLUMNS]


@dataclass(frozen=True)
class Cell:
    """A number; `url` leads to exactly these rows and is empty for none."""

    value: int
    url: str
    is_bad: bool = False


@dataclass(frozen=True)
class Line:
    """One line of a table: its name, where it leads (empty: nowhere), a cell per column, and the rate with its n."""

    name: str
    url: str
    cells: list[Cell]
    rate: float | None
    of: Cell

    @property
    def rate_floor(self) -> int:
        """The rate as whole percent for a bar, never rounded up."""
        return int((self.rate or 0) * 100)


def _cell(value: int, parameters: dict, is_bad: bool = False) -> Cell:
    return Cell(value, ledger_url(**parameters) if value else "", is_bad and value > 0)


def line(name: str, figures: Figures, parameters: dict, url: str = "") -> Line:
    """A table's line for `figures`, whose rows the ledger shows with `parameters`."""
    return Line(
        name,
        url,
        [
            _cell(getattr(figures, field), parameters | extra, field == "overdue")
            for _, field, extra in _COLUMNS
        ],
        figures.closure_rate,
        _cell(figures.valid, parameters | {"state": "valid"}),
    )


def part_lines(parts: list[Part], drill_url: str) -> list[Line]:
    """A line for each part; `drill_url` is the dashboard's address."""
    return [
        line(
            part.name,
            part.figures,
            part.parameters,
            f"{drill_url}?region={part.region_code}" if part.region_code else "",
        )
        for part in parts
    ]


@dataclass(frozen=True)
class Card:
    """One figure on top, the address of the rows behind it (empty for none), and a word on what it means."""

    label: str
    value: int
    url: str
    tone: str
    note: str


def cards(total: Totals, territory: Territory, today: date) -> list[Card]:
    """The figures on top of the dashboard."""
    f = total.figures
    month = (today.replace(day=1).isoformat(), today.isoformat())
    found = dict(zip(("found_from", "found_to"), month, strict=True))
    closed = dict(zip(("closed_from", "closed_to"), month, strict=True))
    late = f"涉及 {total.overdue_institutions} 家机构" if f.overdue else "没有超过期限的"
    waits = "没有等待销号的" if total.longest_wait is None else f"最久已等 {total.longest_wait} 天"
    figures = (
        ("在办", f.open, {"state": "open"}, "blue", "已登记，尚未销号"),
        ("其中重大", f.major, {"state": "open", "severity": "major"}, "amber", "在办的重大隐患"),
        ("已逾期", f.overdue, {"state": "overdue", "sort": "due"}, "red", late),
        ("待验收", f.awaiting, {"state": "awaiting_verification"}, "violet", "机构已提交"),
        ("待销号", f.to_close, {"state": "verified", "sort": "changed"}, "teal", waits),
        ("本月新增", total.new_this_month, {"state": "valid"} | found, "blue", "按发现日期，不含作废"),
        ("本月销号", total.closed_this_month, {"state": "closed"} | closed, "green", "按销号日期"),
    )
    return [
        Card(label, value, _cell(value, territory.parameters | extra).url, tone, note)
        for label, value, extra, tone, note in figures
    ]


@dataclass(frozen=True)
class Bar:
    """One bar of a chart and the line of its table: share in percent of the longest or the whole."""

    name: str
    cell: Cell
    percent: float
    start: float = 0
    status: str = ""


def age_bars(total: Totals, territory: Territory, today: date) -> list[Bar]:
    """Open work by days since finding; bars relative to the longest."""
    longest = max(total.by_age) or 1
    bars = []
    for age, count in zip(AGES, total.by_age, strict=True):
        first, last = age.found_between(today)
        found = {"found_from": first and first.isoformat(), "found_to": last and last.isoformat()}
        cell = _cell(count, territory.parameters | {"state": "open"} | found)
        bars.append(Bar(age.label, cell, 100 * count / longest))
    return bars


def status_bars(total: Totals, territory: Territory) -> list[Bar]:
    """All hazards by status, side by side as shares of the whole."""
    whole, start, bars = sum(total.by_status.values()) or 1, 0.0, []
    for status in HazardStatus:
        count = total.by_status[status]
        share = 100 * count / whole
        bars.append(
            Bar(
                status.label,
                _cell(count, territory.parameters | {"state": status.value}),
                round(share, 2),
                round(start, 2),
                status.value,
            )
        )
        start += share
    return bars
