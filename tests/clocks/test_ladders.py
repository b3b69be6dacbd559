"""Ladders are data: copied, edited, published with a reason, frozen by the database; the calendar may change under them."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from clocks import calendar, schedule
from clocks.actions import ladders
from clocks.actions.ladders import Step
from clocks.enums import LadderKey
from clocks.models import Clock, Ladder, Rung
from clocks.sweep import sweep
from institutions.models import Institution
from tests.clocks.made import DUE, at, start_clock, told_of
from tests.factories import as_client
from workdays.enums import DayKind
from workdays.models import CalendarYear
from workdays.proposal import propose
from workdays.rules import Mark

pytestmark = pytest.mark.django_db


def in_force(key="hazard_general") -> Ladder:
    return Ladder.objects.get(key=key, status="published")


def test_every_key_begins_with_one_ladder_and_loading_again_changes_nothing(cast):
    assert ladders.load_ladders() == []
    assert set(Ladder.objects.values_list("key", "version", "status")) == {
        (k.value, 1, "published") for k in LadderKey
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda: Rung.objects.filter(ladder=in_force()).update(offset_days=9),
        lambda: Rung.objects.filter(ladder=in_force()).delete(),
        lambda: in_force().delete(),
        lambda: Ladder.objects.filter(pk=in_force().pk).update(note="别的"),
        lambda: Ladder.objects.filter(pk=in_force().pk).update(status="draft"),
    ],
)
def test_the_database_refuses_to_change_what_is_in_force(cast, change):
    with pytest.raises(DatabaseError), transaction.atomic():
        change()


def test_a_new_version_takes_over_and_running_clocks_follow_it(cast):
    clock = start_clock(cast.home)
    sweep(at(DUE - timedelta(days=2)))
    draft = ladders.draft(in_force(), by=cast.province)
    assert ladders.draft(in_force(), by=cast.province) == draft
    ladders.edit(draft, by=cast.province, steps=[Step(2, "calendar", "red", "city")])
    ladders.publish(draft, by=cast.province, reason="本省要求逾期两天报市")
    assert set(Ladder.objects.filter(key="hazard_general").values_list("version", "status")) == {
        (1, "superseded"), (2, "published"),
    }  # fmt: skip
    Clock.objects.update(next_look_on=DUE)
    sweep(at(DUE + timedelta(days=2)))
    assert told_of(clock)[-1] == ("red:city:+2d", DUE + timedelta(days=2), "delivered", False)


def test_only_the_province_changes_ladders(cast):
    for actor in (cast.county, cast.city, cast.manager):
        with pytest.raises(PermissionDenied):
            ladders.draft(in_force(), by=actor)


def test_a_ladder_is_edited_and_published_in_the_browser(cast):
    client, key = as_client(cast.province), {"key": "hazard_general"}
    client.post(reverse("clocks:ladder_draft", kwargs=key))
    page = client.get(reverse("clocks:ladder_edit", kwargs=key))
    rows = page.context["formset"].initial
    assert [(r["side"], r["days"], r["kind"], r["audiences"]) for r in rows][:2] == [
        ("before", 3, "remind", ["institution", "county_officer"]),
        ("before", 1, "remind", ["institution", "county_officer"]),
    ]
    body = {"rungs-TOTAL_FORMS": "2", "rungs-INITIAL_FORMS": "0"}
    for n, (side, days, kind) in enumerate([("before", 2, "remind"), ("after", 3, "red")]):
        body |= {f"rungs-{n}-side": side, f"rungs-{n}-days": days, f"rungs-{n}-unit": "workday", f"rungs-{n}-kind": kind,
                 f"rungs-{n}-audiences": ["county_officer", "city"]}  # fmt: skip
    assert client.post(reverse("clocks:ladder_edit", kwargs=key), body).status_code == 302
    assert client.post(reverse("clocks:ladder_publish", kwargs=key), {"reason": "短"}).status_code == 422
    assert (
        client.post(reverse("clocks:ladder_publish", kwargs=key), {"reason": "按省厅通知调整"}).status_code
        == 302
    )
    assert [r.code for r in in_force().rungs.all()] == [
        "remind:county_officer:-2w", "remind:city:-2w", "red:county_officer:+3w", "red:city:+3w",
    ]  # fmt: skip


def test_an_act_cannot_be_addressed_to_an_institution(cast):
    client, key = as_client(cast.province), {"key": "hazard_general"}
    client.post(reverse("clocks:ladder_draft", kwargs=key))
    body = {"rungs-TOTAL_FORMS": "1", "rungs-INITIAL_FORMS": "0", "rungs-0-side": "after", "rungs-0-days": 7,
            "rungs-0-unit": "calendar", "rungs-0-kind": "supervise", "rungs-0-audiences": ["institution"]}  # fmt: skip
    assert client.post(reverse("clocks:ladder_edit", kwargs=key), body).status_code == 422


def test_working_days_leap_over_the_spring_festival(cast):
    (moment, *_) = schedule.moments([("hazard_general", date(2026, 2, 24))])[
        "hazard_general", date(2026, 2, 24)
    ]
    assert (moment.code, moment.rung_on, moment.is_estimated) == (
        "remind:institution:-3w",
        date(2026, 2, 12),
        False,
    )


def test_without_a_calendar_weekdays_are_counted_and_said_to_be(cast):
    due = date(2028, 3, 6)  # a Monday
    found = schedule.moments([("hazard_general", due)])["hazard_general", due]
    assert [(m.rung_on, m.is_estimated) for m in found if m.unit == "workday"] == [
        (date(2028, 3, 1), True)
    ] * 2


def test_a_change_of_the_calendar_says_how_many_clocks_move_and_has_them_looked_at_again(cast):
    for n in range(3):
        start_clock(cast.home, due_on=DUE + timedelta(days=n))  # 3 workdays before: 20, 23, 24 November
    Institution.objects.update(is_active=False)  # and so owes no drill next year
    sweep(at(date(2026, 11, 12)))
    holiday = propose({date(2026, 11, 23): Mark(DayKind.HOLIDAY, "试")})
    assert calendar.count_moved(holiday) == 2
    assert calendar.count_moved(propose({date(2026, 12, 30): Mark(DayKind.HOLIDAY, "试")})) == 0
    assert calendar.after_change(date(2026, 11, 23)) == 3
    start_clock(
        cast.home, kind="licence", ladder_key="licence", due_on=date(2031, 1, 1)
    )  # counts no workdays
    with connection.cursor() as cursor:
        cursor.execute(calendar.FURTHEST)
        assert cursor.fetchone() == (DUE + timedelta(days=2),)
    assert CalendarYear.objects.exists()
