"""Changing the calendar: numbered right at once, traced, told to who counts, one at a time, refused by PostgreSQL too."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import Error, connection, transaction

from common.http import Conflict
from institutions.enums import Role
from tests.factories import Cast, make_actor
from tests.workdays.made import MADE_UP_2027, seed_calendar
from workdays import dependents, package
from workdays.actions import enter_notice, load_year, set_day
from workdays.calendar import add_workdays, is_workday, missing_years
from workdays.dependents import Dependent
from workdays.enums import DayKind, YearOrigin
from workdays.loading import load_known_years
from workdays.models import CalendarChange, CalendarYear, Day
from workdays.notice import parse
from workdays.proposal import Proposal, propose, propose_year
from workdays.rules import PLAIN, Mark

pytestmark = pytest.mark.django_db
FLOOD_DAY = date(2026, 8, 12)  # a Wednesday
DAY_OFF = Mark(DayKind.HOLIDAY, "调整放假")
REASON = "省政府办公厅通知（测试）"


@pytest.fixture
def calendar():
    seed_calendar()


@pytest.fixture
def province(calendar):
    return Cast().province


def checked() -> None:
    """What a commit checks, now."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def change(by, day=FLOOD_DAY, mark=DAY_OFF, version=None, reason=REASON) -> bool:
    version = version or CalendarYear.objects.get(year=day.year).version
    return set_day(by=by, day=day, mark=mark, reason=reason, version=version)


def enter_2027(by, version=None):
    marks = parse(MADE_UP_2027, 2027).marks
    return enter_notice(by=by, year=2027, marks=marks, source="国办发明电〔测试〕1号", version=version)


def test_an_edited_day_counts_at_once_everywhere(province):
    before = add_workdays(date(2026, 8, 10), 60)
    assert change(province)
    checked()
    assert not is_workday(FLOOD_DAY)
    assert add_workdays(date(2026, 8, 11), 1) == date(2026, 8, 13)
    assert add_workdays(date(2026, 8, 10), 59) == before
    assert change(province, mark=PLAIN)
    checked()
    assert add_workdays(date(2026, 8, 10), 60) == before


def test_a_change_leaves_who_what_and_why(province):
    change(province)
    row = CalendarChange.objects.get()
    said = (row.year_id, row.date, row.kind_before, row.kind_after, row.name_after, row.reason, row.by)
    assert said == (2026, FLOOD_DAY, "plain", "holiday", "调整放假", REASON, province.user)
    year = CalendarYear.objects.get(year=2026)
    assert (year.origin, year.changed_by, year.version) == (YearOrigin.EDITED, province.user, 2)


@pytest.mark.parametrize("role", [role for role in Role if role != Role.PROVINCE_OFFICIAL])
def test_only_the_province_changes_the_calendar(calendar, role):
    cast = Cast()
    house = {Role.MANAGER, Role.SAFETY_OFFICER}
    at = (
        cast.home
        if role in house
        else cast.place.township
        if role == Role.TOWNSHIP_PATROL
        else cast.place.county
    )
    with pytest.raises(PermissionDenied):
        change(make_actor(role, at))
    with pytest.raises(PermissionDenied):
        enter_2027(make_actor(role, at))
    assert not CalendarChange.objects.exists()


def test_who_saw_an_older_calendar_is_told(province):
    change(province)
    with pytest.raises(Conflict):
        change(province, day=date(2026, 8, 13), version=1)
    assert change(province, version=1) is False  # the same form a second time
    assert CalendarChange.objects.count() == 1


def test_what_a_day_cannot_be_is_refused(province):
    for day, mark in (
        (FLOOD_DAY, Mark(DayKind.SWAP_WORKDAY, "国庆节")),
        (FLOOD_DAY, Mark(DayKind.HOLIDAY)),
        (FLOOD_DAY, Mark(DayKind.PLAIN, "国庆节")),
    ):
        with pytest.raises(ValueError, match=r"。$"):
            change(province, day=day, mark=mark)


def test_the_next_year_is_entered_from_its_notice(province):
    proposal = enter_2027(province)
    checked()
    assert (len(proposal.changes), missing_years(date(2026, 1, 1), date(2027, 12, 31))) == (365, [])
    assert (is_workday(date(2027, 2, 14)), is_workday(date(2027, 2, 8))) == (True, False)
    assert add_workdays(date(2026, 12, 31), 1) == date(2027, 1, 4)
    year = CalendarYear.objects.get(year=2027)
    assert (year.origin, year.source) == (YearOrigin.NOTICE, "国办发明电〔测试〕1号")
    assert list(CalendarChange.objects.values_list("year", "date")) == [(2027, None)]
    assert enter_2027(province).changes == []  # a second click


def test_a_year_after_the_next_would_leave_a_gap(province):
    with pytest.raises(ValueError, match="2027"):
        enter_notice(by=province, year=2028, marks={}, source="国办发明电", version=None)


def test_a_notice_may_change_the_end_of_the_year_before(province):
    marks = parse(MADE_UP_2027, 2027).marks | {date(2026, 12, 31): Mark(DayKind.HOLIDAY, "元旦")}
    enter_notice(by=province, year=2027, marks=marks, source="国办发明电", version=None)
    checked()
    assert not is_workday(date(2026, 12, 31))
    assert CalendarYear.objects.get(year=2026).origin == YearOrigin.EDITED
    # The notice of 2026 again does not take that day back.
    assert propose_year(2026, package.marks(2026)).changes == []


def test_who_counts_in_workdays_is_asked_before_and_told_after(province, monkeypatch):
    told = []

    def moved(proposal: Proposal) -> int:
        """How many of these three deadlines, each 5 workdays after its start, would move."""
        sql = f"""WITH {proposal.SQL}
            SELECT count(*) FROM unnest(ARRAY['2026-08-03', '2026-08-10', '2026-08-17']::date[]) AS start
            WHERE (SELECT t.date FROM workdays_day b JOIN workdays_day t ON t.is_workday AND t.number = b.number + 5
                   WHERE b.date = start)
               IS DISTINCT FROM
                  (SELECT t.date FROM proposed_day b JOIN proposed_day t ON t.is_workday AND t.number = b.number + 5
                   WHERE b.date = start)"""
        with connection.cursor() as cursor:
            cursor.execute(sql, proposal.parameters)
            return cursor.fetchone()[0]

    mine = Dependent("期限", count_moved=moved, after_change=told.append)
    monkeypatch.setattr(dependents, "DEPENDENTS", {"test": mine})
    proposal = propose({FLOOD_DAY: DAY_OFF})
    assert [(m.label, m.count) for m in dependents.moved_by(proposal)] == [("期限", 1)]
    assert propose({FLOOD_DAY: PLAIN}).changes == []
    assert is_workday(FLOOD_DAY)  # asking changed nothing
    change(province)
    assert told == [FLOOD_DAY]


def test_a_proposed_year_can_be_counted_in(province):
    proposal = propose_year(2027, parse(MADE_UP_2027, 2027).marks)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {proposal.SQL} SELECT date, number FROM proposed_day ORDER BY date", proposal.parameters
        )
        proposed = cursor.fetchall()
    enter_2027(province)
    assert proposed == list(Day.objects.values_list("date", "number"))


# --- seeding -----------------------------------------------------------------------------------------------


def test_loading_twice_changes_nothing(calendar):
    assert load_known_years(2025) == ([], [])
    assert set(CalendarYear.objects.values_list("version", flat=True)) == {1}


def test_the_command_says_what_it_did(capsys):
    call_command("load_workdays")
    call_command("load_workdays")
    assert capsys.readouterr().out.splitlines() == [
        "工作日历：2004 至 2026 年，本次载入或更新 23 年。",
        "工作日历：2004 至 2026 年，本次载入或更新 0 年。",
    ]


def test_loading_corrects_what_it_seeded_and_leaves_what_people_entered(province):
    corrected = package.marks(2026) | {FLOOD_DAY: DAY_OFF}
    assert load_year(2026, corrected, "chinesecalendar 新版") is True
    checked()
    assert (is_workday(FLOOD_DAY), CalendarChange.objects.get().by) == (False, None)
    change(province, mark=PLAIN)
    assert load_year(2026, corrected, "chinesecalendar 新版") is None
    assert is_workday(FLOOD_DAY)


# --- the database ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE workdays_day SET number = number + 1 WHERE date = '2026-03-02'",
        "UPDATE workdays_day SET number = number + 1 WHERE date >= '2026-03-02'",
        "UPDATE workdays_day SET is_workday = NOT is_workday WHERE date = '2026-03-02'",
        "UPDATE workdays_day SET kind = 'holiday', is_workday = false, name = '节' WHERE date = '2026-03-02'",
        "UPDATE workdays_day SET name = '节' WHERE date = '2026-03-02'",
        "UPDATE workdays_day SET kind = 'swap_workday', name = '节' WHERE date = '2026-03-02'",
        "UPDATE workdays_day SET date = date + 1000 WHERE date = '2026-12-31'",
        "DELETE FROM workdays_day WHERE date = '2026-12-31'",
        "DELETE FROM workdays_calendaryear WHERE year = 2026",
        "INSERT INTO workdays_day VALUES ('2027-01-01', true, 'plain', '', 's', 498)",
        "INSERT INTO workdays_day VALUES ('2027-01-02', false, 'plain', '', 's', 497)",
        "INSERT INTO workdays_calendaryear VALUES (2027, 'seeded', 's', 1, NULL, NULL)",
        "UPDATE workdays_calendaryear SET origin = 'edited'",
        "UPDATE workdays_calendarchange SET reason = 'x'",
        "DELETE FROM workdays_calendarchange",
    ],
)
def test_postgresql_refuses_a_wrong_calendar(calendar, statement):
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        checked()


def test_every_number_is_the_count_of_workdays_so_far(province):
    for n in range(0, 60, 7):
        day = date(2025, 3, 3) + timedelta(days=n)
        change(province, day=day, mark=DAY_OFF)
    count = 0
    for is_worked, number in Day.objects.values_list("is_workday", "number"):
        count += is_worked
        assert number == count
