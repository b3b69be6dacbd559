"""A changed calendar before it is saved: which days differ, and the whole of it as a relation to count in."""

from dataclasses import dataclass
from datetime import date

from workdays import rules
from workdays.enums import DayKind
from workdays.models import Day
from workdays.rules import PLAIN, Mark


@dataclass(frozen=True)
class Change:
    """One day that would be another than it is; `before` is None for a day of a year not maintained yet."""

    date: date
    before: Mark | None
    after: Mark

    @property
    def moves(self) -> bool:
        """Whether it is worked where it was free, or the other way round; a new name alone moves nothing."""
        if self.before is None:
            return True
        return rules.is_worked(self.date, self.before.kind) != rules.is_worked(self.date, self.after.kind)

    @property
    def words_before(self) -> str:
        return rules.why(self.date, self.before) if self.before else ""

    @property
    def words_after(self) -> str:
        return rules.why(self.date, self.after)


@dataclass(frozen=True)
class Proposal:
    """The days that would change, by date. Empty: the calendar is like that already."""

    changes: list[Change]

    @property
    def first(self) -> date | None:
        """The first day that would change."""
        return self.changes[0].date if self.changes else None

    @property
    def adds_days(self) -> bool:
        return any(change.before is None for change in self.changes)

    # `proposed_day (date, is_workday, number)`: the calendar as it would be, to stand after WITH and be joined like
    # workdays_day. Needs `parameters` among the statement's own.
    SQL = """
    proposed_day AS MATERIALIZED (
        SELECT date, is_workday, sum(is_workday::int) OVER (ORDER BY date) AS number
        FROM (
            SELECT date, is_workday FROM workdays_day WHERE date <> ALL(%(proposed_dates)s::date[])
            UNION ALL
            SELECT * FROM unnest(%(proposed_dates)s::date[], %(proposed_workdays)s::boolean[])
        ) AS day (date, is_workday)
    )
    """

    @property
    def parameters(self) -> dict:
        return {
            "proposed_dates": [change.date for change in self.changes],
            "proposed_workdays": [rules.is_worked(c.date, c.after.kind) for c in self.changes],
        }


def propose(wished: dict[date, Mark]) -> Proposal:
    """What it takes to make the calendar say `wished` (days not in it stay). One statement."""
    rows = Day.objects.filter(date__in=wished)
    now = {row.date: Mark(DayKind(row.kind), row.name) for row in rows}
    changes = [
        Change(day, now.get(day), mark) for day, mark in sorted(wished.items()) if now.get(day) != mark
    ]
    return Proposal(changes)


def propose_year(year: int, marks: dict[date, Mark]) -> Proposal:
    """What it takes to make every day of `year` as `marks` say, the others plain; and days of other years they name.

    December days of 元旦 that `marks` do not name stay: they come from the notice of the year after.
    """
    proposal = propose(dict.fromkeys(rules.days_of(year), PLAIN) | marks)
    return Proposal([change for change in proposal.changes if not _is_of_next_notice(change, marks)])


def _is_of_next_notice(change: Change, marks: dict[date, Mark]) -> bool:
    is_december = change.date.month == 12 and change.date not in marks
    return is_december and change.before is not None and change.before.name == "元旦"
