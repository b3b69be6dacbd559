"""Working days (工作日) between and after dates. Every function is one statement on the table: nothing is cached,
so an edited calendar holds at once and for every process.

All raise MissingYear for a date, or an answer, outside the maintained years. Nothing here guesses; who may fall back
to Monday to Friday (rules.add_weekdays) decides so and says so.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection

from workdays import rules
from workdays.enums import DayKind
from workdays.models import CalendarYear, Day
from workdays.rules import Mark

# The number of the n-th workday from `base` (an alias of workdays_day), for a join in SQL:
#   JOIN workdays_day target ON target.is_workday AND target.number = TARGET_NUMBER
# The day itself is never counted. From a free day one workday back, and the workday that 0 stands for, are one
# number further than from a workday, because a free day carries the number of the workday before it.
TARGET_NUMBER = "{base}.number + {n} + CASE WHEN {base}.is_workday OR {n} > 0 THEN 0 ELSE 1 END"

_ADD = f"""
SELECT target.date, (SELECT max(date) FROM workdays_day)
FROM workdays_day base
LEFT JOIN workdays_day target ON target.is_workday AND target.number = {TARGET_NUMBER.format(base="base", n="%(n)s")}
WHERE base.date = %(day)s
"""


class MissingYear(LookupError):
    """The calendar of `year` is not maintained."""

    def __init__(self, year: int):
        super().__init__(f"{year} 年的节假日安排还没有维护。")
        self.year = year


def is_workday(day: date) -> bool:
    """Whether people work on `day`, holidays and 调休 considered."""
    found = Day.objects.filter(date=day).values_list("is_workday", flat=True).first()
    if found is None:
        raise MissingYear(day.year)
    return found


def add_workdays(day: date, n: int) -> date:
    """The n-th workday after `day` (n > 0) or before it (n < 0); `day` itself is not counted (民法典 200–204).

    n = 0 is `day` itself, or the next workday when `day` is free: what must be done on a free day is done on the
    next workday (民法典 203), never before it was due.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ADD, {"day": day, "n": n})
        row = cursor.fetchone()
    if row is None:
        raise MissingYear(day.year)
    target, last = row
    if target is None:
        raise MissingYear(last.year + 1 if n >= 0 else _first_year() - 1)
    return target


def workdays_between(start: date, end: date) -> int:
    """Workdays after `start` up to and including `end`; negative when `end` is earlier.

    For a workday `end`: add_workdays(start, workdays_between(start, end)) == end.
    """
    numbers = dict(Day.objects.filter(date__in=[start, end]).values_list("date", "number"))
    for day in (start, end):
        if day not in numbers:
            raise MissingYear(day.year)
    if end >= start:
        return numbers[end] - numbers[start]
    return -_workdays_before(start, end)


def _workdays_before(start: date, end: date) -> int:
    """Workdays from `end` up to the day before `start`: going back, too, the start is not counted."""
    return Day.objects.filter(date__gte=end, date__lt=start, is_workday=True).count()


def _first_year() -> int:
    return CalendarYear.objects.order_by("year").values_list("year", flat=True)[0]


def maintained_years() -> list[int]:
    """Years whose official arrangement is known, in order, without a gap."""
    return list(CalendarYear.objects.values_list("year", flat=True))


def missing_years(first: date, last: date) -> list[int]:
    """Years touched by the span from `first` to `last` (inclusive) that are not maintained."""
    known = set(
        CalendarYear.objects.filter(year__range=(first.year, last.year)).values_list("year", flat=True)
    )
    return [year for year in range(first.year, last.year + 1) if year not in known]


# --- 为什么是这天 -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StripDay:
    """One day of a strip: what it is, why, and the how-manieth counted one (None: not counted)."""

    date: date
    is_workday: bool
    kind: DayKind
    why: str
    nth: int | None
    is_start: bool
    is_end: bool

    @property
    def column(self) -> int:
        """1 for Monday to 7 for Sunday."""
        return self.date.isoweekday()


@dataclass(frozen=True)
class Strip:
    """The days from the one that starts a period to the one it ends on, earliest first, for workdays/strip.html."""

    start: date
    end: date
    days: list[StripDay]
    counts_workdays: bool

    @property
    def counted(self) -> int:
        """How many days count."""
        return sum(day.nth is not None for day in self.days)

    @property
    def goes_back(self) -> bool:
        """Whether it is counted back, from a deadline to the day something is due before it."""
        return self.end < self.start

    @property
    def unit(self) -> str:
        return "个工作日" if self.counts_workdays else "天"

    @property
    def weekend_days(self) -> int:
        """Weekend days that do not count; the start, which never counts, left out."""
        return sum(day.kind == DayKind.PLAIN for day in self._skipped)

    @property
    def holidays(self) -> list[tuple[date, date, str]]:
        """Spans of holidays that do not count, with their words; the start left out."""
        spans: list[tuple[date, date, str]] = []
        for day in (day for day in self._skipped if day.kind == DayKind.HOLIDAY):
            if spans and spans[-1][1:] == (day.date - timedelta(days=1), day.why):
                spans[-1] = (spans[-1][0], day.date, day.why)
            else:
                spans.append((day.date, day.date, day.why))
        return spans

    @property
    def swaps(self) -> list[StripDay]:
        """Weekend days that count all the same, because they are worked."""
        return [
            day for day in self.days if day.kind == DayKind.SWAP_WORKDAY and day.nth
        ] * self.counts_workdays

    @property
    def _skipped(self) -> list[StripDay]:
        return [day for day in self.days if day.nth is None and not day.is_start]


def strip(start: date, end: date, *, counts_workdays: bool = True) -> Strip:
    """The days between `start` (not counted) and `end`, each with why it counts or not; `end` may be the earlier.

    Without `counts_workdays` every day counts, as for the date printed on a notice; days still say what they are.
    """
    first, last = min(start, end), max(start, end)
    rows = list(Day.objects.filter(date__range=(first, last)))
    there = {row.date for row in rows}
    for n in range((last - first).days + 1):
        if (day := first + timedelta(days=n)) not in there:
            raise MissingYear(day.year)
    nths, n = {}, 0
    for row in rows if end >= start else reversed(rows):
        if row.date != start and (row.is_workday or not counts_workdays):
            nths[row.date] = n = n + 1
    days = [
        StripDay(
            date=row.date,
            is_workday=row.is_workday,
            kind=DayKind(row.kind),
            why=rules.why(row.date, Mark(DayKind(row.kind), row.name)),
            nth=nths.get(row.date),
            is_start=row.date == start,
            is_end=row.date == end,
        )
        for row in rows
    ]
    return Strip(start, end, days, counts_workdays)
