"""Which months a dashboard looks at. Hazards belong to a period by the day they were found."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
EARLIEST, LATEST = date(1, 1, 1), date(9999, 12, 1)


def month_of(day: date) -> date:
    return day.replace(day=1)


def end_of(month: date) -> date:
    """The last day of the month."""
    return month.replace(day=monthrange(month.year, month.month)[1])


def months_later(month: date, count: int) -> date:
    """The first day of the month `count` months on (or back)."""
    years, index = divmod(month.year * 12 + month.month - 1 + count, 12)
    return date(years, index + 1, 1)


def read_month(text: str) -> date | None:
    """The month of 2026-11; None for anything else."""
    found = _MONTH.fullmatch(text)
    return date(int(found[1]), int(found[2]), 1) if found and int(found[1]) > 1900 else None


@dataclass(frozen=True)
class Period:
    """Whole months from `first` to `last`, both included. `name` is its parameter, empty for all time."""

    name: str
    label: str
    first: date = EARLIEST
    last: date = LATEST

    @property
    def is_all_time(self) -> bool:
        return not self.name

    @property
    def months(self) -> int:
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1

    def holds(self, month: date) -> bool:
        return self.first <= month <= self.last

    def days(self, name: str) -> dict[str, str]:
        """The ledger's parameters for days of this period, e.g. found_from and found_to."""
        if self.is_all_time:
            return {}
        return {f"{name}_from": self.first.isoformat(), f"{name}_to": end_of(self.last).isoformat()}

    def before(self) -> "Period":
        """As many months directly before (环比)."""
        return self._moved(-self.months, "上一期")

    def year_before(self) -> "Period":
        """The same months a year earlier (同比)."""
        return self._moved(-12, "去年同期")

    def _moved(self, count: int, label: str) -> "Period":
        first, last = months_later(self.first, count), months_later(self.last, count)
        return Period(f"{first:%Y-%m}~{last:%Y-%m}", f"{label}（{span(first, last)}）", first, last)


ALL_TIME = Period("", "全部时间")


def span(first: date, last: date) -> str:
    """2026年1月至3月; the year once, one month alone."""
    start = f"{first.year}年{first.month}月"
    if first == last:
        return start
    return f"{start}至{last.month}月" if first.year == last.year else f"{start}至{last.year}年{last.month}月"


def offered(today: date) -> list[Period]:
    """What can be chosen by name."""
    now = month_of(today)
    last, quarter = months_later(now, -1), now.replace(month=(now.month - 1) // 3 * 3 + 1)
    before = months_later(quarter, -3)
    return [
        ALL_TIME,
        Period("month", f"本月（{span(now, now)}）", now, now),
        Period("last-month", f"上月（{span(last, last)}）", last, last),
        Period("quarter", f"本季度（{span(quarter, now)}）", quarter, now),
        Period(
            "last-quarter", f"上季度（{span(before, months_later(before, 2))}）", before, months_later(before, 2)
        ),
        Period("year", f"今年（{span(now.replace(month=1), now)}）", now.replace(month=1), now),
        Period(
            "last-year", f"{now.year - 1}年全年", date(now.year - 1, 1, 1), date(now.year - 1, 12, 1)
        ),
    ]  # fmt: skip


def read_period(name: str, first: str, last: str, today: date) -> Period:
    """The period asked for: by name, or from `first` to `last` (2026-01); all time for what makes no sense."""
    if name == "months":
        start, end = read_month(first), read_month(last)
        start, end = start or end, end or start
        if start is None or start > end:
            return ALL_TIME
        return Period("months", span(start, end), start, end)
    return next((p for p in offered(today) if p.name == name), ALL_TIME)
