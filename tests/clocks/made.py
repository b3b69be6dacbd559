"""Clocks for tests: the default ladders, a calendar, and clocks at a cast's home."""

import itertools
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from clocks import running
from clocks.actions.ladders import load_ladders
from clocks.models import Clock, Reminder
from clocks.sweep import sweep
from tests.workdays.made import seed_calendar

_ids = itertools.count(1)
DUE = date(2026, 11, 25)  # a Wednesday
STARTED = date(2026, 11, 10)


def seed() -> None:
    """What prepare_database loads: the calendar and the default ladders."""
    seed_calendar()
    load_ladders()


def at(day: date, hour: int = 8, minute: int = 0) -> datetime:
    """That moment in Beijing."""
    return timezone.make_aware(datetime.combine(day, time(hour, minute)))


def start_clock(institution, **facts) -> Clock:
    """A clock of a general hazard due on DUE, started on STARTED."""
    defaults = {
        "kind": "hazard",
        "subject_id": next(_ids),
        "institution_id": institution.pk,
        "ladder_key": "hazard_general",
        "due_on": DUE,
        "started_on": STARTED,
        "title": "疏散通道堆放杂物",
        "url": "/hazards/1/",
    }
    return running.start(**(defaults | facts))


def major(institution, **facts) -> Clock:
    """The same of a major hazard."""
    return start_clock(institution, **({"ladder_key": "hazard_major", "is_major": True} | facts))


def sweep_days(first: date, last: date) -> None:
    """One sweep a day at eight in the morning, as long as nobody stops it."""
    for n in range((last - first).days + 1):
        sweep(at(first + timedelta(days=n)))


def told_of(clock: Clock) -> list[tuple]:
    """What was recorded of a clock: code, day it was due, outcome, whether late; in order of days."""
    rows = Reminder.objects.filter(clock=clock).order_by("rung_on", "id")
    return [(r.rung_code, r.rung_on, r.outcome, r.is_late) for r in rows]
