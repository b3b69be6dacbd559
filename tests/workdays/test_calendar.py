"""Counting in workdays: against the official lists, in Python and in SQL alike, and loud where nothing is known."""

import random
from datetime import date, timedelta

import chinese_calendar
import pytest
from django.db import connection

from tests.workdays.made import seed_calendar
from workdays import rules
from workdays.calendar import (
    MissingYear,
    add_workdays,
    is_workday,
    maintained_years,
    missing_years,
    strip,
    workdays_between,
)

pytestmark = pytest.mark.django_db
FIRST, LAST = date(2004, 1, 1), date(2026, 12, 31)
PAIRS = 10_000


def official() -> dict[date, bool]:
    days = (FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1))
    return {day: chinese_calendar.is_workday(day) for day in days}


@pytest.fixture
def calendar():
    seed_calendar()


def test_every_day_is_what_the_official_lists_say():
    seed_calendar(first=2004)
    with connection.cursor() as cursor:
        cursor.execute("SELECT date, is_workday FROM workdays_day ORDER BY date")
        assert dict(cursor.fetchall()) == official()
    assert maintained_years() == list(range(2004, 2027))


def test_ten_thousand_random_periods_end_where_counting_by_hand_ends():
    seed_calendar(first=2004)
    worked, chance = official(), random.Random(20261122)
    workdays = [day for day, is_worked in worked.items() if is_worked]
    place = {day: n for n, day in enumerate(workdays)}
    wrong = []
    for _ in range(PAIRS):
        day, n = FIRST + timedelta(days=chance.randrange(150, len(worked) - 150)), chance.randint(-60, 60)
        at = place[next(day - timedelta(days=k) for k in range(30) if worked[day - timedelta(days=k)])]
        later = place[next(day + timedelta(days=k) for k in range(30) if worked[day + timedelta(days=k)])]
        by_hand = workdays[later + n] if n <= 0 else workdays[at + n]
        end = day + timedelta(days=chance.randint(-120, 120))
        low, high = (day + timedelta(days=1), end) if end >= day else (end, day - timedelta(days=1))
        between = sum(worked[low + timedelta(days=k)] for k in range((high - low).days + 1))
        found = (is_workday(day), add_workdays(day, n), workdays_between(day, end))
        if found != (worked[day], by_hand, between if end >= day else -between):
            wrong.append((day, n, end, found))
    assert wrong == []


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        ("2026-02-13", 1, "2026-02-14"),  # Saturday before 春节, worked
        ("2026-02-13", 2, "2026-02-24"),
        ("2026-02-16", 0, "2026-02-24"),  # a holiday stands for the next workday
        ("2026-02-24", 0, "2026-02-24"),
        ("2026-02-24", -1, "2026-02-14"),
        ("2026-02-16", -1, "2026-02-14"),
        ("2026-10-08", -3, "2026-09-28"),
        ("2026-11-21", 1, "2026-11-23"),
    ],
)
def test_workdays_around_holidays(calendar, day, n, expected):
    assert add_workdays(date.fromisoformat(day), n) == date.fromisoformat(expected)


def test_a_year_without_data_is_loud(calendar):
    for ask in (
        lambda: is_workday(date(2027, 1, 4)),
        lambda: add_workdays(date(2027, 1, 4), 1),
        lambda: add_workdays(date(2026, 12, 30), 5),
        lambda: workdays_between(date(2026, 12, 30), date(2027, 1, 4)),
        lambda: strip(date(2026, 12, 30), date(2027, 1, 4)),
    ):
        with pytest.raises(MissingYear) as raised:
            ask()
        assert raised.value.year == 2027
    with pytest.raises(MissingYear) as raised:
        add_workdays(date(2025, 1, 2), -5)
    assert raised.value.year == 2024


def test_an_empty_calendar_is_loud_too():
    with pytest.raises(MissingYear):
        add_workdays(date(2026, 3, 2), 1)


def test_missing_years_of_a_span(calendar):
    assert missing_years(date(2026, 11, 22), date(2026, 12, 31)) == []
    assert missing_years(date(2026, 11, 22), date(2028, 1, 1)) == [2027, 2028]


def test_each_question_costs_one_statement(calendar, django_assert_num_queries):
    day = date(2026, 9, 28)
    for ask in (
        lambda: is_workday(day),
        lambda: add_workdays(day, 5),
        lambda: workdays_between(day, date(2026, 10, 9)),
        lambda: strip(day, date(2026, 10, 9)),
    ):
        with django_assert_num_queries(1):
            ask()


def test_monday_to_friday_is_the_same_in_python_and_in_sql():
    chance = random.Random(7)
    asked = [
        (date(1990, 1, 1) + timedelta(days=chance.randrange(30_000)), chance.randint(-400, 400))
        for _ in range(3000)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT weekdays_after(d, n) FROM unnest(%s::date[], %s::int[]) WITH ORDINALITY AS a(d, n, i) ORDER BY i",
            [[day for day, _ in asked], [n for _, n in asked]],
        )
        in_sql = [row[0] for row in cursor.fetchall()]
    assert in_sql == [rules.add_weekdays(day, n) for day, n in asked]


@pytest.mark.parametrize("n", [-7, -1, 0, 1, 9])
def test_monday_to_friday_counts_like_a_calendar_without_holidays(n):
    for start in (date(2026, 11, 16) + timedelta(days=k) for k in range(7)):
        day, left = start, n
        while left or (n == 0 and rules.is_weekend(day)):
            day += timedelta(days=1 if n >= 0 else -1)
            left -= (1 if n > 0 else -1 if n < 0 else 0) * (not rules.is_weekend(day))
        assert rules.add_weekdays(start, n) == day


def test_a_strip_says_of_every_day_why_it_counts(calendar):
    found = strip(date(2026, 9, 24), date(2026, 9, 30))
    assert [(d.date.day, d.why, d.nth) for d in found.days] == [
        (24, "工作日", None),
        (25, "中秋节放假", None),
        (26, "中秋节放假", None),
        (27, "中秋节放假", None),
        (28, "工作日", 1),
        (29, "工作日", 2),
        (30, "工作日", 3),
    ]
    assert (found.counted, found.goes_back) == (3, False)
    assert found.holidays == [(date(2026, 9, 25), date(2026, 9, 27), "中秋节放假")]
    assert (found.weekend_days, found.swaps) == (0, [])


def test_a_strip_back_from_a_deadline_counts_towards_the_earlier_day(calendar):
    due = date(2026, 10, 9)
    found = strip(due, add_workdays(due, -3))
    assert (found.end, found.goes_back, found.counted) == (date(2026, 9, 29), True, 3)
    assert {d.date: d.nth for d in found.days if d.nth} == {
        date(2026, 10, 8): 1,
        date(2026, 9, 30): 2,
        date(2026, 9, 29): 3,
    }


def test_a_strip_of_calendar_days_counts_them_all(calendar):
    found = strip(date(2026, 9, 30), date(2026, 10, 7), counts_workdays=False)
    assert (found.counted, found.holidays, found.weekend_days, found.swaps) == (7, [], 0, [])


def test_a_strip_over_weekends_and_a_worked_saturday(calendar):
    found = strip(date(2026, 10, 8), date(2026, 10, 19))
    assert (found.counted, found.weekend_days, found.holidays) == (8, 3, [])
    assert [day.date for day in found.swaps] == [date(2026, 10, 10)]
