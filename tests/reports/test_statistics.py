"""What each figure means, at its edges."""

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from hazards.models import Hazard
from reports import statistics
from tests.factories import Cast
from tests.reports.made import dashboard, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def today():
    return timezone.localdate()


def counted(cast, today) -> statistics.Totals:
    return statistics.totals(Hazard.objects.visible_to(cast.county), today)


def test_nothing_to_rate_is_a_dash_and_never_a_hundred_percent(client):
    cast = Cast()
    total = counted(cast, timezone.localdate())
    assert (total.figures.closure_rate, total.on_time_rate, total.mean_age, total.longest_wait) == (None,) * 4
    page = dashboard(client, cast.county).content.decode()
    assert page.count('<span class="value">—</span>') == 3
    assert "100%" not in page


def test_the_closure_rate_leaves_out_the_voided_and_counts_all_others(today):
    cast = Cast()
    put(cast, "closed", 3), put(cast, "voided", 5), put(cast, "registered", 1)
    assert counted(cast, today).figures.closure_rate == 0.75


def test_the_on_time_rate_judges_what_is_decided(today):
    cast, now = Cast(), timezone.now()
    put(cast, "verified", 1, due_on=today)  # submitted today: in time
    put(cast, "closed", 1, due_on=today - timedelta(days=1))  # submitted a day late
    put(cast, "closed", 1, due_on=today - timedelta(days=1), submitted_at=now - timedelta(days=1))
    put(cast, "rectifying", 1, due_on=today - timedelta(days=1))  # late and not done
    put(cast, "rectifying", 1, due_on=today)  # still has today
    put(cast, "awaiting_verification", 1, due_on=today - timedelta(days=1))  # undecided
    total = counted(cast, today)
    assert (total.on_time, total.on_time_of, total.on_time_rate) == (2, 4, 0.5)


def test_ages_meet_without_gap_or_overlap(today):
    cast = Cast()
    for days in (0, 7, 8, 15, 16, 30, 31, 90, 91, 5000):
        put(cast, found_on=today - timedelta(days=days))
    total = counted(cast, today)
    assert total.by_age == [2, 2, 2, 2, 2]
    assert total.mean_age == (7 + 8 + 15 + 16 + 30 + 31 + 90 + 91 + 5000) / 10


def test_months_begin_at_midnight_in_beijing():
    cast, first = Cast(), date(2026, 5, 1)
    put(cast, found_on=date(2026, 4, 30))
    put(cast, "registered", 2, found_on=first)
    put(cast, "voided", found_on=first)
    midnight = datetime(2026, 5, 1, tzinfo=timezone.get_current_timezone())
    put(cast, "closed", found_on=date(2026, 1, 1), closed_at=midnight)
    put(cast, "closed", found_on=date(2026, 1, 1), closed_at=midnight - timedelta(seconds=1))
    total = counted(cast, first)
    assert (total.new_this_month, total.closed_this_month) == (2, 1)


def test_the_longest_wait_is_that_of_the_oldest_verified(client, today):
    cast, now = Cast(), timezone.now()
    put(cast, "verified", status_changed_at=now - timedelta(days=9))
    put(cast, "verified")
    put(cast, "rectifying", status_changed_at=now - timedelta(days=90))
    assert counted(cast, today).longest_wait == 9
    assert dashboard(client, cast.county).content.decode().count("最久已等 9 天") == 1


def test_overdue_institutions_are_counted_once(today):
    cast = Cast()
    other = cast.place.institution()
    put(cast, "rectifying", 3, due_on=today - timedelta(days=1))
    put(cast, "rectifying", 2, home=other, due_on=today - timedelta(days=1))
    put(cast, "rectifying", 2, home=cast.place.institution())
    total = counted(cast, today)
    assert (total.figures.overdue, total.overdue_institutions) == (5, 2)
    assert total.figures.overdue == Hazard.objects.overdue(today).count()
    assert total.figures.open == Hazard.objects.open().count()
