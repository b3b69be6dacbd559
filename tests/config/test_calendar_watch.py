"""A year whose holidays nobody entered: a banner for staff in time, a task from 1 December, quiet once it is done."""

from datetime import date

import pytest
import time_machine

from config import frame
from config.calendar_watch import tell_of_missing_year
from institutions.enums import Role
from notifications.models import Notice
from tests.factories import Cast, as_client, make_actor, make_place
from tests.workdays.made import MADE_UP_2027, seed_calendar
from workdays import dependents
from workdays.actions import enter_notice
from workdays.dependents import Dependent
from workdays.notice import parse

pytestmark = pytest.mark.django_db
BEFORE, IN_SIGHT = date(2026, 11, 1), date(2026, 11, 2)  # 60 days before 31 December, and a day later


@pytest.fixture(autouse=True)
def _calendar():
    seed_calendar()


def enter_2027(cast) -> None:
    marks = parse(MADE_UP_2027, 2027).marks
    enter_notice(by=cast.province, year=2027, marks=marks, source="国办发明电〔测试〕1号", version=None)


def banner(today: date) -> str:
    """What the frame of a province's page says of the calendar."""
    official = make_actor(Role.PROVINCE_OFFICIAL, make_place().province)
    banners = frame.look(official.user, official, today).banners
    return "".join(banner["text"] for banner in banners if banner["tone"] == "warning")


def told() -> list:
    return list(
        Notice.objects.filter(topic="workdays:2027").order_by("recipient").values_list("recipient", flat=True)
    )


def test_the_banner_comes_sixty_days_before_the_missing_year():
    assert (banner(BEFORE), "2027" in banner(IN_SIGHT)) == ("", True)


def test_a_deadline_in_a_missing_year_brings_it_earlier(monkeypatch):
    far = Dependent(furthest="SELECT date '2027-03-01'")
    none = Dependent(furthest="SELECT NULL::date")
    monkeypatch.setattr(dependents, "DEPENDENTS", {"far": far, "none": none})
    assert "2027" in banner(date(2026, 6, 1))


def test_staff_see_it_and_institutions_do_not():
    cast = Cast()
    with time_machine.travel("2026-11-22T02:00:00Z", tick=False):
        assert "节假日未维护：2027 年" in as_client(cast.county).get("/workdays/").text
        assert "节假日未维护：" not in as_client(cast.manager).get("/workdays/").text


def test_from_december_the_task_is_told_once_to_who_can_act():
    cast = Cast()
    assert tell_of_missing_year(date(2026, 11, 30)) == 0
    assert tell_of_missing_year(date(2026, 12, 1)) == 2
    assert tell_of_missing_year(date(2026, 12, 2)) == 0
    assert told() == sorted([cast.system_admin.user.pk, cast.province.user.pk])


def test_a_year_that_began_without_its_holidays_is_still_a_task():
    Cast()
    assert tell_of_missing_year(date(2027, 1, 2)) == 2


def test_entering_the_year_settles_the_task_and_takes_the_banner_away():
    cast = Cast()
    tell_of_missing_year(date(2026, 12, 1))
    enter_2027(cast)
    assert not Notice.objects.filter(topic="workdays:2027").unread().exists()
    assert banner(IN_SIGHT) == ""
    assert tell_of_missing_year(date(2026, 12, 5)) == 0


def test_the_notice_leads_to_the_year():
    Cast()
    tell_of_missing_year(date(2026, 12, 1))
    assert {notice.url for notice in Notice.objects.filter(topic="workdays:2027")} == {"/workdays/?year=2027"}
