"""Clocks of 责任书 and drills follow the rows of institutions."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clocks import following
from clocks.models import Clock, Reminder
from clocks.sweep import sweep
from institutions.actions.safety import save_drill, save_pledge
from institutions.models import Institution
from institutions.models.institution import first_drill_due
from institutions.queries import drill_state
from notifications.models import Notice
from tests.clocks.made import at
from tests.factories import DrillFactory, PledgeFactory

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)  # a Monday


@pytest.fixture(autouse=True)
def on_the_day():
    with time_machine.travel(at(TODAY), tick=False):
        yield


def followed(kind: str) -> list[tuple]:
    following.sync(TODAY)
    clocks = Clock.objects.running().filter(kind=kind).order_by("institution")
    return [(c.institution, c.due_on, c.started_on) for c in clocks]


def drilled(cast, held_on: date, **facts):
    return save_drill(
        cast.home, by=cast.manager, today=TODAY, held_on=held_on, kind="fire", participants=9, is_night=False,
        problems="", **facts,
    )  # fmt: skip


def signed(cast, year: int, signed_on: date, valid_until: date):
    return save_pledge(
        cast.home, by=cast.county, today=TODAY, year=year, signed_on=signed_on, valid_until=valid_until,
        signer="甲", counter_signer="乙",
    )  # fmt: skip


def test_a_house_that_never_drilled_owes_the_first_half_a_year_after_registration(cast):
    with time_machine.travel(at(date(2026, 8, 31), 0, 30), tick=False):  # 30 August in UTC
        house = cast.place.institution(name="新院")
    assert (house, date(2027, 2, 28), date(2026, 8, 31)) in followed("drill")
    assert drill_state(house, TODAY).due_on == date(2027, 2, 28)


def test_houses_known_for_long_are_not_all_late_at_the_first_sweep(cast):
    Institution.objects.update(created_at=at(date(2020, 1, 1)), first_drill_due_on=first_drill_due())
    sweep()
    assert followed("drill") == [(cast.home, date(2027, 5, 23), date(2020, 1, 1))]
    assert Reminder.objects.filter(clock__kind="drill").count() == 0


def test_each_drill_moves_the_clock_to_what_the_latest_says(cast):
    drilled(cast, date(2026, 6, 1))
    assert followed("drill") == [(cast.home, date(2026, 12, 1), date(2026, 6, 1))]
    drilled(cast, date(2026, 11, 20), next_due_on=date(2027, 2, 1))
    drilled(cast, date(2026, 3, 1))  # remembered later: nothing moves
    assert followed("drill") == [(cast.home, date(2027, 2, 1), date(2026, 11, 20))]
    assert Clock.objects.filter(kind="drill").count() == 1


def test_of_two_drills_on_one_day_the_earlier_next_counts_on_page_and_clock_alike(cast):
    for is_night, due in ((False, date(2027, 3, 1)), (True, date(2027, 1, 1))):
        DrillFactory(institution=cast.home, held_on=TODAY, is_night=is_night, next_due_on=due)
    assert followed("drill") == [(cast.home, date(2027, 1, 1), TODAY)]
    assert drill_state(cast.home, TODAY).due_on == date(2027, 1, 1)


def test_the_pledge_valid_longest_has_the_clock_and_a_house_without_one_has_none(cast):
    assert followed("pledge") == []
    signed(cast, 2026, date(2026, 1, 8), date(2026, 12, 31))
    signed(cast, 2025, date(2025, 1, 6), date(2025, 12, 31))
    assert followed("pledge") == [(cast.home, date(2026, 12, 31), date(2026, 1, 8))]
    signed(cast, 2027, date(2026, 11, 21), date(2027, 12, 31))
    assert followed("pledge") == [(cast.home, date(2027, 12, 31), date(2026, 11, 21))]
    assert Clock.objects.get(kind="pledge").title == "2027 年安全责任书"


def test_only_houses_in_use_owe_anything_and_it_comes_back_with_them(cast):
    PledgeFactory(institution=cast.home)
    DrillFactory(institution=cast.home)
    there = (followed("pledge"), followed("drill"))
    Institution.objects.update(is_active=False)
    assert (followed("pledge"), followed("drill")) == ([], [])
    Institution.objects.update(is_active=True)
    assert (followed("pledge"), followed("drill")) == there != ([], [])


def test_both_climb_their_ladders_and_a_new_drill_takes_back_what_was_told(cast):
    drilled(cast, date(2026, 5, 22))  # due yesterday
    signed(cast, 2025, date(2025, 11, 22), date(2026, 11, 30))  # ends in a week
    sweep()
    told = Reminder.objects.filter(outcome="delivered").values_list("clock__kind", "rung_code")
    assert set(told) == {
        ("drill", "yellow:institution:+1d"), ("drill", "yellow:county_officer:+1d"),
        ("pledge", "remind:institution:-7d"), ("pledge", "remind:county_officer:-7d"),
    }  # fmt: skip
    digest = Notice.objects.get(recipient=cast.manager.user)
    assert "半年一次的应急演练" in digest.body
    assert "仍未开展演练，将于12月7日报" in digest.body
    assert "2025 年安全责任书" in digest.body
    drilled(cast, TODAY)
    sweep()
    clock = Clock.objects.get(kind="drill")
    assert (clock.due_on, clock.ended_at, clock.url) == (
        date(2027, 5, 23), None, f"/institutions/{cast.home.pk}/#drills",
    )  # fmt: skip


def test_following_many_houses_takes_as_many_statements_as_one(cast):
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            following.sync(TODAY)
        return len(queries)

    following.sync(TODAY)
    one = statements()
    for n in range(5):
        house = cast.place.institution(name=f"第{n}院")
        DrillFactory(institution=house, held_on=TODAY - timedelta(days=n))
        PledgeFactory(institution=house)
    assert statements() == one
    assert Clock.objects.filter(kind="drill").count() == 6
