"""On which day each rung falls. One piece of SQL for the sweep and for the pages, so that both always agree.

Calendar days are counted as they are. Working days are looked up in the calendar (workdays.Day.number); where the
calendar has no data the weekdays are counted instead, for reminders only, and the moment says so (`is_estimated`).
"""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from django.db import connection

from clocks.enums import ESCALATIONS
from workdays import calendar
from workdays.calendar import TARGET_NUMBER, MissingYear
from workdays.rules import add_weekdays, is_weekend

# Needs a relation wanted (ladder_key, due_on) before it. Only distinct dates are looked up: a sweep over 200,000
# clocks asks for some hundred of them.
_TARGET = TARGET_NUMBER.format(base="base", n="r.offset_days")


_MOMENTS = f"""
moments AS (
    SELECT w.ladder_key, w.due_on, r.code, r.position, r.offset_days, r.unit, r.audience, r.kind, r.is_act,
           r.by_mail, r.by_sms,
           CASE WHEN r.unit = 'calendar' THEN w.due_on + r.offset_days
                ELSE COALESCE(known.day, guessed.day) END AS rung_on,
           r.unit = 'workday' AND known.day IS NULL AS is_estimated
    FROM wanted w
    JOIN clocks_ladder l ON l.key = w.ladder_key AND l.status = 'published'
    JOIN clocks_rung r ON r.ladder_id = l.id
    LEFT JOIN LATERAL (
        SELECT target.date AS day
        FROM workdays_day base
        JOIN workdays_day target ON target.is_workday AND target.number = {_TARGET}
        WHERE base.date = w.due_on AND r.unit = 'workday'
    ) known ON true
    LEFT JOIN LATERAL (
        SELECT w.due_on + n * way.way AS day
        FROM (SELECT CASE WHEN r.offset_days < 0 THEN -1 ELSE 1 END) way (way),
             generate_series(CASE WHEN r.offset_days = 0 THEN 0 ELSE 1 END, abs(r.offset_days) * 2 + 3) n
        WHERE extract(isodow FROM w.due_on + n * way.way) < 6
        ORDER BY n OFFSET greatest(abs(r.offset_days) - 1, 0) LIMIT 1
    ) guessed ON r.unit = 'workday' AND known.day IS NULL
)
"""


def moments_sql(calendar: str = "workdays_day") -> str:
    """The relation `moments`, counted in a calendar: the one in force, or one that is only proposed."""
    return _MOMENTS.replace("workdays_day", calendar)


MOMENTS = moments_sql()


def is_workday(day: date) -> bool:
    """Whether people work on `day`; in a year without calendar data, whether it is a weekday."""
    try:
        return calendar.is_workday(day)
    except MissingYear:
        return not is_weekend(day)


def workday_from(day: date, n: int) -> date:
    """The n-th workday after `day` (before it for n < 0; 0: itself or the next); by weekdays where the calendar ends."""
    try:
        return calendar.add_workdays(day, n)
    except MissingYear:
        return add_weekdays(day, n)


class Moment(NamedTuple):
    """One rung of a ladder for one due date."""

    code: str
    position: int
    offset_days: int
    unit: str
    audience: str
    kind: str
    is_act: bool
    rung_on: date
    is_estimated: bool

    @property
    def is_escalation(self) -> bool:
        return self.kind in ESCALATIONS


def moments(pairs: Iterable[tuple[str, date]]) -> dict[tuple[str, date], list[Moment]]:
    """For each (ladder key, due date) its rungs with their days, in order; empty without a ladder in force.

    One statement for any number of pairs.
    """
    pairs = list(dict.fromkeys((str(key), due_on) for key, due_on in pairs))
    found: dict[tuple[str, date], list[Moment]] = {pair: [] for pair in pairs}
    if pairs:
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH wanted AS (SELECT * FROM unnest(%s::text[], %s::date[]) AS w (ladder_key, due_on)), {MOMENTS}"
                "SELECT ladder_key, due_on, code, position, offset_days, unit, audience, kind, is_act, rung_on,"
                " is_estimated FROM moments ORDER BY rung_on, position",
                [[key for key, _ in pairs], [due_on for _, due_on in pairs]],
            )
            for key, due_on, *rest in cursor.fetchall():
                found[key, due_on].append(Moment(*rest))
    return found


def next_escalation(steps: list[Moment], *, after: date) -> Moment | None:
    """What comes next if nothing is done: the first escalation after a day, of several that day the weightiest."""
    later = [step for step in steps if step.is_escalation and step.rung_on > after]
    return min(later, key=lambda step: (step.rung_on, -step.position), default=None)
