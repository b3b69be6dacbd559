"""检查计划: made from grades and close-outs, once; settled by visits; shown to those who owe them."""

import threading
from datetime import date, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from hazards.models import Hazard
from inspections import tasks
from inspections.actions import plans
from inspections.models import VisitPlan
from inspections.plan_rules import AHEAD_DAYS, PLAN_RULES, reason
from institutions.enums import RiskGrade
from tests.factories import Cast, InstitutionFactory, as_client, make_place
from tests.inspections import factories as make
from tests.inspections.campaigns_made import visited
from tests.reports.made import put

pytestmark = pytest.mark.django_db
DECEMBER = date(2026, 12, 10)


@pytest.fixture
def cast():
    return Cast(risk_grade="red")


def planned() -> list[tuple]:
    return list(VisitPlan.objects.order_by("id").values_list("institution_id", "kind", "due_on"))


# --- periods ----------------------------------------------------------------------------------------------


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.sampled_from(list(PLAN_RULES)))
def test_every_day_lies_in_one_period_and_periods_follow_each_other(day, grade):
    rule = PLAN_RULES[grade]
    first, last = rule.period(day)
    assert first <= day <= last
    assert rule.period(first) == rule.period(last) == (first, last)
    assert rule.period(last + timedelta(days=1))[0] == last + timedelta(days=1)
    assert (first.day, (first.month - 1) % rule.months) == (1, 0)


def test_the_rules_cover_every_grade_and_say_what_they_advise():
    assert set(PLAN_RULES) == set(RiskGrade)
    assert {grade.value: reason(rule.kind) for grade, rule in PLAN_RULES.items()} == {
        "red": "建议每月一次",
        "orange": "建议每季度一次",
        "yellow": "建议每半年一次",
        "blue": "建议每年一次",
    }


def test_each_period_is_a_kind_of_its_own():
    assert {grade.value: (rule.kind.value, rule.months) for grade, rule in PLAN_RULES.items()} == {
        "red": ("monthly", 1),
        "orange": ("quarterly", 3),
        "yellow": ("half_yearly", 6),
        "blue": ("yearly", 12),
    }


# --- by grade ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "due"),
    [
        (date(2026, 12, 10), {"red": "2026-12-31", "orange": "2026-12-31", "yellow": "2026-12-31", "blue": "2026-12-31"}),
        (date(2026, 11, 20), {"red": "2026-11-30"}),
        (date(2026, 9, 1), {"red": "2026-09-30", "orange": "2026-09-30"}),
        (date(2026, 6, 1), {"red": "2026-06-30", "orange": "2026-06-30", "yellow": "2026-06-30"}),
        (date(2028, 2, 1), {"red": "2028-02-29"}),
        (date(2026, 12, 1), {"red": "2026-12-31", "orange": "2026-12-31", "yellow": "2026-12-31", "blue": "2026-12-31"}),
    ],
)  # fmt: skip
def test_plans_appear_when_the_period_of_the_grade_ends_within_the_days_ahead(today, due):
    county = make_place().county
    homes = {grade.value: InstitutionFactory(county=county, risk_grade=grade) for grade in RiskGrade}
    assert plans.make_due_plans(today) == len(due)
    made = {plan.institution_id: plan for plan in VisitPlan.objects.all()}
    assert {g: made[home.pk].due_on.isoformat() for g, home in homes.items() if home.pk in made} == due
    assert all(plan.authority == plan.institution.authority for plan in made.values())


def test_a_plan_is_made_once_and_an_overdue_one_waits_alone(cast):
    assert [plans.make_due_plans(date(2026, 11, day)) for day in (2, 2, 3, 30)] == [1, 0, 0, 0]
    assert plans.make_due_plans(date(2027, 1, 15)) == 0
    assert planned() == [(cast.home.pk, "monthly", date(2026, 11, 30))]


def test_who_was_visited_in_the_period_needs_no_plan_and_gets_one_in_the_next(cast):
    visited(cast.home, on=date(2026, 11, 5))
    assert plans.make_due_plans(date(2026, 11, 20)) == 0
    assert plans.make_due_plans(DECEMBER) == 1


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"kind": "oversight"}, True),
        ({"kind": "joint"}, True),
        ({"kind": "patrol"}, False),
        ({"kind": "look_back"}, False),
        ({"kind": "self_check", "is_own": True}, False),
    ],
)
def test_a_patrol_of_the_township_and_what_the_house_does_itself_do_not_stand_in(cast, fields, counts):
    visited(cast.home, on=date(2026, 11, 5), **fields)
    assert plans.make_due_plans(date(2026, 11, 20)) == (0 if counts else 1)


def test_closed_institutions_get_no_plan_and_leave_the_list(cast):
    plans.make_due_plans(DECEMBER)
    cast.home.is_active = False
    cast.home.save()
    other = cast.place.institution(risk_grade="red", is_active=False)
    assert plans.make_due_plans(DECEMBER) == 0
    assert not VisitPlan.objects.filter(institution=other).exists()


def test_a_worse_grade_brings_an_earlier_visit_forward():
    home = InstitutionFactory(risk_grade="blue")
    make.VisitPlanFactory(institution=home, due_on=date(2026, 12, 31))
    home.risk_grade = "red"
    home.save()
    plans.make_due_plans(date(2026, 11, 20))
    assert (home.pk, "monthly", date(2026, 11, 30)) in planned()


@pytest.mark.parametrize(
    ("kind", "words", "too_early", "in_time"),
    [
        ("quarterly", "季度检查", date(2026, 9, 30), date(2026, 10, 1)),
        ("half_yearly", "半年检查", date(2026, 6, 30), date(2026, 7, 1)),
        ("yearly", "年度检查", date(2025, 12, 31), date(2026, 1, 1)),
    ],
)
def test_a_plan_is_settled_within_the_period_it_was_made_for_whatever_the_grade_is_now(
    cast, kind, words, too_early, in_time
):
    plan = make.VisitPlanFactory(institution=cast.home, kind=kind, due_on=date(2026, 12, 31))
    plans.settle(visited(cast.home, on=too_early))
    plan.refresh_from_db()
    assert (plan.visit, plan.get_kind_display()) == (None, words)
    visit = visited(cast.home, on=in_time)
    plans.settle(visit)
    plan.refresh_from_db()
    assert plan.visit == visit


# --- settled ----------------------------------------------------------------------------------------------


def test_a_finished_visit_settles_the_open_plan_and_the_next_period_brings_a_new_one(cast):
    plans.make_due_plans(date(2026, 11, 20))
    visit = visited(cast.home, on=date(2026, 11, 25))
    plans.settle(visit)
    assert VisitPlan.objects.get().visit == visit
    assert plans.make_due_plans(date(2026, 11, 26)) == 0
    assert plans.make_due_plans(DECEMBER) == 1


def test_an_overdue_plan_is_settled_by_a_late_visit(cast):
    plans.make_due_plans(date(2026, 10, 20))
    visit = visited(cast.home, on=date(2026, 11, 25))
    plans.settle(visit)
    assert VisitPlan.objects.get().visit == visit


def test_the_daily_run_settles_what_came_in_late_from_a_phone(cast):
    plans.make_due_plans(date(2026, 11, 20))
    visit = visited(cast.home, on=date(2026, 11, 2))
    plans.make_due_plans(date(2026, 11, 21))
    assert VisitPlan.objects.get().visit == visit


@pytest.mark.parametrize("on", [date(2026, 10, 31), date(2026, 9, 1)])
def test_a_visit_of_an_earlier_period_settles_nothing(cast, on):
    plans.make_due_plans(date(2026, 11, 20))
    plans.settle(visited(cast.home, on=on))
    assert VisitPlan.objects.get().visit is None


def test_one_visit_settles_one_plan_the_one_due_first_and_a_visit_of_a_plan_no_other(cast):
    first = make.VisitPlanFactory(institution=cast.home, kind="monthly", due_on=date(2026, 10, 31))
    second = make.VisitPlanFactory(institution=cast.home, kind="monthly", due_on=date(2026, 11, 30))
    visit = visited(cast.home, on=date(2026, 11, 20))
    for _ in range(2):
        plans.settle(visit)
    assert [VisitPlan.objects.get(pk=p.pk).visit for p in (first, second)] == [visit, None]


def test_a_plan_whose_visit_is_under_way_is_not_made_again(cast):
    plan = make.VisitPlanFactory(institution=cast.home, kind="monthly", due_on=date(2026, 11, 30))
    plan.visit = make.VisitFactory(institution=cast.home)
    plan.save()
    assert plans.make_due_plans(DECEMBER) == 0
    make.finish(plan.visit)
    assert plans.make_due_plans(date(2099, 12, 10)) == 1


def test_visits_elsewhere_settle_nothing_here(cast):
    plans.make_due_plans(DECEMBER)
    other = cast.place.institution(risk_grade="blue")
    plans.settle(visited(other, on=DECEMBER))
    assert VisitPlan.objects.get(institution=cast.home).visit is None


# --- 回头看 ------------------------------------------------------------------------------------------------


@pytest.fixture
def quiet(cast):
    """No plans by grade in the way: the home was visited today and is blue."""
    cast.home.risk_grade = "blue"
    cast.home.save()
    visited(cast.home)
    return cast


def closed(cast, count=1, severity="major", days_ago=0) -> list[int]:
    ids = put(cast, "closed", count, severity=severity)
    closed_at = timezone.now() - timedelta(days=days_ago)
    Hazard.objects.filter(pk__in=ids).update(found_on=timezone.localdate(closed_at), closed_at=closed_at)
    return ids


def test_a_closed_major_hazard_is_looked_at_again_after_thirty_days(quiet):
    (pk,), today = closed(quiet), timezone.localdate()
    assert [plans.make_due_plans(today) for _ in range(2)] == [1, 0]
    plan = VisitPlan.objects.get()
    assert (plan.kind, plan.source_hazard_id, plan.due_on) == ("look_back", pk, today + timedelta(days=30))


def test_one_look_back_at_a_time_and_it_covers_what_was_closed_before_it(quiet):
    today = timezone.localdate()
    closed(quiet, 3)
    assert plans.make_due_plans(today) == 1
    visit = visited(quiet.home, kind="look_back")
    plans.settle(visit)
    assert VisitPlan.objects.get().visit == visit
    assert plans.make_due_plans(today) == 0
    closed(quiet, 1, days_ago=-1)
    assert plans.make_due_plans(today + timedelta(days=1)) == 1


def test_another_kind_of_visit_does_not_settle_a_look_back(quiet):
    closed(quiet)
    plans.make_due_plans(timezone.localdate())
    plans.settle(visited(quiet.home, kind="screening"))
    assert VisitPlan.objects.get().visit is None


def test_of_the_general_ones_a_share_is_drawn_and_always_the_same(quiet):
    homes = [quiet.place.institution() for _ in range(120)]
    for home in homes:
        visited(home)
        put(quiet, "closed", home=home)
    today = timezone.localdate()
    drawn = plans.make_due_plans(today)
    assert 2 <= drawn <= 30
    again = set(VisitPlan.objects.values_list("source_hazard", flat=True))
    VisitPlan.objects.all().delete()
    plans.make_due_plans(today)
    assert set(VisitPlan.objects.values_list("source_hazard", flat=True)) == again


def test_what_was_closed_long_ago_or_is_still_open_is_left_alone(quiet):
    closed(quiet, days_ago=61)
    put(quiet, "verified", severity="major")
    assert plans.make_due_plans(timezone.localdate()) == 0


# --- running ----------------------------------------------------------------------------------------------


def test_the_run_costs_the_same_for_one_institution_and_for_many(cast):
    def cost(day):
        with CaptureQueriesContext(connection) as captured:
            plans.make_due_plans(day)
        return len(captured)

    alone = cost(DECEMBER)
    for grade in RiskGrade:
        InstitutionFactory.create_batch(5, county=cast.place.county, risk_grade=grade)
    Hazard.objects.filter(pk__in=closed(cast, 3)).update(
        closed_at=datetime.combine(DECEMBER, time(12), timezone.get_default_timezone())
    )
    assert (alone, cost(DECEMBER)) == (13, 13)
    assert sorted(kind for _, kind, _ in planned()) == [
        *["half_yearly"] * 5, "look_back", *["monthly"] * 6, *["quarterly"] * 5, *["yearly"] * 5,
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_runs_at_the_same_moment_make_each_plan_once():
    county = make_place().county
    InstitutionFactory.create_batch(20, county=county, risk_grade="red")
    start, made = threading.Barrier(6), []

    def run():
        start.wait()
        made.append(plans.make_due_plans(DECEMBER))
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(made) == VisitPlan.objects.count() == 20
    assert plans.make_due_plans(DECEMBER) == 0


@pytest.mark.django_db(transaction=True)
def test_two_visits_finished_at_once_settle_a_plan_with_one_of_them():
    cast = Cast(risk_grade="red")
    plan = make.VisitPlanFactory(institution=cast.home, kind="monthly", due_on=date(2026, 11, 30))
    visits = [visited(cast.home, on=date(2026, 11, 5)) for _ in range(4)]
    start = threading.Barrier(4)

    def run(visit):
        start.wait()
        plans.settle(visit)
        connection.close()

    threads = [threading.Thread(target=run, args=[visit]) for visit in visits]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    plan.refresh_from_db()
    assert plan.visit in visits


def test_the_task_makes_the_plans_of_today(cast):
    today = timezone.localdate()
    first, last = PLAN_RULES[RiskGrade.RED].period(today)
    tasks.make_due_plans()
    assert planned() == [(cast.home.pk, "monthly", last)]
    assert (last - first).days <= AHEAD_DAYS


# --- pages ------------------------------------------------------------------------------------------------


def test_the_page_lists_what_ones_authority_owes_and_on_demand_the_whole_region(cast):
    beside = make_place(city=cast.place.city)
    theirs = beside.institution(risk_grade="orange", name="邻县养老院")
    today = timezone.localdate()
    ours = make.VisitPlanFactory(institution=cast.home, due_on=today, kind="monthly")
    far = make.VisitPlanFactory(institution=cast.home, due_on=today + timedelta(days=AHEAD_DAYS + 1))
    late = make.VisitPlanFactory(institution=theirs, due_on=today - timedelta(days=1))

    def listed(actor, **parameters):
        return [p.pk for p in as_client(actor).get(reverse("inspections:plans"), parameters).context["page"]]

    assert listed(cast.county) == listed(cast.county, of="region") == [ours.pk]
    assert listed(cast.city) == [late.pk, ours.pk]
    assert listed(cast.city, of="own") == []
    assert far.pk not in listed(cast.province)


def test_the_fragment_shows_ones_own_plans_with_the_way_to_open_the_visit(cast):
    plan = make.VisitPlanFactory(institution=cast.home, due_on=timezone.localdate(), kind="monthly")
    theirs = make_place(city=cast.place.city).institution(name="邻县养老院")
    make.VisitPlanFactory(institution=theirs, due_on=timezone.localdate())
    text = as_client(cast.county).get(reverse("inspections:due_plans")).content.decode()
    assert f"/inspections/visits/new/{cast.home.pk}/?plan={plan.pk}&amp;kind=screening" in text
    assert ("邻县养老院" in text, "应检查机构（1）" in text, "建议每月一次" in text) == (False, True, True)
    assert "plan=" not in as_client(cast.auditor).get(reverse("inspections:due_plans")).content.decode()


def test_the_township_sees_plans_but_its_patrol_is_not_offered_to_settle_them(cast):
    cast.home.township = cast.place.township
    cast.home.save()
    make.VisitPlanFactory(institution=cast.home, due_on=timezone.localdate(), kind="monthly")
    page = as_client(cast.township).get(reverse("inspections:plans"))
    assert [plan.institution_id for plan in page.context["page"]] == [cast.home.pk]
    assert "去检查" not in page.content.decode()


def test_the_fragment_lists_my_teams_that_still_have_to_go(cast):
    campaign = make.CampaignFactory(authority=cast.county.authority)
    team = make.InspectionTeamFactory(
        campaign=campaign, authority=cast.county.authority, leader=cast.county.user
    )
    team.institutions.add(cast.home)
    url = reverse("inspections:due_plans")
    assert f"{team.name}：1 家未检查" in as_client(cast.county).get(url).content.decode()
    visited(cast.home, campaign)
    assert team.name not in as_client(cast.county).get(url).content.decode()


def test_the_fragment_costs_the_same_at_any_length(cast):
    client, url = as_client(cast.county), reverse("inspections:due_plans")

    def cost():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url, headers={"HX-Request": "true"}).status_code == 200
        return len(captured)

    client.get(url)
    make.VisitPlanFactory(institution=cast.home, due_on=timezone.localdate())
    before = cost()
    for day in range(1, 4):
        make.VisitPlanFactory(institution=cast.home, due_on=timezone.localdate() + timedelta(days=day))
    assert (before, cost()) == (8, 8)
