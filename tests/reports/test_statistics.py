"""What each figure means, at its edges."""

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from hazards.models import Hazard, RectificationPlan
from institutions.territories import territory_below
from reports import statistics
from reports.institution import statistics_of_institution
from reports.periods import ALL_TIME, Period
from tests.factories import Cast
from tests.reports.made import dashboard, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def today():
    return timezone.localdate()


def counted(cast, today, period=ALL_TIME) -> statistics.Statistics:
    territory = territory_below(cast.county.authority.region, "")
    return statistics.statistics_of(cast.county, territory, today, period)


def rates(total, period=ALL_TIME) -> dict[str, tuple]:
    return {rate.key: (rate.part, rate.whole, rate.value) for rate in total.rates(period)}


def test_nothing_to_rate_is_a_dash_and_never_a_hundred_percent(client):
    cast = Cast()
    total = counted(cast, timezone.localdate())
    assert {value for _, _, value in rates(total).values()} == {None}
    assert (total.figures.closure_rate, total.work.mean_age, total.work.longest_wait) == (None,) * 3
    page = dashboard(client, cast.county).content.decode()
    assert (page.count("<b>—</b>"), page.count('<span class="value">—</span>')) == (5, 1)
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
    assert rates(total)["on_time"] == (2, 4, 0.5)


def test_ages_meet_without_gap_or_overlap(today):
    cast = Cast()
    for days in (0, 7, 8, 15, 16, 30, 31, 90, 91, 5000):
        put(cast, found_on=today - timedelta(days=days))
    total = counted(cast, today)
    assert total.work.ages == [2, 2, 2, 2, 2]
    assert total.work.mean_age == (7 + 8 + 15 + 16 + 30 + 31 + 90 + 91 + 5000) / 10


def test_months_begin_at_midnight_in_beijing():
    cast, first = Cast(), date(2026, 5, 1)
    put(cast, found_on=date(2026, 4, 30))
    put(cast, "registered", 2, found_on=first)
    put(cast, "voided", found_on=first)
    midnight = datetime(2026, 5, 1, tzinfo=timezone.get_current_timezone())
    put(cast, "closed", found_on=date(2026, 1, 1), closed_at=midnight)
    put(cast, "closed", found_on=date(2026, 1, 1), closed_at=midnight - timedelta(seconds=1))
    total = counted(cast, first)
    assert (total.new(total.this_month), total.closed(total.this_month)) == (2, 1)


def test_the_longest_wait_is_that_of_the_oldest_verified(client, today):
    cast, now = Cast(), timezone.now()
    put(cast, "verified", status_changed_at=now - timedelta(days=9))
    put(cast, "verified")
    put(cast, "rectifying", status_changed_at=now - timedelta(days=90))
    assert counted(cast, today).work.longest_wait == 9
    assert dashboard(client, cast.county).content.decode().count("最久已等 9 天") == 1


def test_overdue_institutions_are_counted_once(today):
    cast = Cast()
    other = cast.place.institution()
    put(cast, "rectifying", 3, due_on=today - timedelta(days=1))
    put(cast, "rectifying", 2, home=other, due_on=today - timedelta(days=1))
    put(cast, "rectifying", 2, home=cast.place.institution())
    total = counted(cast, today)
    assert (total.figures.overdue, total.work.late_institutions) == (5, 2)
    assert total.figures.overdue == Hazard.objects.overdue(today).count()
    assert total.figures.open == Hazard.objects.open().count()


def test_the_first_pass_rate_counts_whoever_was_sent_back_once(today):
    cast = Cast()
    put(cast, "closed", 3), put(cast, "verified", 1)
    put(cast, "closed", 2, round=2), put(cast, "rectifying", 1, round=3)
    put(cast, "rectifying", 5, round=1), put(cast, "voided", 1, round=2)
    Hazard.objects.filter(status__in=["closed", "verified"], round=0).update(round=1)
    assert rates(counted(cast, today))["first_pass"] == (4, 7, 4 / 7)


def test_recurrence_is_rated_against_what_was_closed_in_the_same_time(today):
    cast, now = Cast(), timezone.now()
    old = put(cast, "closed", 4, found_on=today - timedelta(days=400), closed_at=now - timedelta(days=380))
    put(cast, "closed", 2)
    put(cast, "rectifying", recurrence_of_id=old[0]), put(cast, "voided", recurrence_of_id=old[1])
    month = counted(cast, today).this_month
    assert rates(counted(cast, today))["recurrence"] == (1, 6, 1 / 6)
    assert rates(counted(cast, today), month)["recurrence"] == (1, 2, 0.5)


def test_a_period_is_compared_with_the_one_before_and_a_year_before():
    cast, today = Cast(), date(2026, 8, 20)
    for month, count in (
        (date(2026, 7, 3), 2),
        (date(2026, 4, 3), 3),
        (date(2025, 7, 3), 5),
        (date(2026, 8, 1), 7),
    ):
        put(cast, "closed", count, found_on=month)
    quarter = Period("months", "", date(2026, 7, 1), date(2026, 7, 1))
    total = counted(cast, today, quarter)
    assert [total.new(p) for p in (quarter, quarter.before(), quarter.year_before())] == [2, 0, 5]
    assert (quarter.before().label, quarter.year_before().label) == (
        "上一期（2026年6月）",
        "去年同期（2025年7月）",
    )
    assert total.figures.valid == 2


def test_the_stock_at_the_end_of_a_month_is_what_was_registered_and_not_over_by_then():
    cast = Cast()
    when = {n: datetime(2026, n, 10, tzinfo=timezone.get_current_timezone()) for n in range(1, 7)}
    put(cast, "closed", 2, registered_at=when[1], closed_at=when[3])
    put(cast, "closed", 3, registered_at=when[2], closed_at=when[5])
    put(cast, "voided", 5, registered_at=when[2], voided_at=when[2])
    put(cast, "rectifying", 7, registered_at=when[4])
    summary = counted(cast, date(2026, 6, 30)).summary
    assert [summary.stock_after(date(2026, n, 1)) for n in range(1, 7)] == [2, 5, 3, 10, 7, 7]


def test_plans_count_what_is_settled_of_open_major_work(today):
    cast = Cast()
    first, second = put(cast, "rectifying", 2, severity="major")
    put(cast, "rectifying"), put(cast, "closed", severity="major")
    RectificationPlan.objects.create(
        hazard_id=first, measures="换线", responsible_person="张三", funds=2.5, finish_on=today, contingency="预案",
        saved_at=timezone.now(), saved_by=cast.manager.user,
    )  # fmt: skip
    RectificationPlan.objects.create(
        hazard_id=second, measures="换线", saved_at=timezone.now(), saved_by=cast.manager.user
    )
    work = counted(cast, today).work
    assert (work.plans, work.all_settled, work.funds) == (2, 1, 2.5)
    assert work.settled == {"措施": 2, "责任人": 1, "资金": 1, "时限": 1, "预案": 1}


def test_an_institution_counts_as_its_line_in_the_county(client, today):
    cast = Cast()
    put(cast, "closed", 3), put(cast, "rectifying", 2, due_on=today - timedelta(days=9), severity="major")
    put(cast, "verified", 2, status_changed_at=timezone.now() - timedelta(days=5)), put(cast, "voided")
    whole = counted(cast, today)
    alone = statistics_of_institution(cast.county, cast.home, today, ALL_TIME)
    assert (alone.figures, alone.by_status, rates(alone)) == (whole.figures, whole.by_status, rates(whole))
    for name in ("open", "late", "major", "late_institutions", "mean_age", "longest_wait", "ages", "lateness", "waits", "plans"):  # fmt: skip
        assert getattr(alone.work, name) == getattr(whole.work, name), name
    for facet in ("domain", "source", "severity"):
        assert alone.by_facet(facet) == whole.by_facet(facet)
    month = whole.today.replace(day=1)
    assert alone.summary.stock_after(month) == whole.summary.stock_after(month) == 4
