"""Every number of a league table is the dashboards' number: recounted row by row in plain Python."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from hazards.models import Hazard
from institutions.territories import territory_below
from reports import statistics, summary
from reports.appraisals import terms
from reports.appraisals.counting import Counts, counts_of, ranked
from reports.appraisals.indicators import FACTS, Item
from reports.appraisals.scoring import marks_of, standings
from reports.figure_rows import rows_of
from reports.models import Indicator
from reports.periods import end_of
from reports.rates import DEFINITIONS
from tests.factories import Cast, make_actor
from tests.reports.appraising import random_world
from tests.reports.made import put

pytestmark = pytest.mark.django_db


def recounted(rows: list[Hazard], period, today) -> dict[str, tuple[int, int]]:
    """The definitions of reports/rates.py, read aloud."""
    found = [h for h in rows if period.first <= h.found_on <= end_of(period.last)]
    valid = [h for h in found if h.status != "voided"]
    passed = [h for h in valid if h.status in ("verified", "closed")]
    closed = [h for h in valid if h.status == "closed"]
    late = [h for h in rows if h.status == "rectifying" and h.due_on < today]
    late_found = [h for h in late if h in found]
    open_now = [h for h in rows if h.status not in ("closed", "voided")]

    def in_time(hazards):
        return [h for h in hazards if timezone.localdate(h.submitted_at) <= h.due_on]

    def major(hazards):
        return [h for h in hazards if h.severity == "major"]

    closed_then = [
        h
        for h in rows
        if h.closed_at and period.first <= timezone.localdate(h.closed_at) <= end_of(period.last)
    ]
    judged = [h for h in valid if h in passed or h.round > 1]
    return {
        "closure": (len(closed), len(valid)),
        "rectified": (len(passed), len(valid)),
        "on_time": (len(in_time(passed)), len(passed) + len(late_found)),
        "major_on_time": (len(in_time(major(closed))), len(major(closed)) + len(major(late_found))),
        "first_pass": (len([h for h in passed if h.round == 1]), len(judged)),
        "recurrence": (len([h for h in valid if h.recurrence_of_id]), len(closed_then)),
        "self_found": (len([h for h in valid if h.is_self_reported]), len(valid)),
        "late_days": (sum((today - h.due_on).days for h in late), len(open_now)),
    }


@pytest.mark.parametrize("seed", range(4))
def test_numbers_equal_a_recount_of_the_rows_and_the_rows_they_lead_to(seed):
    today = timezone.localdate()
    first, _ = random_world(seed, today)
    if seed % 2:
        summary.fold_all()
    for actor in (first.province, first.city):
        region = actor.authority.region
        parts = ranked(region, today)
        assert len(parts) == (3 if actor is first.province else 2)
        for code in (
            str(today.year),
            str(today.year - 1),
            f"{today:%Y-%m}",
            f"{today.year}Q{(today.month + 2) // 3}",
        ):
            period = terms.term(code)
            counts = counts_of(actor, region, parts, period, today)
            for part in parts:
                rows = list(Hazard.objects.filter(**{f"{part.level}_id": part.pk}))
                expected = recounted(rows, period, today)
                got = {key: counts.get(part.pk, Counts()).of(key) for key in Indicator.values}
                assert got == expected, (code, part.name)
                check_rows(actor, part, period, got, today)


def check_rows(actor, part, period, got, today):
    """Numerator and denominator are exactly the rows behind their links (days: of as many late ones)."""
    for key, (numerator, denominator) in got.items():
        query = {"region": part.code}
        if FACTS[Indicator(key)].is_of_period:
            query |= {"first": f"{period.first:%Y-%m}", "last": f"{period.last:%Y-%m}"}
        behind = [
            rows_of(query | {"figure": figure}, actor, today)[0]
            for figure in (DEFINITIONS[key].part, DEFINITIONS[key].whole)
        ]
        if FACTS[Indicator(key)].in_days:
            assert sum((today - h.due_on).days for h in behind[0]) == numerator
        else:
            assert behind[0].count() == numerator
        assert behind[1].count() == denominator


def test_a_regions_rates_are_those_of_its_dashboard():
    today = timezone.localdate()
    first, second = random_world(7, today)
    period = terms.term(str(today.year))
    counts = counts_of(
        first.province, first.place.province, ranked(first.place.province, today), period, today
    )
    for cast in (first, second):
        territory = territory_below(first.place.province, cast.place.city.code)
        shown = statistics.statistics_of(first.province, territory, today, period).rates(period)
        mine = counts[cast.place.city.pk]
        assert {rate.key: (rate.part, rate.whole) for rate in shown} == {r.key: mine.of(r.key) for r in shown}


def test_counting_is_one_statement_whatever_is_counted(django_assert_num_queries):
    today = timezone.localdate()
    cast = Cast()
    parts = ranked(cast.place.province, today)
    assert cast.province.scope.column == "province_id"  # known from the session on
    for count in (1, 30):
        put(cast, "rectifying", count)
        with django_assert_num_queries(1):
            counts_of(cast.province, cast.place.province, parts, terms.term(str(today.year)), today)


def test_another_departments_official_counts_nothing():
    cast, today = Cast(), timezone.localdate()
    put(cast, "rectifying", 3)
    fire = cast.place.province.authorities.create(name="消防救援总队", department="fire_rescue")
    outsider = make_actor("province_official", fire)
    parts = ranked(cast.place.province, today)
    assert dict(counts_of(outsider, cast.place.province, parts, terms.term(str(today.year)), today)) == {}


# --- marks ---------------------------------------------------------------------------------------------------


def item(key="closure", weight=20, full=95, zero=60, least=20) -> Item:
    return Item(key, weight, Decimal(full), Decimal(zero), least)


@pytest.mark.parametrize(
    ("part", "whole", "marks"),
    [
        (95, 100, "20.00"),
        (100, 100, "20.00"),
        (60, 100, "0.00"),
        (3, 100, "0.00"),
        (775, 1000, "10.00"),
        (1, 19, None),
        (0, 0, None),
        (19, 20, "20.00"),
        (2, 3, None),
        (200, 300, "3.81"),  # 20 × (66.67 − 60) ÷ 35 = 3.8095…
    ],
)
def test_marks_lie_between_the_thresholds_in_proportion(part, whole, marks):
    assert marks_of(item(), part, whole) == (None if marks is None else Decimal(marks))


def test_less_is_better_where_the_thresholds_say_so():
    days = item("late_days", 10, 0, 15, 1)
    assert [marks_of(days, part, 4) for part in (0, 30, 60, 400)] == [
        Decimal(n) for n in ("10.00", "5.00", "0.00", "0.00")
    ]
    assert marks_of(item("recurrence", 10, 0, 10, 1), 5, 100) == Decimal("5.00")


def test_too_few_cases_are_neither_full_marks_nor_none():
    items = [item(weight=40), item("on_time", 40), item("self_found", 20, 40, 5)]
    counts = {1: [(95, 100), (3, 4), (40, 100)], 2: [(95, 100), (1, 1), (0, 1)], 3: []}
    counts[3] = [(0, 0)] * 3
    table = standings(items, [(1, "甲"), (2, "乙"), (3, "丙")], counts, {}, 60)
    assert [(s.name, s.weight, s.total, s.rank) for s in table] == [
        ("甲", 60, Decimal("100.00"), 1),
        ("乙", 40, None, None),
        ("丙", 0, None, None),
    ]


def test_equal_totals_share_a_rank_and_a_veto_puts_last_without_one():
    counts = {1: [(80, 100)], 2: [(90, 100)], 3: [(80, 100)], 4: [(99, 100)], 5: [(70, 100)]}
    regions = [(n, str(n)) for n in counts]
    table = standings([item(weight=100)], regions, counts, {4: [{"label": "瞒报"}]}, 60)
    assert [(s.name, s.rank) for s in table] == [("2", 1), ("1", 2), ("3", 2), ("5", 4), ("4", None)]
    assert table[-1].total == Decimal("100.00")


# --- periods -------------------------------------------------------------------------------------------------


def test_a_period_is_a_month_a_quarter_or_a_year():
    said = {
        code: terms.term(code)
        for code in ("2026", "2026Q4", "2026-02", "2026Q5", "2026-13", "1999", "２０２６", "")
    }
    shown = {code: t and (t.label, t.first, end_of(t.last)) for code, t in said.items()}
    assert shown == {
        "2026": ("2026年度", date(2026, 1, 1), date(2026, 12, 31)),
        "2026Q4": ("2026年第四季度", date(2026, 10, 1), date(2026, 12, 31)),
        "2026-02": ("2026年2月", date(2026, 2, 1), date(2026, 2, 28)),
    } | dict.fromkeys(("2026Q5", "2026-13", "1999", "２０２６", ""))


def test_it_is_over_on_the_day_after_its_last():
    quarter = terms.term("2026Q3")
    assert [terms.is_over(quarter, day) for day in (date(2026, 9, 30), date(2026, 10, 1))] == [False, True]


def test_what_is_offered_has_begun():
    codes = [code for code, _ in terms.offered(date(2026, 1, 1))]
    assert codes[:2] == ["2026Q1", "2025Q4"]
    assert codes[-3:] == ["2025-08", "2026", "2025"]
    assert len(codes) == len(set(codes))
