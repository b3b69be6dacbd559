"""What the page of the calendar shows: a year as twelve months, its holidays in words, its changes."""

from dataclasses import dataclass
from datetime import date, timedelta

from workdays import rules
from workdays.enums import DayKind
from workdays.models import CalendarChange, CalendarYear, Day
from workdays.proposal import Proposal
from workdays.rules import Mark

CHANGES_SHOWN = 20


@dataclass(frozen=True)
class Cell:
    """One day of a small month."""

    date: date
    mark: Mark
    is_changed: bool = False

    @property
    def is_workday(self) -> bool:
        return rules.is_worked(self.date, self.mark.kind)

    @property
    def label(self) -> str:
        """休, 班, or nothing for a plain day."""
        return {DayKind.HOLIDAY: "休", DayKind.SWAP_WORKDAY: "班"}.get(self.mark.kind, "")

    @property
    def why(self) -> str:
        return rules.why(self.date, self.mark)


@dataclass(frozen=True)
class Month:
    """A month as weeks from Monday to Sunday; None where another month's days would be."""

    number: int
    weeks: list[list[Cell | None]]

    @property
    def workdays(self) -> int:
        return sum(cell.is_workday for week in self.weeks for cell in week if cell)


@dataclass(frozen=True)
class Holiday:
    """One holiday of a year: its days off as spans, its 调休 workdays."""

    name: str
    spans: list[tuple[date, date]]
    free: int
    worked: list[date]


def marks_of(year: int) -> dict[date, Mark]:
    """Every day of `year`; empty when it is not maintained."""
    rows = Day.objects.filter(date__range=(date(year, 1, 1), date(year, 12, 31)))
    return {day: Mark(DayKind(kind), name) for day, kind, name in rows.values_list("date", "kind", "name")}


def workdays_in(marks: dict[date, Mark]) -> int:
    """How many of these days are worked."""
    return sum(rules.is_worked(day, mark.kind) for day, mark in marks.items())


def proposed_marks(year: int, proposal: Proposal) -> dict[date, Mark]:
    """Every day of `year` as it would be."""
    return marks_of(year) | {c.date: c.after for c in proposal.changes if c.date.year == year}


def months(marks: dict[date, Mark], changed: frozenset[date] = frozenset()) -> list[Month]:
    """The months of a whole year's marks."""
    found = []
    for number in range(1, 13):
        cells = [
            Cell(day, mark, day in changed) for day, mark in sorted(marks.items()) if day.month == number
        ]
        if cells:
            padded = [None] * cells[0].date.weekday() + cells
            padded += [None] * (-len(padded) % 7)
            found.append(Month(number, [padded[i : i + 7] for i in range(0, len(padded), 7)]))
    return found


def holidays(marks: dict[date, Mark]) -> list[Holiday]:
    """The holidays in the order of their first day."""
    found: dict[str, dict[DayKind, list[date]]] = {}
    for day, mark in sorted(marks.items()):
        if mark.name:
            found.setdefault(mark.name, {}).setdefault(mark.kind, []).append(day)
    result = [
        Holiday(
            name,
            _spans(days.get(DayKind.HOLIDAY, [])),
            len(days.get(DayKind.HOLIDAY, [])),
            days.get(DayKind.SWAP_WORKDAY, []),
        )
        for name, days in found.items()
    ]
    return sorted(result, key=lambda h: h.spans[0][0] if h.spans else h.worked[0])


def _spans(days: list[date]) -> list[tuple[date, date]]:
    spans: list[tuple[date, date]] = []
    for day in days:
        if spans and day == spans[-1][1] + timedelta(days=1):
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans


def latest_changes(year: int) -> list[CalendarChange]:
    """The newest changes of a year's days."""
    return list(CalendarChange.objects.filter(year_id=year).select_related("by")[:CHANGES_SHOWN])


def year_row(year: int) -> CalendarYear | None:
    return CalendarYear.objects.select_related("changed_by").filter(year=year).first()
