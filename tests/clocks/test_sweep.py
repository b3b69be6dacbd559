"""What is owed on which day, recorded once, delivered to each audience at its highest."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import transaction

from clocks import schedule
from clocks.models import Clock, Draft, PendingLine, Reminder
from clocks.sweep import sweep
from notifications.models import Notice
from tests.clocks.made import DUE, STARTED, at, major, start_clock, sweep_days, told_of
from tests.factories import InstitutionFactory

pytestmark = pytest.mark.django_db


def day(n: int) -> date:
    return DUE + timedelta(days=n)


def test_a_general_hazard_climbs_the_whole_ladder_each_rung_on_its_day(cast):
    clock = start_clock(cast.home)
    sweep_days(STARTED, day(20))
    delivered, draft = "delivered", "draft"
    assert told_of(clock) == [
        ("remind:institution:-3w", date(2026, 11, 20), delivered, False),
        ("remind:county_officer:-3w", date(2026, 11, 20), delivered, False),
        ("remind:institution:-1d", day(-1), delivered, False),
        ("remind:county_officer:-1d", day(-1), delivered, False),
        ("yellow:institution:+1d", day(1), delivered, False),
        ("yellow:county_leader:+1d", day(1), delivered, False),
        ("red:institution:+5d", day(5), delivered, False),
        ("red:county_leader:+5d", day(5), delivered, False),
        ("red:city:+5d", day(5), delivered, False),
        ("supervise:county_leader:+7d", day(7), draft, False),
        ("circular:city:+15d", day(15), draft, False),
    ]
    clock.refresh_from_db()
    assert clock.next_look_on is None


def test_the_next_look_is_the_day_of_the_next_rung(cast):
    clock = start_clock(cast.home)
    sweep(at(STARTED))
    clock.refresh_from_db()
    assert clock.next_look_on == date(2026, 11, 20)


def test_a_second_sweep_changes_nothing(cast):
    start_clock(cast.home)
    major(cast.home)
    sweep(at(day(2)))
    before = (
        Reminder.objects.count(),
        Notice.objects.count(),
        PendingLine.objects.count(),
        Draft.objects.count(),
    )
    assert sweep(at(day(2))) == 0
    Clock.objects.update(next_look_on=day(2))
    assert sweep(at(day(2))) == 0
    after = (
        Reminder.objects.count(),
        Notice.objects.count(),
        PendingLine.objects.count(),
        Draft.objects.count(),
    )
    assert after == before


def test_after_ten_silent_days_every_rung_is_recorded_and_only_the_highest_told_to_each_audience(cast):
    clock = start_clock(cast.home)
    sweep(at(day(-2), hour=6))
    sweep(at(day(8), hour=6))
    late = told_of(clock)[2:]
    assert late == [
        ("remind:institution:-1d", day(-1), "superseded", True),
        ("remind:county_officer:-1d", day(-1), "delivered", True),
        ("yellow:institution:+1d", day(1), "superseded", True),
        ("yellow:county_leader:+1d", day(1), "superseded", True),
        ("red:institution:+5d", day(5), "delivered", True),
        ("red:county_leader:+5d", day(5), "superseded", True),
        ("red:city:+5d", day(5), "delivered", True),
        ("supervise:county_leader:+7d", day(7), "draft", True),
    ]


def test_rungs_before_the_start_are_not_owed(cast):
    clock = start_clock(cast.home, started_on=day(-1))
    sweep_days(day(-1), day(1))
    assert [code for code, *_ in told_of(clock)] == ["yellow:institution:+1d", "yellow:county_leader:+1d"]


def test_today_is_beijings_also_when_it_is_yesterday_in_greenwich(cast):
    clock = start_clock(cast.home)
    with time_machine.travel(at(date(2026, 11, 19), 23, 59), tick=False):
        sweep()
    assert told_of(clock) == []
    with time_machine.travel(at(date(2026, 11, 20), 0, 0), tick=False):
        sweep()
    assert len(told_of(clock)) == 2


def test_in_each_minute_from_midnight_to_eight_the_due_set_is_that_of_the_beijing_date(cast):
    yesterday, today = date(2026, 11, 19), date(2026, 11, 20)
    clocks = [start_clock(cast.home, due_on=DUE + timedelta(days=n)) for n in range(-14, 8)]
    sweep(at(yesterday, 23, 59))
    moments = schedule.moments((c.ladder_key, c.due_on) for c in clocks)
    owed = {
        (clock.pk, moment.code)
        for clock in clocks
        for moment in moments[clock.ladder_key, clock.due_on]
        if moment.rung_on == today
    }
    assert len(owed) == 10
    right = 0
    for minute in range(480):
        with transaction.atomic():
            with time_machine.travel(at(today, minute // 60, minute % 60), tick=False):
                sweep()
            found = Reminder.objects.filter(rung_on__gt=yesterday).values_list("clock_id", "rung_code")
            right += set(found) == owed
            transaction.set_rollback(True)
    assert right == 480


def test_without_a_ladder_nothing_is_owed_and_nothing_fails(db):
    clock = start_clock(InstitutionFactory())
    sweep(at(day(10)))
    assert told_of(clock) == []
