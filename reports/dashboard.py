"""The close-out dashboard made ready to show: every number with the address of the rows behind it."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.safestring import SafeString

from hazards.enums import Domain, HazardStatus, Severity, Source
from institutions.enums import InstitutionKind
from reports.drawn_lines import draw_line
from reports.drill import Part
from reports.figures import SETTLED_KEYS
from reports.links import figure_url, ledger_url
from reports.open_work import AGES, LATENESS, WAITS, Span
from reports.periods import Period, end_of, month_of, months_later
from reports.rates import DEFINITIONS, Definition
from reports.statistics import Figures, Rate, Statistics
from reports.targets import Clearance

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
FACETS = (
    ("domain", "隐患类别", Domain), ("kind", "机构类型", InstitutionKind), ("source", "来源", Source),
    ("severity", "隐患等级", Severity),
)  # fmt: skip
TREND_MONTHS = 13
# A rate over fewer says more about chance than about anybody's work.
RANKED_FROM = 20


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

    @property
    def drawn(self) -> SafeString:
        return draw_line(self)

    @property
    def is_ranked(self) -> bool:
        return self.of.value >= RANKED_FROM


def cell(value: int, parameters: dict, is_bad: bool = False) -> Cell:
    return Cell(value, ledger_url(**parameters) if value else "", is_bad and value > 0)


def _figure_cell(value: int, figure: str, parameters: dict, is_bad: bool = False) -> Cell:
    return Cell(value, figure_url(figure, **parameters) if value else "", is_bad and value > 0)


def line(name: str, figures: Figures, parameters: dict, url: str = "") -> Line:
    """A table's line for `figures`, whose rows the ledger shows with `parameters`."""
    return Line(
        name,
        url,
        [
            cell(getattr(figures, field), parameters | extra, field == "overdue")
            for _, field, extra in _COLUMNS
        ],
        figures.closure_rate,
        cell(figures.valid, parameters | {"state": "valid"}),
    )


@dataclass(frozen=True)
class Card:
    """One figure on top, the address of the rows behind it (empty for none), and a word on what it means."""

    label: str
    value: int
    url: str
    tone: str
    note: str


@dataclass(frozen=True)
class Bar:
    """One bar of a chart and the line of its table: share in percent of the longest or the whole."""

    name: str
    cell: Cell
    percent: float
    start: float = 0
    status: str = ""


@dataclass(frozen=True)
class RateLine:
    """A rate of the period and of those it is compared with: each with the rows of numerator and denominator."""

    definition: Definition
    values: list[tuple[Rate, Cell, Cell]]


@dataclass(frozen=True)
class Month:
    """A month of the trend: new, closed, and the stock at its end."""

    label: str
    new: Cell
    closed: Cell
    stock: Cell


@dataclass(frozen=True)
class View:
    """The figures of one territory or institution, and how an address names it: to the ledger, to figure pages."""

    statistics: Statistics
    parameters: dict[str, str]  # the ledger's, for the place
    place: dict[str, str]  # of figure pages, for the place

    @property
    def found(self) -> dict[str, str]:
        """The ledger's parameters for the place and the period."""
        return self.parameters | self.statistics.period.days("found")

    def cards(self) -> list[Card]:
        """How things stand now, whatever the period; and this month."""
        work, now = self.statistics.work, self.statistics.this_month
        late = f"涉及 {work.late_institutions} 家机构" if work.late else "没有超过期限的"
        waits = "没有等待销号的" if work.longest_wait is None else f"最久已等 {work.longest_wait} 天"
        verified, awaiting = (
            work.by_status.get(s, 0) for s in (HazardStatus.VERIFIED, HazardStatus.AWAITING_VERIFICATION)
        )
        month = now.days("found") | {"found_to": self.statistics.today.isoformat()}
        closed = now.days("closed") | {"closed_to": self.statistics.today.isoformat()}
        cards = (
            ("在办", work.open, {"state": "open"}, "blue", "已登记，尚未销号"),
            ("其中重大", work.major, {"state": "open", "severity": "major"}, "amber", "在办的重大隐患"),
            ("已逾期", work.late, {"state": "overdue", "sort": "due"}, "red", late),
            ("待验收", awaiting, {"state": "awaiting_verification"}, "violet", "机构已提交"),
            ("待销号", verified, {"state": "verified", "sort": "changed"}, "teal", waits),
            (
                "本月新增",
                self.statistics.new(now),
                {"state": "valid"} | month,
                "blue",
                "按发现日期，不含作废",
            ),
            ("本月销号", self.statistics.closed(now), {"state": "closed"} | closed, "green", "按销号日期"),
        )
        return [
            Card(label, value, cell(value, self.parameters | extra).url, tone, note)
            for label, value, extra, tone, note in cards
        ]

    def clearance_cells(self, clearance: Clearance) -> tuple[Cell, Cell]:
        """The stock that was, and what is left of it."""
        on = self.place | {"on": end_of(clearance.target.stock_month).isoformat()}
        return _figure_cell(clearance.stock, "open", on), _figure_cell(clearance.left, "left_over", on)

    def part_lines(self, parts: list[Part]) -> list[Line]:
        """A line for each part, leading one level down."""
        return [
            line(
                part.name,
                part.figures,
                part.parameters | self.statistics.period.days("found"),
                self._down(part),
            )
            for part in parts
        ]

    def _down(self, part: Part) -> str:
        if part.institution:
            return reverse("reports:institution", args=[part.institution])
        return f"{reverse('reports:dashboard')}?region={part.region_code}" if part.region_code else ""

    def whole(self) -> Line:
        return line("合计", self.statistics.figures, self.found)

    def facet_tables(self) -> list[dict]:
        """One table for each facet, in the order of its words."""
        return [
            {
                "id": facet,
                "head": head,
                "lines": [
                    line(value.label, figures[value.value], self.found | {facet: value.value})
                    for value in words
                    if value.value in figures
                ],
            }
            for facet, head, words in FACETS
            if (figures := self.statistics.by_facet(facet)) is not None
        ]

    def rates(self) -> list[RateLine]:
        """The five rates of the period, the one before and a year before; alone for all time."""
        period = self.statistics.period
        periods = [period] if period.is_all_time else [period, period.before(), period.year_before()]
        columns = [self.statistics.rates(p) for p in periods]
        lines = []
        for rates in zip(*columns, strict=True):
            definition = DEFINITIONS[rates[0].key]
            values = [
                (
                    rate,
                    _figure_cell(rate.part, definition.part, self.place | _named(p)),
                    _figure_cell(rate.whole, definition.whole, self.place | _named(p)),
                )
                for rate, p in zip(rates, periods, strict=True)
            ]
            lines.append(RateLine(definition, values))
        return lines

    def compared(self) -> list[tuple[Period, Cell, Cell]]:
        """New and closed in the period and those it is compared with."""
        period = self.statistics.period
        periods = [period] if period.is_all_time else [period, period.before(), period.year_before()]
        return [
            (
                p,
                cell(self.statistics.new(p), self.parameters | p.days("found") | {"state": "valid"}),
                cell(self.statistics.closed(p), self.parameters | p.days("closed") | {"state": "closed"}),
            )
            for p in periods
        ]

    def trend(self) -> list[Month]:
        """The last months, the current one last."""
        now, months = month_of(self.statistics.today), []
        for back in range(TREND_MONTHS - 1, -1, -1):
            first = months_later(now, -back)
            month = Period(f"{first:%Y-%m}", "", first, first)
            last_day = min(end_of(first), self.statistics.today)
            stock = self.statistics.summary.stock_after(first)
            months.append(
                Month(
                    f"{first.year}-{first.month:02d}",
                    cell(
                        self.statistics.new(month), self.parameters | month.days("found") | {"state": "valid"}
                    ),
                    cell(
                        self.statistics.closed(month),
                        self.parameters | month.days("closed") | {"state": "closed"},
                    ),
                    _figure_cell(stock, "open", self.place | {"on": last_day.isoformat()}),
                )
            )
        return months

    def ages(self) -> list[Bar]:
        """Open work by days since finding."""
        cells = []
        for age, count in zip(AGES, self.statistics.work.ages, strict=True):
            first, last = age.between(self.statistics.today)
            found = {"found_from": first and first.isoformat(), "found_to": last and last.isoformat()}
            cells.append((age, cell(count, self.parameters | {"state": "open"} | found)))
        return _bars(cells)

    def lateness(self) -> list[Bar]:
        """Overdue work by days past the deadline."""
        counts = zip(LATENESS, self.statistics.work.lateness, strict=True)
        return _bars([(span, _figure_cell(n, f"late_{span.key}", self.place)) for span, n in counts])

    def waits(self) -> list[Bar]:
        """Work waiting for close-out, by days since it was accepted."""
        counts = zip(WAITS, self.statistics.work.waits, strict=True)
        return _bars([(span, _figure_cell(n, f"waiting_{span.key}", self.place)) for span, n in counts])

    def statuses(self) -> list[Bar]:
        """All hazards of the period by status, side by side as shares of the whole."""
        counts = self.statistics.by_status
        whole, start, bars = sum(counts.values()) or 1, 0.0, []
        for status in HazardStatus:
            share = 100 * counts[status] / whole
            number = cell(counts[status], self.found | {"state": status.value})
            bars.append(Bar(status.label, number, round(share, 2), round(start, 2), status.value))
            start += share
        return bars

    def plans(self) -> dict:
        """五落实 of open major hazards: how many have settled each, of how many."""
        work = self.statistics.work
        return {
            "of": _figure_cell(work.plans, "planned", self.place),
            "lines": [
                (word, _figure_cell(count, f"settled_{SETTLED_KEYS[word]}", self.place))
                for word, count in work.settled.items()
            ],
            "all": work.all_settled,
            "funds": work.funds,
        }


def _bars(cells: list[tuple[Span, Cell]]) -> list[Bar]:
    """Bars relative to the longest."""
    longest = max(number.value for _, number in cells) or 1
    return [Bar(span.label, number, 100 * number.value / longest) for span, number in cells]


def _named(period: Period) -> dict[str, str]:
    """A period as parameters of a figure page."""
    if period.is_all_time:
        return {}
    return {"first": f"{period.first:%Y-%m}", "last": f"{period.last:%Y-%m}"}
