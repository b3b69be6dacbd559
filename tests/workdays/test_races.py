"""Two people change the calendar at the same moment, with real connections."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from django.db import connection

from common.http import Conflict
from tests.factories import Cast
from tests.workdays.made import seed_calendar
from workdays.actions import set_day
from workdays.enums import DayKind
from workdays.models import CalendarChange, CalendarYear, Day
from workdays.rules import Mark

pytestmark = pytest.mark.django_db(transaction=True)
EDITORS = 6


def test_of_several_editors_one_saves_and_the_others_are_told_and_the_numbers_stay_right():
    seed_calendar(2026)
    by, together = Cast().province, Barrier(EDITORS)

    def edit(n: int) -> str:
        try:
            together.wait(timeout=10)
            mark = Mark(DayKind.HOLIDAY, "防汛")
            set_day(by=by, day=date(2026, 3, 2 + n), mark=mark, reason="同时修改（测试）", version=1)
            return "saved"
        except Conflict:
            return "conflict"
        finally:
            connection.close()

    with ThreadPoolExecutor(EDITORS) as pool:
        outcomes = sorted(pool.map(edit, range(EDITORS)))
    assert outcomes == ["conflict"] * (EDITORS - 1) + ["saved"]
    assert (CalendarYear.objects.get().version, CalendarChange.objects.count()) == (2, 1)
    rows = list(Day.objects.values_list("is_workday", "number"))
    assert [number for _, number in rows] == [sum(w for w, _ in rows[: n + 1]) for n in range(len(rows))]
