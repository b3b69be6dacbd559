"""The only writer of the calendar. One at a time: numbers run through all years."""

from datetime import date

from django.db import connection, transaction
from django.db.models import F, Max
from django.utils import timezone

from common.http import Conflict
from institutions.actor import Actor
from institutions.enums import Capability
from institutions.permissions import require
from workdays import rules
from workdays.dependents import tell_changed
from workdays.enums import YearOrigin
from workdays.models import CalendarChange, CalendarYear, Day
from workdays.proposal import Change, Proposal, propose, propose_year
from workdays.rules import Mark

LOCK = 7_410_001  # advisory: one change of the calendar at a time
_MANUAL = "人工修改"

_RENUMBER = """
UPDATE workdays_day d SET number = counted.number
FROM (
    SELECT date, COALESCE((SELECT number FROM workdays_day WHERE date = %(first)s::date - 1), 0)
                 + sum(is_workday::int) OVER (ORDER BY date) AS number
    FROM workdays_day WHERE date >= %(first)s
) counted
WHERE counted.date = d.date AND d.number <> counted.number
"""


@transaction.atomic
def set_day(*, by: Actor, day: date, mark: Mark, reason: str, version: int) -> bool:
    """Make `day` what `mark` says; whether anything changed. `version` is that of the year the person saw.

    Raises PermissionDenied, ValueError for a day that can't be that, Conflict when somebody changed the year since.
    """
    require(by, Capability.EDIT_CALENDAR)
    _lock()
    proposal = propose({day: mark})
    if not proposal.changes:
        return False  # the same form a second time
    year = CalendarYear.objects.filter(year=day.year).first()
    if year is None or year.version != version:
        raise Conflict("这一年的工作日历刚才有同事改过，请核对后再改。")
    _write(proposal, source=_MANUAL, reason=reason, by=by)
    return True


@transaction.atomic
def enter_notice(
    *, by: Actor, year: int, marks: dict[date, Mark], source: str, version: int | None
) -> Proposal:
    """Take over an official notice for `year`, new or maintained already; what changed.

    Days of the year that `marks` do not name become plain; days of the year before that they name change with it.
    `version` is that of the year the person saw, None for a new one. Raises PermissionDenied, ValueError for a mark
    that can't be or a year that would leave a gap, Conflict when somebody changed the year since.
    """
    require(by, Capability.EDIT_CALENDAR)
    _lock()
    proposal = propose_year(year, marks)
    known = CalendarYear.objects.filter(year=year).first()
    if not proposal.changes:
        return proposal
    if (known.version if known else None) != version:
        raise Conflict("这一年的工作日历刚才有同事改过，请核对后再改。")
    _write(proposal, source=source, reason=source, by=by, entered=year)
    return proposal


@transaction.atomic
def load_year(year: int, marks: dict[date, Mark], source: str) -> bool | None:
    """Seed a year from the program's own data, or correct one so seeded; whether anything changed.

    None: the data differ from what a person entered; that stays.
    """
    _lock()
    proposal = propose_year(year, marks)
    if not proposal.changes:
        return False
    known = CalendarYear.objects.filter(year=year).first()
    if known is not None and known.origin != YearOrigin.SEEDED:
        return None
    _write(proposal, source=source, reason=source, by=None, entered=year)
    return True


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _write(
    proposal: Proposal, *, source: str, reason: str, by: Actor | None, entered: int | None = None
) -> None:
    """Days, numbers, years and their trace; then everybody who counts in workdays is told."""
    for change in proposal.changes:
        if refused := rules.refuse_mark(change.date, change.after):
            raise ValueError(refused)
    new = [change for change in proposal.changes if change.before is None]
    if new:
        _refuse_gap(entered, new)
        _add_year(entered, source, by)
    _insert(new, source)
    changed = [change for change in proposal.changes if change.before is not None]
    Day.objects.bulk_update(
        [_row(change, source) for change in changed], ["kind", "name", "is_workday", "source"]
    )
    with connection.cursor() as cursor:
        cursor.execute(_RENUMBER, {"first": proposal.first})
    _trace(changed, entered=entered if new and by else None, reason=reason, by=by)
    _touch({change.date.year for change in changed}, entered, source, by)
    tell_changed(proposal.first)


def _refuse_gap(year: int | None, new: list[Change]) -> None:
    last = CalendarYear.objects.aggregate(last=Max("year"))["last"]
    if year is None or {change.date.year for change in new} != {year} or (last and year != last + 1):
        missing = last + 1 if last else year
        raise ValueError(f"请先录入 {missing} 年的放假安排：年份要一年接一年。")


def _row(change: Change, source: str, number: int = 0) -> Day:
    kind, name = change.after
    worked = rules.is_worked(change.date, kind)
    return Day(date=change.date, kind=kind, name=name, is_workday=worked, source=source, number=number)


def _insert(new: list[Change], source: str) -> None:
    number = Day.objects.aggregate(last=Max("number"))["last"] or 0
    rows = []
    for change in new:
        number += rules.is_worked(change.date, change.after.kind)
        rows.append(_row(change, source, number))
    Day.objects.bulk_create(rows)


def _add_year(year: int, source: str, by: Actor | None) -> None:
    made = {"changed_at": timezone.now(), "changed_by": by.user} if by else {}
    origin = YearOrigin.NOTICE if by else YearOrigin.SEEDED
    CalendarYear.objects.create(year=year, origin=origin, source=source, **made)


def _touch(years: set[int], entered: int | None, source: str, by: Actor | None) -> None:
    """A new version for each year of which a day changed, with who did it."""
    for year in years:
        said = {"version": F("version") + 1}
        if by:
            said |= {"origin": YearOrigin.EDITED, "changed_at": timezone.now(), "changed_by": by.user}
        if year == entered:
            said |= {"source": source} | ({"origin": YearOrigin.NOTICE} if by else {})
        CalendarYear.objects.filter(year=year).update(**said)


def _trace(changed: list[Change], *, entered: int | None, reason: str, by: Actor | None) -> None:
    who = {"reason": reason, "by": by.user if by else None}
    rows = [
        CalendarChange(
            year_id=change.date.year,
            date=change.date,
            kind_before=change.before.kind,
            name_before=change.before.name,
            kind_after=change.after.kind,
            name_after=change.after.name,
            **who,
        )
        for change in changed
    ]
    if entered:
        rows.append(CalendarChange(year_id=entered, **who))
    CalendarChange.objects.bulk_create(rows)
